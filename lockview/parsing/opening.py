"""Sources to bytes: files and standard input, in blocks, with errors that the user can act on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import BinaryIO

from lockview.parsing.containers import BLOCK


class SourceError(Exception):
    """A source cannot be read. The message names the thing and the way out, in one sentence."""


class Cancelled(Exception):  # noqa: N818 - an outcome the user asked for, not an error
    """The caller asked to stop."""


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
                raise SourceError(f"{_name(path)} cannot be read to its end: {error.strerror or error}") from error
            if not block:
                return
            done += len(block)
            if progress:
                progress(done, total)
            yield block


def _name(path: str) -> str:
    return "standard input" if path == "-" else path


def _opened(path: str) -> BinaryIO:
    try:
        if path == "-":
            return open(0, "rb", buffering=0, closefd=False)
        return open(path, "rb", buffering=0)  # noqa: PTH123 - pathlib is too heavy for the first paint
    except IsADirectoryError as error:
        raise SourceError(f"{path} is a folder; open a log file inside it") from error
    except FileNotFoundError as error:
        raise SourceError(f"{path} does not exist; check the name, or whether it was moved or deleted") from error
    except PermissionError as error:
        raise SourceError(f"{path} may not be read by you; change its permissions or copy it as its owner") from error
    except OSError as error:
        raise SourceError(f"{_name(path)} cannot be opened: {error.strerror or error}") from error
    except ValueError as error:  # a NUL character in the name
        raise SourceError(f"{path!r} is no possible file name: {error}") from error


def _size(file: BinaryIO) -> int:
    try:
        return os.fstat(file.fileno()).st_size
    except OSError:
        return 0
