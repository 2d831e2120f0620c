"""The same report in every layout in which logs arrive gives the same values.

The kernel's own layout is restored from the bundled sample, whose blanks a web archive ate; each layout below is a
function from those lines to bytes.
"""

import base64
import bz2
import gzip
import html
import lzma
import quopri
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lockview.model.locks import HeldLock, WaitTypes
from lockview.model.reports import CircularReport
from lockview.model.stacks import Frame, StackTrace
from lockview.parsing.reader import read_bytes

Lines = list[tuple[str, str]]
"""Pairs of a time stamp, "" for the later lines of a record, and the kernel's text."""


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


def plain(lines: Lines) -> str:
    return "".join(f"{text}\n" for _, text in lines)


def stamped(lines: Lines, before: str = "[ {time}] ", every: bool = True) -> str:
    last, out = "2311.315400", []
    for time, text in lines:
        last = time or last
        out.append((before.format(time=last) if every or time else "") + text + "\n")
    return "".join(out)


def quoted(text: str, mark: str = "> ") -> str:
    return "".join(f"{mark}{line}\n" for line in text.splitlines())


def wrapped(text: str, width: int, tail: str = "") -> str:
    """What a mail program does: lines longer than the width are broken at blanks, and the tail loses its marks."""
    out = []
    for line in text.splitlines():
        parts = textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False, drop_whitespace=True)
        if len(line) <= width or not parts:
            out.append(line)
        else:
            indent = line[: len(line) - len(line.lstrip())]
            out += [indent + parts[0].lstrip(), *(tail + part for part in parts[1:])]
    return "\n".join(out) + "\n"


def exploded(lines: Lines) -> str:
    """What kernels without KERN_CONT print when another CPU prints too: a lock line comes in pieces."""
    out: Lines = []
    for time, text in lines:
        match = re.match(r"(.*?)\((.*?)(/\d)?\)(\{[+.]*\})(.*)$", text)
        if match and time:
            head, name, subclass, usage, tail = match.groups()
            pieces = [head + "(", name, subclass or "", ")" + usage + tail]
            out += [(time, piece) for piece in pieces if piece.strip()]
        else:
            out.append((time, text))
    return stamped(out)


def commented(text: str) -> str:
    """A reply with remarks between the quoted lines."""
    out = []
    for number, line in enumerate(text.splitlines()):
        out.append(f"> {line}")
        if number in (20, 40, 70):
            out += ["", "I think that lock(&other) is taken here, see foo+0x12/0x34 and", "bar+0x1/0x2 below.", ""]
    return "\n".join(out) + "\n"


def with_other_printer(lines: Lines) -> str:
    out = []
    for number, (time, text) in enumerate(lines):
        out.append(f"[ {time or '2311.315400'}][   T43] {text}\n")
        if number % 3 == 0:
            out.append(f"[ 2311.315999][    C0] usb 1-{number}: WARNING: device+0x{number:x}/0x99 is slow\n")
    return "".join(out)


def with_other_report(lines: Lines) -> str:
    """Two CPUs print the same report at once; the caller ids tell them apart."""
    return "".join(
        f"[ {time or '2311.315400'}][   T43] {text}\n[ {time or '2311.315400'}][  T7043] {text}\n"
        for time, text in lines
    )


def syslog_record(lines: Lines) -> str:
    """rsyslog: one line for each record, its line breaks escaped."""
    out: list[str] = []
    for time, text in lines:
        if time:
            out.append(f"Aug 22 14:31:02 host kernel: [ {time}] {text}")
        else:
            out[-1] += "#012" + text
    return "\n".join(out) + "\n"


def journal_record(lines: Lines) -> str:
    out: list[str] = []
    for time, text in lines:
        out.append(f"Aug 22 14:31:02 host kernel: {text}" if time else " " * 29 + text)
    return "\n".join(out) + "\n"


def paragraph(text: str) -> str:
    return " ".join(text.split())


def mail_of(text: str, encoding: str) -> bytes:
    head = f"Subject: lockdep splat\nContent-Type: text/plain\nContent-Transfer-Encoding: {encoding}\n\n"
    body = text.encode()
    return head.encode() + (base64.encodebytes(body) if encoding == "base64" else quopri.encodestring(body))


LAYOUTS: dict[str, Callable[[Lines], str | bytes]] = {
    "plain": plain,
    "unindented": lambda lines: "".join(f"{text.strip()}\n" for _, text in lines),
    "no blank lines": lambda lines: "".join(f"{text}\n" for _, text in lines if text.strip()),
    "no fences": lambda lines: "".join(f"{text}\n" for _, text in lines if text.strip("=-")),
    "dmesg": stamped,
    "kmsg, first lines only": lambda lines: stamped(lines, every=False),
    "levels": lambda lines: stamped(lines, "<4>[ {time}] "),
    "levels without time": lambda lines: stamped(lines, "<12>"),
    "task caller": lambda lines: stamped(lines, "[ {time}][   T43] "),
    "cpu caller": lambda lines: stamped(lines, "[ {time}][    C0] "),
    "caller without time": lambda lines: stamped(lines, "[    T43] "),
    "dmesg -T": lambda lines: stamped(lines, "[Thu Nov  5 16:44:42 2020] "),
    "dmesg -d": lambda lines: stamped(lines, "[<    0.000123>] "),
    "dmesg -e": lambda lines: stamped(lines, "[  +0.000012] "),
    "dmesg -x": lambda lines: stamped(lines, "kern  :warn  : [ {time}] "),
    "dmesg iso": lambda lines: stamped(lines, "2020-11-05T16:44:42,123456+00:00 "),
    "journalctl": lambda lines: stamped(lines, "Aug 22 14:31:02 host kernel: "),
    "journalctl records": journal_record,
    "syslog": lambda lines: stamped(lines, "Aug 22 14:31:02 my-host.lan kernel: [ {time}] "),
    "syslog with pid": lambda lines: stamped(lines, "Aug  2 04:31:02 host kernel[0]: "),
    "rfc 3339 syslog": lambda lines: stamped(lines, "2024-01-02T03:04:05.123456+01:00 host kernel: [ {time}] "),
    "syslog escapes": syslog_record,
    "dev kmsg": lambda lines: stamped(lines, "4,1234,5678901,-;"),
    "dev kmsg caller": lambda lines: stamped(lines, "4,1234,5678901,-,caller=T43;"),
    "minicom": lambda lines: stamped(lines, "[2024-01-02 03:04:05.123] [ {time}] "),
    "ci": lambda lines: stamped(lines, "2024-01-02T03:04:05.1234567Z [ {time}] "),
    "unknown mark": lambda lines: stamped(lines, "kswapd0: "),
    "running number": lambda lines: stamped(lines, "{time[5]}{time[6]}{time[7]}{time[9]} [ {time}] "),
    "git log": lambda lines: stamped(lines, "    [ {time}] "),
    "tabs": lambda lines: stamped(lines, "\t[ {time}] "),
    "quoted": lambda lines: quoted(plain(lines)),
    "quoted dmesg": lambda lines: quoted(stamped(lines)),
    "quoted twice": lambda lines: quoted(stamped(lines), "> > "),
    "quoted thrice": lambda lines: quoted(stamped(lines), ">>> "),
    "quoted unevenly": lambda lines: quoted(quoted(stamped(lines), ">"), "> "),
    "comments between": lambda lines: commented(stamped(lines)),
    "html": lambda lines: html.escape(stamped(lines)),
    "html twice": lambda lines: html.escape(html.escape(stamped(lines))),
    "html quoted": lambda lines: html.escape(quoted(stamped(lines))),
    "cr lf": lambda lines: stamped(lines).replace("\n", "\r\n"),
    "cr cr lf": lambda lines: stamped(lines).replace("\n", "\r\r\n"),
    "colours": lambda lines: stamped(lines, "\x1b[32m[ {time}]\x1b[0m \x1b[33m").replace("\n", "\x1b[m\n"),
    "nul runs": lambda lines: stamped(lines).replace("\n", "\n\0\0\0\0"),
    "hard blanks": lambda lines: plain(lines).replace("       ", "\xa0\xa0 \xa0\xa0\xa0 "),
    "latin-1 hard blanks": lambda lines: plain(lines).replace("       ", "\xa0\xa0 \xa0\xa0\xa0 ").encode("latin-1"),
    "bom": lambda lines: b"\xef\xbb\xbf" + stamped(lines).encode(),
    "utf-16": lambda lines: stamped(lines).encode("utf-16"),
    "utf-16 be": lambda lines: ("\ufeff" + stamped(lines)).encode("utf-16-be"),
    "utf-16 without bom": lambda lines: stamped(lines).encode("utf-16-le"),
    "gzip": lambda lines: gzip.compress(stamped(lines).encode()),
    "two gzip members": lambda lines: (
        gzip.compress(stamped(lines[:50]).encode()) + gzip.compress(stamped(lines[50:]).encode())
    ),
    "bzip2": lambda lines: bz2.compress(stamped(lines).encode()),
    "xz": lambda lines: lzma.compress(stamped(lines).encode()),
    "quoted-printable": lambda lines: mail_of(stamped(lines), "quoted-printable"),
    "base64": lambda lines: mail_of(stamped(lines), "base64"),
    "wrapped": lambda lines: wrapped(stamped(lines), 72),
    "wrapped narrowly": lambda lines: wrapped(plain(lines), 40),
    "wrapped and quoted": lambda lines: quoted(wrapped(stamped(lines), 72)),
    "wrapped when quoted": lambda lines: wrapped(quoted(stamped(lines)), 72),
    "wrapped deeper": lambda lines: wrapped(quoted(stamped(lines), "> > "), 72, "> "),
    "one line": lambda lines: paragraph(plain(lines)),
    "one line with times": lambda lines: paragraph(stamped(lines)),
    "filled": lambda lines: textwrap.fill(paragraph(plain(lines)), 72, break_on_hyphens=False, break_long_words=False),
    "filled with times": lambda lines: textwrap.fill(
        paragraph(stamped(lines)), 72, break_on_hyphens=False, break_long_words=False
    ),
    "exploded": exploded,
    "other printer": with_other_printer,
    "prose around": lambda lines: f"Hello,\n\nwe see this:\n\n{stamped(lines)}\n\nAny idea?\n-- \nA. Hacker\n",
}


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
