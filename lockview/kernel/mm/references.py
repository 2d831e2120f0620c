"""Counted VMAs of v6 to v11 and of Android: who found one keeps it from being freed until ``put_vma``."""

from __future__ import annotations

from lockview.kernel.effects import Acquire, Add, Look, Release, Routine
from lockview.kernel.inlining import inlined
from lockview.kernel.mm.objects import NONE, Mm, Vma
from lockview.kernel.mm.sections import alive
from lockview.kernel.mm.tree import first_behind, tree_cells
from lockview.kernel.system import Thread
from lockview.model.locks import Access


@inlined
def get_vma(t: Thread, mm: Mm, page: int) -> Routine[Vma | None]:
    """Look a VMA up under ``mm_rb_lock`` and take a reference to it."""
    yield Acquire(mm.mm_rb_lock, Access.SHARED)
    tree, *ends = yield Look(tree_cells(t, mm))
    number = first_behind(page, tree, tuple(ends))
    del tree, ends
    if number != NONE:
        yield Add(t.kernel.vmas[number].refs)
        yield alive(t.kernel.vmas[number])
    yield Release(mm.mm_rb_lock, Access.SHARED)
    return None if number == NONE else t.kernel.vmas[number]
