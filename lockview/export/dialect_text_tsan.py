"""ThreadSanitizer's wording.  Source: ``PrintReport``, compiler-rt/lib/tsan/rtl/tsan_report.cpp."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.model.foreign_reports import ForeignOrder, ForeignThread, TsanReport
from lockview.model.stacks import Frame, StackTrace

_FENCE = "=" * 18


def tsan_lines(report: TsanReport) -> Iterator[str]:
    """The cycle, a block per order, where mutexes and threads were made, and the line that sums it up."""
    yield _FENCE
    yield report.title + (f" (pid={report.pid})" if report.pid is not None else "")
    if report.locks:
        ring = [f"{lock.name} ({lock.address})" if lock.address else lock.name for lock in report.locks]
        yield f"  Cycle in lock order graph: {' => '.join(ring)} => {report.locks[0].name}"
    yield ""
    for order in report.orders:
        yield from _order(order)
    for lock in report.locks:
        if lock.stack.frames:
            yield f"  Mutex {lock.name} {f'({lock.address}) ' if lock.address else ''}created at:"
            yield from _stack(lock.stack)
    for thread in report.threads:
        yield from _thread(thread)
    yield f"SUMMARY: ThreadSanitizer: lock-order-inversion (potential deadlock){_place(report)}"
    yield _FENCE


def _order(order: ForeignOrder) -> Iterator[str]:
    thread = f" in {order.thread}" if order.thread else ""
    yield f"  Mutex {order.wanted} acquired here while holding mutex {order.held}{thread}:"
    yield from _stack(order.stack)
    if order.held_stack.frames:
        yield f"  Mutex {order.held} previously acquired by the same thread here:"
        yield from _stack(order.held_stack)


def _thread(thread: ForeignThread) -> Iterator[str]:
    tid = f"tid={thread.tid}" if thread.tid is not None else ""
    facts = ", ".join(filter(None, (tid, thread.state)))
    creator = f" created by {thread.creator}" if thread.creator else ""
    at = " at:" if creator and thread.stack.frames else " created at:" if thread.stack.frames else ""
    yield f"  Thread {thread.name} ({facts}){creator}{at}"
    yield from _stack(thread.stack)


def _stack(stack: StackTrace) -> Iterator[str]:
    for number, frame in enumerate(stack):
        yield f"    #{number} {_frame(frame)}"
    if not stack.frames:
        yield "    [failed to restore the stack]"
    yield ""


def _frame(frame: Frame) -> str:
    place = f"{frame.file}:{frame.line}" if frame.file else "<null>"
    module = f" ({frame.module}+{frame.address})" if frame.module else ""
    build_id = f" (BuildId: {frame.build_id})" if frame.build_id else ""
    return f"{frame.function} {place}{module}{build_id}"


def _place(report: TsanReport) -> str:
    """Where the first order was made, which is what the last line of the text names."""
    known = [frame for order in report.orders[:1] for frame in order.stack if frame.file]
    return f" {known[0].file}:{known[0].line} in {known[0].function}" if known else ""
