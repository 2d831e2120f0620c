"""The kernel's wording of reports about recursion, usage states and interrupts.

Source: ``print_deadlock_bug``, ``print_usage_bug``, ``print_bad_irq_dependency``, ``print_irq_inversion_bug``,
``print_lock_class_header``, ``print_irqtrace_events``, kernel/locking/lockdep.c; for the trees of kernels before
2.6.30, whose states are in small letters, ``print_lock_dependencies``, kernel/lockdep.c.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lockview.export.kernel_text_parts import (
    backtrace,
    frame_line,
    header,
    held_locks,
    lock_line,
    lock_name,
    scenario,
)
from lockview.model.held_reports import RecursiveReport
from lockview.model.irq_reports import ClassMention, InconsistentReport, IrqInversionReport, IrqOrderReport
from lockview.model.locks import LockClass
from lockview.model.reports import Report
from lockview.model.stacks import Frame, StackTrace
from lockview.model.usages import ClassBlock, IrqContext, IrqEvent


def irq_lines(report: Report) -> Iterator[str] | None:
    """The lines of a report of these kinds, None for any other."""
    if isinstance(report, RecursiveReport):
        return _recursive(report)
    if isinstance(report, InconsistentReport):
        return _inconsistent(report)
    if isinstance(report, IrqOrderReport):
        return _order(report)
    return _inversion(report) if isinstance(report, IrqInversionReport) else None


def _recursive(report: RecursiveReport) -> Iterator[str]:
    yield from header(report)
    if report.task is not None or report.wanted is not None:
        yield f"{report.task or ''} is trying to acquire lock:"
    if report.wanted is not None:
        yield lock_line(report.wanted)
    if report.held is not None:
        yield from ("", "but task is already holding lock:", lock_line(report.held))
    if report.comparison is not None:
        yield f"and the lock comparison function returns {report.comparison}:"
    yield from _other_info(report)
    if report.scenario:
        yield from (" May be due to missing lock nesting notation", "")
    yield from _end(report)


def _inconsistent(report: InconsistentReport) -> Iterator[str]:
    yield from header(report)
    if report.old_state or report.new_state:
        yield f"inconsistent {{{report.old_state}}} -> {{{report.new_state}}} usage."
    if report.task is not None:
        yield f"{report.task} {_context(report.context)} takes:"
    if report.wanted is not None:
        yield lock_line(report.wanted)
    if report.registered.frames:
        yield f"{{{report.old_state}}} state was registered at:"
        yield from _frames(report.registered, 2)
    yield from _events(report.event_stamp, report.irq_events)
    yield from _other_info(report)
    yield from _end(report)


def _order(report: IrqOrderReport) -> Iterator[str]:
    yield from header(report)
    if report.task is not None:
        yield f"{report.task} {_context(report.context)} is trying to acquire:"
    if report.wanted is not None:
        yield lock_line(report.wanted)
    if report.held is not None:
        yield from ("", "and this task is already holding:", lock_line(report.held))
    if report.new_dependency is not None:
        previous, following = report.new_dependency
        yield "which would create a new lock dependency:"
        yield f" {_mention(previous)} -> {_mention(following)}"
    irq = report.irq
    if report.safe is not None:
        yield from ("", f"but this new dependency connects a {irq}-irq-safe lock:", f" {_mention(report.safe)}")
    if report.safe_stack.frames:
        yield from ("", f"... which became {irq}-irq-safe at:", *_frames(report.safe_stack, 2))
    if report.unsafe is not None:
        yield from ("", f"to a {irq}-irq-unsafe lock:", f" {_mention(report.unsafe)}")
    if report.unsafe_stack.frames:
        yield from ("", f"... which became {irq}-irq-unsafe at:", "...", *_frames(report.unsafe_stack, 2))
    yield from _other_info(report, report.chain_exists)
    if irq.islower():
        yield from _tree(f"the {irq}-irq-safe lock's dependencies:", report.backward)
        yield from _tree(f"the {irq}-irq-unsafe lock's dependencies:", report.forward)
    else:
        yield from _path(f"the dependencies between {irq}-irq-safe lock and the holding lock:", report.backward)
        title = f"the dependencies between the lock to be acquired\n and {irq}-irq-unsafe lock:"
        yield from _path(title, report.forward)
    yield from _end(report)


def _inversion(report: IrqInversionReport) -> Iterator[str]:
    yield from header(report)
    old = report.irq.islower()
    if report.task is not None:
        yield f"{report.task} just changed the state of lock:"
    if report.changed is not None:
        yield lock_line(report.changed)
    if report.other is not None:
        irq = f"{report.irq}-irq" if old else report.irq
        what = f"took another, {irq}-unsafe" if report.forwards else f"was taken by another, {irq}-safe"
        yield f"but this lock {what} lock in the past:"
        yield f" {_mention(report.other)}"
        yield from ("", "", "and interrupts could create inverse lock ordering between them.", "")
    yield from _other_info(report, report.chain_exists)
    if old:
        yield from _tree("the first lock's dependencies:", report.blocks)
        yield from _tree("the second lock's dependencies:", report.other_blocks)
    else:
        yield from _path("the shortest dependencies between 2nd lock and 1st lock:", report.blocks)
    yield from _end(report)


def _context(context: IrqContext | None) -> str:
    if context is None:
        return ""
    hard = f"HC{context.in_hardirq}[{context.hardirq_count}]"
    soft = f"SC{context.in_softirq}[{context.softirq_count}]"
    return f"[{hard}:{soft}:HE{context.hardirqs_enabled}:SE{context.softirqs_enabled}]"


def _mention(named: ClassMention) -> str:
    return lock_name(named.lock_class, named.usage, named.wait_types)


def _frames(stack: Iterable[Frame], indent: int) -> Iterator[str]:
    yield from (" " * indent + frame_line(frame) for frame in stack)


def _events(stamp: int | None, events: Iterable[IrqEvent]) -> Iterator[str]:
    if stamp is not None:
        yield f"irq event stamp: {stamp}"
    for event in events:
        what = event.what.replace("last enabled", "last  enabled")
        yield f"{what} at ({event.number}):" + (f" {frame_line(event.site)}" if event.site else "")


def _other_info(report: Report, chain_exists: tuple[LockClass, ...] = ()) -> Iterator[str]:
    if not (chain_exists or report.scenario or report.held_locks):
        return
    yield from ("", "other info that might help us debug this:")
    if isinstance(report, IrqOrderReport):
        yield ""
    if chain_exists:
        yield from ("Chain exists of:", "  " + " --> ".join(lock_class.name for lock_class in chain_exists), "")
    if report.scenario:
        yield from scenario(report)
    if report.held_locks is not None and not isinstance(report, RecursiveReport):
        yield from held_locks(report.held_locks)


def _end(report: Report) -> Iterator[str]:
    if report.held_locks is not None and isinstance(report, RecursiveReport):
        yield from held_locks(report.held_locks)
    if report.backtrace is not None:
        yield from ("", "stack backtrace:", *backtrace(report, report.backtrace))


def _path(title: str, blocks: Sequence[ClassBlock]) -> Iterator[str]:
    if not blocks:
        return
    yield from ("", *title.split("\n"))
    for block in blocks:
        yield from _block(block)
        if block.acquired is not None:
            yield from _acquired(block.acquired, block.depth + 1)
            yield ""


def _tree(title: str, blocks: Sequence[ClassBlock]) -> Iterator[str]:
    """A block's subtree follows it; where it was acquired follows that subtree, as far to the right as its arrow."""
    if not blocks:
        return
    yield from ("", title)
    path: list[ClassBlock] = []
    for block in (*blocks, None):
        while path and (block is None or path[-1].depth >= block.depth):
            done = path.pop()
            if done.acquired is not None:
                yield from _acquired(done.acquired, done.depth)
        if block is not None:
            yield from _block(block)
            path.append(block)


def _block(block: ClassBlock) -> Iterator[str]:
    indent = " " * block.depth
    operations = f" ops: {block.operations}" if block.operations else ""
    yield f"{indent}-> {lock_name(block.lock_class, block.usage, block.wait_types)}{operations} {{"
    for usage in block.usages:
        line = f"{indent}   {usage.state} at:"
        yield line
        yield from _frames(usage.stack, len(line))
    yield f"{indent} }}"
    if block.key is not None:
        yield f"{indent} ... key      at: {frame_line(block.key)}"


def _acquired(stack: StackTrace, indent: int) -> Iterator[str]:
    yield " " * indent + "... acquired at:"
    yield from _frames(stack, 3)
