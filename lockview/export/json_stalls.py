"""The JSON form of lockups and stalls."""

from __future__ import annotations

from lockview.export.json_codec import TEXT, WHOLE, many, maybe, record, word
from lockview.export.json_values import HELD_LOCKS, IRQ_EVENT, SPAN, STACK, TASK, report_form
from lockview.model.reports import ReportKind
from lockview.model.stall_reports import StallReport, StallStack

STALL_STACK = record(
    StallStack,
    {
        "label": TEXT,
        "cpu": maybe(WHOLE),
        "task": maybe(TASK),
        "state": TEXT,
        "stack": STACK,
        "hardware": TEXT,
        "workqueue": TEXT,
        "span": SPAN,
    },
)
_STALL = report_form(
    StallReport,
    {
        "group": word(ReportKind),
        "cpus": many(WHOLE),
        "seconds": maybe(WHOLE),
        "lines": many(TEXT),
        "stacks": many(STALL_STACK),
        "lists": many(HELD_LOCKS),
        "event_stamp": maybe(WHOLE),
        "irq_events": many(IRQ_EVENT),
    },
)

STALL_FORMS = {
    ReportKind.SOFT_LOCKUP: _STALL,
    ReportKind.HARD_LOCKUP: _STALL,
    ReportKind.RCU_STALL: _STALL,
}
