"""What a deadlock that the debugging code of mutexes found means, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.analysis.explain import Sentence, damage, sentence, well_known
from lockview.analysis.graph_deadlock import span_of, wanting
from lockview.analysis.lock_graph import LockEdge, LockGraph, Relation
from lockview.analysis.stacks import acquiring_function
from lockview.analysis.tasks import function_path, reporter
from lockview.model.debug_reports import MutexDeadlockReport
from lockview.model.locks import HeldLock
from lockview.model.reports import Report
from lockview.model.stacks import EMPTY_STACK


def summary(report: Report, graph: LockGraph) -> str:
    """``b/2 waits for &x->lock, which a/1 holds; a/1 waits for &y->lock, which b/2 holds``."""
    if not isinstance(report, MutexDeadlockReport):
        return report.title
    if report.banner:
        function = acquiring_function(wanting(report.backtrace.stack) if report.backtrace else EMPTY_STACK)
        where = f" in {function}" if function else ""
        return f"{reporter(report)} asks for a lock{where} whose chain of owners leads back to it"
    told = [_claim(graph, edge) for edge in graph.edges if edge.relation is Relation.WAITS]
    if report.blocked is None and report.wanted:
        return f"{reporter(report)} asks for {report.wanted.lock_class} again, which it holds already"
    return "; ".join(told) or report.title


def explain(report: Report, graph: LockGraph) -> tuple[Sentence, ...]:
    """Who waits for whom, that it is real, how it is known, what usually helps, and what is missing."""
    if not isinstance(report, MutexDeadlockReport):
        return ()
    tale = _warned(report, graph) if report.banner else _told(report, graph)
    return (*tale, *_off(report), *well_known(report, graph), *damage(report, graph))


def _claim(graph: LockGraph, edge: LockEdge) -> str:
    """Who waits for which lock, and who has that."""
    lock, task = graph.nodes[edge.head], graph.nodes[edge.tail]
    owners = [other for other in graph.edges if other.relation is Relation.HOLDS and other.tail == edge.head]
    if not owners:
        return f"{task.name} waits for {lock.name}"
    verb = "must hold" if owners[0].dependency.inferred else "holds"
    return f"{task.name} waits for {lock.name}, which {graph.nodes[owners[0].head].name} {verb}"


def _told(report: MutexDeadlockReport, graph: LockGraph) -> Iterator[Sentence]:
    if report.blocked is None and report.wanted:
        yield from _recursion(report, graph, report.wanted)
        return
    yield sentence(f"This is a real deadlock: {summary(report, graph)}.", *span_of(report))
    for edge in graph.edges:
        if edge.relation is Relation.WAITS:
            yield _link(graph, edge)
    if "infinite" in report.title:
        yield sentence(
            "The check followed the owners for more steps than there can be, so the records of the locks may be "
            "damaged: a lock that was freed or overwritten while it was held."
        )
    elif len({node.number for node in graph.nodes}) > 4:
        yield sentence("More tasks than the two that are named lie in between; the text does not show them.")
    yield sentence(
        "Usual fixes: take these locks in one order everywhere, drop the one before asking for the other, or use "
        "trylock and start again when it fails. With user space locks (futexes with priority inheritance) the program "
        "has to keep the order."
    )


def _link(graph: LockGraph, edge: LockEdge) -> Sentence:
    lock, task = graph.nodes[edge.head], graph.nodes[edge.tail]
    path = function_path(wanting(edge.dependency.stack))
    text = f"{task.name} asks for {lock.name}" + (f" in {edge.acquirer}" if edge.acquirer else "")
    text += f": {path}" if path else ""
    owners = [other for other in graph.edges if other.relation is Relation.HOLDS and other.tail == edge.head]
    for other in owners:
        since = f", taken in {other.holder}" if other.holder else ""
        verb = "must be" if other.dependency.inferred else "is"
        text += f"; its owner {verb} {graph.nodes[other.head].name}{since}"
    spans = (edge.dependency.span, edge.dependency.stack.span, *(other.dependency.span for other in owners))
    return sentence(f"{text}.", *spans, item=f"edge:{edge.number}")


def _recursion(report: MutexDeadlockReport, graph: LockGraph, lock: HeldLock) -> Iterator[Sentence]:
    edge = next((edge for edge in graph.edges if edge.relation is Relation.WAITS), None)
    yield sentence(
        f"{summary(report, graph)}: a mutex does not count, so the task waits for itself for ever.",
        lock.span,
        *([report.wanted_owner.span] if report.wanted_owner else []),
        item=f"edge:{edge.number}" if edge else "",
    )
    if edge:
        yield _link(graph, edge)
    yield sentence(
        "Usual fixes: call the variant of the inner function that expects the lock to be held, or release the lock "
        "around the call."
    )


def _warned(report: MutexDeadlockReport, graph: LockGraph) -> Iterator[Sentence]:
    trace = report.backtrace
    path = function_path(wanting(trace.stack)) if trace else ""
    yield sentence(
        f"This is a real deadlock: {summary(report, graph)}"
        + (f": {path}" if path else "")
        + ("" if path.endswith("...") else "."),
        report.span,
        *([trace.stack.span] if trace else []),
        item="edge:0" if graph.edges else "",
    )
    yield sentence(
        "The kernel followed the owners of rt_mutexes from the lock to its owner, to the lock which that one waits "
        "for, and so on, and came back to this task. It prints none of the others: the list of all locks (sysrq-d) "
        "or the stacks of all tasks (sysrq-t) would show them. The task is stopped here and never goes on."
    )
    yield sentence(
        "With PREEMPT_RT mutexes, spinlocks and rwsems are rt_mutexes, so any order of these can be behind it. Usual "
        "fixes: take the locks in one order everywhere; enable lockdep, which names the order before it happens."
    )


def _off(report: MutexDeadlockReport) -> Iterator[Sentence]:
    if report.lockdep_off:
        yield sentence(
            "Lock debugging turned itself off before it listed the held locks: it finds nothing more until the next "
            "boot."
        )
