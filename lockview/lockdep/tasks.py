"""What the validator knows of a task: the locks that it holds, and the interrupts around it."""

from __future__ import annotations

from lockview.lockdep.classes import ClassInfo
from lockview.lockdep.locks import LockMap, Wait
from lockview.model.locks import Access
from lockview.model.reports import Task
from lockview.model.stacks import Frame, StackTrace


class Held:
    """A lock that a task holds, or is about to: ``struct held_lock``.

    ``irq_context`` is 0 for task, 1 softirq, 2 hardirq, 3 both. ``references`` counts acquisitions that were folded
    into this one under a common nest lock, ``pins`` those that rely on its not being released. ``chain_before`` and
    ``chain`` number the locks held in this context, without it and with it. ``allows`` is what may be waited for
    inside, as far as this lock and those before it in this context say.
    """

    __slots__ = (
        "access", "allows", "chain", "chain_before", "checked", "info", "irq_context", "irqs_on", "lock", "nest",
        "pins", "references", "site", "stack", "trylock",
    )  # fmt: skip

    def __init__(
        self,
        info: ClassInfo,
        lock: LockMap,
        access: Access,
        stack: StackTrace,
        site: Frame | None,
        *,
        trylock: bool = False,
        checked: bool = True,
        nest: LockMap | None = None,
        irqs_on: bool = True,
    ) -> None:
        self.info = info
        self.lock = lock
        self.access = access
        self.stack = stack
        self.site = site
        self.trylock = trylock
        self.checked = checked
        self.nest = nest
        self.irqs_on = irqs_on
        self.irq_context = 0
        self.references = 0
        self.pins = 0
        self.chain_before = 0
        self.chain = 0
        self.allows: int = Wait.MAX

    @property
    def link(self) -> int:
        """What it adds to a chain: its class and how it is taken. Source: ``hlock_id``."""
        return self.info.number * 3 + _WAYS[self.access]


_WAYS = {Access.EXCLUSIVE: 0, Access.SHARED: 1, Access.RECURSIVE: 2}


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

    @property
    def context_wait(self) -> int:
        """What the context itself allows to wait for: ``task_wait_context``."""
        if self.in_hardirq:
            return Wait.CONFIG if self.hardirq_threaded else Wait.SPIN
        return Wait.CONFIG if self.in_softirq else Wait.MAX

    def same_context(self, irq_context: int) -> list[Held]:
        """The newest held locks as long as they are of this context, oldest first."""
        start = len(self.held)
        while start and self.held[start - 1].irq_context == irq_context:
            start -= 1
        return self.held[start:]

    def find(self, lock: LockMap, info: ClassInfo | None) -> int | None:
        """The place of a held lock, newest first and not across the border of an interrupt; None without one.

        ``info`` is the lock's class of subclass 0, None before its first use. Source: ``find_held_lock``.
        """
        for place in range(len(self.held) - 1, -1, -1):
            held = self.held[place]
            if place < len(self.held) - 1 and held.irq_context != self.held[place + 1].irq_context:
                return None
            if _is(held, lock, info):
                return place
        return None

    def holding(self, lock: LockMap, info: ClassInfo | None) -> Held | None:
        """The newest hold of this very lock, in whatever context. Source: ``__lock_is_held``."""
        return next((held for held in reversed(self.held) if _is(held, lock, info)), None)


def _is(held: Held, lock: LockMap, info: ClassInfo | None) -> bool:
    """``match_held_lock``: of locks that were folded together only the class is known."""
    return held.lock.instance == lock.instance or bool(held.references and held.info is info)
