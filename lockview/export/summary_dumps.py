"""What a source holds besides reports, in a line or two of plain text each: orders, tables and traces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lockview.model.lock_events import EventStream
from lockview.model.logs import Log
from lockview.model.orders import LockOrders, OrderSource
from lockview.model.statistics import Table, TableKind

_MOST = 3
_CONTENTIONS = ("contentions", "contended")
_SOURCES = {TableKind.PERF_REPORT: "perf lock report", TableKind.PERF_CONTENTION: "perf lock contention"}


def dump_lines(log: Log) -> Iterator[str]:
    """The lines about all of them, in the order of the source's fields."""
    for orders in log.orders:
        yield from _orders(orders)
    for table in log.tables:
        yield from _table(table)
    for stream in log.event_streams:
        yield from _events(stream)


def _counted(number: int, noun: str) -> str:
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def _orders(orders: LockOrders) -> Iterator[str]:
    where = f"lines {orders.span.first}-{orders.span.last}: /proc/{orders.source}"
    classes = _counted(len(orders.classes), "lock class")
    if orders.source is OrderSource.CLASSES:
        yield f"{where}: {classes}, {_counted(len(orders.orders), 'direct order')}"
    else:
        listed = sum(chain.count for chain in orders.chains)
        different = f" ({len(orders.chains):,} different)" if listed != len(orders.chains) else ""
        neighbours = _counted(len(orders.orders), "order")
        yield f"{where}: {_counted(listed, 'chain')}{different} of {classes}, {neighbours} of neighbours"
    if orders.overflowed:
        yield "  the kernel calls this list buggered: it could not note everything"


def _table(table: Table) -> Iterator[str]:
    source = _SOURCES.get(table.kind, f"/proc/{table.kind}")
    yield f"lines {table.span.first}-{table.span.last}: {source}: {_counted(len(table.rows), 'row')}"
    counted = [column for column, name in enumerate(table.columns) if name in _CONTENTIONS]
    for column in counted[:1]:
        counts = [(row.values[column] or 0, row.name or row.mode) for row in table.rows if column < len(row.values)]
        worst = sorted((item for item in counts if item[0]), key=lambda item: -item[0])[:_MOST]
        if worst:
            yield "  most waited for: " + ", ".join(f"{name} ({_counted(int(count), 'time')})" for count, name in worst)
    yield from (f"  {remark}" for remark in table.remarks)


def _events(stream: EventStream) -> Iterator[str]:
    where = f"lines {stream.span.first}-{stream.span.last}: trace"
    lost = f", {_counted(stream.lost, 'event')} lost" if stream.lost else ""
    yield (
        f"{where}: {_counted(stream.count, 'lock event')} of {_counted(len(stream.tasks), 'task')}{lost}, "
        f"{_counted(len(stream.orders), 'order')} of locks"
    )
    kinds = Counter(event.kind.value for event in stream.events)
    if kinds:
        yield "  " + ", ".join(f"{kind} {count:,}" for kind, count in sorted(kinds.items()))
    for task in stream.tasks:
        if task.waiting:
            yield f"  {task.name}-{task.pid} waits for {task.waiting.name or task.waiting.pointer} at the end"
