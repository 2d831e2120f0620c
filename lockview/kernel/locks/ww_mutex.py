"""Wound/wait mutexes, as in include/linux/ww_mutex.h and kernel/locking/ww_mutex.h: who must not wait is told so.

Contexts have stamps; a smaller one is older. Of ``wait_die`` classes a younger context that holds something does not
wait for an older one, it gets ``-EDEADLK``. Of the others (wound-wait) an older one that has to wait wounds the younger
holder, which gets ``-EDEADLK`` when it next has to wait, if it still holds something then.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from lockview.kernel.effects import Annotate, Atomic, Routine, Value
from lockview.kernel.handles import NOBODY, Cell, HolderState, Lock
from lockview.kernel.holding import MisuseError, released
from lockview.kernel.worlds import WorldPlan
from lockview.model.locks import Access, Primitive

EDEADLK = -35
EALREADY = -114
_WAITS = 1

NO_CONTEXT = 0
"""The stamp of who takes a lock without a context; such are never told to give up."""


class ContextState(NamedTuple):
    """What others know of a context: how many locks it has, and whether it was wounded."""

    stamp: int
    acquired: int = 0
    wounded: bool = False


class WwClass(NamedTuple):
    """The mutexes that may be taken in one context.

    ``contexts`` holds the ``ContextState`` of all that are in use, ``stamps`` the last stamp given out.
    """

    name: str
    acquire: Lock
    contexts: Cell
    stamps: Cell
    wait_die: bool


class WwMutex(NamedTuple):
    """``holder`` is the stamp of the context that has it, ``waiting`` are (stamp, task), in the order of their turn."""

    ww_class: WwClass
    lock: Lock
    holder: Cell
    waiting: Cell


class WwContext(NamedTuple):
    """``struct ww_acquire_ctx``."""

    ww_class: WwClass
    stamp: int

    @property
    def map(self) -> Lock:
        """What lockdep takes for a lock that is held around those of the context."""
        acquire = self.ww_class.acquire
        return acquire._replace(name=f"{acquire.name}:{self.stamp}")


class _Lock(NamedTuple):
    """All that a step on a mutex sees and changes."""

    state: HolderState
    holder: int
    waiting: tuple[tuple[int, int], ...]
    contexts: tuple[ContextState, ...]


def new_ww_class(plan: WorldPlan, name: str, *, wait_die: bool = False) -> WwClass:
    """``DEFINE_WW_CLASS``, or with ``wait_die`` ``DEFINE_WD_CLASS``."""
    acquire = plan.lock(f"{name}_acquire", f"{name}_acquire", Primitive.MARKER)
    return WwClass(name, acquire, plan.cell(f"{name}.contexts", ()), plan.cell(f"{name}.stamp", NO_CONTEXT), wait_die)


def new_ww_mutex(plan: WorldPlan, ww_class: WwClass, name: str) -> WwMutex:
    """``ww_mutex_init``."""
    lock = plan.lock(name, f"{ww_class.name}_mutex", Primitive.WW_MUTEX)
    return WwMutex(ww_class, lock, plan.cell(f"{name}.ctx", NO_CONTEXT), plan.cell(f"{name}.waiters", ()))


def ww_acquire_init(ww_class: WwClass) -> Routine[WwContext]:
    """Begin a context, younger than all before."""
    stamp: int = yield Atomic((ww_class.stamps, ww_class.contexts), _begin, "ww_acquire_init")
    context = WwContext(ww_class, stamp)
    yield Annotate(context.map)
    return context


def ww_acquire_fini(context: WwContext) -> Routine[None]:
    """End a context. It must hold nothing any more."""
    yield Annotate(context.map, release=True)
    yield Atomic((context.ww_class.contexts,), _end(context.stamp), "ww_acquire_fini")


def ww_mutex_lock(mutex: WwMutex, context: WwContext | None, me: int) -> Routine[int]:
    """Take it, waiting if need be. 0 if taken; EALREADY if the context has it, EDEADLK if it must give up the others.

    ``me`` is the number of the task.
    """
    stamp = context.stamp if context else NO_CONTEXT
    outcome: int = yield Atomic(_cells(mutex), _step(mutex, partial(_ask, stamp, me)), "ww_mutex_lock")
    if outcome == EALREADY:
        return outcome
    yield Annotate(mutex.lock, nest=context.map if context else None)
    if outcome == _WAITS:
        outcome = yield Atomic(_cells(mutex), _step(mutex, partial(_wait, stamp, me)), "wait for the ww_mutex")
    if outcome == EDEADLK:
        yield Annotate(mutex.lock, release=True)
    return outcome


def ww_mutex_trylock(mutex: WwMutex, context: WwContext | None, me: int) -> Routine[bool]:
    """Take it if it is free."""
    stamp = context.stamp if context else NO_CONTEXT
    got: bool = yield Atomic(_cells(mutex), _step(mutex, partial(_try, stamp, me)), "ww_mutex_trylock")
    if got:
        yield Annotate(mutex.lock, trylock=True, nest=context.map if context else None)
    return got


def ww_mutex_unlock(mutex: WwMutex, me: int) -> Routine[None]:
    """Give it up."""
    yield Annotate(mutex.lock, release=True)
    yield Atomic(_cells(mutex), _unlocked(mutex, me), "ww_mutex_unlock")


def _cells(mutex: WwMutex) -> tuple[Cell, ...]:
    lock = mutex.lock
    return (Cell(lock.cell, lock.name), mutex.holder, mutex.waiting, mutex.ww_class.contexts)


_Change = Callable[..., tuple[Value, ...] | None]
_Rule = Callable[[_Lock, bool], tuple[Value, _Lock] | None]


def _step(mutex: WwMutex, rule: _Rule) -> _Change:
    """A change of all cells of a mutex by a rule."""

    def change(*values: Value) -> tuple[Value, ...] | None:
        outcome = rule(_Lock(*values), mutex.ww_class.wait_die)
        return None if outcome is None else (outcome[0], *outcome[1])

    return change


def _try(stamp: int, me: int, lock: _Lock, _wait_die: bool) -> tuple[Value, _Lock]:
    return (True, _taken(lock, stamp, me)) if lock.state.writer == NOBODY else (False, lock)


def _ask(stamp: int, me: int, lock: _Lock, wait_die: bool) -> tuple[Value, _Lock]:
    """The first step: take it, give up, or join those that wait and wound who has it."""
    mine = _state(lock, stamp)
    if mine is not None and lock.holder == stamp:
        return (EALREADY, lock)
    if mine is not None and not mine.acquired:
        lock = _with(lock, mine._replace(wounded=False))
    if lock.state.writer == NOBODY:
        taken = _taken(lock, stamp, me)
        return (0, taken if wait_die else _wounded(taken, taken.waiting))
    if _must_give_up(lock, stamp, wait_die):
        return (EDEADLK, lock)
    place = (stamp, me)
    before = sum(1 for other, _ in lock.waiting if not _is_older(stamp, other))
    lock = lock._replace(waiting=(*lock.waiting[:before], place, *lock.waiting[before:]))
    return (_WAITS, lock if wait_die else _wounded(lock, (place,)))


def _wait(stamp: int, me: int, lock: _Lock, wait_die: bool) -> tuple[Value, _Lock] | None:
    """The second step, once it can be done: take it when it is one's turn, or give up."""
    place = (stamp, me)
    left = lock._replace(waiting=tuple(other for other in lock.waiting if other != place))
    if lock.state.writer == NOBODY and lock.waiting[0] == place:
        taken = _taken(left, stamp, me)
        return (0, taken if wait_die else _wounded(taken, taken.waiting))
    return (EDEADLK, left) if _must_give_up(lock, stamp, wait_die) else None


def _must_give_up(lock: _Lock, stamp: int, wait_die: bool) -> bool:
    """``__ww_mutex_check_kill``."""
    mine = _state(lock, stamp)
    if mine is None or not mine.acquired:
        return False
    if not wait_die:
        return mine.wounded
    return any(_is_older(other, stamp) for other in (lock.holder, *(other for other, _ in lock.waiting)))


def _wounded(lock: _Lock, by: tuple[tuple[int, int], ...]) -> _Lock:
    """``__ww_mutex_wound``: the holder, if it is younger than one of those that wait."""
    holder = _state(lock, lock.holder)
    if holder is None or not holder.acquired or not any(_is_older(stamp, holder.stamp) for stamp, _ in by):
        return lock
    return _with(lock, holder._replace(wounded=True))


def _is_older(stamp: int, than: int) -> bool:
    return NO_CONTEXT < stamp < than


def _taken(lock: _Lock, stamp: int, me: int) -> _Lock:
    mine = _state(lock, stamp)
    if mine is not None:
        lock = _with(lock, mine._replace(acquired=mine.acquired + 1))
    return lock._replace(state=HolderState(me), holder=stamp)


def _unlocked(mutex: WwMutex, me: int) -> _Change:
    def rule(lock: _Lock, _wait_die: bool) -> tuple[Value, _Lock]:
        state = released(mutex.lock, lock.state, me, Access.EXCLUSIVE)
        holder = _state(lock, lock.holder)
        if holder is not None:
            lock = _with(lock, holder._replace(acquired=holder.acquired - 1))
        return (None, lock._replace(state=state, holder=NO_CONTEXT))

    return _step(mutex, rule)


def _state(lock: _Lock, stamp: int) -> ContextState | None:
    return next((context for context in lock.contexts if context.stamp == stamp), None)


def _with(lock: _Lock, changed: ContextState) -> _Lock:
    return lock._replace(
        contexts=tuple(changed if context.stamp == changed.stamp else context for context in lock.contexts)
    )


def _begin(stamp: int, contexts: tuple[ContextState, ...]) -> tuple[Value, ...]:
    return (stamp + 1, stamp + 1, (*contexts, ContextState(stamp + 1)))


def _end(stamp: int) -> _Change:
    def change(contexts: tuple[ContextState, ...]) -> tuple[Value, ...]:
        if any(context.stamp == stamp and context.acquired for context in contexts):
            raise MisuseError("an acquire context ends while it still holds a lock")
        return (None, tuple(context for context in contexts if context.stamp != stamp))

    return change
