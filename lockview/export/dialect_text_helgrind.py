"""Helgrind's wording.  Source: ``HG_(pp_Error)``, helgrind/hg_errors.c of Valgrind."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.model.foreign_reports import ForeignLock, ForeignOrder, HelgrindReport
from lockview.model.stacks import Frame, StackTrace

_MARK = "==1=="
"""The number of the process is not part of a report."""
_BEGINNINGS = {
    "observed": "Observed (incorrect) order is: acquisition of lock at",
    "required": "Required order was established by acquisition of lock at",
}


def helgrind_lines(report: HelgrindReport) -> Iterator[str]:
    """Both orders with two stacks each, and what is known of the locks."""
    for line in _lines(report):
        yield f"{_MARK} {line}".rstrip()


def _lines(report: HelgrindReport) -> Iterator[str]:
    yield report.title
    yield ""
    addresses = {lock.name: lock.address for lock in report.locks}
    for order in report.orders:
        yield from _order(order, addresses)
    for lock in report.locks:
        yield from _known(lock)


def _order(order: ForeignOrder, addresses: dict[str, str]) -> Iterator[str]:
    yield f"{_BEGINNINGS.get(order.words, _BEGINNINGS['observed'])} {addresses.get(order.held, order.held)}"
    yield from _stack(order.held_stack)
    yield ""
    yield f" followed by a later acquisition of lock at {addresses.get(order.wanted, order.wanted)}"
    yield from _stack(order.stack)
    yield ""


def _known(lock: ForeignLock) -> Iterator[str]:
    if lock.stack.frames:
        yield f" Lock at {lock.address} was first observed"
        yield from _stack(lock.stack)
    if lock.name != lock.address:
        yield f' Address {lock.address.lower()} is 0 bytes inside data symbol "{lock.name}"'
    elif lock.label:
        yield f" Address {lock.address.lower()} is {lock.label}"
    yield ""


def _stack(stack: StackTrace) -> Iterator[str]:
    for number, frame in enumerate(stack):
        yield f"   {'by' if number else 'at'} {frame.address}: {_frame(frame)}"
    if not stack.frames:
        yield "   (stack unavailable)"


def _frame(frame: Frame) -> str:
    if frame.module:
        return f"{frame.function} (in {frame.module})"
    return f"{frame.function} ({frame.file}:{frame.line})" if frame.file else frame.function
