"""Recorded runs: traces of scenarios and lock events of a real kernel, as columns and lanes."""

import gzip
import json
from pathlib import Path

import pytest

from lockview import cli_simulate
from lockview.document.errors import UserError
from lockview.document.opening import document_of, may_be_trace
from lockview.document.traced import TracedRun, from_json, read_traced, to_json, traced_of
from lockview.layout.timeline import Stretches

FTRACE = """# tracer: nop
              sh-54      [001] .....    10.981891: lock_acquire: ffff888000849458 &newf->file_lock
              sh-55      [000] .....    10.981895: lock_acquire: ffff888000849458 &newf->file_lock
              sh-55      [000] .....    10.981896: lock_contended: ffff888000849458 &newf->file_lock
              sh-54      [001] .....    10.981899: lock_release: ffff888000849458 &newf->file_lock
              sh-55      [000] .....    10.981900: lock_acquired: ffff888000849458 &newf->file_lock
"""


def trace_of(scenario: str, folder: Path) -> Path:
    path = folder / f"{scenario}.jsonl"
    assert cli_simulate.run([scenario, "-o", str(path)]) in (0, 1)
    return path


def rows_of(run: TracedRun) -> list[Stretches]:
    return [row for lane in run.timeline.lanes for row in lane]


def test_a_trace_of_a_deadlock_has_lanes_stacks_and_arrows(tmp_path: Path) -> None:
    path = trace_of("S19", tmp_path)
    assert may_be_trace(str(path))
    run = read_traced(str(path))
    assert run.task_names[:2] == ("faulter/101", "mapper/102")
    assert run.result == "deadlock"
    assert len(run.timeline.arrows[0]) == 2
    assert {run.timeline.locks[row.locks[n]] for row in rows_of(run) for n in range(len(row)) if row.waits[n]} == {
        "i_mmap",
        "vm_lock",
    }
    assert any(run.stack(event) for event in range(run.length))
    assert [run.time(event) for event in range(run.length)] == sorted(run.time(event) for event in range(run.length))


def test_sections_of_sequence_counters_are_shown_once(tmp_path: Path) -> None:
    run = read_traced(str(trace_of("S01", tmp_path)))
    places = [
        (row.starts[number], run.timeline.locks[row.locks[number]])
        for row in rows_of(run)
        for number in range(len(row))
    ]
    assert any(lock.endswith("vm_sequence") for _, lock in places)
    assert all(row.ends[number] <= run.timeline.end for row in rows_of(run) for number in range(len(row)))
    assert len(places) == len(set(places))


def test_a_run_survives_the_way_from_the_worker(tmp_path: Path) -> None:
    run = read_traced(str(trace_of("S19", tmp_path)))
    back = from_json(json.loads(json.dumps(to_json(run))))
    assert back._replace(timeline=run.timeline) == run
    assert back.timeline._replace(lanes=()) == run.timeline._replace(lanes=())
    for row, again in zip(rows_of(run), rows_of(back), strict=True):
        assert (row.starts, row.ends, row.locks, row.waits) == (again.starts, again.ends, again.locks, again.waits)
        assert row.busy(0, len(row)) == again.busy(0, len(again))


def test_a_packed_trace_is_one_too(tmp_path: Path) -> None:
    path = trace_of("S19", tmp_path)
    packed = tmp_path / "s19.jsonl.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert may_be_trace(str(packed))
    assert read_traced(str(packed)).length == read_traced(str(path)).length


def test_lock_events_of_a_real_kernel_become_a_run() -> None:
    document = document_of(FTRACE.encode(), "trace.txt")
    run = traced_of(document)
    assert run is not None
    assert run.task_names == ("sh/54", "sh/55")
    assert run.unit == "ns"
    (mine,), (its,) = run.timeline.lanes
    assert len(mine) == 1
    assert list(its.waits) == [1, 0]
    assert [list(column) for column in run.timeline.arrows] == [[its.starts[0]], [1], [0], [0], [0]]
    assert traced_of(document) is run
    assert [FTRACE.splitlines()[line - 1].split()[3] for line in run.lines] == [
        f"10.{run.time(event) - 10_000_000_000:09}"[:9] + ":" for event in range(run.length)
    ]


def test_the_capture_of_a_real_kernel_is_read_whole(shared: Path) -> None:
    capture = shared / "realkernel" / "ftrace.trace_lock.txt"
    run = traced_of(document_of(capture.read_bytes(), "trace"))
    assert run is not None
    assert run.length > 8_000
    assert len(run.lines) == run.length
    assert list(run.lines) == sorted(run.lines)
    assert run.timeline.hidden == (0,) * len(run.task_names)


def test_a_broken_trace_is_named_with_its_line(tmp_path: Path) -> None:
    path = trace_of("S19", tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], b"{nonsense}\n", *lines[3:]]))
    with pytest.raises(UserError, match="line 4"):
        read_traced(str(path))


@pytest.mark.parametrize("data", [b"", b"\x1f\x8b", b"\x1f\x8b\x08garbage", b'{"k":"head"}', b"some log"])
def test_other_files_are_no_traces(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    assert not may_be_trace(str(path))
    assert not may_be_trace(str(tmp_path / "none"))
