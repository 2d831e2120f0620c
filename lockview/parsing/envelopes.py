"""What is wrapped around many lines at once: records of the journal, JSON, kmsg and netconsole, dumps in parts, HTML.

Each envelope is one module with two functions: a cheap proof over the raw text, and the taking off. What comes out is
lines as ``dmesg`` prints them, each with the number of the raw line it was made from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lockview.model.text import Problem
from lockview.parsing.mail import NumberedLine

TakeOff = Callable[[list[NumberedLine], list[Problem]], list[NumberedLine]]


class Envelope(NamedTuple):
    """Its name in the user's words, the literals of which one must stand in the text, and the module that knows it.

    ``signs`` are groups: one literal of every group must be there. The module has ``proven(text)`` for what literals
    cannot say, and ``take_off(lines, notes)``; it is imported only when the literals are there.
    """

    name: str
    signs: tuple[tuple[str, ...], ...]
    module: str


ENVELOPES = (
    Envelope("HTML tags", (("<pre", "<PRE", "<br", "<BR", "</"), (">",)), "markup"),
    Envelope("JSON records", (('"MESSAGE"', '"msg"', '"message"', '"log"'), ("{",)), "json_records"),
    Envelope("journal export records", (("\nMESSAGE",), ("__REALTIME_TIMESTAMP=",)), "journal_export"),
    Envelope("kmsg headers", ((",-;", ",-,", ",c;", ",c,", ",+;", ",+,"),), "kmsg"),
    Envelope("dump parts", (("Panic#", "Oops#", "Emergency#", "Shutdown#", "Unknown#"), (" Part",)), "dump_parts"),
    Envelope("spelt-out line ends", (("\\n",),), "escaped_lines"),
)


def opened(text: str, lines: list[NumberedLine], used: set[str], notes: list[Problem]) -> list[NumberedLine]:
    """Take the envelopes off the lines of ``text``; their names go to ``used`` and repairs to ``notes``."""
    for name, signs, module in ENVELOPES:
        if all(any(sign in text for sign in group) for group in signs):
            from importlib import import_module

            envelope = import_module(f"lockview.parsing.{module}")
            if envelope.proven(text):
                used.add(name)
                lines = envelope.take_off(lines, notes)
    return lines


def needs_all(data: bytes) -> bool:
    """Whether no part of a source can be read alone: its parts stand in another order, or its words are in pieces."""
    return (b" Part1\n" in data and b"#" in data) or any(sign in data for sign in (b",+;", b"ncfrag=", b"\b"))


def stamped(message: str, seconds: str, caller: str) -> list[str]:
    """The lines of a message as the console prints them, each with its stamp and caller."""
    prefix = f"[{seconds:>12}]" if seconds else ""
    if caller:
        prefix += f"[{caller:>6}]"
    prefix += " " if prefix else ""
    return [prefix + part for part in message.rstrip("\n").split("\n")]


def microseconds(text: str) -> str:
    """A count of microseconds as the kernel's seconds; "" when it is none."""
    return f"{int(text) // 1_000_000}.{int(text) % 1_000_000:06d}" if text.isdecimal() and len(text) < 20 else ""
