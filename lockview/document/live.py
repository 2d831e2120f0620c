"""A followed log as news: what the worker tells the window while a file grows.

News is JSON: ``lines`` in all; ``kept``, the lines of the document before those of the copy; ``first``, ``ends`` and
``size`` of the copy, as ``FileLines.grow`` takes them; ``log`` with the reports that are over now; ``restart``, a
sentence when the file began anew, and whether it was ``cut``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO

from lockview.document.errors import UserError
from lockview.document.following import SETTLED, Follower, Tail
from lockview.document.lines import BLOCK
from lockview.model.logs import Log
from lockview.model.reports import Report

MOST = 1 << 30
"""Bytes that are followed; a copy of them is kept."""
_AT_ONCE = 2
"""Reports that one piece of news carries."""
_PIECES = 8
"""Looks at the file between two pieces of news, while more comes all the time."""
_REST = 0.2
"""Seconds between two looks when nothing comes."""

Tell = Callable[[dict[str, Any]], None]
IsOver = Callable[[float], bool]


class Live:
    """Follows one file for a document that knows its first ``lines`` lines; the last of them may not be whole yet.

    ``older`` of them are those of older pieces of a rotated log. ``parse_from`` is the line from which reports may go
    on. With ``copy_to`` the text from line ``lines`` on is copied
    there; without, the file is itself the copy of a pipe, and nobody else's.
    """

    def __init__(self, path: str, lines: int, parse_from: int, copy_to: str = "", older: int = 0) -> None:
        self._path = path
        self._kept = max(lines - 1, older)
        parse_from = max(min(parse_from, self._kept + 1), older + 1)
        self._follower = Follower(path, parse_from)
        self._tail = Tail(path)
        self._copy = Copy(copy_to)
        self._to_parse = LinesBehind(parse_from - 1 - older)
        self._to_keep = LinesBehind(self._kept - older)
        self._restart: dict[str, Any] = {}
        self._reports: list[Report] = []

    def run(self, tell: Tell, is_over: IsOver) -> dict[str, Any]:
        """Tell news until ``is_over`` says, within the seconds that it is given, that no more will be written."""
        last_came = time.monotonic()
        settled = told = False
        try:
            while True:
                came = self._take_pieces()
                if came or not told:
                    told = True
                    self._tell(tell)
                if came:
                    last_came, settled = time.monotonic(), False
                over = is_over(0 if came else _REST)
                if over and self._take_pieces():
                    told = False
                    continue
                if not settled and (over or time.monotonic() - last_came >= SETTLED):
                    settled = True
                    self._reports += self._follower.settle()
                    self._tell(tell)
                if over:
                    return {}
                if self._copy.size >= MOST:
                    raise UserError(f"{self._path} is no longer followed: {MOST >> 30} GiB have come.")
        finally:
            self._tail.close()
            self._copy.close()

    def _take_pieces(self) -> bool:
        """Take what is there, but not for ever; whether anything was."""
        for number in range(_PIECES):
            piece = self._tail.look(0)
            if piece.restarted:
                self._begin_anew()
            elif not piece.data and self._to_keep.left:  # it was cut before it was followed
                self._kept += 1
                piece = self._tail.look_again()
                self._begin_anew()
            if not piece.data:
                return number > 0 or piece.restarted
            self._copy.take(self._to_keep.of(piece.data))
            if data := self._to_parse.of(piece.data):
                self._reports += self._follower.feed(data)
        return True

    def _begin_anew(self) -> None:
        what = "was cut" if self._tail.was_cut else "was replaced by a new file"
        line = f"--- {self._path} {what}; from here on: what was written to it since ---"
        self._reports += self._follower.settle()
        self._copy.end_line()
        self._copy.take(f"{line}\n".encode("utf-8", "surrogateescape"))
        self._to_parse, self._to_keep = LinesBehind(0), LinesBehind(0)
        self._follower.restart(self._lines + 1)
        self._restart = {"restart": f"{self._path} {what}.", "cut": self._tail.was_cut}

    @property
    def _lines(self) -> int:
        return self._kept + self._copy.line_ends

    def _tell(self, tell: Tell) -> None:
        from lockview.export.as_json import log_to_json

        while True:
            now, self._reports = self._reports[:_AT_ONCE], self._reports[_AT_ONCE:]
            log = Log(
                self._path,
                tuple(now),
                near_misses=self._follower.near_misses,
                wrappers=tuple(sorted(self._follower.wrappers)),
                lines=self._lines,
            )
            tell({"log": log_to_json(log), "kept": self._kept, **self._copy.growth(), **self._restart})
            self._restart = {}
            if not self._reports:
                return


class Copy:
    """A copy of a growing text, with the line ends of its blocks; with ``path`` "" only those."""

    def __init__(self, path: str) -> None:
        self._file: BinaryIO | None = open(path, "wb", buffering=0) if path else None  # noqa: PTH123, SIM115
        self._ends: list[int] = []
        self._told = 0
        self._last = b"\n"
        self.size = 0

    @property
    def line_ends(self) -> int:
        """How many lines are whole."""
        return self._ends[-1] if self._ends else 0

    def take(self, data: bytes) -> None:
        """Add to the copy."""
        if not data:
            return
        if self._file is not None:
            self._file.write(data)
        start = 0
        while start < len(data):
            room = BLOCK - self.size % BLOCK
            if room == BLOCK:
                self._ends.append(self.line_ends)
            part = data[start : start + room]
            self._ends[-1] += part.count(b"\n")
            self.size += len(part)
            start += len(part)
        self._last = data[-1:]

    def end_line(self) -> None:
        """Make the last line whole."""
        if self._last != b"\n":
            self.take(b"\n")

    def growth(self) -> dict[str, Any]:
        """What ``FileLines.grow`` needs to know since it was last asked for."""
        first = max(self._told - 1, 0)
        self._told = len(self._ends)
        return {"first": first, "ends": self._ends[first:], "size": self.size}

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()


class LinesBehind:
    """Leaves out the first lines of a text that comes in pieces."""

    def __init__(self, lines: int) -> None:
        self.left = lines

    def of(self, data: bytes) -> bytes:
        """What of a piece stands behind those lines."""
        if not self.left:
            return data
        count = data.count(b"\n")
        if count < self.left:
            self.left -= count
            return b""
        position = 0
        for _ in range(self.left):
            position = data.index(b"\n", position) + 1
        self.left = 0
        return data[position:]
