"""What to run: tasks, and the locks that each of them takes."""

from __future__ import annotations

from typing import NamedTuple

from lockview.model.locks import LockClass
from lockview.model.stacks import EMPTY_STACK, StackTrace


class Acquisition(NamedTuple):
    """One lock that a task takes while it holds all the ones before.

    ``stack`` is where, empty when the report does not tell; ``edge`` is the number of the graph edge that this
    acquisition makes, None for a task's first lock.
    """

    lock_class: LockClass
    stack: StackTrace = EMPTY_STACK
    edge: int | None = None


class ScenarioTask(NamedTuple):
    """A task that takes its locks in order and then releases them in reverse."""

    name: str
    acquisitions: tuple[Acquisition, ...]


class Scenario(NamedTuple):
    """Tasks to be run against each other. ``assumptions`` say in plain sentences what the run takes for granted."""

    title: str
    tasks: tuple[ScenarioTask, ...]
    assumptions: tuple[str, ...] = ()

    def edge(self, task: int, lock_class: LockClass | None) -> int | None:
        """The graph edge that a task makes when it takes or waits for a class."""
        return next((item.edge for item in self.tasks[task].acquisitions if item.lock_class == lock_class), None)
