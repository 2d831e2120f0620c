"""What a report means, in plain sentences that know the log lines they speak of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from lockview.analysis.lock_graph import GraphTask, LockEdge, LockGraph, LockKind, LockNode, Mode, Shape
from lockview.analysis.tasks import function_path, reporter, shared_function
from lockview.analysis.wording import counted, listed
from lockview.model.reports import CircularReport, Report
from lockview.model.text import Severity, Span


class Sentence(NamedTuple):
    """A sentence, the lines that it is drawn from, and the drawn thing that it is about (``edge:2``, ``lock:0``)."""

    text: str
    spans: tuple[Span, ...] = ()
    item: str = ""


_FAMILIES = {
    "RecursiveReport": "explain_recursive",
    "InconsistentReport": "explain_irq",
    "IrqOrderReport": "explain_irq",
    "IrqInversionReport": "explain_irq",
    "TsanReport": "explain_foreign",
    "HelgrindReport": "explain_foreign",
    "WitnessReport": "explain_foreign",
    "JavaDeadlockReport": "explain_foreign",
    "WaitContextReport": "explain_tasks",
    "NestedReport": "explain_tasks",
    "UnlockReport": "explain_tasks",
    "FreedReport": "explain_tasks",
    "LeftHeldReport": "explain_tasks",
    "WorkLeakReport": "explain_tasks",
    "RcuReport": "explain_checks",
    "ValidatorReport": "explain_checks",
    "MutexDeadlockReport": "explain_deadlock",
    "DeptReport": "explain_dept",
    "HungTaskReport": "explain_waits",
    "LocksDumpReport": "explain_waits",
    "AtomicReport": "explain_atomic",
    "SpinReport": "explain_atomic",
    "StallReport": "explain_stalls",
}
"""The module of this package with ``summary`` and ``explain`` for a class of reports; others are lockdep orders."""


def _of_family(report: Report) -> Any:
    from importlib import import_module

    module = _FAMILIES.get(type(report).__name__)
    return import_module(f"lockview.analysis.{module}") if module else None


def summary(report: Report, graph: LockGraph) -> str:
    """The report in one line: ``khugepaged/43 wants &mapping->i_mmap_rwsem while holding fs_reclaim``."""
    family = _of_family(report)
    if family:
        line: str = family.summary(report, graph)
        return line
    wanted = next((node.name for node in graph.nodes if node.wanted), "")
    held = next((node.name for node in graph.nodes if node.held), "")
    if not wanted and not held:
        return report.title
    if not wanted:
        return f"{reporter(report)} holds {held}"
    return f"{reporter(report)} wants {wanted}" + (f" while holding {held}" if held else "")


def explain(report: Report, graph: LockGraph) -> tuple[Sentence, ...]:
    """Say who wants what, how the cycle closes, how many tasks it takes, what the locks are, and what is missing."""
    family = _of_family(report)
    if family:
        told: tuple[Sentence, ...] = family.explain(report, graph)
        return told
    from lockview.analysis.explain_fixes import cycle_fixes

    return (
        *_conflict(report, graph),
        *(_link(graph, edge) for edge in graph.edges),
        *_tasks(report, graph),
        *_printed_table(report, graph),
        *well_known(report, graph),
        *documented_orders(graph),
        *_reading_of_lockdep(graph),
        *cycle_fixes(graph),
        *damage(report, graph),
    )


def sentence(text: str, *spans: Span, item: str = "") -> Sentence:
    """A sentence; spans that are nowhere or named twice are left out."""
    return Sentence(text, tuple(dict.fromkeys(span for span in spans if span)), item)


def _conflict(report: Report, graph: LockGraph) -> Iterator[Sentence]:
    spans = [lock.span for lock in (report.wanted, report.held) if lock]
    if not graph.edges:
        yield sentence(
            f"{summary(report, graph)}. The text does not name a second lock, so there is no cycle to draw.", *spans
        )
        return
    edge = graph.edges[-1]
    name, tail, head = reporter(report), graph.nodes[edge.tail], graph.nodes[edge.head]
    item = f"edge:{edge.number}"
    where = f" in {edge.acquirer}" if edge.acquirer else ""
    if edge.tail == edge.head:
        yield sentence(
            f"{name} holds {tail.lock_class} and asks for {head.lock_class} again{where}: "
            "unless these are two locks of one class, it waits for itself.",
            *spans,
            item=item,
        )
        return
    yield sentence(f"{name} holds {tail.lock_class} and asks for {head.lock_class}{where}.", *spans, item=item)
    older = len(graph.edges) - 1
    if older:
        between = f" by way of {counted(older - 1, 'other lock')}" if older > 1 else ""
        yield sentence(
            f"But lockdep already knows the other order, {head.lock_class} before {tail.lock_class}{between}: "
            f"the new dependency closes a cycle of {counted(len(graph.nodes), 'lock')}.",
            *(other.dependency.span for other in graph.edges[:-1]),
        )


def _link(graph: LockGraph, edge: LockEdge) -> Sentence:
    """One dependency: which task, what it took while holding what, and on which way."""
    dependency = edge.dependency
    label = f"Edge {edge.order} (new)" if dependency.new else f"Edge {edge.order}"
    verb = "asks for" if dependency.new else "took"
    mode = " shared" if edge.mode is Mode.SHARED else ""
    path = function_path(dependency.stack)
    if not path:
        text = (
            f"{label}: {dependency.wanted} was taken while {dependency.held} was held. "
            "The text has no stack for it; other locks may lie between."
        )
    else:
        text = (
            f"{label}: {graph.tasks[edge.task].name} {verb} {dependency.wanted}{mode} while it held {dependency.held}"
        )
        text = text.replace("while it held", "while it holds") if dependency.new else text
        text += (
            f": {path}"
            + ("" if path.endswith("...") else ".")
            + (" Other locks may lie between." if dependency.inferred else "")
        )
    return sentence(text, dependency.span, dependency.stack.span, item=f"edge:{edge.number}")


def _tasks(report: Report, graph: LockGraph) -> Iterator[Sentence]:
    if len(graph.tasks) > 1:
        parts = [f"{task.name} ({_edge_list(task)})" for task in graph.tasks]
        spans = [edge.dependency.stack.span for edge in graph.edges]
        yield sentence(f"It takes {len(graph.tasks)} tasks to get stuck this way: {listed(parts)}.", *spans)
    elif graph.edges and graph.edges[0].tail != graph.edges[0].head:
        yield sentence("The text shows one dependency only; what leads back is missing, so no second task is known.")
    for task in graph.tasks:
        yield from _why_one_task(graph, task)
    if any(edge.dependency.stack.frames and not graph.tasks[edge.task].reporting for edge in graph.edges):
        yield sentence(
            "Lockdep keeps no names for older dependencies; those tasks are called after what their stacks start in."
        )
    yield from _held_besides(report, graph)


def _edge_list(task: GraphTask) -> str:
    numbers = [str(edge + 1) for edge in task.edges]
    return f"{'edge' if len(numbers) == 1 else 'edges'} {listed(numbers)}"


def _why_one_task(graph: LockGraph, task: GraphTask) -> Iterator[Sentence]:
    for before, after in zip(task.edges, task.edges[1:], strict=False):
        first, second = graph.edges[before], graph.edges[after]
        function = shared_function(first.dependency.stack, second.dependency.stack)
        yield sentence(
            f"Edges {first.order} and {second.order} are one task: one run of {function} made both.",
            first.dependency.stack.span,
            second.dependency.stack.span,
        )


def _held_besides(report: Report, graph: LockGraph) -> Iterator[Sentence]:
    """The reporting task may hold more of the cycle than its own edges say: then fewer tasks are enough."""
    own = {graph.edges[number].tail for task in graph.tasks if task.reporting for number in task.edges}
    for lock in report.held_locks.locks if report.held_locks else ():
        node = graph.node(lock.lock_class)
        if node and node.number not in own and len(graph.edges) > 1 and not lock.released:
            yield sentence(
                f"{reporter(report)} holds {node.lock_class} besides, so fewer tasks may be enough.",
                lock.span,
                item=f"lock:{node.number}",
            )


def _printed_table(report: Report, graph: LockGraph) -> Iterator[Sentence]:
    if not report.scenario or not graph.edges:
        return
    named = {step.lock_class for step in report.scenario if step.lock_class}
    left_out = [str(node.lock_class) for node in graph.nodes if node.lock_class not in named]
    cpus = len({step.cpu for step in report.scenario})
    spans = [step.span for step in report.scenario]
    shown = f"{len(graph.nodes) - len(left_out)} of {counted(len(graph.nodes), 'lock')}"
    table = f"The printed table has {counted(cpus, 'CPU')} and {shown}"
    if not left_out and cpus >= len(graph.tasks):
        yield sentence(f"{table}: it shows the whole cycle.", *spans)
        return
    text = f"{table}: it is an abbreviation"
    if left_out:
        text += f" that leaves out {listed(left_out)}"
    if cpus < len(graph.tasks):
        text += f"{' and' if left_out else ' that'} stands for {counted(len(graph.tasks), 'task')}"
    yield sentence(text + ".", *spans)


def well_known(report: Report, graph: LockGraph) -> Iterator[Sentence]:
    """What is generally known about the locks of a graph."""
    from lockview.analysis.knowledge import known_of

    said: set[str] = set()
    for node in graph.nodes:
        entry = known_of(node)
        if entry and entry.text not in said:
            said.add(entry.text)
            text = f"{node.lock_class}: {entry.text[0].lower()}{entry.text[1:]} ({entry.source})"
            yield sentence(text, *_lines_of(report, node), item=f"lock:{node.number}")
        elif not entry and node.kind is LockKind.SEQCOUNT:
            text = f"{node.lock_class}: a sequence counter. A writer waits for nobody; a reader may spin until it ends."
            yield sentence(text, *_lines_of(report, node), item=f"lock:{node.number}")


def documented_orders(graph: LockGraph) -> Iterator[Sentence]:
    """Which dependencies go against an order that the kernel's documents give; else which ones follow such an order."""
    from lockview.analysis.documented import verdict_words, verdicts

    told = verdicts(graph)
    against = tuple(verdict for verdict in told if not verdict.follows)
    shown = against or (told if graph.shape is Shape.RING else ())
    for verdict in shown:
        span = verdict.edge.dependency.span
        yield sentence(verdict_words(graph, verdict), span, item=f"edge:{verdict.edge.number}")
    if against:
        yield sentence("What a document says is no proof: it may be old, or mean other locks of the same name.")
    elif shown:
        yield sentence("So the odd one is more likely among the other edges; a documented order is no proof.")


def _lines_of(report: Report, node: LockNode) -> tuple[Span, ...]:
    lines = [lock for lock in (report.wanted, report.held) if lock and lock.lock_class == node.lock_class]
    entries = report.chain if isinstance(report, CircularReport) else ()
    chain = [entry for entry in entries if entry.lock_class == node.lock_class]
    # A chain entry spans its stack too; the class is named in its first line.
    return (*(Span(entry.span.first, entry.span.first) for entry in chain), *(lock.span for lock in lines))


def _reading_of_lockdep(graph: LockGraph) -> Iterator[Sentence]:
    if len(graph.edges) < 2:
        return
    yield sentence(
        "This is lockdep's reading: it saw each of these orders at some time, perhaps never together, and it treats "
        "every class as one lock that blocks. The report does not say that anybody is stuck."
    )
    from lockview.analysis.knowledge import never_waited_for

    idle = [str(node.lock_class) for node in graph.nodes if never_waited_for(node)]
    if idle:
        who = f"{listed(idle)} {'blocks' if len(idle) == 1 else 'block'} nobody"
        yield sentence(f"{who}, so a real kernel may be unable to get stuck this way.")


_HARMLESS = {
    "backtrace": "the backtrace",
    "held-locks": "the list of held locks",
    "scenario": "the printed table",
}


def damage(report: Report, graph: LockGraph) -> Iterator[Sentence]:
    """What is missing or damaged, and whether the cycle suffers."""
    reading = report.reading
    harmless = [_HARMLESS[part] for part in reading.missing if part in _HARMLESS]
    if harmless:
        whole = graph.shape is Shape.RING and bool(graph.edges)
        whole = whole and not any(edge.dependency.inferred for edge in graph.edges)
        effect = "The cycle does not depend on it." if whole else ""
        yield sentence(f"The text lacks {listed(harmless)}, or part of it. {effect}".rstrip())
    if "chain" in reading.missing and graph.edges:
        yield sentence(
            "The chain of older dependencies is missing or incomplete: other locks may lie between those drawn."
        )
    for part, words in (("wanted", "the lock that is asked for"), ("held", "the lock that is held")):
        if part in reading.missing:
            yield sentence(f"The line that names {words} is missing.")
    said = {f"{part}-missing" for part in reading.missing}
    for problem in reading.problems:
        if problem.severity is not Severity.NOTE and problem.code not in said:
            yield sentence(f"{problem.message[:1].upper()}{problem.message[1:].rstrip('.')}.", problem.span)
