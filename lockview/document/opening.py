"""Sources to documents: what a path is, reading it here or in the worker, and the sentence when it cannot be had.

Small sources are read in place, in a few milliseconds. Of big ones the worker sends what ``read_big`` gives, and
``document_from`` makes the document of it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, NamedTuple

from lockview.document.documents import Document
from lockview.document.errors import EmptySourceError, UserError
from lockview.model.logs import Log
from lockview.model.reports import Report

SMALL = 256 << 10
"""Bytes up to which a source is read in place."""
HEAD = 4096
SCENARIO = b"lockview.scenario"
TRACE = b'{"k":"head","format":"lockview.trace"'
_AT_ONCE = 4
"""Reports that travel together; a window takes some 3 ms for so many."""
PARTS = {"wanted": "the lock that is wanted", "held": "the lock that is held", "chain": "the chain of dependencies"}
"""What a picture of a cycle is made of, by its name in ``Reading.missing``."""


class Kind(Enum):
    """What stands at a path."""

    FILE = "file"
    FOLDER = "folder"
    STREAM = "stream"
    """A pipe: it can be read once, and may take its time."""


class Place(NamedTuple):
    """A path that can be opened. ``size`` is in bytes, 0 for folders and streams."""

    kind: Kind
    size: int


def look_at(path: str) -> Place:
    """What stands at a path. UserError when nothing does, or something that holds no log."""
    try:
        found = os.stat(path)  # noqa: PTH116 - pathlib costs more at start than it gives
    except ValueError as error:
        raise UserError("The file name holds a NUL character; no file can have that name.") from error
    except OSError as error:
        raise UserError(_not_there(path, error)) from error
    if stat.S_ISDIR(found.st_mode):
        return Place(Kind.FOLDER, 0)
    if stat.S_ISFIFO(found.st_mode):
        return Place(Kind.STREAM, 0)
    if not stat.S_ISREG(found.st_mode):
        raise UserError(f"{path} is a device or socket, not a log. Save its text to a file and open that.")
    return Place(Kind.FILE, found.st_size)


def open_stream(path: str) -> int:
    """A file descriptor that reads a pipe, whether or not anybody writes it yet. UserError when it may not be read."""
    try:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise UserError(_not_there(path, error)) from error


def no_room(place: str, error: OSError) -> str:
    """The sentence when a copy for the worker cannot be made."""
    where = f" in {place}" if place else ""
    return f"No room to unpack or keep a copy{where}: {error.strerror or error}. Make room there, or set TMPDIR."


def quick_to_read(path: str, size: int) -> bool:
    """Whether a file can be read in place: it is small, and it stays small when it is unpacked."""
    if size > SMALL:
        return False
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return not is_packed(file.read(HEAD))
    except OSError:
        return True


def may_be_scenario(path: str) -> bool:
    """Whether a file is worth a closer look: it names the format of scenarios near its beginning."""
    return SCENARIO in _head_of(path)


def may_be_trace(path: str) -> bool:
    """Whether a file begins as a recorded run does, packed or not."""
    head = _head_of(path)
    if head.startswith(b"\x1f\x8b"):
        import zlib

        try:
            head = zlib.decompressobj(wbits=31).decompress(head, len(TRACE))
        except zlib.error:
            return False
    return head.startswith(TRACE)


def _head_of(path: str) -> bytes:
    """The beginning of a file; nothing when it cannot be read."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read(HEAD)
    except OSError:
        return b""


def is_packed(head: bytes) -> bool:
    """Whether data that starts like this is compressed or an archive."""
    from lockview.parsing.containers import CONTAINERS, is_archive

    return is_archive(head) or any(head.startswith(container.magic) for container in CONTAINERS)


def can_grow(head: bytes) -> bool:
    """Whether what starts like this can be read while it is written: as far as can be seen it is plain text."""
    from lockview.parsing.decoding import looks_binary, utf16_kind

    return not (is_packed(head) or utf16_kind(head) or looks_binary(head))


def read_small(path: str) -> Document:
    """Read a file in place. UserError when there is nothing to show."""
    from lockview.parsing.opening import SourceError, read_source

    try:
        data = b"".join(read_source(path))
    except SourceError as error:
        raise UserError(sentence(str(error))) from error
    return document_of(data, path, path)


def document_of(data: bytes, name: str, path: str = "") -> Document:
    """A document of plain text in memory. UserError when there is nothing to show."""
    from lockview.parsing.reader import read_bytes
    from lockview.parsing.source_lines import SourceLines

    if not data.strip():
        raise EmptySourceError(_empty(path or name))
    log = read_bytes(data, name)
    _refuse_binary(log, path or name)
    return Document(log, SourceLines(data), path)


def read_big(
    path: str,
    spool: str,
    progress: Callable[[int, int], None],
    news: Callable[[list[dict[str, object]]], None] | None = None,
    pieces: Sequence[str] = (),
) -> dict[str, Any]:
    """The worker's part: the log as JSON, the file that holds its plain text, and that text's line ends.

    ``spool`` is where the text goes when the file is compressed or in UTF-16, or when a rotated log has ``pieces``.
    UserError as for small sources.
    Of many reports only the first ones are in the log: the others go to ``news`` before, in order and so few at a time
    that a window can take them between two frames.
    """
    from dataclasses import replace

    from lockview.document.lines import count_line_ends
    from lockview.export.as_json import log_to_json, report_to_json
    from lockview.parsing.opening import SourceError
    from lockview.parsing.reader import read_file, read_joined

    try:
        log = read_joined(pieces, path) if pieces else read_file(path, progress)
        if not log.size:
            raise EmptySourceError(_empty(path))
        _refuse_binary(log, path)
        text = joined_text_of(pieces, spool) if pieces else plain_text_of(path, spool)
        ends = count_line_ends(text)
        if news is not None:
            for start in range(_AT_ONCE, len(log.reports), _AT_ONCE):
                news([report_to_json(report) for report in log.reports[start : start + _AT_ONCE]])
            log = replace(log, reports=log.reports[:_AT_ONCE])
        return {"log": log_to_json(log), "text": text, "ends": ends}
    except SourceError as error:
        raise UserError(sentence(str(error))) from error
    except OSError as error:
        raise UserError(_not_there(path, error)) from error


def document_from(
    answer: dict[str, Any],
    path: str,
    name: str = "",
    others: Sequence[Report] = (),
    lines_of: Callable[[str, Sequence[int]], Sequence[str]] | None = None,
) -> Document:
    """The document that ``read_big`` described; ``others`` are the reports of its news.

    ``lines_of`` makes its lines; without it they hold the file open. UserError when its text is gone again already.
    """
    from dataclasses import replace

    from lockview.document.lines import FileLines
    from lockview.export.as_json import log_from_json

    log = log_from_json(answer["log"])
    if others:
        log = replace(log, reports=(*log.reports, *others))
    try:
        lines = (lines_of or FileLines)(answer["text"], answer["ends"])
    except OSError as error:
        raise UserError(_not_there(answer["text"], error)) from error
    return Document(replace(log, name=name) if name else log, lines, path)


def plain_text_of(path: str, spool: str) -> str:
    """A file with the text of ``path`` in UTF-8: that file itself, or ``spool``, written from it."""
    from lockview.parsing.containers import unpacked
    from lockview.parsing.decoding import utf8_blocks, utf16_kind
    from lockview.parsing.opening import read_source

    with open(path, "rb") as file:  # noqa: PTH123
        head = file.read(HEAD)
    if not is_packed(head) and not utf16_kind(head):
        return path
    with open(spool, "wb") as file:  # noqa: PTH123
        file.writelines(utf8_blocks(unpacked(read_source(path), [], set()), set()))
    return spool


def joined_text_of(pieces: Sequence[str], spool: str) -> str:
    """``spool``, with the text of the pieces of a rotated log in UTF-8."""
    from lockview.parsing.pieces import Pieces

    with open(spool, "wb") as file:  # noqa: PTH123
        file.writelines(Pieces(pieces, [], set()).blocks())
    return spool


def sentence(text: str) -> str:
    """A clause as a sentence. It gets no capital: it may start with a path."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def incomplete(document: Document) -> str:
    """The sentence about the first report whose cycle is damaged; "" when every picture is whole.

    Only for reports of a cycle: what others lack stands in their details and in the status bar.
    """
    from lockview.analysis.wording import listed
    from lockview.model.reports import ReportKind

    for report in (opened.report for opened in document.reports):
        missing = [PARTS[part] for part in report.reading.missing if part in PARTS]
        if report.kind is ReportKind.CIRCULAR and (missing or not report.cycle):
            what = f"{listed(missing)} cannot be read" if missing else ""
            rest = "the rest is shown" if report.cycle else "no cycle can be drawn; its text is in the log"
            where = f"The report at line {report.span.first} of {document.path or document.log.name}"
            return f"{where} is cut or damaged: {', '.join(part for part in (what, rest) if part)}."
    return ""


def _not_there(path: str, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{path} does not exist. It may have been moved or deleted; choose another file with Ctrl+O."
    if isinstance(error, PermissionError):
        return f"{path} may not be read by you. Change its permissions, or copy it as its owner and open the copy."
    return f"{path} cannot be read: {error.strerror or error}."


def _empty(name: str) -> str:
    return f"{name} is empty. If something is still writing it, open it again when there is text in it."


def _refuse_binary(log: Log, name: str) -> None:
    if any(problem.code == "source-binary" for problem in log.problems):
        raise UserError(f"{name} is not a text file. Open a kernel log, a mail or a console capture.")
