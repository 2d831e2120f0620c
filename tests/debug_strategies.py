"""Hypothesis strategies for deadlocks of mutexes and for reports of DEPT as a kernel could have printed them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from strategies import HARD_NAMES

from lockview.model.debug_reports import LockOwner, MutexDeadlockReport
from lockview.model.dept_reports import DeptContext, DeptInterrupt, DeptPoint, DeptReport
from lockview.model.held_reports import LeftHeldReport
from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import HeldLocks, Report, Task
from lockview.model.stacks import EMPTY_STACK, Backtrace, Frame, StackTrace

_tasks = st.builds(
    Task,
    st.sampled_from(["bash", "kworker/u4:1", "rs:main Q:Reg", "CPU 0/KVM", "(udev-worker)", "rt-test-0"]),
    st.integers(1, 4194304),
)
_names = st.sampled_from([*HARD_NAMES, "drivers/demo/demo.c:31", "(struct semaphore *)(&demo->sem)"])
_symbols = st.sampled_from(["mutex_lock", "rt_mutex_slowlock.constprop.0", "do_exit.cold", "foo", "dept_wait"])
_addresses = st.integers(0xFFFF888000000000, 0xFFFF8880FFFFFFFF).map(lambda number: f"{number:016x}")


@st.composite
def _frames(draw: DrawFn, address: str = "") -> Frame:
    offset = draw(st.integers(1, 0xFFFF))
    return Frame(draw(_symbols), offset, offset + 8, module=draw(st.sampled_from(["", "xfs"])), address=address)


_stacks = st.lists(_frames(), min_size=1, max_size=4).map(lambda frames: StackTrace(tuple(frames)))
_sites = _frames()


@st.composite
def _backtraces(draw: DrawFn, task: Task) -> Backtrace:
    hardware = draw(st.sampled_from(["", "QEMU Standard PC (i440FX + PIIX, 1996)"]))
    return Backtrace(draw(_stacks), draw(st.integers(0, 511)), task.pid, task.comm, hardware)


@st.composite
def _locks(draw: DrawFn, *, placed: bool) -> HeldLock:
    address = draw(_addresses)
    return HeldLock(LockClass(draw(_names | st.just(address))), instance=address, site=draw(_sites) if placed else None)


@st.composite
def _owners(draw: DrawFn, task: Task, *, placed: bool) -> LockOwner:
    return LockOwner(
        task,
        "" if placed else draw(_addresses),
        draw(_addresses),
        draw(st.integers(-1, 140)),
        draw(_sites) if placed else None,
    )


@st.composite
def _old_lists(draw: DrawFn, task: Task) -> HeldLocks:
    locks = draw(st.lists(_locks(placed=True), min_size=1, max_size=3))
    return HeldLocks(task, len(locks), tuple(replace(lock, index=number) for number, lock in enumerate(locks, 1)))


@st.composite
def mutex_deadlocks(draw: DrawFn) -> MutexDeadlockReport:
    """A deadlock of two tasks, in the wording of the time before lockdep or after it."""
    task, other = draw(st.lists(_tasks, min_size=2, max_size=2, unique_by=lambda task: task.pid))
    old = draw(st.booleans())
    return MutexDeadlockReport(
        title=("BUG: " if old or draw(st.booleans()) else "WARNING: ") + "circular locking deadlock detected!",
        kernel="5.10.0-rt1+",
        build="#7",
        taint=draw(st.sampled_from(["Not tainted", "Tainted: G W"])),
        task=task,
        wanted=draw(_locks(placed=old)),
        wanted_owner=draw(st.none() | _owners(other, placed=old)),
        held_locks=draw(st.none() | _old_lists(task)) if old else None,
        backtrace=draw(_backtraces(task)),
        blocked=other,
        blocked_lock=draw(_locks(placed=False)),
        blocked_owner=draw(st.none() | _owners(task, placed=old)),
        blocked_held=draw(st.none() | _old_lists(other)) if old else None,
        blocked_stack=draw(_stacks),
        lockdep_off=not old and draw(st.booleans()),
    )


@st.composite
def rtmutex_warnings(draw: DrawFn) -> MutexDeadlockReport:
    """The WARN of newer kernels."""
    task, place = draw(_tasks), "kernel/locking/rtmutex.c:1674"
    old = f"WARNING: CPU: 1 PID: {task.pid} at {place} rt_mutex_handle_deadlock+0x68/0xec"
    new = f"WARNING: {place} at rt_mutex_handle_deadlock+0x68/0xec, CPU#1: {task}"
    return MutexDeadlockReport(
        title="rtmutex deadlock detected",
        kernel="6.17.0-rc1+",
        build="#55",
        taint="Not tainted",
        task=task,
        backtrace=draw(_backtraces(task)),
        banner=draw(st.sampled_from([old, new])),
    )


@st.composite
def debug_exits(draw: DrawFn) -> LeftHeldReport:
    """A mutex that is held at exit, as its debugging code prints it."""
    task, lock = draw(_tasks), draw(_locks(placed=True))
    held = HeldLocks(task, 1, (replace(lock, index=0),))
    return LeftHeldReport(title=f"BUG: {task}, lock held at task exit time!", task=task, held_locks=held)


_functions = st.sampled_from(["lock", "down_write", "dept_page_wait_on_bit", "(unknown)", "(event requestor)", "wait"])
_classes = st.builds(LockClass, st.sampled_from([*HARD_NAMES, "<sched>", "(unknown)"]), st.just(1), st.integers(0, 7))
_at = _frames(address="ffffffff81234567")


def _points(lock_class: LockClass) -> SearchStrategy[DeptPoint]:
    return st.builds(DeptPoint, _functions, st.just(lock_class), st.none() | _at, st.just(EMPTY_STACK) | _stacks)


@st.composite
def _contexts(draw: DrawFn, letter: str, owed: LockClass, wanted: LockClass) -> DeptContext:
    names = draw(st.sampled_from([(), (), ("softirq",), ("softirq", "hardirq")]))
    stack = st.just(EMPTY_STACK) | _stacks
    at = st.none() | _at
    interrupts = [DeptInterrupt(name, draw(at), draw(stack), draw(at), draw(stack)) for name in names]
    wait = draw(_points(wanted))
    if interrupts:
        wait = replace(wait, at=None, stack=EMPTY_STACK)
    timeout = draw(st.booleans())
    return DeptContext(letter, draw(_points(owed)), wait, draw(_points(owed)), tuple(interrupts), timeout)


@st.composite
def dept_reports(draw: DrawFn) -> DeptReport:
    """A circle of one to four contexts."""
    classes = draw(st.lists(_classes, min_size=1, max_size=4, unique=True))
    before = [classes[-1], *classes[:-1]]
    contexts = [draw(_contexts("ABCD"[n], owed, before[n])) for n, owed in enumerate(classes)]
    task = draw(_tasks)
    verdicts = ["*** DEADLOCK ***", "*** AA DEADLOCK ***", "NOT A DEADLOCK BUT A CIRCULAR DEPENDENCY"]
    return DeptReport(
        title="DEPT: Circular dependency has been detected.",
        kernel="6.15.0-rc6-00043-ga83a69ec7f9f",
        build="#5",
        taint=draw(st.sampled_from(["Not tainted", "Tainted: G W"])),
        task=task,
        backtrace=draw(_backtraces(task)),
        verdict=draw(st.sampled_from(verdicts)),
        contexts=tuple(contexts),
    )


def debug_reports() -> SearchStrategy[Report]:
    """Reports of all these kinds."""
    return mutex_deadlocks() | rtmutex_warnings() | debug_exits() | dept_reports()
