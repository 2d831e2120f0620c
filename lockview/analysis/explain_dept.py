"""What a circular dependency that DEPT found means, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.analysis.explain import Sentence, damage, sentence, well_known
from lockview.analysis.lock_graph import LockGraph, LockKind
from lockview.analysis.tasks import function_path, reporter
from lockview.analysis.wording import counted, listed
from lockview.model.dept_reports import DeptContext, DeptPoint, DeptReport
from lockview.model.reports import Report


def summary(report: Report, graph: LockGraph) -> str:  # noqa: ARG001 - as in all families
    """``sync/42 waits for PG_locked_map before unlock(&ei->i_data_sem) can come``."""
    if not isinstance(report, DeptReport) or not report.contexts:
        return report.title
    first = report.contexts[0]
    if first.wait is None:
        return f"{reporter(report)}: waits and events hold each other up"
    before = f" before {_event(first)} can come" if first.owed else ""
    return f"{reporter(report)} waits for {first.wait.lock_class}{before}"


def explain(report: Report, graph: LockGraph) -> tuple[Sentence, ...]:
    """What each context waits for and owes, how that closes, how far to trust it, and what usually helps."""
    if not isinstance(report, DeptReport):
        return ()
    return (
        *(_context(report, graph, context) for context in report.contexts),
        *_circle(report),
        *_timeouts(report),
        *_unproved(report),
        *_reading(graph),
        *_fixes(report),
        *well_known(report, graph),
        *damage(report, graph),
    )


def _event(context: DeptContext) -> str:
    """The event as DEPT writes it, without the number of the subclass."""
    point = context.event or context.start
    if point is None:
        return "its event"
    if point.function.startswith("(") or not context.event:
        return f"the event of {point.lock_class}"
    return f"{point.function}({point.lock_class})"


def _context(report: DeptReport, graph: LockGraph, context: DeptContext) -> Sentence:
    edge = next((e for e in graph.edges if e.dependency.index == report.contexts.index(context)), None)
    label = f"Context {context.letter}" + (" (new)" if context is report.contexts[0] else "")
    if report.task and context is report.contexts[0]:
        label += f", {report.task}"
    spans = [context.span, context.stack.span]
    item = f"edge:{edge.number}" if edge else ""
    if context.wait is None or context.owed is None:
        return sentence(f"{label}: the text does not show both its wait and its event.", *spans, item=item)
    began = _start(context)
    who = "it"
    if context.interrupts:
        names = listed([interrupt.name for interrupt in context.interrupts])
        who = f"an interrupt that comes meanwhile ({names})"
    words = f"waits for {context.wait.lock_class}{_function(context.wait)}"
    path = function_path(context.stack)
    text = f"{label}: {began}{who} {words}, and only after that comes {_event(context)}" + (f": {path}" if path else "")
    return sentence(text + ("" if text.endswith("...") else "."), *spans, item=item)


def _start(context: DeptContext) -> str:
    start = context.start
    if start is None or start.function == "(unknown)":
        return ""
    if start.function == "(event requestor)":
        return f"once the event of {start.lock_class} is asked for, "
    return f"after {start.function}({start.lock_class}) "


def _function(wait: DeptPoint) -> str:
    return "" if wait.function in ("lock", "wait") or wait.function.startswith("(") else f" in {wait.function}"


def _circle(report: DeptReport) -> Iterator[Sentence]:
    if not report.closes:
        yield sentence("The contexts in the text do not close a circle, so at least one is missing.")
        return
    if len(report.contexts) == 1:
        owed = report.contexts[0].owed
        yield sentence(
            f"It waits for {owed} while it owes the event of {owed}: unless these are two of one class, it waits for "
            "itself."
        )
        return
    waits = [f"context {one.letter} for context {other.letter}" for one, other in _pairs(report)]
    yield sentence(
        f"So {counted(len(report.contexts), 'context')} wait for each other, {listed(waits)}: when they come together, "
        "none of these events ever comes."
    )


def _pairs(report: DeptReport) -> list[tuple[DeptContext, DeptContext]]:
    contexts = report.contexts
    return list(zip(contexts, [*contexts[1:], contexts[0]], strict=True))


def _timeouts(report: DeptReport) -> Iterator[Sentence]:
    timed = [context.letter for context in report.contexts if context.timeout]
    if timed or report.verdict.startswith("NOT"):
        who = f" of context {listed(timed)}" if timed else ""
        yield sentence(
            f"The wait{who} has a time limit, so nobody is stuck for ever; DEPT asks whether the limit is there to get "
            "out of this deadlock, which would cost that time whenever it happens.",
            *(context.span for context in report.contexts if context.timeout),
        )


def _unproved(report: DeptReport) -> Iterator[Sentence]:
    """Stacks that DEPT could not keep."""
    bare = [
        f"{mark} of context {context.letter}"
        for context in report.contexts
        for mark, point in (("[S]", context.start), ("[E]", context.event))
        if point and point.at is None and not point.stack.frames
    ]
    if bare and "detail" not in report.reading.missing:
        yield sentence(
            f"DEPT has no place for {listed(bare)} (N/A): that it belongs to this context rests on its word."
        )


def _reading(graph: LockGraph) -> Iterator[Sentence]:
    yield sentence(
        "This is DEPT's reading: it saw each of these waits at some time, perhaps never together. It counts all locks, "
        "pages or completions that are initialised at one place as one class, and it reports again and again, so false "
        "alarms are more common than with lockdep."
    )
    idle = [str(node.lock_class) for node in graph.nodes if node.kind is LockKind.MARKER]
    if idle:
        are = "is no lock" if len(idle) == 1 else "are no locks"
        yield sentence(
            f"{listed(idle)} {are}: what counts is whether its event can really come only from the context that is "
            "shown here, or from somebody else as well.",
        )


def _fixes(report: DeptReport) -> Iterator[Sentence]:
    text = "Usual fixes: wait before the lock is taken or after it was released; take locks in one order everywhere"
    if any(context.interrupts for context in report.contexts):
        text += "; disable the interrupt while the lock is held"
    yield sentence(
        f"{text}; if the two are never one object, give them classes of their own (another key, or a subclass)."
    )
