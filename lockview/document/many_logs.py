"""Many logs at once: read on all cores, each answered with what is to be printed or shown, in the order of the logs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from lockview.document.errors import UserError
from lockview.layout.labels import visible
from lockview.model.logs import Log
from lockview.parsing.opening import SourceError
from lockview.parsing.reader import read_file, read_joined

Work = TypeVar("Work")
Answer = TypeVar("Answer")

_WORTH_PROCESSES = 20
"""So many logs are worth processes of their own."""
_PR_SET_PDEATHSIG = 1
"""Of Linux: the signal that a process gets when its parent ends."""
_CHUNK = 8
"""So many logs a process takes at a time."""


class Printed(NamedTuple):
    """What one log gives: text for standard output and for standard error, what to count, and whether it held any."""

    out: str = ""
    err: str = ""
    reports: int = 0
    found: bool = False
    failed: bool = False


def read_log(pieces: Sequence[str], read_one: Callable[[str], Log] = read_file) -> Log:
    """Read a log, or the pieces of a rotated one as one log with the name of the newest. Raises ``SourceError``."""
    return read_one(pieces[0]) if len(pieces) == 1 else read_joined(pieces, pieces[-1])


def printed_logs(
    logs: Sequence[tuple[str, ...]], form: str, looked_for: tuple[str, ...], processes: int = 0
) -> Iterator[Printed]:
    """Read logs, each given as the paths of its pieces, by so many processes; 0 is one for each core.

    ``form`` is one of those of ``export.printed``.

    UserError when a process dies. Closing the iterator stops the reading.
    """
    return _on_all_cores(partial(_printed, form=form, looked_for=looked_for), logs, processes)


def shown_logs(logs: Sequence[tuple[str, ...]], spool: str, processes: int = 0) -> Iterator[dict[str, Any]]:
    """Read logs as ``printed_logs`` does; of each that holds reports what ``document_from`` needs, and its ``pieces``.

    Of others nothing, or ``failed``, a sentence. ``spool`` starts the names of files for text that is no plain file.
    """
    numbered = [(pieces, f"{spool}-{number}") for number, pieces in enumerate(logs)]
    return _on_all_cores(_shown, numbered, processes)


def _on_all_cores(read: Callable[[Work], Answer], logs: Sequence[Work], processes: int) -> Iterator[Answer]:
    processes = processes or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    if processes == 1 or len(logs) < _WORTH_PROCESSES:
        yield from map(read, logs)
        return
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    pool = ProcessPoolExecutor(processes, initializer=_serve_the_parent)
    try:
        yield from pool.map(read, logs, chunksize=_CHUNK)
    except BrokenProcessPool:
        raise UserError("a process that read the logs ended unexpectedly; the memory may be too small") from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _serve_the_parent() -> None:
    """Leave interrupts to the parent, and end with it, also when it is killed."""
    import ctypes
    import signal
    import sys

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _shown(work: tuple[tuple[str, ...], str]) -> dict[str, Any]:
    from lockview.document.lines import count_line_ends
    from lockview.document.opening import joined_text_of, plain_text_of
    from lockview.export.as_json import log_to_json

    pieces, spool = work
    try:
        log = read_log(pieces)
        if not log.reports:
            return {}
        text = plain_text_of(pieces[0], spool) if len(pieces) == 1 else joined_text_of(pieces, spool)
        return {"log": log_to_json(log), "text": text, "ends": count_line_ends(text), "pieces": pieces}
    except SourceError as error:
        return {"failed": str(error)}
    except OSError as error:
        return {"failed": f"{pieces[-1]}: {error.strerror or error}"}


def _printed(pieces: tuple[str, ...], form: str, looked_for: tuple[str, ...]) -> Printed:
    from lockview.export.printed import JSON, printed
    from lockview.export.summary import nothing_found

    try:
        log = read_log(pieces)
    except SourceError as error:
        return Printed(err=f"lockview: {visible(str(error))}\n", failed=True)
    if form == JSON or log.holds_anything:
        return Printed(printed(log, form), "", len(log.reports), log.holds_anything)
    return Printed(err=nothing_found(log, looked_for) if log.near_misses else "")
