"""Opening sources: what cannot be read says so in one sentence, and packed data never grows without bound."""

import bz2
import gzip
import io
import lzma
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from lockview.parsing import containers
from lockview.parsing.containers import Note, unpacked
from lockview.parsing.opening import Cancelled, SourceError
from lockview.parsing.reader import read_bytes, read_file
from lockview.parsing.source_lines import load

TEXT = b"".join(b"line %d\n" % number for number in range(30_000))


def unpack(data: bytes, piece: int = 5000) -> tuple[bytes, list[Note], set[str]]:
    notes: list[Note] = []
    used: set[str] = set()
    pieces = (data[start : start + piece] for start in range(0, len(data), piece))
    return b"".join(unpacked(pieces, notes, used)), notes, used


@pytest.mark.parametrize(
    ("packed", "name"),
    [(gzip.compress(TEXT), "gzip"), (bz2.compress(TEXT), "bzip2"), (lzma.compress(TEXT), "xz")],
)
def test_containers(packed: bytes, name: str) -> None:
    assert unpack(packed) == (TEXT, [], {name})
    assert unpack(packed + packed) == (TEXT + TEXT, [], {name})
    assert unpack(packed + b"\0" * 300) == (TEXT, [], {name})
    text, notes, _ = unpack(packed + b"something else")
    assert text == TEXT
    assert [note.code for note in notes] == ["trailing-bytes"]


@pytest.mark.parametrize("packed", [gzip.compress(TEXT), lzma.compress(TEXT)])
def test_a_cut_container_keeps_what_was_decoded(packed: bytes) -> None:
    text, notes, _ = unpack(packed[:-2000])
    assert TEXT.startswith(text)
    assert len(text) > 1000
    assert [note.code for note in notes] == ["container-cut"]
    assert f"{len(text):,}" in notes[0].message


def test_a_damaged_container_keeps_what_was_decoded() -> None:
    packed = bytearray(gzip.compress(TEXT))
    packed[len(packed) // 2 : len(packed) // 2 + 40] = b"\xff" * 40
    text, notes, _ = unpack(bytes(packed))
    assert len(text) > 1000
    assert [note.code for note in notes] == ["container-damaged"]


def test_a_bomb_stops_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "_FREE_BYTES", 1 << 20)
    monkeypatch.setattr(containers, "MAX_RATIO", 100)
    text, notes, _ = unpack(gzip.compress(b"\0" * (50 << 20)))
    assert len(text) < 8 << 20
    assert [note.code for note in notes] == ["limit-reached"]


def test_a_packed_report_that_is_cut_is_still_read(sample: Path) -> None:
    body = os.urandom(40_000).hex().encode()
    log = read_bytes(gzip.compress(sample.read_bytes() + body)[:-9000])
    assert [str(report.task) for report in log.reports] == ["khugepaged/43"]
    assert [problem.code for problem in log.problems] == ["container-cut"]
    assert log.wrappers[0] == "gzip"


@pytest.mark.parametrize("read", [read_file, load])
def test_what_cannot_be_opened_says_so(read: object, tmp_path: Path) -> None:
    assert callable(read)
    with pytest.raises(SourceError, match="is a folder; open a log file inside it"):
        read(str(tmp_path))
    with pytest.raises(SourceError, match="does not exist"):
        read(str(tmp_path / "gone.log"))
    with pytest.raises(SourceError, match="no possible file name"):
        read("a\0b")
    with pytest.raises(SourceError, match=r"cannot be opened: .*too long"):
        read("x" * 5000)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "secret.log"
    path.write_text("x")
    path.chmod(0)
    with pytest.raises(SourceError, match="may not be read by you"):
        read_file(str(path))


def test_progress_and_cancelling(tmp_path: Path) -> None:
    path = tmp_path / "long.log"
    path.write_bytes(TEXT * 12)
    seen: list[tuple[int, int]] = []
    read_file(str(path), progress=lambda done, total: seen.append((done, total)))
    assert len(seen) > 1
    assert seen[-1] == (len(TEXT) * 12, len(TEXT) * 12)
    with pytest.raises(Cancelled):
        read_file(str(path), cancelled=lambda: True)


def test_standard_input(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = os.dup(0)
    try:
        with sample.open("rb") as file:
            os.dup2(file.fileno(), 0)
            assert len(read_file("-").reports) == 1
        os.close(0)
        with pytest.raises(SourceError, match="standard input cannot be opened"):
            read_file("-")
    finally:
        os.dup2(kept, 0)
        os.close(kept)


def test_zstd_says_what_to_do_when_its_package_is_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    monkeypatch.setitem(sys.modules, "compression", None)
    path = tmp_path / "a.zst"
    path.write_bytes(b"\x28\xb5\x2f\xfd rest")
    with pytest.raises(SourceError, match=r"a\.zst: .*unzstd FILE"):
        read_file(str(path))
    assert [problem.code for problem in read_bytes(path.read_bytes()).problems] == ["source-unreadable"]


def test_names_never_decide(tmp_path: Path, sample: Path) -> None:
    path = tmp_path / "log.gz"
    path.write_bytes(sample.read_bytes())
    assert len(read_file(str(path)).reports) == 1


def test_blocks_of_any_size_give_the_same(sample: Path) -> None:
    def dribble() -> Iterator[bytes]:
        stream = io.BytesIO(gzip.compress(TEXT))
        while piece := stream.read(7):
            yield piece

    notes: list[Note] = []
    assert b"".join(unpacked(dribble(), notes, set())) == TEXT
    assert not notes


def test_zstd_of_python_itself_is_used_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.14 brings its own; it decodes like bz2 and lzma, so that the limits hold for it as well."""

    monkeypatch.setitem(sys.modules, "compression", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "compression.zstd", SimpleNamespace(ZstdDecompressor=bz2.BZ2Decompressor))
    as_zstd = next(one for one in containers.CONTAINERS if one.name == "zstd")._replace(magic=b"BZh")
    monkeypatch.setattr(containers, "CONTAINERS", (as_zstd,))
    path = tmp_path / "a.zst"
    path.write_bytes(bz2.compress(b"BUG: rwlock bad magic on CPU#1, a/7, c2508dc4\n" * 3))
    log = read_file(str(path))
    assert log.lines == 3
    assert log.wrappers == ("zstd",)
    path.write_bytes(bz2.compress(b"a" * (100 << 20)))
    assert [problem.code for problem in read_file(str(path)).problems] == ["limit-reached"]
