"""Whether reports can happen, and which edge is the wrong one, as lines of plain text."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.analysis.build import lock_graph
from lockview.analysis.lock_graph import LockGraph
from lockview.analysis.suspects import cuts, suspects
from lockview.layout.labels import visible
from lockview.model.logs import Log
from lockview.sim.verdicts import Answer, NamedVerdict, graph_verdicts
from lockview.sim.what_if import possible_edits, what_if

_MOST_SUSPECTS = 8
_MOST_SETS = 12


def verdict_text(log: Log) -> str:
    """A paragraph for each report of a log: verdicts with their schedules and reasons, then the suspects."""
    lines: list[str] = []
    for report in log.reports:
        graph = lock_graph(report)
        lines += ["", f"line {report.span.first}: {report.title}", *_verdict_lines(graph), *_suspect_lines(graph)]
    return "".join(f"{visible(line)}\n" for line in lines[1:])


def _verdict_lines(graph: LockGraph) -> Iterator[str]:
    found = graph_verdicts(graph)
    if all(verdict.answer is Answer.NOTHING for verdict in found):
        yield f"  {found[0].answer}: {found[0].reason}"
        return
    for verdict in found:
        yield from _told(verdict, "  ")
    said = dict.fromkeys(sentence for verdict in found for sentence in verdict.assumptions)
    if said:
        yield "  assumed:"
        yield from (f"    - {sentence}" for sentence in said)


def _told(verdict: NamedVerdict, indent: str) -> Iterator[str]:
    yield f"{indent}{verdict.name}: {verdict.answer}{looked_at(verdict)}"
    if verdict.reason:
        yield f"{indent}  {verdict.reason}"
    yield from (f"{indent}  {number}. {step}" for number, step in enumerate(verdict.steps, start=1))
    for case in verdict.cases:
        yield from _told(case, f"{indent}  ")


def looked_at(verdict: NamedVerdict) -> str:
    """How much was tried, "" when nothing was."""
    return f" ({verdict.states:,} states, {verdict.transitions:,} transitions)" if verdict.states else ""


def _suspect_lines(graph: LockGraph) -> Iterator[str]:
    ranked = suspects(graph)
    if not ranked:
        return
    yield "  which edge?"
    for suspect in ranked[:_MOST_SUSPECTS]:
        edge = suspect.edge
        yield f"    edge {edge.order}, {graph.nodes[edge.tail].name} -> {graph.nodes[edge.head].name}"
        yield from (f"      {evidence.weight:+d} {evidence.text}" for evidence in suspect.evidence)
        for edit in possible_edits(graph, edge):
            result = what_if(graph, edit)
            if result is not None:
                yield f"      what if: {edit.kind}: {result.after.answer}{looked_at(result.after)}"
    left = len(ranked) - _MOST_SUSPECTS
    if left > 0:
        yield f"    and {left} more"
    found = cuts(graph)
    orders = {edge.number: edge.order for edge in graph.edges}
    sets = ["+".join(str(orders[number]) for number in cut) for cut in found.sets[:_MOST_SETS]]
    more = f" and {len(found.sets) - _MOST_SETS} more" if len(found.sets) > _MOST_SETS else ""
    yield f"    edges whose removal opens every circle (up to {found.bound} together): {', '.join(sets)}{more}"
