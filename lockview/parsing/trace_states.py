"""What the world of a trace held at any event: from the nearest snapshot on, checking every old value on the way."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator

from lockview.model.run_traces import ABSENT, Index, Json, Record, RunEvent, Snapshot
from lockview.parsing.trace_lines import TraceError, read_line

State = dict[str, Json]
"""The value of each cell by its name, ``object.field``."""

_SNAP = b'{"k":"snap",'


class TraceStates:
    """Jumps about in a trace, unpacked. Only the lines between a snapshot and the place asked for are read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._places = _indexed(data) or _searched(data)

    def at(self, index: int) -> State:
        """The state after event ``index``, -1 for the start; that of the end for a larger one.

        Raises TraceError for a value that is not what the event says it was, and for a trace without snapshots.
        """
        place = bisect_right([snapshot for snapshot, _ in self._places], index) - 1
        if place < 0:
            raise TraceError(1, "there is no snapshot from which the state could be told")
        state: State = {}
        for number, record in _records(self._data, self._places[place][1]):
            if isinstance(record, Snapshot) and not state:
                state = dict(record.state)
            elif isinstance(record, RunEvent):
                if record.number > index:
                    break
                apply(state, record, number)
        return state

    def check(self) -> int:
        """Go through the whole trace; the number of events. Raises TraceError at the first that does not fit."""
        state: State | None = None
        events = 0
        for number, record in _records(self._data, 0):
            if isinstance(record, RunEvent):
                events += 1
                if state is not None:
                    apply(state, record, number)
            elif isinstance(record, Snapshot):
                if state is not None:
                    _compare(state, record.state, number)
                state = dict(record.state)
        return events


def apply(state: State, event: RunEvent, line: int) -> None:
    """Do to a state what an event did. Raises TraceError, with ``line``, when a value was another one before."""
    if event.object or event.field:
        _set(state, event.object, event.field, event.old, event.new, line)
    for object_name, field, old, *rest in event.also:
        _set(state, object_name, field, old, rest[0] if rest else ABSENT, line)


def cell_name(object_name: str, field: str) -> str:
    """The name of a cell in snapshots."""
    return f"{object_name}.{field}" if object_name and field else object_name or field


def _set(state: State, object_name: str, field: str, old: Json, new: Json, line: int) -> None:
    name = cell_name(object_name, field)
    if name not in state:
        if old is not ABSENT or new is not ABSENT:
            raise TraceError(line, f"obj: there is no {name} in the snapshot before")
        return
    if old is not ABSENT and state[name] != old:
        raise TraceError(line, f"old: {name} is {_shown(state[name])} here, not {_shown(old)}")
    if new is not ABSENT:
        state[name] = new


def _compare(state: State, snapshot: State, line: int) -> None:
    for name in {**state, **snapshot}:
        if state.get(name, ABSENT) != snapshot.get(name, ABSENT):
            there = _shown(snapshot[name]) if name in snapshot else "missing"
            here = _shown(state[name]) if name in state else "not there"
            raise TraceError(line, f"state: {name} is {there} in the snapshot, but {here} after the events before")


def _shown(value: Json) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _records(data: bytes, start: int) -> Iterator[tuple[int, Record]]:
    """The records from a byte on, each with its line; a last line that was cut is left out."""
    number = data.count(b"\n", 0, start) + 1
    while start < len(data):
        stop = data.find(b"\n", start)
        if stop < 0:
            return
        yield number, read_line(data[start:stop], number)
        start, number = stop + 1, number + 1


def _indexed(data: bytes) -> list[tuple[int, int]]:
    """The places of snapshots as the index says, if there is one and it is true."""
    last = data.rstrip(b"\n").rfind(b"\n")
    start = data.rfind(b"\n", 0, max(last, 0)) + 1
    try:
        record = read_line(data[start : max(last, 0)], 1)
    except TraceError:
        return []
    if not isinstance(record, Index):
        return []
    places = []
    for place in record.snapshots:
        if not (isinstance(place, list) and len(place) == 2 and all(type(number) is int for number in place)):
            return []
        index, byte = place
        if not data.startswith(b'%s"i":%d,' % (_SNAP, index), byte):
            return []
        places.append((index, byte))
    return places


def _searched(data: bytes) -> list[tuple[int, int]]:
    """The same by looking through all bytes."""
    places = []
    start = 0 if data.startswith(_SNAP) else data.find(b"\n" + _SNAP) + 1
    while data.startswith(_SNAP, start):
        stop = data.find(b"\n", start)
        if stop < 0:
            break
        record = read_line(data[start:stop], data.count(b"\n", 0, start) + 1)
        if isinstance(record, Snapshot):
            places.append((record.number, start))
        start = data.find(b"\n" + _SNAP, stop) + 1 or len(data)
    return places
