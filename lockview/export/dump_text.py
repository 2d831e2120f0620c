"""Copies of /proc files as the kernel lists them: the inverse of reading, ``read(dump_text(value)) == value``.

Columns are those of today's kernels. Source: kernel/locking/lockdep_proc.c.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lockview.model.orders import LockOrders, Order, OrderClass, OrderSource
from lockview.model.statistics import ContentionPoint, Table, TableKind, TableRow

_WIDE = 221
_NAME = 40


def dump_text(value: LockOrders | Table) -> str:
    """The file as text; every line ends in a newline."""
    if isinstance(value, LockOrders):
        lines = _classes(value) if value.source is OrderSource.CLASSES else _chains(value)
    elif value.kind is TableKind.CONTENTION:
        lines = _contention(value)
    elif value.kind is TableKind.LOCKDEP:
        lines = _statistics(value)
    else:
        from lockview.export.dump_text_perf import perf_lines

        lines = perf_lines(value)
    return "".join(line.replace("\n", "\\x0a").replace("\r", "\\x0d") + "\n" for line in lines)


def _classes(orders: LockOrders) -> Iterator[str]:
    """Classes in the order of the file, where lines tell it; those that have no line of their own are only named."""
    yield "all lock classes:"
    after: dict[int, list[Order]] = {}
    for order in orders.orders:
        after.setdefault(order.before, []).append(order)
    listed = any(item.line for item in orders.classes)
    places = [place for place, item in enumerate(orders.classes) if item.line or not listed or place in after]
    for place in sorted(places, key=lambda number: orders.classes[number].line):
        yield _class(orders.classes[place])
        for order in after.get(place, ()):
            target = orders.classes[order.after]
            yield from [f" -> [{target.key}] {target.lock_class}"] * order.count
        yield ""


def _class(item: OrderClass) -> str:
    operations = f" OPS:{item.operations:8}" if item.operations is not None else ""
    counts = f" FD:{item.forward or 0:5} BD:{item.backward or 0:5} {item.usage}" if item.usage else ""
    return f"{item.key}{operations}{counts}: {item.lock_class}"


def _chains(orders: LockOrders) -> Iterator[str]:
    yield "(buggered) all lock chains:" if orders.overflowed else "all lock chains:"
    for chain in orders.chains:
        for _ in range(chain.count):
            yield f"irq_context: {chain.context or '0'}"
            for place in chain.classes:
                item = orders.classes[place]
                yield f"[{item.key}] {item.lock_class}"
            yield ""


def _statistics(table: Table) -> Iterator[str]:
    for row in table.rows:
        value, most = (*row.values, None, None)[:2]
        yield f" {row.name + ':':<30} {value or 0:11}" + (f" [max: {most}]" if most is not None else "")


def _contention(table: Table) -> Iterator[str]:
    yield f"lock_stat version {table.version}"
    yield from (f"*WARNING* {remark}" for remark in table.remarks)
    yield "-" * _WIDE
    yield f"{'class name':>{_NAME}}    " + " ".join(f"{column:>14}" for column in table.columns)
    yield "-" * _WIDE
    for row in table.rows:
        yield ""
        yield from _row(row)
    yield ""
    yield "." * _WIDE


def _row(row: TableRow) -> Iterator[str]:
    name = f"{row.name}-{row.mode}" if row.mode else row.name
    yield f"{name:>{_NAME}}:" + " ".join(f"{_number(value):>14}" for value in row.values)
    groups = [row.waiters, row.holders] if row.holders else [row.waiters] if row.waiters else []
    for points in groups:
        yield f"{'-' * min(len(row.name), _NAME):>{_NAME}}"
        yield from _points(row.name, points)


def _points(name: str, points: Sequence[ContentionPoint]) -> Iterator[str]:
    for point in points:
        module = f" [{point.site.module}]" if point.site.module else ""
        yield f"{name:>{_NAME}} {point.count:14} [<{point.site.address}>] {point.site}{module}"


def _number(value: float | None) -> str:
    """Whole numbers count; times have two places behind the point."""
    if value is None or isinstance(value, int):
        return str(value or 0)
    return f"{value:.2f}" if round(value, 2) == value else f"{value:.4f}"
