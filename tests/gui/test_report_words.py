"""What the list of reports says of each kind."""

import pytest

from lockview.gui.reports.words import KINDS, NO_TITLE, report_facts, report_name, report_tip
from lockview.model.held_reports import FreedReport, LeftHeldReport, RcuReport, UnlockReport
from lockview.model.irq_reports import IrqInversionReport
from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import CircularReport, HeldLocks, Report, ReportKind, Task
from lockview.model.wait_reports import HungTaskReport, SpinReport

A, B = HeldLock(LockClass("&a->lock")), HeldLock(LockClass("b", 2))


@pytest.mark.parametrize(
    ("report", "name"),
    [
        (CircularReport("t", wanted=A), "&a->lock"),
        (CircularReport(""), NO_TITLE),
        (IrqInversionReport("t", changed=B), "b#2"),
        (UnlockReport("t", name="&mm->mmap_lock"), "&mm->mmap_lock"),
        (FreedReport("t", freed=A), "&a->lock"),
        (RcuReport("t", place="kernel/fork.c:12"), "kernel/fork.c:12"),
        (LeftHeldReport("t", held_locks=HeldLocks(Task("sh", 1), 2, (A, B))), "b#2"),
        (SpinReport("t", lock="jiffies_lock"), "jiffies_lock"),
        (HungTaskReport("INFO: task a:1 blocked"), "INFO: task a:1 blocked"),
        (HungTaskReport("t", task=Task("a", 1), seconds=120), "a/1 blocked for 120 s"),
    ],
)
def test_each_kind_is_called_after_what_it_is_about(report: Report, name: str) -> None:
    assert report_name(report) == name


def test_each_kind_has_words() -> None:
    assert all(KINDS.get(kind) for kind in (ReportKind.CIRCULAR, ReportKind.HUNG_TASK, ReportKind.JAVA))
    assert report_facts(HungTaskReport("", task=Task("a", 1))) == "hung task · a/1"
    assert report_tip(CircularReport("")) == NO_TITLE
