"""Work items, as in kernel/workqueue.c. Their lockdep maps say that who flushes waits for what the function takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from lockview.kernel.effects import Annotate, Atomic, Await, Routine, Value
from lockview.kernel.handles import Cell, Lock

IDLE, PENDING, RUNNING, RUNNING_AND_PENDING = range(4)


class Work(NamedTuple):
    """A work item on a queue.

    ``queue_map`` is the map of the queue, ``(wq_completion)NAME``, ``map`` that of the item,
    ``(work_completion)(&NAME)``; both are markers. ``state`` is IDLE at first.
    """

    queue_map: Lock
    map: Lock
    state: Cell
    function: Callable[[], Routine[Any]]


def queue_work_on(work: Work) -> Routine[bool]:
    """``queue_work``: False if it is pending already."""
    queued: bool = yield Atomic((work.state,), _queue, "queue the work")
    return queued


def worker_thread(work: Work) -> Routine[None]:
    """A worker, for a daemon: waits for the item, again and again."""
    while True:
        yield from process_one_work(work)


def process_one_work(work: Work) -> Routine[None]:
    """Wait until the item is pending, call its function."""
    yield Atomic((work.state,), lambda state: (None, RUNNING) if state == PENDING else None, "wait for work")
    yield Annotate(work.queue_map)
    yield Annotate(work.map)
    yield from work.function()
    yield Annotate(work.map, release=True)
    yield Annotate(work.queue_map, release=True)
    yield Atomic((work.state,), lambda state: (None, PENDING if state == RUNNING_AND_PENDING else IDLE), "work is done")


def __flush_work(work: Work) -> Routine[None]:
    """``flush_work``: wait until the item has run."""
    yield Annotate(work.map)
    yield Annotate(work.map, release=True)
    yield Await(work.state, _is_idle, what="for the work")


def __flush_workqueue(work: Work) -> Routine[None]:
    """``flush_workqueue``: the same for the whole queue, which has this one item here."""
    yield Annotate(work.queue_map)
    yield Annotate(work.queue_map, release=True)
    yield Await(work.state, _is_idle, what="for the work queue")


def __cancel_work_sync(work: Work) -> Routine[bool]:
    """``cancel_work_sync``: take it off the queue, or wait until it has run; whether it was pending."""
    was_pending: bool = yield Atomic((work.state,), _cancel, "cancel the work")
    yield from __flush_work(work)
    return was_pending


flush_work = __flush_work
flush_workqueue = __flush_workqueue
cancel_work_sync = __cancel_work_sync
queue_work = queue_work_on


def _queue(state: int) -> tuple[Value, ...]:
    if state in (PENDING, RUNNING_AND_PENDING):
        return (False, state)
    return (True, PENDING if state == IDLE else RUNNING_AND_PENDING)


def _cancel(state: int) -> tuple[Value, ...]:
    if state == PENDING:
        return (True, IDLE)
    return (state == RUNNING_AND_PENDING, RUNNING if state == RUNNING_AND_PENDING else state)


def _is_idle(state: int) -> bool:
    return state == IDLE
