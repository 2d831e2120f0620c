"""A run over time, however long: per task rows of stretches, kept in columns, and what of them a view can show.

What is outside the view costs nothing, and what is finer than a few pixels is told in bins, so a view of a million
events takes as long as one of a thousand. Times are whole numbers that never fall: event numbers or nanoseconds.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from lockview.model.traces import EventKind

MOST_ROWS = 12
"""Locks of one task that are shown at once; what a task holds beyond that is counted."""
FINE = 3.0
"""Pixels: a stretch that is narrower is told together with its neighbours, in a bin of that width."""
ARROW_ROOM = 6.0
"""Pixels between two arrows of a view at the least."""
NOBODY = -1
SHADES = 8


class Place(NamedTuple):
    """A row of a lane."""

    task: int
    row: int


class Stretches:
    """What one row shows: stretches that do not overlap, in order. ``waits`` has 1 for a wait, 0 for a hold."""

    __slots__ = ("_busy", "_waited", "ends", "locks", "starts", "waits")

    def __init__(self) -> None:
        self.starts, self.ends, self.locks, self.waits = array("q"), array("q"), array("q"), array("b")
        self._busy, self._waited = array("q"), array("q")

    def __len__(self) -> int:
        return len(self.starts)

    def sum_up(self) -> None:
        """Prepare for being looked at, after the last stretch."""
        lengths = (end - start for start, end in zip(self.starts, self.ends, strict=True))
        self._busy = array("q", accumulate(lengths, initial=0))
        self._waited = array("q", accumulate(self.waits, initial=0))

    def busy(self, first: int, last: int) -> int:
        """The time that the stretches from ``first`` to before ``last`` take together."""
        return self._busy[last] - self._busy[first]

    def wait_among(self, first: int, last: int) -> bool:
        """Whether one of these stretches is a wait."""
        return self._waited[last] > self._waited[first]

    def at(self, time: float) -> int:
        """The stretch that contains a time; ``NOBODY`` when none does."""
        number = bisect_right(self.starts, time) - 1
        return number if number >= 0 and time < self.ends[number] else NOBODY


class Timeline(NamedTuple):
    """``lanes`` has the rows of each task; ``hidden`` how many uses of locks found no row there.

    ``arrows`` are parallel columns: when a wait began, who waits (task, row), who holds (task, row). ``end`` is where
    what is still open ends.
    """

    tasks: tuple[str, ...]
    locks: tuple[str, ...]
    lanes: tuple[tuple[Stretches, ...], ...]
    hidden: tuple[int, ...]
    arrows: tuple[array[int], ...]
    end: int


class View(NamedTuple):
    """The times from ``start`` to ``end`` on ``width`` pixels."""

    start: float
    end: float
    width: float

    def x(self, time: float) -> float:
        """The pixel at which a time lies."""
        return (time - self.start) * self.width / (self.end - self.start)

    def time(self, x: float) -> float:
        """The time that lies at a pixel."""
        return self.start + x * (self.end - self.start) / self.width

    def zoomed(self, factor: float, x: float, most: float, least: float = 4.0) -> View:
        """Closer by a factor, with what is at pixel ``x`` kept there; never beyond 0 and ``most``."""
        length = min(max((self.end - self.start) / factor, min(least, most)), most)
        return self._replace(start=0.0, end=length).moved_to(self.time(x) - x * length / self.width, most)

    def moved_to(self, start: float, most: float) -> View:
        """As long, from another time on, as far as there is something to see."""
        length = self.end - self.start
        start = max(0.0, min(start, most - length))
        return self._replace(start=start, end=start + length)


class Bar(NamedTuple):
    """What is painted of a row. ``stretch`` is NOBODY for a bin of several; ``share`` of the bin is taken by them."""

    x: float
    width: float
    stretch: int
    share: float
    waits: bool


class Arrow(NamedTuple):
    """From the row that waits to the row that holds."""

    x: float
    waiter: Place
    holder: Place


def bars(row: Stretches, view: View) -> Iterator[Bar]:
    """What of a row lies in a view, from left to right; at most one bar per ``FINE`` pixels, and two at its ends."""
    starts, ends, waits = row.starts, row.ends, row.waits
    scale = view.width / (view.end - view.start)
    bin_length = FINE / scale
    number, count = bisect_right(ends, view.start), len(starts)
    while number < count and starts[number] < view.end:
        begin, finish = starts[number], ends[number]
        if finish - begin >= bin_length:
            yield Bar((begin - view.start) * scale, (finish - begin) * scale, number, 1.0, bool(waits[number]))
            number += 1
            continue
        last = bisect_left(starts, begin + bin_length, number + 1)
        if last - number > 1 and ends[last - 1] - starts[last - 1] >= bin_length:
            last -= 1
        length = max(ends[last - 1] - begin, 1e-9)
        only = last - number == 1
        share = 1.0 if only else min(1.0, row.busy(number, last) / max(length, bin_length))
        waiting = row.wait_among(number, last)
        yield Bar((begin - view.start) * scale, max(1.0, length * scale), number if only else NOBODY, share, waiting)
        number = last


def joined(found: Iterator[Bar]) -> Iterator[Bar]:
    """The bars with neighbouring bins that look alike as one: of the same shade, and with waits in all or in none."""
    last: Bar | None = None
    for bar in found:
        if last is not None:
            alike = bar.stretch == NOBODY and bar.waits == last.waits and shade(bar) == shade(last)
            if alike and bar.x - last.x - last.width < 1.0:
                last = Bar(last.x, bar.x + bar.width - last.x, NOBODY, last.share, last.waits)
                continue
            yield last
            last = None
        if bar.stretch == NOBODY:
            last = bar
        else:
            yield bar
    if last is not None:
        yield last


def shade(bar: Bar) -> int:
    """How much of a bar is taken, from 0 to ``SHADES``."""
    return round(bar.share * SHADES)


def arrows(timeline: Timeline, view: View) -> Iterator[Arrow]:
    """The arrows that begin in a view, none closer than ``ARROW_ROOM`` to the one before."""
    times, *columns = timeline.arrows
    number = bisect_left(times, view.start)
    room = ARROW_ROOM * (view.end - view.start) / view.width
    while number < len(times) and times[number] < view.end:
        task, row, other, its_row = (column[number] for column in columns)
        yield Arrow(view.x(times[number]), Place(task, row), Place(other, its_row))
        number = bisect_left(times, times[number] + room, number + 1)


class TimelineMaker:
    """Makes a timeline of changes that are told in order of time; what contradicts those before is left out."""

    def __init__(self, tasks: tuple[str, ...]) -> None:
        self._tasks = tasks
        self._lanes: list[list[Stretches]] = [[] for _ in tasks]
        self._free: list[list[int]] = [list(range(MOST_ROWS - 1, -1, -1)) for _ in tasks]
        self._hidden = [0] * len(tasks)
        self._locks: dict[str, int] = {}
        self._open: dict[tuple[int, int], list[_Use]] = {}
        self._holders: dict[int, list[_Use]] = {}
        self._arrows = tuple(array("q") for _ in range(5))
        self._time = 0

    def change(self, time: int, task: int, kind: EventKind, lock: str) -> None:
        """A task takes a lock, begins to wait for it, or gives it up."""
        self._time = max(self._time, time)
        number = self._locks.setdefault(lock, len(self._locks))
        mine = self._open.setdefault((task, number), [])
        if kind is EventKind.RELEASE:
            if mine and not mine[-1].waits:
                self._close(mine.pop(), number)
        elif kind is EventKind.ACQUIRE and mine and mine[-1].waits:
            self._end_stretch(mine[-1])
            self._hold(mine[-1], number)
        elif kind in (EventKind.ACQUIRE, EventKind.WAIT):
            use = self._begin(task)
            mine.append(use)
            if kind is EventKind.ACQUIRE:
                self._hold(use, number)
            else:
                self._wait(use, number)

    def made(self, end: int = 0) -> Timeline:
        """All of it. What is still open lasts until ``end``, or a little longer than the last change."""
        end = max(end, self._time + 1)
        for lane in self._lanes:
            for row in lane:
                for number in range(len(row.ends) - 1, -1, -1):
                    if row.ends[number] != NOBODY:
                        break
                    row.ends[number] = end
                row.sum_up()
        lanes = tuple(tuple(lane) for lane in self._lanes)
        return Timeline(self._tasks, tuple(self._locks), lanes, tuple(self._hidden), self._arrows, end)

    def _begin(self, task: int) -> _Use:
        free = self._free[task]
        if not free:
            self._hidden[task] += 1
            return _Use(task, NOBODY)
        row = free.pop()
        lane = self._lanes[task]
        if row == len(lane):
            lane.append(Stretches())
        return _Use(task, row)

    def _wait(self, use: _Use, lock: int) -> None:
        use.waits = True
        self._begin_stretch(use, lock)
        holder = next((other for other in self._holders.get(lock, ()) if other.task != use.task), None)
        if holder is not None and NOBODY not in (use.row, holder.row):
            values = (self._time, use.task, use.row, holder.task, holder.row)
            for column, value in zip(self._arrows, values, strict=True):
                column.append(value)

    def _hold(self, use: _Use, lock: int) -> None:
        use.waits = False
        self._begin_stretch(use, lock)
        self._holders.setdefault(lock, []).append(use)

    def _close(self, use: _Use, lock: int) -> None:
        self._end_stretch(use)
        self._holders[lock].remove(use)
        if use.row != NOBODY:
            free = self._free[use.task]
            free.append(use.row)
            free.sort(reverse=True)

    def _begin_stretch(self, use: _Use, lock: int) -> None:
        if use.row != NOBODY:
            row = self._lanes[use.task][use.row]
            row.starts.append(self._time)
            row.ends.append(NOBODY)
            row.locks.append(lock)
            row.waits.append(use.waits)

    def _end_stretch(self, use: _Use) -> None:
        if use.row != NOBODY:
            self._lanes[use.task][use.row].ends[-1] = self._time


class _Use:
    """A use of a lock that goes on, and its row; NOBODY for one that found none."""

    __slots__ = ("row", "task", "waits")

    def __init__(self, task: int, row: int) -> None:
        self.task, self.row, self.waits = task, row, False
