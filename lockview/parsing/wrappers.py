"""Raw text to log lines: takes the wrappers off, one small rule after the other, in a fixed order.

Rules that could do harm work only where the text proves them. Every line keeps the number of its raw line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from lockview.model.text import Problem, Severity, Span
from lockview.parsing.envelopes import opened
from lockview.parsing.folded_lines import unfolded
from lockview.parsing.lines import LogLine
from lockview.parsing.mail import transfer_decoded
from lockview.parsing.prefixes import PREFIX_RULES, console_line, take_off_prefixes


class Wrapper(NamedTuple):
    """A rule for the text of a line: its name in the user's words, a cheap proof over the whole text, and the rule."""

    name: str
    proven: Callable[[str], bool]
    take_off: Callable[[str], str]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _without_entities(text: str) -> str:
    """Decode entities that end in a semicolon, up to three layers.

    ``html.unescape`` would also decode ``&reg`` in ``&regmap->lock`` and ``&gt`` in ``&gt->reset.mutex``.
    """
    for _ in range(3):
        if "&" not in text or ";" not in text:
            break
        decoded = _compiled(r"&(?:(amp|lt|gt|quot|apos|nbsp)|#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6}));").sub(_entity, text)
        if decoded == text:
            break
        text = decoded
    return text


def _entity(match: re.Match[str]) -> str:
    name, decimal, hexadecimal = match.groups()
    if name:
        return {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": " "}[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(code) if 32 <= code < 0x110000 and not 0xD800 <= code < 0xE000 else match.group()


def _without_ansi(text: str) -> str:
    return _compiled(
        r"(?:\x1b|\^\[|#033)\[[0-9;?]{0,20}[A-Za-z]|\x1b\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)|^\[[0-9;]{1,8}m"
        r"|\[[0-9;]{1,8}m(?=\[ *\d)"
    ).sub("", text)


def _with_tabs(text: str) -> str:
    return text.replace("^I", "\t")


def _without_controls(text: str) -> str:
    return text.replace("\0", "").replace("\x07", "")


def _without_backspaces(text: str) -> str:
    """What a terminal shows: each backspace takes one character back."""
    shown: list[str] = []
    for part in text.split("\x08"):
        if shown and shown[-1]:
            shown[-1] = shown[-1][:-1]
        while len(shown) > 1 and not shown[-1]:
            shown.pop()
        shown.append(part)
    return "".join(shown)


def _without_shown_returns(text: str) -> str:
    """Some viewers show the CR before a line's end as two characters."""
    return text.rstrip().removesuffix("^M")


def _without_padding(text: str) -> str:
    """A terminal that was copied gives the blanks up to its right border too; the word goes on behind them."""
    return _compiled(r"(?<=\S) {60,}(?=\S)").sub("", text)


def _without_hard_blanks(text: str) -> str:
    # \udca0 is the lone byte A0: the non-breaking blank of Latin-1 in a text that says to be UTF-8.
    return text.replace("\xa0", " ").replace("\udca0", " ")


def _without_indent(text: str) -> str:
    return _compiled(r"^[ \t]{1,8}(?=>(?:[ >]|$))").sub("", text)


def _has_indented_quotes(text: str) -> bool:
    """Whether three lines in a row are quoted so: a quote in an answer or a commit message."""
    return " >" in text and _compiled(r"(?m)(?:^[ \t]{1,8}>(?:[ >].*)?\r?\n){3}").search(text) is not None


def _proven_entities(text: str) -> bool:
    return any(word in text for word in ("&amp;", "-&gt;", "&gt;", "&lt;", "&#"))


WRAPPERS: tuple[Wrapper, ...] = (
    Wrapper(
        "terminal colours",
        lambda text: any(word in text for word in ("\x1b", "^[[", "#033[", "[0m", "[0;", "[1;")),
        _without_ansi,
    ),
    Wrapper("NUL bytes", lambda text: "\0" in text or "\x07" in text, _without_controls),
    Wrapper("caret tabs", lambda text: "\n^I" in text or text.count("^I") > 2, _with_tabs),
    Wrapper("backspaces", lambda text: "\x08" in text, _without_backspaces),
    Wrapper("non-breaking blanks", lambda text: "\xa0" in text or "\udca0" in text, _without_hard_blanks),
    Wrapper("CR line ends", lambda text: "^M\n" in text, _without_shown_returns),
    Wrapper("blanks up to a terminal's border", lambda text: " " * 60 in text, _without_padding),
    Wrapper("HTML entities", _proven_entities, _without_entities),
    Wrapper("indented mail quotes", _has_indented_quotes, _without_indent),
)


def log_lines(text: str, first: int, used: set[str], notes: list[Problem]) -> list[LogLine]:
    """Unwrap a stretch of a source whose first raw line has the number ``first``.

    The names of wrappers go to ``used``; what had to be repaired goes to ``notes``, with its lines.
    """
    if " kernel messages" in text:
        notes.extend(_missed(text, first))
    active = [wrapper for wrapper in WRAPPERS if wrapper.proven(text)]
    escapes = any(code in text for code in ("#012", "#011", "#015"))
    returns = "\r" in text
    lines: list[LogLine] = []
    plain = not (active or escapes or returns)
    match_console_line = console_line().fullmatch
    for number, raw in unfolded(opened(text, transfer_decoded(text, first, used), used, notes), notes):
        match = match_console_line(raw) if plain else None
        if match:
            used.add(PREFIX_RULES[0].name)
            lines.append(LogLine(number, match[3], match[1], match[2] or ""))
            continue
        if returns and "\r" in raw:
            used.add("CR line ends")
            parts: Sequence[str] = raw.rstrip("\r").split("\r")
        else:
            parts = (raw,)
        for part in parts:
            for wrapper in active:
                bare = wrapper.take_off(part)
                if bare != part:
                    used.add(wrapper.name)
                    part = bare
            line = _unwrapped(part, number, used)
            if escapes and "#0" in line.text:
                lines.extend(_unescaped(line, used))
            else:
                lines.append(line)
    return lines


def _missed(text: str, first: int) -> Iterator[Problem]:
    """What the journal says about messages that it was too slow for: ``Missed 12 kernel messages``."""
    number, counted = first, 0
    for match in _compiled(r"Missed (\d{1,9}) kernel messages").finditer(text):
        number += text.count("\n", counted, match.start())
        counted = match.start()
        message = f"line {number}: the journal missed {match[1]} messages here; lines are missing"
        yield Problem(Severity.WARNING, "messages-dropped", message, Span(number, number))


def _unwrapped(text: str, number: int, used: set[str]) -> LogLine:
    depth = 0
    if text.startswith(">"):
        text, depth = without_quotes(text)
        used.add("mail quotes")
    text, time, caller = take_off_prefixes(text, used)
    return LogLine(number, text, time, caller, depth)


def _unescaped(line: LogLine, used: set[str]) -> list[LogLine]:
    """The lines that syslog wrote as one, with its codes for control characters."""
    text = _compiled(r"#0(1[0-7]|0[0-7]|3[0-7]|2[0-7])").sub(lambda match: chr(int(match[1], 8)), line.text)
    if text == line.text:
        return [line]
    used.add("syslog control codes")
    return [line._replace(text=part) for part in text.split("\n")]


def without_quotes(text: str) -> tuple[str, int]:
    """Take the mail quote marks off a line; returns it and their number. A blank behind the last is part of it."""
    depth = position = 0
    while text.startswith(">", position):
        depth += 1
        position += 1
        if text.startswith(" >", position):
            position += 1
    if depth and text.startswith(" ", position):
        position += 1
    return text[position:], depth
