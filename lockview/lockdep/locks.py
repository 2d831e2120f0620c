"""What the validator is told about a lock, and how much waiting each primitive means."""

from __future__ import annotations

from collections.abc import Hashable
from enum import IntEnum
from typing import NamedTuple

from lockview.model.locks import Primitive, WaitTypes


class Wait(IntEnum):
    """How long an acquisition may wait, ``enum lockdep_wait_type`` with CONFIG_PROVE_RAW_LOCK_NESTING."""

    INVALID = 0
    FREE = 1
    SPIN = 2
    CONFIG = 3
    SLEEP = 4
    MAX = 5


def without_raw_nesting(wait: int) -> int:
    """The number of a wait without that option: CONFIG is the same as SPIN, and what waits longer is one less."""
    return wait - 1 if wait >= Wait.CONFIG else wait


class LockMap(NamedTuple):
    """A lock instance as ``struct lockdep_map``: which one, and of which class.

    Maps with one ``key`` are of one class, whose name is ``name``. ``wait_types`` may differ from the primitive's.
    ``has_static_key`` is False for a lock whose initialiser never ran; ``validated`` is False for no_validate classes.
    A class whose locks have a ``rank`` has a comparison function (``lock_set_cmp_fn``, 6.5), which lets a task take
    them in rising order. ``overrides_wait`` is ``LD_LOCK_WAIT_OVERRIDE`` (6.8): inside, what this map says is allowed.
    """

    instance: Hashable
    key: Hashable
    name: str
    primitive: Primitive = Primitive.MUTEX
    wait_types: WaitTypes | None = None
    has_static_key: bool = True
    validated: bool = True
    rank: int | None = None
    overrides_wait: bool = False

    @property
    def outer(self) -> int:
        """What its surroundings must allow; INVALID means the same as ``inner``."""
        return self.wait_types.outer if self.wait_types else _WAITS.get(self.primitive, (0, 0))[0]

    @property
    def inner(self) -> int:
        """What it allows inside; INVALID means that nothing is checked."""
        return self.wait_types.inner if self.wait_types else _WAITS.get(self.primitive, (0, 0))[1]

    def compared_with(self, later: LockMap) -> int | None:
        """What the comparison function of the class returns, less than 0 if ``later`` may follow; None without one."""
        if self.rank is None or later.rank is None:
            return None
        return (self.rank > later.rank) - (self.rank < later.rank)

    @property
    def is_per_cpu(self) -> bool:
        """Whether it is no real lock but a statement about this CPU: ``LD_LOCK_PERCPU``."""
        return self.primitive is Primitive.LOCAL_LOCK


_WAITS: dict[Primitive, tuple[int, int]] = {
    Primitive.RAW_SPINLOCK: (Wait.INVALID, Wait.SPIN),
    Primitive.SPINLOCK: (Wait.INVALID, Wait.CONFIG),
    Primitive.RWLOCK: (Wait.INVALID, Wait.CONFIG),
    Primitive.LOCAL_LOCK: (Wait.INVALID, Wait.CONFIG),
    Primitive.MUTEX: (Wait.INVALID, Wait.SLEEP),
    Primitive.RWSEM: (Wait.INVALID, Wait.SLEEP),
    Primitive.RT_MUTEX: (Wait.INVALID, Wait.SLEEP),
    Primitive.WW_MUTEX: (Wait.INVALID, Wait.SLEEP),
    Primitive.RCU: (Wait.FREE, Wait.CONFIG),
}
"""Outer and inner, from the initialisers of include/linux; what is missing is not checked."""

RCU_BH = WaitTypes(Wait.FREE, Wait.CONFIG)
RCU_SCHED = WaitTypes(Wait.FREE, Wait.SPIN)
