"""Deadlocks of mutexes and circular dependencies of DEPT in the kernel's wording.

Source of words, columns and blank lines: kernel/locking/rtmutex-debug.c, kernel/mutex-debug.c; ``print_circle``,
kernel/dependency/dept.c.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockview.export.kernel_text_parts import backtrace, frame_line, held_locks, stack_with_parts
from lockview.model.debug_reports import LockOwner, MutexDeadlockReport
from lockview.model.dept_reports import DeptContext, DeptPoint, DeptReport
from lockview.model.held_reports import LeftHeldReport
from lockview.model.locks import HeldLock
from lockview.model.reports import HeldLocks, Report
from lockview.model.stacks import Frame, StackTrace

_FENCE = 44
_DEPT_FENCE = 51
_PLACE = 31
"""The column of what stands behind ``... acquired at:``."""
_TIMEOUT = "--------------- >8 timeout ---------------"


def debug_lines(report: Report) -> Iterator[str] | None:
    """The lines of a report of these kinds; None for one of another kind."""
    match report:
        case MutexDeadlockReport():
            return _warned(report) if report.banner else _deadlock(report)
        case LeftHeldReport() if ", lock held at" in report.title:
            return _held_at_exit(report)
        case DeptReport():
            return _dept(report)
    return None


# --- mutexes ----------------------------------------------------------------------------------------------------------


def _warned(report: MutexDeadlockReport) -> Iterator[str]:
    yield "------------[ cut here ]------------"
    yield report.title
    yield report.banner
    if report.backtrace:
        yield from backtrace(report, report.backtrace)
    yield "---[ end trace 0000000000000000 ]---"


def _deadlock(report: MutexDeadlockReport) -> Iterator[str]:
    yield from ("", "=" * _FENCE)
    yield f"[ {report.title} ]" if report.title.startswith("BUG:") else report.title
    trace = report.backtrace
    if report.taint and trace and trace.pid is not None:
        yield report.taint
    elif report.kernel:
        yield " ".join(filter(None, (report.kernel, report.build, report.taint)))
    elif report.taint:
        yield report.taint
    yield "-" * _FENCE
    if report.blocked and report.task:
        yield f"{report.blocked} is deadlocking current task {report.task}"
    yield from ("", "")
    yield from _claims(report)
    if report.lockdep_off:
        yield "INFO: lockdep is turned off."
    for held in (report.held_locks, report.blocked_held):
        if held is not None:
            yield from _held_list(held)
    if report.blocked and report.blocked_stack.frames:
        yield from ("", f"{report.blocked}'s [blocked] stackdump:", "", "Call Trace:")
        yield from stack_with_parts(report.blocked_stack.frames)
    if trace and report.task:
        yield from ("", f"{report.task}'s [current] stackdump:", "")
        yield from backtrace(report, trace)
    yield from ("[ turning off deadlock detection.Please report this trace. ]", "")


def _claims(report: MutexDeadlockReport) -> Iterator[str]:
    """Who wants which lock, and who is blocked on which."""
    if report.wanted is not None:
        yield f"1) {report.task} is trying to acquire this lock:" if report.task else "already locked:"
        yield from _lock(report.wanted, report.wanted_owner)
        yield ""
    if report.blocked_lock is not None:
        yield f"2) {report.blocked} is blocked on this lock:"
        yield from _lock(report.blocked_lock, report.blocked_owner)


def _lock(lock: HeldLock, owner: LockOwner | None) -> Iterator[str]:
    name = lock.lock_class.base
    yield f" [{_address(lock.instance)}]" + (f" {{{name}}}" if name != lock.instance else "")
    if owner and owner.word:
        yield f".. ->owner: {_address(owner.word)}"
    if owner and owner.task:
        priority = 0 if owner.priority is None else owner.priority
        yield f".. held by:  {owner.task.comm:>16}:{owner.task.pid:5} [{_address(owner.address)}, {priority:3}]"
    if owner and owner.acquired_at:
        yield _placed("... acquired at:", owner.acquired_at)
    if lock.site:
        yield _placed("... trying at:", lock.site)


def _address(text: str) -> str:
    return f"({text})" if "ptrval" in text else text


def _placed(words: str, frame: Frame) -> str:
    return f"{words:<{_PLACE}}{frame_line(frame)}"


def _held_list(held: HeldLocks) -> Iterator[str]:
    """The list of lockdep, or the one of the time before it, whose locks have no usage marks."""
    if any(lock.usage for lock in held.locks) or held.count != len(held.locks) or not held.locks:
        yield from held_locks(held)
        return
    yield "-" * 30
    yield f"| showing all locks held by: |  ({held.task} [00000000,   0]):"
    yield from ("-" * 30, "")
    for lock in held.locks:
        yield f"#{lock.index or 0:03}:             [{_address(lock.instance)}] {{{lock.lock_class.base}}}"
        if lock.site:
            yield _placed("... acquired at:", lock.site)
        yield ""


def _held_at_exit(report: LeftHeldReport) -> Iterator[str]:
    yield report.title
    for lock in report.held_locks.locks if report.held_locks else ():
        name = lock.lock_class.base
        yield f" [{_address(lock.instance)}]" + (f" {{{name}}}" if name != lock.instance else "")
        if lock.site:
            yield _placed("... acquired at:", lock.site)


# --- DEPT -------------------------------------------------------------------------------------------------------------


def _dept(report: DeptReport) -> Iterator[str]:
    yield "=" * _DEPT_FENCE
    yield report.title
    yield " ".join(filter(None, (report.kernel, report.build, report.taint)))
    yield from _section("summary")
    if report.verdict:
        yield report.verdict
    if report.verdict.startswith("NOT"):
        yield "CHECK IF THE TIMEOUT IS INTENDED"
    for context in report.contexts:
        yield from ("", f"context {context.letter}", *_diagram(context))
    yield from ("", "[S]: start of the event context", "[W]: the wait blocked", "[E]: the event not reachable")
    for context in report.contexts:
        yield from _section(f"context {context.letter}'s detail")
        yield from (f"context {context.letter}", *_diagram(context), "", *_detail(context))
    yield from _section("information that might be helpful")
    if report.backtrace:
        yield from backtrace(report, report.backtrace)


def _section(title: str) -> tuple[str, str, str]:
    return "-" * _DEPT_FENCE, title, "-" * _DEPT_FENCE


def _heading(mark: str, point: DeptPoint) -> str:
    return f"[{mark}] {point.function}({point.lock_class.base}:{point.lock_class.subclass})"


def _diagram(context: DeptContext) -> Iterator[str]:
    names = [interrupt.name for interrupt in context.interrupts]
    for number, name in enumerate(names or [""]):
        if number:
            yield from ("", "or", "")
        if context.start:
            yield f"   {_heading('S', context.start)}"
        if name:
            yield f"       <{name} interrupt>"
        if context.wait:
            yield f"   {'   ' if name else ''}{_heading('W', context.wait)}"
        if context.timeout:
            yield f"   {_TIMEOUT}"
        if context.event:
            yield f"   {_heading('E', context.event)}"


def _detail(context: DeptContext) -> Iterator[str]:
    for interrupt in context.interrupts:
        yield f"{interrupt.name} has been enabled:"
        yield from (*_place(interrupt.enabled_at, interrupt.enabled_stack), "")
        yield from _point("S", context.start)
        if context.wait:
            yield f"{_heading('W', context.wait)} in {interrupt.name} context:"
            yield from (*_place(interrupt.wait_at, interrupt.wait_stack), "")
        yield from _point("E", context.event)
    if not context.interrupts:
        for mark, point in (("S", context.start), ("W", context.wait), ("E", context.event)):
            yield from _point(mark, point)


def _point(mark: str, point: DeptPoint | None) -> Iterator[str]:
    if point:
        yield f"{_heading(mark, point)}:"
        yield from _place(point.at, point.stack)
        if mark != "E":
            yield ""


def _place(at: Frame | None, stack: StackTrace) -> Iterator[str]:
    if at:
        yield frame_line(at)
    if stack.frames:
        yield "stacktrace:"
        yield from (f"      {frame_line(frame)}" for frame in stack.frames)
    if not at and not stack.frames:
        yield "(N/A)"
