"""Copies of /proc files and traces inside a source: found by content, read line by line while the source goes by.

A small source is searched as a whole; of a large one the beginning, and what follows a dump that was found. While one
is being read memory grows with what it says, not with its length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from lockview.model.logs import Log

if TYPE_CHECKING:
    from lockview.model.lock_events import EventStream
    from lockview.model.orders import LockOrders
    from lockview.model.statistics import Table

SEARCHED = 4 << 20
"""So far from the start, or from the end of the last dump, another one is looked for, in bytes."""
_LONGEST_LINE = 64 << 10


class DumpReader(Protocol):
    """Reads one dump. ``take`` gets its lines, the first one included, and returns False for one behind its end."""

    def take(self, text: str, number: int) -> bool:
        """Take a line; ``number`` is that of the raw line."""
        ...

    def value(self) -> LockOrders | Table | EventStream | None:
        """What was read; None when it says nothing."""
        ...


class Dialect(NamedTuple):
    """A sort of dump: the literals of which one stands in its first line, and the module and name of its reader.

    The module's ``starts(line)`` proves a first line. ``field`` is the field of a log that takes what was read.
    """

    field: str
    signs: tuple[bytes, ...]
    module: str
    reader: str


DIALECTS: tuple[Dialect, ...] = (
    Dialect("orders", (b"all lock classes:",), "lockdep_orders", "ClassesReader"),
    Dialect("orders", (b"all lock chains:",), "lockdep_orders", "ChainsReader"),
    Dialect("tables", (b" lock-classes: ",), "lockdep_stats", "StatisticsReader"),
    Dialect("tables", (b"lock_stat version ",), "lock_stat", "ContentionReader"),
    Dialect(
        "event_streams",
        (b": lock_", b": contention_", b" lock:lock_", b" lock:contention_"),
        "lock_trace",
        "TraceReader",
    ),
)


def _reader_at(line: str) -> tuple[str, DumpReader] | None:
    """The field and the reader for a line that may be the first of a dump."""
    for dialect in DIALECTS:
        if any(sign.decode() in line for sign in dialect.signs):
            module = import_module(f"lockview.parsing.dialects.{dialect.module}")
            if module.starts(line):
                reader: DumpReader = getattr(module, dialect.reader)()
                return dialect.field, reader
    return None


@cache
def _signs() -> tuple[bytes, ...]:
    return tuple(sign for dialect in DIALECTS for sign in dialect.signs)


class Dumps:
    """Watches a source go by in blocks of UTF-8."""

    def __init__(self) -> None:
        self._found: dict[str, list[LockOrders | Table | EventStream]] = {}
        self._reader: tuple[str, DumpReader] | None = None
        self._carry = b""
        self._line = 1
        self._left = SEARCHED

    def watch(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """The same blocks."""
        for block in blocks:
            if self._reader is not None or self._left > 0:
                self._feed(block)
            yield block

    def added_to(self, log: Log) -> Log:
        """The log of the source, which has ended, with the dumps that were in it."""
        if self._carry and (self._reader is not None or self._left > 0):
            self._scan(self._carry)
        self._carry = b""
        self._close()
        fields: dict[str, Any] = {name: tuple(values) for name, values in self._found.items()}
        return replace(log, **fields) if fields else log

    def _feed(self, block: bytes) -> None:
        cut = block.rfind(b"\n") + 1
        if not cut and len(self._carry) < _LONGEST_LINE:
            self._carry += block
            return
        data = self._carry + block[:cut]
        self._carry = block[cut:] if cut else block
        self._scan(data)
        self._line += data.count(b"\n")

    def _scan(self, data: bytes) -> None:
        position, number = 0, self._line
        hits: list[int] | None = None
        while position < len(data):
            if self._reader is None:
                if self._left <= 0:
                    return
                hits = _hits(data) if hits is None else hits
                while hits and hits[-1] < position:
                    hits.pop()
                if not hits:
                    self._left -= len(data) - position
                    return
                start = data.rfind(b"\n", position, hits[-1]) + 1 or position
                self._left -= start - position
                number += data.count(b"\n", position, start)
                position = start
            position, number = self._read(data, position, number)

    def _read(self, data: bytes, position: int, number: int) -> tuple[int, int]:
        """Give lines to the reader until it or the data ends; returns where, and the number of the line there."""
        while position < len(data):
            end = data.find(b"\n", position)
            end = len(data) if end < 0 else end
            text = data[position : min(end, position + _LONGEST_LINE)].decode("utf-8", "surrogateescape").rstrip("\r")
            while text.startswith(">"):
                text = text[1:].removeprefix(" ")
            if self._reader is None:
                self._reader = _reader_at(text)
                if self._reader is None:
                    return end + 1, number + 1
            if not self._reader[1].take(text, number):
                self._close()
                return position, number
            position, number = end + 1, number + 1
        return position, number

    def _close(self) -> None:
        if self._reader is not None:
            field, reader = self._reader
            value = reader.value()
            if value is not None:
                self._found.setdefault(field, []).append(value)
                self._left = SEARCHED
            self._reader = None


def _hits(data: bytes) -> list[int]:
    """The offsets of signs, last one first."""
    found = []
    for sign in _signs():
        position = data.find(sign)
        while position >= 0:
            found.append(position)
            position = data.find(sign, position + len(sign))
    return sorted(found, reverse=True)
