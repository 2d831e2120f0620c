"""What was captured twice: lines that two consoles wrote into one file, and reports that stand in a source again."""

from __future__ import annotations

from collections.abc import Container, Iterable

from lockview.model.reports import Report
from lockview.model.text import Problem, Severity, Span
from lockview.parsing.lines import LogLine

_PROBE = 16
"""So many lines around a title decide whether the lines of a log are doubled."""


def once_each(lines: list[LogLine], titles: Container[int], notes: list[Problem]) -> list[LogLine]:
    """Leave out every other line when a console and a second one were captured into one file, line by line.

    A title never stands twice in a row, frames of a recursion may. So doubled titles are the proof, along with their
    neighbours; of ``n`` equal lines in a row the half stays.
    """
    twice = [
        index
        for index in range(1, len(lines))
        if lines[index].number in titles and _same(lines[index - 1], lines[index])
    ]
    if not twice or not any(_doubled(lines[max(index - 3, 0) : index + _PROBE]) for index in twice):
        return lines
    kept: list[LogLine] = []
    run = left_out = 0
    for line in lines:
        run = run + 1 if kept and _same(kept[-1], line) else 1
        if run % 2:
            kept.append(line)
        else:
            left_out += 1
    span = Span(min(line.number for line in lines), max(line.number for line in lines))
    message = f"lines {span.first}-{span.last}: each line was captured twice; {left_out} were left out"
    notes.append(Problem(Severity.NOTE, "lines-doubled", message, span))
    return kept


def _same(one: LogLine, other: LogLine) -> bool:
    return one.number != other.number and one.text.strip() == other.text.strip()


def _doubled(lines: list[LogLine]) -> bool:
    """Whether nearly every line of a stretch has its like next to it; its ends may be cut."""
    lines = [line for line in lines if line.text.strip()]
    alone = sum(
        not any(_same(line, other) for other in lines[max(index - 1, 0) : index + 2])
        for index, line in enumerate(lines)
    )
    return len(lines) > 3 and alone <= 2


def with_notes(report: Report, notes: Iterable[Problem]) -> Report:
    """A report with the repairs of the lines it stands on."""
    own = [note for note in notes if note.span.first <= report.span.last and report.span.first <= note.span.last]
    if not own:
        return report
    from dataclasses import replace

    problems = tuple(sorted({*report.reading.problems, *own}, key=lambda problem: problem.span))
    return replace(report, reading=replace(report.reading, problems=problems))


def captured_once(reports: list[Report]) -> list[Report]:
    """Keep the first of the reports that are one event: all they say is equal, printk's time stamp included."""
    kept: dict[tuple[str, str, str], int] = {}
    result: list[Report] = []
    copies: dict[int, list[Span]] = {}
    for report in reports:
        reading = report.reading
        event = (reading.time, reading.caller, report.title)
        first = kept.setdefault(event, len(result)) if reading.time else len(result)
        if first == len(result) or result[first] != report:
            result.append(report)
        else:
            copies.setdefault(first, []).append(report.span)
    for index, spans in copies.items():
        note = f"the same report was captured {len(spans) + 1} times; again at line {spans[0].first}"
        result[index] = with_notes(result[index], [Problem(Severity.NOTE, "captured-again", note, result[index].span)])
    return result
