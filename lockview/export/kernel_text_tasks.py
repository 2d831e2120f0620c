"""The kernel's wording of reports about one task and its locks, and of what lockdep says about itself.

Source of words: the print functions that the docstrings of ``lockview.model.held_reports`` name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lockview.export.kernel_text_parts import backtrace, frame_line, header, held_locks, lock_line, stack_with_parts
from lockview.model.held_reports import (
    FreedReport,
    LeftHeldReport,
    NestedReport,
    RcuReport,
    UnlockReport,
    ValidatorReport,
    WaitContextReport,
    WorkLeakReport,
)
from lockview.model.reports import Report

_OTHER_INFO = "other info that might help us debug this:"
_COLLISION = "Hash chain already cached"


def _held(report: Report) -> Iterator[str]:
    if report.held_locks is not None:
        yield from held_locks(report.held_locks)


def _stack(report: Report, *above: str) -> Iterator[str]:
    if report.backtrace is not None:
        yield from above
        yield from backtrace(report, report.backtrace)


def _wants(report: Report) -> Iterator[str]:
    if report.task is not None:
        yield f"{report.task} is trying to lock:"
    if report.wanted is not None:
        yield lock_line(report.wanted)


def _wait_context(report: WaitContextReport) -> Iterator[str]:
    yield from header(report)
    yield from _wants(report)
    yield _OTHER_INFO
    if report.context is not None:
        yield f"context-{{{report.context.outer}:{report.context.inner}}}"
    yield from _held(report)
    yield from _stack(report, "stack backtrace:")


def _nested(report: NestedReport) -> Iterator[str]:
    yield from header(report)
    yield from _wants(report)
    if report.outer:
        yield from ("", "but this task is not holding:", report.outer)
    yield from ("", "stack backtrace:")
    if report.first_stack.frames:
        yield "Call Trace:"
        yield from stack_with_parts(report.first_stack.frames)
    yield from ("", _OTHER_INFO)
    yield from _held(report)
    yield from _stack(report, "", "stack backtrace:")


def _unlock(report: UnlockReport) -> Iterator[str]:
    yield from header(report)
    if report.task is not None:
        verb = "contend" if report.contended else "release"
        yield f"{report.task} is trying to {verb} lock ({report.name}) at:"
    if report.site is not None:
        yield frame_line(report.site)
    if report.remark:
        yield f"but {report.remark}"
    yield from ("", _OTHER_INFO)
    yield from _held(report)
    yield from _stack(report, "", "stack backtrace:")


def _freed(report: FreedReport) -> Iterator[str]:
    yield from header(report)
    if report.task is not None:
        yield f"{report.task} is freeing memory {report.first}-{report.last}, with a lock still held there!"
    if report.freed is not None:
        yield lock_line(report.freed)
    yield from _held(report)
    yield from _stack(report, "", "stack backtrace:")


def _left_held(report: LeftHeldReport) -> Iterator[str]:
    yield from header(report)
    if report.task is not None and report.returning:
        yield f"{report.task} is leaving the kernel with locks still held!"
    elif report.task is not None and "task exit time" in report.title:
        yield f"{report.task} is exiting with locks still held!"
    yield from _held(report)
    yield from _stack(report, "", "stack backtrace:")


def _work_leak(report: WorkLeakReport) -> Iterator[str]:
    yield report.title
    if report.preempt.startswith("preempt="):
        yield f"     {report.preempt} workfn={report.function}"
    else:
        yield f"     last function: {report.function}"
    yield from _held(report)
    yield from _stack(report)


def _rcu(report: RcuReport) -> Iterator[str]:
    yield from header(report)
    if report.place:
        yield f"{report.place} {report.message}"
    yield from ("", _OTHER_INFO, "")
    before = [remark for remark in report.remarks if remark.endswith("CPU!")]
    yield from before
    if report.scheduler_active is not None:
        yield f"rcu_scheduler_active = {report.scheduler_active}, debug_locks = {report.debug_locks}"
    yield from (remark for remark in report.remarks if remark not in before)
    yield from _held(report)
    yield from _stack(report, "", "stack backtrace:")


def _validator(report: ValidatorReport) -> Iterator[str]:
    collides = report.title.endswith("chain_key collision")
    if report.title.startswith("WARNING: ") and not collides:
        yield "------------[ cut here ]------------"
    yield from header(report) if collides else (report.title,)
    for line in report.lines:
        yield f"{report.task}: {line}" if line.startswith(_COLLISION) and report.task else line
    yield from _held(report)
    yield from _stack(report, *(("", "stack backtrace:") if collides else ()))


_WRITERS: dict[type[Report], Callable[[Any], Iterator[str]]] = {
    WaitContextReport: _wait_context,
    NestedReport: _nested,
    UnlockReport: _unlock,
    FreedReport: _freed,
    LeftHeldReport: _left_held,
    WorkLeakReport: _work_leak,
    RcuReport: _rcu,
    ValidatorReport: _validator,
}


def task_lines(report: Report) -> Iterator[str] | None:
    """The lines of a report of these kinds; None for one of another kind."""
    writer = _WRITERS.get(type(report))
    return writer(report) if writer else None
