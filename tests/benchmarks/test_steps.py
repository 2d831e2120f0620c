"""Steps per second when a run is replayed, against SimPy with the same number of events, where it is installed.

A step here is a lock operation or an access to memory of the simulated kernel; after each one there is a world that can
be looked at, and its invariants are checked. SimPy gets one event for each step, in the same order. ``bare`` it does
nothing else; otherwise it asks for the same locks and keeps the world after each event, but rules it is spared: the
values come from the run.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any, NamedTuple

import pytest

from lockview.document.scenarios import find_scenario
from lockview.kernel.effects import Acquire, Release
from lockview.kernel.worlds import Cells
from lockview.sim.machine import Machine, Move
from lockview.sim.simulation import Simulation, simulate

FASTER_THAN_LOCKS, SHARE_OF_BARE = 1.5, 0.3
TIMES = 200
SCENARIOS = ("S04", "S05", "S12")


class Event(NamedTuple):
    """A step as SimPy is told of it: when, what it does to a lock, and the values that it leaves."""

    time: int
    lock: int | None
    takes: bool
    changes: tuple[tuple[int, Any], ...]


def events(simulation: Simulation) -> list[list[Event]]:
    """The steps of each task. What joins a queue asks for its lock when it gets it."""
    found: list[list[Event]] = [[] for _ in simulation.built.machine.tasks]
    for time, (move, step) in enumerate(zip(simulation.moves, simulation.run.steps, strict=True)):
        both = enumerate(zip(simulation.states[time].cells, step.state.cells, strict=True))
        changes = tuple((number, after) for number, (before, after) in both if before is not after)
        effect = step.effect
        takes = isinstance(effect, Acquire) and not step.stays and step.answer is not False
        gives = isinstance(effect, Release)
        lock = effect.lock.cell if isinstance(effect, Acquire | Release) and (takes or gives) else None
        found[move.task].append(Event(time, lock, takes, changes))
    return found


def replay(machine: Machine, moves: tuple[Move, ...]) -> Cells:
    states = [machine.start]
    for move in moves:
        states.append(machine.step(states[-1], move).state)
    return states[-1].cells


def replay_in_simpy(simpy: Any, told: list[list[Event]], start: Cells) -> Cells:
    environment = simpy.Environment()
    world = list(start)
    worlds = [start]
    locks = {event.lock: simpy.Resource(environment, len(told)) for events in told for event in events}

    def task(events: list[Event]) -> Any:
        held: dict[int | None, Any] = {}
        for time, lock, takes, changes in events:
            yield environment.timeout(time - environment.now)
            if lock is not None:
                if takes:
                    held[lock] = locks[lock].request()
                    yield held[lock]
                else:
                    locks[lock].release(held.pop(lock))
            for number, value in changes:
                world[number] = value
            worlds.append(tuple(world))

    for each in told:
        environment.process(task(each))
    environment.run()
    return worlds[-1]


def replay_bare(simpy: Any, told: list[list[Event]]) -> None:
    environment = simpy.Environment()

    def task(events: list[Event]) -> Any:
        for event in events:
            yield environment.timeout(event.time - environment.now)

    for each in told:
        environment.process(task(each))
    environment.run()


def per_second(steps: int, work: Any) -> float:
    """The best of three."""
    best = float("inf")
    for _ in range(3):
        start = perf_counter()
        for _ in range(TIMES):
            work()
        best = min(best, perf_counter() - start)
    return TIMES * steps / best


@pytest.mark.parametrize("name", SCENARIOS)
def test_replay_against_simpy(name: str) -> None:
    simpy = pytest.importorskip("simpy")
    simulation = simulate(find_scenario(name))
    machine, moves = simulation.built.machine, simulation.moves
    told, last = events(simulation), simulation.states[-1].cells
    assert replay(machine, moves) == last == replay_in_simpy(simpy, told, machine.start.cells)
    ours = per_second(len(moves), lambda: replay(machine, moves))
    locks = per_second(len(moves), lambda: replay_in_simpy(simpy, told, machine.start.cells))
    bare = per_second(len(moves), lambda: replay_bare(simpy, told))
    print(
        f"\n{name}: {ours:,.0f} steps/s; SimPy with locks and worlds {locks:,.0f} events/s, {ours / locks:.1f} times; "
        f"SimPy bare {bare:,.0f}, {ours / bare:.1f} times"
    )
    assert ours > FASTER_THAN_LOCKS * locks
    assert ours > SHARE_OF_BARE * bare
