"""The Java machine's wording.  Source: ``DeadlockCycle::print_on_with`` and ``print_lock_info_on`` of OpenJDK."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.model.foreign_reports import JavaDeadlockReport, JavaThread
from lockview.model.stacks import Frame

_FROM_STACKS = ("waiting to lock", "waiting to re-lock", "parking to wait for", "waiting on")
"""Words for waiting that stand under a frame, not in the list of threads."""


def java_lines(report: JavaDeadlockReport) -> Iterator[str]:
    """Who waits for what, and then the stacks of the same threads."""
    classes = {thread.wanted: thread.wanted_class for thread in report.threads if thread.wanted_class}
    if report.computed:
        yield from _dump(report, classes)
        return
    yield report.title
    yield "=" * 29
    for thread in report.threads:
        yield f'"{thread.name}":'
        yield from _waits(thread)
        yield ""
    yield "Java stack information for the threads listed above:"
    yield "=" * 51
    for thread in report.threads:
        yield f'"{thread.name}":'
        yield from _stack(thread, classes)
    yield ""
    yield "Found 1 deadlock."


def _dump(report: JavaDeadlockReport, classes: dict[str, str]) -> Iterator[str]:
    """Threads of a dump, as they are listed where the machine found no deadlock itself."""
    yield f"{report.title}"
    for number, thread in enumerate(report.threads, 1):
        yield ""
        yield f'"{thread.name}" #{number} prio=5 waiting for monitor entry'
        yield "   java.lang.Thread.State: BLOCKED (on object monitor)"
        yield from _stack(thread, classes)


def _waits(thread: JavaThread) -> Iterator[str]:
    if thread.wanted and thread.waiting not in _FROM_STACKS:
        if thread.wanted_class and thread.waiting.endswith("synchronizer"):
            what = f"{thread.wanted}, (a {thread.wanted_class})"
        elif thread.wanted_class:
            what = f"(object {thread.wanted}, a {thread.wanted_class})"
        else:
            what = thread.wanted
        yield f"  {thread.waiting} {what},"
    if thread.holder is not None:
        yield f'  which is held by "{thread.holder}"'


def _stack(thread: JavaThread, classes: dict[str, str]) -> Iterator[str]:
    """The objects that it has locked stand under the first frame: in which frame each was locked is not kept."""
    for number, frame in enumerate(thread.stack):
        yield f"\tat {_frame(frame)}"
        if not number:
            yield from _objects(thread, classes)
    if not thread.stack.frames:
        yield from _objects(thread, classes)


def _objects(thread: JavaThread, classes: dict[str, str]) -> Iterator[str]:
    if thread.wanted:
        words = thread.waiting if thread.waiting in _FROM_STACKS else "waiting to lock"
        yield f"\t- {words} <{thread.wanted}>{_class(thread.wanted_class)}"
    for lock in thread.held:
        yield f"\t- locked <{lock}>{_class(classes.get(lock, ''))}"


def _class(name: str) -> str:
    return f" (a {name})" if name else ""


def _frame(frame: Frame) -> str:
    place = frame.file or "Unknown Source"
    if frame.file and (frame.line or not frame.file.endswith(".java")):
        place = f"{frame.file}:{frame.line}"
    return (f"{frame.module}/" if frame.module else "") + f"{frame.function}({place})"
