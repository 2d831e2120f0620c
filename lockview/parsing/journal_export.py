"""The export format of the journal: ``KEY=value`` lines, and values with line breaks behind a length of eight bytes."""

from __future__ import annotations

from lockview.model.text import Problem
from lockview.parsing.envelopes import microseconds, stamped
from lockview.parsing.mail import NumberedLine

_LENGTH = 8
_LONGEST = 1 << 20


def proven(text: str) -> bool:
    """Whether messages stand in the text as fields."""
    return "\nMESSAGE=" in text or "\nMESSAGE\n" in text


def take_off(lines: list[NumberedLine], notes: list[Problem]) -> list[NumberedLine]:  # noqa: ARG001 - an envelope
    """Give the messages of the records."""
    result: list[NumberedLine] = []
    message: NumberedLine | None = None
    time = ""
    index = 0
    while index <= len(lines):
        number, line = lines[index] if index < len(lines) else (0, "")
        index += 1
        key, equals, value = line.partition("=")
        if not line:
            if message:
                result += [(message[0], part) for part in stamped(message[1], microseconds(time), "")]
            message, time = None, ""
        elif key == "MESSAGE" and equals:
            message = (number, value)
        elif key == "MESSAGE":
            value, index = _binary(lines, index)
            message = (number, value)
        elif key in ("_SOURCE_MONOTONIC_TIMESTAMP", "__MONOTONIC_TIMESTAMP"):
            time = value if key.startswith("_S") or not time else time
        elif not equals and not key.isupper():
            result.append((number, line))
    return result


def _binary(lines: list[NumberedLine], index: int) -> tuple[str, int]:
    """The value whose length begins at a line, and the index of the line behind it. Its length may hold a newline."""
    data = b""
    while index < len(lines):
        data += lines[index][1].encode("utf-8", "surrogateescape") + b"\n"
        index += 1
        length = int.from_bytes(data[:_LENGTH], "little")
        if len(data) > _LENGTH and (len(data) > _LENGTH + length or length > _LONGEST):
            break
    value = data[_LENGTH : _LENGTH + min(int.from_bytes(data[:_LENGTH], "little"), _LONGEST)]
    return value.decode("utf-8", "surrogateescape"), index
