"""The printed ``Possible unsafe locking scenario``: which operation belongs to which CPU."""

from __future__ import annotations

from lockview.model.reports import Operation, ScenarioStep
from lockview.parsing.lines import Stream
from lockview.parsing.locks import joined_name, lock_class
from lockview.parsing.repairs import Repairs
from lockview.parsing.tokens import Token

_CIRCULAR_CPUS = (0, 1, 1, 0)
"""print_circular_lock_scenario, kernel/locking/lockdep.c: CPU0 target; CPU1 parent, target; CPU0 source."""
_CROSSLOCK_CPUS = (0, 0, 1, 1)
_INTERRUPT_CPUS = (0, 1, 1, 1, 0, 0)
"""print_irq_lock_scenario: CPU0 unsafe; CPU1 local_irq_disable, safe, middle; CPU0 <Interrupt>, safe."""
_MIN_COLUMN_GAP = 6


def read_scenario(
    stream: Stream, operations: list[Token], crosslock: bool, repairs: Repairs
) -> tuple[ScenarioStep, ...]:
    """Give each printed operation of a two-CPU scenario its CPU, by its column, or by its place in the kernel's order.

    The order decides where the columns are lost and where they contradict a scenario that has all its operations.
    """
    if not operations:
        return ()
    names = [joined_name(token.groups[1]) for token in operations]
    interrupt = any(token.groups[2] for token in operations)
    order = _CROSSLOCK_CPUS if crosslock else _INTERRUPT_CPUS if interrupt else _CIRCULAR_CPUS
    by_order = [order[index] if index < len(order) else 0 for index in range(len(operations))]
    cpus = _by_column(stream, operations)
    whole = len(operations) == len(order) and (crosslock or names[2] == names[-1 if interrupt else 0])
    if cpus is None or (whole and cpus != by_order):
        span = stream.span(operations[0].start, operations[-1].end)
        repairs.note(
            "scenario-columns-lost",
            f"lines {span.first}-{span.last}: the columns of the scenario are lost; its operations were given to CPU0 "
            "and CPU1 in the order in which the kernel prints them",
            span,
        )
        cpus = by_order
    return tuple(_step(stream, token, name, cpu) for token, name, cpu in zip(operations, names, cpus, strict=True))


def read_column(stream: Stream, operations: list[Token]) -> tuple[ScenarioStep, ...]:
    """The operations of a scenario that has one CPU only."""
    return tuple(_step(stream, token, joined_name(token.groups[1]), 0) for token in operations)


def _by_column(stream: Stream, operations: list[Token]) -> list[int] | None:
    columns = [stream.column(token.start) for token in operations]
    if max(columns) - min(columns) < _MIN_COLUMN_GAP:
        return None
    middle = (max(columns) + min(columns)) / 2
    return [int(column > middle) for column in columns]


def _step(stream: Stream, token: Token, name: str, cpu: int) -> ScenarioStep:
    word, _, irq, interrupt = token.groups
    return ScenarioStep(
        cpu=cpu,
        operation=Operation(word or irq or interrupt),
        lock_class=lock_class(name) if name else None,
        span=stream.span(token.start, token.end),
    )
