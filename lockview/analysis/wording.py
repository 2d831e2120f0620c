"""Small pieces of English that sentences about a report are made of."""

from __future__ import annotations

from collections.abc import Sequence


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def counted(count: int, noun: str) -> str:
    """``1 lock``, ``3 locks``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
