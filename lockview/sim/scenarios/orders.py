"""The recommended run of a scenario, written so that it outlives changes of the routines: who goes, and how far.

An entry is the name of a task, which then goes as far as it gets, or ``TASK until TEXT``: it goes on, one step at
least, until TEXT is part of what it would do next, as ``next_step`` words it. After the last entry tasks go on in the
order in which they were named first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from lockview.kernel import effects
from lockview.kernel.effects import Step
from lockview.model.locks import Access
from lockview.model.stacks import StackTrace
from lockview.sim.machine import Machine, Move, State
from lockview.sim.scenarios.description import Schedule

_UNTIL = " until "
_ACCESS = {Access.EXCLUSIVE: "", Access.SHARED: " shared", Access.RECURSIVE: " recursive"}
_LOOKED_AT = 2
"""Cells of one look that are named."""


class Entry(NamedTuple):
    """A task's number, and where it stops; "" for as far as it gets."""

    task: int
    until: str = ""


def read_order(order: Sequence[str], names: Sequence[str]) -> tuple[Entry, ...]:
    """The entries of an order. Raises ValueError naming one that begins with no task's name."""
    entries = []
    for text in order:
        name, until = (text, "") if text in names else _parted(text)
        if name not in names:
            raise ValueError(f'"{text}": a task was expected first, one of {", ".join(names)}')
        entries.append(Entry(names.index(name), until))
    return tuple(entries)


def in_turns(
    machine: Machine, entries: tuple[Entry, ...], schedule: Schedule
) -> Callable[[State, tuple[Move, ...]], Move | None]:
    """The choices of such a run, one after the other."""
    left = list(entries)
    afterwards = list(dict.fromkeys(entry.task for entry in entries))
    answers = dict(schedule.choices)
    stepped = False

    def choose(state: State, possible: tuple[Move, ...]) -> Move | None:
        nonlocal stepped
        able = {move.task for move in possible}
        while left:
            task, until = left[0]
            arrived = stepped and until and until in next_step(machine, state, task)
            if task in able and not arrived:
                stepped = True
                return _answered(machine, state, task, possible)
            left.pop(0)
            stepped = False
        task = next((task for task in afterwards if task in able), min(able))
        return _answered(machine, state, task, possible)

    def _answered(machine: Machine, state: State, task: int, possible: tuple[Move, ...]) -> Move:
        effect = machine.effect(state, task)
        question = effect.of if isinstance(effect, effects.Choose) else ""
        answer = answers.get(question, schedule.choice)
        return max(
            (move for move in possible if move.task == task and move.choice <= answer), key=lambda move: move.choice
        )

    return choose


def next_step(machine: Machine, state: State, task: int) -> str:
    """What a task does next, in one line: its call stack, innermost function first, and the effect; "" at its end."""
    effect = machine.effect(state, task)
    return "" if effect is None else step_words(effect, machine.stack(state, task))


def step_words(effect: Step, stack: StackTrace) -> str:
    """A step in one line."""
    functions = " <- ".join(frame.function for frame in stack.frames)
    return f"{functions}: {effect_words(effect)}" if functions else effect_words(effect)


def effect_words(effect: Step) -> str:
    """What a step does to what."""
    return _WORDS[type(effect)](effect)


def _plain(value: object) -> str:
    """A value without what differs from run to run."""
    return str(value) if isinstance(value, (int, str, bool, tuple)) else type(value).__name__


def _parted(text: str) -> tuple[str, str]:
    name, _, until = text.partition(_UNTIL)
    return name, until.strip()


def _acquire(effect: effects.Acquire) -> str:
    subclass = f"/{effect.subclass}" if effect.subclass else ""
    return f"{'try' if effect.trylock else 'take'} {effect.lock.name}{subclass}{_ACCESS[effect.access]}"


def _look(effect: effects.Look) -> str:
    rest = len(effect.cells) - _LOOKED_AT
    names = ", ".join(cell.name for cell in effect.cells[:_LOOKED_AT])
    return f"look at {names}{f' and {rest} more' if rest > 0 else ''}"


_WORDS: dict[type, Callable[[Any], str]] = {
    effects.Acquire: _acquire,
    effects.Release: lambda effect: f"release {effect.lock.name}{_ACCESS[effect.access]}",
    effects.Downgrade: lambda effect: f"downgrade {effect.lock.name}",
    effects.Read: lambda effect: f"read {effect.cell.name}",
    effects.Look: _look,
    effects.Write: lambda effect: f"write {effect.cell.name} = {_plain(effect.value)}",
    effects.Add: lambda effect: f"add {effect.amount} to {effect.cell.name}",
    effects.Atomic: lambda effect: f"{effect.what or 'change'} ({effect.cells[0].name})",
    effects.Await: lambda effect: f"wait {effect.what or 'for'} ({effect.cell.name})",
    effects.IrqDisable: lambda effect: f"clear {effect.irqs.name}",
    effects.IrqEnable: lambda effect: f"set {effect.irqs.name}",
    effects.Flush: lambda _effect: "flush other CPUs",
    effects.ReadLock: lambda effect: f"enter {effect.domain.name}",
    effects.ReadUnlock: lambda effect: f"leave {effect.domain.name}",
    effects.Defer: lambda effect: f"call after {effect.domain.name}",
    effects.GracePeriod: lambda effect: f"end a grace period of {effect.domain.name}",
    effects.Choose: lambda effect: f"choose {effect.of}",
}
