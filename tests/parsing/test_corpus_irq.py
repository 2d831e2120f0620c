"""The labelled real reports about recursion and usage states: how many fields agree, with floors."""

from pathlib import Path

import pytest
from corpus_scores import (
    Label,
    Score,
    compare_held,
    compare_lock,
    compare_scenario,
    compare_title,
    pairs,
    read_corpus,
)

from lockview.model.irq_reports import ClassMention, InconsistentReport, IrqInversionReport, IrqOrderReport
from lockview.model.reports import Report

REPORTS = {"recursive": 25, "inconsistent": 28, "irq_unsafe_order": 13, "irq_inversion": 14}
IN_ALL = ("found", "none invented", "line", "title", "comm", "pid", "wanted", "scenario", "held list")
FLOORS: dict[str, dict[str, int]] = {
    "recursive": {
        "kernel": 21,
        "wanted site": 25,
        "held": 24,
        "held site": 24,
        "held entries": 21,
        "held sites": 43,
        "scenario cpus": 20,
        "truncated": 24,  # one log ends before the backtrace, and its label does not say so
    },
    "inconsistent": {
        "kernel": 27,
        "wanted site": 27,
        "detail": 28,
        "held entries": 22,
        "held sites": 50,
        "scenario cpus": 23,
        "truncated": 28,
    },
    "irq_unsafe_order": {
        "kernel": 13,
        "wanted site": 13,
        "held": 13,
        "held site": 12,
        "new_dependency": 13,
        "held entries": 9,
        "held sites": 34,
        "scenario cpus": 9,
        "truncated": 13,
    },
    "irq_inversion": {
        "kernel": 14,
        "wanted site": 14,
        "held": 14,
        "held entries": 7,
        "held sites": 11,
        "scenario cpus": 12,
        "truncated": 13,  # the same
    },
}


def mentioned(found: ClassMention | None) -> tuple[str, str | None, str | None] | None:
    if found is None:
        return None
    wait = found.wait_types
    return (
        found.lock_class.name,
        "{" + found.usage + "}" if found.usage else None,
        f"{{{wait.outer}:{wait.inner}}}" if wait else None,
    )


def compare_own(score: Score, name: str, report: Report, label: Label) -> None:
    wanted = report.changed if isinstance(report, IrqInversionReport) else report.wanted
    compare_lock(score, "wanted", name, wanted, label)
    if isinstance(report, IrqInversionReport):
        held = label.get("held")
        expected = (held["class"], held.get("usage"), held.get("wait_type")) if held else None
        score.compare("held", name, mentioned(report.other), expected)
    else:
        compare_lock(score, "held", name, report.held, label)
    if isinstance(report, IrqOrderReport):
        new = [part.lock_class.name for part in report.new_dependency] if report.new_dependency else None
        score.compare("new_dependency", name, new, label.get("new_dependency"))
    if isinstance(report, InconsistentReport):
        detail = f"inconsistent {{{report.old_state}}} -> {{{report.new_state}}} usage."
        score.compare("detail", name, detail, label.get("detail", detail))


@pytest.mark.parametrize("kind", FLOORS)
def test_fields_agree_with_the_labels(shared: Path, kind: str) -> None:
    score = Score()
    prefix = {"irq_unsafe_order": "irqorder", "irq_inversion": "irqinversion"}.get(kind, kind)
    corpus = read_corpus(shared, f"{prefix}-*")
    if kind == "inconsistent":
        corpus |= read_corpus(shared, "schedatomic-52d993a4")
    for name, report, label in pairs(score, corpus, kind):
        compare_title(score, name, report, label)
        compare_own(score, name, report, label)
        compare_scenario(score, name, report, label)
        compare_held(score, name, report, label)
        score.check(
            "truncated",
            name,
            report.reading.complete != label["truncated"],
            f"{report.reading.missing} {label.get('missing')} "
            f"{[p.code for p in report.reading.problems if p.severity != 'note']}",
        )
    floors = dict.fromkeys(IN_ALL, REPORTS[kind]) | FLOORS[kind]
    short = {field: count for field, count in floors.items() if score.agreeing[field] < count}
    assert not short, "\n".join(score.wrong)
