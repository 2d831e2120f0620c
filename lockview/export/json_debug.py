"""The JSON form of deadlocks of mutexes and of the reports of DEPT."""

from __future__ import annotations

from lockview.export.json_codec import FLAG, TEXT, WHOLE, many, maybe, record
from lockview.export.json_values import FRAME, HELD_LOCK, HELD_LOCKS, LOCK_CLASS, SPAN, STACK, TASK, report_form
from lockview.model.debug_reports import LockOwner, MutexDeadlockReport
from lockview.model.dept_reports import DeptContext, DeptInterrupt, DeptPoint, DeptReport
from lockview.model.reports import ReportKind

OWNER = record(
    LockOwner,
    {
        "task": maybe(TASK),
        "word": TEXT,
        "address": TEXT,
        "priority": maybe(WHOLE),
        "acquired_at": maybe(FRAME),
        "span": SPAN,
    },
)
POINT = record(
    DeptPoint, {"function": TEXT, "class=lock_class": LOCK_CLASS, "at": maybe(FRAME), "stack": STACK, "span": SPAN}
)
INTERRUPT = record(
    DeptInterrupt,
    {
        "name": TEXT,
        "enabled_at": maybe(FRAME),
        "enabled_stack": STACK,
        "wait_at": maybe(FRAME),
        "wait_stack": STACK,
        "span": SPAN,
    },
)
CONTEXT = record(
    DeptContext,
    {
        "letter": TEXT,
        "start": maybe(POINT),
        "wait": maybe(POINT),
        "event": maybe(POINT),
        "interrupts": many(INTERRUPT),
        "timeout": FLAG,
        "span": SPAN,
    },
)

DEBUG_FORMS = {
    ReportKind.MUTEX_DEADLOCK: report_form(
        MutexDeadlockReport,
        {
            "wanted_owner": maybe(OWNER),
            "blocked": maybe(TASK),
            "blocked_lock": maybe(HELD_LOCK),
            "blocked_owner": maybe(OWNER),
            "blocked_held": maybe(HELD_LOCKS),
            "blocked_stack": STACK,
            "lockdep_off": FLAG,
            "banner": TEXT,
        },
    ),
    ReportKind.DEPT: report_form(DeptReport, {"verdict": TEXT, "contexts": many(CONTEXT)}),
}
