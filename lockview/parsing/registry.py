"""The report families that can be read. A new family is one module and one row here."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lockview.model.reports import Report
from lockview.parsing.circular import CircularReader
from lockview.parsing.lines import Stream
from lockview.parsing.sections import Title


class Family(NamedTuple):
    """One report family.

    ``titles`` are the words that tell it from all others. ``anchors`` are literal bytes of which one stands in every
    report of the family in plain text, searched for in sources of any size; ``weak_anchors`` are further ones for small sources,
    where damage may have hit the others. ``reader`` makes the reader of a stretch.
    """

    titles: tuple[str, ...]
    anchors: tuple[bytes, ...]
    weak_anchors: tuple[bytes, ...]
    reader: Callable[[Stream, Title | None, int, int], CircularReader]


FAMILIES: tuple[Family, ...] = (
    Family(
        titles=("possible circular locking dependency detected",),
        anchors=(b"ing dependency",),
        weak_anchors=(b"circular locking", b"depends on the new lock", b"-> #"),
        reader=CircularReader,
    ),
)
