"""What the worker tells while a log grows: lines, reports and restarts, until nothing more is written."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lockview.document import live
from lockview.document.errors import UserError
from lockview.document.following import line_to_go_on_from
from lockview.document.growing import GONE, GrowingLines
from lockview.document.live import Copy, LinesBehind, Live
from lockview.export.as_json import log_from_json
from lockview.model.reports import Report
from lockview.parsing.reader import read_bytes
from lockview.parsing.source_lines import SourceLines

SAMPLE = (Path(__file__).resolve().parents[2] / "resources/samples/khugepaged-fs-reclaim.log").read_bytes()
NOISE = b"".join(b"[ 2400.%06d] usb 1-1: new device\n" % number for number in range(400))


class Seen:
    """A document that takes news as the window does, and does something to the file before each look."""

    def __init__(self, path: Path, copy: Path, *deeds: Callable[[], object]) -> None:
        self.before = SourceLines(path.read_bytes())
        self.log = read_bytes(path.read_bytes())
        self.lines: GrowingLines | None = None
        self.reports: list[Report] = []
        self.restarts: list[str] = []
        self._deeds = list(deeds)
        self._copy = copy
        live_one = Live(str(path), len(self.before), line_to_go_on_from(self.log), str(copy))
        live_one.run(self._hear, self._is_over)

    def _hear(self, news: dict[str, Any]) -> None:
        if self.lines is None:
            self.lines = GrowingLines(self.before, news["kept"], str(self._copy))
        self.lines.grow(news["first"], news["ends"], news["size"])
        log = log_from_json(news["log"])
        self.reports += log.reports
        self.restarts += [news["restart"]] if "restart" in news else []

    def _is_over(self, _: float) -> bool:
        if not self._deeds:
            return True
        self._deeds.pop(0)()
        return False


def _append(path: Path, data: bytes) -> Callable[[], object]:
    def append() -> None:
        with path.open("ab") as file:
            file.write(data)

    return append


def _lines(data: bytes) -> list[str]:
    return data.decode().splitlines()


def test_what_is_appended_is_told_with_its_place_in_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "kern.log"
    path.write_bytes(NOISE + b"[ 2401.0] half a li")
    seen = Seen(path, tmp_path / "copy", _append(path, b"ne\n" + SAMPLE[:2000]), _append(path, SAMPLE[2000:] + NOISE))
    whole = path.read_bytes()
    assert seen.lines is not None
    assert list(seen.lines) == _lines(whole)
    expected = read_bytes(whole).reports
    assert tuple(seen.reports) == expected
    assert [report.span for report in seen.reports] == [report.span for report in expected]


def test_a_report_that_was_cut_off_is_read_again_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "kern.log"
    path.write_bytes(NOISE + SAMPLE[:3000])
    seen = Seen(path, tmp_path / "copy", _append(path, SAMPLE[3000:]))
    assert not seen.log.reports[0].reading.complete
    (report,) = seen.reports
    assert report.reading.complete
    assert report == read_bytes(path.read_bytes()).reports[0]


@pytest.mark.parametrize("how", ["cut", "renamed"])
def test_a_rotation_is_a_line_of_its_own_and_numbers_go_on(tmp_path: Path, how: str) -> None:
    path = tmp_path / "kern.log"
    path.write_bytes(NOISE)

    def rotate() -> None:
        if how == "cut":
            os.truncate(path, 0)
        else:
            path.rename(tmp_path / "kern.log.1")
            path.write_bytes(SAMPLE)

    seen = Seen(path, tmp_path / "copy", rotate, _append(path, SAMPLE if how == "cut" else b""), _append(path, NOISE))
    what = "was cut" if how == "cut" else "was replaced by a new file"
    assert seen.restarts == [f"{path} {what}."]
    assert seen.lines is not None
    marker = f"--- {path} {what}; from here on: what was written to it since ---"
    assert list(seen.lines) == [*_lines(NOISE), marker, *_lines(SAMPLE + NOISE)]
    (report,) = seen.reports
    assert "circular locking" in seen.lines[report.span.first - 1]


def test_a_file_that_was_cut_before_it_was_followed_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "kern.log"
    path.write_bytes(SAMPLE)
    news: list[dict[str, Any]] = []
    Live(str(path), 5000, 5000, str(tmp_path / "copy")).run(news.append, lambda _: True)
    assert [one["restart"] for one in news if "restart" in one] == [f"{path} was cut."]
    (report,) = [report for one in news for report in log_from_json(one["log"]).reports]
    assert report.span.first == 5000 + 1 + 2


def test_following_ends_when_too_much_has_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST", 1000)
    path = tmp_path / "kern.log"
    path.write_bytes(b"one\n")
    with pytest.raises(UserError, match="no longer followed"):
        Seen(path, tmp_path / "copy", _append(path, NOISE), lambda: None)


def test_growing_lines_on_growing_lines(tmp_path: Path) -> None:
    copies = [tmp_path / "1", tmp_path / "2"]
    lines: GrowingLines | SourceLines = SourceLines(b"a\nb\nc")
    for number, path in enumerate(copies):
        path.write_bytes(b"%d\nend" % number)
        lines = GrowingLines(lines, len(lines) - 1, str(path))
        lines.grow(0, [1], path.stat().st_size)
    assert isinstance(lines, GrowingLines)
    assert list(lines) == ["a", "b", "0", "1", "end"]
    assert lines[-1] == "end"
    assert lines[1:3] == ["b", "0"]
    with pytest.raises(IndexError):
        lines[5]
    lines.lose(lines.parts[0].lines)
    assert list(lines) == [GONE, GONE, "0", "1", "end"]


def test_the_copy_knows_its_line_ends_by_blocks(tmp_path: Path) -> None:
    from lockview.document.lines import BLOCK, count_line_ends

    copy = Copy(str(tmp_path / "copy"))
    ends: list[int] = []
    for size in (1, 100, BLOCK - 101, BLOCK, 3 * BLOCK + 7, 5):
        copy.take((b"0123456\n" * size)[:size])
        told = copy.growth()
        ends = [*ends[: told["first"]], *told["ends"]]
    copy.close()
    assert ends == count_line_ends(str(tmp_path / "copy"))


def test_lines_are_left_out_across_pieces() -> None:
    for size in (1, 2, 3, 50):
        behind = LinesBehind(2)
        text = b"one\ntwo\nthree\nfour"
        pieces = [text[start : start + size] for start in range(0, len(text), size)]
        assert b"".join(map(behind.of, pieces)) == b"three\nfour"
