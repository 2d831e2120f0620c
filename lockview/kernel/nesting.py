"""The routine behind every scenario that is read from a report: take locks in order, give them back in reverse."""

from __future__ import annotations

from collections.abc import Sequence

from lockview.kernel.effects import Acquire, Release, Routine


def nest(acquisitions: Sequence[Acquire]) -> Routine:
    """Take each lock while holding those before it, then release all, the last one first."""
    for acquisition in acquisitions:
        yield acquisition
    for acquisition in reversed(acquisitions):
        yield Release(acquisition.lock)
