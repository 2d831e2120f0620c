"""Invariant I7 over the library: every fault that begins ends exactly once, with one of the results that there are."""

import pytest

from lockview.document.scenarios import find_scenario, library
from lockview.kernel.effects import Happened
from lockview.kernel.mm.outcomes import Outcome
from lockview.sim.running import Ending
from lockview.sim.simulation import Simulation, simulate

SEEDS = (None, 1, 2, 3)
NAMES = [entry.id for entry in library()]


def faults(simulation: Simulation) -> dict[int, list[Happened]]:
    """What each task told of its faults, in order."""
    told: dict[int, list[Happened]] = {}
    for task, remarks in enumerate(simulation.built.machine.first_remarks):
        told[task] = [remark for remark, _ in remarks if isinstance(remark, Happened)]
    for move, step in zip(simulation.moves, simulation.run.steps, strict=True):
        told[move.task] += [remark for remark, _ in step.remarks if isinstance(remark, Happened)]
    words = ("fault_begin", "fault_end")
    return {task: [remark for remark in remarks if remark.what in words] for task, remarks in told.items()}


@pytest.mark.parametrize("name", NAMES)
def test_every_fault_is_served_exactly_once(name: str) -> None:
    description = find_scenario(name)
    for case in (None, *description.cases):
        for seed in SEEDS:
            simulation = simulate(description if case is None else description.in_case(case), seed=seed)
            for told in faults(simulation).values():
                begun, ended = told[::2], told[1::2]
                assert {remark.what for remark in begun} <= {"fault_begin"}
                assert {remark.what for remark in ended} <= {"fault_end"}
                assert [remark.value for remark in ended] == [Outcome(str(remark.value)) for remark in ended]
                assert [remark.number for remark in ended] == [remark.number for remark in begun[: len(ended)]]
                if simulation.ending is Ending.DONE:
                    assert len(begun) == len(ended)


def test_there_are_faults_to_look_at() -> None:
    total = sum(len(told) for name in NAMES for told in faults(simulate(find_scenario(name))).values())
    assert total > 50
