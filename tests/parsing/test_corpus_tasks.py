"""The labelled real reports about one task and its locks: how many fields agree, with floors."""

from pathlib import Path

import pytest
from corpus_scores import Label, Score, compare_held, compare_title, pairs, read_corpus, same_site, usage

from lockview.model.held_reports import FreedReport, RcuReport, UnlockReport
from lockview.model.logs import Log
from lockview.model.reports import Report, ReportKind

TASK_KINDS = (
    ReportKind.WAIT_CONTEXT,
    ReportKind.NESTED,
    ReportKind.BAD_UNLOCK,
    ReportKind.BAD_CONTENTION,
    ReportKind.FREED,
    ReportKind.EXIT,
    ReportKind.USER_RETURN,
    ReportKind.WORK_LEAK,
    ReportKind.RCU,
    ReportKind.NON_STATIC_KEY,
    ReportKind.LIMIT,
)
FLOORS: dict[str, dict[str, int]] = {
    "wait_context": {
        "found": 22,
        "line": 22,
        "title": 22,
        "comm": 22,
        "pid": 22,
        "kernel": 20,
        "wanted": 22,
        "wanted site": 22,
        "held list": 22,
        "held entries": 21,
        "held sites": 50,
        "truncated": 22,
    },
    "nested_not_taken": {
        "found": 1,
        "line": 1,
        "title": 1,
        "comm": 1,
        "pid": 1,
        "kernel": 1,
        "wanted": 1,
        "wanted site": 1,
        "held list": 1,
    },
    "bad_unlock": {
        "found": 18,
        "line": 18,
        "title": 18,
        "comm": 18,
        "pid": 18,
        "kernel": 17,
        "wanted": 18,
        "wanted site": 18,
        "held list": 18,
        "held entries": 15,
        "truncated": 17,
        "held sites": 28,
    },
    "held_freed": {
        "found": 4,
        "line": 4,
        "title": 4,
        "comm": 4,
        "pid": 4,
        "kernel": 4,
        "wanted": 4,
        "wanted site": 4,
        "held list": 4,
        "held entries": 3,
        "held sites": 11,
        "truncated": 4,
    },
    "held_exit": {
        "found": 7,
        "line": 7,
        "title": 7,
        "comm": 7,
        "pid": 7,
        "kernel": 7,
        "wanted": 7,
        "held list": 7,
        "held entries": 7,
        "held sites": 9,
        "truncated": 7,
    },
    "held_return_user": {
        "found": 9,
        "line": 9,
        "title": 9,
        "comm": 9,
        "pid": 9,
        "wanted": 9,
        "held list": 9,
        "held entries": 9,
        "held sites": 9,
        "truncated": 9,
        "kernel": 6,
    },
    "workqueue_leak": {
        "found": 4,
        "line": 4,
        "title": 2,
        "comm": 4,
        "pid": 4,
        "kernel": 4,
        "wanted": 4,
        "held list": 4,
        "held entries": 3,
        "held sites": 3,
        "truncated": 4,
    },
    "rcu_suspicious": {
        "found": 31,
        "line": 31,
        "title": 31,
        "comm": 31,
        "wanted": 31,
        "held list": 31,
        "detail": 31,
        "truncated": 31,
        "pid": 23,
        "kernel": 26,
        "held entries": 22,
        "held sites": 47,
    },
    "non_static_key": {
        "found": 10,
        "line": 10,
        "title": 10,
        "comm": 10,
        "pid": 10,
        "kernel": 10,
        "wanted": 10,
        "held list": 10,
        "truncated": 10,
    },
}


@pytest.fixture(scope="module")
def corpus(shared: Path) -> dict[str, tuple[Log, Label]]:
    return read_corpus(shared)


def compare_wanted(score: Score, name: str, report: Report, label: Label) -> None:
    expected = label.get("wanted")
    if isinstance(report, UnlockReport):
        score.compare("wanted", name, report.name, expected and expected["class"])
        score.check(
            "wanted site",
            name,
            not expected
            or not report.site
            or report.site.function in (expected.get("function"), *expected.get("functions", ())),
            str(report.site),
        )
        return
    lock = report.freed if isinstance(report, FreedReport) else report.wanted
    if not expected or not lock:
        score.check("wanted", name, not expected and not lock, str(lock))
        return
    score.compare("wanted", name, usage(lock), (expected["class"], expected.get("usage"), expected.get("wait_type")))
    score.check("wanted site", name, same_site(lock, expected), str(lock.site))


@pytest.mark.parametrize("kind", FLOORS)
def test_fields_agree_with_the_labels(corpus: dict[str, tuple[Log, Label]], kind: str) -> None:
    score = Score()
    for name, report, label in pairs(score, corpus, kind):
        compare_title(score, name, report, label)
        compare_wanted(score, name, report, label)
        compare_held(score, name, report, label)
        if isinstance(report, RcuReport):
            score.compare("detail", name, f"{report.place} {report.message}", label["detail"])
        complete = report.reading.complete
        score.check("truncated", name, complete != label["truncated"], f"{report.reading}"[:300])
    short = {field: count for field, count in FLOORS[kind].items() if score.agreeing[field] < count}
    assert not short, "\n".join(score.wrong)


def test_nothing_is_invented(corpus: dict[str, tuple[Log, Label]]) -> None:
    """No report of these kinds beyond the labelled ones, in no log and above all not where there is none."""
    for name, (log, label) in corpus.items():
        labelled = [entry["kind"] for entry in label["reports"]]
        for kind in TASK_KINDS:
            found = [report.span for report in log.reports if report.kind is kind]
            assert len(found) <= labelled.count(kind.value), (name, kind, found)
        checks = [report for report in log.reports if report.kind is ReportKind.SELF_CHECK]
        # No label lists this WARN of the scheduler.
        checks = [report for report in checks if not report.title.startswith("do not call blocking ops")]
        assert len(checks) <= len(label.get("also_present", ())), name
