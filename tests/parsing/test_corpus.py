"""The labelled real reports: how many fields agree, with floors, and no report where there is none.

No file is treated specially; a floor that is not the whole number says that honest rules do not reach further.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lockview.model.locks import HeldLock
from lockview.model.logs import Log
from lockview.model.reports import ChainEntry, CircularReport
from lockview.parsing.reader import read_bytes

Label = dict[str, Any]

FLOORS = {
    "found": 100,
    "line": 100,
    "title": 100,
    "comm": 100,
    "pid": 100,
    "kernel": 93,
    "wanted": 99,
    "wanted site": 99,
    "held": 97,
    "held site": 97,
    "chain": 100,
    "frames": 323,
    "functions": 323,
    "scenario": 100,
    "scenario cpus": 83,
    "held list": 98,
    "held entries": 82,
    "held sites": 213,
    "truncated": 100,
}


class Score:
    """Counts agreeing fields and remembers the others."""

    def __init__(self) -> None:
        self.agreeing: Counter[str] = Counter()
        self.wrong: list[str] = []

    def compare(self, field: str, name: str, got: object, expected: object) -> None:
        self.check(field, name, got == expected, f"{got!r} is not {expected!r}")

    def check(self, field: str, name: str, good: bool, why: str) -> None:
        self.agreeing[field] += good
        if not good:
            self.wrong.append(f"{name}: {field}: {why}"[:400])


def usage(lock: HeldLock | ChainEntry) -> tuple[str, str | None, str | None]:
    wait = lock.wait_types
    return (
        lock.lock_class.name,
        "{" + lock.usage + "}" if lock.usage else None,
        f"{{{wait.outer}:{wait.inner}}}" if wait else None,
    )


def labelled(label: Label) -> tuple[str, str | None, str | None]:
    return label["class"], label.get("usage"), label.get("wait_type")


def same_site(lock: HeldLock, label: Label) -> bool:
    function = lock.site.function if lock.site else None
    return function == label.get("function") or function in label.get("functions", ())


def compare_chain(score: Score, name: str, report: CircularReport, label: Label) -> None:
    entries = label.get("chain", [])
    score.compare(
        "chain",
        name,
        [(entry.index, *usage(entry)) for entry in report.chain],
        [(entry["n"], *labelled(entry)) for entry in entries],
    )
    for entry, expected in zip(report.chain, entries, strict=False):
        where = f"{name} #{entry.index}"
        functions = [frame.function for frame in entry.stack]
        score.check("frames", where, len(functions) in expected["frames_accepted"], str(len(functions)))
        score.compare("functions", where, named(functions), named(expected["functions"]))


def named(functions: list[str]) -> list[str]:
    return [function for function in functions if not function.startswith("0x")]


def compare_scenario(score: Score, name: str, report: CircularReport, label: Label) -> None:
    steps = label.get("scenario", [])
    got = [f"{s.operation}({s.lock_class});" if s.lock_class else str(s.operation) for s in report.scenario]
    score.compare("scenario", name, got, [step["op"] for step in steps])
    if steps and len(steps) == len(got):
        cpus = [step.cpu for step in report.scenario]
        lost = any(problem.code == "scenario-columns-lost" for problem in report.reading.problems)
        one_column = lost and not any(step["cpu"] for step in steps)
        score.check("scenario cpus", name, one_column or cpus == [step["cpu"] for step in steps], str(cpus))


def compare_held(score: Score, name: str, report: CircularReport, label: Label) -> None:
    held, expected = report.held_locks, label.get("locks_held")
    if not held or not expected:
        score.check("held list", name, not held and not expected, str(held))
        return
    score.compare(
        "held list",
        name,
        (held.task.comm, held.task.pid, held.count),
        (expected["comm"], expected["pid"], expected["count"]),
    )
    score.compare(
        "held entries",
        name,
        [(lock.index, *usage(lock)) for lock in held.locks],
        [(lock["n"], *labelled(lock)) for lock in expected["locks"]],
    )
    for lock, entry in zip(held.locks, expected["locks"], strict=False):
        score.check("held sites", name, same_site(lock, entry), str(lock.site))


def compare(score: Score, name: str, report: CircularReport, label: Label) -> None:
    score.compare("line", name, report.span.first, label["line"])
    score.compare("title", name, report.title, label["title"].strip("[ ]"))
    if "comm" in label:
        comm = report.task.comm if report.task else ""
        score.check("comm", name, comm in (label["comm"], label.get("comm_alt")), comm)
        score.compare("pid", name, report.task and report.task.pid, label["pid"])
    else:
        score.compare("comm", name, report.task, None)
    if label.get("kernel"):
        score.compare("kernel", name, report.kernel, label["kernel"])
    for part, lock in (("wanted", report.wanted), ("held", report.held)):
        if part in label and lock:
            score.compare(part, name, usage(lock), labelled(label[part]))
            score.check(f"{part} site", name, same_site(lock, label[part]), str(lock.site))
        elif part in label or lock:
            score.check(part, name, False, str(lock))
    compare_chain(score, name, report, label)
    compare_scenario(score, name, report, label)
    compare_held(score, name, report, label)
    score.compare("truncated", name, not report.reading.complete, label["truncated"])


@pytest.fixture(scope="module")
def corpus(shared: Path) -> dict[str, tuple[Log, Label]]:
    return {
        path.stem: (read_bytes(path.with_suffix(".log").read_bytes(), path.stem), json.loads(path.read_text()))
        for path in sorted((shared / "corpus").glob("*.json"))
    }


def test_fields_agree_with_the_labels(corpus: dict[str, tuple[Log, Label]]) -> None:
    score = Score()
    for name, (log, label) in corpus.items():
        unused = [report for report in log.reports if isinstance(report, CircularReport)]
        for expected in (entry for entry in label["reports"] if entry["kind"] == "circular"):
            report = next((r for r in unused if r.span.first == expected["line"]), None) or next(
                (r for r in unused if expected["line"] in r.span), None
            )
            if report is None:
                score.check("found", name, bool(expected.get("optional")), "no report")
                continue
            unused.remove(report)
            score.check("found", name, True, "")
            compare(score, name, report, expected)
    short = {field: count for field, count in FLOORS.items() if score.agreeing[field] < count}
    assert not short, "\n".join(score.wrong)


def test_no_report_is_invented(corpus: dict[str, tuple[Log, Label]]) -> None:
    for name, (log, label) in corpus.items():
        found = Counter(report.kind.value for report in log.reports)
        found -= Counter(entry["kind"] for entry in label["reports"])
        assert found.total() <= len(label.get("also_present", ())), (name, found)


def test_nothing_is_dropped_silently(corpus: dict[str, tuple[Log, Label]]) -> None:
    """Every labelled report is read, or its title is a near miss that says why it is not."""
    told = total = 0
    for log, label in corpus.values():
        lines = {miss.line for miss in log.near_misses} | {report.span.first for report in log.reports}
        for entry in label["reports"]:
            total += 1
            told += any(line in lines for line in range(entry["line"] - 1, entry["line"] + 2))
    assert told >= 0.96 * total


def test_every_span_lies_in_its_file(corpus: dict[str, tuple[Log, Label]]) -> None:
    for log, _ in corpus.values():
        for report in log.reports:
            assert 1 <= report.span.first <= report.span.last <= log.lines
            assert all(report.span.first <= problem.span.first for problem in report.reading.problems)
            assert all(problem.span.last <= log.lines for problem in report.reading.problems)
