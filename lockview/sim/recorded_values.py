"""Cells and locks of a simulated kernel as traces name them, and their values as JSON."""

from __future__ import annotations

import hashlib
from enum import Enum
from typing import NamedTuple

from lockview.kernel.effects import Value
from lockview.kernel.handles import Lock
from lockview.kernel.worlds import Cells, WorldPlan
from lockview.model.run_traces import Json


class CellName(NamedTuple):
    """The two parts of a cell's name; no other cell has the same two."""

    object: str
    field: str

    @property
    def whole(self) -> str:
        """As snapshots name the cell."""
        return f"{self.object}.{self.field}" if self.object else self.field


def plain(value: Value) -> Json:
    """A cell's value as JSON: tuples, also named ones, as lists, and words of the kernel as texts or numbers.

    Raises TypeError for a value that would not be the same text in every run.
    """
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | str():
            return value
        case tuple():
            return [plain(item) for item in value]
        case frozenset():
            return sorted((plain(item) for item in value), key=repr)
        case _:
            raise TypeError(f"a cell holds a {type(value).__name__}, which has no form in traces")


class Names:
    """The names of all cells and locks, each made different from the others."""

    def __init__(self, plan: WorldPlan) -> None:
        taken: set[str] = set()
        self.cells = tuple(_cell_name(_unlike(cell.name, taken)) for cell in plan.cells)
        self._locks: dict[Lock, str] = {}
        self._taken: set[str] = set()

    def lock(self, lock: Lock) -> str:
        """The name of a lock."""
        name = self._locks.get(lock)
        if name is None:
            name = self._locks[lock] = _unlike(lock.name, self._taken)
        return name

    def state(self, cells: Cells) -> dict[str, Json]:
        """A whole world, by names, in the order of its cells."""
        return {name.whole: plain(value) for name, value in zip(self.cells, cells, strict=True)}


def digest(text: str) -> str:
    """The SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def _unlike(name: str, taken: set[str]) -> str:
    unlike, count = name, 1
    while unlike in taken:
        count += 1
        unlike = f"{name}#{count}"
    taken.add(unlike)
    return unlike


def _cell_name(name: str) -> CellName:
    owner, _, field = name.rpartition(".")
    return CellName(owner, field) if owner and field else CellName("", name)
