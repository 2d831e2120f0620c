"""Tar archives: their members are read one after the other, whatever they are packed with."""

import gzip
import io
import lzma
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockview.parsing.containers import unpacked
from lockview.parsing.reader import read_bytes
from lockview.parsing.source_lines import load


def archive(files: dict[str, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        folder = tarfile.TarInfo("logs")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_reports_of_members(form: int, sample: Path) -> None:
    text = sample.read_bytes()
    name = "logs/" + "long-name-" * (3 if form == tarfile.USTAR_FORMAT else 20)
    data = archive({"logs/boot.log": b"[ 1.000000] boot", name: gzip.compress(text)}, form)
    for packed in (data, gzip.compress(data), lzma.compress(data)):
        log = read_bytes(packed)
        assert log.reports == read_bytes(text).reports
        assert log.reports[0].span.first == 3
        assert {"tar", "gzip"} <= set(log.wrappers)
        assert [problem.code for problem in log.problems] == ["archive-member"] * 2
        assert log.problems[0].message == "line 1 is the first of logs/boot.log"


def test_the_shown_lines_are_those_of_the_members(tmp_path: Path, sample: Path) -> None:
    path = tmp_path / "logs.tar"
    path.write_bytes(archive({"a": b"one\ntwo", "b": sample.read_bytes()}))
    lines = load(str(path))
    (report,) = read_bytes(path.read_bytes()).reports
    assert list(lines[:2]) == ["one", "two"]
    assert "possible circular locking" in lines[report.span.first - 1]


def test_a_cut_archive_keeps_what_was_read(sample: Path) -> None:
    data = archive({"a": sample.read_bytes(), "b": b"x" * 5000})
    log = read_bytes(data[: 512 * 16])
    assert len(log.reports) == 1
    assert read_bytes(data[:600]).lines == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 11_000), st.binary(max_size=20), st.integers(1, 4000))
def test_damage_and_blocks_of_any_size(at: int, damage: bytes, size: int) -> None:
    data = archive({"a": b"some text\n" * 300, "b": b"more\n"})
    data = data[:at] + damage + data[at + len(damage) :]
    blocks = (data[start : start + size] for start in range(0, len(data), size))
    b"".join(unpacked(blocks, [], set()))
