"""Records in JSON: ``journalctl -o json``, ``json-seq`` and ``json-pretty``, ``dmesg --json``, container and CI logs.

A record on one line is read as JSON. One that is spread over lines is read by its ``"key": value`` lines, so that a
record which was cut costs nobody but itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from lockview.model.text import Problem, Severity, Span
from lockview.parsing.envelopes import microseconds, stamped
from lockview.parsing.mail import NumberedLine

_MESSAGE_KEYS = ("MESSAGE", "msg", "message", "log")
_LONGEST = 1 << 20


class _Record(NamedTuple):
    """A message with its raw line; ``order`` is the journal's own order, -1 when it says none."""

    number: int
    lines: list[str]
    order: int


@cache
def _bound() -> re.Pattern[str]:
    return re.compile(r"[\s,\[\]{}]{1,80}$")


def proven(text: str) -> bool:
    """Whether a line begins as a record does."""
    return re.search(r'(?m)^[\x1e\s,\[-]{0,8}\{\s*(?:"|$)', text) is not None


def take_off(lines: list[NumberedLine], notes: list[Problem]) -> list[NumberedLine]:
    """Give the messages of the records; lines that are none of a record stay."""
    result: list[NumberedLine] = []
    records: list[_Record] = []
    fields: dict[str, Any] = {}
    at = 0
    for number, line in lines:
        whole = _whole_record(line)
        member = None if whole else _member(line)
        if member and (fields or line[:1] in " \t{"):
            at = number if member[0] in _MESSAGE_KEYS or not fields else at
            fields[member[0]] = member[1]
            continue
        if whole or _bound().match(line):
            records += _records(fields, at, notes)
            records += _records(whole or {}, number, notes)
        elif line or not records:
            result += _in_order(records, notes)
            records = []
            result.append((number, line))
        fields = {}
    records += _records(fields, at, notes)
    return result + _in_order(records, notes)


def _member(line: str) -> tuple[str, Any] | None:
    """The key and the value of a line that holds one member of a record."""
    key, colon, value = line.strip(" \t,{[\r").partition(":")
    key = key.rstrip()
    if not colon or len(key) > 66 or len(line) > _LONGEST or not (key.startswith('"') and key.endswith('"')):
        return None
    return key.strip('"'), _value(value)


def _whole_record(line: str) -> dict[str, Any] | None:
    start = line.find("{", 0, 12)
    if start < 0 or line[:start].strip("\x1e \t-,[") or len(line) > _LONGEST:
        return None
    value = _value(line[start:].rstrip().rstrip(",]") if line.rstrip().endswith((",", "]")) else line[start:])
    return value if isinstance(value, dict) and any(key in value for key in _MESSAGE_KEYS) else None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _records(fields: dict[str, Any], number: int, notes: list[Problem]) -> Iterator[_Record]:
    key = next((key for key in _MESSAGE_KEYS if key in fields), None)
    if key is None:
        return
    message = _text(fields[key])
    if message is None:
        note = f"line {number}: the message of this record was too large for the journal or is damaged; it is missing"
        notes.append(Problem(Severity.WARNING, "message-missing", note, Span(number, number)))
        return
    time = fields.get("_SOURCE_MONOTONIC_TIMESTAMP") or fields.get("__MONOTONIC_TIMESTAMP")
    seconds = microseconds(str(time)) if time else _seconds(fields.get("time"))
    caller = fields.get("caller")
    order = str(fields.get("__SEQNUM") or fields.get("__MONOTONIC_TIMESTAMP") or "")
    yield _Record(
        number,
        stamped(message, seconds, caller if isinstance(caller, str) and len(caller) < 12 else ""),
        int(order) if order.isdecimal() and len(order) < 20 else -1,
    )


def _text(value: Any) -> str | None:
    """A message: text, or an array of byte values where it is not valid UTF-8."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(code, int) and 0 <= code < 256 for code in value):
        return bytes(value).decode("utf-8", "surrogateescape")
    return None


def _seconds(value: Any) -> str:
    return f"{value:.6f}" if isinstance(value, float | int) and 0 <= value < 1e10 else ""


def _in_order(records: list[_Record], notes: list[Problem]) -> list[NumberedLine]:
    """The lines of neighbouring records in the order in which they happened."""
    orders = [record.order for record in records if record.order >= 0]
    if len(orders) == len(records) and orders != sorted(orders):
        numbers = [record.number for record in records]
        span = Span(min(numbers), max(numbers))
        records = sorted(records, key=lambda record: record.order)
        message = f"lines {span.first}-{span.last}: the records stood in another order and were sorted by their own"
        notes.append(Problem(Severity.NOTE, "records-sorted", message, span))
    return [(record.number, line) for record in records for line in record.lines]
