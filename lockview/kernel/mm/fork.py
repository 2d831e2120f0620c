"""Copying an address space: fork, as in kernel/fork.c and mm/memory.c of 4.13 with the patch series.

The child's VMAs join the reverse maps of the parent's; reverse maps of their own for later pages are left out.
"""

from __future__ import annotations

from lockview.kernel.effects import Add, Atomic, Read, Routine, Spend, Value, Write
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rwsem import down_write, up_write
from lockview.kernel.locks.spinlock import spin_lock, spin_lock_nested, spin_unlock
from lockview.kernel.mm.adjust import SINGLE_DEPTH_NESTING, anon_vma_clone, copy_vma_fields, vm_anon_vma, vm_file
from lockview.kernel.mm.allocation import kmem_cache_alloc
from lockview.kernel.mm.flushing import flush_tlb_mm_range
from lockview.kernel.mm.mapping import link_file
from lockview.kernel.mm.mmap_lock import mmap_write_lock_killable, mmap_write_lock_nested, mmap_write_unlock
from lockview.kernel.mm.mremap import __pte_alloc
from lockview.kernel.mm.objects import ENTRIES, NONE, Entry, Flags, Mm, Pmd, Pte, Table, Vma
from lockview.kernel.mm.sections import vm_write_begin, vm_write_end
from lockview.kernel.mm.tree import vma_rb_insert
from lockview.kernel.mm.vma_lock import vma_start_write
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread


def SyS_clone(t: Thread, mm: Mm, child: Mm) -> Routine[None]:  # noqa: N802 (the kernel's name)
    """The system call; ``child`` is the empty address space of the new process."""
    yield from _do_fork(t, mm, child)


def _do_fork(t: Thread, mm: Mm, child: Mm) -> Routine[None]:
    """Its common part."""
    yield from copy_process(t, mm, child)


def copy_process(t: Thread, mm: Mm, child: Mm) -> Routine[None]:
    """Of all that is copied only the address space matters here."""
    yield from dup_mmap(t, mm, child)


@inlined
def dup_mmap(t: Thread, mm: Mm, child: Mm) -> Routine[None]:
    """VMA by VMA, then flush: until then threads of the parent can write through what their TLBs remember."""
    yield from mmap_write_lock_killable(t, mm)
    yield from mmap_write_lock_nested(t, child, SINGLE_DEPTH_NESTING)
    left: tuple[int, ...] = yield Read(mm.tree)
    opened: tuple[Vma, ...] = ()
    while left:
        vma = t.kernel.vmas[left[0]]
        left = left[1:]
        if not t.has(Switch.V6):
            yield from vma_start_write(t, mm, vma)
        if t.has(Switch.FORK_SECTIONS):
            yield from vm_write_begin(t, vma, raw=True)
            opened = (*opened, vma)
        yield from dup_vma(t, vma, mm, child)
    yield from flush_tlb_mm_range(t, mm)
    while opened:
        yield from vm_write_end(t, opened[0], raw=True)
        opened = opened[1:]
    yield from mmap_write_unlock(t, child)
    yield from mmap_write_unlock(t, mm)


@inlined
def dup_vma(t: Thread, vma: Vma, mm: Mm, child: Mm) -> Routine[None]:
    """One VMA with its pages. Nobody can find the child's yet; locks of it are not locked."""
    number = yield from kmem_cache_alloc(t)
    new = t.kernel.vmas[number]
    yield from copy_vma_fields(t, vma, new)
    yield Write(new.mm, child.number)
    yield Atomic((new.flags,), _unlocked, "forget locking and userfaultfd")
    anon_vma = yield from vm_anon_vma(t, vma)
    if anon_vma is not None:
        yield from anon_vma_fork(t, vma, new)
    file = yield from vm_file(t, vma)
    if file is not None:
        yield Add(file.f_count)
        yield from down_write(file.i_mmap_rwsem)
        yield from link_file(file, new)
        yield from up_write(file.i_mmap_rwsem)
    yield from vma_rb_insert(t, child, new)
    if file is None or anon_vma is not None:
        yield from copy_page_range(t, child, mm, vma)


def anon_vma_fork(t: Thread, vma: Vma, new: Vma) -> Routine[None]:
    """Have the child's VMA found through the parent's reverse map."""
    anon_vma = yield from vm_anon_vma(t, vma)
    if anon_vma is not None:
        yield from anon_vma_clone(anon_vma, new)


def copy_page_range(t: Thread, child: Mm, mm: Mm, vma: Vma) -> Routine[None]:
    """The entries of one VMA, table by table; private pages are write protected on both sides."""
    page: int = yield Read(vma.start)
    end: int = yield Read(vma.end)
    flags: Flags = yield Read(vma.flags)
    private = not flags & Flags.SHARED
    while page < end:
        stop = min(end, (page // ENTRIES + 1) * ENTRIES)
        source: Pmd = yield Read(mm.pmds[page // ENTRIES])
        if source.table != NONE:
            target: Pmd = yield Read(child.pmds[page // ENTRIES])
            if target.table == NONE:
                yield from __pte_alloc(t, child, page // ENTRIES)
                target = yield Read(child.pmds[page // ENTRIES])
            tables = (t.kernel.tables[source.table], t.kernel.tables[target.table])
            yield from copy_pte_range(t, tables, page, stop, private=private)
        page = stop


@inlined
def copy_pte_range(t: Thread, tables: tuple[Table, Table], start: int, end: int, *, private: bool) -> Routine[None]:
    """The entries of one table: the child's is locked first, the parent's nested in it."""
    source, target = tables
    yield from spin_lock(target.ptl)
    yield from spin_lock_nested(source.ptl, SINGLE_DEPTH_NESTING)
    page = start
    while page < end:
        yield from copy_one_pte(t, tables, page % ENTRIES, private=private)
        yield Spend("copy entry")
        page += 1
    yield from spin_unlock(source.ptl)
    yield from spin_unlock(target.ptl)


@inlined
def copy_one_pte(t: Thread, tables: tuple[Table, Table], entry: int, *, private: bool) -> Routine[None]:
    """One entry; its page is mapped once more."""
    source, target = tables
    counts = tuple(cell for frame in t.kernel.frames for cell in (frame.refs, frame.mapcount))
    yield Atomic((source.ptes[entry], target.ptes[entry], *counts), _Copy(private=private), "copy the entry")


def _unlocked(flags: Flags) -> tuple[Value, ...]:
    return (None, flags & ~(Flags.LOCKED | Flags.UFFD))


class _Copy:
    def __init__(self, *, private: bool) -> None:
        self._private = private

    def __call__(self, source: Pte, target: Pte, *counts: int) -> tuple[Value, ...]:
        if source.entry is Entry.NONE:
            return (None, source, target, *counts)
        copied = source._replace(writable=False) if self._private else source
        after = list(counts)
        if source.entry in (Entry.MAP, Entry.PROT_NONE):
            after[2 * source.frame] += 1
            after[2 * source.frame + 1] += 1
        return (None, copied, copied, *after)
