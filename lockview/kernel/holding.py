"""Who may take a lock when: one set of rules for exclusive and shared holders, queueing or not.

A lock that is not fair may be taken by anybody as soon as it is free. A fair one is a FIFO in which neighbouring
readers go together; whoever comes later waits behind the queue, as with ``kernel/locking/rwsem.c`` without stealing.
"""

from __future__ import annotations

from lockview.kernel.handles import NOBODY, HolderState, Lock
from lockview.model.locks import Access


class MisuseError(Exception):
    """A lock operation that the kernel forbids: releasing what one does not hold. The text says what was done."""


def taken(lock: Lock, state: HolderState, task: int, access: Access) -> HolderState | None:
    """The state in which ``task`` has the lock; None when it cannot have it now."""
    exclusive = access is Access.EXCLUSIVE
    if not _compatible(state, exclusive):
        return None
    if lock.fair and access is not Access.RECURSIVE:
        ahead = _ahead(state, task)
        if any(other_exclusive for _, other_exclusive in ahead) or (exclusive and ahead):
            return None
    queue = tuple(place for place in state.queue if place[0] != task)
    if exclusive:
        return HolderState(task, state.readers, queue)
    return HolderState(NOBODY, (*state.readers, task), queue)


def queued(state: HolderState, task: int, access: Access) -> HolderState:
    """The state in which ``task`` waits at the end of the queue."""
    return state._replace(queue=(*state.queue, (task, access is Access.EXCLUSIVE)))


def is_queued(state: HolderState, task: int) -> bool:
    """Whether a task waits in the queue."""
    return any(waiting == task for waiting, _ in state.queue)


def released(lock: Lock, state: HolderState, task: int, access: Access) -> HolderState:
    """The state after ``task`` gave the lock up. Raises MisuseError when it does not hold it that way."""
    if access is Access.EXCLUSIVE:
        if state.writer != task:
            raise MisuseError(f"{lock.name} is released by a task that does not hold it")
        return state._replace(writer=NOBODY)
    if task not in state.readers:
        raise MisuseError(f"{lock.name} is released by a task that does not hold it shared")
    place = state.readers.index(task)
    return state._replace(readers=state.readers[:place] + state.readers[place + 1 :])


def downgraded(lock: Lock, state: HolderState, task: int) -> HolderState:
    """The state after a writer became a reader. Raises MisuseError when it is no writer."""
    if state.writer != task:
        raise MisuseError(f"{lock.name} is downgraded by a task that does not hold it")
    return HolderState(NOBODY, (*state.readers, task), state.queue)


def _compatible(state: HolderState, exclusive: bool) -> bool:
    return state.writer == NOBODY and not (exclusive and state.readers)


def _ahead(state: HolderState, task: int) -> tuple[tuple[int, bool], ...]:
    """Those who wait in front of a task: everybody, when it does not wait itself."""
    for place, (waiting, _) in enumerate(state.queue):
        if waiting == task:
            return state.queue[:place]
    return state.queue
