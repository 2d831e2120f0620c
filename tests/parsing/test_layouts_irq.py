"""Recursive and interrupt reports in every layout in which logs arrive give the same values; blanks may be lost."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from layouts import LAYOUTS, Lines

from lockview.export.kernel_text import kernel_text
from lockview.model.held_reports import RecursiveReport
from lockview.model.irq_reports import ClassMention, InconsistentReport, IrqInversionReport, IrqOrderReport
from lockview.model.locks import HeldLock, LockClass, WaitTypes
from lockview.model.reports import HeldLocks, Operation, Report, ScenarioStep, Task
from lockview.model.stacks import Backtrace, Frame, StackTrace
from lockview.model.usages import ClassBlock, IrqContext, IrqEvent, UsageRecord
from lockview.parsing.reader import read_bytes

TASK = Task("kworker/0:4", 5097)
SAFE, MID, UNSAFE = LockClass("&(&info->lock)->rlock"), LockClass("&timer->lock", 2), LockClass("&fs->lock", 1, 1)
MARKS = {SAFE: "+.-.", MID: "....", UNSAFE: "+.+."}
SPINS = WaitTypes(3, 3)
CONTEXT = IrqContext(0, 0, 1, 513, 1, 0)


def frame(function: str, address: str = "") -> Frame:
    return Frame(function, 0x1C, 0x40, address=address)


def stack(*functions: str) -> StackTrace:
    return StackTrace(tuple(map(frame, ("lock_acquire", "_raw_spin_lock", *functions))))


def use(lock_class: LockClass, function: str, index: int | None = None) -> HeldLock:
    return HeldLock(lock_class, MARKS[lock_class], SPINS, "ffff888012345678", site=frame(function), index=index)


def mention(lock_class: LockClass) -> ClassMention:
    return ClassMention(lock_class, MARKS[lock_class], SPINS)


def block(lock_class: LockClass, depth: int, acquired: StackTrace | None) -> ClassBlock:
    usages = (
        UsageRecord("HARDIRQ-ON-W", stack("first_user", "submit_bio_noacct")),
        UsageRecord("INITIAL USE", stack("first_user", "kernel_init")),
    )
    key = frame("__key.4", "ffffffff82345678")
    return ClassBlock(lock_class, MARKS[lock_class], SPINS, "77", usages, key, acquired, depth)


def steps(*parts: tuple[int, Operation, LockClass | None]) -> tuple[ScenarioStep, ...]:
    return tuple(ScenarioStep(*part) for part in parts)


def shared(words: str, *held: HeldLock) -> dict[str, Any]:
    head = Backtrace(stack("blkcg_rstat_flush", "css_release_work_fn"), 0, TASK.pid, TASK.comm)
    return {
        "title": f"WARNING: {words}",
        "kernel": "6.12.0-rc1+",
        "build": "#20",
        "taint": "Not tainted",
        "task": TASK,
        "held_locks": HeldLocks(TASK, len(held), held),
        "backtrace": head,
    }


INTERRUPT = steps(
    (0, Operation.LOCK, UNSAFE),
    (1, Operation.IRQ_DISABLE, None),
    (1, Operation.LOCK, SAFE),
    (1, Operation.LOCK, MID),
    (0, Operation.INTERRUPT, None),
    (0, Operation.LOCK, SAFE),
)
REPORTS: dict[str, Report] = {
    "recursive": RecursiveReport(
        **shared("possible recursive locking detected", use(SAFE, "outer", 0)),
        wanted=use(SAFE, "inner"),
        held=use(SAFE, "outer"),
        scenario=steps((0, Operation.LOCK, SAFE), (0, Operation.LOCK, SAFE)),
    ),
    "inconsistent": InconsistentReport(
        **shared("inconsistent lock state", use(UNSAFE, "timer_fn", 0)),
        wanted=use(MID, "queue_kick"),
        scenario=steps((0, Operation.LOCK, MID), (0, Operation.INTERRUPT, None), (0, Operation.LOCK, MID)),
        old_state="SOFTIRQ-ON-W",
        new_state="IN-SOFTIRQ-W",
        context=CONTEXT,
        registered=stack("queue_kick", "case_softirq"),
        event_stamp=12132,
        irq_events=(
            IrqEvent("hardirqs last enabled", 12132, frame("_raw_spin_unlock_irq", "ffffffff81558cb6")),
            IrqEvent("hardirqs last disabled", 12131, frame("_raw_spin_lock_irq", "ffffffff815589f2")),
            IrqEvent("softirqs last enabled", 12122, frame("irq_exit_rcu", "ffffffff8105d3e0")),
            IrqEvent("softirqs last disabled", 12129, frame("irq_exit_rcu", "ffffffff8105d3e0")),
        ),
    ),
    "irq order": IrqOrderReport(
        **shared("SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected", use(MID, "flush_locked", 0)),
        wanted=use(UNSAFE, "blkcg_rstat_flush"),
        held=use(MID, "flush_locked"),
        scenario=INTERRUPT,
        irq="SOFTIRQ",
        context=CONTEXT,
        new_dependency=(mention(MID), mention(UNSAFE)),
        safe=mention(SAFE),
        safe_stack=stack("poll", "net_rx_action"),
        unsafe=mention(UNSAFE),
        unsafe_stack=stack("ctx_open", "ksys_write"),
        chain_exists=(SAFE, MID, UNSAFE),
        backward=(block(SAFE, 1, None), block(MID, 0, stack("prep", "probe"))),
        forward=(block(UNSAFE, 0, stack("blkcg_rstat_flush")),),
    ),
    "irq inversion": IrqInversionReport(
        **shared("possible irq lock inversion dependency detected"),
        scenario=INTERRUPT,
        irq="SOFTIRQ",
        changed=use(SAFE, "snd_timer_interrupt"),
        other=mention(UNSAFE),
        chain_exists=(SAFE, MID, UNSAFE),
        blocks=(
            block(UNSAFE, 2, stack("send_sigio")),
            block(MID, 1, stack("kill_fasync")),
            block(SAFE, 0, stack("snd_timer_interrupt")),
        ),
    ),
}


def lines_of(report: Report) -> Lines:
    """The lines with time stamps; a blank line and the one below it are one record."""
    lines: Lines = []
    for number, text in enumerate(kernel_text(report).splitlines()):
        joined = bool(lines) and not lines[-1][1] and bool(lines[-1][0])
        lines.append(("" if joined and text else f"2311.{315400 + number}", text))
    return lines


def flat(report: Report) -> Report:
    """The report without the depth of its blocks, which is nothing but blanks."""

    def on_left(blocks: Iterable[ClassBlock]) -> tuple[ClassBlock, ...]:
        return tuple(replace(block, depth=0) for block in blocks)

    if isinstance(report, IrqOrderReport):
        return replace(report, backward=on_left(report.backward), forward=on_left(report.forward))
    return replace(report, blocks=on_left(report.blocks)) if isinstance(report, IrqInversionReport) else report


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", REPORTS)
def test_each_layout_gives_the_same_report(layout: str, kind: str) -> None:
    source = LAYOUTS[layout](lines_of(REPORTS[kind]))
    (report,) = read_bytes(source if isinstance(source, bytes) else source.encode()).reports
    assert flat(report) == flat(REPORTS[kind])
    assert report.reading.complete


@pytest.mark.parametrize("layout", ["plain", "dmesg", "quoted dmesg", "cr lf", "gzip", "syslog", "git log"])
@pytest.mark.parametrize("kind", REPORTS)
def test_a_layout_that_keeps_its_columns_needs_no_repair(layout: str, kind: str) -> None:
    source = LAYOUTS[layout](lines_of(REPORTS[kind]))
    (report,) = read_bytes(source if isinstance(source, bytes) else source.encode()).reports
    assert report == REPORTS[kind]
    assert report.reading.problems == ()
