"""Reports about tasks that wait or must not, in the kernel's wording.

Source of words and columns: kernel/hung_task.c; ``sched_show_task``, ``__might_resched``, ``__schedule_bug``,
kernel/sched/core.c; ``spin_dump``, kernel/locking/spinlock_debug.c; ``debug_show_all_locks``, kernel/locking/lockdep.c.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from lockview.export.kernel_text_parts import backtrace, frame_line, held_locks, stack_with_parts
from lockview.export.kernel_text_stalls import stall_lines
from lockview.model.held_reports import AtomicReport
from lockview.model.reports import HeldLocks, Report, Task
from lockview.model.wait_reports import Blocker, HungTaskReport, LocksDumpReport, SpinReport, TaskDump

_LOCKDEP_OFF = "INFO: lockdep is turned off."


def wait_lines(report: Report) -> Iterator[str] | None:
    """The lines of a report of these kinds, None for other kinds."""
    match report:
        case HungTaskReport():
            return _hung_task(report)
        case LocksDumpReport():
            return _all_locks(report.all_locks, report.requested)
        case AtomicReport():
            return _atomic(report)
        case SpinReport():
            return _spin(report)
    return stall_lines(report)


def _hung_task(report: HungTaskReport) -> Iterator[str]:
    """The report, then those of the tasks that were seen with it, and the list that belongs to all."""
    yield report.title
    yield from _hung_ident(report)
    if report.dump:
        yield from _task_dump(report.dump)
    if report.held_locks:
        yield from held_locks(report.held_locks)
    yield from map(_blocker, report.blockers)
    for dump in report.others:
        yield from _task_dump(dump)
    yield from _peers(report)
    if report.lockdep_off:
        yield _LOCKDEP_OFF
    if report.all_locks:
        yield from _all_locks(report.all_locks, requested=False)


def _hung_ident(report: HungTaskReport) -> Iterator[str]:
    ident = " ".join(filter(None, (report.taint, report.kernel, report.build)))
    if ident:
        yield f"      {ident}"
    yield '"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.'


def _peers(report: HungTaskReport) -> Iterator[str]:
    """The other hung tasks in their order; an owner that is dumped for one of them follows it without a title."""
    rest = list(report.peers)
    for blocker in report.peer_blockers:
        if any(dump.task.pid == blocker.waiter.pid for dump in rest):
            while rest[0].task.pid != blocker.waiter.pid:
                yield from _hung_peer(report, rest.pop(0))
            yield from _hung_peer(report, rest.pop(0))
        elif all(dump.task.pid != blocker.waiter.pid for dump in report.peers):
            yield from _hung_title(report, blocker.waiter)
        yield _blocker(blocker)
        if rest and blocker.owner and rest[0].task.pid == blocker.owner.pid:
            yield from _task_dump(rest.pop(0))
    for dump in rest:
        yield from _hung_peer(report, dump)


def _hung_peer(report: HungTaskReport, dump: TaskDump) -> Iterator[str]:
    yield from _hung_title(report, dump.task)
    yield from _task_dump(dump)


def _hung_title(report: HungTaskReport, task: Task) -> Iterator[str]:
    yield f"INFO: task {task.comm}:{task.pid} blocked for more than {report.seconds} seconds."
    yield from _hung_ident(report)


def _task_dump(dump: TaskDump) -> Iterator[str]:
    if dump.state:
        pid = str(dump.task.pid)
        yield (
            f"task:{dump.task.comm:<15} state:{dump.state} stack:0     pid:{pid:<5} tgid:{pid:<5} ppid:2      "
            "flags:0x00004000"
        )
    if dump.workqueue:
        yield f"Workqueue: {dump.workqueue}"
    if dump.stack.frames:
        yield "Call Trace:"
        yield from stack_with_parts(dump.stack.frames)


def _blocker(blocker: Blocker) -> str:
    waiter = f"INFO: task {blocker.waiter.comm}:{blocker.waiter.pid}"
    article = "an" if blocker.lock.startswith("rw") else "a"
    last = blocker.lock == "semaphore"
    if blocker.owner is None:
        missing = "the last holder" if last else "the owner"
        return f"{waiter} is blocked on {article} {blocker.lock}, but {missing} is not found."
    owner = f"task {blocker.owner.comm}:{blocker.owner.pid}"
    likely = "likely last held by" if last else "likely owned by"
    if blocker.waiter_role or blocker.owner_role:
        return (
            f"{waiter} <{blocker.waiter_role}> blocked on {article} {blocker.lock} {likely} {owner} "
            f"<{blocker.owner_role}>"
        )
    return f"{waiter} {'' if last else 'is '}blocked on {article} {blocker.lock} {likely} {owner}" + "." * (not last)


def _all_locks(lists: tuple[HeldLocks, ...], requested: bool) -> Iterator[str]:
    if requested:
        yield "sysrq: Show Locks Held"
    yield ""
    yield "Showing all locks held in the system:"
    for held in lists:
        yield from held_locks(held)
    yield ""
    yield "=" * 45
    yield ""


def _atomic(report: AtomicReport) -> Iterator[str]:
    yield report.title
    if not report.scheduling:
        yield from _facts(report.facts, report.task)
    if report.lockdep_off:
        yield _LOCKDEP_OFF
    if report.held_locks:
        yield from held_locks(report.held_locks)
    if report.event_stamp is not None:
        yield f"irq event stamp: {report.event_stamp}"
    for event in report.irq_events:
        site = f" {frame_line(event.site)}" if event.site else ""
        yield f"{event.what.replace('last enabled', 'last  enabled')} at ({event.number}):{site}"
    if report.disabled_at:
        yield "Preemption disabled at:"
        yield frame_line(report.disabled_at)
    if report.backtrace:
        yield from backtrace(report, report.backtrace)


def _facts(facts: tuple[tuple[str, str], ...], task: Task | None) -> Iterator[str]:
    """``in_atomic(): 1, irqs_disabled(): 0, ...`` with the task, then a line for each count and what was expected."""
    context = [f"{name}: {value}" for name, value in facts if name in ("in_atomic()", "irqs_disabled()", "non_block")]
    migration = [value for name, value in facts if name == "migration_disabled()"]
    context += [f"migration_disabled() {value}" for value in migration]
    if context:
        # The kernel prints no comma between these two.
        named = f"{' ' if migration else ', '}pid: {task.pid}, name: {task.comm}" if task else ""
        yield ", ".join(context) + named
    for (name, value), (_, expected) in itertools.pairwise(facts):
        if name in ("preempt_count", "RCU nest depth"):
            yield f"{name}: {value}, expected: {expected}"


def _spin(report: SpinReport) -> Iterator[str]:
    yield report.title
    if report.magic:
        owner = report.owner or "<none>/-1"
        cpu = -1 if report.owner_cpu is None else report.owner_cpu
        yield f" lock: {report.lock}, .magic: {report.magic}, .owner: {owner}, .owner_cpu: {cpu}"
    if report.backtrace:
        yield from backtrace(report, report.backtrace)
