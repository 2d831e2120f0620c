"""Text made fit to be drawn: invisible characters made visible, and long text elided in the middle."""

from __future__ import annotations

from lockview.layout.drawing import Measure

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
LONGEST = 400
"""No picture shows more characters of one text than this; what is longer is elided before anything measures it."""

ROUNDING = 0.01
"""Room that was computed by adding and taking away widths may lack this much."""


def visible(text: str) -> str:
    r"""The text with each character that draws nothing or turns the writing direction shown as an escape (``\u202e``).

    These are the controls, the bidirectional and zero-width formats, lone surrogates, private and unassigned
    characters, and all spaces but the plain one: what ``str.isprintable`` refuses.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(ord(char)) for char in text)


def _escape(code: int) -> str:
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def elided(text: str, columns: int) -> str:
    """At most ``columns`` characters (1 at least): the middle goes, as both ends of a name tell it from others."""
    if len(text) <= columns:
        return text
    kept = max(columns, 1) - 1
    tail = kept // 2
    return text[: kept - tail] + ELLIPSIS + (text[-tail:] if tail else "")


class Face:
    """A face, size and weight of text, with the measure that knows its widths."""

    __slots__ = ("bold", "fixed", "measure", "size")

    def __init__(self, measure: Measure, size: float, *, fixed: bool = False, bold: bool = False) -> None:
        self.measure = measure
        self.size = size
        self.fixed = fixed
        self.bold = bold

    def width(self, text: str) -> float:
        """The width of the text in pixels."""
        return self.measure(text, self.size, self.fixed, self.bold)

    def fitted(self, text: str, width: float) -> str:
        """The text, visible, and elided so that it is not wider than ``width``; "" when not even an ellipsis is."""
        width += ROUNDING
        text = visible(elided(text, LONGEST))
        if self.width(text) <= width:
            return text
        low, high = 0, len(text)
        while high - low > 1:
            middle = (low + high) // 2
            if self.width(elided(text, middle)) <= width:
                low = middle
            else:
                high = middle
        return elided(text, low) if low else ""
