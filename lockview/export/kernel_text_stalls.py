"""Lockups and stalls in the kernel's wording.

Source of words and columns: ``watchdog_timer_fn``, kernel/watchdog.c; ``print_other_cpu_stall``, tree_stall.h;
``nmi_cpu_backtrace``, lib/nmi_backtrace.c; ``sched_show_task``, kernel/sched/core.c.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockview.export.kernel_text_parts import backtrace, frame_line, held_locks, stack_with_parts
from lockview.model.reports import Report
from lockview.model.stacks import Backtrace
from lockview.model.stall_reports import StallReport, StallStack


def stall_lines(report: Report) -> Iterator[str] | None:
    """The lines of a lockup or a stall, None for reports of other kinds."""
    return _stall(report) if isinstance(report, StallReport) else None


def _stall(report: StallReport) -> Iterator[str]:
    yield report.title
    prefix = "rcu: " if report.title.startswith("rcu: ") else ""
    yield from (f"{prefix}\t{line}" for line in report.lines)
    if report.event_stamp is not None:
        yield f"irq event stamp: {report.event_stamp}"
    for event in report.irq_events:
        site = f" {frame_line(event.site)}" if event.site else ""
        yield f"{event.what.replace('last enabled', 'last  enabled')} at ({event.number}):{site}"
    for one in report.stacks:
        yield from _stack(report, one)
    for held in report.lists:
        yield from held_locks(held)


def _stack(report: Report, one: StallStack) -> Iterator[str]:
    if one.label:
        yield one.label
    if one.task and one.cpu is None and one.state:
        pid = str(one.task.pid)
        yield (
            f"task:{one.task.comm:<15} state:{one.state} stack:0     pid:{pid:<5} tgid:{pid:<5} ppid:2      "
            "flags:0x00004000"
        )
    elif one.task:
        trace = Backtrace(one.stack, one.cpu, one.task.pid, one.task.comm, one.hardware, one.workqueue)
        yield from backtrace(report, trace)
        return
    if one.hardware:
        yield f"Hardware name: {one.hardware}"
    if one.workqueue:
        yield f"Workqueue: {one.workqueue}"
    if one.stack.frames:
        yield "Call Trace:"
        yield from stack_with_parts(one.stack.frames)
