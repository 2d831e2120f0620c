r"""Text in one line with its line ends spelt out, ``a\nb\nc``: strings of JSON, reports of scanners, CVE texts."""

from __future__ import annotations

import re
from functools import cache

from lockview.model.text import Problem
from lockview.parsing.mail import NumberedLine

_LEAST = 5
"""Source code and prose seldom have so many in one line."""
_SPELT = {"n": "\n", "r": "", "t": "\t"}


@cache
def _escape() -> re.Pattern[str]:
    return re.compile(r'\\(?:([nrt"/\\])|u([0-9a-fA-F]{4}))')


def proven(text: str) -> bool:
    """Whether a line holds many of them."""
    return text.count("\\n") >= _LEAST and any(line.count("\\n") >= _LEAST for line in text.split("\n"))


def take_off(lines: list[NumberedLine], notes: list[Problem]) -> list[NumberedLine]:  # noqa: ARG001 - an envelope
    """Give the lines that such a line holds."""
    result: list[NumberedLine] = []
    for number, line in lines:
        if line.count("\\n") < _LEAST:
            result.append((number, line))
        else:
            result.extend((number, part) for part in _escape().sub(_meant, line).split("\n"))
    return result


def _meant(match: re.Match[str]) -> str:
    letter, code = match.groups()
    if letter:
        return _SPELT.get(letter, letter)
    return match[0] if 0xD800 <= int(code, 16) < 0xE000 else chr(int(code, 16))
