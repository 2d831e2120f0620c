"""Opening recorded runs: short ones at once, long ones in the worker."""

from __future__ import annotations

from collections.abc import Callable

from lockview.document.documents import Document
from lockview.document.opening import SMALL
from lockview.document.traced import from_json, read_traced, traced_document
from lockview.gui.jobs import Jobs


def read_trace_file(
    jobs: Jobs, path: str, size: int, on_done: Callable[[Document], None], on_failed: Callable[[str], None]
) -> None:
    """Read a trace of ``size`` bytes. UserError for a short one that is wrong; of a long one ``on_failed`` tells."""
    if size <= SMALL:
        on_done(traced_document(read_traced(path), path))
        return
    jobs.run(
        "trace",
        {"path": path},
        lambda answer: on_done(traced_document(from_json(answer), path)),
        on_failed,
        slot=f"trace:{path}",
        title=f"Reading {path.rpartition('/')[2]}",
    )
