"""The JSON form of reports about tasks that wait, and of those about sleeping where that is forbidden."""

from __future__ import annotations

from lockview.export.json_codec import FLAG, TEXT, WHOLE, Codec, many, maybe, misfit, record
from lockview.export.json_values import FRAME, HELD_LOCKS, IRQ_EVENT, SPAN, STACK, TASK, report_form
from lockview.model.held_reports import AtomicReport
from lockview.model.reports import ReportKind
from lockview.model.wait_reports import Blocker, HungTaskReport, LocksDumpReport, SpinReport, TaskDump


def _write_pair(pair: tuple[str, str]) -> list[str]:
    return list(pair)


def _read_pair(found: object) -> tuple[str, str]:
    if not isinstance(found, list) or len(found) != 2:
        raise misfit("[words, value]", found)
    return TEXT.read(found[0]), TEXT.read(found[1])


FACT = Codec(_write_pair, _read_pair)
TASK_DUMP = record(TaskDump, {"task": TASK, "state": TEXT, "workqueue": TEXT, "stack": STACK, "span": SPAN})
BLOCKER = record(
    Blocker,
    {
        "waiter": TASK,
        "lock": TEXT,
        "owner": maybe(TASK),
        "waiter_role": TEXT,
        "owner_role": TEXT,
        "span": SPAN,
    },
)
_ATOMIC = report_form(
    AtomicReport,
    {
        "place": TEXT,
        "scheduling": FLAG,
        "facts": many(FACT),
        "disabled_at": maybe(FRAME),
        "event_stamp": maybe(WHOLE),
        "irq_events": many(IRQ_EVENT),
        "lockdep_off": FLAG,
        "assumed": TEXT,
    },
)
_SPIN = report_form(
    SpinReport,
    {
        "rwlock": FLAG,
        "complaint": TEXT,
        "cpu": maybe(WHOLE),
        "lock": TEXT,
        "magic": TEXT,
        "owner": maybe(TASK),
        "owner_cpu": maybe(WHOLE),
    },
)

WAIT_FORMS = {
    ReportKind.HUNG_TASK: report_form(
        HungTaskReport,
        {
            "seconds": WHOLE,
            "dump": maybe(TASK_DUMP),
            "blockers": many(BLOCKER),
            "others": many(TASK_DUMP),
            "all_locks": many(HELD_LOCKS),
            "peers": many(TASK_DUMP),
            "peer_blockers": many(BLOCKER),
            "lockdep_off": FLAG,
        },
    ),
    ReportKind.LOCKS_DUMP: report_form(LocksDumpReport, {"all_locks": many(HELD_LOCKS), "requested": FLAG}),
    ReportKind.SLEEP: _ATOMIC,
    ReportKind.SCHED: _ATOMIC,
    ReportKind.NOT_ATOMIC: _ATOMIC,
    ReportKind.SPINLOCK: _SPIN,
    ReportKind.RWLOCK: _SPIN,
}
