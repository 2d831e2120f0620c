"""Lock events in the text of ftrace, trace-cmd and perf script.  Source: include/trace/events/lock.h."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from lockview.model.lock_events import EventStream, LockEvent, LockEventKind, LostEvents
from lockview.model.stacks import Frame, StackTrace
from lockview.model.text import Span
from lockview.parsing.dialects.held_stacks import HeldStacks

MAX_EVENTS = 100_000
"""Of a longer trace only so many events are kept; all of them count."""
_LONGEST = 1_000
_MAX_FRAMES = 200
_KINDS = {kind.value: kind for kind in LockEventKind}


class _Line(NamedTuple):
    comm: str
    pid: int
    cpu: int
    flags: str
    time: str
    event: str
    payload: str


@cache
def _ftrace() -> re.Pattern[str]:
    return re.compile(
        r"\s*(\S.{0,40})-(\d{1,10})\s{1,20}(?:\( *(?:\d{1,10}|-{1,10})\)\s{1,20})?\[(\d{1,5})\]\s{1,20}"
        r"(?:(\S{4,8})\s{1,20})?(\d{1,12}\.\d{1,9}):\s{1,60}(?:\w{1,40}:)?(\w{1,80}):(?: (.*))?$"
    )


@cache
def _perf() -> re.Pattern[str]:
    return re.compile(
        r"\s*(\S.{0,40}?)\s{1,40}(-?\d{1,10}(?:/-?\d{1,10})?)\s{1,20}\[(\d{1,5})\]\s{1,20}(?:(\S{4,8})\s{1,20})?"
        r"(\d{1,12}\.\d{1,9}):\s{1,60}(?:\d{1,20}\s{1,20})?\w{1,40}:(\w{1,80}):(?: (.*))?$"
    )


@cache
def _latency() -> re.Pattern[str]:
    """The short columns that a kernel prints when it dumps its buffer to the console: CPU and flags as one word."""
    return re.compile(
        r"\s{0,40}(\S.{0,40}?)-(\d{1,10})\s{1,20}(\d{1,4}?)([.a-zA-Z][.\w]{3,7})\s{1,20}(\d{1,15})us[ !+*@#$]?:\s{1,60}"
        r"(\w{1,80}):(?: (.*))?$"
    )


@cache
def _console() -> re.Pattern[str]:
    return re.compile(r"(?:<\d{1,3}>)?\[ {0,8}\d{1,8}\.\d{3,9}\](?:\[ {0,8}[TC]\d{1,8}\])? ?(?=\s)")


@cache
def _lost() -> re.Pattern[str]:
    return re.compile(r"\s*CPU[: ](\d{1,5})\S? \[(?:LOST )?(\d{1,12}) EVENTS(?: DROPPED)?\]")


@cache
def _payload() -> re.Pattern[str]:
    return re.compile(r"(0x[0-9a-f]{1,16}|[0-9a-f]{8,16}|\(____ptrval____\))(?: (.*))?$")


@cache
def _duration() -> re.Pattern[str]:
    return re.compile(r" \(\d{1,12}(?:\.\d{1,9})? [mun]?s\)$")


@cache
def _frame() -> re.Pattern[str]:
    return re.compile(
        r"\s{1,40}(?:=> )?(?:([0-9a-f]{1,16}) )?([^\s+(-][^\s+(]{0,299})(?:\+0x([0-9a-f]{1,8}))?(?: \((.{1,300})\))?$"
    )


def _parsed(text: str) -> _Line | None:
    text = _bare(text)
    match = _latency().match(text) if "us" in text else None
    if match is not None:
        comm, pid, cpu, flags, microseconds, event, payload = match.groups()
        time = f"{microseconds[:-6] or '0'}.{microseconds[-6:]:0>6}"
        return _Line(comm, int(pid), int(cpu), flags, time, event, (payload or "").strip())
    match = _ftrace().match(text)
    if match is None:
        match = _perf().match(text) if ":" in text else None
        if match is None:
            return None
    comm, pid, cpu, flags, time, event, payload = match.groups()
    return _Line(comm, int(pid.rpartition("/")[2]), int(cpu), flags or "", time, event, (payload or "").strip())


def _bare(text: str) -> str:
    """The line without the time stamp of a console."""
    stamp = _console().match(text) if text.startswith(("[", "<")) else None
    return text[stamp.end() :] if stamp else text


def starts(line: str) -> bool:
    """Whether a line is a lock event of a trace."""
    found = _parsed(line[:_LONGEST])
    return found is not None and found.event in _KINDS


class TraceReader:
    """Reads events; keeps for each task what it holds, and counts the orders that it saw."""

    def __init__(self) -> None:
        self._events: list[LockEvent] = []
        self._frames: list[Frame] = []
        self._held = HeldStacks()
        self._count = self._lost = 0
        self._gaps: list[LostEvents] = []
        self._first = self._last = 0

    def take(self, text: str, number: int) -> bool:
        """An event, a frame of one, a gap, a comment or a blank line; events of other sorts are passed over."""
        text = text[:_LONGEST]
        found = _parsed(text)
        if found is not None:
            self._finish_stack()
            kind = _KINDS.get(found.event)
            if kind is not None:
                self._event(kind, found, number)
            self._last = number
            return True
        if match := _lost().match(text):
            self._lost += int(match[2])
            if len(self._gaps) < MAX_EVENTS:
                self._gaps.append(LostEvents(self._count, int(match[1]), int(match[2])))
            self._held.lost(int(match[1]))
            self._last = number
            return True
        text = _bare(text)
        if not text.strip() or text.startswith("#"):
            return True
        if text[0].isspace() and (match := _frame().match(text)):
            self._add_frame(match, number)
            return True
        return False

    def _event(self, kind: LockEventKind, found: _Line, number: int) -> None:
        event = _event(kind, found, self._held.task(found.comm, found.pid, found.cpu), number)
        self._held.take(event, _level(found.flags))
        self._first = self._first or number
        self._count += 1
        if len(self._events) < MAX_EVENTS:
            self._events.append(event)

    def _add_frame(self, match: re.Match[str], number: int) -> None:
        if len(self._frames) < _MAX_FRAMES and 0 < self._count == len(self._events):
            address, function, offset, module = match.groups()
            self._frames.append(
                Frame(
                    function,
                    int(offset, 16) if offset else None,
                    module=module or "",
                    address=address or "",
                    span=Span(number, number),
                )
            )
            self._last = number

    def _finish_stack(self) -> None:
        if self._frames:
            from dataclasses import replace

            span = self._frames[0].span.joined(self._frames[-1].span)
            self._events[-1] = replace(self._events[-1], stack=StackTrace(tuple(self._frames), span))
            self._frames = []

    def value(self) -> EventStream | None:
        """The events and what follows from them; None without any."""
        self._finish_stack()
        if not self._count:
            return None
        return EventStream(
            self._held.tasks(),
            tuple(self._events),
            self._held.orders(),
            self._count,
            self._lost,
            tuple(self._gaps),
            Span(self._first, self._last),
        )


def _level(flags: str) -> int:
    """How deep in interrupts an event was: 0 in a task, 1 in a softirq, 2 in a hardirq, 3 in an NMI."""
    return {"s": 1, "h": 2, "H": 2, "z": 3, "Z": 3}.get(flags[2:3], 0)


def _event(kind: LockEventKind, found: _Line, task: int, number: int) -> LockEvent:
    payload = found.payload
    match = _payload().match(payload)
    pointer, rest = (match[1], match[2] or "") if match else ("", payload)
    if kind in (LockEventKind.CONTENTION_BEGIN, LockEventKind.CONTENTION_END):
        detail = rest.strip("()").removeprefix("flags=").removeprefix("ret=")
        return LockEvent(kind, task, found.cpu, found.time, pointer, detail=detail, flags=found.flags, line=number)
    trylock = shared = False
    if kind is LockEventKind.ACQUIRE:
        trylock = rest.startswith("try ") and len(rest) > len("try ")
        rest = rest.removeprefix("try ") if trylock else rest
        shared = rest.startswith("read ") and len(rest) > len("read ")
        rest = rest.removeprefix("read ") if shared else rest
    elif rest.endswith("s)"):
        rest = _duration().sub("", rest)
    return LockEvent(kind, task, found.cpu, found.time, pointer, rest, trylock, shared, flags=found.flags, line=number)
