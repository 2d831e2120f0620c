"""Running a scenario one step at a time. Nothing here chooses: whoever steps says which task goes next."""

from __future__ import annotations

from functools import partial

from lockview.kernel.nesting import Acquire, Effect, nest
from lockview.model.locks import LockClass
from lockview.model.stacks import EMPTY_STACK
from lockview.model.traces import Event, EventKind, Outcome
from lockview.sim.automaton import START, Automaton
from lockview.sim.scenario import Scenario
from lockview.sim.world import ENDED, NOBODY, World, apply, is_enabled, moved


class Program:
    """A scenario made ready to run: its locks numbered, its tasks as automata."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        classes = dict.fromkeys(item.lock_class for task in scenario.tasks for item in task.acquisitions)
        self.locks: tuple[LockClass, ...] = tuple(classes)
        numbers = {lock_class: number for number, lock_class in enumerate(self.locks)}
        self.automata = tuple(
            Automaton(partial(nest, [Acquire(numbers[item.lock_class], item.stack) for item in task.acquisitions]))
            for task in scenario.tasks
        )

    @property
    def start(self) -> World:
        """Nobody has done anything."""
        count = len(self.automata)
        return World((START,) * count, (NOBODY,) * len(self.locks), (False,) * count)

    def effect(self, world: World, task: int) -> Effect | None:
        """The next effect of a task; None when only its end is left or it has ended."""
        place = world.places[task]
        return None if place == ENDED else self.automata[task].effect(place)

    def enabled(self, world: World) -> tuple[int, ...]:
        """The tasks that can step."""
        return tuple(task for task in range(len(self.automata)) if is_enabled(world, task, self.effect(world, task)))

    def advance(self, world: World, task: int) -> World:
        """The world after a step of an enabled task."""
        return self._step(world, task)[0]

    def step(self, world: World, task: int, index: int = 0) -> tuple[World, Event]:
        """The world after a step of an enabled task, and what happened, as event number ``index``.

        Raises ValueError when the task cannot step.
        """
        enabled = self.enabled(world)
        if task not in enabled:
            raise ValueError(f"step {index}: task {task} cannot step; these can: {list(enabled)}")
        effect = self.effect(world, task)
        after, kind = self._step(world, task)
        lock = None if effect is None else self.locks[effect.lock]
        stack = effect.stack if isinstance(effect, Acquire) else EMPTY_STACK
        return after, Event(index, task, kind, lock, stack, enabled)

    def outcome(self, world: World) -> Outcome:
        """How things stand: a deadlock is when tasks are left and none of them can step."""
        if all(place == ENDED for place in world.places):
            return Outcome.DONE
        return Outcome.RUNNING if self.enabled(world) else Outcome.DEADLOCK

    def _step(self, world: World, task: int) -> tuple[World, EventKind]:
        after, kind = apply(world, task, self.effect(world, task))
        if kind in (EventKind.ACQUIRE, EventKind.RELEASE):
            after = moved(after, task, self.automata[task].after(world.places[task], None))
        return after, kind
