"""The grammar of a printed lock: ``ADDR (NAME){MASK}-{OUTER:INNER}, at: SITE``.

A name is C source text and may hold anything, brackets included; only the usage mask behind it tells where it ends.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

from lockview.model.locks import LockClass, WaitTypes


class LockText(NamedTuple):
    """What stands between the brackets and around them. ``site_follows`` tells whether ``, at:`` was printed."""

    name: str
    usage: str
    wait_types: WaitTypes | None
    address: str
    site_follows: bool
    end: int


_LONGEST_LOCK = 440
"""Characters from the address of a lock to its usage mask; names have 400 at most."""


@cache
def _lock() -> re.Pattern[str]:
    return re.compile(
        r"(?:(?P<address>(?:0x)?[0-9a-f]{8,16}|\([_a-z]{0,8}ptrval[_a-z]{0,8}\)) ?)?"
        r"\( ?(?P<name>.{1,400}?) ?\) ?\{(?P<usage>[-.+?]{3,8})\}"
        r"(?: ?- ?\{(?P<outer>\d{1,2}):(?P<inner>\d{1,2})\})?(?P<site> ?, ?at: ?)?:?"
    )


@cache
def _cut_lock() -> re.Pattern[str]:
    # the mask is gone: the name ends with the line
    return re.compile(
        r"(?:(?P<address>(?:0x)?[0-9a-f]{8,16}|\([_a-z]{0,8}ptrval[_a-z]{0,8}\)) )?\( ?(?P<name>\S.{0,399})$"
    )


def lock_at(text: str, start: int, end: int) -> LockText | None:
    """Read the lock whose address or opening bracket stands at an offset; None when no usage mask follows."""
    if text.find("{", start, min(end, start + _LONGEST_LOCK)) < 0:
        return None
    match = _lock().match(text, start, end)
    if match is None or _holds_other_words(match["name"]):
        return None
    outer, inner = match["outer"], match["inner"]
    return LockText(
        name=joined_name(match["name"]),
        usage=match["usage"],
        wait_types=WaitTypes(int(outer), int(inner)) if outer else None,
        address=(match["address"] or "").strip("()"),
        site_follows=bool(match["site"]),
        end=match.end(),
    )


def _holds_other_words(name: str) -> bool:
    """Whether a "name" runs into the next lock: its own usage mask was cut."""
    if len(name) < 13:
        return False
    return (
        "/0x" in name
        or "-> #" in name
        or (
            len(name) > 24
            and any(word in name for word in ("+0x", " lock:", " lock in the past:", " #0: ", " held by ", "){"))
        )
    )


def cut_lock_at(text: str, start: int, line_end: int) -> LockText | None:
    """Read a lock whose line was cut before the usage mask."""
    match = _cut_lock().match(text[start:line_end])
    if match is None:
        return None
    name = re.sub(r"\)\{?[-.+?]{0,6}$", "", match["name"])
    return LockText(joined_name(name), "", None, (match["address"] or "").strip("()"), False, line_end)


def joined_name(name: str) -> str:
    """Close the gaps that line breaks left before a key number or subclass: ``&x->lock #3 /1``."""
    return re.sub(r" (?=#\d|/\d|\)$)", "", name) if " " in name else name


@lru_cache(maxsize=4096)
def lock_class(name: str) -> LockClass:
    """Split a printed name into base, key number and subclass.

    ``#1`` and ``/0`` are never printed and a subclass is at most 7, so such endings belong to the base.
    Source: ``__print_lock_name``, kernel/locking/lockdep.c; MAX_LOCKDEP_SUBCLASSES.
    """
    base, key_number, subclass = name, 1, 0
    head, slash, digit = base.rpartition("/")
    if slash and head and len(digit) == 1 and digit in "1234567":
        base, subclass = head, int(digit)
    head, mark, digits = base.rpartition("#")
    if (
        mark
        and head
        and digits.isascii()
        and digits.isdigit()
        and digits[0] != "0"
        and digits != "1"
        and len(digits) < 9
    ):
        base, key_number = head, int(digits)
    return LockClass(base, key_number, subclass)
