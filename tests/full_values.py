"""Model values in which no field has its default value, made from the types of their fields."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from lockview.model.reports import ReportKind
from lockview.model.text import Span

OVERRIDES: dict[tuple[str, str], Any] = {
    ("ValidatorReport", "group"): ReportKind.SELF_CHECK,
    ("StallReport", "group"): ReportKind.SOFT_LOCKUP,
}
"""Fields that tell the kind of a report: any other value would be another class's."""


def full(kind: Any) -> Any:
    """A value of a type; of a dataclass one that differs from the default in every field, all the way down."""
    origin = get_origin(kind)
    if origin is tuple:
        first, *rest = get_args(kind)
        return (full(first),) if rest == [Ellipsis] else tuple(full(part) for part in (first, *rest))
    if origin in (UnionType, Union):
        return full(next(part for part in reversed(get_args(kind)) if part is not NoneType))
    if kind is Span:
        return Span(7, 9)
    if is_dataclass(kind):
        return _full_record(kind)
    if issubclass(kind, Enum):
        return list(kind)[-1]
    return {str: "text", int: 7, float: 1.5, bool: True}[kind]


def _full_record(kind: Any) -> Any:
    hints = get_type_hints(kind)
    values = {}
    for field in fields(kind):
        value = OVERRIDES.get((kind.__name__, field.name))
        value = full(hints[field.name]) if value is None else value
        if field.default is not MISSING and value is field.default:
            value = not value
        values[field.name] = value
    return kind(**values)
