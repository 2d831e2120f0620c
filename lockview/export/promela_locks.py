"""The locks of ``kernel/holding.py`` in Promela: the writer, the readers in order of arrival, and the queue.

Written for its own, and not made from those rules: that the two agree is what the comparison with SPIN shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lockview.kernel.effects import Acquire, Downgrade, Release
from lockview.model.locks import Access


class LockNames(NamedTuple):
    """A lock, and how many readers and waiting tasks it must have room for. Without ``waiters`` it does not queue."""

    name: str
    readers: int
    waiters: int


class Way(NamedTuple):
    """One way in which a lock operation can go. With ``stays`` the task is at the same place after it."""

    when: str
    does: tuple[str, ...]
    answer: bool | None = None
    stays: bool = False


LISTS = r"""hidden byte i;
#define append(list, room, value) \
    i = 0; do :: i < room && list[i] != 0 -> i++ :: else -> break od; assert(i < room); list[i] = value
#define take_out(list, room, value) \
    i = 0; do :: i < room && list[i] != value -> i++ :: else -> break od; \
    do :: i + 1 < room -> list[i] = list[i + 1]; i++ :: else -> break od; \
    if :: i < room -> list[i] = 0 :: else fi"""
"""What all locks need: lists of bytes in which 0 is an empty place."""


def declared(lock: LockNames) -> Iterator[str]:
    """Variables and conditions. 0 is nobody, else task + 1; in the queue twice that, and one more for a writer."""
    name = lock.name
    yield f"byte {name}_writer;"
    if lock.readers:
        yield f"byte {name}_readers[{lock.readers}];"
        slots = _slots(name, "readers", lock.readers)
        yield f"#define {name}_reads(me) ({' || '.join(f'{slot} == me' for slot in slots)})"
    if lock.waiters:
        slots = _slots(name, "queue", lock.waiters)
        yield f"byte {name}_queue[{lock.waiters}];"
        yield f"#define {name}_waits(me) ({' || '.join(f'{slot} / 2 == me' for slot in slots)})"
        clear = ""
        for slot in reversed(slots):
            behind = f"({slot} % 2 == 0 && {clear})" if clear else f"{slot} % 2 == 0"
            clear = f"({slot} == 0 || {slot} / 2 == me || {behind})"
        yield f"#define {name}_no_writer_ahead(me) {clear}"
        yield f"#define {name}_nobody_ahead(me) ({slots[0]} == 0 || {slots[0]} / 2 == me)"


def lock_options(lock: LockNames, effect: Acquire | Release | Downgrade, task: int) -> tuple[Way, ...]:
    """The ways in which an operation of a task can go; when none is open it waits."""
    me = task + 1
    match effect:
        case Acquire():
            return tuple(_acquire(lock, effect, me))
        case Release(access=Access.EXCLUSIVE):
            return _unless_misused(f"{lock.name}_writer == {me}", (f"{lock.name}_writer = 0",))
        case Release():
            if not lock.readers:
                return (_MISUSE,)
            return _unless_misused(
                f"{lock.name}_reads({me})", (f"take_out({lock.name}_readers, {lock.readers}, {me})",)
            )
        case Downgrade():
            return _unless_misused(f"{lock.name}_writer == {me}", (f"{lock.name}_writer = 0", _joins(lock, me)))


_MISUSE = Way("", ("assert(false)",), stays=True)


def _unless_misused(holds: str, does: tuple[str, ...]) -> tuple[Way, ...]:
    return (Way(holds, does), Way(f"!({holds})", _MISUSE.does, stays=True))


def _acquire(lock: LockNames, effect: Acquire, me: int) -> Iterator[Way]:
    exclusive = effect.access is Access.EXCLUSIVE
    can = _can_take(lock, me, effect.access)
    place = 2 * me + exclusive
    takes = f"{lock.name}_writer = {me}" if exclusive else _joins(lock, me)
    if effect.trylock:
        yield Way(can, (takes,), answer=True)
        yield Way(f"!({can})", (), answer=False)
        return
    if not lock.waiters:
        yield Way(can, (takes,))
        return
    yield Way(can, (f"take_out({lock.name}_queue, {lock.waiters}, {place})", takes))
    yield Way(
        f"!({can}) && !{lock.name}_waits({me})", (f"append({lock.name}_queue, {lock.waiters}, {place})",), stays=True
    )


def _can_take(lock: LockNames, me: int, access: Access) -> str:
    exclusive = access is Access.EXCLUSIVE
    free = f"{lock.name}_writer == 0"
    if exclusive and lock.readers:
        free += f" && {lock.name}_readers[0] == 0"
    if lock.waiters and access is not Access.RECURSIVE:
        free += f" && {lock.name}_{'nobody' if exclusive else 'no_writer'}_ahead({me})"
    return free


def _joins(lock: LockNames, me: int) -> str:
    return f"append({lock.name}_readers, {lock.readers}, {me})"


def _slots(name: str, part: str, room: int) -> tuple[str, ...]:
    return tuple(f"{name}_{part}[{place}]" for place in range(room))
