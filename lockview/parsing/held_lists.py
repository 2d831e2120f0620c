"""``N locks held by comm/pid:`` and its entries.  Source: lockdep_print_held_locks, kernel/locking/lockdep.c."""

from __future__ import annotations

from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import HeldLocks, Task
from lockview.model.stacks import Frame
from lockview.model.text import NOWHERE, Span
from lockview.parsing.lines import Stream
from lockview.parsing.locks import LockText, lock_class
from lockview.parsing.repairs import Repairs
from lockview.parsing.tokens import Token


def held_lock(lock: LockText, span: Span = NOWHERE, index: int | None = None) -> HeldLock:
    """The model value of a printed lock."""
    return HeldLock(lock_class(lock.name), lock.usage, lock.wait_types, lock.address, index=index, span=span)


def at_site(lock: HeldLock, frame: Frame, repairs: Repairs) -> HeldLock:
    """The same lock with the place where it was taken, which a wrap may have put on the next line."""
    if lock.span.last != frame.span.last:
        repairs.rejoined(lock.span.joined(frame.span))
    return with_parts(lock, site=frame, span=lock.span.joined(frame.span))


def with_parts(
    lock: HeldLock, site: Frame | None = None, span: Span = NOWHERE, name: str = "", instance_text: str = ""
) -> HeldLock:
    """A copy with the parts that are given. ``dataclasses.replace`` costs ten times as much."""
    return HeldLock(
        lock_class(name) if name else lock.lock_class,
        lock.usage,
        lock.wait_types,
        lock.instance,
        instance_text or lock.instance_text,
        site or lock.site,
        lock.index,
        lock.released,
        span or lock.span,
    )


class HeldLists:
    """The held lists of a report, in the order in which they are printed."""

    def __init__(self, stream: Stream, repairs: Repairs) -> None:
        self._stream = stream
        self._repairs = repairs
        self._lists: list[tuple[Token, list[HeldLock]]] = []

    def __bool__(self) -> bool:
        return bool(self._lists)

    def start(self, head: Token) -> None:
        """Begin the list of another task."""
        self._lists.append((head, []))

    def add(self, token: Token) -> None:
        """Add an entry to the last list."""
        locks = self._lists[-1][1]
        span = self._stream.span(token.start, token.end)
        index = int(token.groups[0])
        if token.lock is None:
            locks.append(HeldLock(lock_class("<RELEASED>"), index=index, released=True, span=span))
            return
        lock = held_lock(token.lock, span, index)
        if locks and locks[-1].index == index and locks[-1].lock_class == lock.lock_class:
            # A decoder repeats the whole line for each function inlined at the site; the last is the real one.
            lock = with_parts(lock, span=locks.pop().span.joined(span))
        locks.append(lock)

    def next_index(self) -> str:
        """The number of the entry that the last list lacks next; "" when it lacks none."""
        head, locks = self._lists[-1]
        numbered = all(lock.index == index for index, lock in enumerate(locks))
        return str(len(locks)) if numbered and len(locks) < int(head.groups[1] or 0) else ""

    def set_site(self, frame: Frame) -> None:
        """Add the site to the last entry."""
        locks = self._lists[-1][1]
        locks[-1] = at_site(locks[-1], frame, self._repairs)

    def of_task(self, task: Task | None) -> HeldLocks | None:
        """The list of a task; the first list when none names the task, None when there is none at all."""
        if not self._lists:
            return None
        own = [entry for entry in self._lists if task and entry[0].groups[3] == str(task.pid)]
        return self._value(*(own or self._lists)[0])

    def of_all(self) -> tuple[HeldLocks, ...]:
        """All lists."""
        return tuple(self._value(head, locks) for head, locks in self._lists)

    def _value(self, head: Token, locks: list[HeldLock]) -> HeldLocks:
        none, count, comm, pid = head.groups
        span = self._stream.span(head.start, head.end)
        return HeldLocks(
            Task(comm, int(pid)),
            0 if none else int(count),
            tuple(locks),
            span.joined(locks[-1].span) if locks else span,
        )


def of_class(lock: HeldLock, classes: tuple[LockClass, ...]) -> HeldLock:
    """Tell the name of a class from what its print function, a line break or another printer added to the instance.

    Only instances carry such text, entries of the chain never do; so the chain's names decide.
    """
    name = lock.lock_class.name
    if lock.lock_class in classes:
        return lock
    squeezed = name.replace(" ", "")
    for known in sorted(classes, key=lambda known: -len(known.name)):
        if known.name.replace(" ", "") == squeezed:
            return with_parts(lock, name=known.name)
        if name.startswith(known.name + " "):
            return with_parts(lock, name=known.name, instance_text=name[len(known.name) :])
    return lock


def list_of_classes(held: HeldLocks, classes: tuple[LockClass, ...]) -> HeldLocks:
    """The same for all locks of a list."""
    locks = tuple(of_class(lock, classes) for lock in held.locks)
    return held if locks == held.locks else HeldLocks(held.task, held.count, locks, held.span)
