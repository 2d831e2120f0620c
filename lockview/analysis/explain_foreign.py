"""What reports of other programs mean, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.analysis.explain import Sentence, damage, sentence
from lockview.analysis.foreign_code import calls
from lockview.analysis.lock_graph import LockEdge, LockGraph, Mode, Relation, Subject
from lockview.analysis.wording import counted, listed
from lockview.model.foreign_reports import (
    ForeignLock,
    HelgrindReport,
    JavaDeadlockReport,
    JavaThread,
    TsanReport,
    WitnessReport,
)
from lockview.model.reports import Report
from lockview.model.stacks import StackTrace

_CALLS = 4
_PAIR = 2


def summary(report: Report, graph: LockGraph) -> str:
    """The report in one line."""
    match report:
        case TsanReport() if graph.edges:
            return f"locks are taken in a circle: {_circle(graph)}"
        case HelgrindReport() if len(report.locks) == _PAIR:
            return f"Thread #{report.thread} wants {report.locks[0].name} while holding {report.locks[1].name}"
        case WitnessReport() if len(report.locks) > 1:
            return f"{report.locks[-1].name} is wanted while {report.locks[-2].name} is held"
        case JavaDeadlockReport() if ring := report.deadlocked:
            verb = "wait for each other" if len(ring) > 1 else "waits for itself"
            return f"{listed([_quoted(thread) for thread in ring])} {verb}"
        case _:
            return report.title


def explain(report: Report, graph: LockGraph) -> tuple[Sentence, ...]:
    """Who took what in which order, whether anybody is stuck, what usually helps, and what is missing."""
    match report:
        case TsanReport():
            told = [*_tsan(report, graph), *_possible(graph), _FIX_USER]
        case HelgrindReport():
            told = [*_helgrind(report, graph), *_possible(graph), _FIX_USER]
        case WitnessReport():
            told = [*_witness(report, graph), *_possible(graph), _FIX_KERNEL]
        case JavaDeadlockReport():
            told = [*_java(report, graph), _FIX_JAVA]
        case _:
            told = []
    return (*told, *damage(report, graph))


_FIX_USER = Sentence(
    "The usual fix is one order for all threads (std::scoped_lock takes several locks at once without an order), or to "
    "release the first lock before the second is taken."
)
_FIX_KERNEL = Sentence(
    "The usual fix is one order for all code paths, or to release the first lock before the second is taken. WITNESS "
    "reports each pair once, so further places may be behind this one; some reversals are known and tolerated."
)
_FIX_JAVA = Sentence(
    "The usual fix is one order for all threads, tryLock with a time limit instead of synchronized, or to call foreign "
    "code without holding a lock."
)


def _circle(graph: LockGraph) -> str:
    nodes = [graph.nodes[edge.tail].name for edge in graph.edges]
    return " before ".join([*nodes, nodes[0]])


def _quoted(thread: JavaThread) -> str:
    return f'"{thread.name}"'


def _path(stack: StackTrace) -> str:
    """The innermost calls, and the place of the first one that has one."""
    names = calls(stack)
    if not names:
        return ""
    shown = " < ".join(names[:_CALLS]) + (" ..." if len(names) > _CALLS else "")
    first = next((frame for frame in stack.frames if frame.function == names[0]), None)
    return shown + (f" ({first.file}:{first.line})" if first and first.file and first.line else "")


def _link(graph: LockGraph, edge: LockEdge) -> Sentence:
    dependency = edge.dependency
    label = f"Edge {edge.order} (new)" if dependency.new else f"Edge {edge.order}"
    mode = " shared" if edge.mode is Mode.SHARED else ""
    if dependency.inferred:
        text = (
            f"{label}: {dependency.wanted} was taken while {dependency.held} was held. The text has no stack for it; "
            "other locks may lie between."
        )
    else:
        verb = "asks for" if dependency.new else "took"
        held = "holds" if dependency.new else "held"
        path = _path(dependency.stack)
        text = (
            f"{label}: {graph.tasks[edge.task].name} {verb} {dependency.wanted}{mode} while it {held} {dependency.held}"
        )
        text += f": {path}." if path else "."
    return sentence(text, dependency.span, dependency.stack.span, item=f"edge:{edge.number}")


def _tsan(report: TsanReport, graph: LockGraph) -> Iterator[Sentence]:
    if graph.edges:
        spans = [lock.span for lock in report.locks]
        yield sentence(
            f"ThreadSanitizer saw {counted(len(graph.edges), 'order')} of locks that close a circle: {_circle(graph)}.",
            *spans,
        )
    yield from (_link(graph, edge) for edge in graph.edges)
    names = {order.thread for order in report.orders}
    if len(report.orders) > 1 and len(names) == 1 and "" not in names:
        yield sentence(
            f"All these orders were made by one thread, {report.orders[0].thread}, one after the other. Alone it does "
            "not wait for itself; it takes a second thread that uses the same locks."
        )
    for thread in report.threads:
        facts = ", ".join(filter(None, (f"tid {thread.tid}" if thread.tid is not None else "", thread.state)))
        creator = f" was created by {thread.creator}" if thread.creator else " has no known creator"
        yield sentence(f"Thread {thread.name}{f' ({facts})' if facts else ''}{creator}.", thread.span)
    if graph.edges and not any(order.held_stack.frames for order in report.orders):
        yield sentence(
            "Where the first lock of each pair was taken is not in the text; TSAN_OPTIONS=second_deadlock_stack=1 "
            "makes ThreadSanitizer print it."
        )


def _named(lock: ForeignLock) -> str:
    facts = ", ".join(
        dict.fromkeys(filter(None, (lock.label if lock.label != lock.name else "", lock.sort, lock.place)))
    )
    return f"{lock.name} ({facts})" if facts else lock.name


def _helgrind(report: HelgrindReport, graph: LockGraph) -> Iterator[Sentence]:
    if len(report.locks) != _PAIR:
        return
    before, after = report.locks
    spans = [lock.span for lock in (report.wanted, report.held) if lock]
    yield sentence(
        f"Thread #{report.thread} took {after.name} and then {before.name}; earlier the program had taken "
        f"{before.name} before {after.name}.",
        *spans,
    )
    yield from (_link(graph, edge) for edge in graph.edges)
    if len(report.orders) < 2:
        yield sentence("The required order has no stack, so it may run over further locks that the text does not name.")
    for lock in report.locks:
        if lock.address and lock.address != lock.name:
            yield sentence(f"{lock.name} is the lock at {lock.address}.", lock.stack.span)
        elif lock.label:
            yield sentence(f"{lock.name} is {lock.label}.", lock.stack.span)


def _witness(report: WitnessReport, graph: LockGraph) -> Iterator[Sentence]:
    names = [_named(lock) for lock in report.locks]
    spans = [lock.span for lock in report.locks]
    if len(names) < 2:
        yield sentence(f"The text names one lock only, {listed(names)}, so there is no cycle to draw.", *spans)
        return
    held = listed(names[:-1])
    yield sentence(f"Somebody holds {held} and asks for {names[-1]}; WITNESS had recorded the other order.", *spans)
    yield from (_link(graph, edge) for edge in graph.edges)
    if "sleepable after non-sleepable" in report.title:
        yield sentence("The wanted lock may sleep and the held one must not be held asleep: that alone is an error.")


def _possible(graph: LockGraph) -> Iterator[Sentence]:
    if len(graph.edges) > 1:
        yield sentence(
            "This is about orders that were seen at some time; nobody need be stuck. If each of the tasks gets its "
            "first lock before any gets its second, all wait for ever. A further lock that is always held around "
            "these would make it harmless; the report does not tell."
        )


def _java(report: JavaDeadlockReport, graph: LockGraph) -> Iterator[Sentence]:
    ring = report.deadlocked
    if ring:
        yield sentence(
            f"{counted(len(ring), 'thread')} wait for each other and none can go on. This is no possibility: they were "
            "stuck when the dump was made.",
            *(thread.span for thread in ring),
        )
    if report.computed:
        yield sentence(
            "The text does not name this deadlock; it was found by comparing what each thread has locked with what the "
            "others wait for."
        )
    waits = {edge.tail: edge for edge in graph.edges if edge.relation is Relation.WAITS}
    places = {node.name: node.number for node in graph.nodes if node.subject is Subject.TASK}
    for thread in report.threads:
        edge = waits.get(places.get(thread.name or _quoted(thread), -1))
        path = _path(thread.stack)
        holder = (
            f', which is held by "{thread.holder}"'
            if thread.holder is not None
            else ", whose holder the text does not name"
        )
        kind = f"{thread.wanted_class or 'object'} {thread.wanted}" if thread.wanted else "a lock that is not named"
        text = f"{_quoted(thread)} waits for {kind}{holder}{f': {path}' if path else ''}."
        yield sentence(text, thread.span, thread.stack.span, item=f"edge:{edge.number}" if edge else "")
    inside = {thread.name for thread in ring}
    outside = [_quoted(thread) for thread in report.threads if ring and thread.name not in inside]
    if outside:
        verbs = ("waits", "comes") if len(outside) == 1 else ("wait", "come")
        yield sentence(f"{listed(outside)} {verbs[0]} outside of the circle and {verbs[1]} free when it is broken.")
    if not ring:
        yield sentence("The threads in the text do not close a circle; a holder is missing.")
