"""Reports of other programs in their own words: what is written is read as the same report."""

from pathlib import Path

from foreign_strategies import (
    helgrind_reports,
    java_dumps,
    java_reports,
    tsan_reports,
    witness_reports,
)
from hypothesis import given, settings

from lockview.export.kernel_text import kernel_text
from lockview.model.foreign_reports import ForeignLock, JavaDeadlockReport, JavaThread, TsanReport
from lockview.model.reports import Report
from lockview.parsing.reader import read_file, read_text

FOREIGN = ("tsan", "helgrind", "witness", "java")


def same_again(report: Report) -> None:
    text = kernel_text(report)
    log = read_text(text)
    assert log.reports == (report,), text


@settings(max_examples=80, deadline=None)
@given(tsan_reports())
def test_thread_sanitizer(report: Report) -> None:
    same_again(report)


@settings(max_examples=80, deadline=None)
@given(helgrind_reports())
def test_helgrind(report: Report) -> None:
    same_again(report)


@settings(max_examples=80, deadline=None)
@given(witness_reports())
def test_witness(report: Report) -> None:
    same_again(report)


@settings(max_examples=80, deadline=None)
@given(java_reports())
def test_java(report: Report) -> None:
    same_again(report)


@settings(max_examples=60, deadline=None)
@given(java_dumps())
def test_java_dumps_of_all_threads(report: Report) -> None:
    same_again(report)


def test_real_reports(shared: Path) -> None:
    paths = [path for kind in FOREIGN for path in sorted((shared / "corpus").glob(f"{kind}-*.log"))]
    assert paths
    for path in paths:
        for report in read_file(str(path)).reports:
            same_again(report)


def test_no_line_can_be_forged() -> None:
    """Names that were not read from lines may hold line breaks."""
    forged = TsanReport(
        "WARNING: ThreadSanitizer: lock-order-inversion (potential deadlock)", locks=(ForeignLock("M1\nx", "0x1"),)
    )
    assert "M1\\x0ax (0x1)" in kernel_text(forged)
    thread = JavaThread('a":\n\tat b(C.java:1)', "0x1")
    assert kernel_text(JavaDeadlockReport("Found one Java-level deadlock:", threads=(thread,))).count("\n\tat ") == 0
