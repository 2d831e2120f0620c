"""Two reports side by side."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockview.analysis.report_difference import Pair, Standing, compare
from lockview.model.locks import LockClass
from lockview.model.reports import CircularReport, Report
from lockview.model.stacks import Backtrace, Frame, StackTrace
from lockview.parsing.reader import read_file


@pytest.fixture(scope="module")
def mail(sample: Path) -> CircularReport:
    (report,) = read_file(str(sample)).reports
    assert isinstance(report, CircularReport)
    return report


def with_stack(report: CircularReport, number: int, *functions: str) -> CircularReport:
    entry = replace(report.chain[number], stack=StackTrace(tuple(Frame(name) for name in functions)))
    return replace(report, chain=(*report.chain[:number], entry, *report.chain[number + 1 :]))


def differing(left: Report, right: Report) -> list[tuple[str, Pair]]:
    return [
        (section.title, pair)
        for section in compare(left, right).sections
        for pair in section.pairs
        if pair.standing is not Standing.SAME
    ]


def test_a_report_is_like_itself(mail: CircularReport) -> None:
    comparison = compare(mail, mail)
    assert comparison.differing == 0
    assert comparison.same == 81
    assert [section.title for section in comparison.sections] == [
        "The report",
        "The chain",
        "The scenario",
        "Stack #3: &vma->vm_sequence/1 -> fs_reclaim",
        "Stack #2: &vma->vm_sequence -> &vma->vm_sequence/1",
        "Stack #1: &mapping->i_mmap_rwsem -> &vma->vm_sequence",
        "Stack #0: fs_reclaim -> &mapping->i_mmap_rwsem",
        "The stack of the report",
    ]


def test_what_no_two_boots_share_is_not_compared(mail: CircularReport) -> None:
    entry = mail.chain[0]
    moved = replace(entry, usage="", stack=StackTrace(tuple(replace_offset(frame) for frame in entry.stack.frames)))
    assert differing(mail, replace(mail, kernel="6.1", taint="", chain=(moved, *mail.chain[1:]))) == []


def replace_offset(frame: Frame) -> Frame:
    return Frame(frame.function, 1, 2, frame.module, reliable=frame.reliable, file="x.c", line=3)


def test_frames_are_laid_side_by_side(mail: CircularReport) -> None:
    """One that was added shifts nothing."""
    left, right = with_stack(mail, 0, "a", "b", "c"), with_stack(mail, 0, "a", "x", "b", "c")
    ((title, pair),) = differing(left, right)
    assert title.startswith("Stack #3")
    assert pair == Pair("", "", "x")
    assert pair.standing is Standing.RIGHT_ONLY


def test_other_classes_are_named(mail: CircularReport) -> None:
    entry = replace(mail.chain[1], lock_class=LockClass("&other->lock"))
    found = dict(differing(mail, replace(mail, chain=(mail.chain[0], entry, *mail.chain[2:]))))
    assert found["The chain"] == Pair("#2", "&vma->vm_sequence/1", "&other->lock")


def test_lockdeps_own_functions_are_told_from_others(mail: CircularReport) -> None:
    plain = with_stack(mail, 0, "down_read", "f")
    assert compare(plain, with_stack(mail, 0, "lock_acquire", "down_read", "f")).differs_in_machinery_only
    assert not compare(plain, with_stack(mail, 0, "g", "down_read", "f")).differs_in_machinery_only
    assert not compare(plain, plain).differs_in_machinery_only


names = st.lists(st.sampled_from("abcd"), max_size=8)


@settings(max_examples=60, deadline=None)
@given(ours=names, theirs=names)
def test_no_frame_is_lost_or_doubled(ours: list[str], theirs: list[str]) -> None:
    empty = CircularReport("WARNING: possible circular locking dependency detected")
    left, right = (
        replace(empty, backtrace=Backtrace(StackTrace(tuple(map(Frame, functions))))) for functions in (ours, theirs)
    )
    sections = {section.title: section.pairs for section in compare(left, right).sections}
    pairs = sections.get("The stack of the report", ())
    assert [pair.left for pair in pairs if pair.left] == ours
    assert [pair.right for pair in pairs if pair.right] == theirs
