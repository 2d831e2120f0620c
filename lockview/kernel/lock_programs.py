"""Programs of lock operations, for scenarios in which nothing but the locks matters.

A program is a list of lines, each ``[when SWITCH|unless SWITCH] OPERATION [in CALLER <- CALLER ...]``. Its operations:

- ``take LOCK [shared|recursive] [/N]``, ``release LOCK``; ``try LOCK ...``: when it cannot be had the lines up to its
  release are left out;
- ``begin COUNTER [/N]``, ``end COUNTER``: a write section; ``spin COUNTER`` until no writer is inside;
  ``check COUNTER``: the program ends when one is;
- ``enter MARKER [/N]``, ``leave MARKER``: what only lockdep is told;
- ``irqs off``, ``irqs on``; ``flush``: wait until every other CPU has its interrupts on;
- ``reclaim``: as ``enter fs_reclaim``, ``leave fs_reclaim``: an allocation that may reclaim.

Callers are functions, innermost first; they make the call stack, the function that takes the lock is added.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from types import FunctionType
from typing import NamedTuple

from lockview.kernel.effects import (
    Acquire,
    Annotate,
    Await,
    Flush,
    IrqDisable,
    IrqEnable,
    Read,
    Release,
    Routine,
)
from lockview.kernel.handles import Lock
from lockview.kernel.inlining import inlined
from lockview.kernel.locks import mutex, rwlock, rwsem, seqcount, spinlock
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread
from lockview.model.locks import Access, Primitive

_MODES = {"shared": Access.SHARED, "recursive": Access.RECURSIVE}
_OBJECTLESS = ("irqs off", "irqs on", "flush", "reclaim")
_COUNTERS = ("begin", "end", "spin", "check")
_MARKERS = ("enter", "leave")
_LOCKS = ("take", "try", "release")
_FUNCTION = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,89}\Z")
_MOST_SUBCLASS = 7

_Kind = tuple[Primitive, Access]
_TAKERS: dict[_Kind, Callable[[Lock], Routine[None]]] = {
    (Primitive.RWSEM, Access.EXCLUSIVE): rwsem.down_write,
    (Primitive.RWSEM, Access.SHARED): rwsem.down_read,
    (Primitive.RWLOCK, Access.EXCLUSIVE): rwlock.write_lock,
    (Primitive.RWLOCK, Access.SHARED): rwlock.read_lock,
    (Primitive.SPINLOCK, Access.EXCLUSIVE): spinlock.spin_lock,
    (Primitive.RAW_SPINLOCK, Access.EXCLUSIVE): spinlock.spin_lock,
    (Primitive.MUTEX, Access.EXCLUSIVE): mutex.mutex_lock,
    (Primitive.RT_MUTEX, Access.EXCLUSIVE): mutex.rt_mutex_lock,
}
_NESTED_TAKERS: dict[_Kind, Callable[[Lock, int], Routine[None]]] = {
    (Primitive.RWSEM, Access.EXCLUSIVE): rwsem.down_write_nested,
    (Primitive.SPINLOCK, Access.EXCLUSIVE): spinlock.spin_lock_nested,
    (Primitive.MUTEX, Access.EXCLUSIVE): mutex.mutex_lock_nested,
}
_TRIERS: dict[_Kind, Callable[[Lock], Routine[bool]]] = {
    (Primitive.RWSEM, Access.EXCLUSIVE): rwsem.down_write_trylock,
    (Primitive.RWSEM, Access.SHARED): rwsem.down_read_trylock,
    (Primitive.SPINLOCK, Access.EXCLUSIVE): spinlock.spin_trylock,
    (Primitive.MUTEX, Access.EXCLUSIVE): mutex.mutex_trylock,
}

Find = Callable[[str], Lock]
"""The lock of a name; raises ValueError when there is none."""


class Operation(NamedTuple):
    """One line of a program, understood."""

    verb: str
    lock: Lock | None = None
    access: Access = Access.EXCLUSIVE
    subclass: int = 0
    callers: tuple[str, ...] = ()
    condition: Switch | None = None
    wanted: bool = True
    """Whether the switch of the condition is to be on."""


Act = Callable[[], Routine[bool]]
"""Does an operation; answers whether it succeeded."""


class Action(NamedTuple):
    """An operation bound to a thread, and how many actions further one goes on when it fails."""

    act: Act
    skip: int


@inlined
def lock_program(actions: tuple[Action, ...]) -> Routine[None]:
    """Do one operation after the other."""
    while actions:
        succeeded = yield from actions[0].act()
        actions = actions[1 if succeeded else actions[0].skip :]


def actions_of(t: Thread, program: Iterable[Operation], below: tuple[str, ...] = ()) -> tuple[Action, ...]:
    """What a thread does for a program; ``below`` are the functions under those that its lines name."""
    operations = [
        operation
        for operation in program
        if operation.condition is None or t.has(operation.condition) is operation.wanted
    ]
    return tuple(
        Action(
            _called(partial(_operate, t, operation), (*operation.callers, *below)),
            _behind_release(operation, operations[place:]),
        )
        for place, operation in enumerate(operations)
    )


def _behind_release(operation: Operation, rest: Sequence[Operation]) -> int:
    """How far it is to what follows the release of a lock that could not be had; to the end for a counter."""
    ends = (place for place, other in enumerate(rest) if other.verb == "release" and other.lock == operation.lock)
    return next(ends, len(rest) - 1) + 1


def read_program(lines: Iterable[str], find: Find) -> tuple[Operation, ...]:
    """The operations of a program. Raises ValueError naming a line and what was expected in it."""
    operations: list[Operation] = []
    held: dict[Lock, Access] = {}
    for line in lines:
        try:
            operation = _read_line(line, find)
        except ValueError as error:
            raise ValueError(f'"{line}": {error}') from None
        if operation.lock is not None and operation.verb == "release":
            operation = operation._replace(access=held.get(operation.lock, Access.EXCLUSIVE))
        elif operation.lock is not None:
            held[operation.lock] = operation.access
        operations.append(operation)
    return tuple(operations)


def read_callers(text: str) -> tuple[str, ...]:
    """Function names parted by ``<-``, innermost first. Raises ValueError for what is no name."""
    names = tuple(name.strip() for name in text.split("<-")) if text.strip() else ()
    for name in names:
        if not _FUNCTION.match(name):
            raise ValueError(f'"{name}" is no name of a function')
    return names


def _read_line(line: str, find: Find) -> Operation:
    rest, _, callers = line.strip().partition(" in ")
    words = rest.split()
    condition, wanted = None, True
    if words and words[0] in ("when", "unless"):
        if len(words) == 1 or words[1] not in tuple(Switch):
            raise ValueError(f"a switch was expected behind {words[0]}")
        condition, wanted = Switch(words[1]), words[0] == "when"
        words = words[2:]
    operation = _read_operation(words, find)
    return operation._replace(callers=read_callers(callers), condition=condition, wanted=wanted)


def _read_operation(words: list[str], find: Find) -> Operation:
    if " ".join(words) in _OBJECTLESS:
        return Operation(" ".join(words))
    known = (*_LOCKS, *_COUNTERS, *_MARKERS)
    if not words or words[0] not in known:
        raise ValueError(f"one of {', '.join((*known, *_OBJECTLESS))} was expected")
    verb, *others = words
    if not others:
        raise ValueError(f"the name of a lock was expected behind {verb}")
    lock = find(others[0])
    _fit(verb, lock)
    operation = Operation(verb, lock)
    for word in others[1:]:
        if word in _MODES and verb in ("take", "try"):
            operation = operation._replace(access=_MODES[word])
        elif (
            re.fullmatch(r"/[0-9]", word)
            and int(word[1:]) <= _MOST_SUBCLASS
            and verb in ("take", "try", "begin", "enter")
        ):
            operation = operation._replace(subclass=int(word[1:]))
        else:
            raise ValueError(f'"{word}" is not understood behind {verb} {others[0]}')
    return operation


def _fit(verb: str, lock: Lock) -> None:
    """Refuse an operation on a lock of another kind."""
    is_counter = lock.primitive is Primitive.SEQCOUNT
    is_marker = lock.primitive in (Primitive.MARKER, Primitive.RCU, Primitive.SRCU, Primitive.COMPLETION)
    if is_counter is not (verb in _COUNTERS) or is_marker is not (verb in _MARKERS):
        raise ValueError(f"{lock.name} is a {lock.primitive}; {verb} is not for it")


@inlined
def _operate(t: Thread, operation: Operation) -> Routine[bool]:
    """One operation. Where a stack shows the function that does it, that function is called."""
    lock = operation.lock
    match operation.verb:
        case "irqs off":
            yield IrqDisable(t.irqs)
        case "irqs on":
            yield IrqEnable(t.irqs)
        case "flush":
            yield from smp_call_function_many(t)
        case "reclaim":
            yield from fs_reclaim_acquire(t)
            yield Annotate(t.kernel.fs_reclaim, release=True)
        case _ if lock is not None:
            return (yield from _operate_on(operation, lock))
    return True


@inlined
def _operate_on(operation: Operation, lock: Lock) -> Routine[bool]:
    match operation.verb:
        case "take":
            yield from _take(lock, operation.access, operation.subclass)
        case "try":
            return (yield from _try(lock, operation.access, operation.subclass))
        case "release":
            yield Release(lock, operation.access)
        case "begin":
            yield from seqcount.write_seqcount_begin_nested(lock, operation.subclass)
        case "end":
            yield from seqcount.write_seqcount_end(lock)
        case "spin":
            yield Await(seqcount.counter(lock), seqcount.is_even, spins=True, what="until no writer is inside")
        case "check":
            value: int = yield Read(seqcount.counter(lock))
            return seqcount.is_even(value)
        case "enter":
            yield Annotate(lock, operation.access, operation.subclass)
        case "leave":
            yield Annotate(lock, operation.access, release=True)
    return True


@inlined
def _take(lock: Lock, access: Access, subclass: int) -> Routine[None]:
    """By the kernel's function for it, where there is one."""
    kind = (lock.primitive, access)
    if subclass and kind in _NESTED_TAKERS:
        yield from _NESTED_TAKERS[kind](lock, subclass)
    elif not subclass and kind in _TAKERS:
        yield from _TAKERS[kind](lock)
    else:
        yield Acquire(lock, access, subclass)


@inlined
def _try(lock: Lock, access: Access, subclass: int) -> Routine[bool]:
    kind = (lock.primitive, access)
    if not subclass and kind in _TRIERS:
        return (yield from _TRIERS[kind](lock))
    got: bool = yield Acquire(lock, access, subclass, trylock=True)
    return got


def smp_call_function_many(t: Thread) -> Routine[None]:
    """Interrupt every other CPU and wait for the answers."""
    yield Flush(tuple(thread.irqs for thread in t.kernel.threads if thread is not t))


def fs_reclaim_acquire(t: Thread) -> Routine[None]:
    """Tell lockdep that reclaim may be entered."""
    yield Annotate(t.kernel.fs_reclaim)


def _called(act: Act, callers: tuple[str, ...]) -> Act:
    """The same called by functions of these names, innermost first."""
    for name in callers:
        act = partial(_function(name), act)
    return act


@cache
def _function(name: str) -> Callable[[Act], Routine[bool]]:
    """A function of that name that only calls another one."""
    code = _frame.__code__.replace(co_name=name, co_qualname=name)
    return FunctionType(code, globals(), name)


def _frame(act: Act) -> Routine[bool]:
    return (yield from act())
