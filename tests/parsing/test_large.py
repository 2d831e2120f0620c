"""Large sources: candidates are found by search over blocks, whatever the blocks' borders cut."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lockview.parsing import candidates
from lockview.parsing.candidates import Candidates
from lockview.parsing.reader import read_bytes, read_file
from lockview.parsing.registry import FAMILIES, LEADS, Family

BLOCK = 300_000

NOISE = b"".join(
    b"[%12.6f] usb %d-%d: new device number %d\n" % (n * 0.013, n % 7, n % 5, n % 97) for n in range(20_000)
)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "SMALL", 1000)


def later(body: bytes, count: int) -> bytes:
    """The report as it would be printed at another time: with one time stamp, it would be one event captured twice."""
    return body.replace(b"[ 2311.", b"[ %d." % (2311 + count))


def blocks(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@pytest.mark.parametrize("size", [997, 4096, 5000, 65_536, 1 << 20])
def test_neighbourhoods_hold_their_anchors_and_count_lines(size: int, small_blocks: None, sample: Path) -> None:
    data = NOISE + sample.read_bytes() + b"\n" + NOISE + sample.read_bytes() + NOISE[:-1]
    found = Candidates((b"ing dependency",), ())
    kept = list(found.neighbourhoods(blocks(data, size)))
    assert found.lines == len(data.split(b"\n"))
    assert found.size == len(data)
    assert sum(len(place.anchors) for place in kept) == 4
    for place in kept:
        assert place.data in data
        start = data.index(place.data)
        assert data.count(b"\n", 0, start) + 1 == place.first_line
        assert start == 0 or data[start - 1 : start] == b"\n"
        for anchor in place.anchors:
            assert place.data[anchor : anchor + 14] == b"ing dependency"


@pytest.mark.parametrize("count", [1, 7])
def test_reports_of_a_large_file_have_their_lines(count: int, tmp_path: Path, sample: Path) -> None:
    path = tmp_path / "big.log"
    body = sample.read_bytes() + b"\n"
    path.write_bytes(b"".join(NOISE + NOISE + later(body, number) for number in range(count)) + NOISE * 6)
    log = read_file(str(path))
    assert log.size == path.stat().st_size
    assert log.size > candidates.SMALL
    (small,) = read_bytes(body).reports
    lines = path.read_bytes().split(b"\n")
    assert log.lines == len(lines) - 1
    assert [report == small for report in log.reports] == [True] * count
    for report in log.reports:
        assert b"WARNING: possible circular" in lines[report.span.first - 1]
        assert report.reading.complete


def test_close_reports_and_one_with_a_wide_gap(tmp_path: Path, sample: Path) -> None:
    """Reports may follow each other at once, and another printer may fill the middle of one."""
    body = sample.read_bytes() + b"\n"
    stamped = b"".join(b"[ 2311.315999][    C0] usb 1-1: noise %d\n" % n for n in range(2000))
    caller = re.sub(rb"(?m)^(\[ *\d+\.\d+\])", rb"\1[   T43]", body)
    split = caller.index(b"[ 2311.315498]")
    gap = caller[:split] + stamped + caller[split:]
    path = tmp_path / "big.log"
    path.write_bytes(NOISE * 5 + body + later(body, 1) + later(body, 2) + NOISE * 2 + gap + NOISE * 2)
    log = read_file(str(path))
    (small,) = read_bytes(body).reports
    assert [report == small for report in log.reports] == [True] * 4
    assert log.reports[3].reading.caller == "T43"


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("family", [family for family in FAMILIES if family.led], ids=lambda family: family.name)
@pytest.mark.parametrize("place", [0, BLOCK - 250, BLOCK - 12, BLOCK - 1, BLOCK, BLOCK + 5])
def test_what_stands_by_a_lead_is_found_wherever_blocks_part(family: Family, place: int) -> None:
    for anchor in family.anchors:
        title = anchor if any(lead in anchor for lead in LEADS) else b"WARNING: possible " + anchor
        filler = b"[    1.000000] usb 1-2: new device\n" * (BLOCK // 24)
        log = filler[:place] + title + filler
        search = Candidates((b"no such words",), (), led=family.anchors, leads=LEADS)
        (found,) = search.neighbourhoods(blocks(log, BLOCK))
        assert found.data[found.anchors[0] :].startswith(anchor)
