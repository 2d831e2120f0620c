"""Scenario files: TOML, checked field by field. docs/scenarios.md describes the format.

A file that cannot be understood is refused with the line and the field, and what was expected there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from lockview.kernel.routines import ROUTINES
from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS
from lockview.sim.scenarios.building import build, rights
from lockview.sim.scenarios.description import (
    CallPart,
    Description,
    Expectation,
    FilePart,
    MmPart,
    PagesPart,
    Pool,
    TaskPart,
    VmaPart,
)

FORMAT = "lockview.scenario 1"
"""The first field of every scenario file."""

MOST_BYTES = 1_000_000
"""A larger file is no scenario."""

_T = TypeVar("_T")


class ScenarioError(ValueError):
    """A scenario file that cannot be used; the text names the line, the field and what was expected."""


def is_scenario(text: str) -> bool:
    """Whether a text says that it is a scenario file, right or wrong ones alike."""
    return re.search(r'^\s*format\s*=\s*"lockview\.scenario', text[:4096], re.MULTILINE) is not None


def read_scenario(text: str) -> Description:
    """The scenario in a file's text. Raises ScenarioError when it cannot run as it stands."""
    import tomllib

    if len(text) > MOST_BYTES:
        raise ScenarioError("the file is too large to be a scenario")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"no valid TOML: {error}") from None
    table = _Table(text, data, "")
    if table.text("format") != FORMAT:
        raise table.wrong("format", f'"{FORMAT}" was expected')
    description = _description(table)
    try:
        build(description)
    except ValueError as error:
        raise ScenarioError(str(error)) from None
    return description


def _description(table: _Table) -> Description:
    description = Description(
        table.text("id"),
        table.text("title"),
        table.text("lesson", ""),
        table.one_of("variant", VARIANTS, "spf-v2"),
        table.each_of("on", tuple(Switch)),
        table.each_of("off", tuple(Switch)),
        table.parts("mm", lambda part: MmPart(part.text("name"), part.number("pages", 4))),
        table.parts("file", _file),
        table.parts("vma", _vma),
        table.parts("pages", _pages),
        _pool(table),
        table.parts("task", _task),
        table.texts("order"),
        table.numbers("schedule"),
        table.number("choice", 1),
        _expectation(table),
    )
    table.finish()
    if not description.tasks:
        raise table.wrong("task", "at least one task was expected")
    return description


def _file(part: _Table) -> FilePart:
    return FilePart(part.text("name"), part.number("size", 4), part.numbers("cached"), part.flag("has_ops", True))


def _vma(part: _Table) -> VmaPart:
    letters = part.text("rights", "rw")
    try:
        rights(letters)
    except ValueError as error:
        raise part.wrong("rights", str(error)) from None
    vma = VmaPart(
        part.text("mm"),
        part.number("start"),
        part.number("end"),
        letters,
        part.text("file", ""),
        part.number("pgoff", 0),
        part.text("anon", ""),
    )
    if vma.end <= vma.start:
        raise part.wrong("end", "a page behind start was expected")
    return vma


def _pages(part: _Table) -> PagesPart:
    return PagesPart(
        part.text("mm"), part.number("start"), part.number("end"), part.numbers("mapped"), part.flag("writable", True)
    )


def _pool(table: _Table) -> Pool:
    part = table.part("pool")
    if part is None:
        return Pool()
    pool = Pool(part.number("vmas", 3), part.number("tables", 2), part.number("frames", 4))
    part.finish()
    return pool


def _task(part: _Table) -> TaskPart:
    return TaskPart(
        part.text("name"),
        part.number("pid"),
        part.parts("call", _call),
        part.text("mm", ""),
        part.flag("may_reclaim", False),
        part.number("cpu") if part.has("cpu") else None,
        part.number("priority", 0),
        part.flag("daemon", False),
    )


def _call(part: _Table) -> CallPart:
    return CallPart(part.one_of("routine", ROUTINES), part.rest(), part.line)


def _expectation(table: _Table) -> Expectation:
    part = table.part("expect")
    if part is None:
        return Expectation()
    expectation = Expectation(
        part.one_of("verdict", ("clean", "deadlock", "violation"), "clean"),
        part.text("invariant", ""),
        part.text("report", ""),
        part.texts("chain"),
    )
    part.finish()
    return expectation


class _Place(NamedTuple):
    """The name of a table in the file, and which of its kind it is."""

    name: str
    number: int


class _Table:
    """A table of the file: takes fields out, says where one is wrong, and which are too many."""

    def __init__(self, source: str, data: Mapping[str, Any], name: str, number: int = 0, start: int = 0) -> None:
        self._source = source
        self._left = dict(data)
        self._name = name
        self._number = number
        self._start = start

    @property
    def line(self) -> int:
        """The line at which the table begins, 1 for the whole file."""
        return self._source.count("\n", 0, self._start) + 1

    def has(self, field: str) -> bool:
        return field in self._left

    def wrong(self, field: str, expected: str) -> ScenarioError:
        where = f"{self._name}.{field}" if self._name else field
        return ScenarioError(f"line {self._line_of(field)}: {where}: {expected}")

    def text(self, field: str, default: str | None = None) -> str:
        return self._typed(field, str, "a text", default)

    def number(self, field: str, default: int | None = None) -> int:
        value = self._typed(field, int, "a number", default)
        if isinstance(value, bool) or not 0 <= value < 1 << 31:
            raise self.wrong(field, "a number from 0 on was expected")
        return value

    def flag(self, field: str, default: bool) -> bool:
        return self._typed(field, bool, "true or false", default)

    def texts(self, field: str) -> tuple[str, ...]:
        return self._list(field, str, "texts")

    def numbers(self, field: str) -> tuple[int, ...]:
        return self._list(field, int, "numbers")

    def one_of(self, field: str, known: Mapping[str, object] | tuple[str, ...], default: str | None = None) -> str:
        value = self.text(field, default)
        if value not in known:
            raise self.wrong(field, f'"{value}" is not known; one of {", ".join(known)} was expected')
        return value

    def each_of(self, field: str, known: tuple[str, ...]) -> tuple[str, ...]:
        values = self.texts(field)
        for value in values:
            if value not in known:
                raise self.wrong(field, f'"{value}" is not known; any of {", ".join(known)} was expected')
        return values

    def part(self, field: str) -> _Table | None:
        """The table of that name, None without one."""
        value = self._left.pop(field, None)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self.wrong(field, f"a table [{field}] was expected")
        return _Table(self._source, value, field, start=self._find(field, 0))

    def parts(self, field: str, make: Callable[[_Table], _T]) -> tuple[_T, ...]:
        """One value per table of that name."""
        values = self._left.pop(field, [])
        if not isinstance(values, list) or not all(isinstance(value, Mapping) for value in values):
            raise self.wrong(field, f"tables [[{field}]] were expected")
        made = []
        for number, value in enumerate(values):
            name = f"{self._name}.{field}" if self._name else field
            part = _Table(self._source, value, name, number, self._find(name, number))
            made.append(make(part))
            part.finish()
        return tuple(made)

    def rest(self) -> tuple[tuple[str, object], ...]:
        """All fields that are left: arguments."""
        rest = tuple(self._left.items())
        self._left.clear()
        return rest

    def finish(self) -> None:
        """Complain about a field that nobody asked for."""
        if self._left:
            field = next(iter(self._left))
            raise self.wrong(field, "there is no such field here")

    def _typed(self, field: str, kind: type[_T], what: str, default: _T | None) -> _T:
        if field not in self._left:
            if default is None:
                raise self.wrong(field, f"{what} was expected, but it is missing")
            return default
        value = self._left.pop(field)
        if not isinstance(value, kind):
            raise self.wrong(field, f"{what} was expected")
        return value

    def _list(self, field: str, kind: type[_T], what: str) -> tuple[_T, ...]:
        values = self._left.pop(field, [])
        if not isinstance(values, list) or not all(isinstance(value, kind) for value in values):
            raise self.wrong(field, f"a list of {what} was expected")
        return tuple(values)

    def _find(self, name: str, number: int) -> int:
        """Where the table of that name stands in the text, the start of this one if it cannot be told."""
        heads = list(re.finditer(rf"^[ \t]*\[\[?[ \t]*{re.escape(name)}[ \t]*\]", self._source, re.MULTILINE))
        inside = [head.start() for head in heads if head.start() >= self._start]
        return inside[number] if number < len(inside) else self._start

    def _line_of(self, field: str) -> int:
        found = re.compile(rf"^[ \t]*{re.escape(field)}[ \t]*=", re.MULTILINE).search(self._source, self._start)
        return self._source.count("\n", 0, found.start() if found else self._start) + 1
