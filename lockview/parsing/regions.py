"""From a neighbourhood of a source to its reports: unwraps as many lines as needed, tells printers apart, reads."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from lockview.model.logs import NearMiss
from lockview.model.reports import Report, ReportKind
from lockview.model.text import Problem, Span
from lockview.parsing.candidates import LEAD, SMALL, Neighbourhood
from lockview.parsing.envelopes import needs_all
from lockview.parsing.lines import Stream, by_caller
from lockview.parsing.mail import is_encoded
from lockview.parsing.marks import take_off_marks
from lockview.parsing.near_misses import near_miss
from lockview.parsing.registry import FAMILIES, Family
from lockview.parsing.repeats import once_each, with_notes
from lockview.parsing.sections import NOTHING_FOLLOWS, ReportReader, Title
from lockview.parsing.wrappers import log_lines

_SMALL = 32 << 10
"""Neighbourhoods up to this size are read at once, in bytes."""
_FIRST_CHUNK = 10 << 10
_GROWTH = 4
_MAX_CHUNK = 2 << 20
_TITLE_REACH = 300
"""So far around the words of a title the rest of it may stand, in characters."""
_FIRST_LINES = (" is trying to acquire lock", "] is trying to acquire", " just changed the state of lock", "] takes:")
_LATER_LINES = ("but task is already holding", "and this task is already holding")
_PAUSE = 0.5
"""Seconds; a line takes less, also on a serial line."""
_LEAST_BODY = 10
"""Fewer characters between two titles are no report."""
_MOST_WASTED = 128 << 10
"""So much of a stream may be walked over for nothing where titles are missing, in characters."""
_LINES_ABOVE = 15
"""So far above a sign of a report without title its first words may stand."""


class Region(NamedTuple):
    """What a neighbourhood gave."""

    reports: list[Report]
    near_misses: list[NearMiss]


class _Chunk(NamedTuple):
    """``open_line`` is the number of the line where the first report begins that the chunk cut; 0 when it cut none.

    ``cut_short`` tells that a report had not ended where the title of the next one stands, ``torn`` that it stands
    inside of a part of its backtrace that is closed later or never.
    """

    reports: list[Report]
    near_misses: list[NearMiss]
    open_line: int
    cut_short: bool = False
    torn: bool = False


class _Found(NamedTuple):
    start: int
    title: Title
    family: Family


def read_region(neighbourhood: Neighbourhood, used: set[str]) -> Region:
    """Read all reports of a neighbourhood, chunk by chunk; a chunk grows until the reports in it are finished."""
    reports: list[Report] = []
    misses: dict[int, NearMiss] = {}
    data = neighbourhood.data
    whole = len(data) <= _SMALL or (len(data) <= SMALL and (is_encoded(data) or needs_all(data)))
    done = 0
    for number, anchor in enumerate(neighbourhood.anchors):
        if anchor < done:
            continue
        start = 0 if whole else max(data.rfind(b"\n", 0, max(anchor - LEAD, 0)) + 1, done)
        reach = len(data) if whole else _FIRST_CHUNK
        while True:
            end = _line_end(data, _chained(neighbourhood.anchors, number, reach))
            chunk = _read_chunk(data[start:end], neighbourhood.first_line + data.count(b"\n", 0, start), used)
            if not chunk.open_line or end == len(data) or end - anchor >= _MAX_CHUNK:
                break
            reach *= _GROWTH
        done = end
        if chunk.open_line and end < len(data):
            chunk, lines = _finished(chunk, neighbourhood.first_line + data.count(b"\n", 0, start))
            done = _behind_lines(data, start, lines) if lines else end
        reports += chunk.reports
        for miss in chunk.near_misses:
            misses.setdefault(miss.line, miss)
    return Region(reports, list(_outside([report.span for report in reports], misses.values())))


def _outside(spans: list[Span], misses: Iterable[NearMiss]) -> Iterator[NearMiss]:
    """The near misses that stand in none of the spans."""
    spans = sorted(spans)
    firsts = [span.first for span in spans]
    lasts = list(itertools.accumulate((span.last for span in spans), max))
    for miss in misses:
        before = bisect_right(firsts, miss.line)
        if not before or lasts[before - 1] < miss.line:
            yield miss


def _finished(chunk: _Chunk, first_line: int) -> tuple[_Chunk, int]:
    """What a chunk holds before the report that it cut, and how many lines that is; 0 when that report is all there is.

    A report of another printer that reaches over the start of the cut one is left for the next chunk too.
    """
    line = chunk.open_line
    for report in sorted(chunk.reports, key=lambda report: report.span.first, reverse=True):
        if report.span.first < line <= report.span.last:
            line = report.span.first
    if line <= first_line:
        return chunk, 0
    reports = [report for report in chunk.reports if report.span.first < line]
    return _Chunk(reports, [miss for miss in chunk.near_misses if miss.line < line], 0), line - first_line


def _behind_lines(data: bytes, start: int, count: int) -> int:
    for _ in range(count):
        start = data.find(b"\n", start) + 1
    return start


def _chained(anchors: Sequence[int], number: int, reach: int) -> int:
    """Where a chunk that starts at an anchor ends: behind the last of those that are each in reach of the one before.

    Reports that stand close together are so read at once, and not again and again while the chunk grows.
    """
    last = anchors[number]
    most = last + _MAX_CHUNK
    for anchor in itertools.islice(anchors, number + 1, None):
        if anchor > min(last + reach, most):
            break
        last = anchor
    return min(last + reach, most)


def _line_end(data: bytes, position: int) -> int:
    end = data.find(b"\n", min(position, len(data)))
    return len(data) if end < 0 else end + 1


def _read_chunk(data: bytes, first_line: int, used: set[str]) -> _Chunk:
    text = data.decode("utf-8", "surrogateescape")
    notes: list[Problem] = []
    lines = log_lines(text, first_line, used, notes)
    titles = _title_lines(text, first_line)
    lines = take_off_marks(lines, titles, used)
    reports: list[Report] = []
    misses: list[NearMiss] = []
    open_lines: list[int] = []
    for printed in by_caller(lines).values():
        stream = Stream(once_each(printed, titles, notes))
        read = _read_stream(stream)
        if read.torn or (read.cut_short and _looks_mixed(read)):
            read = _read_apart(stream, read)
        if read.open_line:
            open_lines.append(read.open_line)
        misses += read.near_misses
        reports += _in_passes(read.reports)
    return _Chunk(_noted(reports, notes), misses, min(open_lines, default=0))


def _noted(reports: list[Report], notes: list[Problem]) -> list[Report]:
    """The reports with the repairs of the lines they stand on."""
    if not notes:
        return reports
    notes.sort(key=lambda note: note.span.first)
    firsts = [note.span.first for note in notes]
    longest = max(note.span.last - note.span.first for note in notes)
    noted: list[Report] = []
    for report in reports:
        first, last = report.span.first - longest, report.span.last
        noted.append(with_notes(report, notes[bisect_left(firsts, first) : bisect_right(firsts, last)]))
    return noted


def _read_stream(stream: Stream) -> _Chunk:
    """Read the lines of one printer."""
    reports: list[Report] = []
    misses: list[NearMiss] = []
    open_lines: list[int] = []
    cut_short = torn = False
    for reader, complete in _readers(stream, misses):
        if not complete:
            open_lines.append(stream.line(reader.start).number)
        if complete and _is_cut_short(reader) and not _paused(reader):
            cut_short = True
            torn = torn or reader.backtrace.in_part
        if reader.has_body:
            reports.append(reader.report())
        elif reader.miss:
            misses.append(_miss(stream, reader))
        reader.handlers.clear()  # they hold the reader, and so all that it has read
    return _Chunk(reports, misses, min(open_lines, default=0), cut_short or bool(misses and reports), torn)


def _is_cut_short(reader: ReportReader) -> bool:
    """Whether nothing but the next title ended a report, or the line that holds it; a closing tag is its own end."""
    return not reader.finished or (reader.last <= reader.walked and reader.limit - reader.walked < _TITLE_REACH)


def _paused(reader: ReportReader) -> bool:
    """Whether the next title came so long after the last line of a report that the report was over."""
    stream = reader.stream
    above, below = stream.line(max(reader.last - 1, 0)).time, stream.line(reader.limit).time
    try:
        return "." in above and "." in below and float(below) - float(above) > _PAUSE
    except ValueError:
        return False


def _looks_mixed(read: _Chunk) -> bool:
    """Whether something is wrong with what was read: two whole reports, one right behind the other, are not mixed."""
    return bool(read.near_misses) or any(report.reading.problems for report in read.reports)


def _read_apart(stream: Stream, together: _Chunk) -> _Chunk:
    """Read again what two printers mixed without saying who printed what; ``together`` when they did not."""
    from lockview.parsing.printers import Heading, apart

    found = sorted(_titles(stream), key=lambda title: title.start)
    headings = [
        Heading(start, title.end, family.name, family.reader(stream, title, start, len(stream.flat)).own_words)
        for start, title, family in found
    ]
    parts = [(_read_stream(Stream(lines)), notes) for lines, notes in apart(stream, headings) if lines]
    if not parts:
        return together
    return _Chunk(
        [with_notes(report, notes) for chunk, notes in parts for report in chunk.reports],
        [miss for chunk, _ in parts for miss in chunk.near_misses],
        min((chunk.open_line for chunk, _ in parts if chunk.open_line), default=0),
    )


def _in_passes(reports: list[Report]) -> list[Report]:
    """Hung tasks of one pass of the watchdog know of each other and share the list of all locks behind them."""
    if all(report.kind is not ReportKind.HUNG_TASK for report in reports):
        return reports
    from lockview.parsing.passes import in_passes

    return in_passes(reports)


def _title_lines(text: str, first_line: int) -> dict[int, str]:
    """The words of a title by the number of the raw line that holds them."""
    found: dict[int, str] = {}
    for family in FAMILIES:
        for words in family.titles:
            number, counted = first_line, 0
            position = text.find(words)
            while position >= 0:
                number += text.count("\n", counted, position)
                counted = position
                found[number] = words
                position = text.find(words, position + len(words))
    return found


def _bare_title(stream: Stream, start: int, reason: str = NOTHING_FOLLOWS) -> NearMiss:
    line = stream.line(start)
    return near_miss(line.number, line.text, reason)


def _miss(stream: Stream, reader: ReportReader) -> NearMiss:
    if reader.title:
        return _bare_title(stream, reader.start, reader.miss)
    line = stream.line(reader.start)
    return near_miss(line.number, line.text, "a part of a report, but too little of the rest is there")


def _readers(stream: Stream, misses: list[NearMiss]) -> Iterator[tuple[ReportReader, bool]]:
    """Walk over each report of a stream; gives its reader and whether it ended before the stream did.

    Titles with nothing between them and the next one go to ``misses`` at once.
    """
    found = sorted(_titles(stream), key=lambda title: title.start)
    claimed: list[tuple[int, int]] = []
    for index, (start, title, family) in enumerate(found):
        following = found[index + 1].start if index + 1 < len(found) else -1
        if 0 <= following - title.end < _LEAST_BODY and following > start:
            misses.append(_bare_title(stream, start))
            claimed.append((start, title.end))
            continue
        reader = family.reader(stream, title, start, following if following >= 0 else len(stream.flat))
        reader.walk()
        claimed.append((start, reader.last))
        yield reader, reader.finished or following >= 0
    wasted = 0
    for reader in _headless(stream, claimed):
        yield reader, reader.finished
        wasted += 0 if reader.has_body else reader.walked - reader.start
        if wasted > _MOST_WASTED:
            line = stream.line(reader.walked)
            misses.append(
                near_miss(line.number, line.text, "too many parts of reports without the rest; not searched on")
            )
            return


def _headless(stream: Stream, claimed: list[tuple[int, int]]) -> Iterator[ReportReader]:
    """Reports whose title is cut off, in what the ones with a title left over."""
    borders = [(-1, 0), *claimed, (len(stream.flat), len(stream.flat))]
    families = [family for family in FAMILIES if any(sign in stream.flat for sign in family.signs)]
    for (_, free), (limit, _) in itertools.pairwise(borders):
        for family in families if limit - free >= _LEAST_BODY else ():
            position = free
            for sign in _signs(family.signs).finditer(stream.flat, free, limit):
                if sign.start() >= position:
                    reader = family.reader(stream, None, _top(stream, sign.start(), position), limit)
                    reader.walk()
                    yield reader
                    position = max(reader.walked, sign.end())


@cache
def _signs(signs: tuple[str, ...]) -> re.Pattern[str]:
    # An arrow with two dashes leads to a lock of any name, and is no entry of a chain.
    return re.compile(f"(?<!-)(?:{'|'.join(map(re.escape, signs))})")


def _top(stream: Stream, sign: int, free: int) -> int:
    """The start of the line that begins the report around a sign: the first that names the task or its lock."""
    index = stream.index(sign)
    for above in range(max(index - _LINES_ABOVE, 0), index):
        start = stream.starts[above]
        line = stream.flat[start : min(stream.line_end(start), start + _FIRST_CHUNK)]
        if start >= free and (any(words in line for words in _FIRST_LINES) or line.startswith(_LATER_LINES)):
            return start
    return sign


@cache
def _level() -> re.Pattern[str]:
    return re.compile(r"(\[ ?)?(WARNING|INFO|BUG): ?$")


def _titles(stream: Stream) -> Iterator[_Found]:
    for family in FAMILIES:
        for words in family.titles:
            position = stream.flat.find(words)
            while position >= 0:
                whole = family.whole
                title = _whole_title(stream, whole, words, position) if whole else _title(stream, words, position)
                if title:
                    yield _Found(title.start, title, family)
                position = stream.flat.find(words, position + len(words))


def _title(stream: Stream, words: str, position: int) -> Title:
    level = _level().search(stream.flat, max(position - 12, 0), position)
    start = level.start() if level else position
    end = position + len(words)
    if stream.flat.startswith(" ]", end):
        end += 2
    return Title(f"{level[2]}: {words}" if level else words, start, end)


def _whole_title(stream: Stream, whole: str, words: str, position: int) -> Title | None:
    """The title that a family's pattern finds around its words; a wrap may have broken it."""
    end = position + len(words)
    window = (max(position - _TITLE_REACH, 0), min(end + _TITLE_REACH, len(stream.flat)))
    for match in _pattern(whole).finditer(stream.flat, *window):
        if match.start() <= position < match.end():
            return Title(match[0], match.start(), match.end())
    return None


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
