"""Curves as table, chart and CSV: right figures, and model time said everywhere."""

import csv
import io

import pytest

from lockview.export.chart_curves import (
    GAIN,
    SHOWN,
    starvation_chart,
    starvation_csv,
    starvation_table,
    storm_chart,
    storm_csv,
    storm_table,
)
from lockview.layout.charts import chart_drawing
from lockview.sim.clock.curves import Curve, Point
from lockview.sim.clock.starvation import Starvation
from lockview.sim.clock.storms import BASE, KERNELS
from lockview.sim.clock.tally import Latency


def points(*records: float) -> tuple[Point, ...]:
    some = Latency(10, 2.5, 2.0, 4.0, 9.0, 12.0)
    return tuple(Point(2**n, value, 128 * value, 0.98, some, some, 3.0, 100) for n, value in enumerate(records))


CURVES = (Curve(BASE, points(1000, 1800, 2500)), Curve(KERNELS["spf-v2"], points(1100, 2100, 4000)))
WAITS = (Starvation(2, True, 1.0, Latency(10, 2, 1, 4, 5, 6), 0), Starvation(2, False, 1.0, Latency(), 1234.0))


def test_the_table_has_a_line_per_kernel_and_a_column_per_number_of_cpus() -> None:
    assert storm_table(CURVES) == (
        "CPUs         1      2      4\nclassic  1,000  1,800  2,500\nSPF v2   1,100  2,100  4,000\n"
    )
    assert storm_table(CURVES, GAIN).splitlines()[1].split() == ["SPF", "v2", "1.10", "1.17", "1.60"]
    assert "1,234" in starvation_table(WAITS)


@pytest.mark.parametrize("shown", SHOWN)
def test_each_chart_says_model_time(shown: str) -> None:
    chart = storm_chart(CURVES, shown, log=True)
    assert "model time, not measured" in chart.note
    assert [line.name for line in chart.series] == (["SPF v2"] if shown == GAIN else ["classic", "SPF v2"])
    assert "model time" in chart_drawing(chart).description
    assert "model time" in starvation_chart(WAITS).note


def test_a_gain_needs_the_classic_kernel() -> None:
    with pytest.raises(ValueError, match="classic"):
        storm_chart(CURVES[1:], GAIN)
    assert {row["gain"] for row in csv.DictReader(io.StringIO(storm_csv(CURVES[1:])))} == {""}


def test_csv_names_its_units_and_reads_back() -> None:
    rows = list(csv.DictReader(io.StringIO(storm_csv(CURVES))))
    assert [(row["kernel"], row["cpus"], row["model_records_per_s"]) for row in rows][3] == ("spf-v2", "1", "1100")
    assert float(rows[5]["gain"]) == pytest.approx(1.6)
    assert float(rows[0]["model_fault_us_p99"]) == 9
    timed = [name for name in rows[0] if "_us" in name or "_per_s" in name]
    assert all(name.startswith("model_") for name in timed)
    waits = list(csv.DictReader(io.StringIO(starvation_csv(WAITS))))
    assert [row["semaphore"] for row in waits] == ["fair", "unfair"]
    assert float(waits[1]["unserved_us"]) == 1234
