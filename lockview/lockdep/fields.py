"""The fields of operations: read, and refused with a word on what was expected."""

from __future__ import annotations

from collections.abc import Mapping

from lockview.lockdep.locks import LockMap, Wait
from lockview.model.locks import Primitive, WaitTypes

_PRIMITIVES = {primitive.value: primitive for primitive in Primitive}


class OperationError(ValueError):
    """An operation that cannot be read; the text names the field and what was expected there."""


def text(operation: Mapping[str, object], name: str, default: str | None = None) -> str:
    """A text; required without ``default``."""
    value = operation.get(name, default)
    if not isinstance(value, str):
        raise OperationError(f"{name}: a text was expected")
    return value


def texts(operation: Mapping[str, object], name: str) -> tuple[str, ...]:
    """A list of texts that are not empty, perhaps absent."""
    value = operation.get(name, ())
    if not isinstance(value, list | tuple) or not all(isinstance(entry, str) and entry for entry in value):
        raise OperationError(f"{name}: a list of texts was expected")
    return tuple(value)


def flag(operation: Mapping[str, object], name: str, *, default: bool) -> bool:
    """true or false."""
    value = operation.get(name, default)
    if not isinstance(value, bool):
        raise OperationError(f"{name}: true or false was expected")
    return value


def whole(operation: Mapping[str, object], name: str, default: int, highest: int) -> int:
    """A whole number from 0."""
    value = operation.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= highest:
        raise OperationError(f"{name}: a whole number from 0 to {highest} was expected")
    return value


def mention(operation: Mapping[str, object], name: str) -> LockMap:
    """The lock that an operation mentions for the first time, and so describes."""
    kind = text(operation, "kind")
    if kind not in _PRIMITIVES:
        raise OperationError(f'kind: "{kind}" is not a lock; one of {", ".join(sorted(_PRIMITIVES))} was expected')
    class_name = text(operation, "class", name)
    return LockMap(
        name,
        class_name,
        class_name,
        _PRIMITIVES[kind],
        _wait_types(operation),
        has_static_key=flag(operation, "static_key", default=True),
        validated=flag(operation, "validate", default=True),
        rank=whole(operation, "rank", 0, 1_000_000) if "rank" in operation else None,
    )


def _wait_types(operation: Mapping[str, object]) -> WaitTypes | None:
    value = operation.get("wait_types")
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2 or not all(type(entry) is int for entry in value):
        raise OperationError("wait_types: two numbers, outer and inner, were expected")
    outer, inner = value
    if not (0 <= outer <= Wait.MAX and 0 <= inner <= Wait.MAX):
        raise OperationError(f"wait_types: numbers from 0 to {int(Wait.MAX)} were expected")
    return WaitTypes(outer, inner)
