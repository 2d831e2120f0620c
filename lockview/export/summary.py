"""A log in a few lines of plain text, for a terminal.

Every text from the log is made visible first: no escape sequence and no bidi control of a log reaches a terminal.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockview.layout.labels import visible
from lockview.model.logs import Log
from lockview.model.reports import Report, ReportKind
from lockview.model.text import Problem, Severity

MOST_NAMED = 3
"""So many of the titles that were looked for are named."""


def summary(log: Log, *, explained: bool = False) -> str:
    """What was read, a paragraph for each report, and lines for what else was found; every line ends in a newline.

    ``explained`` adds to each report the sentences that the window shows, each on a line of its own.
    """
    lines = [f"{_name(log)}: {_counted(len(log.reports), 'report')} in {_counted(log.lines, 'line')}"]
    if log.wrappers:
        lines.append(f"  taken off: {', '.join(log.wrappers)}")
    lines += [_problem(problem) for problem in log.problems]
    for report in log.reports:
        lines += ["", *_paragraph(report), *(_sentences(report) if explained else ())]
    if log.orders or log.tables or log.event_streams:
        from lockview.export.summary_dumps import dump_lines

        lines += ["", *dump_lines(log)]
    return "".join(f"{visible(line)}\n" for line in lines)


def nothing_found(log: Log, looked_for: tuple[str, ...]) -> str:
    """Why a log gave no report: it is no text, or what was looked for and the lines that came near, one per line."""
    unread = [problem for problem in log.problems if problem.severity is Severity.ERROR]
    if unread:
        return "".join(f"lockview: {visible(f'{_name(log)}: {problem.message}')}\n" for problem in unread)
    words = ", ".join(f'"{words}"' for words in looked_for[:MOST_NAMED])
    if len(looked_for) > MOST_NAMED:
        words = f"{words} and {len(looked_for) - MOST_NAMED} titles more"
    lines = [f"{_name(log)}: no lock report in {_counted(log.lines, 'line')}; looked for {words}"]
    lines += [f"{_name(log)}:{miss.line}: {miss.text.strip()[:200]} ({miss.reason})" for miss in log.near_misses]
    return "".join(f"lockview: {visible(line)}\n" for line in lines)


def _name(log: Log) -> str:
    return "standard input" if log.name == "-" else log.name


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _paragraph(report: Report) -> Iterator[str]:
    where = f"line {report.span.first}: " if report.span else ""
    yield f"{where}{report.title}"
    yield from (f"  {said}" for said in _who_wants_what(report))
    ident = " ".join(filter(None, (report.kernel, report.build, report.taint)))
    if ident:
        yield f"  kernel {ident}"
    if report.reading.time:
        yield f"  at {report.reading.time}" + (f", caller {report.reading.caller}" if report.reading.caller else "")
    if report.cycle:
        arrows = (" ... -> " if dependency.inferred else " -> " for dependency in report.cycle)
        steps = (f"{dependency.held.name}{arrow}" for dependency, arrow in zip(report.cycle, arrows, strict=True))
        yield f"  cycle {''.join(steps)}{report.cycle[-1].wanted.name}"
    if report.reading.missing and not report.reading.problems:
        yield f"  incomplete: no {', no '.join(report.reading.missing)}"
    yield from map(_problem, report.reading.problems)


def _sentences(report: Report) -> Iterator[str]:
    from lockview.analysis.build import lock_graph
    from lockview.analysis.explain import explain

    yield from (f"  - {sentence.text}" for sentence in explain(report, lock_graph(report)))


def _who_wants_what(report: Report) -> Iterator[str]:
    if report.kind is not ReportKind.CIRCULAR:
        from lockview.analysis.build import lock_graph
        from lockview.analysis.explain import summary as in_one_line

        said = in_one_line(report, lock_graph(report))
        if said != report.title:
            yield said
        return
    wants = report.wanted.lock_class.name if report.wanted else "a lock that the text does not name"
    sentence = f"{report.task or 'a task that the text does not name'} wants {wants}"
    yield f"{sentence} while holding {report.held.lock_class.name}" if report.held else sentence


def _problem(problem: Problem) -> str:
    return f"  {problem.severity}: {problem.message}"
