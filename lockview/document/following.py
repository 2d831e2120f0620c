"""Sources that grow: a file that is written to, rotated or cut, and a pipe; their reports as they become complete."""

from __future__ import annotations

import os
import select
from typing import NamedTuple

from lockview.document.errors import UserError
from lockview.model.logs import Log, NearMiss
from lockview.model.reports import Report
from lockview.parsing.reader import read_bytes

SETTLED = 1.0
"""So long nothing came: what is there is all there will be, in seconds."""
_PIECE = 1 << 20
_MOST_KEPT = 1 << 20
_LEAD = 4 << 10
_LINES_BEHIND = 10
"""A whole report is over when so many lines stand behind it; a damaged one may go on for longer."""
_LINES_BEHIND_DAMAGED = 300
_MOST_MISSES = 1_000
_MOST_OPEN = 8
"""So many reports at the end of a log may go on at the same time; printers take turns."""
_LINES_BEFORE = 20
"""A title has lines before it that belong to the report, or tell what is no report."""


class Follower:
    """Takes the text of a growing source piece by piece and gives each report once.

    ``lines`` counts the lines that were taken; spans count from ``first_line``, the number of the first line that is
    fed, or from that of the last restart. ``wrappers`` and ``near_misses`` are those of all that was read so far.
    """

    def __init__(self, name: str = "", first_line: int = 1) -> None:
        self.name = name
        self.wrappers: set[str] = set()
        self._first_line = first_line
        self._kept = b""
        self._given: list[Report] = []
        self._misses: dict[int, NearMiss] = {}

    @property
    def lines(self) -> int:
        return self._first_line - 1 + self._kept.count(b"\n")

    @property
    def near_misses(self) -> tuple[NearMiss, ...]:
        """Lines that look like reports and gave none so far."""
        return tuple(miss for _, miss in sorted(self._misses.items()))

    def feed(self, data: bytes) -> list[Report]:
        """Take more text; return the reports that are over now."""
        self._kept += data
        return self._over(settled=False) if data else []

    def settle(self) -> list[Report]:
        """Nothing comes for now; return the reports that were waiting for more."""
        return self._over(settled=True)

    def restart(self, first_line: int = 1) -> list[Report]:
        """The source begins anew, with line ``first_line``; return the reports that were waiting for more."""
        waiting = self.settle()
        self._first_line, self._kept, self._given = first_line, b"", []
        if first_line == 1:
            self._misses = {}
        return waiting

    def _over(self, settled: bool) -> list[Report]:
        log = read_bytes(self._kept, self.name, self._first_line)
        self.wrappers.update(log.wrappers)
        self._note_misses(log)
        last = self.lines
        over = [report for report in log.reports if settled or _is_over(report, last)]
        new = [report for report in over if not any(report.span.first <= given.span.last for given in self._given)]
        self._given += new
        waiting = [report.span.first for report in log.reports if report not in over]
        self._forget(min([*waiting, last + 1]))
        return new

    def _note_misses(self, log: Log) -> None:
        """What came close in the text that is kept is seen anew each time; before it nothing changes any more."""
        self._misses = {line: miss for line, miss in self._misses.items() if line < self._first_line}
        for miss in log.near_misses[: max(_MOST_MISSES - len(self._misses), 0)]:
            self._misses[miss.line] = miss

    def _forget(self, line: int) -> None:
        """Forget what stands before a line, but for a little: a report whose title is yet to come may begin there."""
        end = len(self._kept)
        position = 0
        for _ in range(line - self._first_line):
            position = self._kept.find(b"\n", position) + 1
        cut = max(min(position, end) - _LEAD, end - _MOST_KEPT, 0)
        cut = self._kept.rfind(b"\n", 0, cut) + 1
        self._first_line += self._kept.count(b"\n", 0, cut)
        self._kept = self._kept[cut:]
        self._given = [report for report in self._given if report.span.last >= self._first_line]


def line_to_go_on_from(log: Log) -> int:
    """The line from which a log that has grown since must be read again.

    Where its last report begins, if that may go on in what came, else its last line.
    """
    open_ones = [report.span.first for report in log.reports[-_MOST_OPEN:] if not _is_over(report, log.lines)]
    return max(1, min([first - _LINES_BEFORE for first in open_ones] + [log.lines]))


def _is_over(report: Report, last: int) -> bool:
    behind = _LINES_BEHIND if not report.reading.missing else _LINES_BEHIND_DAMAGED
    return report.span.last + behind <= last


class Piece(NamedTuple):
    """What came since the last look. ``restarted``: it is the beginning of a new file. ``ended``: no more will come."""

    data: bytes = b""
    restarted: bool = False
    ended: bool = False


class Tail:
    """Looks at a file or standard input (``-``) again and again, whatever becomes of the file's name meanwhile."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd = 0 if path == "-" else _opened(path)
        self.was_cut = False
        """Whether the last restart was a cut of the same file; otherwise another file took its name."""

    def look(self, wait: float) -> Piece:
        """What is there by now, after at most ``wait`` seconds. UserError when it cannot be read."""
        try:
            return self._from_pipe(wait) if self._path == "-" else self._from_file(wait)
        except OSError as error:
            raise UserError(f"{self._path} cannot be read any more: {error.strerror}") from error

    def look_again(self) -> Piece:
        """The beginning of the file, as of one that was cut."""
        os.lseek(self._fd, 0, os.SEEK_SET)
        self.was_cut = True
        return Piece(os.read(self._fd, _PIECE), restarted=True)

    def close(self) -> None:
        """Let go of the file."""
        if self._fd:
            os.close(self._fd)

    def _from_pipe(self, wait: float) -> Piece:
        if not select.select([self._fd], [], [], wait)[0]:
            return Piece()
        data = os.read(self._fd, _PIECE)
        return Piece(data, ended=not data)

    def _from_file(self, wait: float) -> Piece:
        data = os.read(self._fd, _PIECE)
        if data:
            return Piece(data)
        here = os.fstat(self._fd)
        if here.st_size < os.lseek(self._fd, 0, os.SEEK_CUR):
            os.lseek(self._fd, 0, os.SEEK_SET)
            self.was_cut = True
            return Piece(os.read(self._fd, _PIECE), restarted=True)
        if self._was_replaced(here):
            os.close(self._fd)
            self._fd = _opened(self._path)
            self.was_cut = False
            return Piece(os.read(self._fd, _PIECE), restarted=True)
        select.select([], [], [], wait)
        return Piece()

    def _was_replaced(self, here: os.stat_result) -> bool:
        try:
            there = os.stat(self._path)  # noqa: PTH116
        except FileNotFoundError:
            return False  # a rotation has just moved it; the new one is yet to come
        return (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino)


def _opened(path: str) -> int:
    try:
        if os.path.isdir(path):  # noqa: PTH112
            raise UserError(f"{path} is a folder; one file can be followed")
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise UserError(f"{path} cannot be opened: {error.strerror}") from error
    except ValueError as error:
        raise UserError(f"{path!r} is no possible file name: {error}") from error
