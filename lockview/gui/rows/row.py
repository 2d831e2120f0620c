"""One row of a list: a plain value, which the delegate paints when it comes into view."""

from __future__ import annotations

from typing import NamedTuple

from lockview.model.text import Span


class Kind:
    """How a row is painted."""

    TITLE = "title"
    HEADING = "heading"
    NOTE = "note"
    """A paragraph of ours, wrapped."""
    FRAME = "frame"
    FOLD = "fold"
    """A run of frames that can be opened and closed."""
    FACT = "fact"
    """A label and what is said under it, wrapped."""
    LINK = "link"
    STEP = "step"
    """A step of a run: its number, its task's colour, what was done."""


class Row(NamedTuple):
    """One row. Every text that came from a source is already ``visible``.

    ``text`` is the main text, ``detail`` what follows it in secondary type (a frame's offset), ``label`` what precedes
    it (a fact's name, an edge's number), ``chip`` a module, ``right`` what stands at the far end (``file:line``).
    ``fixed`` lists the parts of ``text`` that came from a kernel, as (start, length).
    ``item``, ``frame``, ``line`` and ``spans`` are what the row selects; ``fold`` names the run that a click opens or
    closes.
    """

    kind: str
    text: str
    detail: str = ""
    label: str = ""
    chip: str = ""
    right: str = ""
    fixed: tuple[tuple[int, int], ...] = ()
    strong: bool = False
    dim: bool = False
    opened: bool = False
    role: str = ""
    """The colour of the row's mark (a task's, or the signal of the new dependency), else of its text."""
    item: str = ""
    frame: int | None = None
    line: int | None = None
    spans: tuple[Span, ...] = ()
    fold: str = ""

    @property
    def selects(self) -> bool:
        """Whether the row stands for something that can be selected."""
        return bool(self.item) or self.line is not None

    @property
    def reachable(self) -> bool:
        """Whether pointer and arrow keys stop here."""
        return self.selects or bool(self.fold)

    def spoken(self) -> str:
        """The row in one line of plain text, for the clipboard, the screen reader and the tests."""
        parts = (self.label, f"{self.text}{self.detail}" if self.kind == Kind.FRAME else self.text)
        words = [part for part in parts if part]
        if self.kind != Kind.FRAME and self.detail:
            words.append(self.detail)
        if self.chip:
            words.append(f"[{self.chip}]")
        if self.right:
            words.append(self.right)
        return " ".join(words)
