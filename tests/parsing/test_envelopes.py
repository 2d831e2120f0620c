"""Records, fragments, parts, markup and vendors' prefixes around the sample: the same report comes out of each."""

import html
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockview.model.reports import Report
from lockview.model.text import Problem, Severity
from lockview.parsing.reader import read_bytes
from lockview.parsing.wrappers import log_lines

Records = list[tuple[str, str]]
"""Pairs of a time stamp and the text of a record, which may hold newlines."""


def records_of(sample: Path) -> Records:
    records: Records = []
    for raw in sample.read_text().splitlines():
        match = re.match(r"\[ (\d+\.\d+)\] ?(.*)", raw)
        if match:
            records.append((match[1], match[2]))
        else:
            records[-1] = (records[-1][0], f"{records[-1][1]}\n{raw}")
    return records


def micro(time: str) -> int:
    return int(time.replace(".", ""))


def each(form: str) -> Callable[[Records], str]:
    """Each line of each record behind a prefix."""
    return lambda records: "".join(
        f"{form.format(time=time)}{line}\n" for time, text in records for line in text.split("\n")
    )


def journal(records: Records, **more: object) -> list[str]:
    return [
        json.dumps(
            {
                "__CURSOR": f"s=1;i={index:x}",
                "__MONOTONIC_TIMESTAMP": str(micro(time) + index),
                "_SOURCE_MONOTONIC_TIMESTAMP": str(micro(time)),
                "_TRANSPORT": "kernel",
                "MESSAGE": text,
                **more,
            }
        )
        for index, (time, text) in enumerate(records)
    ]


def shuffled(lines: list[str]) -> str:
    random.Random(5).shuffle(lines)
    return "".join(f"{line}\n" for line in lines)


def as_bytes(records: Records) -> str:
    return "".join(
        json.dumps({"MESSAGE": list(text.encode()), "_SOURCE_MONOTONIC_TIMESTAMP": str(micro(time))}) + "\n"
        for time, text in records
    ) + json.dumps({"MESSAGE": "possible circular locking? -> #"})


def pretty(records: Records) -> str:
    return "\n".join(json.dumps(json.loads(line), indent="\t", separators=(",", " : ")) for line in journal(records))


def dmesg_json(records: Records) -> str:
    rows = [{"pri": 4, "time": float(time), "caller": "T43", "msg": text} for time, text in records]
    return json.dumps({"dmesg": rows}, indent=3)


def export(records: Records) -> bytes:
    out = b""
    for time, text in records:
        body = text.encode()
        out += b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1\n_SOURCE_MONOTONIC_TIMESTAMP=%d\nPRIORITY=4\n" % micro(time)
        if b"\n" in body or len(body) == 10:
            out += b"MESSAGE\n" + len(body).to_bytes(8, "little") + body + b"\n"
        else:
            out += b"MESSAGE=" + body + b"\n"
        out += b"_TRANSPORT=kernel\n\n"
    return out


def escaped(text: str) -> str:
    return re.sub(r"[^ -~]|\\", lambda match: "".join(f"\\x{code:02x}" for code in match[0].encode()), text)


def kmsg(records: Records, fields: str = "") -> str:
    return "".join(
        f"4,{number},{micro(time)},-{fields};{escaped(text)}\n SUBSYSTEM=usb\n DEVICE=c189:3\n"
        for number, (time, text) in enumerate(records, 1200)
    )


def continued(records: Records) -> str:
    out = []
    for number, (time, text) in enumerate(records, 7):
        half = len(text) // 2
        out.append(f"4,{number * 2},{micro(time)},c;{escaped(text[:half])}\n")
        out.append(f"4,{number * 2 + 1},{micro(time)},+;{escaped(text[half:])}\n")
    return "".join(out)


def fragments(records: Records) -> str:
    """A netconsole with tiny packets, in disorder on the network."""
    out = []
    for number, (time, text) in enumerate(records, 300):
        body = escaped(text)
        if len(body) < 60:
            out.append(f"6.4.0,4,{number},{micro(time)},-;{body}\n")
            continue
        parts = [
            f"6.4.0,4,{number},{micro(time)},-,ncfrag={start}/{len(body)};{body[start : start + 25]}\n"
            for start in range(0, len(body), 25)
        ]
        out += reversed(parts)
    return "".join(out)


def dump_parts(records: Records) -> str:
    lines = each("<4>[ {time}] ")(records).splitlines(keepends=True)
    parts = [lines[start : start + 40] for start in range(0, len(lines), 40)]
    numbered = [f"Oops#1 Part{len(parts) - index}\n" + "".join(part) for index, part in enumerate(parts)]
    return "".join(reversed(numbered))


def page(records: Records) -> str:
    lines = html.escape(each("[ {time}] ")(records)).splitlines()
    body = "<br />".join(f'<span class="line" id="L{number}">{line}</span>' for number, line in enumerate(lines))
    return f"<!DOCTYPE html>\n<html><body><p>A page</p>\n<pre>{body}</pre></body></html>\n"


LAYOUTS: dict[str, Callable[[Records], str | bytes]] = {
    "journal json": lambda records: "\n".join(journal(records)),
    "journal json in disorder": lambda records: shuffled(journal(records)),
    "journal json-seq": lambda records: "".join(f"\x1e{line}\n" for line in journal(records)),
    "journal json of bytes": as_bytes,
    "journal json-pretty": pretty,
    "journal export": export,
    "dmesg --json": dmesg_json,
    "dmesg --json on one line each": lambda records: "".join(
        json.dumps({"pri": 4, "time": float(time), "msg": text}) + ",\n" for time, text in records
    ),
    "container log": lambda records: "".join(
        json.dumps({"log": f"[ {time}] {text}\n", "stream": "stdout", "time": "2024-01-02T03:04:05Z"}) + "\n"
        for time, text in records
    ),
    "lava yaml": lambda records: "".join(
        "- " + json.dumps({"dt": "2024-01-02T03:04:05.1", "lvl": "target", "msg": f"[ {time}] {line}"}) + "\n"
        for time, text in records
        for line in text.split("\n")
    ),
    "whole report in one record": lambda records: json.dumps({"MESSAGE": "\n".join(text for _, text in records)}),
    "kmsg with escapes": kmsg,
    "kmsg with caller": lambda records: kmsg(records, ",caller=T43"),
    "kmsg continued": continued,
    "netconsole fragments": fragments,
    "dump parts": dump_parts,
    "html page": page,
    "htc": each("<4>[ {time} / 05-03 18:11:50.340] "),
    "pixel": each("[{time}][   T43]  "),
    "mediatek": each("[ {time}] .(1)[43:khugepaged]"),
    "samsung": each("[ {time}]  [1:   kworker/u16:1: 42] [c1] "),
    "samsung old": each("<4>[ {time}] [2:     khugepaged:   43] "),
    "lg": each("[ {time} / 01-02 03:04:05.678] (CPU:0-pid:43:khugepaged) "),
    "logcat": each("01-02 03:04:05.678     0     0 W         : "),
    "logcat brief": each("W/        (    0): "),
    "gitlab": each("2024-01-02T03:04:05.123456Z 01O [ {time}] "),
    "github run view": each("build\tRun tests\t2024-01-02T03:04:05.1234567Z [ {time}] "),
    "rfc 5424": each("<4>1 2024-01-02T03:04:05.123Z host kernel - - - [ {time}] "),
    "minicom clock": each("[03:04:05.123] [ {time}] "),
    "colour remains": each("[0;33m[ {time}] "),
    "backspaces": lambda records: each("[ {time}] |\b/\b-\b")(records).replace("lock", "lx\bock"),
    "every line twice": lambda records: re.sub(r"(.*\n)", r"\1\1", each("[ {time}] ")(records)),
    "two consoles": lambda records: re.sub(r"(\[ \S+\] )(.*\n)", r"\1\2\2", each("[ {time}] ")(records)),
}


@pytest.fixture(scope="module")
def seed(sample: Path) -> Report:
    (report,) = read_bytes(sample.read_bytes()).reports
    return report


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_gives_the_same_report(layout: str, sample: Path, seed: Report) -> None:
    source = LAYOUTS[layout](records_of(sample))
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
    source = LAYOUTS[layout](records_of(sample))
    log = read_bytes(source if isinstance(source, bytes) else source.encode())
    found = [problem for problem in log.reports[0].reading.problems if problem.code == code]
    assert found
    assert found[0].severity is Severity.NOTE
    assert found[0].message.startswith("line")
    assert wrapper in log.wrappers


@pytest.mark.parametrize("layout", ["journal json", "kmsg with escapes", "dmesg --json", "journal export"])
def test_records_keep_the_time_of_the_kernel(layout: str, sample: Path) -> None:
    source = LAYOUTS[layout](records_of(sample))
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
