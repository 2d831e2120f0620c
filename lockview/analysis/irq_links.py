"""What a report about usage states says of the order of locks, and which of its stacks backs which edge.

Source: ``print_shortest_lock_dependencies``, ``print_shortest_lock_dependencies_backwards``,
``print_lock_dependencies`` (before 2.6.30), kernel/locking/lockdep.c. Blocks are printed from the far lock to the near
one; under which of two neighbours the stack of their dependency stands differs by section and printer:

- toward an unsafe lock (and in an inversion "took another") under the lock that was acquired;
- from a safe lock: under the acquired one in kernels from about 5.9 on, whose first block has no such stack, before
  that (and in an inversion "was taken by another") under the held one;
- the last block has the stack of the moment, which in an inversion is no dependency.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from lockview.analysis.lock_graph import Evidence, Relation
from lockview.model.irq_reports import InconsistentReport, IrqInversionReport, IrqOrderReport
from lockview.model.locks import LockClass
from lockview.model.reports import Dependency, Operation, Report
from lockview.model.stacks import EMPTY_STACK, StackTrace
from lockview.model.text import NOWHERE
from lockview.model.usages import ClassBlock


class Link(NamedTuple):
    """An edge before it is numbered."""

    dependency: Dependency
    relation: Relation = Relation.DEPENDENCY
    evidence: tuple[Evidence, ...] = ()


def order_links(report: IrqOrderReport) -> tuple[Link, ...]:
    """From the wanted lock to the unsafe one, by an interrupt to the safe one, to the held one, and the new one."""
    wanted, held = order_ends(report)
    safe, unsafe = safe_and_unsafe(report)
    if _is_tree(report.irq):
        up = _joined(_tree_path(report.backward, held), safe, held)
        down = _joined((), wanted, unsafe)
    else:
        up = _joined(_path(report.backward, into=_printed_under_acquired(report)), safe, held)
        down = _joined(_path(report.forward[::-1], into=True), wanted, unsafe)
    links = [*down]
    if safe and unsafe:
        evidence = _evidence(
            (f"became {report.irq}-unsafe at", report.unsafe_stack), (f"became {report.irq}-safe at", report.safe_stack)
        )
        links.append(Link(Dependency(held=unsafe, wanted=safe), Relation.INTERRUPT, evidence))
    links += up
    if wanted and held:
        spans = [line.span for line in (report.held, report.wanted) if line] or [NOWHERE]
        stack = _current(report)
        new = Dependency(held, wanted, stack, new=True, inferred=not stack.frames, span=spans[0].joined(spans[-1]))
        links.append(Link(new))
    return tuple(links)


def inversion_links(report: IrqInversionReport) -> tuple[Link, ...]:
    """From the changed lock around: what it took, or what takes it, and the interrupt that closes the cycle."""
    changed = report.changed.lock_class if report.changed else None
    other = report.other.lock_class if report.other else None
    if changed is None or other is None:
        return ()
    first, last = (changed, other) if report.forwards else (other, changed)
    if _is_tree(report.irq):
        path = _tree_path(report.blocks if report.forwards else report.other_blocks, last)
    elif report.forwards:
        path = _path(report.blocks[::-1], into=True)
    else:
        path = _path(report.blocks, into=False)
    evidence = _evidence(
        (f"became {report.irq}-unsafe at", usage_stack(report, last, inside=False)),
        (f"became {report.irq}-safe at", usage_stack(report, first, inside=True)),
    )
    closing = Dependency(held=last, wanted=first, new=True, span=report.changed.span if report.changed else NOWHERE)
    interrupt = Link(closing, Relation.INTERRUPT, evidence)
    links = _joined(path, first, last)
    return (*links, interrupt) if report.forwards else (interrupt, *links)


def inconsistent_links(report: InconsistentReport) -> tuple[Link, ...]:
    """The lock, which an interrupt may take from the one that holds it."""
    if report.wanted is None:
        return ()
    lock_class = report.wanted.lock_class
    trace = report.backtrace.stack if report.backtrace else EMPTY_STACK
    old, new = (f"{report.old_state} at", report.registered), (f"{report.new_state} at", trace)
    sides = (new, old) if is_inside(report.old_state) else (old, new)
    self_link = Dependency(held=lock_class, wanted=lock_class, new=True, span=report.wanted.span)
    return (Link(self_link, Relation.INTERRUPT, _evidence(*sides)),)


def is_inside(state: str) -> bool:
    """Whether a usage state is one of use inside the interrupt (``IN-SOFTIRQ-W``, ``in-hardirq-R``, ``IN-NMI``)."""
    return state.upper().startswith("IN-")


def order_ends(report: IrqOrderReport) -> tuple[LockClass | None, LockClass | None]:
    """The wanted and the held class, from the lines that name them, else from the new dependency."""
    previous, following = report.new_dependency or (None, None)
    wanted = report.wanted or following
    held = report.held or previous
    return wanted.lock_class if wanted else None, held.lock_class if held else None


def safe_and_unsafe(report: IrqOrderReport) -> tuple[LockClass | None, LockClass | None]:
    """The safe and the unsafe class, from the sentences that name them, else from the printed scenario."""
    safe = report.safe.lock_class if report.safe else None
    unsafe = report.unsafe.lock_class if report.unsafe else None
    steps = report.scenario
    if len(steps) > 2 and steps[1].operation is Operation.IRQ_DISABLE:
        return safe or steps[2].lock_class, unsafe or steps[0].lock_class
    return safe, unsafe


def usage_stack(report: IrqInversionReport, lock_class: LockClass, *, inside: bool) -> StackTrace:
    """Where a class was used inside the report's interrupt or with it enabled; the changed one is used so right now."""
    irq = report.irq.upper().removesuffix("-READ")
    irq = {"HARD": "HARDIRQ", "SOFT": "SOFTIRQ"}.get(irq, irq)
    wanted = f"IN-{irq}-" if inside else f"{irq}-ON-"
    for block in (*report.blocks, *report.other_blocks):
        if block.lock_class == lock_class:
            for usage in block.usages:
                if usage.state.upper().startswith(wanted) and usage.stack.frames:
                    return usage.stack
    changed = report.changed.lock_class if report.changed else None
    return report.backtrace.stack if report.backtrace and lock_class == changed else EMPTY_STACK


def _evidence(*stacks: tuple[str, StackTrace]) -> tuple[Evidence, ...]:
    return tuple(Evidence(title, stack) for title, stack in stacks if stack.frames)


def _is_tree(irq: str) -> bool:
    """Kernels before 2.6.30 wrote the states in small letters and printed whole trees."""
    return irq.islower()


def _printed_under_acquired(report: IrqOrderReport) -> bool | None:
    """Whether stacks of the blocks from the safe lock stand under the acquired lock; None when the text cannot tell.

    Newer printers give the first block no stack. Where the first block is cut off the last one tells: in older
    printers it has the stack of the moment, as the last block of the other section has.
    """
    blocks = report.backward
    if not blocks:
        return None
    if report.safe and blocks[0].lock_class == report.safe.lock_class:
        return blocks[0].acquired is None
    last = blocks[-1].acquired
    moment = report.forward[-1].acquired if report.forward else None
    return None if last is None or moment is None else last != moment


def _current(report: IrqOrderReport) -> StackTrace:
    """The stack of the new dependency: under the wanted lock's block without lockdep's own frames, else the trace."""
    wanted = report.wanted.lock_class if report.wanted else None
    last = report.forward[-1] if report.forward else None
    if last and last.acquired and last.acquired.frames and last.lock_class == wanted and not _is_tree(report.irq):
        return last.acquired
    return report.backtrace.stack if report.backtrace else EMPTY_STACK


def _path(blocks: Sequence[ClassBlock], into: bool | None) -> tuple[Link, ...]:
    """The dependencies between neighbouring blocks, given in the order in which the locks were taken.

    ``into`` tells whether the stack stands under the acquired lock; None that it cannot be told.
    """
    links = []
    for before, after in pairwise(blocks):
        gap = abs(before.depth - after.depth) > 1
        found = None if into is None or gap else after.acquired if into else before.acquired
        links.append(_link(before, after, found, Relation.PATH if gap else Relation.DEPENDENCY))
    return tuple(links)


def _tree_path(blocks: Sequence[ClassBlock], end: LockClass | None) -> tuple[Link, ...]:
    """The shortest way in a tree from its root down to a class."""
    way: list[ClassBlock] = []
    shortest: list[ClassBlock] = []
    for block in blocks:
        del way[block.depth :]
        way.append(block)
        if block.lock_class == end and (not shortest or len(way) < len(shortest)):
            shortest = list(way)
    return tuple(_link(before, after, after.acquired, Relation.DEPENDENCY) for before, after in pairwise(shortest))


def _link(before: ClassBlock, after: ClassBlock, stack: StackTrace | None, relation: Relation) -> Link:
    found = stack or EMPTY_STACK
    span = before.span.joined(after.span) if not found.frames else found.span
    dependency = Dependency(before.lock_class, after.lock_class, found, inferred=not found.frames, span=span)
    return Link(dependency, relation)


def _joined(path: Sequence[Link], start: LockClass | None, end: LockClass | None) -> tuple[Link, ...]:
    """A path with its ends tied to two classes, through locks that are not named where they are not its own."""
    first = path[0].dependency.held if path else start
    last = path[-1].dependency.wanted if path else start
    links = list(path)
    if start and first and start != first:
        links.insert(0, _unnamed(start, first))
    if end and last and last != end:
        links.append(_unnamed(last, end))
    return tuple(links)


def _unnamed(held: LockClass, wanted: LockClass) -> Link:
    return Link(Dependency(held, wanted, inferred=True), Relation.PATH)


def links_of(report: Report) -> tuple[Link, ...]:
    """The links of a report about usage states, in cycle order; () for any other."""
    if isinstance(report, IrqOrderReport):
        return order_links(report)
    if isinstance(report, IrqInversionReport):
        return inversion_links(report)
    return inconsistent_links(report) if isinstance(report, InconsistentReport) else ()
