"""A report in a few words, for a row of the list."""

from __future__ import annotations

from lockview.model.locks import HeldLock
from lockview.model.reports import Report, ReportKind

DOT = " \N{MIDDLE DOT} "
NO_TITLE = "report without its top"
KINDS = {
    ReportKind.CIRCULAR: "circular",
    ReportKind.RECURSIVE: "recursive",
    ReportKind.INCONSISTENT: "inconsistent state",
    ReportKind.IRQ_ORDER: "interrupt-unsafe order",
    ReportKind.IRQ_INVERSION: "interrupt inversion",
    ReportKind.WAIT_CONTEXT: "invalid wait context",
    ReportKind.NESTED: "nested lock not taken",
    ReportKind.BAD_UNLOCK: "bad unlock",
    ReportKind.BAD_CONTENTION: "bad contention",
    ReportKind.FREED: "freed while held",
    ReportKind.EXIT: "held at exit",
    ReportKind.USER_RETURN: "held on return to user space",
    ReportKind.WORK_LEAK: "held after work",
    ReportKind.RCU: "suspicious RCU usage",
    ReportKind.SLEEP: "sleep in atomic context",
    ReportKind.SCHED: "scheduling while atomic",
    ReportKind.NOT_ATOMIC: "context that is not atomic",
    ReportKind.NON_STATIC_KEY: "non-static key",
    ReportKind.LIMIT: "limit of lockdep",
    ReportKind.SELF_CHECK: "check of lockdep",
    ReportKind.SPINLOCK: "spinlock",
    ReportKind.RWLOCK: "rwlock",
    ReportKind.MUTEX_DEADLOCK: "mutex deadlock",
    ReportKind.DEPT: "circular wait (DEPT)",
    ReportKind.HUNG_TASK: "hung task",
    ReportKind.LOCKS_DUMP: "all locks",
    ReportKind.SOFT_LOCKUP: "soft lockup",
    ReportKind.HARD_LOCKUP: "hard lockup",
    ReportKind.RCU_STALL: "stall of RCU",
    ReportKind.TSAN: "ThreadSanitizer",
    ReportKind.HELGRIND: "Helgrind",
    ReportKind.WITNESS: "WITNESS",
    ReportKind.JAVA: "Java deadlock",
}
"""Kinds in words; a kind that is not here shows its name in the JSON form."""

_TELLING = ("changed", "freed", "name", "lock", "place")
"""Fields of report families that say what a report is about, where no lock is wanted."""


def report_name(report: Report) -> str:
    """What tells one report from the next at a glance: the lock that it is about, else a place or its title."""
    if report.wanted is not None:
        return report.wanted.lock_class.name
    if report.cycle:
        return report.cycle[0].held.name
    if report.kind is ReportKind.HUNG_TASK and report.task:
        return f"{report.task} blocked for {getattr(report, 'seconds', 0)} s"
    for field in _TELLING:
        value = getattr(report, field, None)
        if isinstance(value, HeldLock):
            return value.lock_class.name
        if isinstance(value, str) and value:
            return value
    locks = [lock for lock in (report.held_locks.locks if report.held_locks else ()) if not lock.released]
    if report.kind in (ReportKind.EXIT, ReportKind.USER_RETURN, ReportKind.WORK_LEAK) and locks:
        return locks[-1].lock_class.name
    return report.title or NO_TITLE


def report_facts(report: Report) -> str:
    """Kind, task and time, as far as they are known."""
    task = str(report.task) if report.task else ""
    kind = KINDS.get(report.kind, report.kind.value)
    return DOT.join(part for part in (kind, task, report.reading.time) if part)


def report_mark(report: Report) -> str:
    """Whether something is missing or damaged."""
    return "" if report.reading.complete else "incomplete"


def report_tip(report: Report) -> str:
    """The title as printed, where it stands, and what is missing."""
    lines = [report.title or NO_TITLE]
    if report.span:
        lines.append(f"lines {report.span.first} to {report.span.last}")
    if report.kernel:
        lines.append(f"kernel {report.kernel}")
    if report.reading.missing:
        lines.append(f"missing: {', '.join(report.reading.missing)}")
    return "\n".join(lines)
