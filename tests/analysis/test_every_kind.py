"""Whatever the kind of a report: it has a line, an explanation, and what is usually done about it."""

import pytest
from kernel_samples import SAMPLES

from lockview.analysis.build import lock_graph
from lockview.analysis.explain import explain, summary
from lockview.model.held_reports import AtomicReport
from lockview.model.reports import Report, ReportKind, Task
from lockview.model.stall_reports import StallReport
from lockview.parsing.reader import read_text

OTHER_PROGRAMS = {ReportKind.TSAN, ReportKind.HELGRIND, ReportKind.WITNESS, ReportKind.JAVA}
"""Their explanations have tests of their own."""
STALLS = {ReportKind.SOFT_LOCKUP, ReportKind.HARD_LOCKUP, ReportKind.RCU_STALL}


def report_of(kind: ReportKind) -> Report:
    task = Task("demo", 42)
    if kind in STALLS:
        return StallReport("a stall", task=task, group=kind, cpus=(1,), seconds=22)
    if kind is ReportKind.NOT_ATOMIC:
        return AtomicReport("BUG: assuming atomic context at a.c:1", task=task, place="a.c:1", assumed="atomic")
    return next(report for report in read_text(SAMPLES[kind]).reports if report.kind is kind)


@pytest.mark.parametrize("kind", [kind for kind in ReportKind if kind not in OTHER_PROGRAMS])
def test_every_kind_is_explained_and_has_usual_fixes(kind: ReportKind) -> None:
    report = report_of(kind)
    graph = lock_graph(report)
    sentences = [sentence.text for sentence in explain(report, graph)]
    assert summary(report, graph)
    assert len(sentences) >= 2
    helpful = [text for text in sentences if "sual fix" in text or "sual cause" in text or "Where to look" in text]
    assert helpful, "\n".join(sentences)
