"""What reports about one task and its locks mean, and what is usually done about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lockview.analysis.explain import Sentence, damage, sentence, well_known
from lockview.analysis.graph_tasks import (
    context_is_too_strict,
    context_name,
    held_locks,
    outer_type,
    too_strict,
)
from lockview.analysis.lock_graph import LockGraph, Relation
from lockview.analysis.preemption import preempt_words
from lockview.analysis.tasks import function_path, reporter
from lockview.analysis.usage import decode_wait_types, has_raw_nesting
from lockview.analysis.wording import counted, listed
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
from lockview.model.locks import HeldLock
from lockview.model.reports import Report
from lockview.model.stacks import StackTrace
from lockview.model.text import NOWHERE, Span


def summary(report: Report, graph: LockGraph) -> str:  # noqa: ARG001 - as in all families
    """The report in one line."""
    line: str = _LINES[type(report)](report)
    return line


def explain(report: Report, graph: LockGraph) -> tuple[Sentence, ...]:
    """What happened, why it is wrong, which locks take part, and the usual fix."""
    return (
        *_TALES[type(report)](report, graph),
        *held_list(report, graph),
        *well_known(report, graph),
        *damage(report, graph),
    )


def names_of(locks: tuple[HeldLock, ...]) -> list[str]:
    """The names of the classes of locks, each once, without those whose class is gone."""
    return list(dict.fromkeys(lock.lock_class.name for lock in locks if not lock.released))


def first_of(names: list[str], count: int = 3) -> str:
    """The first names and how many more there are."""
    shown = [*names[:count], f"{len(names) - count} more"] if len(names) > count else names
    return listed(shown)


def forbidding(graph: LockGraph) -> str:
    """The item of the first edge that forbids; "" without one."""
    return next((f"edge:{edge.number}" for edge in graph.edges if edge.relation is Relation.FORBIDDEN), "")


def trace_span(report: Report) -> Span:
    """The lines of the backtrace."""
    return report.backtrace.stack.span if report.backtrace else NOWHERE


def title_span(report: Report) -> Span:
    """The line of the title."""
    return Span(report.span.first, report.span.first) if report.span else NOWHERE


def path_words(report: Report, innermost: str = "") -> str:
    """The innermost calls of the backtrace, from one function on, in brackets behind a blank; "" without one."""
    frames = report.backtrace.stack.frames if report.backtrace else ()
    start = next((index for index, frame in enumerate(frames) if innermost and frame.bare_function == innermost), 0)
    path = function_path(StackTrace(frames[start:]))
    return f" ({path})" if path else ""


def held_list(report: Report, graph: LockGraph) -> Iterator[Sentence]:
    """The list of held locks, from the oldest on, where the tale does not speak of them anyway."""
    names = names_of(held_locks(report))
    if report.held_locks and names and isinstance(report, NestedReport | UnlockReport | RcuReport | ValidatorReport):
        yield sentence(f"{report.held_locks.task} holds {first_of(names, 5)}.", report.held_locks.span)
    if graph.edges and any(edge.relation is Relation.NESTING for edge in graph.edges):
        yield sentence(
            "Thin arrows join locks in the order of the list of held locks; lockdep gives no stack for them."
        )


# --- Wait contexts ------------------------------------------------------------------------------------------------


def _wait_line(report: WaitContextReport) -> str:
    if report.wanted is None:
        return f"{reporter(report)} takes a lock where it must not"
    line = f"{reporter(report)} takes {report.wanted.lock_class} where it must not"
    strict = names_of(too_strict(report))
    if strict:
        return f"{line}: under {first_of(strict)}"
    return f"{line}: in {context_name(report)}" if context_is_too_strict(report) else line


def _wait_tale(report: WaitContextReport, graph: LockGraph) -> Iterator[Sentence]:
    wanted = report.wanted
    if wanted is None:
        yield sentence(f"{reporter(report)} takes a lock where it must not; the text does not name it.")
        return
    raw = has_raw_nesting(report)
    yield sentence(
        f"{reporter(report)} takes {wanted.lock_class}{path_words(report)}.", wanted.span, item=forbidding(graph)
    )
    needed = outer_type(wanted)
    for words in decode_wait_types(wanted.wait_types, raw)[:1]:
        yield sentence(f"{wanted.lock_class} has {words}.", wanted.span)
    strict = {lock.lock_class: lock for lock in too_strict(report)}
    for lock in strict.values():
        inner = lock.wait_types.inner if lock.wait_types else 0
        where = f", taken in {lock.site.bare_function}," if lock.site else ""
        yield sentence(
            f"{lock.lock_class}{where} is held and allows only up to {inner} inside it, less than {needed}.", lock.span
        )
    if context_is_too_strict(report) and report.context:
        yield sentence(
            f"The {context_name(report)} itself allows only up to {report.context.inner}, less than {needed}."
        )
    if not strict and not context_is_too_strict(report):
        yield sentence(
            "The text does not show what forbids it: numbers are missing, or the lock that does is not listed."
        )
    yield from _wait_fix(raw, bool(strict))


def _wait_fix(raw: bool | None, under_lock: bool) -> Iterator[Sentence]:
    yield sentence(
        "A lock that may sleep inside one that spins is a bug on every kernel; a spinlock inside a raw spinlock "
        "or a hard interrupt is one on PREEMPT_RT, where spinlocks sleep."
        + (" This kernel was built to check that too (PROVE_RAW_LOCK_NESTING)." if raw else "")
    )
    yield sentence(
        "Usual fixes: take the lock before the spinning one, or after it is released; "
        + ("make the outer lock one that sleeps; " if under_lock else "move the work to a thread or a work item; ")
        + "make the inner one a raw spinlock if it is held for a few instructions only."
    )


# --- Single locks in the wrong state --------------------------------------------------------------------------------


def _nested_line(report: NestedReport) -> str:
    wanted = report.wanted.lock_class.name if report.wanted else "a lock"
    return f"{reporter(report)} takes {wanted} without holding {report.outer or 'the lock around it'}"


def _nested_tale(report: NestedReport, graph: LockGraph) -> Iterator[Sentence]:
    span = report.wanted.span if report.wanted else NOWHERE
    yield sentence(f"{_nested_line(report)}{path_words(report)}.", span, item=forbidding(graph))
    yield sentence(
        "The code takes several locks of one class and told lockdep (nest_lock) that one lock around them keeps the "
        "tasks apart; that lock is not held."
    )
    yield sentence(
        "Usual fixes: take the outer lock first, or name the right one in the _nest_lock call. For ww mutexes "
        "the outer one is the acquire context: it must be initialised, and not finished yet."
    )


def _unlock_line(report: UnlockReport) -> str:
    where = f" in {report.site.bare_function}" if report.site else ""
    verb = "waits for" if report.contended else "releases"
    return f"{reporter(report)} {verb} {report.name or 'a lock'}{where}, but does not hold it"


def _unlock_tale(report: UnlockReport, graph: LockGraph) -> Iterator[Sentence]:  # noqa: ARG001 - a tale
    site = report.site.span if report.site else NOWHERE
    if report.contended:
        yield sentence(f"{_unlock_line(report)} by its books: lock statistics saw a wait for a lock nobody took.", site)
        yield sentence("Usual cause: a lock that was taken without its annotation, or memory that was overwritten.")
        return
    innermost = report.site.bare_function if report.site else ""
    yield sentence(f"{_unlock_line(report)}{path_words(report, innermost)}.", site)
    if any(lock.lock_class.base == report.name for lock in held_locks(report)):
        yield sentence(
            f"The list shows a held {report.name}: it is another lock of that name, or the list or the lock was "
            f"overwritten.",
            report.held_locks.span if report.held_locks else NOWHERE,
        )
    yield sentence(
        "Usual causes: released twice on an error path, released by a task that did not take it, a lock that was "
        "initialised anew or freed while held, or one that was replaced behind the pointer between lock and unlock."
    )
    yield sentence(
        "Usual fix: follow each way from the lock to this release; one of them releases already or never locks."
    )


def _freed_line(report: FreedReport) -> str:
    lock = report.freed.lock_class.name if report.freed else "a lock"
    return f"{reporter(report)} frees the memory of {lock} while it is held"


def _freed_tale(report: FreedReport, graph: LockGraph) -> Iterator[Sentence]:
    lock = report.freed
    span = lock.span if lock else NOWHERE
    taken = f" It was taken in {lock.site.bare_function}." if lock and lock.site else ""
    yield sentence(f"{_freed_line(report)}{path_words(report)}.{taken}", span, item=forbidding(graph))
    inside = _inside(report)
    if inside is not None:
        yield sentence(inside, span)
    yield sentence(
        "Whoever waits for the lock, or releases it later, writes into memory that belongs to somebody else by then. "
        "Initialising a lock that is held counts as freeing it."
    )
    yield sentence(
        "Usual fixes: release the lock before the last reference is dropped, or keep a reference until it is released; "
        "drop the reference outside of the lock."
    )


def _inside(report: FreedReport) -> str | None:
    """Where the lock lies in the memory; None when the numbers are missing or hashed, so that they say nothing."""
    try:
        first, last = int(report.first, 16), int(report.last, 16)
        place = int(report.freed.instance, 16) if report.freed else -1
    except ValueError:
        return None
    if not first <= place <= last:
        return None
    return (
        f"The lock lies {counted(place - first, 'byte')} into the {counted(last - first + 1, 'byte')} that are freed."
    )


# --- Locks that are left held ---------------------------------------------------------------------------------------


def _left_what(report: LeftHeldReport) -> str:
    return first_of(names_of(held_locks(report))) or "locks that the text does not list"


def _left_line(report: LeftHeldReport) -> str:
    deed = "returns to user space" if report.returning else "exits, or is to be frozen,"
    if "task exit time" in report.title:
        deed = "exits"
    return f"{reporter(report)} {deed} while holding {_left_what(report)}"


def _left_tale(report: LeftHeldReport, graph: LockGraph) -> Iterator[Sentence]:
    held = report.held_locks.span if report.held_locks else NOWHERE
    yield sentence(f"{_left_line(report)}.", held, item=forbidding(graph))
    for lock in held_locks(report):
        if lock.site and not lock.released:
            yield sentence(f"{lock.lock_class} was taken in {lock.site.bare_function}.", lock.span)
    if report.returning:
        yield sentence(
            "Nobody releases it before the task makes another system call, which may never happen; everybody "
            "else waits."
        )
        yield sentence(
            "Usual fixes: release on each way out, errors included; where a lock is meant to last over system calls, "
            "use a counter, a flag or a completion instead."
        )
        return
    yield sentence(
        "After exit nobody can release it. The same title is printed before a task is frozen for suspend, where others "
        "that need the lock keep the system from suspending."
    )
    yield sentence("Usual fixes: release on each way out; sleep without the lock, or in a way that is not frozen.")


def _leak_line(report: WorkLeakReport) -> str:
    names = names_of(held_locks(report))
    left = f"while holding {first_of(names)}" if names else "with preemption or RCU still held off"
    return f"{report.function or 'a work function'} returned to {reporter(report)} {left}"


def _leak_tale(report: WorkLeakReport, graph: LockGraph) -> Iterator[Sentence]:
    held = report.held_locks.span if report.held_locks else NOWHERE
    yield sentence(f"{_leak_line(report)}.", title_span(report), held, item=forbidding(graph))
    if report.preempt:
        yield sentence(f"The counters after the work function: {report.preempt}.", title_span(report))
        words = preempt_words(report.preempt.split(" ")[0].removeprefix("preempt="))
        if words:
            yield sentence(f"By the first of them {listed(words)}.", title_span(report))
    yield sentence("The worker runs other work items next, all of them with what this one left behind.")
    yield sentence(
        "Usual fix: find the way out of the work function that misses an unlock, a preempt_enable or an "
        "rcu_read_unlock."
    )


_LINES: dict[type[Report], Callable[[Any], str]] = {
    WaitContextReport: _wait_line,
    NestedReport: _nested_line,
    UnlockReport: _unlock_line,
    FreedReport: _freed_line,
    LeftHeldReport: _left_line,
    WorkLeakReport: _leak_line,
}
_TALES: dict[type[Report], Callable[[Any, LockGraph], Iterator[Sentence]]] = {
    WaitContextReport: _wait_tale,
    NestedReport: _nested_tale,
    UnlockReport: _unlock_tale,
    FreedReport: _freed_tale,
    LeftHeldReport: _left_tale,
    WorkLeakReport: _leak_tale,
}
