"""The labelled real reports: how many fields agree, with floors, and no report where there is none.

No file is treated specially; a floor that is not the whole number says that honest rules do not reach further.
"""

from collections import Counter
from pathlib import Path

import pytest
from corpus_scores import (
    Label,
    Score,
    compare_held,
    compare_lock,
    compare_scenario,
    compare_title,
    labelled,
    pairs,
    read_corpus,
    usage,
)

from lockview.model.logs import Log
from lockview.model.reports import CircularReport

ALSO_PRESENT = {
    "mutex_warn": "self_check",
    "lockdep_internal": "self_check",
    "hung_task_other": "hung_task",
    "soft_lockup": "soft_lockup",
}
"""What we call the events that a label lists as neither right nor wrong; no other report may be beyond the label."""
PASSED_OVER = "do not call blocking ops when !TASK_RUNNING"
"""A WARN that no label lists, as often as it stands in the logs."""

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


@pytest.fixture(scope="module")
def corpus(shared: Path) -> dict[str, tuple[Log, Label]]:
    return read_corpus(shared)


def test_fields_agree_with_the_labels(corpus: dict[str, tuple[Log, Label]]) -> None:
    score = Score()
    for name, report, label in pairs(score, corpus, "circular"):
        assert isinstance(report, CircularReport)
        compare_title(score, name, report, label)
        compare_lock(score, "wanted", name, report.wanted, label)
        compare_lock(score, "held", name, report.held, label)
        compare_chain(score, name, report, label)
        compare_scenario(score, name, report, label)
        compare_held(score, name, report, label)
        score.compare("truncated", name, not report.reading.complete, label["truncated"])
    short = {field: count for field, count in FLOORS.items() if score.agreeing[field] < count}
    assert not short, "\n".join(score.wrong)


def test_no_report_is_invented(corpus: dict[str, tuple[Log, Label]]) -> None:
    for name, (log, label) in corpus.items():
        found = Counter(report.kind.value for report in log.reports if not report.title.startswith(PASSED_OVER))
        found -= Counter(entry["kind"] for entry in label["reports"])
        optional = Counter(ALSO_PRESENT.get(entry["kind"], "") for entry in label.get("also_present", ()))
        assert not found - optional, (name, found)


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
