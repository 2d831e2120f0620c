"""What a step of a simulated kernel is in a trace: its operation, its outcome, and the cells it read or changed."""

from __future__ import annotations

from typing import Any

from lockview.kernel import effects
from lockview.kernel.effects import Step, Value
from lockview.kernel.footprints import footprint
from lockview.kernel.handles import Cell, Lock
from lockview.kernel.worlds import Cells
from lockview.model.locks import Primitive
from lockview.sim.machine import Done
from lockview.sim.recorded_values import Names, plain

Fields = dict[str, Any]
"""Fields of a ``RunEvent``."""

_OPERATIONS: dict[type, str] = {
    effects.Acquire: "acquire",
    effects.Release: "release",
    effects.Downgrade: "downgrade",
    effects.Read: "rd",
    effects.Look: "rd",
    effects.Await: "rd",
    effects.Write: "wr",
    effects.Add: "rmw",
    effects.IrqDisable: "irq_off",
    effects.IrqEnable: "irq_on",
    effects.Flush: "ipi_send",
    effects.ReadLock: "srcu_lock",
    effects.ReadUnlock: "srcu_unlock",
    effects.Defer: "call_srcu",
    effects.GracePeriod: "cb",
    effects.Choose: "choice",
}


class StepWords:
    """Words of steps. It remembers what each task read from counters, since a second look at one is a check."""

    def __init__(self, names: Names, locks: dict[int, Lock]) -> None:
        self._names = names
        self._counters = {number for number, lock in locks.items() if lock.primitive is Primitive.SEQCOUNT}
        self._seen: dict[tuple[int, int], Value] = {}

    def fields(self, task: int, before: Cells, done: Done, choice: int) -> Fields:
        """The fields of a step that was done."""
        effect = done.effect
        fields: Fields = {"op": _OPERATIONS.get(type(effect), "rmw")}
        changes = changed_cells(before, done.state.cells)
        if isinstance(effect, effects.Choose):
            fields |= {"of": effect.of, "value": choice}
        elif isinstance(effect, effects.Acquire):
            fields |= {"trylock": effect.trylock}
        fields |= self._memory(effect, before, done.state.cells, changes)
        fields |= self._counter(task, effect, changes, done.state.cells)
        if fields["op"] == "rmw" and not changes:
            fields["op"] = "rd"
        return fields

    def forget(self, task: int) -> None:
        """A new fault begins: what was read before is no earlier look of it."""
        self._seen = {key: value for key, value in self._seen.items() if key[0] != task}

    def _memory(self, effect: Step | None, before: Cells, after: Cells, changes: list[int]) -> Fields:
        looked = _cells_of(effect)
        first = next((number for number in looked if number in changes), changes[0] if changes else -1)
        numbers = [first, *(number for number in changes if number != first)] if changes else looked
        if not numbers:
            return {}
        name = self._names.cells[numbers[0]]
        fields: Fields = {"object": name.object, "field": name.field, "old": plain(before[numbers[0]])}
        if changes:
            fields["new"] = plain(after[numbers[0]])
        values = [[before[number], after[number]] if changes else [before[number]] for number in numbers]
        fields["also"] = tuple(
            [*self._names.cells[number], *map(plain, pair)]
            for number, pair in zip(numbers[1:], values[1:], strict=True)
        )
        return fields

    def _counter(self, task: int, effect: Step | None, changes: list[int], after: Cells) -> Fields:
        """Operations on sequence counters have words of their own."""
        number = next((number for number in _cells_of(effect) if number in self._counters), None)
        if number is None:
            return {}
        value = after[number]
        parity = "odd" if isinstance(value, int) and value % 2 else "even"
        if number in changes:
            return {"op": "seq_begin" if parity == "odd" else "seq_end", "out": parity}
        if not isinstance(effect, effects.Read | effects.Await):
            return {}
        key = (task, number)
        earlier = None if isinstance(effect, effects.Await) else self._seen.get(key)
        self._seen[key] = value
        if earlier is None:
            return {"op": "seq_read", "out": parity}
        return {"op": "seq_check", "out": "same" if earlier == value else "changed"}


def changed_cells(before: Cells, after: Cells) -> list[int]:
    """The numbers of the cells that a step changed."""
    if before is after:
        return []
    return [
        number
        for number, (old, new) in enumerate(zip(before, after, strict=True))
        if old is not new and old != new
    ]  # fmt: skip


def _cells_of(effect: Step | None) -> list[int]:
    """The cells that a step names, in its own order."""
    match effect:
        case effects.Look(cells=cells) | effects.Atomic(cells=cells):
            return [cell.number for cell in cells if isinstance(cell, Cell)]
        case None:
            return []
        case _:
            touched = footprint(effect)
            return sorted(number for number in touched.reads | touched.writes if number >= 0)
