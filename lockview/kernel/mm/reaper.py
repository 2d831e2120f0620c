"""Taking the memory of a process that is being killed: the OOM reaper, as in mm/oom_kill.c of 4.13."""

from __future__ import annotations

from lockview.kernel.effects import Atomic, Read, Routine, Value
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rwsem import down_read_trylock, up_read
from lockview.kernel.mm.exit import mmput
from lockview.kernel.mm.objects import Flags, Mm
from lockview.kernel.mm.unmap import tlb_finish_mmu, unmap_page_range
from lockview.kernel.system import Thread


def oom_reaper(t: Thread, mm: Mm) -> Routine[None]:
    """The thread; the victim's address space was handed to it. A busy mmap_sem is not waited for here."""
    yield from oom_reap_task(t, mm)


@inlined
def oom_reap_task(t: Thread, mm: Mm) -> Routine[None]:
    """One victim. One try is enough: the kernel makes ten, with pauses."""
    yield from __oom_reap_task_mm(t, mm)


def __oom_reap_task_mm(t: Thread, mm: Mm) -> Routine[bool]:
    """Zap what is private, with mmap_sem held shared; False when it could not be had."""
    if not (yield from down_read_trylock(mm.mmap_sem)):
        return False
    used: bool = yield Atomic((mm.users,), _get_unless_zero, "mmget_not_zero")
    if not used:
        yield from up_read(mm.mmap_sem)
        return True
    left: tuple[int, ...] = yield Read(mm.tree)
    while left:
        vma = t.kernel.vmas[left[0]]
        left = left[1:]
        flags: Flags = yield Read(vma.flags)
        if not flags & (Flags.SHARED | Flags.LOCKED):
            start: int = yield Read(vma.start)
            end: int = yield Read(vma.end)
            frames = yield from unmap_page_range(t, mm, vma, start, end, exclusive=False)
            yield from tlb_finish_mmu(t, mm, frames, ())
    yield from up_read(mm.mmap_sem)
    yield from mmput(t, mm)
    return True


def _get_unless_zero(users: int) -> tuple[Value, ...]:
    return (bool(users), users + bool(users))
