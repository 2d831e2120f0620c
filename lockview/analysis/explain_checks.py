"""What suspicious uses of RCU mean, and what lockdep means when it speaks of itself."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.analysis.explain import Sentence, damage, sentence, well_known
from lockview.analysis.explain_asserted import condition, of_others
from lockview.analysis.explain_tasks import forbidding, held_list, path_words, title_span, trace_span
from lockview.analysis.graph_tasks import check_words, rcu_complaint
from lockview.analysis.lock_graph import LockGraph
from lockview.analysis.stacks import acquiring_function
from lockview.analysis.tasks import reporter
from lockview.model.held_reports import RcuReport, ValidatorReport
from lockview.model.reports import Report, ReportKind
from lockview.model.stacks import EMPTY_STACK


def summary(report: Report, graph: LockGraph) -> str:  # noqa: ARG001 - as in all families
    """The report in one line."""
    if isinstance(report, RcuReport):
        return _rcu_line(report)
    return _validator_line(report) if isinstance(report, ValidatorReport) else report.title


def explain(report: Report, graph: LockGraph) -> tuple[Sentence, ...]:
    """What the check says, why, and the usual fix."""
    tale: Iterator[Sentence] = iter(())
    if isinstance(report, RcuReport):
        tale = _rcu_tale(report, graph)
    elif isinstance(report, ValidatorReport):
        tale = _validator_tale(report)
    return (*tale, *held_list(report, graph), *well_known(report, graph), *damage(report, graph))


# --- RCU --------------------------------------------------------------------------------------------------------------


def _rcu_line(report: RcuReport) -> str:
    return f"{reporter(report)}: {rcu_complaint(report)}" + (f" at {report.place}" if report.place else "")


def _rcu_tale(report: RcuReport, graph: LockGraph) -> Iterator[Sentence]:
    spans = (title_span(report), trace_span(report))
    message = report.message.rstrip("!")
    yield sentence(
        f"{_rcu_line(report)}{path_words(report)}." + (f" The check says: {message}." if message else ""),
        *spans,
        item=forbidding(graph),
    )
    for remark in report.remarks:
        yield sentence(f"{remark.rstrip('!')}.")
    if report.debug_locks == 0:
        yield sentence("Lockdep was already off (debug_locks = 0): the list of held locks is not reliable.")
    yield sentence(_RCU_FIXES[rcu_complaint(report)])


_RCU_FIXES = {
    "context switch": "Inside a read section of RCU nothing may sleep. Usual fixes: leave the section first, "
    "use SRCU, or an allocation that does not sleep.",
    "RCU used where it does not watch": "RCU does not watch a CPU that is idle, offline or on its way into user "
    "space. Usual fixes: do the work before or after, wake RCU with ct_irq_enter or RCU_NONIDLE, or keep tracing out "
    "of that code.",
    "RCU protection missing": "A pointer that RCU protects is read without rcu_read_lock and without the lock "
    "that the check names. Usual fixes: take rcu_read_lock around the access; or hold the lock and say so in the "
    "condition (rcu_dereference_protected, lockdep_is_held).",
}


# --- Lockdep about itself ---------------------------------------------------------------------------------------------


def _validator_line(report: ValidatorReport) -> str:
    if report.group is ReportKind.NON_STATIC_KEY:
        function = acquiring_function(report.backtrace.stack if report.backtrace else EMPTY_STACK)
        return f"{reporter(report)} takes a lock that has no static key" + (f" in {function}" if function else "")
    if of_others(report.title):
        return report.title.rstrip(":.")
    if report.group is ReportKind.LIMIT:
        return f"a table of lockdep is full: {report.title.removeprefix('BUG: ').removesuffix(' too low!')}"
    words = check_words(report)
    return f"a check of the {'scheduler' if words.startswith(_OF_SCHEDULER) else 'lock code'} failed: {words}"


_OF_SCHEDULER = ("do not call blocking ops", "Voluntary context switch", "voluntary context switch")


_LIMITS = {
    "MAX_LOCK_DEPTH": "One task holds more locks at once than lockdep can note (48). Usual cause: a loop that "
    "locks each element of a list; lock one lock around them (nest_lock), or fewer at a time.",
    "MAX_LOCKDEP_KEYS": "There are too many lock classes. Usual cause: classes made at run time and never "
    "unregistered, or a module that is loaded again and again.",
    "MAX_LOCKDEP_SUBCLASSES": "A nesting level of 8 or more was asked for; lockdep knows 0 to 7.",
    "MAX_STACK_TRACE_ENTRIES": "The memory for stacks is used up. Usual fix: raise CONFIG_LOCKDEP_STACK_TRACE_BITS.",
    "MAX_LOCKDEP_ENTRIES": "There are too many dependencies between classes. Usual fix: raise "
    "CONFIG_LOCKDEP_BITS, or find the class that is everywhere (/proc/lockdep_stats tells).",
    "MAX_LOCKDEP_CHAINS": "There are too many different chains of held locks. Usual fix: raise "
    "CONFIG_LOCKDEP_CHAINS_BITS.",
    "MAX_LOCKDEP_CHAIN_HLOCKS": "The memory for chains of held locks is used up. Usual fix: raise "
    "CONFIG_LOCKDEP_CHAINS_BITS.",
}


def _validator_tale(report: ValidatorReport) -> Iterator[Sentence]:
    line = _validator_line(report)
    if line.startswith("a "):
        line = f"A{line[1:]}"
    yield sentence(f"{line}{path_words(report)}.", title_span(report))
    if of_others(report.title):
        yield sentence(of_others(report.title))
        return
    if report.group is ReportKind.NON_STATIC_KEY:
        yield sentence(
            "Lockdep tells locks apart by a key in static memory. This lock has none: most often it was never "
            "initialised (spin_lock_init, mutex_init, ...), or its memory was cleared or freed."
        )
        yield sentence(
            "Usual fixes: initialise the lock before its first use; for a lock whose key must be allocated, "
            "lockdep_register_key."
        )
    elif report.group is ReportKind.LIMIT:
        name = report.title.removeprefix("BUG: ").partition(" ")[0]
        if name in _LIMITS:
            yield sentence(_LIMITS[name])
    else:
        yield from _check_tale(report)
    for line in report.lines:
        if "not in any class list" in line:
            yield sentence(
                f"Lockdep's own lists do not add up: {line}. Its memory was overwritten, or it has a defect."
            )
        if "unannotated irqs-" in line:
            state = "on" if "irqs-on" in line else "off"
            yield sentence(f"Interrupts were switched {state} by code that does not tell lockdep of it.")
    if report.group is not ReportKind.SELF_CHECK or report.title.startswith(_TURNS_OFF):
        yield sentence("Lockdep turns itself off after this: it finds nothing more until the next boot.")


_TURNS_OFF = ("DEBUG_", "BUG: ", "WARNING: chain_key", "lockdep bfs")
"""Beginnings of the titles of checks after which lockdep is off; the other WARNs leave it on."""
_CHECKS = {
    "pinned lock": "A lock that its holder had pinned was released, or unpinned too often: somebody dropped it in the "
    "middle of a stretch that needs it held (rq_pin_lock and the like).",
    "pinning an unheld": "A lock was to be pinned, or unpinned, that the task does not hold.",
    "pin count": "A lock was unpinned more often than it was pinned.",
    "downgrading a read lock": "A lock that is held for reading was downgraded from writing to reading.",
    "Looking for class": "One key serves two lock classes of different names. Usual cause: one static key, or one "
    "initialisation, for two locks; or a name whose memory was freed and used again.",
    "use-after-free of lock class": "A lock class was used after its key was unregistered. Usual cause: a module, or "
    "an object with a key of its own, that was freed while a lock of it was still in use.",
    "do not call blocking ops": "The task had said that it is going to sleep (set_current_state) and then called "
    "something that may sleep itself, which sets it running again: a wakeup may get lost. Usual fixes: wait_woken, or "
    "do the blocking part before the state is set.",
    "raw_local_irq_restore": "Interrupts were restored although they were on already: the flags do not belong to this "
    "section, or somebody switched interrupts on in the middle of it.",
    "oluntary context switch": "The task called the scheduler between rcu_read_lock and rcu_read_unlock. Usual fixes: "
    "leave the section first, use SRCU, or an allocation that does not sleep.",
    "debug_locks && !(": "The code expects a lock to be held here (lockdep_assert_held) and it is not. Usual fixes: "
    "take the lock in the caller, or correct the expectation.",
    "hm#": "The list of held locks does not add up to the hash that was kept for it: it was overwritten.",
    "register_lock_class": "A lock changed its key or name while in use: usually it was initialised again, or lies in "
    "memory that was freed.",
}
"""What a check means, by words of its title."""


def _check_tale(report: ValidatorReport) -> Iterator[Sentence]:
    if "chain_key collision" in report.title:
        yield sentence(
            "Two different chains of held locks have one hash. The two are drawn; lockdep may have passed over "
            "a check of the newer one. It is a defect of lockdep or of its memory, not an order of locks."
        )
    elif "invalid subclass" in report.title:
        yield sentence("A nesting level of 8 or more was asked for (_nested, set_subclass); lockdep knows 0 to 7.")
    elif "has not been registered" in report.title or "not in .data" in report.title:
        yield sentence(
            "The key of a lock class must be static or registered. Usual fix: lockdep_register_key before the lock is "
            "initialised, lockdep_unregister_key after its last use."
        )
    elif condition(report.title):
        yield sentence(condition(report.title))
    elif "magic" in report.title:
        yield sentence(
            "The lock does not carry the mark of an initialised one. Usual causes: it was never initialised, was "
            "overwritten, or lies in memory that was freed."
        )
    elif said := next((words for start, words in _CHECKS.items() if start in report.title), ""):
        yield sentence(said)
    else:
        yield sentence(
            "A condition that the lock code takes for granted does not hold. Usual causes: a lock that was used "
            "against its rules (released by another task, used in an interrupt) or overwritten memory."
        )
