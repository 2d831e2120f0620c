"""The rows that say whether a report can happen, and which edge is the wrong one.

Pure: the graph, what the worker answered so far and which folds are open in, rows out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lockview.analysis.cycles import waiting_circle
from lockview.analysis.lock_graph import LockGraph
from lockview.analysis.suspects import Suspect, circular_edges, cuts, suspects
from lockview.document.visible import visible
from lockview.gui.rows.row import Kind, Row
from lockview.layout.lines import edge_role

if TYPE_CHECKING:
    from lockview.document.judging import Told, ToldChange

VERDICTS = "verdicts"
"""The fold of the verdicts."""
ASSUMED = "assumed"
WHAT_IF = "what-if:"
"""The fold of the changes at an edge begins so; the number of the edge follows."""
HOW = "how:"
_MOST_SUSPECTS = 12
_MOST_SETS = 8

Answers = Mapping[str, Any]
"""By fold: the answer of the worker, or a sentence in place of one."""


def closes_a_circle(graph: LockGraph) -> bool:
    """Whether there is anything to try."""
    return bool(circular_edges(graph) or waiting_circle(graph))


def verdict_rows(graph: LockGraph, answers: Answers, opened: frozenset[str]) -> tuple[Row, ...]:
    """What the section shows."""
    is_open = VERDICTS in opened
    rows = [
        Row(Kind.HEADING, "Can it happen?"),
        Row(Kind.FOLD, "Try every order of the steps", fold=VERDICTS, opened=is_open),
    ]
    if not is_open:
        return tuple(rows)
    rows += _answer_rows(answers.get(VERDICTS), opened)
    ranked = suspects(graph)
    if ranked:
        rows.append(Row(Kind.HEADING, "Which edge?"))
        rows.append(Row(Kind.NOTE, _cut_words(graph), dim=True))
    for suspect in ranked[:_MOST_SUSPECTS]:
        rows += _suspect_rows(graph, suspect, answers, opened)
    return tuple(rows)


def _answer_rows(answer: Any, opened: frozenset[str]) -> Iterator[Row]:
    if not isinstance(answer, tuple):
        yield Row(Kind.NOTE, visible(answer or "Every order is being tried."), dim=True)
        return
    for number, verdict in enumerate(answer):
        yield from _told_rows(verdict, f"{number}", opened)
    said = dict.fromkeys(sentence for verdict in answer for sentence in verdict.assumptions)
    if said:
        yield Row(Kind.FOLD, "What is assumed", fold=ASSUMED, opened=ASSUMED in opened)
        if ASSUMED in opened:
            yield from (Row(Kind.NOTE, visible(sentence)) for sentence in said)


def _told_rows(verdict: Told, place: str, opened: frozenset[str]) -> Iterator[Row]:
    tried = f" {verdict.states:,} states were looked at." if verdict.states else ""
    text = f"{verdict.answer.capitalize()}. {verdict.reason}".rstrip() + tried
    yield Row(Kind.FACT, visible(text), label=_label(verdict.name))
    if verdict.steps:
        fold = f"{HOW}{place}"
        yield Row(Kind.FOLD, f"How, in {len(verdict.steps)} steps", fold=fold, opened=fold in opened)
        if fold in opened:
            yield from _step_rows(verdict.steps)
    for number, case in enumerate(verdict.cases):
        yield from _told_rows(case, f"{place}.{number}", opened)


def _label(words: str) -> str:
    """Words with a capital at their beginning; names inside them stay as they are."""
    return visible(f"{words[:1].upper()}{words[1:]}")


def _step_rows(steps: Sequence[str]) -> Iterator[Row]:
    for number, step in enumerate(steps, start=1):
        yield Row(Kind.NOTE, visible(f"{number}. {step}"))


def _cut_words(graph: LockGraph) -> str:
    found = cuts(graph)
    orders = {edge.number: edge.order for edge in graph.edges}
    sets = [" with ".join(str(orders[number]) for number in cut) for cut in found.sets]
    if not sets:
        return f"No {found.bound} edges together open every circle; larger sets were not tried."
    more = f" and {len(sets) - _MOST_SETS} other sets" if len(sets) > _MOST_SETS else ""
    return f"Each of these opens every circle when it goes: edge {'; '.join(sets[:_MOST_SETS])}{more}."


def _suspect_rows(graph: LockGraph, suspect: Suspect, answers: Answers, opened: frozenset[str]) -> Iterator[Row]:
    edge = suspect.edge
    against = "; ".join(evidence.text for evidence in suspect.evidence)
    text = visible(f"{graph.nodes[edge.tail].name} -> {graph.nodes[edge.head].name}: {against}.")
    spans = (edge.dependency.span,) if edge.dependency.span else ()
    yield Row(
        Kind.FACT,
        text,
        label=f"Edge {edge.order}",
        role=edge_role(graph, edge),
        item=f"edge:{edge.number}",
        line=edge.dependency.span.first or None,
        spans=spans,
    )
    fold = f"{WHAT_IF}{edge.number}"
    yield Row(Kind.FOLD, "What if it were taken differently?", fold=fold, opened=fold in opened)
    if fold not in opened:
        return
    answer = answers.get(fold)
    if not isinstance(answer, tuple):
        yield Row(Kind.NOTE, visible(answer or "Every order is being tried again."), dim=True)
        return
    if not answer:
        yield Row(Kind.NOTE, "There is no change that could be tried: in no reading does it deadlock.", dim=True)
    for number, change in enumerate(answer):
        yield from _change_rows(change, f"{HOW}{edge.number}:{number}", opened)


def _change_rows(change: ToldChange, fold: str, opened: frozenset[str]) -> Iterator[Row]:
    said = "it can deadlock no more" if change.helps else f"the answer is: {change.after.answer}"
    text = f"Then {said} ({change.after.name}, {change.after.states:,} states)."
    yield Row(Kind.FACT, visible(text), label=_label(change.change))
    if not change.good:
        return
    is_open = fold in opened
    yield Row(Kind.FOLD, "The bad and the good order", fold=fold, opened=is_open)
    if is_open:
        yield Row(Kind.FACT, visible("; ".join(change.bad)), label="Before")
        yield Row(Kind.FACT, visible("; ".join(change.good)), label="After")
