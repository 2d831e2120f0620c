"""What the lanes of a trace show: for each lock of each task, since when it is waited for and held, and until when."""

from __future__ import annotations

from typing import NamedTuple

from lockview.model.locks import LockClass
from lockview.model.traces import EventKind, Trace

NEVER = -1


class LockSpan(NamedTuple):
    """One use of a lock. Times are event indices, NEVER when it did not happen in the trace.

    ``row`` is the place in the task's lane, 0 uppermost; uses that overlap in time have different rows.
    ``blocker`` indexes the span that holds the lock when this one starts to wait.
    """

    task: int
    lock: LockClass
    row: int
    wait: int = NEVER
    hold: int = NEVER
    release: int = NEVER
    blocker: int = NEVER

    @property
    def first(self) -> int:
        """The event that starts the span."""
        return self.wait if self.wait != NEVER else self.hold


def spans_of(trace: Trace) -> tuple[LockSpan, ...]:
    """The spans of a trace, in the order in which they start. Events that contradict the trace are left out."""
    spans: list[LockSpan] = []
    open_spans: dict[tuple[int, LockClass], list[int]] = {}
    for event in trace.events:
        if event.lock is None or not 0 <= event.task < len(trace.tasks):
            continue
        mine = open_spans.setdefault((event.task, event.lock), [])
        if event.kind is EventKind.ACQUIRE and mine and spans[mine[-1]].hold == NEVER:
            spans[mine[-1]] = spans[mine[-1]]._replace(hold=event.index)
        elif event.kind is EventKind.RELEASE and mine and spans[mine[-1]].hold != NEVER:
            spans[mine[-1]] = spans[mine[-1]]._replace(release=event.index)
            mine.pop()
        elif event.kind in (EventKind.ACQUIRE, EventKind.WAIT):
            row = _free_row(spans, open_spans, event.task)
            if event.kind is EventKind.WAIT:
                blocker = _holder(spans, open_spans, event.lock)
                spans.append(LockSpan(event.task, event.lock, row, wait=event.index, blocker=blocker))
            else:
                spans.append(LockSpan(event.task, event.lock, row, hold=event.index))
            mine.append(len(spans) - 1)
    return tuple(spans)


def _free_row(spans: list[LockSpan], open_spans: dict[tuple[int, LockClass], list[int]], task: int) -> int:
    taken = {spans[number].row for (owner, _), mine in open_spans.items() if owner == task for number in mine}
    return next(row for row in range(len(taken) + 1) if row not in taken)


def _holder(spans: list[LockSpan], open_spans: dict[tuple[int, LockClass], list[int]], lock: LockClass) -> int:
    holding = [n for (_, held), mine in open_spans.items() if held == lock for n in mine if spans[n].hold != NEVER]
    return holding[0] if holding else NEVER
