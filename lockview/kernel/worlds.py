"""The world of a simulated kernel: one tuple of cells, and the plan that says what each cell is."""

from __future__ import annotations

from lockview.kernel.effects import Value
from lockview.kernel.handles import FREE, NO_CELL, QUIET, Cell, Lock
from lockview.model.locks import Primitive

Cells = tuple[Value, ...]
"""The values of all cells, by number. Immutable: every moment of a run is one of these."""

_WITHOUT_STATE = (Primitive.MARKER,)
_DOMAINS = (Primitive.RCU, Primitive.SRCU)


class WorldPlan:
    """Hands out cells and locks while a kernel is built; ``start`` is then the world before the first step."""

    def __init__(self) -> None:
        self.cells: list[Cell] = []
        self.locks: dict[int, Lock] = {}
        self._start: list[Value] = []

    @property
    def start(self) -> Cells:
        """The first values of all cells."""
        return tuple(self._start)

    def cell(self, name: str, value: Value, *, ghost: bool = False) -> Cell:
        """A new cell with its first value."""
        cell = Cell(len(self.cells), name, ghost)
        self.cells.append(cell)
        self._start.append(value)
        return cell

    def first(self, cell: Cell) -> Value:
        """What a cell holds at the start."""
        return self._start[cell.number]

    def begin(self, cell: Cell, value: Value) -> None:
        """Have a cell hold something else at the start."""
        self._start[cell.number] = value

    def lock(
        self,
        name: str,
        base: str,
        primitive: Primitive,
        *,
        key: str = "",
        fair: bool = False,
        annotated: bool = True,
    ) -> Lock:
        """A new lock, held by nobody. Without ``key`` all locks of one ``base`` are of one class."""
        if primitive in _WITHOUT_STATE:
            return Lock(NO_CELL, name, base, primitive, key or base, annotated=annotated)
        first: Value = 0 if primitive is Primitive.SEQCOUNT else QUIET if primitive in _DOMAINS else FREE
        cell = self.cell(name, first)
        lock = Lock(cell.number, name, base, primitive, key or base, fair, annotated)
        self.locks[cell.number] = lock
        return lock


def changed(cells: Cells, number: int, value: Value) -> Cells:
    """The same world with another value in one cell."""
    return (*cells[:number], value, *cells[number + 1 :])
