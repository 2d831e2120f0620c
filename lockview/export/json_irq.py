"""The JSON form of reports about recursion, usage states and interrupts."""

from __future__ import annotations

from lockview.export.json_codec import FLAG, TEXT, WHOLE, Codec, many, maybe, misfit, record
from lockview.export.json_values import FRAME, HELD_LOCK, IRQ_EVENT, LOCK_CLASS, SPAN, STACK, WAIT_TYPES, report_form
from lockview.model.held_reports import RecursiveReport
from lockview.model.irq_reports import ClassMention, InconsistentReport, IrqInversionReport, IrqOrderReport
from lockview.model.reports import ReportKind
from lockview.model.usages import ClassBlock, IrqContext, UsageRecord

_CLASS = {"class=lock_class": LOCK_CLASS, "usage": TEXT, "wait_types": maybe(WAIT_TYPES)}
MENTION = record(ClassMention, _CLASS)
USAGE_RECORD = record(UsageRecord, {"state": TEXT, "stack": STACK, "span": SPAN})
CLASS_BLOCK = record(
    ClassBlock,
    {
        **_CLASS,
        "operations": TEXT,
        "usages": many(USAGE_RECORD),
        "key": maybe(FRAME),
        "acquired": maybe(STACK),
        "depth": WHOLE,
        "span": SPAN,
    },
)
CONTEXT = record(
    IrqContext,
    {
        "in_hardirq": WHOLE,
        "hardirq_count": WHOLE,
        "in_softirq": WHOLE,
        "softirq_count": WHOLE,
        "hardirqs_enabled": WHOLE,
        "softirqs_enabled": WHOLE,
    },
)


def _pair(codec: Codec) -> Codec:
    listed = many(codec)

    def read(found: object) -> tuple[object, ...]:
        values: tuple[object, ...] = listed.read(found)
        if len(values) != 2:
            raise misfit("a list of two", found)
        return values

    return Codec(listed.write, read)


IRQ_FORMS = {
    ReportKind.RECURSIVE: report_form(RecursiveReport, {"comparison": maybe(WHOLE)}),
    ReportKind.INCONSISTENT: report_form(
        InconsistentReport,
        {
            "old_state": TEXT,
            "new_state": TEXT,
            "context": maybe(CONTEXT),
            "registered": STACK,
            "event_stamp": maybe(WHOLE),
            "irq_events": many(IRQ_EVENT),
        },
    ),
    ReportKind.IRQ_ORDER: report_form(
        IrqOrderReport,
        {
            "irq": TEXT,
            "context": maybe(CONTEXT),
            "new_dependency": maybe(_pair(MENTION)),
            "safe": maybe(MENTION),
            "safe_stack": STACK,
            "unsafe": maybe(MENTION),
            "unsafe_stack": STACK,
            "chain_exists": many(LOCK_CLASS),
            "backward": many(CLASS_BLOCK),
            "forward": many(CLASS_BLOCK),
        },
    ),
    ReportKind.IRQ_INVERSION: report_form(
        IrqInversionReport,
        {
            "irq": TEXT,
            "changed": maybe(HELD_LOCK),
            "other": maybe(MENTION),
            "forwards": FLAG,
            "chain_exists": many(LOCK_CLASS),
            "blocks": many(CLASS_BLOCK),
            "other_blocks": many(CLASS_BLOCK),
        },
    ),
}
