"""Usage marks, wait types and usage states in words, as further keys of the JSON form that are not read back.

What a mark or a number means depends on the report: its title tells the era, its wait types how the kernel was built.
So the words are added to the written report as a whole.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from lockview.analysis.states import decode_state
from lockview.analysis.usage import decode_usage, decode_wait_types, has_raw_nesting
from lockview.model.locks import WaitTypes
from lockview.model.reports import Report

_STATE = {"state", "stack", "span"}
"""The keys of a first use; a task that was dumped has a state too, which is another thing."""


def add_words(written: dict[str, Any], report: Report) -> None:
    """Add ``usage_words`` and ``wait_words`` beside each usage and wait types, ``state_words`` beside each state."""
    raw_nesting = has_raw_nesting(report)
    waiting: list[Any] = [written]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
            if "usage" in value and "wait_types" in value:
                value["usage_words"] = list(_usage_words(value["usage"], report.title, report.kernel))
                value["wait_words"] = list(_wait_words(value["wait_types"], raw_nesting))
            elif value.keys() == _STATE:
                value["state_words"] = decode_state(value["state"])
        elif isinstance(value, list):
            waiting += (part for part in value if isinstance(part, dict | list))


@lru_cache(maxsize=1024)
def _usage_words(usage: str, title: str, kernel: str) -> tuple[str, ...]:
    return decode_usage(usage, title, kernel)


def _wait_words(wait_types: dict[str, int] | None, raw_nesting: bool | None) -> tuple[str, ...]:
    return decode_wait_types(WaitTypes(**wait_types), raw_nesting) if wait_types else ()
