"""Kernel dumps that a pstore kept in parts: ``Oops#1 Part3``; the part with the highest number is the oldest.

Source: ``pstore_dump``, fs/pstore/platform.c.
"""

from __future__ import annotations

import re

from lockview.model.text import Problem, Severity, Span
from lockview.parsing.mail import NumberedLine

_HEAD = r"(?:Panic|Oops|Emergency|Shutdown|Unknown)#(\d{1,9}) Part(\d{1,9})\s*$"


def proven(text: str) -> bool:
    """Whether the head of a part stands alone on a line."""
    return re.search(rf"(?m)^{_HEAD}", text) is not None


def take_off(lines: list[NumberedLine], notes: list[Problem]) -> list[NumberedLine]:
    """Put neighbouring parts of one dump into the order in which they were printed, without their heads."""
    head = re.compile(_HEAD)
    result: list[NumberedLine] = []
    dump = ""
    parts: list[tuple[int, list[NumberedLine]]] = []
    for number, line in lines:
        match = head.match(line)
        if match:
            if match[1] != dump:
                result += _in_order(parts, notes)
                parts = []
            dump = match[1]
            parts.append((int(match[2]), []))
        elif parts:
            parts[-1][1].append((number, line))
        else:
            result.append((number, line))
    return result + _in_order(parts, notes)


def _in_order(parts: list[tuple[int, list[NumberedLine]]], notes: list[Problem]) -> list[NumberedLine]:
    ordered = sorted(parts, key=lambda part: -part[0])
    if ordered != parts:
        numbers = [number for _, part in parts for number, _ in part]
        if numbers:
            span = Span(min(numbers), max(numbers))
            message = (
                f"lines {span.first}-{span.last}: a dump of {len(parts)} parts, the newest first, was put in order"
            )
            notes.append(Problem(Severity.NOTE, "parts-reordered", message, span))
    return [line for _, part in ordered for line in part]
