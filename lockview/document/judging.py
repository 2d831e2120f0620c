"""Verdicts about a report for the window: found in the worker, for trying every order can take a while."""

from __future__ import annotations

from typing import Any, NamedTuple

from lockview.analysis.build import lock_graph
from lockview.export.as_json import report_from_json, report_to_json
from lockview.model.reports import Report
from lockview.sim.verdicts import NamedVerdict, graph_verdicts
from lockview.sim.what_if import WhatIf, possible_edits, what_if


class Told(NamedTuple):
    """A verdict as far as it is shown."""

    name: str
    answer: str
    reason: str
    assumptions: tuple[str, ...]
    steps: tuple[str, ...]
    states: int
    transitions: int
    cases: tuple[Told, ...] = ()


class ToldChange(NamedTuple):
    """What came of a change: a run that was bad before, and one that is good after it, () when it does not help."""

    change: str
    helps: bool
    after: Told
    bad: tuple[str, ...]
    good: tuple[str, ...]


def request(report: Report, edge: int | None = None) -> dict[str, object]:
    """What the worker is asked: for the verdicts, or for the changes at an edge."""
    return {"report": report_to_json(report), "edge": edge}


def judge(payload: Any) -> list[Any]:
    """Answer such a request."""
    graph = lock_graph(report_from_json(payload["report"]))
    number = payload["edge"]
    if number is None:
        return [_told(verdict) for verdict in graph_verdicts(graph)]
    edits = possible_edits(graph, graph.edges[number])
    return [_change(result) for result in (what_if(graph, edit) for edit in edits) if result is not None]


def verdicts_in(answer: Any) -> tuple[Told, ...]:
    """The verdicts in an answer."""
    return tuple(_told_in(value) for value in answer)


def changes_in(answer: Any) -> tuple[ToldChange, ...]:
    """The changes in an answer."""
    return tuple(
        ToldChange(change, helps, _told_in(after), tuple(bad), tuple(good))
        for change, helps, after, bad, good in answer
    )


def _told(verdict: NamedVerdict) -> Told:
    return Told(
        verdict.name,
        verdict.answer,
        verdict.reason,
        verdict.assumptions,
        verdict.steps,
        verdict.states,
        verdict.transitions,
        tuple(map(_told, verdict.cases)),
    )


def _change(result: WhatIf) -> ToldChange:
    return ToldChange(result.edit.kind, result.helps, _told(result.after), result.before.steps, result.good)


def _told_in(value: Any) -> Told:
    name, answer, reason, assumptions, steps, states, transitions, cases = value
    return Told(
        name, answer, reason, tuple(assumptions), tuple(steps), states, transitions, tuple(map(_told_in, cases))
    )
