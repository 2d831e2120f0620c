"""The parts that reports of all kinds share, in the kernel's own wording.

Source of words, columns and blank lines: ``lockdep_print_held_locks``, ``print_lock``, kernel/locking/lockdep.c;
``dump_stack_print_info``, lib/dump_stack.c; ``printk_stack_address``, arch/x86.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from lockview.model.locks import HeldLock, LockClass, WaitTypes
from lockview.model.reports import HeldLocks, Operation, Report, ReportKind, ScenarioStep
from lockview.model.stacks import Backtrace, Frame

_COLUMN = 24
"""Distance of the scenario's CPU columns; the first header stands at 7, the steps of the first CPU at 2."""


_WIDTHS = {ReportKind.IRQ_ORDER: 53, ReportKind.BAD_UNLOCK: 37, ReportKind.EXIT: 36}
"""Fences that are not as wide as the title between them."""
_WIDEST = 80


def header(report: Report) -> Iterator[str]:
    """Fences, title and release."""
    bracketed = report.title.startswith(("INFO:", "BUG:"))
    title = f"[ {report.title} ]" if bracketed else report.title
    width = _WIDTHS.get(report.kind, min(len(title), _WIDEST)) + (bracketed and report.kind is ReportKind.EXIT)
    yield ""
    yield "=" * (width - (bracketed and report.kind is ReportKind.CIRCULAR))
    yield title
    ident = [report.kernel, report.build, report.taint]
    if any(ident):
        yield " ".join(filter(None, ident))
    yield "-" * width


def is_crosslock(report: Report) -> bool:
    """Whether the report comes from the crosslock code of 4.14-rc, whose scenario alone unlocks something."""
    return any(step.operation is Operation.UNLOCK for step in report.scenario)


def scenario(report: Report) -> Iterator[str]:
    """The printed scenario, up to the words ``*** DEADLOCK ***``; there must be one."""
    by = " by crosslock" if is_crosslock(report) else ""
    cpus = range(max(step.cpu for step in report.scenario) + 1)
    steps = [step.operation for step in report.scenario]
    interrupt = "interrupt " if Operation.IRQ_DISABLE in steps else ""
    yield f" Possible {interrupt}unsafe locking scenario{by}:"
    yield ""
    for header in ("CPU{}", "----"):
        yield " " * 7 + "".join(header.format(cpu).ljust(_COLUMN) for cpu in cpus).rstrip()
    for number, step in enumerate(report.scenario):
        inside = 2 if Operation.INTERRUPT in steps[:number] else 0
        yield " " * (7 + _COLUMN * step.cpu if step.cpu else 2 + inside) + _step(step)
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


def held_locks(held: HeldLocks) -> Iterator[str]:
    """``N locks held by comm/pid:`` and its entries."""
    if not held.count and not held.locks:
        yield f"no locks held by {held.task}."
        return
    yield f"{held.count} lock{'s' if held.count != 1 else ''} held by {held.task}:"
    for number, lock in enumerate(held.locks):
        index = number if lock.index is None else lock.index
        yield f" #{index}: " + ("<RELEASED>" if lock.released else lock_line(lock))


def lock_line(lock: HeldLock) -> str:
    """A lock as ``print_lock`` prints it: address, name, marks, and where it was taken.

    Without an address the blank that would follow it stays, so a list entry of kernels before 4.16 has two.
    """
    # 4.15 to 4.17 printed this word instead of an address until the random numbers for hashing were ready.
    instance = f"({lock.instance})" if "ptrval" in lock.instance else lock.instance
    text = f"{instance} " + lock_name(lock.lock_class, lock.usage, lock.wait_types, lock.instance_text)
    return text if lock.site is None else f"{text}, at: {frame_line(lock.site)}"


def lock_name(lock_class: LockClass, usage: str, wait_types: WaitTypes | None, instance_text: str = "") -> str:
    """A class with its marks, as ``print_lock_name`` prints it."""
    marks = f"{{{usage}}}" if usage else ""
    waits = f"-{{{wait_types.outer}:{wait_types.inner}}}" if wait_types else ""
    return f"({lock_class.name}{instance_text}){marks}{waits}"


def backtrace(report: Report, trace: Backtrace) -> Iterator[str]:
    """The head lines and the frames of a backtrace, without the words above them."""
    identity = " ".join(filter(None, (report.taint, report.kernel, report.build)))
    pid = "" if trace.pid is None else str(trace.pid)
    if trace.cpu is not None:
        yield f"CPU: {trace.cpu} PID: {pid} Comm: {trace.comm} {identity}".rstrip()
    elif pid:  # until 3.9
        yield f"Pid: {pid}, comm: {trace.comm} {identity}".rstrip()
    if trace.hardware:
        yield f"Hardware name: {trace.hardware}"
    if trace.workqueue:
        yield f"Workqueue: {trace.workqueue}"
    yield "Call Trace:"
    yield from stack_with_parts(trace.stack.frames)


def stack_with_parts(frames: tuple[Frame, ...]) -> Iterator[str]:
    """Frames with the tags of x86: on lines of their own since 4.9, in front of frames that still have addresses.

    In the old form ``<EOI>`` ends a part and stands over the frames after it.
    """
    parts = [(part, list(group)) for part, group in groupby(frames, lambda frame: frame.part)]
    for number, (part, group) in enumerate(parts):
        run = [frame_line(frame) for frame in group]
        # 4.9 to 4.15 print both addresses and closing tags; only these return to no part.
        closed = part and any(after == "" for after, _ in parts[number + 1 : number + 2])
        old = part and run[0].startswith("[<") and not closed
        if old:
            run[0] = f"<{part}>  {run[0]}"
        elif part:
            yield f" <{part}>"
        yield from (f" {text}" for text in run)
        if part and not old and part != "EOI":
            yield f" </{part}>"


def frame_line(frame: Frame) -> str:
    """A frame as ``%pS`` prints it, or as the two common decoders leave it when it has a source position.

    ``sym+0x1/0x2 [module] file:line`` and ``sym file:line [inline]`` are syzkaller's; ``sym (file:line) module``,
    which has no offset, is scripts/decode_stacktrace.sh's.
    """
    address = f"[<{frame.address}>] " if frame.address else ""
    guess = "" if frame.reliable else "? "
    symbol = f"{address}{guess}{frame.function}{frame.position}"
    module = " ".join(filter(None, (frame.module, frame.build_id)))
    unplaced = not frame.file and not frame.function.startswith("0x")
    if frame.offset is None and not frame.inlined and (frame.file or unplaced):
        return f"{symbol} ({frame.file or '??'}:{frame.line or '?'})" + (f" {module}" if module else "")
    position = f" {frame.file}:{frame.line or -1}" if frame.file else ""
    return symbol + (f" [{module}]" if module else "") + position + (" [inline]" if frame.inlined else "")
