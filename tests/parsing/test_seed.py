"""The seed mail, exactly: everything its report says, and where it says it."""

from pathlib import Path

import pytest

from lockview.model.reports import CircularReport, Operation, ReportKind
from lockview.model.text import Severity, Span
from lockview.parsing.reader import read_bytes, read_file

KERNEL = "4.13.0-rc5-next-20170817-dbg-00039-gaf11d7500492-dirty"


@pytest.fixture(scope="module")
def mail(shared: Path) -> CircularReport:
    log = read_file(str(shared / "samples" / "seed-mail.txt"))
    assert log.name.endswith("seed-mail.txt")
    assert log.lines == 172
    assert log.size == 7473
    assert log.wrappers == ("mail quotes", "printk time stamps")
    assert not log.problems
    assert not log.near_misses
    (report,) = log.reports
    assert isinstance(report, CircularReport)
    return report


def test_the_head_of_the_report(mail: CircularReport) -> None:
    assert mail.kind is ReportKind.CIRCULAR
    assert mail.title == "WARNING: possible circular locking dependency detected"
    assert (mail.kernel, mail.build, mail.taint) == (KERNEL, "#1743", "Not tainted")
    assert str(mail.task) == "khugepaged/43"
    assert mail.wanted is not None
    assert mail.wanted.lock_class.name == "&mapping->i_mmap_rwsem"
    assert mail.wanted.usage == "++++"
    assert mail.wanted.wait_types is None
    assert str(mail.wanted.site) == "rmap_walk_file+0x5a/0x147"
    assert mail.wanted.span == Span(54, 54)
    assert mail.held is not None
    assert mail.held.lock_class.name == "fs_reclaim"
    assert mail.held.site is not None
    assert mail.held.site.address == "ffffffff810ebd80"
    assert mail.span == Span(50, 170)


def test_the_cycle_with_the_stack_of_each_dependency(mail: CircularReport) -> None:
    steps = [(str(step.held), str(step.wanted), step.index, step.new, len(step.stack)) for step in mail.cycle]
    assert steps == [
        ("&mapping->i_mmap_rwsem", "&vma->vm_sequence", 1, False, 13),
        ("&vma->vm_sequence", "&vma->vm_sequence/1", 2, False, 13),
        ("&vma->vm_sequence/1", "fs_reclaim", 3, False, 8),
        ("fs_reclaim", "&mapping->i_mmap_rwsem", 0, True, 15),
    ]
    assert not any(step.inferred for step in mail.cycle)
    assert mail.cycle[0].wanted.subclass == 0
    assert mail.cycle[1].wanted.subclass == 1
    assert [str(name) for name in mail.chain_exists] == ["&mapping->i_mmap_rwsem", "&vma->vm_sequence/1", "fs_reclaim"]


def test_chain_entries_and_their_lines(mail: CircularReport) -> None:
    assert [(e.index, str(e.lock_class), e.usage, e.span.first) for e in mail.chain] == [
        (3, "fs_reclaim", "+.+.", 64),
        (2, "&vma->vm_sequence/1", "+.+.", 74),
        (1, "&vma->vm_sequence", "+.+.", 89),
        (0, "&mapping->i_mmap_rwsem", "++++", 104),
    ]
    frames = mail.chain[1].stack.frames
    assert [frame.function for frame in frames[:5]] == [
        "write_seqcount_begin_nested",
        "__vma_adjust",
        "__split_vma",
        "do_munmap",
        "vm_munmap",
    ]
    assert (frames[0].offset, frames[0].size, frames[0].span) == (0x1B, 0x1D, Span(75, 75))
    shrink = mail.chain[3].stack.frames[6]
    assert shrink.function == "shrink_node_memcg.constprop.71"
    assert shrink.bare_function == "shrink_node_memcg"


def test_the_scenario_is_given_back_its_columns(mail: CircularReport) -> None:
    assert [(step.cpu, step.operation, str(step.lock_class)) for step in mail.scenario] == [
        (0, Operation.LOCK, "fs_reclaim"),
        (1, Operation.LOCK, "&vma->vm_sequence/1"),
        (1, Operation.LOCK, "fs_reclaim"),
        (0, Operation.LOCK, "&mapping->i_mmap_rwsem"),
    ]
    assert [(problem.severity, problem.code, problem.span) for problem in mail.reading.problems] == [
        (Severity.NOTE, "scenario-columns-lost", Span(130, 133))
    ]


def test_held_locks_and_backtrace(mail: CircularReport) -> None:
    assert mail.held_locks is not None
    assert str(mail.held_locks.task) == "khugepaged/43"
    assert mail.held_locks.count == 1
    assert [(lock.index, str(lock.lock_class), lock.usage) for lock in mail.held_locks.locks] == [
        (0, "fs_reclaim", "+.+.")
    ]
    trace = mail.backtrace
    assert trace is not None
    assert (trace.cpu, trace.pid, trace.comm) == (0, 43, "khugepaged")
    assert (len(trace.stack), len(trace.stack.reliable)) == (28, 18)
    assert [frame.function for frame in trace.stack if not frame.reliable][:3] == [
        "graph_unlock",
        "rmap_walk_file",
        "rmap_walk_file",
    ]


def test_the_reading_is_complete(mail: CircularReport) -> None:
    assert mail.reading.complete
    assert mail.reading.missing == ()
    assert mail.reading.time == "2311.315401"
    assert mail.reading.caller == ""


def test_every_part_knows_its_lines(mail: CircularReport) -> None:
    spans = [entry.span for entry in mail.chain]
    spans += [frame.span for entry in mail.chain for frame in entry.stack]
    spans += [step.span for step in mail.scenario]
    assert mail.held_locks
    assert mail.backtrace
    spans += [mail.held_locks.span, mail.held_locks.locks[0].span, mail.backtrace.span]
    spans += [frame.span for frame in mail.backtrace.stack]
    assert all(mail.span.first <= span.first <= span.last <= mail.span.last for span in spans)


def test_the_bundled_sample_is_the_same_report(mail: CircularReport, sample: Path) -> None:
    log = read_bytes(sample.read_bytes(), sample.name)
    assert log.reports == (mail,)
