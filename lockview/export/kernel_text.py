"""A report in the kernel's own wording: the inverse of reading, ``read(kernel_text(report)) == report``.

Which of the wordings of twenty years is written follows from what the report holds: instance addresses, wait types and
``[<address>]`` stand where they were read, so a report comes out in the layout of its own era. Parts that a report
has not are left out. Source of words, columns and blank lines: ``print_circular_bug`` and what it calls,
kernel/locking/lockdep.c; ``dump_stack_print_info``, lib/dump_stack.c; ``printk_stack_address``, arch/x86.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from lockview.model.locks import HeldLock, LockClass, WaitTypes
from lockview.model.reports import CircularReport, HeldLocks, Operation, Report, ScenarioStep
from lockview.model.stacks import Backtrace, Frame

_COLUMN = 24
"""Distance of the scenario's CPU columns; the first header stands at 7, the steps of the first CPU at 2."""

_NO_BREAKS = {10: "\\x0a", 13: "\\x0d"}
"""Text that was not read from lines may hold line breaks; written as /dev/kmsg writes them, no line can be forged."""


def kernel_text(report: Report) -> str:
    """The report as the kernel prints it, without time stamps; every line ends in a newline."""
    if not isinstance(report, CircularReport):
        raise TypeError(f"no kernel wording for a report of kind {report.kind}")
    lines = [*_header(report), *_wanted_and_held(report), *_chain(report), *_other_info(report)]
    if report.backtrace is not None:
        lines += ["", "stack backtrace:", *_backtrace(report, report.backtrace)]
    return "".join(line.translate(_NO_BREAKS) + "\n" for line in lines)


def _header(report: Report) -> Iterator[str]:
    bracketed = report.title.startswith(("INFO:", "BUG:"))
    yield ""
    yield "=" * 54
    yield f"[ {report.title} ]" if bracketed else report.title
    ident = [report.kernel, report.build, report.taint]
    if any(ident):
        yield " ".join(filter(None, ident))
    yield "-" * (55 if bracketed else 54)


def _wanted_and_held(report: Report) -> Iterator[str]:
    if report.task is not None or report.wanted is not None:
        yield f"{report.task or ''} is trying to acquire lock:"
    if report.wanted is not None:
        yield _lock_line(report.wanted)
    if report.held is not None:
        yield ""
        if _is_crosslock(report):
            yield "but now in release context of a crosslock acquired at the following:"
        else:
            yield "but task is already holding lock:"
        yield _lock_line(report.held)
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
        yield f"-> #{entry.index} {_lock_name(entry.lock_class, entry.usage, entry.wait_types)}:"
        for frame in entry.stack:
            yield " " * 7 + _frame(frame)


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
        yield from _scenario(report)
    if report.held_locks is not None:
        yield from _held_locks(report.held_locks)


def _is_crosslock(report: Report) -> bool:
    """Whether the report comes from the crosslock code of 4.14-rc, whose scenario alone unlocks something."""
    return any(step.operation is Operation.UNLOCK for step in report.scenario)


def _scenario(report: Report) -> Iterator[str]:
    by = " by crosslock" if _is_crosslock(report) else ""
    cpus = range(max(step.cpu for step in report.scenario) + 1)
    yield f" Possible unsafe locking scenario{by}:"
    yield ""
    for header in ("CPU{}", "----"):
        yield " " * 7 + "".join(header.format(cpu).ljust(_COLUMN) for cpu in cpus).rstrip()
    for step in report.scenario:
        yield " " * (7 + _COLUMN * step.cpu if step.cpu else 2) + _step(step)
    yield ""
    yield " *** DEADLOCK ***"
    yield ""


def _step(step: ScenarioStep) -> str:
    match step.operation:
        case Operation.INTERRUPT:
            return "<Interrupt>"
        case Operation.IRQ_DISABLE:
            return "local_irq_disable();"
        case operation:
            return f"{operation}({step.lock_class or ''});"


def _held_locks(held: HeldLocks) -> Iterator[str]:
    if not held.count and not held.locks:
        yield f"no locks held by {held.task}."
        return
    yield f"{held.count} lock{'s' if held.count != 1 else ''} held by {held.task}:"
    for number, lock in enumerate(held.locks):
        index = number if lock.index is None else lock.index
        yield f" #{index}: " + ("<RELEASED>" if lock.released else _lock_line(lock))


def _lock_line(lock: HeldLock) -> str:
    """A lock as ``print_lock`` prints it: address, name, marks, and where it was taken.

    Without an address the blank that would follow it stays, so a list entry of kernels before 4.16 has two.
    """
    # 4.15 to 4.17 printed this word instead of an address until the random numbers for hashing were ready.
    instance = f"({lock.instance})" if "ptrval" in lock.instance else lock.instance
    text = f"{instance} " + _lock_name(lock.lock_class, lock.usage, lock.wait_types, lock.instance_text)
    return text if lock.site is None else f"{text}, at: {_frame(lock.site)}"


def _lock_name(lock_class: LockClass, usage: str, wait_types: WaitTypes | None, instance_text: str = "") -> str:
    marks = f"{{{usage}}}" if usage else ""
    waits = f"-{{{wait_types.outer}:{wait_types.inner}}}" if wait_types else ""
    return f"({lock_class.name}{instance_text}){marks}{waits}"


def _backtrace(report: Report, backtrace: Backtrace) -> Iterator[str]:
    identity = " ".join(filter(None, (report.taint, report.kernel, report.build)))
    pid = "" if backtrace.pid is None else str(backtrace.pid)
    if backtrace.cpu is not None:
        yield f"CPU: {backtrace.cpu} PID: {pid} Comm: {backtrace.comm} {identity}".rstrip()
    elif pid:  # until 3.9
        yield f"Pid: {pid}, comm: {backtrace.comm} {identity}".rstrip()
    if backtrace.hardware:
        yield f"Hardware name: {backtrace.hardware}"
    if backtrace.workqueue:
        yield f"Workqueue: {backtrace.workqueue}"
    yield "Call Trace:"
    yield from _stack_with_parts(backtrace.stack.frames)


def _stack_with_parts(frames: tuple[Frame, ...]) -> Iterator[str]:
    """Frames with the tags of x86: on lines of their own since 4.9, in front of frames that still have addresses.

    In the old form ``<EOI>`` ends a part and stands over the frames after it.
    """
    for part, group in groupby(frames, lambda frame: frame.part):
        run = [_frame(frame) for frame in group]
        old = part and run[0].startswith("[<")
        if old:
            run[0] = f"<{part}>  {run[0]}"
        elif part:
            yield f" <{part}>"
        yield from (f" {text}" for text in run)
        if part and not old and part != "EOI":
            yield f" </{part}>"


def _frame(frame: Frame) -> str:
    """A frame as ``%pS`` prints it, or as the two common decoders leave it when it has a source position.

    ``sym+0x1/0x2 [module] file:line`` and ``sym file:line [inline]`` are syzkaller's; ``sym (file:line) module``,
    which has no offset, is scripts/decode_stacktrace.sh's.
    """
    address = f"[<{frame.address}>] " if frame.address else ""
    guess = "" if frame.reliable else "? "
    symbol = f"{address}{guess}{frame.function}{frame.position}"
    module = " ".join(filter(None, (frame.module, frame.build_id)))
    if frame.file and frame.offset is None and not frame.inlined:
        return f"{symbol} ({frame.file}:{frame.line or '?'})" + (f" {module}" if module else "")
    position = f" {frame.file}:{frame.line or -1}" if frame.file else ""
    return symbol + (f" [{module}]" if module else "") + position + (" [inline]" if frame.inlined else "")
