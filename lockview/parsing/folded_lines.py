"""Lines that a terminal broke at its width, in the middle of words: a capture of ``script``, ``screen`` or a BMC."""

from __future__ import annotations

import itertools
import re
from functools import cache

from lockview.model.text import Problem, Severity, Span
from lockview.parsing.mail import NumberedLine

_NARROWEST, _WIDEST = 78, 400
_USUAL = (80, 100, 120, 132)
"""At these widths one broken line is enough."""
_ENOUGH = 3
_MOST_PARTS = 40


@cache
def _stamped() -> re.Pattern[str]:
    return re.compile(r"[> ]{0,12}(?:<\d{1,3}>)?\[ *\d{1,10}\.\d{3,9}\]")


@cache
def _quotes() -> re.Pattern[str]:
    return re.compile(r"[> ]{0,12}>? ?(?=\[|<\d)")


def unfolded(lines: list[NumberedLine], notes: list[Problem]) -> list[NumberedLine]:
    """Join lines without a stamp to the one before, when just those that fill the width have such a line behind them.

    Mail programs break at blanks, so that few lines fill the width; they are none of this.
    """
    width = max((len(line) for _, line in lines), default=0)
    if not _NARROWEST <= width <= _WIDEST or not _are_folded(lines, width):
        return lines
    result: list[NumberedLine] = []
    parts = 0
    for index, (number, line) in enumerate(lines):
        above = lines[index - 1][1] if index else ""
        parts = parts + 1 if len(above) == width and not _stamped().match(line) else 0
        if not 0 < parts < _MOST_PARTS or not result:
            result.append((number, line))
            continue
        first, text = result[-1]
        result[-1] = (first, text + line.removeprefix(_mark(text)))
        message = f"lines {first}-{number} had been broken by a terminal of {width} columns and were rejoined"
        if parts > 1 and notes:
            notes.pop()
        notes.append(Problem(Severity.NOTE, "lines-rejoined", message, Span(first, number)))
    return result


def _mark(text: str) -> str:
    match = _quotes().match(text)
    return match[0] if match else ""


def _are_folded(lines: list[NumberedLine], width: int) -> bool:
    wide = [index for index, (_, line) in enumerate(lines[:-1]) if len(line) == width]
    full = [index for index in wide if _goes_on(lines[index][1], lines[index + 1][1])]
    if not full:
        return False
    column = width - len(_mark(lines[full[-1]][1]))
    other = (len(line) < width and _goes_on(line, below) for (_, line), (_, below) in itertools.pairwise(lines))
    return (len(full) >= _ENOUGH or column in _USUAL) and not any(other)


def _goes_on(line: str, below: str) -> bool:
    """Whether the line under one with a stamp has none."""
    return bool(below.strip("> ")) and bool(_stamped().match(line)) and not _stamped().match(below)
