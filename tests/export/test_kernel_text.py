"""The kernel's wording: exact text for each era, and nothing that reading it would lose."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from strategies import circular_reports

from lockview.export.kernel_text import kernel_text
from lockview.model.locks import HeldLock, LockClass, WaitTypes
from lockview.model.reports import (
    ChainEntry,
    CircularReport,
    HeldLocks,
    Operation,
    Report,
    ScenarioStep,
    Task,
)
from lockview.model.stacks import Backtrace, Frame, StackTrace
from lockview.parsing.reader import read_file, read_text

NEW = "WARNING: possible circular locking dependency detected"
A, B, C = LockClass("&a->lock"), LockClass("b", 3, 1), LockClass("c")


def steps(first: Operation = Operation.LOCK, last: Operation = Operation.LOCK) -> tuple[ScenarioStep, ...]:
    return (
        ScenarioStep(0, first, C),
        ScenarioStep(1, Operation.LOCK, B),
        ScenarioStep(1, Operation.LOCK, C),
        ScenarioStep(0, last, A),
    )


def modern() -> CircularReport:
    """A report of 6.12 with a read on both sides."""
    sleeping, unchecked = WaitTypes(4, 4), WaitTypes(0, 0)
    wanted = HeldLock(
        A, "++++", sleeping, "ffff888012345678", " l=0 12:34", Frame("f", 0x10, 0x20, "xfs", "0123456789abcdef")
    )
    held = HeldLock(C, "+.+.", unchecked, "ffffffff82345678", site=Frame("g", 0x1, 0x2))
    backtrace = StackTrace(
        (
            Frame("irq", 0x1, 0x9, part="IRQ"),
            Frame("guess", 0x0, 0x9, reliable=False, part="IRQ"),
            Frame("dump_stack_lvl", 0x5B, 0x90, part="TASK"),
            Frame("f", 0x10, 0x20, "xfs", part="TASK"),
        )
    )
    return CircularReport(
        title=NEW,
        kernel="6.12.0-rc1+",
        build="#7",
        taint="Tainted: G W",
        task=Task("demo", 42),
        wanted=wanted,
        held=held,
        chain=(
            ChainEntry(2, C, "+.+.", unchecked, StackTrace((Frame("g", 0x1, 0x2), Frame("h", 0x3, 0x4, "xfs")))),
            ChainEntry(1, B, "....", sleeping),
            ChainEntry(0, A, "++++", sleeping, StackTrace((Frame("f", 0x10, 0x20, "xfs"), Frame("0x7e8d0c68")))),
        ),
        chain_exists=(A, B, C),
        scenario=steps(Operation.RLOCK, Operation.SYNC),
        held_locks=HeldLocks(
            Task("demo", 42), 2, (replace(held, index=0), HeldLock(LockClass("<RELEASED>"), index=1, released=True))
        ),
        backtrace=Backtrace(backtrace, 3, 42, "demo", "QEMU Standard PC", "events_unbound flush_to_ldisc"),
    )


MODERN = """
======================================================
WARNING: possible circular locking dependency detected
6.12.0-rc1+ #7 Tainted: G W
------------------------------------------------------
demo/42 is trying to acquire lock:
ffff888012345678 (&a->lock l=0 12:34){++++}-{4:4}, at: f+0x10/0x20 [xfs 0123456789abcdef]

but task is already holding lock:
ffffffff82345678 (c){+.+.}-{0:0}, at: g+0x1/0x2

which lock already depends on the new lock.


the existing dependency chain (in reverse order) is:

-> #2 (c){+.+.}-{0:0}:
       g+0x1/0x2
       h+0x3/0x4 [xfs]

-> #1 (b#3/1){....}-{4:4}:

-> #0 (&a->lock){++++}-{4:4}:
       f+0x10/0x20 [xfs]
       0x7e8d0c68

other info that might help us debug this:

Chain exists of:
  &a->lock --> b#3/1 --> c

 Possible unsafe locking scenario:

       CPU0                    CPU1
       ----                    ----
  rlock(c);
                               lock(b#3/1);
                               lock(c);
  sync(&a->lock);

 *** DEADLOCK ***

2 locks held by demo/42:
 #0: ffffffff82345678 (c){+.+.}-{0:0}, at: g+0x1/0x2
 #1: <RELEASED>

stack backtrace:
CPU: 3 PID: 42 Comm: demo Tainted: G W 6.12.0-rc1+ #7
Hardware name: QEMU Standard PC
Workqueue: events_unbound flush_to_ldisc
Call Trace:
 <IRQ>
 irq+0x1/0x9
 ? guess+0x0/0x9
 </IRQ>
 <TASK>
 dump_stack_lvl+0x5b/0x90
 f+0x10/0x20 [xfs]
 </TASK>
"""


def ancient() -> CircularReport:
    """A report of 2.6.32: brackets, six marks, addresses everywhere, no scenario."""
    address = "ffffffff81234567"
    held = HeldLock(C, "+.+.+.", site=Frame("g", 0x1, 0x2, address=address))
    return CircularReport(
        title="INFO: possible circular locking dependency detected",
        kernel="2.6.32.9",
        build="#7",
        task=Task("kworker/u4:1", 11),
        wanted=HeldLock(A, "++++++", site=Frame("f", 0x10, 0x20, address=address)),
        held=held,
        chain=(
            ChainEntry(1, C, "+.+.+.", stack=StackTrace((Frame("g", 0x1, 0x2, address=address),))),
            ChainEntry(0, A, "++++++", stack=StackTrace((Frame("f", 0x10, 0x20, "xfs", address=address),))),
        ),
        held_locks=HeldLocks(Task("kworker/u4:1", 11), 1, (replace(held, index=0),)),
        backtrace=Backtrace(
            StackTrace(
                (
                    Frame("irq", 0x1, 0x9, address=address, part="IRQ"),
                    Frame("f", 0x10, 0x20, address=address, reliable=False, part="EOI"),
                    Frame("0xffffffff81234567", address=address, part="EOI"),
                )
            ),
            pid=11,
            comm="kworker/u4:1",
        ),
    )


ANCIENT = """
======================================================
[ INFO: possible circular locking dependency detected ]
2.6.32.9 #7
-------------------------------------------------------
kworker/u4:1/11 is trying to acquire lock:
 (&a->lock){++++++}, at: [<ffffffff81234567>] f+0x10/0x20

but task is already holding lock:
 (c){+.+.+.}, at: [<ffffffff81234567>] g+0x1/0x2

which lock already depends on the new lock.


the existing dependency chain (in reverse order) is:

-> #1 (c){+.+.+.}:
       [<ffffffff81234567>] g+0x1/0x2

-> #0 (&a->lock){++++++}:
       [<ffffffff81234567>] f+0x10/0x20 [xfs]

other info that might help us debug this:

1 lock held by kworker/u4:1/11:
 #0:  (c){+.+.+.}, at: [<ffffffff81234567>] g+0x1/0x2

stack backtrace:
Pid: 11, comm: kworker/u4:1 2.6.32.9 #7
Call Trace:
 <IRQ>  [<ffffffff81234567>] irq+0x1/0x9
 <EOI>  [<ffffffff81234567>] ? f+0x10/0x20
 [<ffffffff81234567>] 0xffffffff81234567
"""


@pytest.mark.parametrize(("report", "text"), [(modern(), MODERN), (ancient(), ANCIENT)], ids=["6.12", "2.6.32"])
def test_exact_wording(report: CircularReport, text: str) -> None:
    assert kernel_text(report) == text


def test_crosslock_has_words_of_its_own() -> None:
    crossed = ((0, Operation.LOCK, B), (0, Operation.LOCK, C), (1, Operation.LOCK, A), (1, Operation.UNLOCK, C))
    scenario = tuple(ScenarioStep(cpu, operation, lock_class) for cpu, operation, lock_class in crossed)
    text = kernel_text(replace(modern(), scenario=scenario))
    assert "\nbut now in release context of a crosslock acquired at the following:\n" in text
    assert (
        " Possible unsafe locking scenario by crosslock:\n\n"
        "       CPU0                    CPU1\n"
        "       ----                    ----\n"
        "  lock(b#3/1);\n"
        "  lock(c);\n"
        "                               lock(&a->lock);\n"
        "                               unlock(c);\n"
        "\n *** DEADLOCK ***\n\n"
    ) in text


def test_irq_steps_and_further_cpus_have_their_columns() -> None:
    scenario = (
        ScenarioStep(0, Operation.LOCK, A),
        ScenarioStep(1, Operation.IRQ_DISABLE),
        ScenarioStep(2, Operation.LOCK, B),
        ScenarioStep(0, Operation.INTERRUPT),
    )
    assert (
        "       CPU0                    CPU1                    CPU2\n"
        "       ----                    ----                    ----\n"
        "  lock(&a->lock);\n"
        "                               local_irq_disable();\n"
        "                                                       lock(b#3/1);\n"
        "  <Interrupt>\n"
    ) in kernel_text(replace(modern(), scenario=scenario))


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (Frame("f", 1, 2, file="fs/x.c", line=7), "f+0x1/0x2 fs/x.c:7"),
        (Frame("f", 1, 2, "xfs", file="fs/x.c", line=7), "f+0x1/0x2 [xfs] fs/x.c:7"),
        (Frame("f", file="fs/x.h", line=7, inlined=True), "f fs/x.h:7 [inline]"),
        (Frame("f", file="fs/x.h", inlined=True), "f fs/x.h:-1 [inline]"),
        (Frame("f", file="fs/x.c", line=7), "f (fs/x.c:7)"),
        (Frame("f", file="fs/x.c", line=7, module="xfs"), "f (fs/x.c:7) xfs"),
        (Frame("f", 1, 2, reliable=False, address="c0123456"), "[<c0123456>] ? f+0x1/0x2"),
    ],
)
def test_decoded_frames(frame: Frame, text: str) -> None:
    chain = (ChainEntry(0, A, "++++", stack=StackTrace((frame,))),)
    assert f"\n-> #0 (&a->lock){{++++}}:\n       {text}\n" in kernel_text(replace(modern(), chain=chain))


def test_hashing_word_keeps_its_brackets() -> None:
    lock = HeldLock(A, "++++", instance="____ptrval____", site=Frame("f", 1, 2))
    assert "\n(____ptrval____) (&a->lock){++++}, at: f+0x1/0x2\n" in kernel_text(CircularReport(NEW, wanted=lock))


def test_only_what_was_there_is_written() -> None:
    assert kernel_text(CircularReport(NEW)) == f"\n{'=' * 54}\n{NEW}\n{'-' * 54}\n"
    assert kernel_text(replace(CircularReport(NEW), held_locks=HeldLocks(Task("a", 1), 0))).endswith(
        "\nother info that might help us debug this:\n\nno locks held by a/1.\n"
    )


def test_a_name_with_line_breaks_forges_no_line() -> None:
    forged = replace(modern(), held=HeldLock(LockClass("x\n-> #9 (y){....}:\r")))
    assert "(x\\x0a-> #9 (y){....}:\\x0d)" in kernel_text(forged)


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises((TypeError, NotImplementedError)):
        kernel_text(Report("title"))


def read_again(report: CircularReport) -> Report:
    log = read_text(kernel_text(report))
    assert len(log.reports) == 1, kernel_text(report)
    return log.reports[0]


@pytest.mark.parametrize("report", [modern(), ancient()], ids=["6.12", "2.6.32"])
def test_reading_gives_the_report_back(report: CircularReport) -> None:
    assert read_again(report) == report


@settings(max_examples=80, deadline=None)
@given(circular_reports())
@example(modern())
def test_reading_gives_any_report_back(report: CircularReport) -> None:
    assert read_again(report) == report


def test_real_reports_come_back(shared: Path) -> None:
    """Reports as people sent them: what is read from the damaged text is the same after writing and reading again."""
    lost = [
        path.name
        for path in sorted((shared / "corpus").glob("circular-*.log"))
        for report in read_file(str(path)).reports
        if isinstance(report, CircularReport)
        if read_text(kernel_text(report)).reports != (report,)
    ]
    assert lost == []
