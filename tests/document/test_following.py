"""Growing sources: each report once, when it is over, whatever happens to the file."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockview.document.errors import UserError
from lockview.document.following import Follower, Tail
from lockview.model.reports import Report
from lockview.parsing.reader import read_bytes

SAMPLE = (Path(__file__).resolve().parents[2] / "resources/samples/khugepaged-fs-reclaim.log").read_bytes()
NOISE = b"".join(b"[ 2400.%06d] usb 1-1: new device\n" % number for number in range(60))
LATER = SAMPLE.replace(b"[ 2311.", b"[ 2500.")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 4000), min_size=1, max_size=20))
def test_pieces_of_any_size_give_each_report_once(sizes: list[int]) -> None:
    source = NOISE + SAMPLE + NOISE * 300 + LATER + NOISE
    follower = Follower("x")
    reports: list[Report] = []
    position = 0
    for size in sizes:
        reports += follower.feed(source[position : position + size])
        position += size
    reports += follower.feed(source[position:])
    reports += follower.settle()
    assert follower.settle() == []
    whole = read_bytes(source)
    assert tuple(reports) == whole.reports
    assert [report.span for report in reports] == [report.span for report in whole.reports]
    assert follower.lines == whole.lines


def test_a_report_waits_for_its_end() -> None:
    follower = Follower()
    assert follower.feed(SAMPLE[:3000]) == []
    assert follower.feed(SAMPLE[3000:]) == []
    (report,) = follower.feed(NOISE)
    assert report.reading.complete


def test_a_cut_report_is_given_when_nothing_comes_any_more() -> None:
    follower = Follower()
    assert follower.feed(SAMPLE[:3000]) == []
    (report,) = follower.settle()
    assert not report.reading.complete


def test_noise_is_forgotten() -> None:
    follower = Follower()
    for _ in range(50):
        assert follower.feed(NOISE * 20) == []
    assert follower.lines == 50 * 20 * 60
    assert len(follower._kept) < 200_000


def test_a_file_that_grows_is_cut_and_is_rotated(tmp_path: Path) -> None:
    path = tmp_path / "kern.log"
    path.write_bytes(b"one\n")
    tail = Tail(str(path))
    try:
        assert tail.look(0).data == b"one\n"
        assert tail.look(0) == (b"", False, False)
        with path.open("ab") as file:
            file.write(b"two\n")
        assert tail.look(0).data == b"two\n"
        os.truncate(path, 0)
        assert tail.look(0) == (b"", True, False)
        path.write_bytes(b"3\n")
        assert tail.look(0).data == b"3\n"
        path.rename(tmp_path / "kern.log.1")
        assert tail.look(0) == (b"", False, False)
        path.write_bytes(b"new\n")
        assert tail.look(0) == (b"new\n", True, False)
    finally:
        tail.close()


@pytest.mark.parametrize("name", ["gone.log", "a\0b", "."])
def test_what_cannot_be_opened_says_so(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot be opened|no possible file name|is a folder"):
        Tail(f"{tmp_path}/{name}")


def test_a_restart_counts_lines_anew() -> None:
    follower = Follower()
    follower.feed(NOISE + SAMPLE)
    assert len(follower.restart()) == 1
    follower.feed(SAMPLE)
    (report,) = follower.settle()
    assert report.span.first == 2
