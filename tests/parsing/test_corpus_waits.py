"""Labelled real reports of tasks that wait, or may not: how many fields agree, with floors."""

from pathlib import Path

import pytest
from corpus_scores import Label, Score, compare_held, labelled, pairs, read_corpus, same_site, usage

from lockview.model.held_reports import AtomicReport
from lockview.model.reports import HeldLocks, Report, Task
from lockview.model.wait_reports import HungTaskReport, LocksDumpReport, SpinReport

FLOORS: dict[str, dict[str, int]] = {
    "hung_task": {
        **dict.fromkeys(("found", "line", "title", "comm", "pid", "held list"), 71),
        "kernel": 55,
        "truncated": 69,
        "lists": 21,
        "entries": 185,
        "sites": 330,
        "held entries": 2,
    },
    "locks_dump": {**dict.fromkeys(("found", "line", "title", "truncated", "lists"), 6), "entries": 56, "sites": 79},
    "sleep_atomic": {
        **dict.fromkeys(("found", "line", "title", "comm", "pid", "detail", "held list"), 38),
        "kernel": 29,
        "truncated": 36,
        "held entries": 35,
        "held sites": 107,
    },
    "sched_atomic": {
        **dict.fromkeys(("found", "line", "title", "comm", "pid", "held list"), 9),
        "kernel": 6,
        "truncated": 8,
        "held entries": 2,
        "held sites": 5,
    },
    "spinlock_bug": {
        **dict.fromkeys(("found", "line", "title", "detail", "held list"), 12),
        **dict.fromkeys(("comm", "pid", "truncated"), 11),
        "kernel": 8,
    },
    "rwlock_bug": dict.fromkeys(("found", "line", "title", "comm", "pid", "kernel", "truncated"), 1),
}
NOT_LABELLED = {"hung_task": ["hung-27e4953f"]}
"""Logs with a sound report that has no label: the quoted tail of an older mail."""


def compare_title(score: Score, name: str, report: Report, label: Label) -> None:
    """A label's title ends with its line; a title that was wrapped is read as a whole."""
    score.compare("line", name, report.span.first, label["line"])
    words = label["title"].split()
    score.compare("title", name, report.title.split()[: len(words)], words)
    if "comm" in label:
        comm = report.task.comm if report.task else ""
        score.check("comm", name, comm in (label["comm"], label.get("comm_alt")), comm)
        score.compare("pid", name, report.task and report.task.pid, label["pid"])
    if label.get("kernel"):
        score.compare("kernel", name, report.kernel, label["kernel"])
    score.compare("truncated", name, bool(report.reading.missing), bool(label.get("missing")))


def compare_detail(score: Score, name: str, report: Report, label: Label) -> None:
    if "detail" not in label:
        return
    if isinstance(report, SpinReport):
        score.compare("detail", name, report.complaint, label["detail"])
    elif isinstance(report, AtomicReport):
        score.compare("detail", name, report.place, label["detail"])


def compare_all_locks(score: Score, name: str, report: Report, label: Label) -> None:
    if not isinstance(report, HungTaskReport | LocksDumpReport) or "all_locks_held" not in label:
        return
    lists: tuple[HeldLocks, ...] = report.all_locks
    expected = label["all_locks_held"]
    score.compare(
        "lists",
        name,
        [(held.task.comm, held.task.pid, held.count) for held in lists],
        [(held["comm"], held["pid"], held["count"]) for held in expected],
    )
    by_task = {(held.task.comm, held.task.pid): held for held in lists}
    for label_of in expected:
        held = by_task.get((label_of["comm"], label_of["pid"]), HeldLocks(Task("", 0), 0))
        score.compare(
            "entries",
            name,
            [(lock.index, *usage(lock)) for lock in held.locks],
            [(lock["n"], *labelled(lock)) for lock in label_of["locks"]],
        )
        for lock, entry in zip(held.locks, label_of["locks"], strict=False):
            score.check("sites", name, same_site(lock, entry), str(lock.site))


@pytest.mark.parametrize("kind", FLOORS)
def test_labelled_reports(shared: Path, kind: str) -> None:
    score = Score()
    corpus = read_corpus(shared)
    for name, report, label in pairs(score, corpus, kind):
        compare_title(score, name, report, label)
        compare_detail(score, name, report, label)
        compare_all_locks(score, name, report, label)
        if kind != "locks_dump":
            compare_held(score, name, report, label)
    wrong = [field for field, floor in FLOORS[kind].items() if score.agreeing[field] < floor]
    invented = [words for words in score.wrong if ": none invented: " in words]
    assert [words.partition(":")[0] for words in invented] == NOT_LABELLED.get(kind, [])
    assert not wrong, "\n".join([f"{kind}: below the floor: {wrong}", str(dict(score.agreeing)), *score.wrong])
