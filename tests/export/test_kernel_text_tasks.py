"""The kernel's wording of reports about one task and its locks: reading gives back what was written."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from task_strategies import task_reports

from lockview.export.as_json import report_from_json, report_to_json
from lockview.export.kernel_text import kernel_text
from lockview.export.kernel_text_tasks import task_lines
from lockview.model.held_reports import FreedReport, LeftHeldReport, UnlockReport, WaitContextReport
from lockview.model.locks import HeldLock, LockClass, WaitTypes
from lockview.model.reports import HeldLocks, Report, Task
from lockview.model.stacks import Frame
from lockview.parsing.reader import read_file, read_text


@settings(max_examples=150, deadline=None)
@given(task_reports())
def test_reading_gives_any_report_back(report: Report) -> None:
    text = kernel_text(report)
    assert read_text(text).reports == (report,), text


@settings(max_examples=60, deadline=None)
@given(task_reports())
def test_json_gives_any_report_back(report: Report) -> None:
    text = json.dumps(report_to_json(report))
    assert report_from_json(json.loads(text)) == report


WAITS = WaitContextReport(
    "BUG: Invalid wait context",
    "6.12.0",
    "#1",
    "Not tainted",
    Task("swapper/0", 0),
    HeldLock(LockClass("&mutex_B"), "....", WaitTypes(4, 4), "ffffffff81e1d110", site=Frame("f", 1, 2)),
    context=WaitTypes(3, 3),
    held_locks=HeldLocks(Task("swapper/0", 0), 0),
)


def test_wording_of_a_wait_context() -> None:
    assert kernel_text(WAITS).splitlines()[2:] == [
        "[ BUG: Invalid wait context ]",
        "6.12.0 #1 Not tainted",
        "-" * 29,
        "swapper/0/0 is trying to lock:",
        "ffffffff81e1d110 (&mutex_B){....}-{4:4}, at: f+0x1/0x2",
        "other info that might help us debug this:",
        "context-{3:3}",
        "no locks held by swapper/0/0.",
    ]


@pytest.mark.parametrize(
    "report",
    [
        UnlockReport("WARNING: bad unlock balance detected!"),
        FreedReport("WARNING: held lock freed!"),
        LeftHeldReport("WARNING: a/1 still has locks held!"),
    ],
)
def test_only_what_was_there_is_written(report: Report) -> None:
    text = kernel_text(report)
    assert report.title in text
    assert "None" not in text


def test_real_reports_come_back(shared: Path) -> None:
    """Reports as people sent them: what is read from the damaged text is the same after writing and reading again."""
    paths = [*sorted((shared / "corpus").glob("*.log")), *sorted((shared / "realkernel").glob("*.log"))]
    reports = [(path.name, report) for path in paths for report in read_file(str(path)).reports]
    mine = [(name, report) for name, report in reports if task_lines(report) is not None]
    assert len(mine) > 100
    lost = [(name, report.kind) for name, report in mine if read_text(kernel_text(report)).reports != (report,)]
    assert lost == []
