"""Sources to bytes: files, standard input and compressed data, bounded in size, with errors a user can act on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple, Protocol

BLOCK = 1 << 20
MAX_BYTES = 8 << 30
MAX_RATIO = 2000
"""A log of one repeated line compresses about 1000 fold; more than this is a bomb."""
_FREE_BYTES = 64 << 20
"""Below this size the ratio is not looked at."""


class SourceError(Exception):
    """A source cannot be read. The message names the thing and the way out, in one sentence."""


class Cancelled(Exception):  # noqa: N818 - an outcome the user asked for, not an error
    """The caller asked to stop."""


class Note(NamedTuple):
    """Something about the source itself that the user should know; becomes a problem of the log."""

    code: str
    message: str


class _Decompressor(Protocol):
    eof: bool
    unused_data: bytes

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes: ...


class _Gzip:
    """zlib's gzip reader in the shape of the bz2 and lzma ones."""

    def __init__(self) -> None:
        import zlib

        self._inner = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes) -> bytes:
        return self._inner.decompress(data)


class Container(NamedTuple):
    """A compression: its name, the bytes it starts with, and a maker of decompressors."""

    name: str
    magic: bytes
    make: Callable[[], _Decompressor]


def _bz2() -> _Decompressor:
    import bz2

    return bz2.BZ2Decompressor()


def _xz() -> _Decompressor:
    import lzma

    return lzma.LZMADecompressor()


def _zstd() -> _Decompressor:
    """Python 3.14 has zstandard in its library; before, the package of that name is used when it is there."""
    for name in ("compression.zstd", "zstandard"):
        try:
            module = __import__(name, fromlist=["ZstdDecompressor"])
        except ImportError:
            continue
        made = module.ZstdDecompressor()
        decompressor: _Decompressor = made.decompressobj() if hasattr(made, "decompressobj") else made
        return decompressor
    raise SourceError("the source is compressed with zstd, which this Python cannot read; unpack it with: unzstd FILE")


CONTAINERS = (
    Container("gzip", b"\x1f\x8b", _Gzip),
    Container("bzip2", b"BZh", _bz2),
    Container("xz", b"\xfd7zXZ\0", _xz),
    Container("zstd", b"\x28\xb5\x2f\xfd", _zstd),
)


def container_of(head: bytes) -> Container | None:
    """The compression that data starting with ``head`` has; None for plain data."""
    for container in CONTAINERS:
        if head.startswith(container.magic):
            return container
    return None


def expanded(blocks: Iterator[bytes], container: Container, notes: list[Note]) -> Iterator[bytes]:
    """Decompress a stream of blocks, member after member.

    Damage and limits end the output early and are written to ``notes``; what was decoded before stays.
    """
    decompressor = container.make()
    taken = given = 0
    for block in blocks:
        taken += len(block)
        data = block
        while data:
            if decompressor.eof:
                data = data.lstrip(b"\0")
                if not data.startswith(container.magic):
                    if data:
                        notes.append(
                            Note("trailing-bytes", f"bytes after the end of the {container.name} data were left out")
                        )
                    return
                decompressor = container.make()
            try:
                out = decompressor.decompress(data)
            except Exception as error:  # noqa: BLE001 - zlib.error, OSError, LZMAError, ZstdError share no base
                notes.append(
                    Note(
                        "container-damaged",
                        f"the {container.name} data is damaged after {given:,} bytes of text: {error}",
                    )
                )
                return
            data = decompressor.unused_data if decompressor.eof else b""
            given += len(out)
            for start in range(0, len(out), BLOCK):
                yield out[start : start + BLOCK]
            if given > MAX_BYTES or (given > _FREE_BYTES and given > taken * MAX_RATIO):
                notes.append(
                    Note("limit-reached", f"reading stopped after {given:,} bytes of unpacked {container.name} data")
                )
                return
    if not decompressor.eof:
        notes.append(
            Note("container-cut", f"the {container.name} data is cut off; the {given:,} bytes before the cut were read")
        )


def expand(data: bytes, notes: list[Note] | None = None) -> tuple[bytes, str]:
    """Unpack data in memory; returns it with the container's name, "" for plain data."""
    container = container_of(data[:8])
    if container is None:
        return data, ""
    blocks = (data[start : start + (BLOCK >> 4)] for start in range(0, len(data), BLOCK >> 4))
    return b"".join(expanded(blocks, container, notes if notes is not None else [])), container.name


def read_source(
    path: str,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[bytes]:
    """The bytes of a file, or of standard input for ``-``, in blocks as they are stored.

    Raises ``SourceError`` when the source cannot be opened or read, ``Cancelled`` when ``cancelled`` says so.
    """
    with _opened(path) as file:
        total = _size(file)
        done = 0
        while True:
            if cancelled and cancelled():
                raise Cancelled
            try:
                block = file.read(BLOCK)
            except OSError as error:
                raise SourceError(f"{_name(path)} cannot be read to its end: {error.strerror}") from error
            if not block:
                return
            done += len(block)
            if progress:
                progress(done, total)
            yield block


def _name(path: str) -> str:
    return "standard input" if path == "-" else path


def _opened(path: str) -> BinaryIO:
    if path == "-":
        return open(0, "rb", buffering=0, closefd=False)  # noqa: PTH123, SIM115 - the caller closes it
    if "\0" in path:
        raise SourceError("the file name holds a NUL character; no file can have that name")
    try:
        return open(path, "rb", buffering=0)  # noqa: PTH123, SIM115 - pathlib is too heavy for the first paint
    except IsADirectoryError as error:
        raise SourceError(f"{path} is a folder; open a log file inside it") from error
    except FileNotFoundError as error:
        raise SourceError(f"{path} does not exist; check the name, or whether it was moved or deleted") from error
    except PermissionError as error:
        raise SourceError(f"{path} may not be read by you; change its permissions or copy it as its owner") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be opened: {error.strerror or error}") from error


def _size(file: BinaryIO) -> int:
    try:
        return os.fstat(file.fileno()).st_size
    except OSError:
        return 0
