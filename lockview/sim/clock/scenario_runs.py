"""Any scenario on the clock: the fine-grained routines of ``kernel.mm``, once each, on a CPU per task.

Only what they say about their work takes time: zeroing and copying pages, zapping, flushing, waiting for a disk; and
locks, and a little for each step on memory. What the storm calls the holds of mmap and munmap is made of steps here, so
a record comes out shorter; who waits for whom does not change. Checks of invariants are left to the explorer.
"""

from __future__ import annotations

from typing import NamedTuple

from lockview.sim.clock.engine import Clock
from lockview.sim.clock.parameters import Parameters, chances, checked, service
from lockview.sim.clock.program import Prices, Program
from lockview.sim.clock.storms import SPANS
from lockview.sim.clock.tally import Tally
from lockview.sim.clock.threads import ThreadPlan
from lockview.sim.scenarios.building import Built

LONGEST = 10_000_000.0
"""A scenario that takes longer than ten seconds of model time is stopped."""


class ScenarioRun(NamedTuple):
    """A scenario on the clock: how long it took, in microseconds of model time, and what was counted."""

    time: float
    tally: Tally


def run_scenario(built: Built, parameters: Parameters, seed: int = 1) -> ScenarioRun:
    """Run the tasks of a scenario to their ends, all from the same moment on.

    ``tally.stuck`` tells that some of them can never end.
    """
    prices = Prices(service(checked(parameters)), chances(parameters), SPANS)
    plans = [
        ThreadPlan(task.name, Program(task.routine, prices), f"{seed} {task.name}", daemon=task.daemon)
        for task in built.machine.tasks
    ]
    plan = built.kernel.plan
    tally = Clock(plans, parameters, plan.locks, built.machine.start.cells, spans=SPANS).run(LONGEST)
    return ScenarioRun(tally.last, tally)
