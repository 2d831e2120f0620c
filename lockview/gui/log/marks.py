"""What the log view shows about its lines, apart from their text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lockview.model.text import NOWHERE, Problem, Severity, Span

LONG_PROBLEM = 40
"""A problem over more lines than this is shown at its first line only: a marked report marks nothing."""


class Marks(NamedTuple):
    """``report`` is the current report, ``item`` the lines of the selected thing, ``chosen`` those of the chosen frame.

    ``problems`` maps a line to the sign and the message of what was noticed there.
    """

    report: Span = NOWHERE
    item: tuple[Span, ...] = ()
    chosen: tuple[Span, ...] = ()
    problems: dict[int, tuple[str, str]] = {}  # noqa: RUF012 -- never changed in place

    def in_item(self, line: int) -> bool:
        return any(line in span for span in self.item)

    def is_chosen(self, line: int) -> bool:
        return any(line in span for span in self.chosen)


def problem_signs(problems: Iterable[Problem]) -> dict[int, tuple[str, str]]:
    """Line -> (``!`` for something missing or ``~`` for something repaired, the messages of the line)."""
    signs: dict[int, tuple[str, str]] = {}
    for problem in problems:
        if not problem.span:
            continue
        sign = "~" if problem.severity is Severity.NOTE else "!"
        first, last = problem.span.first, problem.span.last
        for line in range(first, (first if last - first >= LONG_PROBLEM else last) + 1):
            before = signs.get(line)
            if before is None:
                signs[line] = (sign, problem.message)
            elif problem.message not in before[1]:
                signs[line] = ("!" if "!" in (sign, before[0]) else "~", f"{before[1]}\n{problem.message}")
    return signs
