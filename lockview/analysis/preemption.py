"""The fields of preempt_count in words.  Source: include/linux/preempt.h."""

from __future__ import annotations

_FIELDS = (
    (0, 0xFF, "preemption is off"),
    (8, 0xFF, "softirqs are off or running"),
    (16, 0xF, "a hardirq is running"),
    (20, 0xF, "an NMI is running"),
)
"""Shift, mask, and what a number there means."""
_BELOW_ZERO = 0xF0000000


def preempt_words(count: str) -> list[str]:
    """What a printed preempt_count says, field by field; [] for one that says nothing or is no number.

    ``count`` is hexadecimal, with or without ``0x``, as all kernels print it.
    """
    try:
        value = int(count, 16)
    except ValueError:
        return []
    if value & _BELOW_ZERO == _BELOW_ZERO:
        return ["the count fell below zero: something enabled preemption once too often"]
    found = []
    for shift, mask, words in _FIELDS:
        number = value >> shift & mask
        if number:
            found.append(f"{words} ({number})" if shift < 16 else words)
    return found
