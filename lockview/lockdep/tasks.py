"""What the validator knows of a task: the locks that it holds, and the interrupts around it."""

from __future__ import annotations

from typing import NamedTuple

from lockview.lockdep.classes import ClassInfo, Use
from lockview.lockdep.locks import LockMap
from lockview.model.locks import Access
from lockview.model.reports import Task
from lockview.model.stacks import EMPTY_STACK, Frame, StackTrace


class Held(NamedTuple):
    """A lock that a task holds, or is about to. ``irq_context`` is 0 for task, 1 softirq, 2 hardirq, 3 both.

    ``references`` counts acquisitions that were folded into this one under a common nest lock. ``before`` is the key
    of the chain of locks held before it, in its context.
    """

    info: ClassInfo
    lock: LockMap
    access: Access = Access.EXCLUSIVE
    trylock: bool = False
    checked: bool = True
    nest: LockMap | None = None
    irq_context: int = 0
    irqs_on: bool = True
    site: Frame | None = None
    stack: StackTrace = EMPTY_STACK
    references: int = 0

    @property
    def use(self) -> Use:
        """What a dependency needs to know of it."""
        return Use(self.info.number, self.access, self.stack)

    @property
    def key(self) -> tuple[int, Access]:
        """What one lock adds to the key of a chain."""
        return (self.info.number, self.access)


class TaskState:
    """One task, on ``cpu``. Counters say how deep it is in interrupts; the flags whether they are on."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.cpu = 0
        self.held: list[Held] = []
        self.hardirqs_on = True
        self.softirqs_on = True
        self.in_hardirq = 0
        self.in_softirq = 0
        self.hardirq_threaded = False

    @property
    def irq_context(self) -> int:
        """The context of an acquisition now."""
        return 2 * bool(self.in_hardirq) + bool(self.in_softirq)

    def chain(self) -> tuple[tuple[int, Access], ...]:
        """The keys of the locks held in the present context, oldest first."""
        context = self.irq_context
        start = len(self.held)
        while start and self.held[start - 1].irq_context == context:
            start -= 1
        return tuple(held.key for held in self.held[start:])

    def find(self, lock: LockMap) -> int | None:
        """The place of a held lock, newest first and not across the border of an interrupt; None without one."""
        for place in range(len(self.held) - 1, -1, -1):
            held = self.held[place]
            if place < len(self.held) - 1 and held.irq_context != self.held[place + 1].irq_context:
                return None
            if held.lock.instance == lock.instance or (held.references and held.lock.key == lock.key):
                return place
        return None

    def holds(self, lock: LockMap) -> bool:
        """Whether it holds this very lock, wherever."""
        return any(
            held.lock.instance == lock.instance or (held.references and held.lock.key == lock.key) for held in self.held
        )
