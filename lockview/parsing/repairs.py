"""The book of what a reader repaired, guessed or missed in one report."""

from __future__ import annotations

from lockview.model.text import Problem, Severity, Span


class Repairs:
    """Collects problems; neighbouring ones of the same kind become one."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._joined: list[Span] = []
        self._passed: list[Span] = []

    def note(self, code: str, message: str, span: Span) -> None:
        """Record a repair or a guess."""
        self._problems.append(Problem(Severity.NOTE, code, message, span))

    def warn(self, code: str, message: str, span: Span) -> None:
        """Record something that is missing or contradicts itself."""
        self._problems.append(Problem(Severity.WARNING, code, message, span))

    def rejoined(self, span: Span) -> None:
        """Record that a line which had been broken over several was put together again."""
        _add(self._joined, span, 0)

    def passed_over(self, span: Span) -> None:
        """Record lines that stand among those of the report but are no part of it."""
        _add(self._passed, span, 1)

    def problems(self, whole: Span) -> tuple[Problem, ...]:
        """All problems of a report that covers ``whole``, in line order."""
        found = list(self._problems)
        for span in self._joined:
            message = f"{_lines(span)} had been wrapped and were rejoined"
            found.append(Problem(Severity.NOTE, "lines-rejoined", message, span))
        for span in self._passed:
            if whole.first <= span.first and span.last < whole.last:
                are = "stands" if span.first == span.last else "stand"
                message = f"{_lines(span)} {are} among those of the report but are no part of it"
                found.append(Problem(Severity.NOTE, "lines-passed-over", message, span))
        return tuple(sorted(found, key=lambda problem: problem.span))


def _lines(span: Span) -> str:
    return f"line {span.first}" if span.first == span.last else f"lines {span.first}-{span.last}"


def _add(spans: list[Span], span: Span, gap: int) -> None:
    if spans and spans[-1].last + gap >= span.first >= spans[-1].first:
        spans[-1] = spans[-1].joined(span)
    else:
        spans.append(span)
