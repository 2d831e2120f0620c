r"""Text of a stranger made fit to look at: no character that hides, moves or reorders its neighbours.

Controls, bidi marks, zero-width and unassigned characters become escapes (``\x1b``, ``\u202e``); what is left is laid
out in cells of a fixed-pitch font, one or two per character, in the order of the text.
"""

from __future__ import annotations

from typing import NamedTuple

LONGEST_LINE = 65_536
"""Characters of a line that are shown; the rest is counted."""
TAB = 8


class Run(NamedTuple):
    """Text that starts at a column (0-based) and takes ``columns`` cells."""

    column: int
    columns: int
    text: str


def visible(text: str) -> str:
    """The text with every unprintable character written as an escape; tabs become spaces up to the next stop."""
    if text.isascii() and text.isprintable():
        return text
    pieces: list[str] = []
    column = 0
    for char in text:
        piece = char if char.isprintable() else _escaped(char, column)
        pieces.append(piece)
        column += len(piece)
    return "".join(pieces)


def visible_line(line: str) -> str:
    """A line of a log as shown: visible, and clipped with a word about how much is missing."""
    if len(line) <= LONGEST_LINE:
        return visible(line)
    return f"{visible(line[:LONGEST_LINE])} ... {len(line) - LONGEST_LINE} more characters"


def runs(text: str) -> list[Run]:
    """Visible text as runs of cells: plain text in one piece, every other character with its marks alone.

    Alone, because a shaping engine would reorder right-to-left text and join what belongs to different columns.
    """
    if text.isascii():
        return [Run(0, len(text), text)]
    from unicodedata import combining, east_asian_width

    found: list[Run] = []
    column = 0
    for char in text:
        if combining(char) and found:
            last = found[-1]
            found[-1] = last._replace(text=last.text + char)
            continue
        width = 2 if east_asian_width(char) in "WF" else 1
        if char.isascii() and found and found[-1].text.isascii():
            last = found[-1]
            found[-1] = Run(last.column, last.columns + 1, last.text + char)
        else:
            found.append(Run(column, width, char))
        column += width
    return found


def _escaped(char: str, column: int) -> str:
    if char == "\t":
        return " " * (TAB - column % TAB)
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
