"""What reading a source gives: its reports, and what can be said about the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lockview.model.reports import Report
from lockview.model.text import Problem

if TYPE_CHECKING:  # loaded only for the sources that hold such things
    from lockview.model.lock_events import EventStream
    from lockview.model.orders import LockOrders
    from lockview.model.statistics import Table


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A line that looks like the start or a part of a lock report but gave none, and why."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Log:
    """One source, read. ``name`` is a path, ``-`` for standard input, or what the user called the text.

    ``wrappers`` names what was taken off the lines, in the user's words (``printk time stamps``, ``mail quotes``,
    ``gzip``). ``lines`` and ``size`` (bytes after decompression) count what was read. ``orders``, ``tables`` and
    ``event_streams`` are what stood in it besides reports: copies of files under /proc, and traces.
    """

    name: str
    reports: tuple[Report, ...] = ()
    problems: tuple[Problem, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
    wrappers: tuple[str, ...] = ()
    lines: int = 0
    size: int = 0
    orders: tuple[LockOrders, ...] = ()
    tables: tuple[Table, ...] = ()
    event_streams: tuple[EventStream, ...] = ()

    @property
    def holds_anything(self) -> bool:
        """Whether anything about locks was found, reports or not."""
        return bool(self.reports or self.orders or self.tables or self.event_streams)
