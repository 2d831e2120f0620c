"""Comparing reports with the labels of real logs: ``from corpus_scores import Score, compare_shared``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lockview.model.locks import HeldLock
from lockview.model.logs import Log
from lockview.model.reports import ChainEntry, Report
from lockview.parsing.reader import read_bytes

Label = dict[str, Any]


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


def compare_title(score: Score, name: str, report: Report, label: Label) -> None:
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


def compare_lock(score: Score, part: str, name: str, lock: HeldLock | None, label: Label) -> None:
    if part in label and lock:
        score.compare(part, name, usage(lock), labelled(label[part]))
        if "function" in label[part] or lock.site:
            score.check(f"{part} site", name, same_site(lock, label[part]), str(lock.site))
    elif part in label or lock:
        score.check(part, name, False, str(lock))


def compare_scenario(score: Score, name: str, report: Report, label: Label) -> None:
    steps = label.get("scenario", [])
    got = [f"{s.operation}({s.lock_class});" if s.lock_class else str(s.operation) for s in report.scenario]
    score.compare("scenario", name, got, [step["op"].replace("disable();", "disable") for step in steps])
    if steps and len(steps) == len(got):
        cpus = [step.cpu for step in report.scenario]
        lost = any(problem.code == "scenario-columns-lost" for problem in report.reading.problems)
        one_column = lost and not any(step["cpu"] for step in steps)
        score.check("scenario cpus", name, one_column or cpus == [step["cpu"] for step in steps], str(cpus))


def compare_held(score: Score, name: str, report: Report, label: Label) -> None:
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


def read_corpus(shared: Path, names: str = "*") -> dict[str, tuple[Log, Label]]:
    """The logs whose names match a pattern, read, with their labels."""
    return {
        path.stem: (read_bytes(path.with_suffix(".log").read_bytes(), path.stem), json.loads(path.read_text()))
        for path in sorted((shared / "corpus").glob(f"{names}.json"))
    }


def pairs(score: Score, corpus: dict[str, tuple[Log, Label]], kind: str) -> Iterator[tuple[str, Report, Label]]:
    """Each labelled report of a kind with the one that was read; those that were not are wrong."""
    for name, (log, label) in corpus.items():
        unused = [report for report in log.reports if report.kind == kind]
        for expected in (entry for entry in label["reports"] if entry["kind"] == kind):
            report = next((r for r in unused if r.span.first == expected["line"]), None) or next(
                (r for r in unused if expected["line"] in r.span), None
            )
            if report is None:
                score.check("found", name, bool(expected.get("optional")), "no report")
                continue
            unused.remove(report)
            score.check("found", name, True, "")
            yield name, report, expected
        score.check("none invented", name, not unused, str([report.span for report in unused]))
