"""Logs with one report right behind the other, larger than what is read at once: no border may cut a report."""

from pathlib import Path

import pytest
from big_logs import at

from lockview.parsing import candidates, regions
from lockview.parsing.reader import read_bytes

REPORTS = 60


@pytest.mark.parametrize("chunk", [12 << 10, 30 << 10, 45 << 10])
def test_the_end_of_a_chunk_cuts_no_report(sample: Path, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regions, "_MAX_CHUNK", chunk)
    _check(sample.read_bytes())


@pytest.mark.parametrize("kept", [40 << 10, 64 << 10])
def test_the_end_of_a_neighbourhood_cuts_no_report(sample: Path, kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "SMALL", 8 << 10)
    monkeypatch.setattr(candidates, "_MAX_KEPT", kept)
    _check(sample.read_bytes())


def test_a_report_that_is_longer_than_a_chunk_is_read_once(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regions, "_MAX_CHUNK", 2 << 10)
    log = read_bytes(sample.read_bytes() * 10)
    starts = [report.span.first for report in log.reports]
    assert len(starts) == len(set(starts))


def _check(report: bytes) -> None:
    (whole,) = read_bytes(report).reports
    log = read_bytes(b"".join(at(report, number) for number in range(REPORTS)))
    assert len(log.reports) == REPORTS
    assert all(found == whole for found in log.reports)
