"""The printed ``Possible unsafe locking scenario``: which operation belongs to which CPU."""

from __future__ import annotations

from typing import NamedTuple

from lockview.model.reports import Operation, ScenarioStep
from lockview.model.text import Problem, Severity
from lockview.parsing.lines import Stream
from lockview.parsing.locks import joined_name, lock_class
from lockview.parsing.tokens import Token

_CIRCULAR_CPUS = (0, 1, 1, 0)
"""print_circular_lock_scenario, kernel/locking/lockdep.c: CPU0 target; CPU1 parent, target; CPU0 source."""
_CROSSLOCK_CPUS = (0, 0, 1, 1)
_MIN_COLUMN_GAP = 6


class Scenario(NamedTuple):
    """The steps, and what had to be guessed about them."""

    steps: tuple[ScenarioStep, ...]
    problems: tuple[Problem, ...]


def read_scenario(stream: Stream, operations: list[Token], crosslock: bool) -> Scenario:
    """Give each printed operation its CPU: by its column, or, where the columns are lost, by its place in the order."""
    if not operations:
        return Scenario((), ())
    cpus = _by_column(stream, operations)
    problems: tuple[Problem, ...] = ()
    if cpus is None:
        order = _CROSSLOCK_CPUS if crosslock else _CIRCULAR_CPUS
        cpus = [order[index] if index < len(order) else 0 for index in range(len(operations))]
        span = stream.span(operations[0].start, operations[-1].end)
        message = (
            f"lines {span.first}-{span.last}: the columns of the scenario are lost; "
            "its operations were given to CPU0 and CPU1 in the order in which the kernel prints them"
        )
        problems = (Problem(Severity.NOTE, "scenario-columns-lost", message, span),)
    steps = tuple(_step(stream, token, cpu) for token, cpu in zip(operations, cpus, strict=True))
    return Scenario(steps, problems)


def _by_column(stream: Stream, operations: list[Token]) -> list[int] | None:
    columns = [stream.column(token.start) for token in operations]
    if max(columns) - min(columns) < _MIN_COLUMN_GAP:
        return None
    middle = (max(columns) + min(columns)) / 2
    return [int(column > middle) for column in columns]


def _step(stream: Stream, token: Token, cpu: int) -> ScenarioStep:
    word, name, irq, interrupt = token.groups
    return ScenarioStep(
        cpu=cpu,
        operation=Operation(word or irq or interrupt),
        lock_class=lock_class(joined_name(name)) if name else None,
        span=stream.span(token.start, token.end),
    )
