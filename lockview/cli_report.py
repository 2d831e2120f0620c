"""``lockview explore FILE``: whether what a report warns of can happen, read in three ways."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from lockview.command_line import write
from lockview.document.errors import UserError
from lockview.layout.labels import visible
from lockview.parsing.reader import read_file
from lockview.sim.machine import Machine
from lockview.sim.scenarios.building import build
from lockview.sim.schedule_text import write_schedule
from lockview.sim.verdicts import Answer, NamedVerdict, report_verdicts

_CODES = {Answer.CANNOT: 0, Answer.DEADLOCKS: 1}
_UNDECIDED = 3


def report_verdicts_of(file: str, number: int, *, as_json: bool, model: str = "") -> int:
    """Print the verdicts of a report; returns the exit code, which is that of the first reading.

    ``model`` names a file to write the tasks of that reading to, in Promela.
    """
    log = read_file(file)
    if not log.reports:
        raise UserError(f"{file} holds no report, and is no scenario")
    if not 1 <= number <= len(log.reports):
        raise UserError(f"{file} has no report {number}: --report takes 1 to {len(log.reports)}")
    report = log.reports[number - 1]
    verdicts = report_verdicts(report)
    if model:
        if Path(model).exists() and Path(model).samefile(file):
            raise UserError(f"{model} is what is read; give another file to write")
        described = verdicts[0].description if verdicts else None
        if described is None:
            raise UserError(f"report {number} of {file} tells of no tasks that could be tried")
        write_model(build(described).machine, report.title, model)
    if as_json:
        value = {"report": report.title, "verdicts": [_value(verdict) for verdict in verdicts]}
        write(sys.stdout, json.dumps(value) + "\n")
    else:
        lines = [report.title, *(line for verdict in verdicts for line in _lines(verdict))]
        write(sys.stdout, "".join(f"{visible(line)}\n" for line in lines))
    return _CODES.get(verdicts[0].answer, _UNDECIDED) if verdicts else _UNDECIDED


def write_model(machine: Machine, title: str, file: str) -> None:
    """Write a machine in Promela. Raises UserError when it has no such form."""
    from lockview.export.promela import promela

    try:
        text = promela(machine, title)
    except ValueError as error:
        raise UserError(f"this has no form in Promela, which is for lock programs: {error}") from None
    Path(file).write_text(text, encoding="ascii")


def _lines(verdict: NamedVerdict, indent: str = "") -> Iterator[str]:
    yield f"{indent}{verdict.name}: {verdict.answer}{f' ({verdict.reason})' if verdict.reason else ''}"
    if verdict.states:
        yield f"{indent}  {verdict.states:,} states, {verdict.transitions:,} transitions"
    if verdict.moves:
        yield f"{indent}  schedule: {write_schedule(verdict.moves)}"
    yield from (f"{indent}  {step}" for step in verdict.steps)
    for case in verdict.cases:
        yield from _lines(case, f"{indent}  ")
    yield from (f"{indent}  assumed: {assumption}" for assumption in verdict.assumptions)


def _value(verdict: NamedVerdict) -> dict[str, object]:
    return {
        "name": verdict.name,
        "answer": verdict.answer.value,
        "reason": verdict.reason,
        "states": verdict.states,
        "transitions": verdict.transitions,
        "moves": [list(move) for move in verdict.moves],
        "steps": list(verdict.steps),
        "assumptions": list(verdict.assumptions),
        "cases": [_value(case) for case in verdict.cases],
    }
