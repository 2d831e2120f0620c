"""Reading many logs can be stopped: what was not begun is not read, and no process stays behind."""

import multiprocessing
import time
from pathlib import Path

from lockview.document.many_logs import printed_logs
from lockview.export.printed import SUMMARY

LOGS = 200


def test_who_has_seen_enough_stops_the_reading(tmp_path: Path, sample: Path) -> None:
    report = sample.read_bytes()
    for number in range(LOGS):
        (tmp_path / f"{number:03}.log").write_bytes(report)
    logs = [(str(path),) for path in sorted(tmp_path.iterdir())]
    reading = printed_logs(logs, SUMMARY, (), processes=2)
    first = next(reading)
    assert first.reports == 1
    reading.close()  # type: ignore[attr-defined]
    until = time.monotonic() + 20
    while multiprocessing.active_children() and time.monotonic() < until:
        time.sleep(0.02)
    assert not multiprocessing.active_children()
