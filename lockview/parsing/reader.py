"""The door of this package: a source in, a ``Log`` with its reports out. Never raises on what a source holds."""

from __future__ import annotations

from collections.abc import Callable

from lockview.model.logs import Log
from lockview.model.reports import Report
from lockview.parsing.decoding import to_utf8
from lockview.parsing.lines import Stream, by_caller
from lockview.parsing.opening import expand, read_source
from lockview.parsing.registry import FAMILIES, Family
from lockview.parsing.sections import Title
from lockview.parsing.wrappers import log_lines


def read_text(text: str, name: str = "") -> Log:
    """Read text that was pasted or piped."""
    return read_bytes(text.encode("utf-8", "surrogatepass"), name)


def read_file(
    path: str,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Log:
    """Read a file, or standard input for ``-``. Raises ``SourceError`` and ``Cancelled`` only."""
    return read_bytes(b"".join(read_source(path, progress, cancelled)), path)


def read_bytes(data: bytes, name: str = "") -> Log:
    """Read a source that is in memory, compressed or not."""
    data, _ = expand(data)
    data, _ = to_utf8(data)
    used: set[str] = set()
    lines = log_lines(data.decode("utf-8", "surrogateescape"), 1, used)
    reports: list[Report] = []
    for printed in by_caller(lines).values():
        stream = Stream(printed)
        titles = sorted(_titles(stream))
        for index, (start, title, family) in enumerate(titles):
            end = titles[index + 1][0] if index + 1 < len(titles) else len(stream.flat)
            reader = family.reader(stream, title, start, end)
            reader.walk()
            reports.append(reader.report())
    reports.sort(key=lambda report: report.span.first)
    return Log(name, tuple(reports), wrappers=tuple(sorted(used)), lines=data.count(b"\n"), size=len(data))


def _titles(stream: Stream) -> list[tuple[int, Title, Family]]:
    found: list[tuple[int, Title, Family]] = []
    for family in FAMILIES:
        for words in family.titles:
            position = stream.flat.find(words)
            while position >= 0:
                start, text = position, words
                for level in ("WARNING", "INFO", "BUG"):
                    head = f"{level}: "
                    if stream.flat.endswith(head, 0, position):
                        start, text = position - len(head), head + words
                if stream.flat.endswith("[ ", 0, start):
                    start -= 2
                found.append((start, Title(text, start, position + len(words)), family))
                position = stream.flat.find(words, position + 1)
    return found
