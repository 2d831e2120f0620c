"""The report families that can be read. A new family is one module and one row here."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lockview.parsing.circular import CircularReader
from lockview.parsing.lines import Stream
from lockview.parsing.sections import ReportReader, Title

ReaderMaker = Callable[[Stream, Title | None, int, int], ReportReader]


class Family(NamedTuple):
    """One report family.

    ``titles`` are the words of its title line, ``signs`` further words that no other family prints: they tell a report
    whose top is cut off. ``anchors`` are literal bytes of which one stands in every report of the family that is plain
    text; sources of any size are searched for them. ``weak_anchors`` stand in for them where damage hit these, in
    small sources. ``reader`` makes the reader of a stretch of a stream. ``whole`` is a pattern of the title around its
    words, for titles that name a task or a place; without one a title is its words and the level before them.
    """

    name: str
    titles: tuple[str, ...]
    signs: tuple[str, ...]
    anchors: tuple[bytes, ...]
    weak_anchors: tuple[bytes, ...]
    reader: ReaderMaker
    whole: str = ""


def _on_use(module: str, name: str) -> ReaderMaker:
    """A reader that is imported only when there is something for it to read: the first paint needs none but one."""

    def make(stream: Stream, title: Title | None, start: int, end: int) -> ReportReader:
        from importlib import import_module

        maker: ReaderMaker = getattr(import_module(f"lockview.parsing.{module}"), name)
        return maker(stream, title, start, end)

    return make


FAMILIES: tuple[Family, ...] = (
    Family(
        name="circular locking dependency",
        titles=("possible circular locking dependency detected",),
        signs=(
            "which lock already depends on the new lock",
            "the existing dependency chain (in reverse order)",
            "-> #",
        ),
        anchors=(b"ing dependency",),
        weak_anchors=(b"circular locking", b"circular=20", b"depends on the new lock", b"-> #", b"-&gt; #", b"base64"),
        reader=CircularReader,
    ),
)
