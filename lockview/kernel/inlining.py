"""Routines that the compiler merges into their callers, so that no stack shows them."""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import ParamSpec, TypeVar

from lockview.kernel.effects import Routine

_P = ParamSpec("_P")
_T = TypeVar("_T")

_INLINED: set[CodeType] = set()


def inlined(routine: Callable[_P, Routine[_T]]) -> Callable[_P, Routine[_T]]:
    """Mark a routine as inlined; it runs as before, only stacks leave it out."""
    _INLINED.add(routine.__code__)
    return routine


def is_inlined(code: CodeType) -> bool:
    """Whether a routine was marked."""
    return code in _INLINED
