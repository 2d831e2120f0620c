"""The rows of the whole report: what it means, sentence by sentence, then where it comes from.

Pure: report and graph in, rows out. The sentences are the analysis's; here they get their links and their type.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockview.analysis.explain import Sentence, explain, summary
from lockview.analysis.lock_graph import LockGraph
from lockview.document.visible import visible
from lockview.gui.rows.row import Kind, Row
from lockview.layout.lines import edge_role
from lockview.model.reports import Report

_AROUND = "().,:;"
"""What may stand next to a name in a sentence."""


def why_rows(report: Report, graph: LockGraph) -> tuple[Row, ...]:
    """What the first page shows."""
    names = kernel_names(report, graph)
    title = visible(summary(report, graph))
    return (
        Row(Kind.TITLE, title, fixed=fixed_parts(title, names)),
        *(_sentence_row(sentence, graph, names) for sentence in explain(report, graph)),
        *_source(report),
    )


def kernel_names(report: Report, graph: LockGraph) -> frozenset[str]:
    """The words of sentences that came from the log: locks, functions, the reporting task."""
    names = {node.name for node in graph.nodes}
    for edge in graph.edges:
        for stack in (edge.dependency.stack, *(evidence.stack for evidence in edge.evidence)):
            names.update(frame.bare_function for frame in stack)
    names.update(task.name for task in graph.tasks)
    if report.task:
        names.add(str(report.task))
    return frozenset(visible(name) for name in names)


def fixed_parts(text: str, names: frozenset[str]) -> tuple[tuple[int, int], ...]:
    """Where words of ``text`` are among ``names``, as (start, length)."""
    found = []
    start = 0
    for word in text.split(" "):
        bare = word if word in names else word.strip(_AROUND)
        if bare in names:
            found.append((start + word.index(bare), len(bare)))
        start += len(word) + 1
    return tuple(found)


def _sentence_row(sentence: Sentence, graph: LockGraph, names: frozenset[str]) -> Row:
    text = visible(sentence.text)
    return Row(
        Kind.NOTE,
        text,
        fixed=fixed_parts(text, names),
        role=_role(sentence.item, graph),
        item=sentence.item,
        line=sentence.spans[0].first if sentence.spans else None,
        spans=sentence.spans,
    )


def _role(item: str, graph: LockGraph) -> str:
    """The colour of the edge that a sentence is about."""
    number = int(item[5:]) if item.startswith("edge:") else -1
    if not 0 <= number < len(graph.edges):
        return ""
    return edge_role(graph, graph.edges[number])


def _source(report: Report) -> Iterator[Row]:
    """Where and when the report was printed, and what was repaired to read it."""
    kernel = visible(" ".join(part for part in (report.kernel, report.build) if part))
    facts = [("Title", visible(report.title)), ("Kernel", kernel), ("Taint", visible(report.taint))]
    facts.append(("Time", visible(report.reading.time)))
    trace = report.backtrace
    if trace:
        place = f"CPU {trace.cpu}" if trace.cpu is not None else ""
        facts.append(("Where", visible(", ".join(part for part in (place, trace.hardware, trace.workqueue) if part))))
    yield Row(Kind.HEADING, "The report")
    for label, value in facts:
        if value:
            yield Row(Kind.FACT, value, label=label, fixed=((0, len(value)),))
    for problem in report.reading.problems:
        spans = (problem.span,) if problem.span else ()
        line = problem.span.first or None
        yield Row(Kind.FACT, visible(problem.message), label=problem.severity.capitalize(), line=line, spans=spans)
