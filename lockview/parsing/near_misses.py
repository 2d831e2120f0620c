"""Lines that look like a lock report but gave none, and why: a report is never silently dropped."""

from __future__ import annotations

from lockview.model.logs import NearMiss

UNREAD_TITLES = (
    "ThreadSanitizer: double lock of a mutex",
    "ThreadSanitizer: unlock of an unlocked mutex",
    "ThreadSanitizer: read unlock of a write locked mutex",
    "ThreadSanitizer: destroy of a locked mutex",
    ": Exiting thread still holds ",
    "acquiring duplicate lock of same type:",
)
"""Titles of lock reports of other kinds; they are named, not read."""
_MAX_TEXT = 200
_MAX_MISSES = 200
_BANNERS = ("Lock dependency validator", "MAX_LOCK", "testcases passed")


def unread_titles(data: bytes, first_line: int) -> list[NearMiss]:
    """The title lines of kinds that cannot be read yet."""
    found: list[NearMiss] = []
    for title in UNREAD_TITLES:
        words = title.encode()
        number, counted = first_line, 0
        position = data.find(words)
        while position >= 0 and len(found) < _MAX_MISSES:
            number += data.count(b"\n", counted, position)
            counted = position
            found.append(near_miss(number, line_at(data, position), "reports of this kind are not read yet"))
            position = data.find(words, position + len(words))
    return [miss for miss in found if not any(banner in miss.text for banner in _BANNERS)]


def line_at(data: bytes, position: int) -> str:
    """The text of the line around an offset, cut to a showable length."""
    start = max(data.rfind(b"\n", 0, position) + 1, position - _MAX_TEXT)
    end = data.find(b"\n", position)
    return data[start : min(end if end >= 0 else len(data), start + 2 * _MAX_TEXT)].decode("utf-8", "replace")


def near_miss(line: int, text: str, reason: str) -> NearMiss:
    """A near miss with its text cut to a showable length."""
    return NearMiss(line, text[: 2 * _MAX_TEXT].strip()[:_MAX_TEXT], reason)
