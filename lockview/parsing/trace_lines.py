"""The trace format, read: every line is checked, the first wrong one is named, and a missing end costs only the end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NoReturn

from lockview.model.locks import Access
from lockview.model.run_traces import (
    FORMAT,
    VERSION,
    End,
    Head,
    Json,
    Other,
    Record,
    RunEvent,
    RunTrace,
    Snapshot,
    TracedClass,
    TracedFrame,
    TracedInstance,
    TracedStack,
    TracedThread,
)
from lockview.model.trace_forms import FORMS, FieldForm, LineForm, Shape

_START = b'{"k":"head","format":"' + FORMAT.encode() + b'"'
_ENDS = ("release", "srcu_unlock")
_LOCK_OPERATIONS = frozenset(("acquire", "acquired", "contend", "downgrade", "srcu_lock", *_ENDS))
_MODES = tuple(Access)


class TraceError(ValueError):
    """A line that is none of a trace. The text names the line, the field and what was expected."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(f"line {line}: {text}")
        self.line = line


def is_trace(data: bytes) -> bool:
    """Whether a file that begins with these bytes is a trace."""
    return data.startswith(_START)


def read_trace(data: bytes) -> RunTrace:
    """Read a trace, unpacked. One whose end is missing is read up to its last whole line.

    Raises TraceError for a line that is wrong, and for a trace of a later major version.
    """
    head, *records = _Checked(data).records()
    assert isinstance(head, Head)
    remarks = []
    end = records[-1] if records and isinstance(records[-1], End) else None
    events = sum(isinstance(record, RunEvent) for record in records)
    if end is None:
        remarks.append(f"The end of this trace is missing; it goes up to event {events - 1}." if events else
                       "The end of this trace is missing, and all its events.")  # fmt: skip
    elif end.hash != hashlib.sha256(data[: data.rstrip(b"\n").rfind(b"\n") + 1]).hexdigest():
        remarks.append("This trace was changed after it was written: its checksum is another one.")
    return RunTrace(head, tuple(records), tuple(remarks))


def read_line(data: bytes, number: int) -> Record:
    """One line as its value; ``number`` is for messages. Raises TraceError."""
    found = _object(data, number)
    kind = found.pop("k", None)
    if not isinstance(kind, str):
        raise TraceError(number, "k: the kind of the line was expected first")
    form = FORMS.get(kind)
    if form is None:
        return Other(kind, tuple(found.items()))
    if form.value is Head:
        _check_version(found, number)
    record: Record = _value(form, found, number)
    return record


class _Checked:
    """The records of a trace in order; what they refer to must have been introduced before."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._number = 0
        self._events = 0
        self._known: dict[type[Any], set[Any]] = {
            kind: set() for kind in (TracedClass, TracedInstance, TracedThread, TracedFrame, TracedStack)
        }

    def records(self) -> Iterator[Record]:
        ended = False
        for number, text, whole in _lines(self._data):
            self._number = number
            try:
                record = read_line(text, number)
            except TraceError:
                if whole or number == 1:
                    raise
                return  # the line in which the trace was cut
            if isinstance(record, Head) != (number == 1):
                self._fail(f'k: "head" was expected in line 1 and nowhere else; a {FORMAT} begins with it')
            if ended:
                self._fail('k: nothing was expected behind "end"')
            self._check(record)
            ended = isinstance(record, End)
            yield record
        if not self._number:
            raise TraceError(1, f"k: a {FORMAT} begins with a head, but there is nothing")

    def _check(self, record: Record) -> None:
        match record:
            case TracedClass() | TracedThread() | TracedFrame():
                self._introduce(record)
            case TracedInstance():
                self._expect("class", TracedClass, record.lock_class)
                self._introduce(record)
            case TracedStack():
                for frame in record.frames:
                    self._expect("frames", TracedFrame, frame)
                self._introduce(record)
            case RunEvent():
                self._check_event(record)
            case Snapshot() if record.number != self._events - 1:
                self._fail(f"i: {self._events - 1}, the number of the last event, was expected")
            case End() if record.events != self._events:
                self._fail(f"events: {self._events} were expected, so many are there")
            case _:
                pass

    def _check_event(self, event: RunEvent) -> None:
        if event.number != self._events:
            self._fail(f"i: {self._events} was expected: events have no gaps")
        self._events += 1
        self._expect("task", TracedThread, event.task)
        for key, kind, number in (
            ("lock", TracedInstance, event.lock or None),
            ("nest", TracedInstance, event.nest or None),
            ("class", TracedClass, event.lock_class),
            ("stack", TracedStack, event.stack),
            *(("en", TracedThread, task) for task in event.enabled),
        ):
            if number is not None:
                self._expect(key, kind, number)
        if event.time < 0 or event.length < 0:
            self._fail("t: a time from 0 on was expected")
        self._check_lock(event)
        if event.chosen is not None and not 0 <= event.chosen < len(event.enabled):
            self._fail(f"ch: a place in en, which has {len(event.enabled)}, was expected")
        if event.chosen is not None and event.op == "choice" and type(event.value) is not int:
            self._fail("val: the number of the answer was expected")
        for cell in event.also:
            if not (isinstance(cell, list) and len(cell) in (3, 4) and all(isinstance(name, str) for name in cell[:2])):
                self._fail("also: lists of object, field, old and new value were expected")

    def _check_lock(self, event: RunEvent) -> None:
        if event.op not in _LOCK_OPERATIONS:
            return
        if not event.lock or event.lock_class is None:
            self._fail(f"lock: the lock and the class were expected, as of every {event.op}")
        if event.mode not in _MODES and event.op not in _ENDS:
            self._fail(f"mode: one of {', '.join(_MODES)} was expected")

    def _introduce(self, record: Any) -> None:
        known = self._known[type(record)]
        if record.id in known:
            self._fail(f"id: {record.id} is there twice")
        known.add(record.id)

    def _expect(self, key: str, kind: type[Any], number: object) -> None:
        if number not in self._known[kind]:
            self._fail(f"{key}: {number} was not introduced before")

    def _fail(self, text: str) -> NoReturn:
        raise TraceError(self._number, text)


def _lines(data: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Each line with its number, and whether its line feed is there."""
    start, number = 0, 1
    while start < len(data):
        stop = data.find(b"\n", start)
        whole = stop >= 0
        stop = stop if whole else len(data)
        yield number, data[start:stop], whole
        start, number = stop + 1, number + 1


def _object(data: bytes, number: int) -> dict[str, Json]:
    try:
        found = _decoder().decode(data.decode("ascii"))
    except json.JSONDecodeError as error:
        raise TraceError(number, f"no JSON: {error.msg} in column {error.colno}") from None
    except RecursionError:
        raise TraceError(number, "no JSON of a trace: it is nested too deeply") from None
    except UnicodeDecodeError:
        raise TraceError(number, "no JSON: ASCII was expected") from None
    except ValueError as error:
        raise TraceError(number, f"no JSON of a trace: {error}") from None
    if not isinstance(found, dict):
        raise TraceError(number, "an object was expected")
    return found


@cache
def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse)


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text[:40]} is no whole number")


def _check_version(found: dict[str, Json], number: int) -> None:
    if found.pop("format", None) != FORMAT:
        raise TraceError(number, f'format: "{FORMAT}" was expected')
    version = found.get("version")
    if not isinstance(version, list) or len(version) != 2 or not all(type(part) is int for part in version):
        raise TraceError(number, "version: [major, minor] was expected")
    if version[0] > VERSION[0]:
        raise TraceError(
            number,
            f"version: this trace is of version {version[0]}.{version[1]}, and this program reads versions up to "
            f"{VERSION[0]}; a newer lockview reads it",
        )


def _value(form: LineForm, found: dict[str, Json], number: int) -> Any:
    values: dict[str, Json] = {}
    for field in form.fields:
        if field.key in found:
            values[field.name] = _checked(form, field, found.pop(field.key), number)
        elif field.needed:
            raise TraceError(number, f"{form.kind}.{field.key}: {field.shape.value} was expected, but it is missing")
    return form.value(**values, extra=tuple(found.items()))


def _checked(form: LineForm, field: FieldForm, value: Json, number: int) -> Json:
    if not _FITS[field.shape](value):
        raise TraceError(number, f"{form.kind}.{field.key}: {field.shape.value} was expected")
    return tuple(value) if isinstance(value, list) and field.shape is not Shape.ANY else value


def _is_whole(value: Json) -> bool:
    # Not isinstance(): True is an int in Python and never a number in JSON.
    return type(value) is int


_FITS: dict[Shape, Callable[[Json], bool]] = {
    Shape.WHOLE: _is_whole,
    Shape.TEXT: lambda value: isinstance(value, str),
    Shape.FLAG: lambda value: isinstance(value, bool),
    Shape.WHOLES: lambda value: isinstance(value, list) and all(map(_is_whole, value)),
    Shape.TEXTS: lambda value: isinstance(value, list) and all(isinstance(text, str) for text in value),
    Shape.LIST: lambda value: isinstance(value, list),
    Shape.OBJECT: lambda value: isinstance(value, dict),
    Shape.ANY: lambda _value: True,
}
