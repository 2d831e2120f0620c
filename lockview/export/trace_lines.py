"""The trace format, written: one line per record, the same bytes for the same records."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from lockview.model.run_traces import (
    FORMAT,
    End,
    Index,
    Json,
    Other,
    Record,
    RunEvent,
    RunTrace,
    Snapshot,
    TracedThread,
)
from lockview.model.trace_forms import FORM_OF

Write = Callable[[bytes], object]


class TraceWriter:
    """Writes records one after the other, each at once, so that a trace that is cut is one up to there.

    It knows what the last lines say about those before: ``finish`` writes them.
    """

    def __init__(self, write: Write) -> None:
        self._write = write
        self._hash = hashlib.sha256()
        self._size = 0
        self._snapshots: list[list[int]] = []
        self._events = self._tasks = 0

    def add(self, record: Record) -> None:
        """Write a record that is neither an ``Index`` nor an ``End``."""
        match record:
            case Snapshot():
                self._snapshots.append([record.number, self._size])
            case RunEvent():
                self._events += 1
            case TracedThread():
                self._tasks += 1
            case _:
                pass
        self._put(line(record))

    def finish(self, result: str) -> None:
        """Write the index and the end."""
        self._put(line(Index(tuple(self._snapshots), self._events, self._tasks)))
        self._write(line(End(result, self._events, self._hash.hexdigest())))

    def _put(self, data: bytes) -> None:
        self._hash.update(data)
        self._size += len(data)
        self._write(data)


def trace_bytes(trace: RunTrace) -> bytes:
    """A trace that was read, as it stood in its file if that was written by this program."""
    return b"".join(line(record) for record in (trace.head, *trace.records))


def written(records: Iterable[Record], result: str) -> bytes:
    """Records as a whole trace; index and end are made here."""
    pieces: list[bytes] = []
    writer = TraceWriter(pieces.append)
    for record in records:
        writer.add(record)
    writer.finish(result)
    return b"".join(pieces)


def line(record: Record) -> bytes:
    """A record as its line, in ASCII, with the line feed."""
    fields: dict[str, Json] = {}
    if isinstance(record, Other):
        fields["k"] = record.kind
    else:
        form = FORM_OF[type(record)]
        fields["k"] = form.kind
        if form.kind == "head":
            fields["format"] = FORMAT
        defaults = _defaults(form.value)
        for field in form.fields:
            value = getattr(record, field.name)
            if field.needed or value != defaults[field.name]:
                fields[field.key] = value
    fields.update(record.extra)
    return canonical(fields).encode("ascii") + b"\n"


def canonical(value: Json) -> str:
    """A value as JSON without white space, in ASCII. Raises ValueError for fractions that JSON cannot say."""
    return _encoder()(value)


@cache
def _encoder() -> Callable[[Json], str]:
    import json

    return json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode


def _defaults(value: type[Any]) -> dict[str, Any]:
    defaults: dict[str, Any] = value._field_defaults
    return defaults
