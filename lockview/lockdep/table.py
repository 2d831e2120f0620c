"""The table of cases as the kernel prints that of its self-test at boot.

Source of words and columns: ``locking_selftest`` and what it calls, lib/locking-selftest.c, 6.12.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from lockview.lockdep.cases import COLUMNS, Verdict

_CELL = 7
_RULE = "  " + "-" * 74
_TOP = (
    "-" * 24,
    "| Locking API testsuite:",
    "-" * 76,
    " " * 33 + "| spin |wlock |rlock |mutex | wsem | rsem |rtmutex",
    _RULE,
)
_WITHOUT_HEADING = frozenset(
    [
        "AA",
        "ABBA",
        "ABBCCA",
        "ABCABC",
        "ABBCCDDA",
        "ABCDBDDA",
        "ABCDBCDA",
        "double_unlock",
        "init_held",
        "mixed_ABBA",
        "read_write_three",
        "irqsafe2A",
        "irqsafe2B",
        "irqsafe3",
        "irqsafe4",
        "irq_inversion",
        "irq_read_recursion",
        "irq_read_recursion2",
        "irq_read_recursion3",
        "special",
    ]
)
_HEADINGS = {
    "recursive_read": (_RULE,),
    "irqsafe1": (_RULE,),
    "ww": (_RULE, "  | Wound/wait tests |", "  " + "-" * 21),
    "ww/context": ("  " + "-" * 53, " " * 33 + "|block | try  |context|", "  " + "-" * 53),
    "queued_read_lock": (_RULE, "  | queued read lock tests |", "  " + "-" * 27),
    "fs_reclaim": ("  " + "-" * 20, "  | fs_reclaim tests |", "  " + "-" * 20),
    "wait_context": (
        _RULE,
        "  | wait context tests |",
        _RULE,
        " " * 33 + "| rcu  | raw  | spin |mutex |",
        _RULE,
    ),
    "local_lock": (_RULE, "  | local_lock tests |", "  " + "-" * 21),
}


def table(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """The lines of the table, with the summary."""
    yield from _TOP
    said: set[str] = set()
    for (family, title), row in groupby(verdicts, key=lambda verdict: (verdict.case.family, verdict.case.title)):
        for section in (family, f"{family}/{title}"):
            if section not in said:
                said.add(section)
                yield from _HEADINGS.get(section, () if section != family else _heading(family))
        yield f"{title:>33}:{''.join(_cells(row))}"
    yield from summary(verdicts)


def summary(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """How many came out as expected, in the kernel's words."""
    missed = sum(not verdict.passed for verdict in verdicts)
    if missed:
        yield "-" * 65
        yield f"BUG: {missed:3} unexpected failures (out of {len(verdicts):3})"
        yield "-" * 65
    else:
        yield "-" * 55
        yield f"Good, all {len(verdicts):3} testcases passed! |"
        yield "-" * 33


def _heading(family: str) -> tuple[str, ...]:
    """What stands above a family that the kernel does not know."""
    if not family or family in _WITHOUT_HEADING:
        return ()
    title = f"  | {family} |"
    return (_RULE, title, "  " + "-" * (len(title) - 2))


def _cells(row: Iterable[Verdict]) -> Iterator[str]:
    """One row; columns in which nothing was tried are left out together, as the kernel does."""
    place = 0
    for verdict in row:
        column = verdict.case.column
        if column in COLUMNS:
            gap = COLUMNS.index(column) - place
            if gap > 0:
                yield " " * (_CELL * gap - 1) + "|"
                place += gap
        place += 1
        yield _word(verdict)


def _word(verdict: Verdict) -> str:
    if verdict.case.complains is None:
        return "  --  |"
    return "  ok  |" if verdict.passed else "FAILED|"
