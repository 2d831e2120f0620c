"""The raw lines of a source: the same numbers as in all spans, decoded one at a time."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockview.parsing import source_lines
from lockview.parsing.reader import read_bytes
from lockview.parsing.source_lines import MAX_SHOWN, SourceLines, load


def expected(data: bytes) -> list[str]:
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return [line.decode("utf-8", "replace").replace("\0", "").rstrip("\r") for line in lines]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([b"a", b"\n", b"\r\n", b"\x85", b"\0", b"\xff", b"bc\n"]), max_size=60), st.data())
def test_lines_are_those_between_newlines(parts: list[bytes], data: st.DataObject) -> None:
    source = b"x" + b"".join(parts)
    lines = SourceLines(source)
    wanted = expected(source)
    assert len(lines) == len(wanted) == read_bytes(source).lines
    assert list(lines) == wanted
    index = data.draw(st.integers(-len(wanted), len(wanted) - 1))
    assert lines[index] == wanted[index]
    assert lines[1:3] == wanted[1:3]


def test_random_access_over_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_lines, "_STEP", 64)
    data = b"".join(b"line %d %s\n" % (number, b"x" * (number % 90)) for number in range(2000))
    lines = SourceLines(data)
    wanted = expected(data)
    for index in [0, 1999, 1000, 1001, 1002, 5, 1998, -1, -2000, 777]:
        assert lines[index] == wanted[index]
    with pytest.raises(IndexError):
        lines[2000]


def test_long_lines_are_cut_for_showing() -> None:
    lines = SourceLines(b"short\n" + b"y" * 1_000_000 + b"\nend")
    assert len(lines) == 3
    assert len(lines[1]) < MAX_SHOWN + 100
    assert lines[1].endswith("(1,000,000 bytes in all)")
    assert lines[2] == "end"


def test_empty() -> None:
    assert list(SourceLines(b"")) == []
    assert list(SourceLines(b"\n")) == [""]


def test_numbers_agree_with_spans(tmp_path: Path, sample: Path) -> None:
    for data in (
        sample.read_bytes(),
        sample.read_bytes().decode().encode("utf-16"),
        gzip.compress(b"prose\n" + sample.read_bytes()),
        b"\xef\xbb\xbf" + sample.read_bytes(),
    ):
        path = tmp_path / "log"
        path.write_bytes(data)
        lines = load(str(path))
        (report,) = read_bytes(data).reports
        assert "possible circular locking dependency" in lines[report.span.first - 1]
        assert report.wanted
        assert "&mapping->i_mmap_rwsem" in lines[report.wanted.span.first - 1]
