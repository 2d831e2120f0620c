"""The tables of ``perf lock``, times in microseconds.  Source: tools/perf/builtin-lock.c."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.model.statistics import Table, TableKind
from lockview.parsing.dialects.perf_lock import UNFOLLOWED

_NAME = 20


def perf_lines(table: Table) -> Iterator[str]:
    """The headings and a line for each row."""
    heads = "".join(f"{column:>13}" for column in table.columns)
    first = table.kind is TableKind.PERF_REPORT
    words = "".join(f"   {heading:>12}" for heading in table.headings)
    yield f"{table.headings[0] if table.headings else 'Name':>{_NAME}}{heads} " if first else f"{heads}{words}"
    yield ""
    for row in table.rows:
        pairs = zip(table.columns, row.values, strict=False)
        numbers = "".join(f" {_number(column, value):>12}" for column, value in pairs)
        about = f"   {row.mode:>12}   {row.name}" if len(table.headings) > 1 else f"   {row.name}"
        yield f"{row.name:>{_NAME}}{numbers} " if first else f"{numbers}{about}"
        yield from (f"\t\t\t{point.site.address}  {point.site}" for point in row.waiters)
    for remark in table.remarks:
        bad, _, total = remark.removeprefix(UNFOLLOWED).partition(" of ")
        yield from ("", "=== output for debug ===", "", f"bad: {bad}, total: {total.split(' ', 1)[0]}")


def _number(column: str, value: float | None) -> str:
    if "wait" not in column:
        return str(int(value or 0))
    places = 2 if round(value or 0, 2) == (value or 0) else 3
    return f"{value or 0:.{places}f} us"
