"""Hypothesis strategies for reports about tasks that wait, or must not, as a kernel could have printed them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from strategies import lock_classes

from lockview.model.held_reports import AtomicReport
from lockview.model.locks import HeldLock, WaitTypes
from lockview.model.reports import HeldLocks, Report, Task
from lockview.model.stacks import Backtrace, Frame, StackTrace
from lockview.model.usages import IrqEvent
from lockview.model.wait_reports import Blocker, HungTaskReport, LocksDumpReport, SpinReport, TaskDump

_comms = st.sampled_from(["fsstress", "kworker/u4:1", "rs:main Q:Reg", "CPU 0/KVM", "(udev-worker)", "swapper/0", "a"])
_tasks = st.builds(Task, _comms, st.integers(1, 4194304))
_symbols = st.sampled_from(["__schedule", "__mutex_lock.isra.5", "rwsem_down_write_slowpath", "do_exit.cold", "foo"])
_hex = st.integers(0xFFFF888000000000, 0xFFFF8880FFFFFFFF).map(lambda number: f"{number:016x}")


@st.composite
def _frames(draw: DrawFn, part: str = "TASK") -> Frame:
    offset = draw(st.integers(1, 0xFFFF))
    module = draw(st.sampled_from(["", "", "xfs"]))
    return Frame(draw(_symbols), offset, offset + 8, module=module, reliable=draw(st.booleans()), part=part)


def _stacks(part: str = "TASK") -> SearchStrategy[StackTrace]:
    return st.lists(_frames(part), min_size=1, max_size=4).map(lambda frames: StackTrace(tuple(frames)))


@st.composite
def _held_lists(draw: DrawFn, task: Task) -> HeldLocks:
    made = st.builds(
        HeldLock,
        lock_classes(),
        st.sampled_from(["+.+.", "....", ".+.+"]),
        st.sampled_from([WaitTypes(3, 3), WaitTypes(4, 4)]),
        _hex,
        site=_frames(""),
    )
    locks = draw(st.lists(made, max_size=3))
    count = draw(st.integers(1, 9)) if not locks else len(locks)
    return HeldLocks(task, count, tuple(replace(lock, index=index) for index, lock in enumerate(locks)))


@st.composite
def _dumps(draw: DrawFn, task: Task) -> TaskDump:
    workqueue = draw(st.sampled_from(["", "events_unbound flush_to_ldisc", "writeback wb_workfn (flush-8:0)"]))
    return TaskDump(Task(task.comm[:15], task.pid), draw(st.sampled_from("DSRI")), draw(_stacks()), workqueue)


@st.composite
def _blocker(draw: DrawFn, waiter: Task, owner: Task | None) -> Blocker:
    lock = draw(st.sampled_from(["mutex", "semaphore", "rw-semaphore"]))
    if lock != "rw-semaphore" or owner is None:
        return Blocker(waiter, lock, owner)
    roles = st.sampled_from(["reader", "writer"])
    return Blocker(waiter, lock, owner, draw(roles), draw(roles))


@st.composite
def hung_reports(draw: DrawFn) -> HungTaskReport:
    """A hung task with those that were seen with it."""
    tasks = draw(st.lists(_tasks, min_size=3, max_size=5, unique_by=lambda task: task.pid))
    task, owner, *peers = tasks
    blocked = draw(st.booleans())
    blockers = (draw(_blocker(task, draw(st.sampled_from([owner, None])))),) if blocked else ()
    others = (draw(_dumps(owner)),) if blockers and blockers[0].owner else ()
    all_locks = tuple([draw(_held_lists(one)) for one in draw(st.sampled_from([[], tasks, tasks[:1]]))])
    seconds = draw(st.integers(1, 10000))
    return HungTaskReport(
        title=f"INFO: task {task.comm}:{task.pid} blocked for more than {seconds} seconds.",
        kernel=draw(st.sampled_from(["6.16.0-rc1+", "5.10.0"])),
        build="#7",
        taint=draw(st.sampled_from(["Not tainted", "Tainted: G W"])),
        task=task,
        seconds=seconds,
        dump=draw(_dumps(task)),
        blockers=blockers,
        others=others,
        all_locks=all_locks,
        peers=tuple([draw(_dumps(one)) for one in peers]),
        peer_blockers=(draw(_blocker(peers[0], None)),) if draw(st.booleans()) else (),
        lockdep_off=not all_locks and draw(st.booleans()),
    )


@st.composite
def locks_dumps(draw: DrawFn) -> LocksDumpReport:
    """A list of all locks."""
    tasks = draw(st.lists(_tasks, min_size=1, max_size=4, unique_by=lambda task: task.pid))
    return LocksDumpReport(
        title="Showing all locks held in the system:",
        all_locks=tuple([draw(_held_lists(task)) for task in tasks]),
        requested=draw(st.booleans()),
    )


@st.composite
def _backtraces(draw: DrawFn, task: Task) -> Backtrace:
    return Backtrace(
        draw(_stacks()),
        draw(st.integers(0, 511)),
        task.pid,
        task.comm,
        draw(st.sampled_from(["", "QEMU Standard PC (i440FX + PIIX, 1996)"])),
        draw(st.sampled_from(["", "events_unbound flush_to_ldisc"])),
    )


_IDENT: dict[str, Any] = {"kernel": "6.12.0-rc1+", "build": "#7", "taint": "Not tainted"}


@st.composite
def atomic_reports(draw: DrawFn) -> AtomicReport:
    """Sleeping or scheduling where it is forbidden."""
    task = draw(_tasks)
    scheduling = draw(st.booleans())
    place = draw(st.sampled_from(["kernel/locking/mutex.c:575", "slab.c:3023"]))
    if scheduling:
        title = f"BUG: scheduling while atomic: {task}/0x00000002"
        facts: tuple[tuple[str, str], ...] = (("preempt_count", "0x00000002"),)
    else:
        title = f"BUG: sleeping function called from invalid context at {place}"
        facts = (("in_atomic()", "1"), ("irqs_disabled()", "0"))
        facts += draw(st.sampled_from([(), (("non_block", "0"),)]))
        facts += draw(st.sampled_from([(), (("preempt_count", "201"), ("expected", "0"))]))
        facts += draw(st.sampled_from([(), (("RCU nest depth", "1"), ("expected", "0"))]))
    assumed = draw(st.sampled_from(["", "", "atomic", "non migratable"]))
    if scheduling and draw(st.booleans()):
        title = f"BUG: scheduling in a non-blocking section: {task}/2"
        facts, assumed = (("non_block", "2"),), ""
    elif assumed:
        title = f"BUG: assuming {assumed} context at {place}"
        facts = (("in_atomic()", "0"), ("irqs_disabled()", "0"))
        facts += (("migration_disabled()", "0"),) if assumed != "atomic" else ()
        scheduling = False
    frame = _frames("").map(lambda frame: replace(frame, address="ffffffff81234567", reliable=True))
    stamp = draw(st.none() | st.integers(0, 10**9))
    words = [f"{irqs} last {change}" for irqs in ("hardirqs", "softirqs") for change in ("enabled", "disabled")]
    off = draw(st.booleans())
    return AtomicReport(
        title=title,
        **_IDENT,
        task=task,
        held_locks=None if off else draw(st.none() | _held_lists(task)),
        backtrace=draw(_backtraces(task)),
        place="" if scheduling else place,
        scheduling=scheduling,
        facts=facts,
        disabled_at=draw(st.none() | frame),
        event_stamp=stamp,
        irq_events=() if stamp is None else tuple([IrqEvent(word, stamp, draw(frame)) for word in words]),
        lockdep_off=off,
        assumed=assumed,
    )


@st.composite
def spin_reports(draw: DrawFn) -> SpinReport:
    """A complaint of the spinlock or rwlock checks."""
    task, cpu, rwlock = draw(_tasks), draw(st.integers(0, 511)), draw(st.booleans())
    complaint = draw(st.sampled_from(["bad magic", "recursion", "lockup suspected", "already unlocked", "wrong CPU"]))
    lock = draw(_hex if rwlock else st.sampled_from(["init_mm+0x3c/0x420", "0xffff888012345678"]))
    owned = not rwlock and draw(st.booleans())
    return SpinReport(
        title=f"BUG: {'rwlock' if rwlock else 'spinlock'} {complaint} on CPU#{cpu}, {task}"
        + (f", {lock}" if rwlock else ""),
        **_IDENT,
        task=task,
        backtrace=draw(_backtraces(task)),
        rwlock=rwlock,
        complaint=complaint,
        cpu=cpu,
        lock=lock,
        magic="" if rwlock else draw(st.sampled_from(["dead4ead", "00000000"])),
        owner=draw(_tasks) if owned else None,
        owner_cpu=draw(st.integers(0, 511)) if owned else None,
    )


def wait_reports() -> SearchStrategy[Report]:
    """Reports of all these kinds."""
    return hung_reports() | locks_dumps() | atomic_reports() | spin_reports()
