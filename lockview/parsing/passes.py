"""The passes of the hung-task watchdog: which hung tasks were seen together, and which list of all locks is theirs.

Source: check_hung_uninterruptible_tasks, kernel/hung_task.c: first the report of each task, then one list.
"""

from __future__ import annotations

from dataclasses import replace

from lockview.model.reports import Report
from lockview.model.wait_reports import HungTaskReport, LocksDumpReport, TaskDump

_MAX_PEERS = 32
"""A kernel reports ten tasks in its life unless it is told otherwise."""
_LONGEST_PASS = 60.0
"""Two reports of one pass are not further apart, in seconds: a pass prints without waiting."""


def in_passes(reports: list[Report]) -> list[Report]:
    """Tell hung tasks of one pass about each other, and give them the list of all locks that follows.

    The reports are those of one printer, in order. A list that somebody asked for stays a report of its own.
    """
    given: list[Report | None] = list(reports)
    current: list[int] = []
    for index, report in enumerate(reports):
        if isinstance(report, HungTaskReport):
            near = [_hung(reports[other]) for other in (*current[:1], *current[-_MAX_PEERS:])]
            if near and not _in_one_pass(near, report):
                _close(given, current, None)
            current.append(index)
            if report.lockdep_off:
                _close(given, current, None)
        elif isinstance(report, LocksDumpReport) and current and not report.requested:
            _close(given, current, report)
            given[index] = None
    _close(given, current, None)
    return [report for report in given if report is not None]


def _hung(report: Report | None) -> HungTaskReport:
    assert isinstance(report, HungTaskReport)
    return report


def _in_one_pass(before: list[HungTaskReport], report: HungTaskReport) -> bool:
    """Not where a task is reported again, and not where much time has gone by."""
    if any(other.task == report.task for other in before):
        return False
    first, now = _seconds(before[0]), _seconds(report)
    return first is None or now is None or 0 <= now - first < _LONGEST_PASS


def _seconds(report: HungTaskReport) -> float | None:
    time = report.reading.time
    return float(time) if time.replace(".", "", 1).isascii() and time.replace(".", "", 1).isdigit() else None


def _close(given: list[Report | None], current: list[int], locks: LocksDumpReport | None) -> None:
    """Finish the pass whose reports stand at ``current``, which is empty afterwards."""
    together = [_hung(given[index]) for index in current]
    off = any(report.lockdep_off for report in together)
    for place, index in enumerate(current):
        near = together[max(place - _MAX_PEERS, 0) : place] + together[place + 1 : place + 1 + _MAX_PEERS]
        given[index] = replace(
            together[place],
            all_locks=locks.all_locks if locks else (),
            lockdep_off=off,
            peers=_peers(together[place], near),
            peer_blockers=tuple(blocker for other in near for blocker in other.blockers)[:_MAX_PEERS],
        )
    current.clear()


def _peers(report: HungTaskReport, near: list[HungTaskReport]) -> tuple[TaskDump, ...]:
    known = {dump.task.pid for dump in (report.dump, *report.others) if dump}
    peers: list[TaskDump] = []
    for other in near:
        for dump in (other.dump, *other.others):
            if dump and dump.task.pid not in known and len(peers) < _MAX_PEERS:
                known.add(dump.task.pid)
                peers.append(dump)
    return tuple(peers)
