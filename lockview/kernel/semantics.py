"""What an effect does to the world: a pure function per effect, ``(cells, task, effect) -> Result``, None to wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from lockview.kernel import effects
from lockview.kernel.effects import Step, Value
from lockview.kernel.handles import DomainState, HolderState
from lockview.kernel.holding import downgraded, is_queued, queued, released, taken
from lockview.kernel.worlds import Cells, changed


class Result(NamedTuple):
    """The world after a step and what the routine is told.

    ``stays`` marks the step of joining a queue: the routine goes on only when the lock is had.
    """

    cells: Cells
    answer: Value = None
    stays: bool = False


def apply(cells: Cells, task: int, effect: Step, choice: int = 0) -> Result | None:
    """Do one step of a task; None when it has to wait. ``choice`` answers a ``Choose``.

    Raises MisuseError when the kernel forbids the operation.
    """
    if isinstance(effect, effects.Choose):
        return Result(cells, choice)
    return _RULES[type(effect)](cells, task, effect)


def choices(effect: Step | None) -> int:
    """How many outcomes a step has that the world does not decide."""
    return effect.options if isinstance(effect, effects.Choose) else 1


def _acquire(cells: Cells, task: int, effect: effects.Acquire) -> Result | None:
    lock = effect.lock
    state: HolderState = cells[lock.cell]
    after = taken(lock, state, task, effect.access)
    if effect.trylock:
        return Result(cells if after is None else changed(cells, lock.cell, after), after is not None)
    if after is not None:
        return Result(changed(cells, lock.cell, after))
    if not lock.fair or is_queued(state, task):
        return None
    return Result(changed(cells, lock.cell, queued(state, task, effect.access)), stays=True)


def _release(cells: Cells, task: int, effect: effects.Release) -> Result:
    number = effect.lock.cell
    return Result(changed(cells, number, released(effect.lock, cells[number], task, effect.access)))


def _downgrade(cells: Cells, task: int, effect: effects.Downgrade) -> Result:
    number = effect.lock.cell
    return Result(changed(cells, number, downgraded(effect.lock, cells[number], task)))


def _read(cells: Cells, _task: int, effect: effects.Read) -> Result:
    return Result(cells, cells[effect.cell.number])


def _look(cells: Cells, _task: int, effect: effects.Look) -> Result:
    return Result(cells, tuple(cells[cell.number] for cell in effect.cells))


def _write(cells: Cells, _task: int, effect: effects.Write) -> Result:
    return Result(changed(cells, effect.cell.number, effect.value))


def _add(cells: Cells, _task: int, effect: effects.Add) -> Result:
    value = cells[effect.cell.number] + effect.amount
    return Result(changed(cells, effect.cell.number, value), value)


def _atomic(cells: Cells, _task: int, effect: effects.Atomic) -> Result | None:
    outcome = effect.change(*(cells[cell.number] for cell in effect.cells))
    if outcome is None:
        return None
    answer, *values = outcome
    after = list(cells)
    for cell, value in zip(effect.cells, values, strict=True):
        after[cell.number] = value
    return Result(tuple(after), answer)


def _await(cells: Cells, _task: int, effect: effects.Await) -> Result | None:
    value = cells[effect.cell.number]
    return Result(cells, value) if effect.ready(value) else None


def _irq_disable(cells: Cells, _task: int, effect: effects.IrqDisable) -> Result:
    return Result(changed(cells, effect.irqs.number, 0), cells[effect.irqs.number])


def _irq_enable(cells: Cells, _task: int, effect: effects.IrqEnable) -> Result:
    return Result(changed(cells, effect.irqs.number, 1))


def _flush(cells: Cells, _task: int, effect: effects.Flush) -> Result | None:
    if not all(cells[cell.number] for cell in effect.irqs):
        return None
    after = list(cells)
    for tlb in effect.tlbs:
        after[tlb.number] = ()
    return Result(tuple(after))


def _read_lock(cells: Cells, task: int, effect: effects.ReadLock) -> Result:
    state: DomainState = cells[effect.domain.cell]
    return Result(changed(cells, effect.domain.cell, state._replace(readers=tuple(sorted((*state.readers, task))))))


def _read_unlock(cells: Cells, task: int, effect: effects.ReadUnlock) -> Result:
    state: DomainState = cells[effect.domain.cell]
    place = state.readers.index(task)
    readers = state.readers[:place] + state.readers[place + 1 :]
    callbacks = state.callbacks
    if task not in readers:
        callbacks = tuple((action, tuple(who for who in left if who != task)) for action, left in callbacks)
    return Result(changed(cells, effect.domain.cell, DomainState(readers, callbacks)))


def _defer(cells: Cells, _task: int, effect: effects.Defer) -> Result:
    state: DomainState = cells[effect.domain.cell]
    callback = (effect.action, tuple(dict.fromkeys(state.readers)))
    return Result(changed(cells, effect.domain.cell, state._replace(callbacks=(*state.callbacks, callback))))


def _grace_period(cells: Cells, _task: int, effect: effects.GracePeriod) -> Result | None:
    state: DomainState = cells[effect.domain.cell]
    for place, (action, left) in enumerate(state.callbacks):
        if not left:
            rest = state.callbacks[:place] + state.callbacks[place + 1 :]
            return Result(changed(cells, effect.domain.cell, state._replace(callbacks=rest)), action)
    return None


_RULES: dict[type, Callable[[Cells, int, Any], Result | None]] = {
    effects.Acquire: _acquire,
    effects.Release: _release,
    effects.Downgrade: _downgrade,
    effects.Read: _read,
    effects.Look: _look,
    effects.Write: _write,
    effects.Add: _add,
    effects.Atomic: _atomic,
    effects.Await: _await,
    effects.IrqDisable: _irq_disable,
    effects.IrqEnable: _irq_enable,
    effects.Flush: _flush,
    effects.ReadLock: _read_lock,
    effects.ReadUnlock: _read_unlock,
    effects.Defer: _defer,
    effects.GracePeriod: _grace_period,
}
