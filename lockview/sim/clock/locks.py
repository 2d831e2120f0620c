"""A lock on the clock: who has it, who waits, and the cache line that each of its operations has to have."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

from lockview.kernel.effects import Value

if TYPE_CHECKING:
    from lockview.sim.clock.threads import ClockThread

NO_SOCKET = -1


class Line:
    """A cache line: whoever wants it next gets it when all before had it. ``free`` is when that will be."""

    __slots__ = ("far", "free", "price", "socket")

    def __init__(self, price: float, far: float = 1.0) -> None:
        self.price = price
        self.free = 0.0
        self.far = far
        self.socket = NO_SOCKET

    def moved(self, now: float, socket: int) -> float:
        """When the line has come to a CPU that asked for it now."""
        price = self.price
        if socket != self.socket:
            if self.socket != NO_SOCKET:
                price *= self.far
            self.socket = socket
        free = self.free
        self.free = done = (free if free > now else now) + price
        return done


class ClockLock(Line):
    """Holders are counted, waiters queue as (thread, exclusive). ``fair`` as for ``kernel.handles.Lock``.

    ``sleeps`` tells whether who waits goes to sleep: on spinlocks nobody does.
    """

    __slots__ = ("fair", "queue", "readers", "sleeps", "writer")

    def __init__(self, price: float, *, fair: bool, sleeps: bool, far: float = 1.0) -> None:
        super().__init__(price, far)
        self.fair = fair
        self.sleeps = sleeps
        self.writer = False
        self.readers = 0
        self.queue: deque[tuple[ClockThread, bool]] = deque()

    def take_read(self) -> bool:
        """Take it shared, if that can be done at once."""
        if self.writer or (self.queue and self.fair):
            return False
        self.readers += 1
        return True

    def take_write(self) -> bool:
        """Take it exclusively, if that can be done at once."""
        if self.writer or self.readers or (self.queue and self.fair):
            return False
        self.writer = True
        return True

    def granted(self) -> list[tuple[ClockThread, bool]]:
        """Those who have waited and get it now: the first in the queue, with the readers right behind a reader.

        Where nobody has to queue, all readers go together, and a writer only when no reader is left.
        """
        got: list[tuple[ClockThread, bool]] = []
        queue = self.queue
        while queue and not self.writer:
            waiter = queue[0]
            if waiter[1]:
                if self.readers:
                    break
                self.writer = True
            else:
                self.readers += 1
            got.append(queue.popleft())
        if not self.fair and self.readers:
            got += self._readers_behind()
        return got

    def _readers_behind(self) -> list[tuple[ClockThread, bool]]:
        readers = [waiter for waiter in self.queue if not waiter[1]]
        if readers:
            self.queue = deque(waiter for waiter in self.queue if waiter[1])
            self.readers += len(readers)
        return readers


class ClockDomain:
    """An RCU or SRCU domain: callbacks wait for a grace period and for the readers that were there before."""

    def __init__(self) -> None:
        self.readers: Counter[int] = Counter()
        self.callbacks: deque[tuple[float, float, Value, set[int]]] = deque()
        """When each was deferred, when its grace period is over, what to do, the readers it still waits for."""
        self.waiting: deque[ClockThread] = deque()

    def leave(self, thread: int) -> None:
        """A reader goes."""
        self.readers[thread] -= 1
        if not self.readers[thread]:
            del self.readers[thread]
            for callback in self.callbacks:
                callback[3].discard(thread)

    def ready(self, now: float) -> int:
        """The place of the first callback that may be done now, -1 for none."""
        for place, (_, over, _, readers) in enumerate(self.callbacks):
            if over > now:
                break
            if not readers:
                return place
        return -1
