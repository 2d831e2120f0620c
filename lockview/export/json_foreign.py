"""The JSON form of reports of other programs."""

from __future__ import annotations

from lockview.export.json_codec import FLAG, TEXT, WHOLE, many, maybe, record
from lockview.export.json_values import SPAN, STACK, report_form
from lockview.model.foreign_reports import (
    ForeignLock,
    ForeignOrder,
    ForeignThread,
    HelgrindReport,
    JavaDeadlockReport,
    JavaThread,
    TsanReport,
    WitnessReport,
)
from lockview.model.reports import ReportKind

LOCK = record(
    ForeignLock,
    {"name": TEXT, "address": TEXT, "label": TEXT, "sort": TEXT, "place": TEXT, "stack": STACK, "span": SPAN},
)
ORDER = record(
    ForeignOrder,
    {"held": TEXT, "wanted": TEXT, "thread": TEXT, "words": TEXT, "stack": STACK, "held_stack": STACK, "span": SPAN},
)
THREAD = record(
    ForeignThread,
    {"name": TEXT, "tid": maybe(WHOLE), "state": TEXT, "creator": TEXT, "stack": STACK, "span": SPAN},
)
JAVA_THREAD = record(
    JavaThread,
    {
        "name": TEXT,
        "wanted": TEXT,
        "wanted_class": TEXT,
        "holder": maybe(TEXT),
        "held": many(TEXT),
        "waiting": TEXT,
        "stack": STACK,
        "span": SPAN,
    },
)

FOREIGN_REPORTS = {
    ReportKind.TSAN: report_form(
        TsanReport, {"pid": maybe(WHOLE), "locks": many(LOCK), "orders": many(ORDER), "threads": many(THREAD)}
    ),
    ReportKind.HELGRIND: report_form(HelgrindReport, {"thread": WHOLE, "locks": many(LOCK), "orders": many(ORDER)}),
    ReportKind.WITNESS: report_form(WitnessReport, {"locks": many(LOCK), "orders": many(ORDER)}),
    ReportKind.JAVA: report_form(JavaDeadlockReport, {"threads": many(JAVA_THREAD), "computed": FLAG}),
}
