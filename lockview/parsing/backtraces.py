"""``stack backtrace:`` with its head lines and frames.  Source: dump_stack, lib/dump_stack.c."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from lockview.model.stacks import Backtrace, Frame, StackTrace
from lockview.model.text import NOWHERE
from lockview.parsing.lines import Stream
from lockview.parsing.tokens import Token, Word


class Ident(NamedTuple):
    """Release, build and taint as a report names them."""

    kernel: str
    build: str
    taint: str


@cache
def _release() -> re.Pattern[str]:
    return re.compile(
        r"(?P<kernel>\S{1,200})(?: (?P<build>#\S{0,40}))?"
        r"(?: (?P<taint>Not tainted|Tainted:(?: (?:[A-Z]{1,2}|[A-Z]+)(?![\w:.#-]))*))?(?= |$)"
    )


def ident_line(text: str, start: int, end: int) -> tuple[Ident, int] | None:
    """Read the line under a title, ``release #build taint``; returns it with the offset behind it."""
    match = _release().match(text, start, end)
    if match is None or not (match["build"] or match["taint"] or match["kernel"][0].isdigit()):
        return None
    return Ident(match["kernel"], match["build"] or "", match["taint"] or ""), match.end()


class BacktraceReader:
    """Collects the head lines and the frames of one backtrace."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.frames: list[Frame] = []
        self._start = -1
        self._cpu: Token | None = None
        self._hardware = self._workqueue = ""
        self._tag = ""

    def start(self, token: Token) -> None:
        """Begin at the words ``stack backtrace:``, or at what follows them when they are lost."""
        if self._start < 0:
            self._start = token.start

    def take_head(self, token: Token) -> None:
        """Take a line that stands above the frames."""
        if token.word is Word.CPU:
            self._cpu = token
        elif token.word is Word.HARDWARE:
            self._hardware = token.groups[0]
        elif token.word is Word.WORKQUEUE:
            self._workqueue = token.groups[0]

    def tag(self, closing: bool, name: str) -> None:
        """Take a tag like ``<IRQ>`` or ``</IRQ>``."""
        self._tag = "" if closing else name

    @property
    def in_part(self) -> bool:
        """Whether a tag is open."""
        return bool(self._tag)

    def add(self, frame: Frame) -> None:
        """Add a frame, under the tag that is open."""
        self.frames.append(frame.under(self._tag) if self._tag else frame)

    def ident(self) -> Ident:
        """The release as the head line names it; empty without one."""
        if self._cpu is None:
            return Ident("", "", "")
        taint, kernel, build = self._cpu.groups[3:]
        return Ident(kernel, build, taint)

    def backtrace(self) -> Backtrace | None:
        """The backtrace, or None when no frame of it is there."""
        if not self.frames:
            return None
        span = self.frames[0].span.joined(self.frames[-1].span)
        stack = StackTrace(tuple(self.frames), span)
        whole = self._stream.span(self._start, self._start + 1).joined(span) if self._start >= 0 else NOWHERE
        if self._cpu is None:
            return Backtrace(stack, hardware=self._hardware, workqueue=self._workqueue, span=whole)
        cpu, pid, comm = self._cpu.groups[:3]
        number = int(cpu) if cpu else None
        return Backtrace(stack, number, int(pid), comm, self._hardware, self._workqueue, whole)
