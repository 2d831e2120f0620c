"""How fast every state of a machine is visited, and how few runs a reduction needs."""

from functools import partial
from time import perf_counter

from lockview.kernel.core.fault import fault
from lockview.kernel.core.instance import new_core
from lockview.kernel.core.writers import grace_periods, munmap
from lockview.kernel.worlds import WorldPlan
from lockview.sim.explorer.matrix import core
from lockview.sim.explorer.source_sets import SourceSets
from lockview.sim.exploring import Exploration, count_executions, explore
from lockview.sim.machine import Machine, State, TaskPlan

FASTER = 1.5
"""The search against one that asks the machine for every step."""


def _machine() -> Machine:
    plan = WorldPlan()
    cells = new_core(plan, 3)
    return Machine(
        (
            TaskPlan("F", partial(fault, cells, 0)),
            TaskPlan("F", partial(fault, cells, 1)),
            TaskPlan("U", partial(munmap, cells, 2)),
            TaskPlan("G", partial(grace_periods, cells), daemon=True),
        ),
        plan.start,
    )


def _plain(machine: Machine) -> Exploration:
    seen: set[State] = {machine.start}
    waiting = [machine.start]
    transitions = 0
    for state in waiting:
        for _, done in machine.successors(state):
            transitions += 1
            if done.state not in seen:
                seen.add(done.state)
                waiting.append(done.state)
    return Exploration(len(seen), transitions)


def test_states_are_visited_several_times_as_fast_as_step_by_step() -> None:
    def timed(search: object) -> tuple[float, Exploration]:
        assert callable(search)
        best, result = 1e9, None
        for _ in range(3):
            machine = _machine()
            start = perf_counter()
            result = search(machine)
            best = min(best, perf_counter() - start)
        assert isinstance(result, Exploration)
        return best, result

    plain, expected = timed(_plain)
    fast, result = timed(explore)
    print(f"{result.states / fast:,.0f} states/s, {plain / fast:.1f} times as fast as step by step")
    assert (result.states, result.transitions) == (expected.states, expected.transitions)
    assert plain > FASTER * fast


def test_reduction_runs_a_thousandth_of_the_executions() -> None:
    """F, F, U has 4,406 states and 349,896 reduced executions, most of a minute: F, U is what is asserted."""
    machine = core("FU")
    start = perf_counter()
    result = SourceSets(machine).run()
    reduced = perf_counter() - start
    start = perf_counter()
    states = explore(core("FU")).states
    exhaustive = perf_counter() - start
    total = count_executions(machine)
    print(f"F, U: {result.executions} of {total:,} executions in {reduced * 1e3:.0f} ms, {states} states in", end=" ")
    print(f"{exhaustive * 1e3:.0f} ms; {result.transitions / reduced:,.0f} transitions/s reduced")
    most = 3_000
    start = perf_counter()
    larger = SourceSets(core("FFU")).run(most)
    print(
        f"F, F, U: the first {most:,} executions at {larger.transitions / (perf_counter() - start):,.0f} transitions/s"
    )
    assert result.complete
    assert result.executions * 1_000 < total
