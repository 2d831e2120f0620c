"""Who waits for which lock and who holds it, from the stacks of blocked tasks and the lists of held locks.

Lockdep records a lock before the task sleeps for it and prints no difference between having it and waiting for it. So
the newest lock of a blocked task is the one that it waits for if its stack is in the slow path of a lock; every older
one is held. Without a stack, a lock that another task surely holds, and that only one can hold, is waited for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lockview.analysis.kinds import lock_kind
from lockview.analysis.lock_graph import LockKind, Mode
from lockview.model.locks import HeldLock
from lockview.model.reports import HeldLocks, Report, Task
from lockview.model.stacks import Frame, StackTrace
from lockview.model.wait_reports import Blocker, HungTaskReport, LocksDumpReport, TaskDump

_SCHEDULER = (
    "__schedule",
    "schedule",
    "preempt_schedule",
    "__switch_to",
    "context_switch",
    "__cond_resched",
    "rt_mutex_schedule",
    "io_schedule",
)
_SLOW_PATHS: tuple[tuple[str, LockKind, Mode], ...] = (
    ("__mutex_lock", LockKind.MUTEX, Mode.EXCLUSIVE),
    ("mutex_lock", LockKind.MUTEX, Mode.EXCLUSIVE),
    ("__ww_mutex_lock", LockKind.MUTEX, Mode.EXCLUSIVE),
    ("__rt_mutex_slowlock", LockKind.MUTEX, Mode.EXCLUSIVE),
    ("rt_mutex_slowlock", LockKind.MUTEX, Mode.EXCLUSIVE),
    ("rt_mutex_wait", LockKind.MUTEX, Mode.EXCLUSIVE),
    ("rtlock_slowlock", LockKind.SPINLOCK, Mode.EXCLUSIVE),
    ("rt_spin_lock_slowlock", LockKind.SPINLOCK, Mode.EXCLUSIVE),
    ("rwsem_down_read", LockKind.RWSEM, Mode.SHARED),
    ("__down_read", LockKind.RWSEM, Mode.SHARED),
    ("down_read", LockKind.RWSEM, Mode.SHARED),
    ("rwsem_read_trylock", LockKind.RWSEM, Mode.SHARED),
    ("rwsem_down_write", LockKind.RWSEM, Mode.EXCLUSIVE),
    ("rwsem_down_failed", LockKind.RWSEM, Mode.UNKNOWN),
    ("call_rwsem_down_read", LockKind.RWSEM, Mode.SHARED),
    ("call_rwsem_down_write", LockKind.RWSEM, Mode.EXCLUSIVE),
    ("rwbase_read_lock", LockKind.RWSEM, Mode.SHARED),
    ("rwbase_write_lock", LockKind.RWSEM, Mode.EXCLUSIVE),
    ("__down_write", LockKind.RWSEM, Mode.EXCLUSIVE),
    ("down_write", LockKind.RWSEM, Mode.EXCLUSIVE),
    ("percpu_rwsem_wait", LockKind.RWSEM, Mode.UNKNOWN),
    ("__percpu_down_read", LockKind.RWSEM, Mode.SHARED),
    ("percpu_down_write", LockKind.RWSEM, Mode.EXCLUSIVE),
    ("___down_common", LockKind.UNKNOWN, Mode.EXCLUSIVE),
    ("__down", LockKind.UNKNOWN, Mode.EXCLUSIVE),
    ("queued_spin_lock_slowpath", LockKind.SPINLOCK, Mode.EXCLUSIVE),
    ("native_queued_spin_lock_slowpath", LockKind.SPINLOCK, Mode.EXCLUSIVE),
    ("queued_read_lock_slowpath", LockKind.RWLOCK, Mode.SHARED),
    ("queued_write_lock_slowpath", LockKind.RWLOCK, Mode.EXCLUSIVE),
)
"""Beginnings of the names of functions in which a task sleeps or spins for a lock; the first that fits counts."""
_NEVER_WAITED_FOR = (LockKind.MARKER, LockKind.RCU, LockKind.SEQCOUNT)
_ONE_HOLDER = (LockKind.MUTEX, LockKind.SPINLOCK)
_LISTER = "debug_show_all_locks"


class Waiting(NamedTuple):
    """In which slow path a task is, and the function that wants the lock ("" when the stack does not tell)."""

    kind: LockKind
    mode: Mode
    function: str


class Use(NamedTuple):
    """One task's entry for a lock instance. ``newest`` is the last one that the task took or asked for."""

    task: Task
    lock: HeldLock
    newest: bool
    below: HeldLock | None


class Claim(NamedTuple):
    """A task that waits for a lock or holds it.

    ``use`` is None where no list names the lock. ``sure`` is False where the text allows another reading.
    """

    task: Task
    use: Use | None
    sure: bool
    mode: Mode = Mode.UNKNOWN


class Contention(NamedTuple):
    """One lock instance that somebody waits for. ``lock`` is None when no list names it; ``kind`` then tells it."""

    lock: HeldLock | None
    kind: LockKind
    waiters: tuple[Claim, ...]
    holders: tuple[Claim, ...]
    blockers: tuple[Blocker, ...] = ()


class Situation(NamedTuple):
    """What a report tells: ``stacks`` by process id, ``lists`` without the task that printed them, and contentions."""

    stacks: dict[int, TaskDump]
    lists: tuple[HeldLocks, ...]
    contentions: tuple[Contention, ...]


def situation(report: Report) -> Situation:
    """Read a hung task or a list of all locks; everything else gives an empty situation."""
    dumps: list[TaskDump] = []
    blockers: list[Blocker] = []
    lists: list[HeldLocks] = []
    if isinstance(report, HungTaskReport):
        dumps += [dump for dump in (report.dump, *report.others, *report.peers) if dump]
        blockers += [*report.blockers, *report.peer_blockers]
        lists += report.all_locks or ([report.held_locks] if report.held_locks else [])
    elif isinstance(report, LocksDumpReport):
        lists += report.all_locks
    stacks: dict[int, TaskDump] = {}
    for dump in dumps:
        stacks.setdefault(dump.task.pid, dump)
    shown = tuple(held for held in lists if not _is_lister(held))
    return Situation(stacks, shown, tuple(_contentions(stacks, shown, blockers)))


def _is_lister(held: HeldLocks) -> bool:
    """Whether a list is of the task that printed all lists: it holds RCU only to walk over the tasks."""
    return held.task.comm == "khungtaskd" or any(
        lock.site is not None and lock.site.bare_function == _LISTER for lock in held.locks
    )


def waiting(stack: StackTrace) -> Waiting | None:
    """In which lock's slow path a stack is; None when the task waits for something else, or runs."""
    frames = [frame for frame in stack.reliable if not frame.function.startswith("0x")] or list(stack.frames)
    index = next((i for i, frame in enumerate(frames) if not frame.bare_function.startswith(_SCHEDULER)), None)
    found = None if index is None else _slow_path(frames[index])
    if found is None or index is None:
        return None
    kind, mode = found
    for frame in frames[index:]:
        deeper = _slow_path(frame)
        if deeper is None and not _is_wrapper(frame):
            return Waiting(kind, mode, frame.bare_function)
        if deeper and mode is Mode.UNKNOWN:
            mode = deeper[1]
    return Waiting(kind, mode, "")


def _slow_path(frame: Frame) -> tuple[LockKind, Mode] | None:
    name = frame.bare_function
    return next(((kind, mode) for begin, kind, mode in _SLOW_PATHS if name.startswith(begin)), None)


def _is_wrapper(frame: Frame) -> bool:
    from lockview.analysis.functions import is_lock_core

    return is_lock_core(frame.bare_function) or frame.bare_function in ("down", "down_killable", "down_timeout")


def lock_key(lock: HeldLock) -> str:
    """What tells one lock from another: its address; "" when it was not printed, so that nothing can be told."""
    return "" if "ptrval" in lock.instance or lock.released else lock.instance


def _uses(lists: Sequence[HeldLocks]) -> Iterator[Use]:
    for held in lists:
        below: HeldLock | None = None
        for place, lock in enumerate(held.locks):
            index = place if lock.index is None else lock.index
            yield Use(held.task, lock, index == held.count - 1, below)
            below = lock


def _contentions(
    stacks: dict[int, TaskDump], lists: Sequence[HeldLocks], blockers: Sequence[Blocker]
) -> Iterator[Contention]:
    by_lock: dict[str, list[Use]] = {}
    for number, use in enumerate(_uses(lists)):
        by_lock.setdefault(lock_key(use.lock) or f"?{number}", []).append(use)
    named: set[int] = set()
    told: dict[int, Blocker] = {}
    for blocker in blockers:
        told.setdefault(blocker.waiter.pid, blocker)
    for uses in by_lock.values():
        found = _contention(uses, stacks, told)
        if found:
            named |= {claim.task.pid for claim in found.waiters}
            yield found
    yield from _nameless(stacks, told, named)


def _contention(uses: Sequence[Use], stacks: dict[int, TaskDump], told: dict[int, Blocker]) -> Contention | None:
    """Sort the tasks that list one lock into those that wait and those that hold."""
    lock = uses[0].lock
    kind = lock_kind(lock.lock_class, (), lock.usage, lock.wait_types)
    if kind in _NEVER_WAITED_FOR:
        return None
    waiters: list[Claim] = []
    holders: list[Claim] = []
    open_uses: list[Use] = []
    for use in uses:
        mode = _waits(use, kind, stacks, told)
        if mode is not None:
            waiters.append(Claim(use.task, use, sure=True, mode=mode))
        elif not use.newest or use.task.pid in stacks:
            holders.append(Claim(use.task, use, sure=True))
        else:
            open_uses.append(use)
    if holders and _one_holder(lock, kind):
        waiters += [Claim(use.task, use, sure=False) for use in open_uses]
    elif not holders and waiters:
        # Each of those who are not known to wait may hold it, or wait as well, not yet for long enough.
        holders += [Claim(use.task, use, sure=False) for use in open_uses]
    if not waiters:
        return None
    blockers = tuple(told[claim.task.pid] for claim in waiters if claim.task.pid in told)
    return Contention(lock, kind, tuple(waiters), tuple(_with_told(holders, blockers)), blockers)


def _one_holder(lock: HeldLock, kind: LockKind) -> bool:
    """Whether only one task can have a lock: by its sort, or because its class was never taken for reading.

    The second and the fourth usage mark are those of readers; source: get_usage_chars, kernel/locking/lockdep.c.
    """
    marks = lock.usage
    return kind in _ONE_HOLDER or (len(marks) == 4 and marks[1] == marks[3] == "." != marks[0])


def _waits(use: Use, kind: LockKind, stacks: dict[int, TaskDump], told: dict[int, Blocker]) -> Mode | None:
    """How a task waits for the lock of an entry; None when it does not, or when nothing tells."""
    if not use.newest:
        return None
    if use.task.pid not in stacks:
        return Mode.UNKNOWN if use.task.pid in told else None
    found = waiting(stacks[use.task.pid].stack)
    if found is None:
        return None
    site = use.lock.site.bare_function if use.lock.site else ""
    here = any(frame.bare_function == site for frame in stacks[use.task.pid].stack)
    known = LockKind.UNKNOWN not in (kind, found.kind)
    # A task may sleep for a lock that lockdep does not list; then its newest entry is another sort of lock elsewhere.
    return None if known and kind is not found.kind and not here else found.mode


def _with_told(holders: list[Claim], blockers: Sequence[Blocker]) -> Iterator[Claim]:
    """The holders, and the owners that the kernel names; these settle who of several candidates it is."""
    owners = {blocker.owner.pid: blocker.owner for blocker in blockers if blocker.owner}
    seen = set()
    for claim in holders:
        if claim.sure or claim.task.pid in owners or not owners:
            seen.add(claim.task.pid)
            yield claim._replace(sure=claim.sure or claim.task.pid in owners)
    for pid, owner in owners.items():
        if pid not in seen:
            yield Claim(owner, None, sure=True)


def _nameless(stacks: dict[int, TaskDump], told: dict[int, Blocker], named: set[int]) -> Iterator[Contention]:
    """Locks that only a stack or a line about a blocker tells of."""
    for pid in dict.fromkeys([*stacks, *told]):
        if pid in named:
            continue
        found = waiting(stacks[pid].stack) if pid in stacks else None
        blocker = told.get(pid)
        if found is None and blocker is None:
            continue
        task = stacks[pid].task if pid in stacks else told[pid].waiter
        kind = found.kind if found else _KINDS.get(blocker.lock if blocker else "", LockKind.UNKNOWN)
        mode = found.mode if found else Mode.UNKNOWN
        holders = (Claim(blocker.owner, None, sure=True),) if blocker and blocker.owner else ()
        yield Contention(None, kind, (Claim(task, None, sure=True, mode=mode),), holders, (blocker,) if blocker else ())


_KINDS = {"mutex": LockKind.MUTEX, "rw-semaphore": LockKind.RWSEM}
