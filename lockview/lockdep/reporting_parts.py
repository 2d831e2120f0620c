"""What reports of the validator are made of: held locks, classes and stacks as the reader would have read them."""

from __future__ import annotations

from lockview.lockdep.classes import Classes, ClassInfo
from lockview.lockdep.tasks import Held, TaskState
from lockview.lockdep.wording import Era
from lockview.model.irq_reports import ClassMention
from lockview.model.locks import Access, HeldLock, WaitTypes
from lockview.model.reports import HeldLocks, Operation
from lockview.model.stacks import Backtrace, StackTrace


class Parts:
    """Parts in the wording of one era."""

    def __init__(self, classes: Classes, era: Era) -> None:
        self.classes = classes
        self.era = era

    def held_locks(self, state: TaskState) -> HeldLocks:
        """The list of what a task holds."""
        locks = tuple(self.shown(held, index) for index, held in enumerate(state.held))
        return HeldLocks(state.task, len(locks), locks)

    def shown(self, held: Held, index: int | None = None) -> HeldLock:
        """A lock with its class, as ``print_lock`` prints it."""
        info = held.info
        return HeldLock(info.name, info.marks, self.waits(info), site=held.site, index=index)

    def mention(self, info: ClassInfo) -> ClassMention:
        """A class as ``print_lock_name`` prints it."""
        return ClassMention(info.name, info.marks, self.waits(info))

    def waits(self, info: ClassInfo) -> WaitTypes | None:
        """The wait types of a class, None before they were printed."""
        return info.wait_types if self.era.wait_types else None

    def word(self, access: Access) -> Operation:
        """The word of a scenario for an acquisition."""
        shared = self.era.read_words and access is not Access.EXCLUSIVE
        return Operation.RLOCK if shared else Operation.LOCK


def backtrace(state: TaskState, stack: StackTrace) -> Backtrace:
    """The stack that ends a report."""
    return Backtrace(stack, cpu=state.cpu, pid=state.task.pid, comm=state.task.comm)
