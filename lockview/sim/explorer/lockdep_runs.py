"""Looking for a run in which the embedded validator speaks: it warns of orders that may never meet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lockview.kernel.switches import Switch
from lockview.kernel.variants import Variant
from lockview.model.reports import Report
from lockview.sim.machine import Move
from lockview.sim.scenarios.description import Description
from lockview.sim.simulation import simulate

MOST_RUNS = 20


class Spoke(NamedTuple):
    """A report and the moves up to the step that brought it out; ``seed`` is None for the recommended run."""

    report: Report
    moves: tuple[Move, ...]
    seed: int | None


def first_report(
    description: Description,
    variant: Variant | None = None,
    on: Iterable[Switch] = (),
    off: Iterable[Switch] = (),
    *,
    runs: int = MOST_RUNS,
) -> Spoke | None:
    """The first report of the recommended run, else of runs by the dice of seeds; None when none of them has one.

    None proves nothing: other runs may have one.
    """
    on, off = tuple(on), tuple(off)
    for seed in (None, *range(runs - 1)):
        simulation = simulate(description, variant=variant, on=on, off=off, seed=seed)
        for number, report in simulation.spoke.items():
            return Spoke(report, simulation.moves[: number + 1], seed)
    return None
