"""Wrappers that no rule knows: marks learned from a title line, and time stamps inside reflowed paragraphs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from lockview.parsing.lines import LogLine
from lockview.parsing.prefixes import take_off_prefixes

_MAX_MARK = 48
_MAX_MARKS = 8
_LOOK_AHEAD = 5


@cache
def _title_head() -> re.Pattern[str]:
    return re.compile(
        r"(?: ?\[ *\d{1,10}\.\d{3,9}\](?:\[ *[TC]\d{1,10}\])?)? ?"
        r"(?:\[? ?(?:WARNING|INFO|BUG): ?(?:\S{1,40}/\d{1,10} )?)?"
        r"(?:[A-Za-z_-]{4,16}-safe -> [A-Za-z_-]{4,16})?$"
    )


@cache
def _inner_stamp() -> re.Pattern[str]:
    return re.compile(r"(?<=\S) ?\[ *\d{1,7}\.\d{6}\](?:\[ *[TC]\d{1,10}\])?(?= |$)")


@cache
def _stamp_tail() -> re.Pattern[str]:
    return re.compile(r" *\d{1,7}\.\d{6}\] ?")


def take_off_marks(lines: list[LogLine], titles: Mapping[int, str], used: set[str]) -> list[LogLine]:
    """Take off what the lines around a title share with it.

    ``titles`` gives the words of a title by the number of the raw line that holds them. A mark is whatever stands
    before it (``kswapd0: ``, a running number, a stray byte) when lines behind it begin the same way, digits aside.
    """
    places = [index for index, line in enumerate(lines) if titles.get(line.number, "\n") in line.text]
    marks: dict[str, re.Pattern[str]] = {}
    for index in places:
        head = lines[index].text.partition(titles[lines[index].number])[0]
        mark = _mark(head, lines[index + 1 : index + 1 + _LOOK_AHEAD])
        if mark:
            marks[mark.pattern] = mark
    for mark in list(marks.values())[:_MAX_MARKS]:
        used.add("marks before each line")
        lines = [_without_mark(line, mark, used) for line in lines]
    around = (line for index in places for line in lines[max(index - 2, 0) : index + _LOOK_AHEAD])
    if any(_inner_stamp().search(line.text) for line in around):
        used.add("time stamps inside lines")
        lines = _without_inner_stamps(lines, used)
    return lines


def _mark(head: str, following: list[LogLine]) -> re.Pattern[str] | None:
    literal = _title_head().sub("", head, 1).strip()
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
