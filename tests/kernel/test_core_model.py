"""The core models searched to the last state: each mistake is found, by the shortest and the gentlest way known."""

import pytest

from lockview.kernel.switches import Switch
from lockview.sim.explorer.matrix import FOUND, NOTHING, Row, compared, core, forked
from lockview.sim.exploring import count_executions, explore, fewest_preemptions
from lockview.sim.machine import Machine
from lockview.sim.running import Ending, along, run

S = Switch


@pytest.mark.parametrize("row", FOUND, ids=lambda row: row.name)
def test_a_mistake_is_found(row: Row) -> None:
    machine = row.machine()
    shortest, gentlest = explore(machine).found, fewest_preemptions(machine).found
    assert shortest is not None
    assert gentlest is not None
    assert (shortest.violation.invariant, len(shortest.moves)) == (row.invariant, row.length)
    assert gentlest.preemptions == row.preemptions
    for found in (shortest, gentlest):
        replayed = run(machine, along(found.moves))
        assert len(replayed.steps) == len(found.moves)
        if row.invariant == "I13":
            assert replayed.ending is Ending.DEADLOCK
        else:
            assert replayed.steps[-1].violation == found.violation


@pytest.mark.parametrize("name", NOTHING)
def test_nothing_is_found(name: str) -> None:
    machine, figures = NOTHING[name]
    result = explore(machine())
    assert result.complete
    assert result.found is None
    if figures is not None:
        assert (result.states, result.transitions) == figures


def test_the_table_has_no_differences() -> None:
    assert [row for row in compared() if row.expected != row.found] == []


def test_the_ways_that_are_known_step_by_step() -> None:
    def steps(machine: Machine) -> str:
        found = explore(machine).found
        return " ".join(machine.tasks[move.task].name for move in found.moves) if found else ""

    assert steps(core("FU", S.M1)) == " ".join(["F"] * 9 + ["U"] * 6 + ["F"] * 4)
    assert steps(forked(S.SPECULATION)) == "fork fork fork B B B B A B B B fork fork"


def test_complete_executions_are_counted() -> None:
    assert count_executions(core("FU")) == 183_946
    assert f"{count_executions(core('FFU')):.2e}" == "1.59e+14"


def test_executions_with_few_preemptions_are_counted() -> None:
    assert [count_executions(core("FU"), bound) for bound in range(5)] == [3, 47, 303, 1_187, 4_684]
    assert [count_executions(core("FFU"), bound) for bound in range(3)] == [12, 656, 12_440]


def test_a_trylock_that_is_tried_again_may_go_round_for_ever() -> None:
    assert explore(core("FF", S.PTL_LOOP)).found is None
    with pytest.raises(ValueError, match="go round in a circle"):
        count_executions(core("FF", S.PTL_LOOP))
    assert count_executions(core("FF")) > 0


def test_tasks_may_be_named_in_any_order() -> None:
    first, second = explore(core("FU")), explore(core("UF"))
    assert (first.states, first.transitions) == (second.states, second.transitions)


def test_one_task_has_one_execution() -> None:
    assert count_executions(core("F")) == 1


def test_a_search_can_be_bounded() -> None:
    result = explore(core("FFU"), most=100)
    assert not result.complete
    assert result.found is None
