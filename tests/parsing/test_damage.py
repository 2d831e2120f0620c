"""Damaged sources: never an exception, never an invented dependency, and a message that says what is missing."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lockview.model.reports import CircularReport
from lockview.model.text import Severity
from lockview.parsing.near_misses import UNREAD_TITLES
from lockview.parsing.reader import read_bytes, read_text

SAMPLE = (Path(__file__).resolve().parents[2] / "resources/samples/khugepaged-fs-reclaim.log").read_bytes()
LINES = SAMPLE.splitlines(keepends=True)
EDGES = {(str(step.held), str(step.wanted)) for report in read_bytes(SAMPLE).reports for step in report.cycle}


def check_invariants(data: bytes) -> None:
    """What holds for every source: spans lie in it, problems are in order, a report has a body."""
    log = read_bytes(data)
    assert log.lines >= 0
    for report in log.reports:
        assert isinstance(report, CircularReport)
        assert 1 <= report.span.first <= report.span.last <= log.lines
        assert report.task or report.wanted or report.held or report.chain or report.scenario or report.held_locks
        assert list(report.reading.problems) == sorted(report.reading.problems, key=lambda problem: problem.span)
        for entry in report.chain:
            assert report.span.first <= entry.span.first <= entry.span.last <= report.span.last
    for miss in log.near_misses:
        assert 1 <= miss.line <= log.lines
        assert miss.reason


@pytest.mark.parametrize("end", range(0, len(LINES), 1))
def test_cut_at_every_line(end: int) -> None:
    """A cut takes parts away; what is left is true, and the first missing part is named with its line."""
    data = b"".join(LINES[:end])
    check_invariants(data)
    for report in read_bytes(data).reports:
        known = {(str(step.held), str(step.wanted)) for step in report.cycle if not step.inferred}
        assert known <= EDGES
        if end < 93:
            assert not report.reading.complete
            assert report.reading.missing
        for problem in report.reading.problems:
            assert problem.severity is not Severity.WARNING or problem.message.startswith("line")


@pytest.mark.parametrize("start", range(1, len(LINES), 3))
def test_the_top_is_missing(start: int) -> None:
    data = b"".join(LINES[start:])
    check_invariants(data)
    log = read_bytes(data)
    for report in log.reports:
        assert {(str(step.held), str(step.wanted)) for step in report.cycle if not step.inferred} <= EDGES
    if b"-> #" in data:
        assert log.reports
        assert start < 2 or log.reports[0].title == ""


def test_a_chain_cut_in_its_middle_says_where() -> None:
    data = SAMPLE.partition(b"[ 2311.315473]")[0]
    (report,) = read_bytes(data).reports
    assert report.reading.missing == ("chain", "scenario", "held-locks", "backtrace")
    (problem,) = (problem for problem in report.reading.problems if problem.code == "chain-missing")
    assert problem.message == "line 39: the dependency chain down to -> #0 should follow this line, but is missing"


def test_a_gap_in_the_chain_marks_the_dependency_as_inferred() -> None:
    head, _, rest = SAMPLE.partition(b"-> #2")
    data = head + rest[rest.index(b"-> #1") :]
    (report,) = read_bytes(data).reports
    assert [step.inferred for step in report.cycle] == [False, True, False]
    assert any(problem.code == "chain-gap" for problem in report.reading.problems)
    assert not report.reading.complete


def test_only_the_two_locks() -> None:
    (report,) = read_bytes(SAMPLE.partition(b"which lock already")[0]).reports
    (first, second) = report.cycle
    assert (str(first.held), str(first.wanted), first.inferred) == ("&mapping->i_mmap_rwsem", "fs_reclaim", True)
    assert second.new


def test_a_held_list_shorter_than_its_count() -> None:
    (report,) = read_bytes(SAMPLE.replace(b"1 lock held", b"3 locks held")).reports
    (problem,) = (problem for problem in report.reading.problems if problem.code == "held-count")
    assert problem.message == "line 89: the count says 3 held locks, 1 are listed"
    assert not report.reading.complete


def test_dropped_messages_are_told() -> None:
    (report,) = read_bytes(SAMPLE.replace(LINES[20], b"** 57 printk messages dropped **\n")).reports
    assert any(problem.code == "messages-dropped" for problem in report.reading.problems)
    assert not report.reading.complete


def test_a_foreign_oops_inside_does_not_break_the_report() -> None:
    oops = b"""[ 2311.315470] ------------[ cut here ]------------
[ 2311.315470] WARNING: CPU: 3 PID: 77 at mm/foo.c:12 foo+0x1/0x2
[ 2311.315470] CPU: 3 PID: 77 Comm: other Tainted: G W 4.13.0 #1
[ 2311.315470] Call Trace:
[ 2311.315470]  foreign_one+0x1/0x2
[ 2311.315470]  foreign_two+0x1/0x2
[ 2311.315470] ---[ end trace 0123456789abcdef ]---
"""
    (clean,) = read_bytes(SAMPLE).reports
    where = SAMPLE.index(b"[ 2311.315473]")
    (report,) = read_bytes(SAMPLE[:where] + oops + SAMPLE[where:]).reports
    assert report == clean
    assert any(problem.code == "lines-passed-over" for problem in report.reading.problems)


def test_a_title_in_prose_is_a_near_miss() -> None:
    log = read_text("We fix a\nWARNING: possible circular locking dependency detected\nthat syzbot found.\n")
    assert not log.reports
    (miss,) = log.near_misses
    assert miss.line == 2
    assert "no lock, task or stack" in miss.reason


def test_a_mention_does_not_adopt_what_follows_much_later() -> None:
    mention = (
        b"This fixes the possible circular locking dependency detected by syzbot.\n" + b"Some words of prose.\n" * 30
    )
    log = read_bytes(mention + SAMPLE)
    assert [report.span.first for report in log.reports] == [33]
    assert [miss.line for miss in log.near_misses] == [1]


def test_other_kinds_are_named() -> None:
    for title in UNREAD_TITLES:
        log = read_text(f"a\nWARNING: {title} b\n")
        assert [(miss.line, miss.reason) for miss in log.near_misses] == [(2, "reports of this kind are not read yet")]


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"\xff\xfe", b"\n" * 100, b"\x1f\x8b", b"BZh9", b"\xfd7zXZ\0", b"{" * 9999]
)
def test_odd_sources(data: bytes) -> None:
    check_invariants(data)
    assert not read_bytes(data).reports


def test_an_empty_and_a_binary_source_say_so() -> None:
    assert [problem.code for problem in read_bytes(b"").problems] == ["source-empty"]
    noise = bytes(range(256)) * 20
    assert [problem.code for problem in read_bytes(noise).problems] == ["source-binary"]


SLOW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@SLOW
@given(st.binary(max_size=3000))
def test_any_bytes(data: bytes) -> None:
    check_invariants(data)


@SLOW
@given(st.lists(st.sampled_from(LINES), max_size=120))
def test_lines_in_any_order(lines: list[bytes]) -> None:
    check_invariants(b"".join(lines))


@SLOW
@given(st.data())
def test_mutations_of_the_sample(data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 6))):
        kind = data.draw(st.sampled_from(["drop", "twice", "swap", "bytes", "join", "split", "quote", "nul", "cr"]))
        at = data.draw(st.integers(0, len(lines) - 2))
        line = lines[at]
        if kind == "drop":
            del lines[at]
        elif kind == "twice":
            lines.insert(at, line)
        elif kind == "swap":
            lines[at], lines[at + 1] = lines[at + 1], line
        elif kind == "bytes":
            lines[at] = line[: len(line) // 2] + data.draw(st.binary(max_size=12)) + line[len(line) // 2 :]
        elif kind == "join":
            lines[at] = line.rstrip(b"\n")
        elif kind == "split":
            lines[at] = line[: len(line) // 3] + b"\n" + line[len(line) // 3 :]
        elif kind == "quote":
            lines[at] = b"> " + line
        elif kind == "nul":
            lines[at] = line + b"\0" * 40
        else:
            lines[at] = line.replace(b"\n", b"\r\n")
    check_invariants(b"".join(lines))


@SLOW
@given(st.text(max_size=400), st.integers(0, len(SAMPLE)))
def test_text_with_anything_in_it(text: str, at: int) -> None:
    log = read_text(SAMPLE[:at].decode() + text + SAMPLE[at:].decode())
    assert log.size > 0


@pytest.mark.parametrize(
    "filler",
    [
        b"a",
        b"a ",
        b"(",
        b"-> #1 (",
        b"lock(",
        b"[ 1.000001] ",
        b"> ",
        b"? ",
        b"<IRQ> ",
        b"0x1 ",
        b"f+0x1/0x2 ",
        b"(a){+.+.} ",
    ],
)
def test_a_line_of_ten_megabytes_is_read(filler: bytes) -> None:
    """No pattern backtracks over a long line: with one that did, this would not end."""
    body = filler * (10_000_000 // len(filler))
    log = read_bytes(b"WARNING: possible circular locking dependency detected\n" + body + b"\n-> #1 (x){+.+.}:\n")
    assert log.lines == 3


@pytest.mark.parametrize(
    "comm", ["<b>kh%n", "<kh", "a>kh", "[kh]", "{kh", "'kh", "a b/c kh", "%s", "\N{GRINNING FACE}"]
)
def test_a_task_may_be_called_anything(comm: str) -> None:
    (report,) = read_text(SAMPLE.decode().replace("khugepaged/43", f"{comm}/43")).reports
    assert isinstance(report, CircularReport)
    assert report.task is not None
    assert (report.task.comm, report.task.pid) == (comm, 43)
    assert report.wanted is not None


def test_prose_about_entries_is_no_report() -> None:
    text = "A class can stand on the line after `-> #0 (`; scenario columns vanish when blanks are squeezed.\n"
    assert not read_text(text).reports
