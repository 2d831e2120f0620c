"""WITNESS's wording.  Source: ``witness_checkorder``, sys/kern/subr_witness.c of FreeBSD and of OpenBSD."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.model.foreign_reports import ForeignLock, ForeignOrder, WitnessReport
from lockview.model.stacks import Frame, StackTrace

_NUMBERS = ("1st", "2nd", "3rd")
_WITH_SORTS = "first seen at"
"""The words behind the orders that OpenBSD prints with the sort of both locks."""


def witness_lines(report: WitnessReport) -> Iterator[str]:
    """The numbered locks, the recorded orders and the backtrace."""
    sorts = {lock.name: lock.sort for lock in report.locks if lock.sort}
    told = {
        name for order in report.orders if order.words == _WITH_SORTS for name in (order.held, order.wanted)
    } & sorts.keys()
    yield report.title
    for number, lock in zip(_NUMBERS, report.locks, strict=False):
        yield f" {number} {lock.address} {_named(lock, with_sort=lock.name not in told)}"
    for order in report.orders:
        yield _head(order, sorts)
        yield from _stack(order.stack)
    if report.backtrace is not None:
        yield "stack backtrace:"
        yield from _stack(report.backtrace.stack)


def _named(lock: ForeignLock, *, with_sort: bool) -> str:
    place = f" @ {lock.place}" if lock.place else ""
    sort = f", {lock.sort}" if lock.sort and with_sort else ""
    if not lock.label and not sort:
        return lock.name + place
    return f"{lock.label or lock.name} ({lock.name}{sort}){place}"


def _head(order: ForeignOrder, sorts: dict[str, str]) -> str:
    if order.words == _WITH_SORTS:
        held, wanted = (
            f'"{name}"' + (f"({sorts[name]})" if name in sorts else "") for name in (order.held, order.wanted)
        )
    else:
        held, wanted = order.held, order.wanted
    return f"lock order {held} -> {wanted}" + (f" {order.words}:" if order.words else "")


def _stack(stack: StackTrace) -> Iterator[str]:
    for number, frame in enumerate(stack):
        yield f"#{number:<2} {_frame(frame)}"


def _frame(frame: Frame) -> str:
    address = f"{frame.address} at " if frame.address else ""
    offset = f"+0x{frame.offset:x}" if frame.offset is not None else ""
    place = f" {frame.file}:{frame.line}" if frame.file else ""
    return f"{address}{frame.function}{offset}{place}" + (" [inline]" if frame.inlined else "")
