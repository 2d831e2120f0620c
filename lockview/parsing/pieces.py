"""Several files that are pieces of one log, as one stream of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lockview.model.text import Problem, Severity, Span
from lockview.parsing.containers import ContainerError, Note, unpacked
from lockview.parsing.decoding import utf8_blocks
from lockview.parsing.opening import SourceError, read_source


class Pieces:
    """The text of files, one after the other. ``failure`` is why nothing could be read at all."""

    def __init__(self, paths: Sequence[str], notes: list[Note], used: set[str]) -> None:
        self._paths = paths
        self._notes = notes
        self._used = used
        self._lines = 0
        self._spans: list[tuple[str, Span]] = []
        self.failure: SourceError | None = None

    def blocks(self) -> Iterator[bytes]:
        """The text of all that can be read; each piece ends its last line."""
        for path in self._paths:
            before = self._lines
            last = b""
            try:
                for last in filter(None, self._text(path)):
                    self._lines += last.count(b"\n")
                    yield last
            except (SourceError, ContainerError) as error:
                self._notes.append(Note("piece-unreadable", f"{error}; the other pieces were read"))
                self.failure = self.failure or SourceError(str(error))
            if last and not last.endswith(b"\n"):
                self._lines += 1
                yield b"\n"
            if self._lines > before:
                self._spans.append((path, Span(before + 1, self._lines)))
        if self._spans:
            self.failure = None

    def _text(self, path: str) -> Iterator[bytes]:
        notes: list[Note] = []
        yield from utf8_blocks(unpacked(read_source(path), notes, self._used), self._used)
        self._notes += notes

    def problems(self) -> Iterator[Problem]:
        """Notes that say which lines are whose."""
        for path, span in self._spans:
            message = f"lines {span.first:,}-{span.last:,} are those of {path}"
            yield Problem(Severity.NOTE, "log-piece", message, span)
