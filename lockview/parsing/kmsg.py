r"""Records of /dev/kmsg and of the extended netconsole: ``4,1234,5678901,-,caller=T1;text`` and ``\x0a`` in the text.

Source: ``info_print_ext_header`` and ``msg_add_ext_text``, kernel/printk/printk.c; ``send_fragmented_body``,
drivers/net/netconsole.c. Netconsole may put the release before the header, and cuts a record of more than 1000 bytes
into fragments that say which bytes they hold: ``ncfrag=960/1500``.
"""

from __future__ import annotations

import itertools
import re
from functools import cache
from typing import NamedTuple

from lockview.model.text import Problem, Severity, Span
from lockview.parsing.envelopes import microseconds, stamped
from lockview.parsing.mail import NumberedLine

_LONGEST_TEXT = 64 << 10
_LONGEST_GAP = 1_000_000


class _Record(NamedTuple):
    number: int
    sequence: int
    time: str
    flag: str
    caller: str
    fragment: tuple[int, int] | None
    text: str


@cache
def _header() -> re.Pattern[str]:
    return re.compile(
        r"(?:\d[\w.+~-]{2,64},)?\d{1,3},(?P<sequence>\d{1,19}),(?P<time>\d{1,19}),(?P<flag>[-c+])"
        r"(?P<fields>(?:,[\w-]{1,20}=[^,;]{0,40}){0,8});"
    )


@cache
def _escape() -> re.Pattern[str]:
    return re.compile(r"(?:\\x[0-9a-fA-F]{2}){1,4096}")


def proven(text: str) -> bool:
    """Whether a line begins with a header."""
    return re.search(r"(?m)^(?:\d[\w.+~-]{2,64},)?\d{1,3},\d{1,19},\d{1,19},[-c+][,;]", text) is not None


def take_off(lines: list[NumberedLine], notes: list[Problem]) -> list[NumberedLine]:
    """Put fragments together, join continued records, undo the escapes, and leave out the dictionary lines."""
    result: list[NumberedLine] = []
    records: list[_Record] = []
    for number, line in lines:
        record = _record(number, line)
        if record:
            records.append(record)
        elif not (records and line[:1] == " " and line[1:].partition("=")[0].isupper() and "=" in line):
            result += _printed(records, notes)
            records = []
            result.append((number, line))
    return result + _printed(records, notes)


def _record(number: int, line: str) -> _Record | None:
    match = _header().match(line) if line[:1].isdigit() else None
    if match is None:
        return None
    fields = dict(field.split("=", 1) for field in match["fields"].split(",")[1:])
    offset, _, total = fields.get("ncfrag", "").partition("/")
    fragment = (int(offset), int(total)) if offset.isdecimal() and total.isdecimal() else None
    text = line[match.end() :]
    return _Record(
        number, int(match["sequence"]), match["time"], match["flag"], fields.get("caller", ""), fragment, text
    )


def _printed(records: list[_Record], notes: list[Problem]) -> list[NumberedLine]:
    result: list[NumberedLine] = []
    records = _whole(records, notes)
    _note_gaps(records, notes)
    joined: list[_Record] = []
    for record in records:
        before = joined[-1] if joined else None
        continues = before and (record.flag == "+" or (record.flag == "c" and before.flag == "c"))
        if before and continues and len(before.text) < _LONGEST_TEXT and before.caller == record.caller:
            joined[-1] = before._replace(flag=record.flag, text=before.text + record.text)
            notes.append(
                _note("records-joined", before.number, record.number, "are one continued record; they were joined")
            )
        else:
            joined.append(record)
    for record in joined:
        text = _unescaped(record.text)
        result += [(record.number, part) for part in stamped(text, microseconds(record.time), record.caller)]
    return result


def _whole(records: list[_Record], notes: list[Problem]) -> list[_Record]:
    """The records with the fragments of each put together, in place of the first that came."""
    parts: dict[int, list[_Record]] = {}
    for record in records:
        if record.fragment:
            parts.setdefault(record.sequence, []).append(record)
    if not parts:
        return records
    result: list[_Record] = []
    for record in records:
        if not record.fragment:
            result.append(record)
        elif record.sequence in parts:
            result.append(_reassembled(parts.pop(record.sequence), notes))
    return result


def _reassembled(parts: list[_Record], notes: list[Problem]) -> _Record:
    text = b""
    missing = 0
    for part in sorted(parts, key=lambda part: part.fragment or (0, 0)):
        offset = part.fragment[0] if part.fragment else 0
        missing += max(offset - len(text) - missing, 0)
        if offset >= len(text) + missing:
            text += part.text.encode("utf-8", "surrogateescape")
    first, last = min(part.number for part in parts), max(part.number for part in parts)
    total = parts[0].fragment[1] if parts[0].fragment else 0
    notes.append(_note("fragments-joined", first, last, "are fragments of one record; they were put together"))
    if len(text) < total <= _LONGEST_GAP:
        message = f"line {first}: {total - len(text)} of {total} bytes of this record were lost on the network"
        notes.append(Problem(Severity.WARNING, "fragment-missing", message, Span(first, first)))
    return parts[0]._replace(number=first, fragment=None, text=text.decode("utf-8", "surrogateescape"))


def _note_gaps(records: list[_Record], notes: list[Problem]) -> None:
    for before, after in itertools.pairwise(records):
        gap = after.sequence - before.sequence - 1
        if 0 < gap < _LONGEST_GAP and before.number < after.number:
            message = f"lines {before.number}-{after.number}: {gap} records between them are not in this source"
            notes.append(Problem(Severity.NOTE, "records-missing", message, Span(before.number, after.number)))


def _note(code: str, first: int, last: int, what: str) -> Problem:
    return Problem(Severity.NOTE, code, f"lines {first}-{last} {what}", Span(min(first, last), max(first, last)))


def _unescaped(text: str) -> str:
    if "\\x" not in text:
        return text
    return _escape().sub(lambda run: bytes.fromhex(run[0].replace("\\x", "")).decode("utf-8", "surrogateescape"), text)
