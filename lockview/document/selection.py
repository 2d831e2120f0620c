"""The one selection: what the user is looking at, as one value that every panel shows its own way."""

from __future__ import annotations

from dataclasses import dataclass

from lockview.model.text import Span


@dataclass(frozen=True, slots=True)
class Selection:
    """``document`` and ``report`` are indices, -1 for none.

    ``item`` is the name of a drawing group: ``lock:N``, ``edge:N`` or "" (the whole report).
    ``frame`` indexes the frames of the selected edge's stack; None when no frame is chosen.
    ``line`` is the log line (1-based) that was chosen or that the choice leads to; None when there is none.
    ``spans`` are the lines that a chosen sentence speaks of, besides those of the item.
    """

    document: int = -1
    report: int = -1
    item: str = ""
    frame: int | None = None
    line: int | None = None
    spans: tuple[Span, ...] = ()

    @property
    def edge(self) -> int | None:
        """The number of the selected edge."""
        return int(self.item[5:]) if self.item.startswith("edge:") else None

    @property
    def lock(self) -> int | None:
        """The number of the selected node."""
        return int(self.item[5:]) if self.item.startswith("lock:") else None


NOTHING = Selection()
