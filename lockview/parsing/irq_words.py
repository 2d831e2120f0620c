"""The words of reports about usage states: class blocks, states, irq events, and the sentences around them.

Source: ``print_usage_bug``, ``print_irq_inversion_bug``, ``print_bad_irq_dependency``, ``print_lock_class_header``,
``print_irqtrace_events``, kernel/locking/lockdep.c, and kernel/lockdep.c from 2.6.18 on.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache

from lockview.parsing.lines import Stream
from lockview.parsing.locks import cut_lock_at, lock_at
from lockview.parsing.tokens import Token, Word, spreads


class Own(StrEnum):
    """What a token is whose word is ``Word.OWN``; it stands first in the token's groups."""

    WANTS = "wants"
    HOLDING = "holding"
    NEW_DEPENDENCY = "new-dependency"
    ARROW = "arrow"
    """``-> (class)``; its other groups are the operation count and the brace that opens a class block."""
    CONNECTS = "connects"
    TO = "to"
    BECAME = "became"
    BETWEEN_SAFE = "between-safe"
    BETWEEN_UNSAFE = "between-unsafe"
    SHORTEST = "shortest"
    TREE = "tree"
    STATE = "state"
    CLOSE = "close"
    KEY = "key"
    ACQUIRED = "acquired"
    CHANGED = "changed"
    TOOK = "took"
    TAKEN_BY = "taken-by"
    INCONSISTENT = "inconsistent"
    REGISTERED = "registered"
    STAMP = "stamp"
    EVENT = "event"
    COMPARES = "compares"
    SCENARIO = "scenario"
    NOTHING = "nothing"


_X = r"(\S{1,20}?)"
_SENTENCES: dict[str, tuple[tuple[Own, str], ...]] = {
    "and": (
        (Own.HOLDING, r"and this task is already holding:"),
        (Own.COMPARES, r"and the lock comparison function returns (-?\d{1,10}):"),
        (Own.NOTHING, r"and interrupts could create inverse lock ordering between them\."),
        (Own.NOTHING, rf"and {_X}-irq-unsafe lock:"),
    ),
    "which": ((Own.NEW_DEPENDENCY, r"which would create a new lock dependency:"),),
    "but": (
        (Own.CONNECTS, rf"but this new dependency connects a {_X}-irq-safe lock:"),
        (Own.TOOK, rf"but this lock took another, {_X}(?:-irq)?-unsafe lock in the past:"),
        (Own.TAKEN_BY, rf"but this lock was taken by another, {_X}(?:-irq)?-safe lock in the past:"),
    ),
    "to": ((Own.TO, rf"to a {_X}-irq-unsafe lock:"),),
    "the": (
        (Own.BETWEEN_SAFE, rf"the dependencies between {_X}-irq-safe lock and the holding lock:"),
        (Own.BETWEEN_UNSAFE, r"the dependencies between the lock to be acquired"),
        (Own.SHORTEST, r"the shortest dependencies between 2nd lock and 1st lock:"),
        (Own.TREE, r"the (first|second) lock.s dependencies:"),
        (Own.TREE, r"the \S{1,20}?-irq-(safe|unsafe) lock.s dependencies:"),
    ),
    "inconsistent": ((Own.INCONSISTENT, r"inconsistent ?\{([^{}]{1,40})\} -> \{([^{}]{1,40})\}(?: usage\.?)?"),),
    "Possible": (
        (Own.SCENARIO, r"Possible interrupt unsafe locking scenario:"),
        (Own.SCENARIO, r"Possible unsafe locking scenario:"),
    ),
    "irq": ((Own.STAMP, r"irq event stamp: (\d{1,12})"),),
    "hardirqs": ((Own.EVENT, r"(hardirqs last (?:enabled|disabled)) ?at \((\d{1,12})\): ?"),),
    "softirqs": ((Own.EVENT, r"(softirqs last (?:enabled|disabled)) ?at \((\d{1,12})\): ?"),),
    "May": ((Own.NOTHING, r"May be due to missing lock nesting notation"),),
    "...": (
        (Own.BECAME, rf"\.\.\. which became {_X}-irq-(un|)safe at:"),
        (Own.KEY, r"\.\.\. key ?at: ?"),
        (Own.ACQUIRED, r"\.\.\. acquired at: ?"),
        (Own.NOTHING, r"\.\.\."),
    ),
    # Mail servers take one dot off a line that begins with dots.
    "..": ((Own.BECAME, rf"\.\. which became {_X}-irq-(un|)safe at:"), (Own.NOTHING, r"\.\.")),
    "}": ((Own.CLOSE, r"\}"),),
    "]": ((Own.NOTHING, r"\]"),),
}
_STATE = (
    r"((?:IN-|in-)?(?:HARDIRQ|SOFTIRQ|RECLAIM_FS|hardirq|softirq)(?:-ON|-on)?-[RW]|INITIAL (?:READ )?USE|initial-use) ?"
    r"at: ?"
)
_STATE_STARTS = ("IN-", "in-", "HARDIRQ", "SOFTIRQ", "RECLAIM_FS", "hardirq-", "softirq-", "INITIAL", "initial-use")
_REGISTERED = r"\{([^{}]{1,40})\} state was registered at:"
_TASK = r"((?:(?!-----|ainted| #\d).){1,64}?)/(\d{1,10})"
_CONTEXT = rf"{_TASK} \[HC(\d)\[(\d{{1,20}})\]:SC(\d)\[(\d{{1,20}})\]:HE(\d):SE(\d)\] (?:is trying to acquire|takes):"
_NO_CONTEXT = rf"{_TASK} takes:"
_CHANGED = rf"{_TASK} just changed the state of lock:"
_OPENS = r" ?(?:ops: ?(\w{1,24}) ?)?(\{)(?= |$)"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def irq_word(stream: Stream, start: int, end: int) -> Token | None:
    """The word of a report about usage states at an offset, or None."""
    text = stream.flat
    first = text[start]
    if first == "-":
        return _arrow(stream, start, end) if text.startswith("->", start) else None
    if first == "{":
        return _own(Own.REGISTERED, _REGISTERED, text, start, end)
    blank = text.find(" ", start, end)
    word = text[start : blank if blank >= 0 else end]
    for own, pattern in _SENTENCES.get(word, ()):
        token = _own(own, pattern, text, start, end)
        if token:
            return token
    if "+0x" in word or first in "[#":
        return None
    if word.startswith(_STATE_STARTS):
        return _own(Own.STATE, _STATE, text, start, end)
    ahead = text[start : start + 110]
    token = None
    if " [HC" in ahead:
        token = _own(Own.WANTS, _CONTEXT, text, start, end)
    elif " takes:" in ahead:
        token = _own(Own.WANTS, _NO_CONTEXT, text, start, end)
    elif " just changed the state" in ahead:
        token = _own(Own.CHANGED, _CHANGED, text, start, end)
    return None if token and spreads(stream, start, token.groups[1]) else token


def _own(own: Own, pattern: str, text: str, start: int, end: int) -> Token | None:
    match = _compiled(pattern).match(text, start, end)
    if match is None:
        return None
    return Token(Word.OWN, start, match.end(), (own, *(group or "" for group in match.groups())))


def _arrow(stream: Stream, start: int, end: int) -> Token | None:
    text = stream.flat
    name = start + 2 + text.startswith(" ", start + 2)
    if not text.startswith("(", name):
        return None
    lock = lock_at(text, name, end) or cut_lock_at(text, name, min(stream.line_end(start), end))
    if lock is None:
        return None
    opens = _compiled(_OPENS).match(text, lock.end, end)
    stop = opens.end() if opens else lock.end
    return Token(Word.OWN, start, stop, (Own.ARROW, opens[1] or "" if opens else "", "{" if opens else ""), lock)
