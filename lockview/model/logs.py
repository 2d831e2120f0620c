"""What reading a source gives: its reports, and what can be said about the rest."""

from __future__ import annotations

from dataclasses import dataclass

from lockview.model.reports import Report
from lockview.model.text import Problem


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A line that looks like the start or a part of a lock report but gave none, and why."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Log:
    """One source, read. ``name`` is a path, ``-`` for standard input, or what the user called the text.

    ``wrappers`` names what was taken off the lines, in the user's words (``printk time stamps``, ``mail quotes``,
    ``gzip``). ``lines`` and ``size`` (bytes after decompression) count what was read.
    """

    name: str
    reports: tuple[Report, ...] = ()
    problems: tuple[Problem, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
    wrappers: tuple[str, ...] = ()
    lines: int = 0
    size: int = 0
