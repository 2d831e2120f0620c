"""Curves of the clock as charts, as a table for a terminal, and as CSV. Each of them says that time is model time."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import NamedTuple

from lockview.layout.charts import Axis, Chart, Series
from lockview.sim.clock.curves import MODEL_TIME, Curve, Point, base_of, gains
from lockview.sim.clock.starvation import Starvation


class Quantity(NamedTuple):
    """Something that a curve can show."""

    title: str
    unit: str
    of: Callable[[Point], float]


QUANTITIES: dict[str, Quantity] = {
    "records": Quantity("records per second", "/s", lambda point: point.records),
    "faults": Quantity("page faults per second", "/s", lambda point: point.faults),
    "fault-latency": Quantity("mean time of a page fault, us", "us", lambda point: point.fault.mean),
    "fault-p99": Quantity("99th percentile of the time of a page fault, us", "us", lambda point: point.fault.p99),
    "writer-wait": Quantity("mean wait for mmap_sem for writing, us", "us", lambda point: point.writer.mean),
    "backlog": Quantity("VMAs that wait for a grace period", "", lambda point: point.backlog),
}
GAIN = "gain"
SHOWN = (*QUANTITIES, GAIN)
"""What ``storm_chart`` and ``storm_table`` can show."""


def storm_chart(curves: Sequence[Curve], shown: str = "records", *, log: bool = False) -> Chart:
    """A chart of the curves. Raises ValueError for a gain without the classic kernel to compare with."""
    ticks = tuple(sorted({float(point.cpus) for curve in curves for point in curve.points}))
    series = tuple(Series(curve.kernel.title, values) for curve, values in _values(curves, shown))
    title, unit = ("records, as many times as classic", "times") if shown == GAIN else QUANTITIES[shown][:2]
    return Chart(
        "ebizzy storm", Axis("CPUs, each with a thread", log=True, ticks=ticks), Axis(title, log), series,
        f"A model of costs, in {MODEL_TIME}.", unit,
    )  # fmt: skip


def starvation_chart(results: Sequence[Starvation]) -> Chart:
    """How long the writer waited at worst, behind both kinds of semaphore."""
    ticks = tuple(sorted({float(result.cpus) for result in results}))
    series = []
    for fair in (True, False):
        points = tuple((float(result.cpus), result.worst) for result in results if result.fair is fair)
        if points:
            series.append(Series("fair: readers queue" if fair else "unfair: readers pass", points))
    return Chart(
        "Writer starvation", Axis("faulting threads", log=True, ticks=ticks),
        Axis("longest wait of the writer, us", log=True), tuple(series),
        f"A model of costs, in {MODEL_TIME}. A wait that did not end counts as far as it got.", "us",
    )  # fmt: skip


def storm_table(curves: Sequence[Curve], shown: str = "records") -> str:
    """A table for a terminal: a line per kernel, a column per number of CPUs."""
    cpus = sorted({point.cpus for curve in curves for point in curve.points})
    places = 2 if shown in (GAIN, "fault-latency", "fault-p99", "writer-wait") else 0
    rows = [["CPUs", *(str(number) for number in cpus)]]
    for curve, values in _values(curves, shown):
        known = dict(values)
        cells = [f"{known[number]:,.{places}f}" if number in known else "" for number in cpus]
        rows.append([curve.kernel.title, *cells])
    return _aligned(rows)


def starvation_table(results: Sequence[Starvation]) -> str:
    """A table for a terminal: a line per run; waits in microseconds of model time."""
    rows = [["semaphore", "readers", "load", "waits", "mean", "p50", "p90", "p99", "longest", "unserved for"]]
    for result in results:
        wait = result.wait
        waits = (wait.mean, wait.median, wait.p90, wait.p99, wait.longest)
        times = [f"{value:,.1f}" if wait.times else "-" for value in waits]
        kind = "fair" if result.fair else "unfair"
        unserved = f"{result.unserved:,.0f}" if result.unserved else "-"
        rows.append([kind, str(result.cpus), f"{result.load:.2f}", str(wait.times), *times, unserved])
    return _aligned(rows)


_COLUMNS: dict[str, Callable[[Point], float]] = {
    "model_records_per_s": lambda point: point.records,
    "model_faults_per_s": lambda point: point.faults,
    "speculation_success": lambda point: point.success,
    "model_fault_us_mean": lambda point: point.fault.mean,
    "model_fault_us_p50": lambda point: point.fault.median,
    "model_fault_us_p90": lambda point: point.fault.p90,
    "model_fault_us_p99": lambda point: point.fault.p99,
    "model_writer_wait_us_mean": lambda point: point.writer.mean,
    "model_writer_wait_us_p50": lambda point: point.writer.median,
    "model_writer_wait_us_p90": lambda point: point.writer.p90,
    "model_writer_wait_us_p99": lambda point: point.writer.p99,
    "grace_period_backlog": lambda point: point.backlog,
}


def storm_csv(curves: Sequence[Curve]) -> str:
    """All figures, a line per kernel and number of CPUs. The names of the columns say that time is model time."""
    base = base_of(curves)
    lines: list[list[str]] = [["kernel", "cpus", *_COLUMNS, "gain"]]
    for curve in curves:
        gain = dict(gains(curve, base)) if base else {}
        for point in curve.points:
            cells = [f"{value(point):.6g}" for value in _COLUMNS.values()]
            last = f"{gain[point.cpus]:.4f}" if point.cpus in gain else ""
            lines.append([curve.kernel.name, str(point.cpus), *cells, last])
    return _csv(lines)


def starvation_csv(results: Sequence[Starvation]) -> str:
    """The same for the waits of the lonely writer."""
    names = ("mean", "p50", "p90", "p99", "longest")
    lines = [["semaphore", "readers", "load", "waits", *(f"model_wait_us_{name}" for name in names), "unserved_us"]]
    for result in results:
        waits = [f"{value:.6g}" for value in result.wait[1:]]
        kind = "fair" if result.fair else "unfair"
        head = [kind, str(result.cpus), f"{result.load:.4f}", str(result.wait.times)]
        lines.append([*head, *waits, f"{result.unserved:.6g}"])
    return _csv(lines)


def _values(curves: Sequence[Curve], shown: str) -> list[tuple[Curve, tuple[tuple[float, float], ...]]]:
    if shown != GAIN:
        of = QUANTITIES[shown].of
        return [(curve, tuple((float(p.cpus), of(p)) for p in curve.points)) for curve in curves]
    base = base_of(curves)
    if base is None:
        raise ValueError("a gain is a comparison with the classic kernel, which is not among those that were run")
    return [
        (curve, tuple((float(cpus), gain) for cpus, gain in gains(curve, base)))
        for curve in curves
        if curve is not base
    ]


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for first, *others in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip() + "\n")
    return "".join(lines)


def _csv(lines: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue()
