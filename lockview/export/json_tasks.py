"""The JSON form of reports about one task and its locks, and of what lockdep says about itself."""

from __future__ import annotations

from lockview.export.json_codec import FLAG, TEXT, WHOLE, many, maybe, word
from lockview.export.json_values import FRAME, HELD_LOCK, STACK, WAIT_TYPES, report_form
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
from lockview.model.reports import ReportKind

_UNLOCK = report_form(UnlockReport, {"name": TEXT, "site": maybe(FRAME), "remark": TEXT, "contended": FLAG})
_LEFT_HELD = report_form(LeftHeldReport, {"returning": FLAG})
_VALIDATOR = report_form(ValidatorReport, {"group": word(ReportKind), "lines": many(TEXT)})

TASK_FORMS = {
    ReportKind.WAIT_CONTEXT: report_form(WaitContextReport, {"context": maybe(WAIT_TYPES)}),
    ReportKind.NESTED: report_form(NestedReport, {"outer": TEXT, "first_stack": STACK}),
    ReportKind.BAD_UNLOCK: _UNLOCK,
    ReportKind.BAD_CONTENTION: _UNLOCK,
    ReportKind.FREED: report_form(FreedReport, {"freed": maybe(HELD_LOCK), "first": TEXT, "last": TEXT}),
    ReportKind.EXIT: _LEFT_HELD,
    ReportKind.USER_RETURN: _LEFT_HELD,
    ReportKind.WORK_LEAK: report_form(WorkLeakReport, {"function": TEXT, "preempt": TEXT}),
    ReportKind.RCU: report_form(
        RcuReport,
        {
            "place": TEXT,
            "message": TEXT,
            "remarks": many(TEXT),
            "scheduler_active": maybe(WHOLE),
            "debug_locks": maybe(WHOLE),
        },
    ),
    ReportKind.NON_STATIC_KEY: _VALIDATOR,
    ReportKind.LIMIT: _VALIDATOR,
    ReportKind.SELF_CHECK: _VALIDATOR,
}
