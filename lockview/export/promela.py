"""A machine of lock programs in Promela, the language of the model checker SPIN: docs/promela.md.

One step of ours is one ``d_step``, and what lies between two steps is a label; so with its reductions off SPIN stores
as many states as there are. What comes from a scenario (names, titles) is in comments only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lockview.export.promela_locks import LISTS, LockNames, declared, lock_options
from lockview.kernel.effects import Acquire, Choose, Downgrade, Release, Step
from lockview.kernel.handles import Lock
from lockview.sim.control_flow import ControlFlow, Outcome, Site, cells_of, control_flow, outcomes
from lockview.sim.machine import Machine, spins

MOST_TASKS = 100
_MOST_BYTE = 255
_LOCKING = (Acquire, Release, Downgrade)
_PLAIN = frozenset(" &()[]<>-_.,:;+=/'#@0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class Option(NamedTuple):
    """One way in which a step can go: when, what it changes, and the place after it."""

    when: str
    does: tuple[str, ...]
    place: int


def promela(machine: Machine, title: str = "") -> str:
    """The model. A deadlock is an invalid end state, a release of what is not held a failed assertion.

    Raises ValueError saying what of the machine has no form in Promela: references, domains of RCU, checks, circles.
    """
    if len(machine.tasks) > MOST_TASKS:
        raise ValueError(f"there are more than {MOST_TASKS} tasks")
    return "".join(f"{line}\n" for line in _Writer(machine, control_flow(machine)).lines(title))


class _Writer:
    """Knows the names of what is in the world."""

    def __init__(self, machine: Machine, flow: ControlFlow) -> None:
        self.machine = machine
        self.flow = flow
        held = dict.fromkeys(
            site.effect.lock for sites in flow.tasks for site in sites if isinstance(site.effect, _LOCKING)
        )
        self.locks: dict[Lock, LockNames] = {
            lock: LockNames(f"lock_{number}", flow.most_readers(lock.cell), flow.most_waiters(lock.cell) * lock.fair)
            for number, lock in enumerate(held)
        }
        cells = dict.fromkeys(cell.number for sites in flow.tasks for site in sites for cell in cells_of(site.effect))
        self.cells = {cell: f"cell_{number}" for number, cell in enumerate(cells)}
        self.watched = {other for others in machine.higher.values() for other in others}
        """Tasks that can keep others off their CPU: where they are is known to all."""

    def lines(self, title: str) -> Iterator[str]:
        yield f"/* {plain(title or 'a scenario')}: written by lockview; see docs/promela.md."
        yield "   spin -a FILE; gcc -O2 -DSAFETY -DNOREDUCE -o pan pan.c; ./pan -c0 -m1000000 */"
        yield ""
        if self.locks:
            yield LISTS
        for lock, names in self.locks.items():
            yield f"/* {plain(lock.name)}: {plain(lock.base)}, {lock.primitive}{', fair' if lock.fair else ''} */"
            yield from declared(names)
        named = {
            cell.number: cell.name for sites in self.flow.tasks for site in sites for cell in cells_of(site.effect)
        }
        for cell, name in self.cells.items():
            kind = "byte" if self.flow.values[cell][0] >= 0 and self.flow.values[cell][-1] <= _MOST_BYTE else "int"
            yield f"{kind} {name} = {int(self.machine.start.cells[cell])}; /* {plain(named[cell])} */"
        for task in sorted(self.watched):
            yield f"short at_{task} = 0;"
        yield ""
        for task in range(len(self.machine.tasks)):
            yield from self._proctype(task)

    def _proctype(self, task: int) -> Iterator[str]:
        yield f"active proctype task_{task}() /* {plain(self.machine.tasks[task].name)} */"
        yield "{"
        for place, site in enumerate(self.flow.tasks[task]):
            yield f"{self._label(task, place)}:{self._comment(site.effect)}"
            options = self._options(task, place)
            if not options:
                yield "    false;"
                continue
            yield "    if"
            kept = self._kept_off(task)
            for option in options:
                yield f"    {self._step(task, option, kept)}"
            yield "    fi;"
        yield "}"
        yield ""

    def _label(self, task: int, place: int) -> str:
        """SPIN takes a label that begins with ``end`` for a place where a task may stay for ever."""
        may_stay = self.machine.tasks[task].daemon or self.flow.tasks[task][place].effect is None
        return f"end_{place}" if may_stay else f"place_{place}"

    def _comment(self, effect: Step | None) -> str:
        if effect is None:
            return ""
        things = [effect.lock.name] if isinstance(effect, _LOCKING) else [cell.name for cell in cells_of(effect)]
        return f" /* {type(effect).__name__} {plain(', '.join(things))} */"

    def _step(self, task: int, option: Option, kept: str) -> str:
        does = option.does
        if task in self.watched:
            does = (*does, f"at_{task} = {option.place}")
        guard = both(kept, option.when)
        body = f"{guard} -> {'; '.join(does) or 'skip'}" if guard else "; ".join(does) or "skip"
        return f":: d_step {{ {body} }}; goto {self._label(task, option.place)}"

    def _options(self, task: int, here: int) -> tuple[Option, ...]:
        site = self.flow.tasks[task][here]
        effect = site.effect
        if effect is None:
            return ()
        if isinstance(effect, Choose):
            return tuple(Option("", (), place) for place in site.after.values())
        if isinstance(effect, _LOCKING):
            ways = lock_options(self.locks[effect.lock], effect, task)
            return tuple(Option(way.when, way.does, here if way.stays else site.after[way.answer]) for way in ways)
        return tuple(self._counted(effect, site))

    def _counted(self, effect: Step, site: Site) -> Iterator[Option]:
        """The options of a step on numbers: one for all values that are answered alike and changed alike."""
        alike: dict[tuple[int, tuple[str, ...]], list[Outcome]] = {}
        for outcome in outcomes(effect, self.flow.values):
            key = (site.after[outcome.answer], self._changes(effect, outcome))
            alike.setdefault(key, []).append(outcome)
        for (place, does), members in alike.items():
            yield Option(self._condition(effect, members), does, place)

    def _changes(self, effect: Step, outcome: Outcome) -> tuple[str, ...]:
        return tuple(
            f"{self.cells[cell.number]} = {self.cells[cell.number]} {'+' if new > old else '-'} {abs(new - old)}"
            for cell, old, new in zip(cells_of(effect), outcome.before, outcome.after, strict=True)
            if new != old
        )

    def _condition(self, effect: Step, members: Sequence[Outcome]) -> str:
        """That the cells hold one of some combinations of values; ``""`` when they always do."""
        numbers = [cell.number for cell in cells_of(effect)]
        held = [tuple(sorted({member.before[index] for member in members})) for index in range(len(numbers))]
        count = 1
        for values in held:
            count *= len(values)
        if count == len(members):
            return both(*(self._among(cell, values) for cell, values in zip(numbers, held, strict=True)))
        ways = (
            both(*(f"{self.cells[cell]} == {value}" for cell, value in zip(numbers, member.before, strict=True)))
            for member in members
        )
        return either(*ways)

    def _among(self, cell: int, values: tuple[int, ...]) -> str:
        """That a cell holds one of these values."""
        name, known = self.cells[cell], self.flow.values[cell]
        if values == known:
            return ""
        for rest in (0, 1):
            if known[0] >= 0 and values == tuple(value for value in known if value % 2 == rest):
                return f"{name} % 2 == {rest}"
        return either(*(f"{name} == {value}" for value in values))

    def _kept_off(self, task: int) -> str:
        """That no task of higher priority keeps the CPU of this one."""
        return both(*(f"!({self._busy(other)})" for other in self.machine.higher.get(task, ())))

    def _busy(self, task: int) -> str:
        ways = []
        for place, site in enumerate(self.flow.tasks[task]):
            if site.effect is None or (self.machine.tasks[task].arrives and place == 0):
                continue
            able = "" if spins(site.effect) else self._able(task, place)
            ways.append(both(f"at_{task} == {place}", able))
        return either(*ways) or "false"

    def _able(self, task: int, place: int) -> str:
        """That a task could step at a place."""
        ways = [option.when for option in self._options(task, place)]
        return "" if "" in ways else either(*ways)


def both(*conditions: str) -> str:
    """All of them; "" stands for what is always so."""
    given = [condition for condition in conditions if condition]
    return given[0] if len(given) == 1 else " && ".join(f"({condition})" for condition in given)


def either(*conditions: str) -> str:
    """One of them."""
    return conditions[0] if len(conditions) == 1 else " || ".join(f"({condition})" for condition in conditions)


def plain(text: str) -> str:
    """Text that can stand in a comment: neither its end nor anything that the C preprocessor looks at."""
    cleaned = "".join(letter if letter in _PLAIN else "?" for letter in text)
    return cleaned.replace("*", "?")
