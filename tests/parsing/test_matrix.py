"""Each wrapper and damage around each kind of report gives the report of the bare text; nothing is added or lost."""

from dataclasses import replace
from typing import Any

import pytest
from damage_layouts import DAMAGE
from kernel_samples import SAMPLES, lines_of
from layouts import LAYOUTS
from record_layouts import RECORD_LAYOUTS, records

from lockview.model.logs import Log
from lockview.model.reports import Report, ReportKind
from lockview.parsing.reader import read_bytes


def read(source: str | bytes) -> Log:
    return read_bytes(source if isinstance(source, bytes) else source.encode())


def flat(report: Any) -> Report:
    """The report without the depth of its class blocks, which is nothing but blanks."""
    parts = {
        name: tuple(replace(block, depth=0) for block in getattr(report, name))
        for name in ("backward", "forward", "blocks")
        if hasattr(report, name)
    }
    flattened: Report = replace(report, **parts)
    return flattened


@pytest.fixture(scope="module")
def bare() -> dict[str, tuple[Report, ...]]:
    """What the samples hold, as the kernel prints them."""
    return {kind: tuple(map(flat, read(text).reports)) for kind, text in SAMPLES.items()}


def test_each_sample_is_one_complete_report_of_its_kind(bare: dict[str, tuple[Report, ...]]) -> None:
    for kind, reports in bare.items():
        (report,) = reports
        assert report.kind is ReportKind(kind)
        assert report.reading.problems == ()
        assert report.reading.complete


def check(layout: str, sources: dict[str, str | bytes], bare: dict[str, tuple[Report, ...]]) -> None:
    wrong = []
    for kind, source in sources.items():
        log = read(source)
        if tuple(map(flat, log.reports)) != bare[kind]:
            wrong.append(f"{kind}: another report")
        elif not all(report.reading.complete for report in log.reports):
            wrong.append(f"{kind}: incomplete")
        elif not all(1 <= report.span.first <= report.span.last <= log.lines for report in log.reports):
            wrong.append(f"{kind}: a span outside of the source")
    assert not wrong, layout


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout: str, bare: dict[str, tuple[Report, ...]]) -> None:
    check(layout, {kind: LAYOUTS[layout](lines_of(text)) for kind, text in SAMPLES.items()}, bare)


@pytest.mark.parametrize("layout", RECORD_LAYOUTS)
def test_records(layout: str, bare: dict[str, tuple[Report, ...]]) -> None:
    sources = {kind: RECORD_LAYOUTS[layout](records(lines_of(text))) for kind, text in SAMPLES.items()}
    check(layout, sources, bare)


@pytest.mark.parametrize("layout", DAMAGE)
def test_damage(layout: str, bare: dict[str, tuple[Report, ...]]) -> None:
    check(layout, {kind: DAMAGE[layout](lines_of(text)) for kind, text in SAMPLES.items()}, bare)
