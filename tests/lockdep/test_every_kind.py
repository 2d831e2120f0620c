"""One case for every kind of report: what it is called, that it can be read back, and its words in every era."""

from pathlib import Path

import pytest
from golden_files import check_golden

from lockview.document.resources import resource
from lockview.export.kernel_text import kernel_text
from lockview.lockdep.case_files import read_cases
from lockview.lockdep.cases import Case, run
from lockview.lockdep.rules import rules_of
from lockview.lockdep.wording import ERAS
from lockview.model.reports import ReportKind
from lockview.parsing.reader import read_text

OF_OTHERS = {
    *(ReportKind.SLEEP, ReportKind.SCHED, ReportKind.NOT_ATOMIC, ReportKind.SPINLOCK, ReportKind.RWLOCK),
    *(ReportKind.MUTEX_DEADLOCK, ReportKind.DEPT, ReportKind.HUNG_TASK, ReportKind.LOCKS_DUMP),
    *(ReportKind.SOFT_LOCKUP, ReportKind.HARD_LOCKUP, ReportKind.RCU_STALL),
    *(ReportKind.TSAN, ReportKind.HELGRIND, ReportKind.WITNESS, ReportKind.JAVA),
}
"""Kinds that lockdep does not report."""


@pytest.fixture(scope="module")
def cases() -> tuple[Case, ...]:
    return read_cases(Path(resource("cases/every-kind.json")).read_bytes())


def test_every_kind_of_lockdep_is_there(cases: tuple[Case, ...]) -> None:
    verdicts = [run(case) for case in cases]
    assert not [verdict.case.id for verdict in verdicts if not verdict.passed]
    kinds = {verdict.report.kind.value for verdict in verdicts if verdict.report}
    assert kinds == {kind.value for kind in set(ReportKind) - OF_OTHERS}
    assert not [
        verdict.case.id
        for verdict in verdicts
        if verdict.report and verdict.case.id in kinds and verdict.report.kind.value != verdict.case.id
    ]


@pytest.mark.parametrize("era", sorted(ERAS))
def test_the_words_of_each_era(cases: tuple[Case, ...], era: str) -> None:
    texts = []
    for case in cases:
        report = run(case, rules_of(era)).report
        if report is not None:
            text = kernel_text(report)
            assert list(read_text(text).reports) == [report], case.id
            texts.append(f"### {case.id}\n{text}\n")
    check_golden(f"lockdep-{era}.txt", "".join(texts))
