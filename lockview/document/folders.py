"""All logs below a folder, as the worker reads them for the window: rotated ones as one, by name."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from lockview.document.errors import UserError
from lockview.document.many_logs import shown_logs
from lockview.document.sources import MOST_FILES, files_below, joined_rotations

_NAMED = 3
"""So many logs that cannot be read are named."""
_AT_ONCE = 2
"""Reports that travel together."""
_TOLD_EVERY = 0.05
"""Seconds between two words about progress."""


def read_folder(
    path: str,
    spool: str,
    tell: Callable[[dict[str, Any]], None],
    progress: Callable[[int, int], None],
    most: int = MOST_FILES,
) -> dict[str, Any]:
    """Tell each log that holds reports as ``shown_logs`` gives it; returns what ``summed_up`` takes.

    Of many reports only the first ones are in the log: the others are told before, as ``others``.
    UserError when the folder cannot be listed or holds no files.
    """
    found = files_below(path, most)
    logs = joined_rotations(found.files)
    if not logs:
        raise UserError(f"{path} is a folder without files. Open a log file.")
    count = reports = failed = 0
    reasons: list[str] = []
    told = 0.0
    for done, answer in enumerate(shown_logs(logs, spool), 1):
        if "log" in answer:
            count += 1
            reports += len(answer["log"].get("reports", ()))
            _tell_bit_by_bit(answer, tell)
        elif "failed" in answer:
            failed += 1
            reasons += [answer["failed"]] if len(reasons) < _NAMED else []
        if time.monotonic() - told >= _TOLD_EVERY or done == len(logs):
            told = time.monotonic()
            progress(done, len(logs))
    return {
        "logs": len(logs),
        "with_reports": count,
        "reports": reports,
        "failed": failed,
        "reasons": reasons,
        "left_out": found.left_out,
    }


def _tell_bit_by_bit(answer: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> None:
    reports = answer["log"]["reports"]
    for start in range(_AT_ONCE, len(reports), _AT_ONCE):
        tell({"others": reports[start : start + _AT_ONCE]})
    answer["log"]["reports"] = reports[:_AT_ONCE]
    tell(answer)


def summed_up(path: str, census: dict[str, Any]) -> str:
    """What was found below a folder, in sentences."""
    logs = "1 log" if census["logs"] == 1 else f"{census['logs']:,} logs"
    reports = "1 report" if census["reports"] == 1 else f"{census['reports']:,} reports"
    if census["reports"]:
        text = f"{reports} in {census['with_reports']:,} of {logs} below {path}."
    else:
        text = f"No lock report in {logs} below {path}."
    if census["failed"]:
        more = "; ..." if census["failed"] > len(census["reasons"]) else ""
        text += f" {census['failed']:,} could not be read: {'; '.join(census['reasons'])}{more}."
    if census["left_out"]:
        text += f" {census['left_out']:,} files or folders were left out: they cannot be listed, or are too many."
    return text
