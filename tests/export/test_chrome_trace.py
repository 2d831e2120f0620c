"""The Chrome form of a trace: nested calls, holds that need not nest, arrows, counters and names."""

import itertools
import json
from collections import Counter
from functools import cache
from typing import Any

import pytest
from run_traces import trace_read

from lockview.export.chrome_trace import CPUS, LOCKS, TASKS, chrome_trace
from lockview.model.run_traces import TracedInstance, TracedThread

NAMES = [("S01", None), ("S01", 3), ("S02", 1), ("S05", 2), ("S18", None), ("S19", 1), ("S27", None)]


@cache
def events_of(name: str, seed: int | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(chrome_trace(trace_read(name, seed)))["traceEvents"]
    return found


@pytest.mark.parametrize(("name", "seed"), NAMES)
def test_calls_of_a_task_nest_strictly(name: str, seed: int | None) -> None:
    open_calls: dict[int, list[str]] = {}
    last: dict[int, float] = {}
    for event in events_of(name, seed):
        if event["ph"] not in "BE":
            continue
        task = event["tid"]
        assert event["pid"] == TASKS
        assert event["ts"] >= last.get(task, 0)
        last[task] = event["ts"]
        if event["ph"] == "B":
            open_calls.setdefault(task, []).append(event["name"])
        else:
            assert open_calls[task].pop() == event["name"]
    assert not any(open_calls.values())


@pytest.mark.parametrize(("name", "seed"), NAMES)
def test_what_begins_also_ends(name: str, seed: int | None) -> None:
    balance: Counter[tuple[Any, ...]] = Counter()
    for event in events_of(name, seed):
        if event["ph"] in "be":
            key = (event["pid"], event["cat"], event["id"], event.get("scope"))
            balance[key] += 1 if event["ph"] == "b" else -1
            assert balance[key] >= 0
    assert not any(balance.values())


@pytest.mark.parametrize(("name", "seed"), NAMES)
def test_every_track_has_a_name(name: str, seed: int | None) -> None:
    events = events_of(name, seed)
    named = {(event["pid"], event["tid"]) for event in events if event["name"] == "thread_name"}
    processes = {event["pid"] for event in events if event["name"] == "process_name"}
    assert {(event["pid"], event["tid"]) for event in events if event["ph"] != "M"} <= named
    assert processes == {TASKS, CPUS, LOCKS}


@pytest.mark.parametrize(("name", "seed"), NAMES)
def test_slices_of_one_exclusive_lock_or_one_cpu_do_not_overlap(name: str, seed: int | None) -> None:
    tracks: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for event in events_of(name, seed):
        if event["ph"] == "X" and event["pid"] in (CPUS, LOCKS) and event.get("cat") in ("running", "hold"):
            assert event["dur"] >= 0
            tracks.setdefault((event["pid"], event["tid"]), []).append((event["ts"], event["ts"] + event["dur"]))
    real = {lock.id: number for number, lock in enumerate(trace_read(name, seed).of(TracedInstance))}
    markers = {number for lock, number in real.items() if lock == "fs_reclaim"}
    for (pid, tid), slices in tracks.items():
        if pid == LOCKS and tid in markers:
            continue
        slices.sort()
        assert all(before[1] <= after[0] + 1e-9 for before, after in itertools.pairwise(slices))


def test_arrows_have_two_ends() -> None:
    found = 0
    for seed in range(12):
        arrows = Counter((event["id"], event["ph"]) for event in events_of("S02", seed) if event["ph"] in "sf")
        numbers = {number for number, _ in arrows}
        assert all(arrows[number, "s"] == arrows[number, "f"] == 1 for number in numbers)
        found += len(numbers)
    assert found


def test_waits_and_counters_and_reports_are_there() -> None:
    events = [event for seed in (None, 1, 2) for event in events_of("S02", seed)]
    assert any(
        event["ph"] == "X" and event["name"].startswith("wait ") and event["cname"] == "terrible" for event in events
    )
    assert any(event["ph"] == "C" for event in events_of("S01", None))
    assert any(event["ph"] == "i" and event["s"] == "g" and event["cat"] == "report" for event in events)


def test_stacks_are_a_tree() -> None:
    whole = json.loads(chrome_trace(trace_read("S01")))
    frames = whole["stackFrames"]
    assert all(frame.get("parent") is None or int(frame["parent"]) < int(number) for number, frame in frames.items())
    used = {event["sf"] for event in whole["traceEvents"] if "sf" in event}
    assert used
    assert used <= set(frames)


def test_times_are_microseconds_with_three_digits() -> None:
    text = chrome_trace(trace_read("S01"))
    assert '"ts":0.157' in text
    assert text.isascii()


def test_tasks_are_those_of_the_trace() -> None:
    names = [event["args"]["name"] for event in events_of("S01", None) if event["name"] == "thread_name"]
    tasks = [f"{thread.comm}/{thread.pid}" for thread in trace_read("S01").of(TracedThread)]
    assert names[: len(tasks)] == tasks
