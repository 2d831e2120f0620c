"""What a report of recursive locking means: one lock twice, or two locks of one class."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.analysis.explain import Sentence, damage, sentence, well_known
from lockview.analysis.kinds import acquisition_mode
from lockview.analysis.lock_graph import LockGraph, LockKind, Mode
from lockview.analysis.tasks import function_path, reporter
from lockview.analysis.usage import decode_usage
from lockview.model.held_reports import RecursiveReport
from lockview.model.reports import Report


def same_instance(report: Report) -> bool | None:
    """Whether wanted and held are one lock, by their printed addresses; None when the text does not tell."""
    wanted, held = report.wanted, report.held
    if not wanted or not held or not wanted.instance or not held.instance or "ptrval" in wanted.instance:
        return None
    return wanted.instance == held.instance


def summary(report: Report, graph: LockGraph) -> str:  # noqa: ARG001 - all summaries take both
    """The report in one line."""
    if not report.wanted:
        return report.title
    line = f"{reporter(report)} wants {report.wanted.lock_class.name}"
    if report.held and report.held.lock_class != report.wanted.lock_class:
        return f"{line} while holding {report.held.lock_class.name}"
    same = same_instance(report)
    if same is None:
        return f"{line} while holding it or another lock of its class"
    return f"{line}, which it holds already" if same else f"{line} while holding another lock of its class"


def explain(report: Report, graph: LockGraph) -> tuple[Sentence, ...]:
    """Say what is taken twice, whether it is one lock, where, what the marks mean, and what is done about it."""
    return (
        *_conflict(report),
        *_places(report, graph),
        *_fix(report, graph),
        *_marks(report, graph),
        *well_known(report, graph),
        *damage(report, graph),
    )


def _conflict(report: Report) -> Iterator[Sentence]:
    wanted, held = report.wanted, report.held
    if wanted is None or held is None:
        return
    name, spans = reporter(report), (wanted.span, held.span)
    if wanted.lock_class != held.lock_class:
        yield sentence(
            f"{name} holds {held.lock_class} and asks for {wanted.lock_class}; a report of this kind is about one "
            "class, so its text was changed.",
            *spans,
        )
        return
    yield sentence(
        f"{name} holds a lock of class {held.lock_class} and asks for one of it again.", *spans, item="edge:0"
    )
    same = same_instance(report)
    if same:
        yield sentence(
            f"Both are the lock at {wanted.instance}: {name} waits for itself, a true deadlock.",
            *spans,
            item="edge:0",
        )
    elif same is None:
        yield sentence(
            "The text has no addresses to compare, so it is unknown whether this is one lock taken twice or two locks "
            "of one class.",
            *spans,
        )
    else:
        yield sentence(
            f"They are two locks, at {held.instance} and {wanted.instance}: nobody waits for itself, but nothing tells "
            "lockdep in which order locks of this class are taken. Two tasks with different orders get stuck.",
            *spans,
        )
    if isinstance(report, RecursiveReport) and report.comparison is not None:
        yield sentence(
            f"The comparison function of the class returned {report.comparison}: this order is not the agreed one."
        )


def _places(report: Report, graph: LockGraph) -> Iterator[Sentence]:
    held = report.held
    if held and held.site:
        yield sentence(f"The held one was taken in {held.site.bare_function}.", held.span)
    for edge in graph.edges:
        path = function_path(edge.dependency.stack)
        if path:
            mode = " shared" if edge.mode is Mode.SHARED else ""
            end = "" if path.endswith("...") else "."
            text = f"The wanted one is asked for{mode} in {path}{end}"
            yield sentence(text, edge.dependency.stack.span, item=f"edge:{edge.number}")


def _fix(report: Report, graph: LockGraph) -> Iterator[Sentence]:
    if not report.wanted:
        return
    same = same_instance(report)
    kind = graph.nodes[0].kind if graph.nodes else LockKind.UNKNOWN
    call = "spin_lock_nested" if kind is LockKind.SPINLOCK else "down_write_nested" if kind is LockKind.RWSEM else ""
    call = call or "mutex_lock_nested"
    again = "call a variant of the function that expects the lock to be held, and let lockdep_assert_held say so"
    order = (
        f"agree on an order (parent before child, lower address first) and say so with {call}(..., "
        "SINGLE_DEPTH_NESTING), or give each level a class of its own with lockdep_set_class"
    )
    if same and any(acquisition_mode(edge.dependency.stack) is Mode.SHARED for edge in graph.edges):
        yield sentence(
            "A second read may wait for a writer that came in between and itself waits for the first read, so reading "
            "twice is no way out."
        )
    if same is None:
        yield sentence(f"Usual fix for one lock: {again}.")
        yield sentence(f"Usual fix for two locks: {order}.")
    else:
        yield sentence(f"Usual fix: {again if same else order}.")


def _marks(report: Report, graph: LockGraph) -> Iterator[Sentence]:
    for node in graph.nodes:
        marks = decode_usage(node.usage, report.title, report.kernel)
        told = [words for words in marks if not words.startswith(".")]
        if told:
            text = f"The marks {{{node.usage}}} of {node.name} say: {'; '.join(told)}."
            spans = [report.wanted.span] if report.wanted else []
            yield sentence(text, *spans, item=f"lock:{node.number}")
