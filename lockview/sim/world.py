"""The state of a simulated kernel as one immutable value, and what an effect does to it.

Every lock blocks everybody but does not queue: who waits may take it as soon as it is free, and so may a newcomer.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from lockview.kernel.nesting import Acquire, Effect
from lockview.model.traces import EventKind

_T = TypeVar("_T")

NOBODY = -1
ENDED = -1


class World(NamedTuple):
    """All that can differ between two moments of a run.

    ``places`` are the local states of the tasks (ENDED after the last step), ``owners`` the holder of each lock
    (NOBODY when it is free), ``waits`` tells of each task whether it has begun to wait for the lock it wants.
    """

    places: tuple[int, ...]
    owners: tuple[int, ...]
    waits: tuple[bool, ...]


def is_enabled(world: World, task: int, effect: Effect | None) -> bool:
    """Whether a task can make a step. Asking for a held lock is a step; waiting for it is none."""
    if world.places[task] == ENDED:
        return False
    return not (isinstance(effect, Acquire) and world.waits[task] and world.owners[effect.lock] != NOBODY)


def apply(world: World, task: int, effect: Effect | None) -> tuple[World, EventKind]:
    """Do the next effect of an enabled task, without moving the task on. None ends the task."""
    if effect is None:
        return world._replace(places=_with(world.places, task, ENDED)), EventKind.END
    if not isinstance(effect, Acquire):
        return world._replace(owners=_with(world.owners, effect.lock, NOBODY)), EventKind.RELEASE
    if world.owners[effect.lock] != NOBODY:
        return world._replace(waits=_with(world.waits, task, True)), EventKind.WAIT
    owners = _with(world.owners, effect.lock, task)
    waits = _with(world.waits, task, False) if world.waits[task] else world.waits
    return World(world.places, owners, waits), EventKind.ACQUIRE


def moved(world: World, task: int, place: int) -> World:
    """The world with a task in its next local state."""
    return world._replace(places=_with(world.places, task, place))


def _with(values: tuple[_T, ...], index: int, value: _T) -> tuple[_T, ...]:
    return (*values[:index], value, *values[index + 1 :])
