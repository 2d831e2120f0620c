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
    """Reads one dump."""

    def take(self, text: str, number: int) -> bool:
        """Take a line, the first one included; False for one that is none of the dump's. ``number`` is from 1."""
        ...

    def value(self) -> LockOrders | Table | EventStream | None:
        """What was read; None when it says nothing."""
        ...


class Dialect(NamedTuple):
    """A sort of dump: the literals of which one stands in its first line, and the module and name of its reader.

    The module's ``starts(line)`` proves a first line. ``field`` is the field of a log that takes what was read. So many
    lines of something else in a row as ``patience`` says end it.
    """

    field: str
    signs: tuple[bytes, ...]
    module: str
    reader: str
    patience: int = 8


DIALECTS: tuple[Dialect, ...] = (
    Dialect("orders", (b"all lock classes:",), "lockdep_orders", "ClassesReader"),
    Dialect("orders", (b"all lock chains:",), "lockdep_orders", "ChainsReader"),
    Dialect("tables", (b" lock-classes: ",), "lockdep_stats", "StatisticsReader", 3),
    Dialect("tables", (b"lock_stat version ",), "lock_stat", "ContentionReader"),
    Dialect("tables", (b" total wait ", b" avg wait "), "perf_lock", "PerfLockReader"),
    Dialect(
        "event_streams",
        (b": lock_", b": contention_", b" lock:lock_", b" lock:contention_"),
        "lock_trace",
        "TraceReader",
    ),
)


def _opened(line: str) -> _Open | None:
    """What a line begins, if it is the first of a dump."""
    for dialect in DIALECTS:
        if any(sign.decode() in line for sign in dialect.signs):
            module = import_module(f"lockview.parsing.dialects.{dialect.module}")
            if module.starts(line):
                return _Open(dialect, getattr(module, dialect.reader)())
    return None


class _Open:
    """The dump that is being read."""

    def __init__(self, dialect: Dialect, reader: DumpReader) -> None:
        self.dialect = dialect
        self.reader = reader
        self.stray = 0


@cache
def _signs() -> tuple[bytes, ...]:
    return tuple(sign for dialect in DIALECTS for sign in dialect.signs)


class Dumps:
    """Watches a source go by in blocks of UTF-8."""

    def __init__(self) -> None:
        self._found: dict[str, list[LockOrders | Table | EventStream]] = {}
        self._open: _Open | None = None
        self._carry = b""
        self._line = 1
        self._left = SEARCHED

    def watch(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """The same blocks."""
        for block in blocks:
            if self._open is not None or self._left > 0:
                self._feed(block)
            yield block

    def added_to(self, log: Log) -> Log:
        """The log of the source, which has ended, with the dumps that were in it."""
        if self._carry and (self._open is not None or self._left > 0):
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
            if self._open is None:
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
        """Give lines to a dump until it or the data ends; returns where, and the number of the line there."""
        while position < len(data):
            end = data.find(b"\n", position)
            end = len(data) if end < 0 else end
            text = data[position : min(end, position + _LONGEST_LINE)].decode("utf-8", "surrogateescape").rstrip("\r")
            while text.startswith(">"):
                text = text[1:].removeprefix(" ")
            if not self._takes(text, number):
                return end + 1, number + 1
            position, number = end + 1, number + 1
        return position, number

    def _takes(self, text: str, number: int) -> bool:
        """Give a line to the dump that is open or that it opens; False when none is open any more."""
        current = self._open
        if current is not None and current.reader.take(text, number):
            current.stray = 0
            return True
        begun = _opened(text)
        if current is not None and begun is None:
            current.stray += 1
            if current.stray <= current.dialect.patience:
                return True
        self._close()
        self._open = begun
        return begun is not None and begun.reader.take(text, number)

    def _close(self) -> None:
        if self._open is not None:
            value = self._open.reader.value()
            if value is not None:
                self._found.setdefault(self._open.dialect.field, []).append(value)
                self._left = SEARCHED
            self._open = None


def _hits(data: bytes) -> list[int]:
    """The offsets of signs, last one first."""
    found = []
    for sign in _signs():
        position = data.find(sign)
        while position >= 0:
            found.append(position)
            position = data.find(sign, position + len(sign))
    return sorted(found, reverse=True)
