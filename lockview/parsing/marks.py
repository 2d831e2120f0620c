"""Wrappers that no rule knows: marks learned from a title line, and time stamps inside reflowed paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from lockview.parsing.lines import LogLine
from lockview.parsing.prefixes import take_off_prefixes

_MAX_MARK = 48
_LOOK_AHEAD = 5
_LEVEL = re.compile(r"\[? ?(?:WARNING|INFO|BUG): ?$")


@cache
def _inner_stamp() -> re.Pattern[str]:
    return re.compile(r"(?<=\S) ?\[ *\d{1,7}\.\d{6}\](?:\[ *[TC]\d{1,10}\])?(?= |$)")


@cache
def _stamp_tail() -> re.Pattern[str]:
    return re.compile(r" *\d{1,7}\.\d{6}\] ?")


def take_off_marks(lines: list[LogLine], titles: Iterable[tuple[int, str]], used: set[str]) -> list[LogLine]:
    """Take off what the lines around a title share with it.

    ``titles`` are pairs of a raw line number and the title's words in it. A mark is whatever stands before the title
    (``kswapd0: ``, a running number, a stray byte) when lines behind it begin the same way, digits aside.
    """
    positions = {line.number: index for index, line in enumerate(lines)}
    for number, words in titles:
        index = positions.get(number)
        if index is None or words not in lines[index].text:
            continue
        around = lines[max(index - 2, 0) : index + _LOOK_AHEAD]
        if any(_inner_stamp().search(line.text) for line in around):
            used.add("time stamps inside lines")
            lines = _without_inner_stamps(lines, used)
        mark = _mark(lines[index].text.partition(words)[0], lines[index + 1 : index + 1 + _LOOK_AHEAD])
        if mark:
            used.add("marks before each line")
            lines = [_without_mark(line, mark, used) for line in lines]
    return lines


def _mark(head: str, following: list[LogLine]) -> re.Pattern[str] | None:
    literal = _LEVEL.sub("", head).strip()
    if not literal or len(literal) > _MAX_MARK or not following:
        return None
    pattern = re.compile(r"\s*" + re.sub(r"\d+", r"\\d{1,12}", re.escape(literal)) + r"(?: |$|(?<=[^\w]))")
    matching = sum(1 for line in following if pattern.match(line.text))
    return pattern if matching * 2 >= len(following) and matching > 1 else None


def _without_mark(line: LogLine, mark: re.Pattern[str], used: set[str]) -> LogLine:
    match = mark.match(line.text)
    if match is None:
        return line
    text, time, caller = take_off_prefixes(line.text[match.end() :], used)
    return line._replace(text=text, time=time or line.time, caller=caller or line.caller)


def _without_inner_stamps(lines: list[LogLine], used: set[str]) -> list[LogLine]:
    """Lines were filled to a width, so that a stamp may also be broken: ``[`` at one end, ``1020.28]`` at the next."""
    result: list[LogLine] = []
    for line in lines:
        text = line.text
        if result and result[-1].text.rstrip().endswith("["):
            tail = _stamp_tail().match(text)
            if tail:
                text = take_off_prefixes(text[tail.end() :], used)[0]
                result[-1] = result[-1]._replace(text=result[-1].text.rstrip()[:-1])
        result.append(line._replace(text=_inner_stamp().sub("", text)))
    return result
