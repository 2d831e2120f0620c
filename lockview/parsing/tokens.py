"""The words of lock reports: cuts the running text into tokens that every report family shares.

A token may begin at a line's start or right behind another token; so a report that was squeezed into a paragraph reads
like one that was not, and a token that was wrapped over two lines like one that was not. Text that is no token is
passed over line by line and reported as ``OTHER``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from lockview.model.stacks import Frame
from lockview.parsing.frames import followed_frame, frame_at
from lockview.parsing.lines import Stream
from lockview.parsing.locks import LockText, cut_lock_at, lock_at


class Word(StrEnum):
    """What a token is."""

    WANTS = "wants"
    HOLDING = "holding"
    CROSSLOCK = "crosslock"
    DEPENDS = "depends"
    CHAIN_HEAD = "chain-head"
    ENTRY = "entry"
    LOCK = "lock"
    HELD_HEAD = "held-head"
    HELD_ENTRY = "held-entry"
    OTHER_INFO = "other-info"
    CHAIN_EXISTS = "chain-exists"
    SCENARIO = "scenario"
    COLUMNS = "columns"
    OPERATION = "operation"
    DEADLOCK = "deadlock"
    BACKTRACE = "backtrace"
    IDENT = "ident"
    CPU = "cpu"
    HARDWARE = "hardware"
    WORKQUEUE = "workqueue"
    CALL_TRACE = "call-trace"
    FRAME = "frame"
    PART = "part"
    REGISTERS = "registers"
    FENCE = "fence"
    LOCKDEP_OFF = "lockdep-off"
    DETAIL = "detail"
    DROPPED = "dropped"
    OWN = "own"
    """A word that only one family knows; the first of its groups tells which."""
    FOREIGN = "foreign"
    END = "end"
    OTHER = "other"


class Token(NamedTuple):
    """A token and the stretch of the stream it covers.

    ``groups`` are the parts of its pattern, "" for those that are absent: the index of an entry, count, comm and pid
    of a held list, the text behind ``Hardware name:``. ``lock`` and ``frame`` are set where the word has one.
    """

    word: Word
    start: int
    end: int
    groups: tuple[str, ...] = ()
    lock: LockText | None = None
    frame: Frame | None = None


OwnWords = Callable[[Stream, int, int], Token | None]
"""Reads a word of one family at an offset of a stretch that ends at the last number; None when there is none."""

_PHRASES: dict[str, tuple[tuple[str, Word], ...]] = {
    "but": (
        ("but task is already holding lock:", Word.HOLDING),
        ("but task is already holding:", Word.HOLDING),
        ("but now in release context of a crosslock acquired at the following:", Word.CROSSLOCK),
    ),
    "which": (("which lock already depends on the new lock.", Word.DEPENDS),),
    "the": (("the existing dependency chain (in reverse order) is:", Word.CHAIN_HEAD),),
    "other": (("other info that might help us debug this:", Word.OTHER_INFO),),
    "Chain": (("Chain exists of:", Word.CHAIN_EXISTS),),
    "Possible": (
        ("Possible unsafe locking scenario by crosslock:", Word.SCENARIO),
        ("Possible unsafe locking scenario:", Word.SCENARIO),
    ),
    "CPU0": (("CPU0 CPU1", Word.COLUMNS), ("CPU0", Word.COLUMNS)),
    "----": (("---- ----", Word.COLUMNS), ("----", Word.FENCE)),
    "***": (("*** DEADLOCK ***", Word.DEADLOCK),),
    "stack": (("stack backtrace:", Word.BACKTRACE),),
    "Call": (("Call Trace:", Word.CALL_TRACE), ("Call trace:", Word.CALL_TRACE)),
    "Backtrace:": (("Backtrace:", Word.CALL_TRACE),),
    "INFO:": (("INFO: lockdep is turned off.", Word.LOCKDEP_OFF),),
    "------------[": (("------------[ cut here ]", Word.FOREIGN),),
    "---[": (("---[ end trace", Word.END),),
}
_WHOLE_LINE = {
    "Hardware": Word.HARDWARE,
    "Workqueue:": Word.WORKQUEUE,
    "BUG:": Word.FOREIGN,
    "WARNING:": Word.FOREIGN,
    "INFO:": Word.FOREIGN,
    "Oops:": Word.FOREIGN,
    "Kernel": Word.FOREIGN,
    "kernel": Word.FOREIGN,
    "general": Word.FOREIGN,
    "Code:": Word.REGISTERS,
    "Tainted:": Word.DETAIL,
    "Modules": Word.DETAIL,
    "Stopper:": Word.DETAIL,
    "**": Word.DROPPED,
}
_FIRST_WORDS = {
    "Hardware": "Hardware name:",
    "Kernel": "Kernel panic",
    "kernel": "kernel BUG at",
    "general": "general protection fault",
    "Modules": "Modules linked in",
}
_LONG_LINE = 100
_LONGEST_COMM = 15
"""TASK_COMM_LEN, include/linux/sched.h, without the NUL."""
_FAR = 16 << 10
_BROKEN = 16
_MOST_BROKEN = 4
"""Over so many lines a wrap may spread the name of the hardware."""
_AFTER_CHAIN = (
    "Possible unsafe",
    "Possible interrupt",
    "*** DEADLOCK",
    "CPU0 CPU1",
    " lock(",
    "locks held by",
    "lock held by",
)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


_ENTRY = r"-> ?# ?(\d{1,5}):? ?(?=\()"
_CUT_ENTRY = r"-> ?# ?(\d{1,5})(?= |$)"
# Mail programs take a "#" at a line's start for a comment and drop it.
_HELD_ENTRY = r"#? ?(\d{1,3}): ?(?=[0-9a-f(<])"
_HELD_HEAD = r"(?:(no)|(\d{1,4})) locks? held by (.{1,64}?)/(\d{1,10})(?:[.:](?= |$)|(?= #0:))"
_WANTS = r"((?:(?!-----|ainted| #\d).){1,64}?)/(\d{1,10}) is trying to acquire lock:"
"""A fence and the release above it are no part of the task's name."""
_OPERATION = r"(r?lock|sync|unlock) ?\((.{1,400}?)\) ?;|(local_irq_disable)\(\);|(<Interrupt>)"
_PART = r"<(/?)<?(TASK|IRQ|SOFTIRQ|NMI|EOI|EOE|#DF|#MC|#DB|ENTRY_TRAMPOLINE|SYSENTER|UNKNOWN)>?>"
_CPU = (
    r"(?:CPU: (\d{1,5}) (?:UID: \d{1,10} )?PID|Pid): (\d{1,10}),? [Cc]omm: "
    r"((?:(?! CPU: \d).){1,64}?)(?: CPU: \d{1,5})? (?:Kdump: loaded )?"
    r"(Not tainted|Tainted:(?: (?:[A-Z]{1,12}|-{1,12})(?![\w:.#-]))*)?"
    r"(?: ?\(| )(\d[\w.+~-]{0,120})(?: (#[^\s)]{1,40}))?\)?"
)
_CUT_CPU = r"(?:CPU: (\d{1,5}) (?:UID: \d{1,10} )?PID|Pid): (\d{1,10}),? [Cc]omm: (\S{1,64})()()()"
_IDENT = (
    r"\d{1,2}\.\d{1,3}[\w.+~-]{0,120} (?:#\S{1,40} )?"
    r"(?:Not tainted|Tainted:(?: (?:[A-Z]{1,12}|-{1,12})(?![\w:.#-]))*)(?= |$)"
)
_DMI = r"Hardware name: (.{1,200}?,? BIOS .{1,60}? \d\d/\d\d/\d{4})(?= |$)"
"""What dmi_format_ids makes: maker, product and board may be any words, release and date of the BIOS end it."""
_REGISTERS = r"(?:[A-Z][A-Z0-9_]{1,11}|[a-z]{1,4}\d{0,2} ?): ?"
_RIP = r"(?:RIP|EIP|NIP|PC|pc) ?: (?:[0-9a-f]{4}:)?"
_CUT_POINT = (
    r"(?<= )(?:[-=]{5,80} |\S{1,64}/\d{1,10} (?:is (?:trying|freeing|leaving|exiting)|\[HC\d|just changed) "
    r"|-> ?[#(]|#\d{1,3}: |r?lock\(|sync\(|unlock\("
    r"|but task |which lock |the existing |other info |Chain exists|Possible unsafe|CPU0 |\*\*\* DEAD|stack backtrace"
    r"|Hardware name: |Workqueue: |Preemption disabled at:|irq event stamp: "
    r"|Call [Tt]race:|CPU: \d|(?:\d{1,3}|no) locks? held by "
    r"|(?:\[<[0-9a-f]{8,16}>\] )?(?:\? )?[^\s+\[\](){}]{1,250}\+0x[0-9a-f]{1,8}/0x)"
)


def tokens(stream: Stream, start: int, end: int, own: OwnWords | None = None) -> Iterator[Token]:
    """Cut a stretch of the stream into tokens, in order and without overlap; ``own`` words go before all others."""
    text = stream.flat
    position = start
    match_frame = followed_frame().match
    while position < end:
        if text[position] == " ":
            position += 1
            continue
        token = own and own(stream, position, end)
        if token is None:
            match = match_frame(text, position, end)
            token = _followed(stream, match) if match else _token_at(stream, position, end)
        token = token or _other(stream, position, end)
        yield token
        position = token.end


def _followed(stream: Stream, match: re.Match[str]) -> Token:
    """The frame that ``followed_frame`` found."""
    function, offset, size = match.groups()
    start, stop = match.span()
    frame = Frame(function, int(offset, 16), int(size, 16), span=stream.span(start, stop))
    return Token(Word.FRAME, start, stop, (), None, frame)


def _other(stream: Stream, start: int, end: int) -> Token:
    """Pass over text that is no token: to the next line, or in a very long line to the next likely token."""
    return Token(Word.OTHER, start, max(_rest_of_line(stream, start, end), start + 1))


def _rest_of_line(stream: Stream, start: int, end: int, at_least: int = _LONG_LINE) -> int:
    """Where the line ends that holds ``start``, or, in a long one, where the next likely token begins."""
    line_end = min(stream.line_end(start), end, start + _FAR)
    if line_end - start > at_least:
        # The words that tell where it begins may be broken over the line's end.
        match = _compiled(_CUT_POINT).search(stream.flat, start + 1, min(line_end + _BROKEN, end))
        if match and match.start() < line_end:
            return match.start()
    return line_end


def _token_at(stream: Stream, start: int, end: int) -> Token | None:
    text = stream.flat
    first = text[start]
    if first.isalpha() or first in "*_.$":
        return _wordy(stream, start, end)
    if first in "-=":
        return _dashes(stream, start, end)
    if first == "#":
        return _held_entry(stream, start, end)
    if first == "<":
        return _tag(text, start, end) or _frame(stream, start, end) or _wants(stream, start, end)
    if first.isdigit():
        return _digit(stream, start, end)
    if first == "(":
        if text.startswith("(inlined by) ", start):
            # What faddr2line says about the frame above, on lines of its own, is no lock.
            return Token(Word.OTHER, start, min(stream.line_end(start), end))
        return _lock(text, start, end) or _wants(stream, start, end) or _frame(stream, start, end)
    return _frame(stream, start, end) or _wants(stream, start, end)


def _digit(stream: Stream, start: int, end: int) -> Token | None:
    text = stream.flat
    return (
        _held_head(text, start, end)
        or _pattern(Word.IDENT, _IDENT, text, start, end)
        or _lock(text, start, end)
        or (_held_entry(stream, start, end) if text.startswith(": ", start + 1) else None)
        or _frame(stream, start, end)
        or _wants(stream, start, end)
    )


def _wordy(stream: Stream, start: int, end: int) -> Token | None:
    """What begins with a letter: a fixed phrase, a frame, an address before a lock, or a task."""
    text = stream.flat
    blank = text.find(" ", start, end)
    word = text[start : blank if blank >= 0 else end]
    for phrase, meaning in _PHRASES.get(word, ()):
        if text.startswith(phrase, start):
            stop = start + len(phrase)
            return (
                _chain_exists(stream, start, stop, end) if meaning is Word.CHAIN_EXISTS else Token(meaning, start, stop)
            )
    return _frame(stream, start, end) or _by_word(stream, word, start, end) or _wants(stream, start, end)


def _by_word(stream: Stream, word: str, start: int, end: int) -> Token | None:
    text = stream.flat
    if word in {"CPU:", "Pid:"}:
        return _cpu(stream, start, end)
    if word.startswith(("lock", "rlock", "sync", "unlock", "local_irq")):
        return _pattern(Word.OPERATION, _OPERATION, text, start, end)
    if word == "no":
        return _held_head(text, start, end)
    meaning = _WHOLE_LINE.get(word)
    if meaning and text.startswith(_FIRST_WORDS.get(word, word), start):
        stop = min(stream.line_end(start), end)
        if meaning in (Word.HARDWARE, Word.WORKQUEUE, Word.DETAIL):
            stop = _rest_of_line(stream, start + len(_FIRST_WORDS.get(word, word)) - 1, end, 0)
        if meaning is Word.HARDWARE:
            stop = _end_of_hardware(stream, start, stop, end)
        return Token(meaning, start, stop, (text[start + len(_FIRST_WORDS.get(word, word)) : stop].strip(),))
    if word.endswith(":") and len(word) < 13:
        return _registers(stream, start, end)
    return _lock(text, start, end)


def _cpu(stream: Stream, start: int, end: int) -> Token | None:
    """The head line of a backtrace; what else stands in its line (``PREEMPT(full)``) belongs to it."""
    text = stream.flat
    token = _pattern(Word.CPU, _CPU, text, start, end) or _pattern(Word.CPU, _CUT_CPU, text, start, end)
    if token is None:
        return None
    return token._replace(end=_rest_of_line(stream, token.end - 1, end, 0))


def _end_of_hardware(stream: Stream, start: int, stop: int, end: int) -> int:
    """Where the name of the hardware ends: a wrap may have put its end on another line, which has no stamp then."""
    match = _compiled(_DMI).match(stream.flat, start, min(end, start + 300))
    if match is None or match.end() <= stop:
        return stop
    behind = stream.lines[stream.index(start) + 1 : stream.index(match.end() - 1) + 1]
    if len(behind) > _MOST_BROKEN or any(line.time for line in behind) or "Call " in match[0]:
        return stop
    return match.end()


def _chain_exists(stream: Stream, start: int, names: int, end: int) -> Token:
    """The phrase and the names behind it, which a long line or a wrap may spread over several lines."""
    text = stream.flat
    stops = [text.find(word, names, min(end, names + 1500)) for word in _AFTER_CHAIN]
    found = [stop for stop in stops if stop >= 0]
    stop = min(found) if found else min(stream.line_end(min(names + 1, end - 1)), end)
    return Token(Word.CHAIN_EXISTS, start, max(stop, names), (text[names:stop].strip(),))


def _registers(stream: Stream, start: int, end: int) -> Token | None:
    """A register dump line; the one of the instruction pointer names the function that was interrupted."""
    text = stream.flat
    match = _compiled(_REGISTERS).match(text, start, end)
    if match is None:
        return None
    line_end = min(stream.line_end(start), end)
    rip = _compiled(_RIP).match(text, start, line_end)
    read = frame_at(stream, rip.end(), end) if rip else None
    if read:
        return Token(Word.REGISTERS, start, read.end, frame=read.frame)
    return Token(Word.REGISTERS, start, line_end)


def _dashes(stream: Stream, start: int, end: int) -> Token | None:
    text = stream.flat
    if text.startswith("->", start):
        match = _compiled(_ENTRY).match(text, start, end)
        if match:
            lock = lock_at(text, match.end(), end) or cut_lock_at(text, match.end(), min(stream.line_end(start), end))
            return Token(Word.ENTRY, start, lock.end if lock else match.end(), (match[1],), lock)
        return _pattern(Word.ENTRY, _CUT_ENTRY, text, start, end)
    blank = text.find(" ", start, end)
    word = text[start : blank if blank >= 0 else end]
    for phrase, meaning in _PHRASES.get(word, ()):
        if text.startswith(phrase, start):
            return Token(meaning, start, start + len(phrase))
    return Token(Word.FENCE, start, start + len(word)) if len(word) > 2 and not word.strip("-=") else None


def _held_entry(stream: Stream, start: int, end: int) -> Token | None:
    text = stream.flat
    match = _compiled(_HELD_ENTRY).match(text, start, end)
    if match is None:
        return None
    if text.startswith("<RELEASED>", match.end()):
        return Token(Word.HELD_ENTRY, start, match.end() + len("<RELEASED>"), (match[1],))
    lock = lock_at(text, match.end(), end) or cut_lock_at(text, match.end(), min(stream.line_end(start), end))
    return Token(Word.HELD_ENTRY, start, lock.end, (match[1],), lock) if lock else None


def _tag(text: str, start: int, end: int) -> Token | None:
    if text.startswith("<Interrupt>", start):
        return _pattern(Word.OPERATION, _OPERATION, text, start, end)
    return _pattern(Word.PART, _PART, text, start, end)


def _held_head(text: str, start: int, end: int) -> Token | None:
    if " held by " not in text[start : start + 24]:
        return None
    return _pattern(Word.HELD_HEAD, _HELD_HEAD, text, start, end)


def _wants(stream: Stream, start: int, end: int) -> Token | None:
    if " is trying to acquire lock:" not in stream.flat[start : start + 110]:
        return None
    token = _pattern(Word.WANTS, _WANTS, stream.flat, start, end)
    return None if token and spreads(stream, start, token.groups[0]) else token


def spreads(stream: Stream, start: int, comm: str) -> bool:
    """Whether a supposed name of a task is longer than names are and reaches over lines: it is one line too many."""
    return len(comm) > _LONGEST_COMM and stream.broken(start, start + len(comm))


def _lock(text: str, start: int, end: int) -> Token | None:
    lock = lock_at(text, start, end)
    return Token(Word.LOCK, start, lock.end, lock=lock) if lock else None


def _frame(stream: Stream, start: int, end: int) -> Token | None:
    read = frame_at(stream, start, end)
    return Token(Word.FRAME, start, read.end, (), None, read.frame) if read else None


def _pattern(word: Word, pattern: str, text: str, start: int, end: int) -> Token | None:
    match = _compiled(pattern).match(text, start, end)
    return Token(word, start, match.end(), tuple(group or "" for group in match.groups())) if match else None
