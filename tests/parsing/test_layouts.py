"""The same report in every layout in which logs arrive gives the same values.

The kernel's own layout is restored from the bundled sample, whose blanks a web archive ate; each layout is a
function from those lines to bytes.
"""

import gzip
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from layouts import LAYOUTS, Lines, commented, paragraph, plain, quoted, stamped, with_other_report, wrapped

from lockview.model.locks import HeldLock, WaitTypes
from lockview.model.reports import CircularReport
from lockview.model.stacks import Frame, StackTrace
from lockview.parsing.reader import read_bytes


def kernel_lines(sample: Path) -> Lines:
    """The sample with the kernel's own indentation and columns."""
    lines: Lines = []
    chain = scenario = trace = False
    operations = 0
    for raw in sample.read_text().splitlines():
        match = re.match(r"\[ (\d+\.\d+)\] ?", raw)
        time, text = (match[1], raw[match.end() :]) if match else ("", raw)
        chain = (chain or text.startswith("-> #")) and not text.startswith("other info")
        scenario = (scenario or text.startswith("CPU0 CPU1")) and "DEADLOCK" not in text
        trace = trace or text == "Call Trace:"
        if trace and "+0x" in text:
            text = " " + text
        elif chain and "+0x" in text:
            text = "       " + text
        elif scenario and text.startswith("lock("):
            text = " " * (31 if operations in (1, 2) else 2) + text
            operations += 1
        elif scenario and text:
            first, second = text.split()
            text = f"       {first}                    {second}"
        elif text.startswith(("(&", "(fs", "#0:", "Possible", "*** DEAD")):
            text = " " + text
        elif " --> " in text:
            text = "  " + text
        lines.append((time, text))
    return lines


@pytest.fixture(scope="module")
def seed(sample: Path) -> CircularReport:
    (report,) = read_bytes(sample.read_bytes()).reports
    assert isinstance(report, CircularReport)
    return report


def read(source: str | bytes) -> CircularReport:
    log = read_bytes(source if isinstance(source, bytes) else source.encode())
    (report,) = log.reports
    assert isinstance(report, CircularReport)
    return report


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_gives_the_same_report(layout: str, sample: Path, seed: CircularReport) -> None:
    source = LAYOUTS[layout](kernel_lines(sample))
    report = read(source)
    assert report == seed
    assert report.reading.complete
    lines = read_bytes(source if isinstance(source, bytes) else source.encode()).lines
    assert 1 <= report.span.first <= report.span.last <= lines


@pytest.mark.parametrize(
    "layout", ["plain", "dmesg", "quoted dmesg", "cr lf", "gzip", "syslog", "git log", "no fences"]
)
def test_a_layout_that_keeps_its_columns_needs_no_repair(layout: str, sample: Path) -> None:
    assert read(LAYOUTS[layout](kernel_lines(sample))).reading.problems == ()


def test_repairs_are_recorded(sample: Path) -> None:
    lines = kernel_lines(sample)
    codes = {problem.code for problem in read(wrapped(stamped(lines), 72)).reading.problems}
    assert "lines-rejoined" in codes
    codes = {problem.code for problem in read(commented(stamped(lines))).reading.problems}
    assert "lines-passed-over" in codes
    codes = {problem.code for problem in read(paragraph(plain(lines))).reading.problems}
    assert "scenario-columns-lost" in codes


def test_wrappers_are_named(sample: Path) -> None:
    lines = kernel_lines(sample)
    log = read_bytes(gzip.compress(html.escape(quoted(stamped(lines, "<4>[ {time}][   T43] "))).encode()))
    assert log.wrappers == (
        "HTML entities",
        "gzip",
        "mail quotes",
        "printk levels",
        "printk time stamps",
    )
    assert log.reports[0].reading.caller == "T43"
    assert log.reports[0].reading.time == "2311.315401"


def test_two_printers_at_once_are_told_apart(sample: Path, seed: CircularReport) -> None:
    log = read_bytes(with_other_report(kernel_lines(sample)).encode())
    assert log.reports == (seed, seed)
    assert [report.reading.caller for report in log.reports] == ["T43", "T7043"]
    assert all(report.reading.complete for report in log.reports)


# -- eras ---------------------------------------------------------------------------------------------------------


def frames_of(stack: StackTrace, change: Callable[[Frame], Frame]) -> StackTrace:
    return StackTrace(tuple(change(frame) for frame in stack))


def in_all_frames(report: CircularReport, change: Callable[[Frame], Frame]) -> CircularReport:
    assert report.backtrace
    return replace(
        report,
        chain=tuple(replace(entry, stack=frames_of(entry.stack, change)) for entry in report.chain),
        backtrace=replace(report.backtrace, stack=frames_of(report.backtrace.stack, change)),
    )


def in_all_locks(report: CircularReport, change: Callable[[HeldLock], HeldLock]) -> CircularReport:
    assert report.wanted
    assert report.held
    assert report.held_locks
    return replace(
        report,
        wanted=change(report.wanted),
        held=change(report.held),
        held_locks=replace(report.held_locks, locks=tuple(change(lock) for lock in report.held_locks.locks)),
    )


def edited(lines: Lines, *edits: tuple[str, str]) -> Iterator[tuple[str, str]]:
    for time, text in lines:
        for pattern, by in edits:
            text = re.sub(pattern, by, text)
        yield time, text


def test_frames_with_addresses(sample: Path, seed: CircularReport) -> None:
    """Kernels before 4.16 print the return address before the symbol."""
    lines = list(edited(kernel_lines(sample), (r"^( +)(\? )?(\w[\w.]*\+0x)", r"\1[<ffffffff81234567>] \2\3")))
    expected = in_all_frames(seed, lambda frame: replace(frame, address="ffffffff81234567"))
    for text in (plain(lines), stamped(lines), wrapped(quoted(stamped(lines)), 60), paragraph(plain(lines))):
        assert read(text) == expected


def test_old_title_and_six_mask_characters(sample: Path, seed: CircularReport) -> None:
    """Kernels from 2.6.30 to 4.11: ``[ INFO: ... ]`` and two more columns for RECLAIM_FS."""
    edits = (
        (r"^WARNING: (.*)$", r"[ INFO: \1 ]"),
        (r"\{\+\+\+\+\}", "{++++-.}"),
        (r"\{\+\.\+\.\}", "{+.+.+.}"),
    )
    report = read(stamped(list(edited(kernel_lines(sample), *edits))))
    assert report.title == "INFO: possible circular locking dependency detected"
    assert [entry.usage for entry in report.chain] == ["+.+.+.", "+.+.+.", "+.+.+.", "++++-."]
    assert report.reading.complete
    assert [str(step.wanted) for step in report.cycle] == [str(step.wanted) for step in seed.cycle]


def test_addresses_and_wait_types_of_new_kernels(sample: Path, seed: CircularReport) -> None:
    """Kernels since 5.7: ``ADDR (name){mask}-{outer:inner}, at: site``; since 6.11 the head line has a UID."""
    edits = (
        (r"^( | #0: )\((.*?)\)\{(.{4})\}, at: \[<\w+>\] ", r"\1ffff888012345678 (\2){\3}-{4:4}, at: "),
        (r"^(-> #\d \(.*\)\{.{4}\}):$", r"\1-{4:4}:"),
        (r"^CPU: 0 PID", "CPU: 0 UID: 0 PID"),
    )
    report = read(stamped(list(edited(kernel_lines(sample), *edits))))

    def change(lock: HeldLock) -> HeldLock:
        assert lock.site
        return replace(
            lock, wait_types=WaitTypes(4, 4), instance="ffff888012345678", site=replace(lock.site, address="")
        )

    expected = in_all_locks(seed, change)
    expected = replace(expected, chain=tuple(replace(entry, wait_types=WaitTypes(4, 4)) for entry in expected.chain))
    assert report == expected
    assert report.reading.problems == ()


def test_before_scenarios(sample: Path) -> None:
    """Kernels before 3.0 print neither chain line nor scenario, and nothing is missing without them."""
    lines, skip = [], False
    for time, text in edited(
        kernel_lines(sample), (r"^WARNING: (.*)$", r"[ INFO: \1 ]"), (r"4\.13\S* #1743 Not tainted", "2.6.24 #7")
    ):
        skip = (skip or text.startswith("Chain exists")) and "held by" not in text
        if not skip:
            lines.append((time, text))
    report = read(stamped(lines))
    assert (report.kernel, report.build, report.taint) == ("2.6.24", "#7", "")
    assert report.reading.complete


def test_a_decoded_log(sample: Path, seed: CircularReport) -> None:
    """decode_stacktrace.sh puts file and line in the place of the offset and squeezes blanks."""
    lines = list(edited(kernel_lines(sample), (r"^ +(\? )?(\w[\w.]*)\+0x\S+$", r"\1\2 (mm/rmap.h:7 mm/rmap.c:12) ")))
    report = read(stamped(lines))

    def change(frame: Frame) -> Frame:
        return replace(frame, offset=None, size=None, file="mm/rmap.c", line=12)

    assert report == in_all_frames(seed, change)


def test_a_symbolised_log(sample: Path, seed: CircularReport) -> None:
    """syzbot adds file and line behind the offset, repeats lock lines for inlined sites, and adds inlined frames."""
    lines: Lines = []
    for time, text in kernel_lines(sample):
        if text.lstrip().startswith(("(&", "(fs", "#0:")):
            lines.append((time, re.sub(r"at: .*", "at: inner include/linux/x.h:3 [inline]", text)))
        if re.match(r" +down_read", text):
            lines.append((time, "       __down_read kernel/locking/rwsem.c:44 [inline]"))
        lines.append((time, re.sub(r"(\+0x\S+)$", r"\1 mm/rmap.c:12", text)))
    report = read(stamped(lines))
    assert [len(entry.stack) for entry in report.chain] == [8, 13, 13, 16]
    inlined = report.chain[3].stack.frames[1]
    assert (inlined.function, inlined.file, inlined.line, inlined.inlined) == (
        "__down_read",
        "kernel/locking/rwsem.c",
        44,
        True,
    )
    assert all(frame.file for entry in report.chain for frame in entry.stack)
    assert report.wanted
    assert report.wanted.site
    assert (report.wanted.site.function, report.wanted.site.line) == ("rmap_walk_file", 12)
    assert report.held_locks
    assert len(report.held_locks.locks) == 1


def test_long_cycles(sample: Path) -> None:
    """A chain of any length, in order, each entry with its own stack."""
    count = 60
    head = plain(kernel_lines(sample)).partition("-> #3")[0].replace("fs_reclaim)", f"lock_{count})")
    chain = "".join(f"\n-> #{i} (lock_{i}){{+.+.}}:\n" + f"       take_{i}+0x1/0x2\n" for i in range(count, -1, -1))
    report = read(head + chain)
    assert [entry.index for entry in report.chain] == list(range(count, -1, -1))
    assert all(entry.stack.frames[0].function == f"take_{entry.index}" for entry in report.chain)
    assert len(report.cycle) == count + 1


def test_hostile_names(sample: Path) -> None:
    """A name is free text: brackets, arrows, quotes, markup, percent signs, emoji and bidi controls change nothing."""
    for name in (
        '<img src=x>"->',
        "&(&x->lock)->rlock",
        "((work_completion)(&m->wq))",
        "dev->qdisc_tx_busylock ?: &qdisc_tx_busylock",
        "&regmap->lock",
        "&gt->reset.mutex",
        "100%s%n",
        "lock \U0001f512\u202etxet",
        "&per_cpu_ptr(group->pcpu, cpu)->seq",
        "(&(&x->lock",
        "x" * 90,
    ):
        text = plain(kernel_lines(sample)).replace("&mapping->i_mmap_rwsem", name)
        report = read(text)
        assert report.wanted
        assert report.wanted.lock_class.name == name
        assert report.chain[3].lock_class.name == name
        assert str(report.scenario[3].lock_class) == name
        assert str(report.chain_exists[0]) == name


def test_read_acquisitions_and_print_function_text(sample: Path, seed: CircularReport) -> None:
    """Since 6.5 the scenario tells readers, and an instance may carry text that its class has not."""
    text = plain(kernel_lines(sample)).replace("  lock(fs_reclaim);", "  rlock(fs_reclaim);", 1)
    text = text.replace(" (&mapping->i_mmap_rwsem){++++}, at", " (&mapping->i_mmap_rwsem l=0 12:34){++++}, at")
    report = read(text)
    assert report.scenario[0].operation.value == "rlock"
    assert report.wanted
    assert report.wanted.lock_class == seed.chain[3].lock_class
    assert report.wanted.instance_text == " l=0 12:34"
