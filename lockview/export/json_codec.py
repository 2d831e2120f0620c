"""Building blocks of the JSON form: a codec writes one type of value as plain JSON values and reads it back.

Reading checks every type and never guesses. An error knows its path because each level adds its own key while the
error travels up; reading without an error builds no path at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from enum import StrEnum
from typing import Any, NamedTuple


class JsonFormError(ValueError):
    """JSON that is not the form it should be. ``str()`` is ``reports[0].chain[2].index: expected a whole number``."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.path = ""

    def inside(self, key: str) -> JsonFormError:
        """The same error seen from one level further out; ``key`` is a name or ``[n]``."""
        between = "." if self.path and not self.path.startswith("[") else ""
        self.path = f"{key}{between}{self.path}"
        return self

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class Codec(NamedTuple):
    """``write`` gives what ``json.dumps`` takes; ``read`` takes what ``json.loads`` gives, or raises JsonFormError."""

    write: Callable[[Any], object]
    read: Callable[[object], Any]


class Entry(NamedTuple):
    """One field of a record: its key in the JSON form, its name in the dataclass, and how its value is written.

    ``optional`` says that reading may go without it; ``default`` is then what its absence means.
    """

    key: str
    name: str
    codec: Codec
    optional: bool
    default: object


def misfit(expected: str, found: object) -> JsonFormError:
    """The error for a value of the wrong type or range; long values are shown shortened."""
    import json

    if isinstance(found, list | dict):
        shown = "a list" if isinstance(found, list) else "an object"
    else:
        shown = json.dumps(found)
    return JsonFormError(f"expected {expected}, found {shown if len(shown) <= 60 else shown[:57] + '...'}")


def _same(value: object) -> object:
    return value


def _plain(kind: type, expected: str) -> Codec:
    def read(found: object) -> object:
        # type() and not isinstance(): True is an int in Python and never a number in JSON.
        if type(found) is not kind:
            raise misfit(expected, found)
        return found

    return Codec(_same, read)


TEXT = _plain(str, "a string")
WHOLE = _plain(int, "a whole number")
FLAG = _plain(bool, "true or false")


def word(kind: type[StrEnum]) -> Codec:
    """One of the words of an enumeration."""
    words = [member.value for member in kind]

    def read(found: object) -> StrEnum:
        text: str = TEXT.read(found)
        if text not in words:
            raise misfit("one of " + ", ".join(words), text)
        return kind(text)

    return Codec(str, read)


def maybe(codec: Codec) -> Codec:
    """A value or null, which is None."""

    def write(value: Any) -> object:
        return None if value is None else codec.write(value)

    def read(found: object) -> Any:
        return None if found is None else codec.read(found)

    return Codec(write, read)


def many(codec: Codec) -> Codec:
    """A list, which is a tuple."""

    def write(values: Any) -> object:
        return [codec.write(value) for value in values]

    def read(found: object) -> tuple[Any, ...]:
        if not isinstance(found, list):
            raise misfit("a list", found)
        values: list[Any] = []
        try:
            values.extend(map(codec.read, found))
        except JsonFormError as error:
            raise error.inside(f"[{len(values)}]") from None
        return tuple(values)

    return Codec(write, read)


def entries(kind: type, codecs: Mapping[str, Codec]) -> tuple[Entry, ...]:
    """The fields of a dataclass that ``codecs`` names, in that order. A key ``class=lock_class`` renames a field."""
    by_name = {field.name: field for field in fields(kind)}
    made = []
    for spelling, codec in codecs.items():
        key, _, name = spelling.partition("=")
        field = by_name[name or key]
        default = field.default
        made.append(Entry(key, field.name, codec, default is not MISSING, default))
    return tuple(made)


def write_entries(made: tuple[Entry, ...], value: object, sparse: bool = False) -> dict[str, object]:
    """The fields of a value. ``sparse`` leaves out what has its default value."""
    written = {}
    for key, name, codec, optional, default in made:
        part = getattr(value, name)
        if not (sparse and optional and part == default):
            written[key] = codec.write(part)
    return written


def read_entries(made: tuple[Entry, ...], found: object) -> dict[str, Any]:
    """Constructor arguments from an object. Keys that are not known are passed over: a later minor version has more."""
    if not isinstance(found, dict):
        raise misfit("an object", found)
    values = {}
    for key, name, codec, optional, _ in made:
        if key in found:
            try:
                values[name] = codec.read(found[key])
            except JsonFormError as error:
                raise error.inside(key) from None
        elif not optional:
            raise JsonFormError(f'the key "{key}" is missing')
    return values


def record(
    kind: type,
    codecs: Mapping[str, Codec],
    sparse: bool = False,
    derived: Mapping[str, Callable[[Any], object]] | None = None,
) -> Codec:
    """A dataclass as an object.

    ``derived`` adds keys that are computed for the convenience of other programs and passed over when reading.
    """
    made = entries(kind, codecs)

    def write(value: Any) -> object:
        written = write_entries(made, value, sparse)
        for key, compute in (derived or {}).items():
            written[key] = compute(value)
        return written

    def read(found: object) -> Any:
        return kind(**read_entries(made, found))

    return Codec(write, read)
