"""Compressed sources: found by their first bytes, unpacked in bounded pieces, member after member."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

BLOCK = 1 << 20
MAX_BYTES = 8 << 30
"""No more than this is unpacked from one source, in bytes."""
MAX_RATIO = 2000
"""A log of one repeated line shrinks about 1000 fold; data that grows more than this is a bomb."""
_FREE_BYTES = 64 << 20
"""Up to this size the ratio is not looked at."""


class ContainerError(Exception):
    """A container cannot be read by this Python. The message names the way out."""


class Note(NamedTuple):
    """Something about the source itself that the user should know; becomes a problem of the log."""

    code: str
    message: str
    harmless: bool = False


class _Unpacker(Protocol):
    """One member of a container: gives the text for the bytes fed, in pieces of at most a block."""

    def feed(self, data: bytes) -> Iterator[bytes]: ...
    @property
    def rest(self) -> bytes | None:
        """The bytes behind the end of the member; None before its end."""


class _Zlib:
    def __init__(self) -> None:
        import zlib

        self._inner = zlib.decompressobj(wbits=31)

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            yield self._inner.decompress(data, BLOCK)
            data = self._inner.unconsumed_tail

    @property
    def rest(self) -> bytes | None:
        return self._inner.unused_data if self._inner.eof else None


class _Buffered:
    """bz2, lzma and the zstd of Python 3.14, which keep unread input themselves."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def feed(self, data: bytes) -> Iterator[bytes]:
        yield self._inner.decompress(data, BLOCK)
        while not self._inner.eof and not self._inner.needs_input:
            yield self._inner.decompress(b"", BLOCK)

    @property
    def rest(self) -> bytes | None:
        return self._inner.unused_data if self._inner.eof else None


class _Zstandard:
    """The package of that name, which cannot bound its output; so it is fed little by little."""

    _PIECE = 512

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def feed(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), self._PIECE):
            if self._inner.eof:
                return
            yield self._inner.decompress(data[start : start + self._PIECE])

    @property
    def rest(self) -> bytes | None:
        return self._inner.unused_data if self._inner.eof else None


class Container(NamedTuple):
    """A compression: its name, the bytes it starts with, and a maker of unpackers."""

    name: str
    magic: bytes
    make: Callable[[], _Unpacker]


def _bz2() -> _Unpacker:
    import bz2

    return _Buffered(bz2.BZ2Decompressor())


def _xz() -> _Unpacker:
    import lzma

    return _Buffered(lzma.LZMADecompressor())


def _zstd() -> _Unpacker:
    import importlib

    try:
        return _Buffered(importlib.import_module("compression.zstd").ZstdDecompressor())
    except ImportError:
        pass
    try:
        return _Zstandard(importlib.import_module("zstandard").ZstdDecompressor().decompressobj())
    except ImportError:
        message = (
            "the source is packed with zstd, which this Python cannot read; "
            "install the package zstandard, or unpack it first: unzstd FILE"
        )
        raise ContainerError(message) from None


CONTAINERS = (
    Container("gzip", b"\x1f\x8b", _Zlib),
    Container("bzip2", b"BZh", _bz2),
    Container("xz", b"\xfd7zXZ\0", _xz),
    Container("zstd", b"\x28\xb5\x2f\xfd", _zstd),
)

_LONGEST_MAGIC = 6
_HEAD = 512
"""So much of a source tells whether it is a tar archive, in bytes."""


def unpacked(blocks: Iterator[bytes], notes: list[Note], used: set[str]) -> Iterator[bytes]:
    """The blocks of a source, unpacked when its first bytes say that it is packed; its kinds go to ``used``.

    Of a tar archive the members follow each other.

    Damage, a cut and the limits end the output early and are written to ``notes``; what was decoded before them stays.
    Raises ``ContainerError``.
    """
    whole, container = _kind(blocks)
    if container is None:
        return members(whole, notes, used)
    used.add(container.name)
    return members(_members(whole, container, notes), notes, used)


def one_unpacked(blocks: Iterator[bytes], notes: list[Note], used: set[str]) -> Iterator[bytes]:
    """As ``unpacked``, for a member of an archive: an archive in it stays as it is."""
    whole, container = _kind(blocks)
    if container is None:
        return whole
    used.add(container.name)
    return _members(whole, container, notes)


def members(blocks: Iterator[bytes], notes: list[Note], used: set[str]) -> Iterator[bytes]:
    """The text of the members of a tar archive, one after the other; what is none stays as it is."""
    whole, head = _with_head(blocks, _HEAD)
    if not is_archive(head):
        return whole
    from lockview.parsing.archives import member_text

    used.add("tar")
    return member_text(whole, notes, used)


def is_archive(head: bytes) -> bool:
    """Whether data that starts like this is a tar archive."""
    return head[257:262] == b"ustar"


def _kind(blocks: Iterator[bytes]) -> tuple[Iterator[bytes], Container | None]:
    whole, first = _with_head(blocks, _LONGEST_MAGIC)
    return whole, next((container for container in CONTAINERS if first.startswith(container.magic)), None)


def _with_head(blocks: Iterator[bytes], size: int) -> tuple[Iterator[bytes], bytes]:
    """The blocks again, and what they start with, at least ``size`` bytes if there are so many."""
    first = b""
    for block in blocks:
        first += block
        if len(first) >= size:
            break
    return (itertools.chain((first,), blocks) if first else iter(())), first


def _members(blocks: Iterator[bytes], container: Container, notes: list[Note]) -> Iterator[bytes]:
    taken = given = 0
    unpacker: _Unpacker | None = None
    name = container.name
    for block in blocks:
        taken += len(block)
        data = block
        while data:
            if unpacker is None:
                data = data.lstrip(b"\0")
                if not data:
                    break
                if not container.magic.startswith(data[: len(container.magic)]):
                    notes.append(Note("trailing-bytes", f"the bytes behind the {name} data were left out"))
                    return
                unpacker = container.make()
            noted = len(notes)
            for piece in _pieces(unpacker, data, name, notes):
                given += len(piece)
                yield piece
                if given > MAX_BYTES or (given > _FREE_BYTES and given > taken * MAX_RATIO):
                    message = f"reading stopped after {given:,} bytes unpacked from {taken:,} bytes of {name} data"
                    notes.append(Note("limit-reached", message))
                    return
            if any(note.code == "container-damaged" for note in notes[noted:]):
                return
            data = unpacker.rest or b""
            if unpacker.rest is not None:
                unpacker = None
    if unpacker is not None:
        notes.append(Note("container-cut", f"the {name} data is cut off; {given:,} bytes of text were read before"))


def _pieces(unpacker: _Unpacker, data: bytes, name: str, notes: list[Note]) -> Iterator[bytes]:
    try:
        yield from filter(None, unpacker.feed(data))
    except MemoryError:
        raise
    except Exception as error:  # zlib.error, OSError, LZMAError and ZstdError have no other base
        notes.append(Note("container-damaged", f"the {name} data is damaged: {error}; what came before was read"))
