"""Sums over the events of a trace: faults and how they ended, and for each lock how often and how long."""

from __future__ import annotations

from collections import Counter

from lockview.model.run_traces import Counted, RunEvent

_ACQUIRED, _CONTENDED, _HELD, _WAITED = range(4)
_TOLD = frozenset(
    (
        "fault_begin",
        "fault_end",
        "spf_abort",
        "exit",
        "choice",
        "acquire",
        "acquired",
        "contend",
        "release",
        "downgrade",
    )
)
"""Operations that have sums of their own, or need none."""
_LOCK_WORDS = frozenset(("acquire", "acquired", "contend", "release"))


class Counting:
    """Follows events. A hold lasts from getting a lock to giving it up, a wait from asking to getting."""

    def __init__(self) -> None:
        self._outcomes: Counter[str] = Counter()
        self._aborts: Counter[str] = Counter()
        self._happened: Counter[str] = Counter()
        self._faults = 0
        self._locks: dict[str, list[int]] = {}
        self._since: dict[tuple[int, str], list[int]] = {}
        self._asked: dict[tuple[int, str], int] = {}

    def take(self, event: RunEvent) -> None:
        """Count an event."""
        match event.op:
            case "fault_begin":
                self._faults += 1
            case "fault_end":
                self._outcomes[event.out] += 1
            case "spf_abort":
                self._aborts[event.out.removeprefix("abort:")] += 1
            case op if op in _LOCK_WORDS:
                self._lock(event)
            case op if op not in _TOLD and event.chosen is None:
                self._happened[op] += 1
            case _:
                pass

    def value(self, number: int) -> Counted:
        """The sums up to event ``number``, each in the order of first occurrence."""
        return Counted(
            number,
            self._faults,
            dict(self._outcomes),
            dict(self._aborts),
            dict(self._happened),
            {name: list(sums) for name, sums in self._locks.items()},
        )

    def _lock(self, event: RunEvent) -> None:
        key = (event.task, event.lock)
        sums = self._locks.setdefault(event.lock, [0, 0, 0, 0])
        if event.op == "contend":
            sums[_CONTENDED] += 1
            self._asked[key] = event.time
        elif event.op == "release":
            since = self._since.get(key)
            if since:
                sums[_HELD] += event.time + event.length - since.pop()
        elif event.op == "acquired" or event.out in ("got", "ok"):
            sums[_ACQUIRED] += 1
            asked = self._asked.pop(key, None)
            if asked is not None:
                sums[_WAITED] += event.time + event.length - asked
            self._since.setdefault(key, []).append(event.time + event.length)
