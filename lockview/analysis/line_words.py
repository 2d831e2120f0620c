"""What the tokens in one line of a report mean: marks, wait types, suffixes, contexts, counters, usage states.

This looks at the text as it stands, so it also serves lines that the model does not keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from lockview.analysis.preemption import preempt_words
from lockview.analysis.states import decode_state, interrupt_words
from lockview.analysis.usage import decode_usage, decode_wait_types, has_raw_nesting
from lockview.analysis.wording import listed
from lockview.model.locks import WaitTypes
from lockview.model.reports import Report

_LONGEST = 2000
"""So many characters of a line are looked at."""
_MOST = 16
"""So many sentences are said of a line."""


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


def line_words(line: str, report: Report) -> tuple[str, ...]:
    """One sentence for each token that has a meaning of its own, in the order of the line; () for most lines."""
    line = line[:_LONGEST]
    said = [
        *_usage(line, report),
        *_context(line, report),
        *_interrupts(line),
        *_counters(line),
        *_events(line),
        *_states(line),
    ]
    return tuple(dict.fromkeys(said))[:_MOST]


def _usage(line: str, report: Report) -> Iterator[str]:
    for match in _pattern(r"\{([.+?-]{4,8})\}(?:-\{(\d{1,2}):(\d{1,2})\})?").finditer(line):
        suffix = _pattern(r"(?:#(\d{1,6}))?(?:/([1-7]))?\)?$").search(line[max(0, match.start() - 12) : match.start()])
        if suffix and suffix[1]:
            yield f"#{suffix[1]}: number {suffix[1]} of the classes with this name in this boot"
        if suffix and suffix[2]:
            yield f"/{suffix[2]}: subclass {suffix[2]}, a lock taken while one of the same class is held"
        yield from decode_usage(match[1], report.title, report.kernel)
        if match[2]:
            yield from decode_wait_types(WaitTypes(int(match[2]), int(match[3])), has_raw_nesting(report))


def _context(line: str, report: Report) -> Iterator[str]:
    match = _pattern(r"\bcontext-\{(\d{1,2}):(\d{1,2})\}").search(line)
    if match is None:
        return
    from lockview.analysis.graph_tasks import context_name
    from lockview.model.held_reports import WaitContextReport

    name = context_name(report) if isinstance(report, WaitContextReport) else "context"
    yield f"context {match[1]}:{match[2]}: the {name}, in which locks of a wait type up to {match[2]} may be taken"


def _interrupts(line: str) -> Iterator[str]:
    match = _pattern(r"\[HC(\d)\[(\d{1,10})\]:SC(\d)\[(\d{1,10})\]:HE(\d):SE(\d)\]").search(line)
    if match is None:
        return
    for word, inside, depth in (("hard", match[1], match[2]), ("soft", match[3], match[4])):
        token = f"{word[0].upper()}C{inside}[{depth}]"
        yield f"{token}: {'inside' if inside != '0' else 'not inside'} a {word} interrupt (count {depth})"
    for word, enabled in (("hard", match[5]), ("soft", match[6])):
        yield f"{word[0].upper()}E{enabled}: {word} interrupts are {'enabled' if enabled != '0' else 'off'}"


def _counters(line: str) -> Iterator[str]:
    printed = (
        r"\bpreempt_count: ?(?:0x)?([0-9a-f]{1,8})\b",
        r"\bscheduling while atomic: .{1,40}/((?:0x)?[0-9a-f]{8})\b",
        r"\bpreempt=(0x[0-9a-f]{8})\b",
        r"\bleaked lock or atomic: .{1,40}/((?:0x)[0-9a-f]{8})/",
    )
    for pattern in printed:
        match = _pattern(pattern).search(line)
        if match:
            words = preempt_words(match[1])
            yield f"preempt_count {match[1]}: {listed(words) if words else 'no field of it is set'}"
    depth = _pattern(r"\bRCU nest depth: ?(\d{1,6}), expected: ?(\d{1,6})").search(line)
    if depth:
        where = "inside" if depth[1] != "0" else "not inside"
        yield f"RCU nest depth {depth[1]}: {where} rcu_read_lock; the code expects {depth[2]}"


def _events(line: str) -> Iterator[str]:
    stamp = _pattern(r"\birq event stamp: ?(\d{1,20})").search(line)
    if stamp:
        yield f"irq event stamp: this task has switched interrupts on or off {stamp[1]} times so far"
    event = _pattern(r"\b(?:hard|soft)irqs last +(?:enabled|disabled) at \((\d{1,20})\)").search(line)
    if event:
        yield f"({event[1]}): the number of that switch; of two switches the one with the larger number came later"


def _states(line: str) -> Iterator[str]:
    state = (
        r"(?<![\w-])(?:(?:IN-)?(?:HARDIRQ|SOFTIRQ|RECLAIM_FS|NMI)(?:-ON)?-[RW]|IN-NMI|INITIAL (?:READ )?USE)(?![\w-])"
    )
    for match in _pattern(rf"{state}|(?<![\w-])(?:in-)?(?:hard|soft)irq(?:-on)?-[RW](?![\w-])").finditer(line):
        words = decode_state(match[0])
        if words:
            yield f"{match[0]}: {words}"
    word = r"((?:hard|soft|HARDIRQ|SOFTIRQ|RECLAIM_FS)(?:-irq)?(?:-(?:READ|read))?)-(irq-)?(safe|unsafe)"
    for match in _pattern(rf"(?<![\w-]){word}(?![\w-])").finditer(line):
        irq = interrupt_words(match[1].removesuffix("-irq"))
        meaning = f"taken inside {irq}" if match[3] == "safe" else f"taken with {irq} enabled"
        if "reclaim" in irq and match[3] == "unsafe":
            meaning = f"held where {irq} may start"
        yield f"{match[0]}: {meaning}"
