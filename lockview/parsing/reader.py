"""The door of this package: a source in, a ``Log`` with its reports out. What a source holds never raises."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from lockview.model.logs import Log, NearMiss
from lockview.model.reports import Report
from lockview.model.text import Problem, Severity
from lockview.parsing.candidates import Candidates
from lockview.parsing.containers import BLOCK, ContainerError, Note, unpacked
from lockview.parsing.decoding import looks_binary, utf8_blocks
from lockview.parsing.dialects.dumps import Dumps
from lockview.parsing.near_misses import unread_titles
from lockview.parsing.opening import SourceError, read_source
from lockview.parsing.pieces import Pieces
from lockview.parsing.regions import read_region
from lockview.parsing.registry import FAMILIES, LEADS
from lockview.parsing.repeats import captured_once

_MAX_REPORTS = 10_000
_MAX_MISSES = 1_000


def read_text(text: str, name: str = "") -> Log:
    """Read text that was pasted or piped."""
    return read_bytes(text.encode("utf-8", "surrogatepass"), name)


def read_bytes(data: bytes, name: str = "", first_line: int = 1) -> Log:
    """Read a source that is in memory, compressed or not. Never raises; what could not be read is a problem.

    ``first_line`` is the number of its first line, for a part of a source.
    """
    try:
        return _read((data[start : start + BLOCK] for start in range(0, len(data), BLOCK)), name, first_line)
    except SourceError as error:
        return Log(name, problems=(Problem(Severity.ERROR, "source-unreadable", str(error)),), size=len(data))


def read_file(
    path: str,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Log:
    """Read a file, or standard input for ``-``.

    ``progress`` gets the bytes read and the bytes in all, 0 when unknown. Raises only ``SourceError``, and
    ``Cancelled`` when ``cancelled`` says so.
    """
    return _read(read_source(path, progress, cancelled), path)


def read_joined(paths: Sequence[str], name: str) -> Log:
    """Read the pieces of a rotated log, oldest first, as one log; lines are counted through all of them.

    Notes among its problems say which lines are whose. Raises ``SourceError`` when none can be read.
    """
    notes: list[Note] = []
    used: set[str] = set()
    pieces = Pieces(paths, notes, used)
    log = _read_text(pieces.blocks(), name, 1, notes, used)
    if pieces.failure:
        raise pieces.failure
    return replace(log, problems=(*pieces.problems(), *log.problems))


def _read(raw: Iterator[bytes], name: str, first_line: int = 1) -> Log:
    notes: list[Note] = []
    used: set[str] = set()
    try:
        return _read_text(utf8_blocks(unpacked(raw, notes, used), used), name, first_line, notes, used)
    except ContainerError as error:
        raise SourceError(f"{name or 'the text'}: {error}") from error


def _read_text(text: Iterator[bytes], name: str, first_line: int, notes: list[Note], used: set[str]) -> Log:
    """Read text that comes in blocks; ``notes`` and ``used`` grow while it is taken."""
    candidates = Candidates(
        [anchor for family in FAMILIES if not family.led for anchor in family.anchors],
        [anchor for family in FAMILIES for anchor in family.weak_anchors],
        first_line,
        led=[anchor for family in FAMILIES if family.led for anchor in family.anchors],
        leads=LEADS,
    )
    dumps = Dumps()
    reports: dict[int, list[Report]] = {}
    misses: dict[int, NearMiss] = {}
    count = missed = 0
    for neighbourhood in candidates.neighbourhoods(dumps.watch(text)):
        region = read_region(neighbourhood, used)
        # What precedes a neighbourhood was in the last one too, whose end may have cut it.
        longer = {report.span.first for report in region.reports if _longer(report, reports)}
        count -= sum(len(reports.pop(first, ())) for first in longer)
        new = [report for report in region.reports if report.span.first not in reports]
        for report in new:
            reports.setdefault(report.span.first, []).append(report)
        misses |= {miss.line: miss for miss in region.near_misses[: max(_MAX_MISSES - len(misses), 0)]}
        missed += len(region.near_misses)
        count += len(new)
        if count >= _MAX_REPORTS:
            notes.append(Note("limit-reached", f"reading stopped after {count:,} reports"))
            break
    if missed > _MAX_MISSES:
        notes.append(
            Note("limit-reached", f"of {missed:,} lines that look like reports {_MAX_MISSES:,} are named", True)
        )
    misses |= {miss.line: miss for miss in unread_titles(candidates.whole, first_line)}
    log = Log(
        name=name,
        reports=tuple(captured_once([report for _, same in sorted(reports.items()) for report in same])),
        problems=tuple(_problems(notes, candidates, bool(reports))),
        near_misses=tuple(miss for _, miss in sorted(misses.items())),
        wrappers=tuple(sorted(used)),
        lines=candidates.lines,
        size=candidates.size,
    )
    return dumps.added_to(log)


def _longer(report: Report, known: Mapping[int, Sequence[Report]]) -> bool:
    """Whether a report that is known already was found to have more lines."""
    same = known.get(report.span.first)
    return bool(same) and all(report.span.last > one.span.last for one in same or ())


def _problems(notes: list[Note], candidates: Candidates, found: bool) -> Iterator[Problem]:
    for note in notes:
        yield Problem(Severity.NOTE if note.harmless else Severity.WARNING, note.code, note.message)
    if not candidates.size:
        yield Problem(Severity.ERROR, "source-empty", "the source is empty; nothing was there to read")
    elif not found and looks_binary(candidates.head):
        yield Problem(
            Severity.ERROR, "source-binary", "the source is no text; open a kernel log, a mail or a console capture"
        )
