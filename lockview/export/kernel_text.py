"""A report in the kernel's own wording: the inverse of reading, ``read(kernel_text(report)) == report``.

Which of the wordings of twenty years is written follows from what the report holds: instance addresses, wait types and
``[<address>]`` stand where they were read, so a report comes out in the layout of its own era. Parts that a report
has not are left out. Source of words, columns and blank lines: ``print_circular_bug`` and what it calls,
kernel/locking/lockdep.c; ``dump_stack_print_info``, lib/dump_stack.c; ``printk_stack_address``, arch/x86.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockview.export.kernel_text_parts import (
    backtrace,
    frame_line,
    header,
    held_locks,
    is_crosslock,
    lock_line,
    lock_name,
    scenario,
)
from lockview.model.reports import CircularReport, Report

_NO_BREAKS = {10: "\\x0a", 13: "\\x0d"}
"""Text that was not read from lines may hold line breaks; written as /dev/kmsg writes them, no line can be forged."""


def kernel_text(report: Report) -> str:
    """The report as the kernel prints it, without time stamps; every line ends in a newline."""
    return "".join(line.translate(_NO_BREAKS) + "\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    """The lines by the writer of the report's family."""
    if isinstance(report, CircularReport):
        return _circular(report)
    from lockview.export.dialect_text import foreign_lines
    from lockview.export.kernel_text_debug import debug_lines
    from lockview.export.kernel_text_irq import irq_lines
    from lockview.export.kernel_text_tasks import task_lines
    from lockview.export.kernel_text_waits import wait_lines

    for write in (debug_lines, irq_lines, task_lines, wait_lines, foreign_lines):
        lines = write(report)
        if lines is not None:
            return lines
    raise TypeError(f"no kernel wording for a report of kind {report.kind}")


def _circular(report: CircularReport) -> Iterator[str]:
    yield from header(report)
    yield from _wanted_and_held(report)
    yield from _chain(report)
    yield from _other_info(report)
    if report.backtrace is not None:
        yield from ("", "stack backtrace:", *backtrace(report, report.backtrace))


def _wanted_and_held(report: Report) -> Iterator[str]:
    if report.task is not None or report.wanted is not None:
        yield f"{report.task or ''} is trying to acquire lock:"
    if report.wanted is not None:
        yield lock_line(report.wanted)
    if report.held is not None:
        yield ""
        if is_crosslock(report):
            yield "but now in release context of a crosslock acquired at the following:"
        else:
            yield "but task is already holding lock:"
        yield lock_line(report.held)
        yield ""
        yield "which lock already depends on the new lock."
        yield ""


def _chain(report: CircularReport) -> Iterator[str]:
    if not report.chain:
        return
    yield ""
    yield "the existing dependency chain (in reverse order) is:"
    for entry in report.chain:
        yield ""
        yield f"-> #{entry.index} {lock_name(entry.lock_class, entry.usage, entry.wait_types)}:"
        for frame in entry.stack:
            yield " " * 7 + frame_line(frame)


def _other_info(report: CircularReport) -> Iterator[str]:
    if not (report.chain_exists or report.scenario or report.held_locks):
        return
    yield ""
    yield "other info that might help us debug this:"
    yield ""
    if report.chain_exists:
        yield "Chain exists of:"
        yield "  " + " --> ".join(lock_class.name for lock_class in report.chain_exists)
        yield ""
    if report.scenario:
        yield from scenario(report)
    if report.held_locks is not None:
        yield from held_locks(report.held_locks)
