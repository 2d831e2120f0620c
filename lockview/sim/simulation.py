"""A scenario being run: every step so far, the world after each, and what the embedded validator has said."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS, Variant
from lockview.lockdep.validator import Rules, Validator
from lockview.lockdep.wording import ERAS, MODERN
from lockview.model.reports import Report
from lockview.sim.listening import Listener
from lockview.sim.machine import Done, Move, State
from lockview.sim.running import Choose, Ending, Run, along, by_dice, run
from lockview.sim.scenarios.building import Built, build
from lockview.sim.scenarios.description import Description, Schedule
from lockview.sim.scenarios.orders import in_turns, read_order


class Simulation:
    """A finished run of a scenario; any of its moments can be looked at.

    ``states[i]`` is the world after ``i`` steps, ``spoke[i]`` the reports that step ``i`` (from 0) brought out.
    """

    def __init__(self, built: Built, result: Run, reports: tuple[Report, ...], spoke: dict[int, Report]) -> None:
        self.built = built
        self.run = result
        self.reports = reports
        self.spoke = spoke
        self.states: tuple[State, ...] = (built.machine.start, *(step.state for step in result.steps))

    @property
    def ending(self) -> Ending:
        """How the run stopped."""
        return self.run.ending

    @property
    def moves(self) -> tuple[Move, ...]:
        """The schedule of the run: the same scenario along it is the same run."""
        return self.run.moves


class Watcher(Protocol):
    """Is told of a run while it goes: of what runs, then of each step with the reports that it brought out."""

    def begin(self, built: Built) -> None: ...
    def hear(self, move: Move, done: Done, reports: Sequence[Report]) -> None: ...


def simulate(
    description: Description,
    *,
    variant: Variant | None = None,
    on: Iterable[Switch] = (),
    off: Iterable[Switch] = (),
    moves: Iterable[Move] | None = None,
    seed: int | None = None,
    watch: Watcher | None = None,
) -> Simulation:
    """Run a scenario: along ``moves``, by the dice of ``seed``, or else as it recommends.

    Raises ValueError for moves that are not possible, naming the step.
    """
    built = build(description, variant, on, off)
    choose = along(moves) if moves is not None else by_dice(seed) if seed is not None else recommended(built)
    listener = Listener(built.machine, built.tasks, Validator(rules(built)))
    spoke: dict[int, Report] = {}
    count = 0

    def hear(move: Move, done: Done) -> None:
        nonlocal count
        before = len(listener.reports)
        listener.hear(move, done)
        if len(listener.reports) > before:
            spoke[count] = listener.reports[-1]
        if watch is not None:
            watch.hear(move, done, listener.reports[before:])
        count += 1

    if watch is not None:
        watch.begin(built)
    listener.start()
    result = run(built.machine, choose, hear=hear)
    return Simulation(built, result, tuple(listener.reports), spoke)


def recommended(built: Built) -> Choose:
    """The run that the scenario itself proposes for this kernel."""
    description = built.description
    schedule = schedule_for(description, built.kernel.switches)
    if schedule.steps:
        return along(Move(task) for task in schedule.steps)
    names = [task.name for task in description.tasks]
    return in_turns(built.machine, read_order(schedule.order or tuple(names), names), schedule)


def schedule_for(description: Description, switches: Collection[Switch]) -> Schedule:
    """The recommended run of the scenario's own kernel, or of the first case that has just these switches."""
    if _switches(description.variant, description.on, description.off) != switches:
        for case in description.cases:
            if _switches(case.variant, case.on, case.off) == switches:
                return case.schedule
    return description.schedule


def _switches(variant: str, on: Iterable[str], off: Iterable[str]) -> frozenset[Switch]:
    return (VARIANTS[variant].switches | frozenset(map(Switch, on))) - frozenset(map(Switch, off))


def rules(built: Built) -> Rules:
    """The rules of the validator of the variant's time."""
    return rules_for(built.kernel.switches)


def rules_for(switches: Collection[Switch]) -> Rules:
    """The same for a kernel with these switches."""
    if Switch.MODERN_NAMES in switches:
        return Rules(MODERN)
    return Rules(ERAS["4.13"], recursive_reads=False, wait_types=False)
