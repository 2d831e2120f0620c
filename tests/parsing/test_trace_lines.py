"""The trace format: read as it was written, cut anywhere, broken anywhere, and from other versions."""

import contextlib
import gzip
import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from run_traces import trace_bytes_of

from lockview.export.run_forms import run_sink
from lockview.export.trace_lines import line, trace_bytes, written
from lockview.model.run_traces import End, Index, Json, Other, RunEvent, RunTrace, Snapshot
from lockview.model.trace_forms import FORMS
from lockview.parsing.trace_gzip import block_at, unpacked
from lockview.parsing.trace_lines import TraceError, is_trace, read_line, read_trace
from lockview.parsing.trace_states import TraceStates

NAMES = ("S02", "S18", "S19", "S27")
WHOLE = trace_bytes_of("S01", 1)


def lines_of(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


def as_bytes(lines: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)


def changed(change: Callable[[list[dict[str, Any]]], object]) -> bytes:
    lines = lines_of(trace_bytes_of("S19"))
    change(lines)
    return as_bytes(lines)


def first(lines: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(line for line in lines if line["k"] == kind)


def test_lines_are_ascii_without_fractions_and_begin_with_their_kind() -> None:
    assert WHOLE.isascii()
    assert b"\r" not in WHOLE
    assert WHOLE.endswith(b"\n")
    for text in WHOLE.splitlines():
        assert text.startswith(b'{"k":"')
        json.loads(text, parse_float=pytest.fail)


def test_fields_stand_in_the_order_of_the_format() -> None:
    for fields in lines_of(WHOLE):
        order = [field.key for field in FORMS[fields["k"]].fields]
        keys = [key for key in fields if key not in ("k", "format")]
        assert keys == sorted(keys, key=order.index)


def test_a_whole_trace_has_no_remarks() -> None:
    assert read_trace(WHOLE).remarks == ()
    assert is_trace(WHOLE)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(NAMES), st.data())
def test_a_trace_cut_anywhere_opens_to_its_last_whole_event(name: str, data: st.DataObject) -> None:
    whole = trace_bytes_of(name)
    cut = data.draw(st.integers(whole.index(b"\n"), len(whole) - 2))
    found = read_trace(whole[:cut])
    complete = read_trace(whole)
    lines = whole[:cut].count(b"\n") + (whole[cut : cut + 1] == b"\n")
    assert found.head == complete.head
    assert found.records == complete.records[: lines - 1]
    assert bool(found.remarks) is (found.end is None)
    states = TraceStates(whole[:cut])
    if any(found.of(Snapshot)) and whole[:cut].count(b"\n") > lines - 1:
        events = states.check()
        assert states.at(events - 1) == TraceStates(whole).at(events - 1)


def test_a_trace_without_its_first_line_says_so() -> None:
    with pytest.raises(TraceError, match=r"^line 1: "):
        read_trace(WHOLE[:20])
    with pytest.raises(TraceError, match=r"^line 1: .*nothing"):
        read_trace(b"")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.integers(0, len(WHOLE) - 1), st.integers(0, 20))
def test_damage_is_named_or_does_no_harm(junk: bytes, place: int, gone: int) -> None:
    damaged = WHOLE[:place] + junk + WHOLE[place + gone :]
    with contextlib.suppress(TraceError):
        read_trace(damaged)
    with contextlib.suppress(TraceError):
        TraceStates(damaged).check()


def test_a_changed_value_is_noticed_by_the_checksum() -> None:
    other = WHOLE.replace(b'"comm":"worker"', b'"comm":"werker"', 1)
    assert read_trace(other).remarks == ("This trace was changed after it was written: its checksum is another one.",)


def test_an_old_value_that_does_not_fit_is_named() -> None:
    lines = lines_of(WHOLE)
    number = next(n for n, line in enumerate(lines) if line["k"] == "ev" and line.get("f") == "mmap_sem")
    lines[number]["old"] = [5, [], []]
    with pytest.raises(
        TraceError, match=rf"^line {number + 1}: old: mm:0.mmap_sem is \[-1, \[\], \[\]\] here, not \[5"
    ):
        TraceStates(as_bytes(lines)).check()


def test_a_snapshot_that_does_not_fit_is_named() -> None:
    lines = lines_of(WHOLE)
    last = max(n for n, line in enumerate(lines) if line["k"] == "snap")
    lines[last]["state"]["reclaims left"] = 9
    with pytest.raises(TraceError, match=rf"^line {last + 1}: state: reclaims left is 9 in the snapshot"):
        TraceStates(as_bytes(lines)).check()


@pytest.mark.parametrize(
    ("kind", "field", "value", "message"),
    [
        ("ev", "i", 7, r"i: 0 was expected: events have no gaps"),
        ("ev", "task", 99, r"task: 99 was not introduced before"),
        ("ev", "task", True, r"ev.task: a whole number was expected"),
        ("ev", "stack", 99, r"stack: 99 was not introduced before"),
        ("ev", "en", [0, 99], r"en: 99 was not introduced before"),
        ("ev", "ch", 50, r"ch: a place in en"),
        ("ev", "lock", "x", r"lock: x was not introduced before"),
        ("ev", "t", "soon", r"ev.t: a whole number was expected"),
        ("ev", "also", [1], r"also: lists of object"),
        ("stack", "frames", [99], r"frames: 99 was not introduced before"),
        ("lock", "class", 99, r"class: 99 was not introduced before"),
        ("snap", "i", 3, r"i: -1, the number of the last event"),
        ("end", "events", 3, r"events: \d+ were expected"),
        ("task", "comm", 4, r"task.comm: a text was expected"),
        ("head", "switches", [4], r"head.switches: a list of texts was expected"),
        ("head", "cpus", None, r"head.cpus: a whole number was expected"),
    ],
)
def test_a_wrong_line_is_named_with_its_field(kind: str, field: str, value: Json, message: str) -> None:
    lines = lines_of(trace_bytes_of("S19"))
    number = next(n for n, line in enumerate(lines) if line["k"] == kind)
    lines[number][field] = value
    with pytest.raises(TraceError, match=rf"^line {number + 1}: {message}"):
        read_trace(as_bytes(lines))


def test_a_missing_field_is_named() -> None:
    with pytest.raises(TraceError, match=r"line 1: head.cpus: a whole number was expected, but it is missing"):
        read_trace(changed(lambda lines: lines[0].pop("cpus")))


@pytest.mark.parametrize(
    "text", [b"[1]", b"1", b'{"a":1}', b"{", b'{"k":"ev","i":0.5}', b'{"k":"ev","i":1e9}', b"[" * 9999]
)
def test_a_line_that_is_no_record_is_named(text: bytes) -> None:
    lines = WHOLE.split(b"\n")
    lines[5] = text
    with pytest.raises(TraceError, match=r"^line 6: "):
        read_trace(b"\n".join(lines))


def test_a_later_major_version_is_refused_politely_and_a_later_minor_one_is_read() -> None:
    with pytest.raises(TraceError, match=r"version 2\.3.*up to 1; a newer lockview reads it"):
        read_trace(changed(lambda lines: lines[0].update(version=[2, 3])))
    assert read_trace(changed(lambda lines: lines[0].update(version=[1, 9]))).head.version == (1, 9)
    with pytest.raises(TraceError, match=r"version: \[major, minor\] was expected"):
        read_trace(changed(lambda lines: lines[0].update(version="1.0")))


def test_what_is_not_known_is_kept() -> None:
    def add(lines: list[dict[str, Any]]) -> None:
        first(lines, "ev")["mood"] = {"is": ["good", None]}
        lines.insert(3, {"k": "weather", "sun": True})

    data = changed(add)
    found = read_trace(data)
    assert Other("weather", (("sun", True),)) in found.records
    assert found.events[0].extra == (("mood", {"is": ["good", None]}),)
    assert trace_bytes(found) == data
    assert TraceStates(data).check() == len(found.events)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 60), 1 << 60) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


SMALL = st.integers(0, 9)
EVENTS: st.SearchStrategy[RunEvent] = st.fixed_dictionaries(
    {"number": st.integers(0, 1 << 40), "time": st.integers(0, 1 << 60), "length": SMALL, "cpu": SMALL, "task": SMALL}
    | {"op": st.text(max_size=8)},
    optional={
        "object": st.text(max_size=9),
        "field": st.text(max_size=9),
        "old": JSON,
        "new": JSON,
        "value": JSON,
        "trylock": st.booleans(),
        "enabled": st.lists(SMALL, max_size=3).map(tuple),
        "step": st.text(max_size=9),
    },
).map(lambda fields: RunEvent(**cast("dict[str, Any]", fields)))


@settings(max_examples=80, deadline=None)
@given(EVENTS)
def test_any_event_is_read_as_it_was_written(event: RunEvent) -> None:
    assert read_line(line(event)[:-1], 1) == event


# --- Seeking ----------------------------------------------------------------------------------------------------


def without_index(data: bytes) -> bytes:
    return b"".join(
        line for line in data.splitlines(keepends=True) if not line.startswith((b'{"k":"index"', b'{"k":"end"'))
    )


def many_snapshots() -> bytes:
    """A long trace: runs of one scenario do not reach that far, so snapshots are put in after every tenth event."""
    trace = read_trace(WHOLE)
    states = TraceStates(WHOLE)
    records: list[Any] = [trace.head]
    for record in trace.records:
        if isinstance(record, Index | End):
            continue
        records.append(record)
        if isinstance(record, RunEvent) and record.number % 10 == 9:
            records.append(Snapshot(record.number, record.time, states.at(record.number), ""))
    return written(records, "done")


LONG = many_snapshots()


@settings(max_examples=30, deadline=None)
@given(st.integers(-1, 200))
def test_a_jump_gives_the_same_with_an_index_without_one_and_packed(index: int) -> None:
    expected = TraceStates(WHOLE).at(index)
    assert TraceStates(LONG).at(index) == expected
    assert TraceStates(without_index(LONG)).at(index) == expected
    block = block_at(packed(LONG), index)
    assert block.startswith(b'{"k":"snap"')
    assert block.count(b'{"k":"snap"') == 1
    assert TraceStates(block).at(index) == expected


def test_an_index_that_lies_is_not_believed() -> None:
    lines = lines_of(LONG)
    first(lines, "index")["snaps"] = [[-1, 3], [9, 5]]
    assert TraceStates(as_bytes(lines)).at(60) == TraceStates(LONG).at(60)


def packed(data: bytes) -> bytes:
    pieces: list[bytes] = []
    with run_sink("jsonl", pieces.append, packed=True) as sink:
        for line in data.splitlines(keepends=True):
            sink(line)
    return b"".join(pieces)


def test_a_packed_trace_is_plain_gzip_and_the_same_each_time() -> None:
    assert gzip.decompress(packed(LONG)) == LONG
    assert unpacked(packed(LONG)) == LONG
    assert packed(LONG) == packed(LONG)
    assert unpacked(LONG) == LONG


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 1 << 20))
def test_a_packed_trace_cut_anywhere_is_one_up_to_there(cut: int) -> None:
    whole = packed(LONG)
    text = unpacked(whole[: 2 + cut % (len(whole) - 2)])
    assert LONG.startswith(text)
    assume(b"\n" in text)
    assert isinstance(read_trace(text), RunTrace)


def test_a_trace_without_snapshots_cannot_be_jumped_about_in() -> None:
    bare = b"".join(line for line in WHOLE.splitlines(keepends=True) if not line.startswith(b'{"k":"snap"'))
    with pytest.raises(TraceError, match="there is no snapshot"):
        TraceStates(bare).at(5)
