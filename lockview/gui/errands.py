"""Big files that wait for the worker, and the reports that it sends bit by bit."""

from __future__ import annotations

from typing import NamedTuple

from lockview.document.documents import Document
from lockview.model.reports import Report


class Errand(NamedTuple):
    """A big file that waits for the worker. ``source`` is what is read: the file, or a copy of what a pipe brought.

    ``spool`` names a file for the text, should the source be compressed or have several ``pieces``.
    ``replaces`` is the document that it is a new reading of; ``select`` moves the user to it.
    """

    source: str
    spool: str
    path: str
    name: str = ""
    replaces: Document | None = None
    select: bool = True
    pieces: tuple[str, ...] = ()


def take_reports(others: list[Report], reports: list[object]) -> None:
    """Add reports that came as JSON."""
    import gc

    from lockview.export.as_json import report_from_json

    others.extend(map(report_from_json, reports))
    gc.freeze()  # looking through all that was read, for garbage that it cannot hold, stops the window for 0.2 s
