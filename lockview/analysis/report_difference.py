"""Two reports side by side: what is the same, what differs, and what only one of them has.

Compared is what a report says about locks: title, task, classes, chain, scenario, and the functions of each stack. Not
compared is what no two boots share: addresses, offsets, usage marks, time stamps, taint, and the lines of the source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from enum import Enum
from typing import NamedTuple

from lockview.analysis.functions import is_lock_core
from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import CircularReport, Dependency, Report, ScenarioStep
from lockview.model.stacks import StackTrace

MOST_FRAMES = 200
"""Frames of a stack that are compared."""


class Standing(Enum):
    """How two parts stand to each other."""

    SAME = "same"
    DIFFERENT = "different"
    LEFT_ONLY = "only left"
    RIGHT_ONLY = "only right"


class Pair(NamedTuple):
    """One part of both reports; "" where a report has none. ``what`` names the part, "" for a frame."""

    what: str
    left: str
    right: str

    @property
    def standing(self) -> Standing:
        """How they stand to each other."""
        if self.left == self.right:
            return Standing.SAME
        if not self.left:
            return Standing.RIGHT_ONLY
        return Standing.DIFFERENT if self.right else Standing.LEFT_ONLY


class Section(NamedTuple):
    """A part of the comparison under one title."""

    title: str
    pairs: tuple[Pair, ...]

    @property
    def differing(self) -> int:
        """How many pairs are not the same."""
        return sum(pair.standing is not Standing.SAME for pair in self.pairs)


class Comparison(NamedTuple):
    """All sections, in the order of a report."""

    sections: tuple[Section, ...]

    @property
    def differing(self) -> int:
        """How many pairs are not the same."""
        return sum(section.differing for section in self.sections)

    @property
    def same(self) -> int:
        """How many pairs are the same."""
        return sum(len(section.pairs) for section in self.sections) - self.differing

    @property
    def differs_in_machinery_only(self) -> bool:
        """Whether all that is not the same are frames of the lock code and of lockdep."""
        pairs = [pair for section in self.sections for pair in section.pairs if pair.standing is not Standing.SAME]
        return bool(pairs) and all(not pair.what and is_lock_core(pair.left or pair.right) for pair in pairs)


def compare(left: Report, right: Report) -> Comparison:
    """Compare two reports of any kinds."""
    sections = (
        Section("The report", tuple(_facts(left, right))),
        Section("The chain", tuple(_chain(left, right))),
        Section("The scenario", tuple(_aligned(_scenario(left), _scenario(right)))),
        *_stacks(left, right),
    )
    return Comparison(tuple(section for section in sections if section.pairs))


def _facts(left: Report, right: Report) -> Iterator[Pair]:
    rows = (
        ("Kind", left.kind.value, right.kind.value),
        ("Title", left.title, right.title),
        ("Task", str(left.task or ""), str(right.task or "")),
        ("Wanted", _held(left.wanted), _held(right.wanted)),
        ("Held", _held(left.held), _held(right.held)),
    )
    yield from (Pair(*row) for row in rows if row[1] or row[2])


def _chain(left: Report, right: Report) -> Iterator[Pair]:
    """The entries by their numbers, and the line that names three of them."""
    ours, theirs = _entries(left), _entries(right)
    for index in sorted(ours.keys() | theirs.keys(), reverse=True):
        yield Pair(f"#{index}", ours.get(index, ""), theirs.get(index, ""))
    exists = Pair("Chain exists of", _exists(left), _exists(right))
    if exists.left or exists.right:
        yield exists


def _entries(report: Report) -> dict[int, str]:
    if isinstance(report, CircularReport):
        return {entry.index: entry.lock_class.name for entry in report.chain}
    return {link.index: _link(link) for link in report.cycle}


def _exists(report: Report) -> str:
    return _arrows(report.chain_exists) if isinstance(report, CircularReport) else ""


def _scenario(report: Report) -> list[str]:
    return [_step(step) for step in report.scenario]


def _step(step: ScenarioStep) -> str:
    where = f"CPU{step.cpu}: "
    return f"{where}{step.operation.value}({step.lock_class.name})" if step.lock_class else where + step.operation.value


def _stacks(left: Report, right: Report) -> Iterator[Section]:
    """The stack of each dependency, and the one of the task that triggered the report."""
    ours, theirs = ({link.index: link for link in report.cycle} for report in (left, right))
    for index in sorted(ours.keys() | theirs.keys(), reverse=True):
        mine, other = ours.get(index), theirs.get(index)
        link = mine or other
        assert link is not None
        frames = _aligned(_functions(mine.stack if mine else None), _functions(other.stack if other else None))
        yield Section(f"Stack #{index}: {_link(link)}", tuple(frames))
    both = [report.backtrace.stack if report.backtrace else None for report in (left, right)]
    yield Section("The stack of the report", tuple(_aligned(_functions(both[0]), _functions(both[1]))))


def _functions(stack: StackTrace | None) -> list[str]:
    return [frame.bare_function for frame in stack.reliable[:MOST_FRAMES]] if stack else []


def _aligned(left: list[str], right: list[str]) -> Iterator[Pair]:
    """Both lists one under the other, with gaps where one has more."""
    for _, start, end, other_start, other_end in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if left[start:end] == right[other_start:other_end]:
            yield from (Pair("", text, text) for text in left[start:end])
        else:
            yield from (Pair("", text, "") for text in left[start:end])
            yield from (Pair("", "", text) for text in right[other_start:other_end])


def _held(lock: HeldLock | None) -> str:
    return lock.lock_class.name if lock else ""


def _link(link: Dependency) -> str:
    return _arrows((link.held, link.wanted))


def _arrows(classes: Iterable[LockClass]) -> str:
    return " -> ".join(lock_class.name for lock_class in classes)
