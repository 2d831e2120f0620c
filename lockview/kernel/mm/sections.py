"""Write sections of VMAs: what a reader without mmap_sem looks at, and what lockdep is told of it."""

from __future__ import annotations

from lockview.kernel.effects import Add, Annotate, Check, Happened, Routine
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.seqcount import counter, write_seqcount_begin_nested
from lockview.kernel.mm.objects import Life, Vma
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread


@inlined
def vm_write_begin(t: Thread, vma: Vma, subclass: int = 0, *, raw: bool = False) -> Routine[None]:
    """Open the section of a VMA. ``raw`` keeps it from lockdep (``vm_raw_write_begin`` of v4)."""
    if raw or t.has(Switch.RAW_SECTIONS):
        yield Add(counter(vma.vm_sequence))
    else:
        yield from write_seqcount_begin_nested(vma.vm_sequence, subclass)
    yield Happened("seq_begin", vma.vm_sequence.name)
    yield alive(vma)


@inlined
def vm_write_end(t: Thread, vma: Vma, *, raw: bool = False) -> Routine[None]:
    """Close it."""
    if not (raw or t.has(Switch.RAW_SECTIONS)):
        yield Annotate(vma.vm_sequence, release=True)
    yield Add(counter(vma.vm_sequence))
    yield Happened("seq_end", vma.vm_sequence.name)
    yield alive(vma)


def alive(vma: Vma) -> Check:
    """I3: a VMA whose memory was freed is not used."""
    return Check("I3", (vma.life,), _is_there, f"vma:{vma.number} is used after it was freed")


def _is_there(life: Life) -> bool:
    return life is not Life.FREED
