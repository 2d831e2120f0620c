"""Tables of a scenario file: fields taken out one by one, each wrong one named with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

_T = TypeVar("_T")

_LONGEST_NAME = 90
_MOST_TABLES = 64
"""Tables of one kind; more are no scenario that could be looked at."""


class ScenarioError(ValueError):
    """A scenario file that cannot be used; the text names the line, the field and what was expected."""


class Table:
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

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that nobody has taken yet."""
        return tuple(self._left)

    def has(self, field: str) -> bool:
        return field in self._left

    def wrong(self, field: str, expected: str) -> ScenarioError:
        return ScenarioError(f"line {self._line_of(field)}: {self._inside(field)}: {expected}")

    def text(self, field: str, default: str | None = None) -> str:
        return self._typed(field, str, "a text", default)

    def number(self, field: str, default: int | None = None, most: int = (1 << 31) - 1) -> int:
        value = self._typed(field, int, "a number", default)
        if isinstance(value, bool) or not 0 <= value <= most:
            raise self.wrong(field, f"a number from 0 to {most} was expected")
        return value

    def flag(self, field: str, default: bool) -> bool:
        return self._typed(field, bool, "true or false", default)

    def texts(self, field: str) -> tuple[str, ...]:
        return self._list(field, str, "texts")

    def name(self, field: str) -> str:
        """A text of one line that is not empty and not longer than any name of the kernel's."""
        value = self.text(field)
        if not 0 < len(value) <= _LONGEST_NAME or not value.isprintable():
            raise self.wrong(field, f"a name of 1 to {_LONGEST_NAME} printable characters was expected")
        return value

    def numbers(self, field: str, below: int = 1 << 31) -> tuple[int, ...]:
        values = self._list(field, int, "numbers")
        for value in values:
            if isinstance(value, bool) or not 0 <= value < below:
                raise self.wrong(field, f"numbers from 0 to {below - 1} were expected")
        return values

    def one_of(self, field: str, known: Mapping[str, object] | tuple[str, ...], default: str | None = None) -> str:
        value = self.text(field, default)
        if value not in known:
            names = ", ".join(known)
            raise self.wrong(
                field, f'"{value}" is not known; ' + (f"one of {names} was expected" if names else "there is none")
            )
        return value

    def each_of(self, field: str, known: tuple[str, ...]) -> tuple[str, ...]:
        values = self.texts(field)
        for value in values:
            if value not in known:
                raise self.wrong(field, f'"{value}" is not known; any of {", ".join(known)} was expected')
        return values

    def part(self, field: str) -> Table | None:
        """The table of that name, None without one."""
        value = self._left.pop(field, None)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self.wrong(field, f"a table [{field}] was expected")
        name = self._inside(field)
        return Table(self._source, value, name, start=self._find(name, 0))

    def parts(self, field: str, make: Callable[[Table], _T]) -> tuple[_T, ...]:
        """One value per table of that name."""
        values = self._left.pop(field, [])
        if not isinstance(values, list) or not all(isinstance(value, Mapping) for value in values):
            raise self.wrong(field, f"tables [[{field}]] were expected")
        if len(values) > _MOST_TABLES:
            raise self.wrong(field, f"at most {_MOST_TABLES} of them were expected")
        made = []
        for number, value in enumerate(values):
            name = self._inside(field)
            part = Table(self._source, value, name, number, self._find(name, number))
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

    def _inside(self, field: str) -> str:
        return f"{self._name}.{field}" if self._name else field

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
