"""HTML around a log: tags that pages and mail programs put there. Tags of the kernel (``<TASK>``, ``<IRQ>``) stay."""

from __future__ import annotations

import re
from functools import cache

from lockview.model.text import Problem
from lockview.parsing.mail import NumberedLine

_BREAKS = "br|p|/p|div|/div|tr|/tr|li|/li|pre|/pre|h[1-6]|/h[1-6]|blockquote|/blockquote|/title"
_OTHERS = (
    "a|b|i|u|p|em|tt|td|th|ol|ul|li|tr|hr|br|dl|dt|dd|div|pre|sub|sup|html|head|body|code|span|font|link|meta|table"
    "|tbody|thead|title|style|strong|small|center|samp|kbd|section|article|blockquote|img|button|main|nav|label"
)


@cache
def _proof() -> re.Pattern[str]:
    return re.compile(r"(?i)<(?:pre|br|html|body|div|span|p|td|code|tt)(?:\s[^<>]{0,300})?\s?/?>")


@cache
def _break() -> re.Pattern[str]:
    return re.compile(rf"(?i)<(?:{_BREAKS})(?:\s[^<>]{{0,500}})?\s?/?>")


@cache
def _other() -> re.Pattern[str]:
    return re.compile(
        rf"(?i)</?(?:{_OTHERS})(?:\s[^<>]{{0,1000}})?\s?/?>|<!--[^<>]{{0,500}}-->|<!DOCTYPE[^<>]{{0,300}}>"
    )


def proven(text: str) -> bool:
    """Whether a tag stands in the text that no kernel prints."""
    return _proof().search(text) is not None


def take_off(lines: list[NumberedLine], notes: list[Problem]) -> list[NumberedLine]:  # noqa: ARG001 - an envelope
    """Remove the tags; those that end a line on a page become line ends."""
    result: list[NumberedLine] = []
    for number, line in lines:
        if "<" not in line or ">" not in line:
            result.append((number, line))
            continue
        result.extend((number, _other().sub("", part)) for part in _break().sub("\n", line).split("\n"))
    return result
