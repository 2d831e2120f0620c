"""Lock classes and the dependencies between them."""

from __future__ import annotations

from collections.abc import Hashable
from enum import IntFlag
from typing import NamedTuple

from lockview.lockdep.locks import LockMap, without_raw_nesting
from lockview.lockdep.usage import enabled, marks, mask, used_in
from lockview.model.locks import Access, LockClass, WaitTypes
from lockview.model.stacks import StackTrace


class Strength(IntFlag):
    """How a dependency A -> B was made: A exclusive (E) or shared (S), B not recursive (N) or recursively read (R).

    Source: ``DEP_SR_BIT`` and its relatives, kernel/locking/lockdep.c, since 5.10.
    """

    SR = 1
    ER = 2
    SN = 4
    EN = 8


FROM_SHARED = Strength.SR | Strength.SN
TO_BLOCKING = Strength.SN | Strength.EN


def strength(before: Access, after: Access) -> Strength:
    """The strength of the dependency that two acquisitions make."""
    exclusive = before is Access.EXCLUSIVE
    if after is Access.RECURSIVE:
        return Strength.ER if exclusive else Strength.SR
    return Strength.EN if exclusive else Strength.SN


def backwards(before: Access, after: Access) -> Strength:
    """The strength of the same dependency walked against its direction."""
    blocking = after is not Access.RECURSIVE
    if before is Access.EXCLUSIVE:
        return Strength.EN if blocking else Strength.SN
    return Strength.ER if blocking else Strength.SR


class Edge(NamedTuple):
    """A dependency on the class ``other``.

    ``strength`` is all strengths seen, ``distance`` the shortest in a held stack, ``stack`` where the later lock was
    first taken that way.
    """

    other: int
    strength: Strength
    distance: int
    stack: StackTrace


class ClassInfo:
    """A class: what it is called, how it was used, what was taken after and before it.

    ``used_before`` are the states of use in interrupts of itself and all classes before it, ``enabled_after`` those of
    having been taken with interrupts on of itself and all classes after it, over weak paths too.
    """

    def __init__(
        self, number: int, lock: LockMap, name: LockClass, stack: StackTrace, *, raw_nesting: bool = True
    ) -> None:
        self.number = number
        self.name = name
        self.outer = lock.outer
        self.inner = lock.inner
        if not raw_nesting:
            self.outer, self.inner = without_raw_nesting(lock.outer), without_raw_nesting(lock.inner)
        self.is_per_cpu = lock.is_per_cpu
        self.overrides_wait = lock.overrides_wait
        self.usage = 0
        self.used_before = 0
        self.enabled_after = 0
        self.usage_stacks: dict[int, StackTrace] = {}
        self.registered = stack
        self.operations = 0
        self.after: dict[int, Edge] = {}
        self.before: dict[int, Edge] = {}

    @property
    def marks(self) -> str:
        """The usage marks as a report prints them."""
        return marks(self.usage)

    @property
    def wait_types(self) -> WaitTypes:
        """Outer (the inner one if it has none of its own) and inner."""
        return WaitTypes(self.outer or self.inner, self.inner)

    def mark(self, state: int, stack: StackTrace) -> bool:
        """Note a use; False when it was known."""
        if self.usage & mask(state):
            return False
        self.usage |= mask(state)
        self.usage_stacks[state] = stack
        return True


class Classes:
    """All classes that were ever taken, by key and subclass, and how many dependencies there are between them."""

    def __init__(self, *, raw_nesting: bool = True) -> None:
        self._raw_nesting = raw_nesting
        self.all: list[ClassInfo] = []
        self.dependencies = 0
        self._by_key: dict[tuple[Hashable, int], ClassInfo] = {}
        self._key_numbers: dict[tuple[str, int], dict[Hashable, int]] = {}

    def find(self, lock: LockMap, subclass: int) -> ClassInfo | None:
        """The class of a lock, None before its first use."""
        return self._by_key.get((lock.key, subclass))

    def register(self, lock: LockMap, subclass: int, stack: StackTrace) -> ClassInfo:
        """The class of a lock, made at its first use. Keys of one name are numbered in the order of that."""
        known = self._by_key.get((lock.key, subclass))
        if known is not None:
            return known
        keys = self._key_numbers.setdefault((lock.name, subclass), {})
        key_number = keys.setdefault(lock.key, len(keys) + 1)
        name = LockClass(lock.name, key_number, subclass)
        info = ClassInfo(len(self.all), lock, name, stack, raw_nesting=self._raw_nesting)
        self.all.append(info)
        self._by_key[lock.key, subclass] = info
        return info

    def mark(self, info: ClassInfo, state: int, stack: StackTrace) -> bool:
        """Note a use of a class; False when it was known."""
        if not info.mark(state, stack):
            return False
        self._spread_use(info, used_in(mask(state)))
        self._spread_enabling(info, enabled(mask(state)))
        return True

    def _spread_use(self, info: ClassInfo, states: int) -> None:
        """What is before a class is before all that follows it."""
        pending = [info]
        while pending:
            info = pending.pop()
            if states & ~info.used_before:
                info.used_before |= states
                pending.extend(self.all[number] for number in info.after)

    def _spread_enabling(self, info: ClassInfo, states: int) -> None:
        """What is after a class is after all that comes before it."""
        pending = [info]
        while pending:
            info = pending.pop()
            if states & ~info.enabled_after:
                info.enabled_after |= states
                pending.extend(self.all[number] for number in info.before)

    def knows(self, before: Use, after: Use) -> bool:
        """Whether there is a dependency between the classes of two acquisitions, of whatever strength."""
        return after.number in self.all[before.number].after

    def connect(self, before: Use, after: Use, distance: int, stack: StackTrace) -> None:
        """Add the dependency of two acquisitions, or strengthen the one that is known; ``stack`` made it."""
        first, second = self.all[before.number], self.all[after.number]
        forward, backward = strength(before.access, after.access), backwards(before.access, after.access)
        known = first.after.get(second.number)
        if known is None:
            self.dependencies += 1
        first.after[second.number] = _joined(known, Edge(second.number, forward, distance, stack))
        second.before[first.number] = _joined(
            second.before.get(first.number), Edge(first.number, backward, distance, stack)
        )
        self._spread_use(second, first.used_before)
        self._spread_enabling(first, second.enabled_after)


class Use(NamedTuple):
    """What a dependency needs to know of an acquisition: the number of the class, and how it was taken."""

    number: int
    access: Access


def _joined(known: Edge | None, edge: Edge) -> Edge:
    if known is None:
        return edge
    distance = 1 if edge.distance == 1 else known.distance
    return known._replace(strength=known.strength | edge.strength, distance=distance)
