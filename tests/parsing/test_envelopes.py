"""Records, fragments, parts, markup and vendors' prefixes around the sample: the same report comes out of each."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from record_layouts import RECORD_LAYOUTS, Records, each, fragments, journal

from lockview.model.reports import Report
from lockview.model.text import Problem, Severity
from lockview.parsing.reader import read_bytes
from lockview.parsing.wrappers import log_lines


def records_of(sample: Path) -> Records:
    made: Records = []
    for raw in sample.read_text().splitlines():
        match = re.match(r"\[ (\d+\.\d+)\] ?(.*)", raw)
        if match:
            made.append((match[1], match[2]))
        else:
            made[-1] = (made[-1][0], f"{made[-1][1]}\n{raw}")
    return made


@pytest.fixture(scope="module")
def seed(sample: Path) -> Report:
    (report,) = read_bytes(sample.read_bytes()).reports
    return report


@pytest.mark.parametrize("layout", RECORD_LAYOUTS)
def test_each_layout_gives_the_same_report(layout: str, sample: Path, seed: Report) -> None:
    source = RECORD_LAYOUTS[layout](records_of(sample))
    data = source if isinstance(source, bytes) else source.encode()
    log = read_bytes(data)
    (report,) = log.reports
    assert report == seed
    assert report.reading.complete, report.reading.problems
    assert 1 <= report.span.first <= report.span.last <= log.lines
    for problem in report.reading.problems:
        assert report.span.first <= problem.span.last


@pytest.mark.parametrize(
    ("layout", "code", "wrapper"),
    [
        ("journal json in disorder", "records-sorted", "JSON records"),
        ("kmsg continued", "records-joined", "kmsg headers"),
        ("netconsole fragments", "fragments-joined", "kmsg headers"),
        ("dump parts", "parts-reordered", "dump parts"),
        ("every line twice", "lines-doubled", "printk time stamps"),
    ],
)
def test_repairs_are_recorded(layout: str, code: str, wrapper: str, sample: Path) -> None:
    source = RECORD_LAYOUTS[layout](records_of(sample))
    log = read_bytes(source if isinstance(source, bytes) else source.encode())
    found = [problem for problem in log.reports[0].reading.problems if problem.code == code]
    assert found
    assert found[0].severity is Severity.NOTE
    assert found[0].message.startswith("line")
    assert wrapper in log.wrappers


@pytest.mark.parametrize("layout", ["journal json", "kmsg with escapes", "dmesg --json", "journal export"])
def test_records_keep_the_time_of_the_kernel(layout: str, sample: Path) -> None:
    source = RECORD_LAYOUTS[layout](records_of(sample))
    (report,) = read_bytes(source if isinstance(source, bytes) else source.encode()).reports
    assert report.reading.time == "2311.315401"


def test_the_same_event_twice_is_one_report_with_a_note(sample: Path, seed: Report) -> None:
    data = sample.read_bytes()
    log = read_bytes(data + b"\nprose\n" + data)
    assert log.reports == (seed,)
    (note,) = (note for note in log.reports[0].reading.problems if note.code == "captured-again")
    assert note.message == "the same report was captured 2 times; again at line 126"
    later = read_bytes(data + data.replace(b"[ 2311.", b"[ 2312."))
    assert later.reports == (seed, seed)


def test_frames_of_a_recursion_are_no_doubled_lines(sample: Path) -> None:
    data = sample.read_bytes()
    at = data.index(b"lock_acquire+0x")
    line = data[data.rindex(b"\n", 0, at) + 1 : data.index(b"\n", at) + 1]
    (once,) = read_bytes(data).reports
    (twice,) = read_bytes(data.replace(line, line + line, 1)).reports
    assert sum(len(step.stack.frames) for step in twice.cycle) == sum(len(step.stack.frames) for step in once.cycle) + 1


def test_a_lost_fragment_is_told(sample: Path) -> None:
    text = fragments(records_of(sample))
    lost = re.search(r".*ncfrag=25/.*circular|.*ncfrag=25/.*\n", text)
    assert lost
    log = read_bytes(text.replace(lost[0], "", 1).encode())
    assert any(problem.code == "fragment-missing" for report in log.reports for problem in report.reading.problems)


def test_messages_that_the_journal_missed_are_told(sample: Path) -> None:
    lines = each("Aug 22 14:31:02 host kernel: ")(records_of(sample)).splitlines(keepends=True)
    lines.insert(30, "Aug 22 14:31:02 host systemd-journald[212]: Missed 12 kernel messages\n")
    (report,) = read_bytes("".join(lines).encode()).reports
    (problem,) = (problem for problem in report.reading.problems if problem.code == "messages-dropped")
    assert problem.message == "line 31: the journal missed 12 messages here; lines are missing"
    assert not report.reading.complete


def test_a_message_too_large_for_the_journal_is_told(sample: Path) -> None:
    lines = journal(records_of(sample))
    lines[40] = json.dumps({"MESSAGE": None, "__MONOTONIC_TIMESTAMP": "2311315401"})
    (report,) = read_bytes("\n".join(lines).encode()).reports
    assert any(problem.code == "message-missing" for problem in report.reading.problems)
    assert not report.reading.complete


PIECES = [
    '{"MESSAGE": "a\\nb"}',
    '{"MESSAGE": [1, 300]}',
    '{"MESSAGE":',
    '"msg" : "x",',
    "{",
    "}",
    "\x1e{",
    "4,1,2,-;a\\x0ab",
    "4,1,2,c,ncfrag=5/9;x",
    "4,1,2,+,ncfrag=99999999999/1;x",
    "MESSAGE",
    "MESSAGE=x",
    "__REALTIME_TIMESTAMP=1",
    "\x0a\0\0\0\0\0\0\0",
    "Oops#1 Part1",
    "Oops#1 Part22",
    "<pre><br>",
    "<span",
    "a\b\b\b",
    "[" * 3000,
    '{"a":' * 3000,
    "",
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_pieces_in_any_order_keep_their_line_numbers(pieces: list[str]) -> None:
    text = "\n".join(pieces)
    notes: list[Problem] = []
    lines = log_lines(f"{text}\n", 5, set(), notes)
    last = 5 + text.count("\n")
    assert all(5 <= line.number <= last for line in lines)
    assert all(5 <= note.span.first <= note.span.last <= last for note in notes)
