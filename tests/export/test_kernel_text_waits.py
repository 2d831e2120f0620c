"""Reports about waiting tasks in the kernel's words are read back as they were."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from wait_reports import wait_reports

from lockview.export.as_json import report_from_json, report_to_json
from lockview.export.kernel_text import kernel_text
from lockview.model.held_reports import AtomicReport
from lockview.model.reports import Report, Task
from lockview.model.wait_reports import Blocker, HungTaskReport, LocksDumpReport, SpinReport
from lockview.parsing.reader import read_file, read_text


@settings(max_examples=150, deadline=None)
@given(wait_reports())
def test_what_is_written_is_read_back(report: Report) -> None:
    """Other tasks of the same pass are reports of their own; the first report is the one that was written."""
    read = read_text(kernel_text(report)).reports
    assert read[0] == report
    assert read[0].reading.complete
    assert all(isinstance(other, HungTaskReport) for other in read[1:])


def test_real_reports_come_back(shared: Path) -> None:
    """One log ends above its stack, so that nothing carries the kernel's name when it is written."""
    kinds = "hung", "locksdump", "sleepatomic", "schedatomic", "spinlock", "rwlock"
    written = lost = 0
    for path in sorted(path for kind in kinds for path in (shared / "corpus").glob(f"{kind}-*.log")):
        for report in read_file(str(path)).reports:
            if isinstance(report, HungTaskReport | LocksDumpReport | AtomicReport | SpinReport):
                written += 1
                lost += read_text(kernel_text(report)).reports[:1] != (report,)
    assert written > 120
    assert lost <= 1


@settings(max_examples=40, deadline=None)
@given(wait_reports())
def test_json_keeps_them(report: Report) -> None:
    assert report_from_json(report_to_json(report)) == report


@pytest.mark.parametrize(
    ("lock", "owner", "words"),
    [
        ("mutex", "other:41", "is blocked on a mutex likely owned by task other:41."),
        ("mutex", "", "is blocked on a mutex, but the owner is not found."),
        ("semaphore", "other:41", "blocked on a semaphore likely last held by task other:41"),
        ("semaphore", "", "is blocked on a semaphore, but the last holder is not found."),
        ("rw-semaphore", "kworker/u4:1:41", "<reader> blocked on an rw-semaphore likely owned by task {} <writer>"),
        ("rw-semaphore", "", "is blocked on an rw-semaphore, but the owner is not found."),
    ],
)
def test_each_blocker_line(lock: str, owner: str, words: str) -> None:
    text = f"INFO: task a b:1:42 blocked for more than 9 seconds.\nINFO: task a b:1:42 {words.format(owner)}\n"
    (report,) = read_text(text).reports
    assert isinstance(report, HungTaskReport)
    (blocker,) = report.blockers
    comm, _, pid = owner.rpartition(":")
    roles = ("reader", "writer") if "<" in words else ("", "")
    assert blocker == Blocker(Task("a b:1", 42), lock, Task(comm, int(pid)) if owner else None, *roles)
    assert words.format(owner) in kernel_text(report)
