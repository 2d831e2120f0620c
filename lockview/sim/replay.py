"""A run that can be watched: a schedule and a place in it, moved by making new values."""

from __future__ import annotations

from lockview.kernel.nesting import Acquire
from lockview.model.locks import LockClass
from lockview.model.traces import Event, EventKind, Outcome, Schedule, Trace
from lockview.sim.scenario import Scenario
from lockview.sim.stepper import Program
from lockview.sim.world import NOBODY, World


class Replay:
    """An immutable run of a scenario along a schedule, watched after ``position`` of its ``length`` steps.

    Every state along the schedule is kept, so that each move is a change of a number.
    """

    __slots__ = ("_events", "_program", "_worlds", "position", "schedule")

    def __init__(
        self, program: Program, worlds: tuple[World, ...], events: tuple[Event, ...], schedule: Schedule, position: int
    ) -> None:
        self._program = program
        self._worlds = worlds
        self._events = events
        self.schedule = schedule
        self.position = position

    @classmethod
    def start(cls, scenario: Scenario, schedule: Schedule = Schedule()) -> Replay:  # noqa: B008 (immutable)
        """Run the whole schedule and stand before its first step.

        Raises ValueError when the schedule names a task that cannot step.
        """
        program = Program(scenario)
        worlds = [program.start]
        events: list[Event] = []
        for index, task in enumerate(schedule.choices):
            world, event = program.step(worlds[-1], task, index)
            worlds.append(world)
            events.append(event)
        return cls(program, tuple(worlds), tuple(events), schedule, 0)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Replay):
            return NotImplemented
        return (self.scenario, self.schedule, self.position) == (other.scenario, other.schedule, other.position)

    def __hash__(self) -> int:
        return hash((self.schedule, self.position))

    def __repr__(self) -> str:
        return f"Replay({self.scenario.title!r}, {list(self.schedule.choices)}, position={self.position})"

    @property
    def scenario(self) -> Scenario:
        """What is run."""
        return self._program.scenario

    @property
    def length(self) -> int:
        """The number of steps in the schedule."""
        return len(self._events)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The names of the tasks."""
        return tuple(task.name for task in self.scenario.tasks)

    @property
    def trace(self) -> Trace:
        """The whole run up to the end of the schedule, whatever the position."""
        return Trace(self.tasks, self._events, self._program.outcome(self._worlds[-1]))

    @property
    def events_done(self) -> tuple[Event, ...]:
        """The events up to the position."""
        return self._events[: self.position]

    @property
    def event(self) -> Event | None:
        """The step that led to the position, None at the start."""
        return self._events[self.position - 1] if self.position else None

    @property
    def edge(self) -> int | None:
        """The number of the graph edge that the last step made or asked for; None when it was about no edge."""
        event = self.event
        if event is None or event.kind not in (EventKind.ACQUIRE, EventKind.WAIT):
            return None
        return self.scenario.edge(event.task, event.lock)

    @property
    def world(self) -> World:
        """The state at the position."""
        return self._worlds[self.position]

    @property
    def enabled(self) -> tuple[int, ...]:
        """The tasks that can step at the position."""
        return self._program.enabled(self.world)

    @property
    def outcome(self) -> Outcome:
        """How the run stands at the position."""
        return self._program.outcome(self.world)

    @property
    def next_choice(self) -> int | None:
        """The task that the schedule lets step next, None at its end."""
        return self.schedule.choices[self.position] if self.position < self.length else None

    @property
    def holders(self) -> dict[LockClass, int]:
        """The locks that are held at the position, and the task that holds each."""
        return {self._program.locks[number]: task for number, task in enumerate(self.world.owners) if task != NOBODY}

    @property
    def waiters(self) -> dict[int, LockClass]:
        """The tasks that wait at the position, and the lock that each waits for."""
        waiting: dict[int, LockClass] = {}
        for task, waits in enumerate(self.world.waits):
            effect = self._program.effect(self.world, task)
            if waits and isinstance(effect, Acquire):
                waiting[task] = self._program.locks[effect.lock]
        return waiting

    def to(self, position: int) -> Replay:
        """The same run after that many steps; positions outside the run are moved to its ends."""
        return Replay(self._program, self._worlds, self._events, self.schedule, max(0, min(position, self.length)))

    def forward(self) -> Replay:
        """One step on along the schedule; the same place at its end."""
        return self.to(self.position + 1)

    def back(self) -> Replay:
        """One step back; the same place at the start."""
        return self.to(self.position - 1)

    def first(self) -> Replay:
        """Before the first step."""
        return self.to(0)

    def last(self) -> Replay:
        """After the last step of the schedule."""
        return self.to(self.length)

    def choose(self, task: int) -> Replay:
        """Let a task step now. Where the schedule says something else, what it had planned from here on is dropped.

        Raises ValueError when the task cannot step.
        """
        if task == self.next_choice:
            return self.forward()
        position = self.position
        world, event = self._program.step(self.world, task, position)
        return Replay(
            self._program,
            (*self._worlds[: position + 1], world),
            (*self._events[:position], event),
            Schedule((*self.schedule.choices[:position], task)),
            position + 1,
        )

    def follow(self, schedule: Schedule) -> Replay:
        """The same scenario along another schedule, at the same position as far as the schedule goes."""
        return Replay.start(self.scenario, schedule).to(self.position)
