"""The clock: threads walk their rows, each on a CPU of its own, in the order of model time.

An event is a thread that comes to its next step on something shared. Work and open questions in between touch nobody
and are done on the way, in the thread's own time. Operations on a lock happen in the order in which its cache line
reaches those who asked for it, so each is decided when it asks and takes effect when the line has come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from heapq import heappop, heappush
from math import log

from lockview.kernel.effects import Acquire, Await, Defer, Step
from lockview.kernel.handles import Lock
from lockview.kernel.semantics import apply
from lockview.kernel.worlds import Cells
from lockview.model.locks import Access, Primitive
from lockview.sim.clock.locks import ClockDomain, ClockLock, Line
from lockview.sim.clock.parameters import Parameters
from lockview.sim.clock.program import BEGIN, CHOOSE, COUNT, OVER, SPEND, TRY, Row, Span, Transition
from lockview.sim.clock.tally import Tally
from lockview.sim.clock.threads import ClockThread, ThreadPlan

_SPINNING = (Primitive.SPINLOCK, Primitive.RAW_SPINLOCK, Primitive.RWLOCK)
_STANDSTILL = 1_000_000
"""Steps at one moment after which nothing will take time any more."""


class ClockError(Exception):
    """The routines cannot run against a clock; the text says why."""


class Clock:
    """One run. ``locks`` and ``cells`` are the world's; ``prices`` are what moving the lines of certain locks costs."""

    def __init__(
        self,
        plans: Sequence[ThreadPlan],
        parameters: Parameters,
        locks: Mapping[int, Lock],
        cells: Cells = (),
        *,
        prices: Mapping[int, float] | None = None,
        spans: Sequence[Span] = (),
    ) -> None:
        self._parameters = parameters
        self._locks = locks
        self._prices = prices or {}
        self._spans = tuple(span.name for span in spans)
        self._cells = cells
        self._made_locks: dict[int, ClockLock] = {}
        self._made_lines: dict[int, Line] = {}
        self._made_domains: dict[int, ClockDomain] = {}
        self._threads = tuple(ClockThread(number, plan) for number, plan in enumerate(plans))
        self._by_rank = sorted(self._threads, key=lambda thread: thread.plan.seed)
        for rank, thread in enumerate(self._by_rank):
            thread.rank = rank
        self._parked: list[ClockThread] = []
        self._heap: list[tuple[float, int]] = []
        self._tally = Tally(0.0, 0.0, self._spans)
        self._counts = self._tally.counts
        self._measured = [values.append for values in self._tally.spans.values()]
        self._begin = self._end = 0.0
        self._varies = parameters.exponential
        self._steps: tuple[Callable[[ClockThread, Row, float], None], ...] = (
            self._read, self._write, self._try, self._give_read, self._give_write, self._downgrade, self._nothing,
            self._enter, self._leave, self._defer, self._grace, self._add, self._other, self._nothing,
        )  # fmt: skip

    def run(self, duration: float, warm_up: float = 0.0) -> Tally:
        """Run for ``warm_up`` and then, measuring, for ``duration``. Only once.

        Raises ClockError when time stands still, MisuseError when the kernel forbids an operation.
        """
        end = warm_up + duration
        self._tally = Tally(warm_up, end, self._spans)
        self._begin, self._end = warm_up, end
        self._counts = self._tally.counts
        self._measured = [values.append for values in self._tally.spans.values()]
        for thread in self._threads:
            self._go(thread, thread.program.start, 0.0)
        self._tally.events = self._walk(end)
        self._finish(end)
        return self._tally

    def _walk(self, end: float) -> int:
        heap, threads, steps = self._heap, self._by_rank, self._steps
        events, last, same = 0, -1.0, 0
        while heap:
            now, rank = heappop(heap)
            if now >= end:
                break
            same = same + 1 if now == last else 0
            if same > _STANDSTILL:
                raise ClockError("time stands still: the routines run on and nothing that they do costs time")
            last = now
            events += 1
            thread = threads[rank]
            row = thread.row
            steps[row.op](thread, row, now)
        else:
            self._tally.stuck = any(thread.row.op != OVER and not thread.plan.daemon for thread in threads)
        return events

    def _go(self, thread: ClockThread, transition: Transition, time: float) -> None:
        """Follow a transition, and go on in the thread's own time up to its next shared step."""
        begin, end = self._begin, self._end
        work, slow, varies = thread.work, thread.slow, self._varies
        began, counts, measured = thread.began, self._counts, self._measured
        for _ in range(_STANDSTILL):
            row, items = transition
            for kind, value in items:
                if kind == SPEND:
                    time -= value * slow * (log(1.0 - work()) if varies else -1.0)
                elif kind == BEGIN:
                    began[value] = time
                elif begin <= time < end:
                    if kind == COUNT:
                        counts[value] += 1
                    else:
                        measured[value](time - began[value])
            if time >= end:
                break
            answer: bool | None
            if row.op == CHOOSE:
                answer = thread.chance() < row.chance
            elif row.cell in thread.own:
                time += thread.own[row.cell]
                answer = row.op == TRY or None
            else:
                break
            transition = row.after.get(answer) or thread.program.after(row, answer)
        else:
            raise ClockError("time stands still: a routine runs on and nothing that it does costs time")
        thread.row = row
        if row.op == OVER:
            self._ended(thread, time)
        else:
            heappush(self._heap, (time, thread.rank))

    def _ended(self, thread: ClockThread, time: float) -> None:
        if not thread.plan.daemon:
            self._tally.last = max(self._tally.last, time)

    def _finish(self, end: float) -> None:
        waiting = [
            (thread.plan.name, end - thread.since)
            for lock in self._made_locks.values()
            for thread, _ in lock.queue
        ]  # fmt: skip
        self._tally.waits = tuple(sorted(waiting))
        for domain in self._made_domains.values():
            for deferred, *_ in domain.callbacks:
                self._tally.pending += max(0.0, end - max(deferred, self._tally.begin))

    # --- locks ----------------------------------------------------------------------------------------------------

    def _read(self, thread: ClockThread, row: Row, now: float) -> None:
        lock = thread.locks.get(row.cell) or self._lock(thread, row)
        done = lock.moved(now, thread.socket)
        if lock.take_read():
            self._go(thread, row.next or thread.program.after(row, None), done)
        else:
            thread.since = now
            lock.queue.append((thread, False))

    def _write(self, thread: ClockThread, row: Row, now: float) -> None:
        lock = thread.locks.get(row.cell) or self._lock(thread, row)
        done = lock.moved(now, thread.socket)
        if lock.take_write():
            self._go(thread, row.next or thread.program.after(row, None), done)
        else:
            thread.since = now
            lock.queue.append((thread, True))

    def _try(self, thread: ClockThread, row: Row, now: float) -> None:
        lock = thread.locks.get(row.cell) or self._lock(thread, row)
        done = lock.moved(now, thread.socket)
        assert isinstance(row.effect, Acquire)
        got = lock.take_write() if row.effect.access is Access.EXCLUSIVE else lock.take_read()
        self._go(thread, row.after.get(got) or thread.program.after(row, got), done)

    def _give_read(self, thread: ClockThread, row: Row, now: float) -> None:
        lock = thread.locks.get(row.cell) or self._lock(thread, row)
        done = lock.moved(now, thread.socket)
        lock.readers -= 1
        if lock.queue and not lock.readers:
            self._hand_on(lock, done, from_writer=False)
        self._go(thread, row.next or thread.program.after(row, None), done)

    def _give_write(self, thread: ClockThread, row: Row, now: float) -> None:
        lock = thread.locks.get(row.cell) or self._lock(thread, row)
        done = lock.moved(now, thread.socket)
        lock.writer = False
        if lock.queue:
            self._hand_on(lock, done, from_writer=True)
        self._go(thread, row.next or thread.program.after(row, None), done)

    def _downgrade(self, thread: ClockThread, row: Row, now: float) -> None:
        lock = thread.locks.get(row.cell) or self._lock(thread, row)
        done = lock.moved(now, thread.socket)
        lock.writer = False
        lock.readers += 1
        if lock.queue:
            self._hand_on(lock, done, from_writer=True)
        self._go(thread, row.next or thread.program.after(row, None), done)

    def _hand_on(self, lock: ClockLock, time: float, *, from_writer: bool) -> None:
        """Give the lock to those whose turn it is: a spinner needs more line transfers, a sleeper has to be woken."""
        parameters = self._parameters
        for thread, exclusive in lock.granted():
            spins = exclusive and from_writer and parameters.spinning and lock.sleeps
            for _ in range(parameters.spin_transfers if spins else 1):
                time = lock.moved(time, thread.socket)
            woken = 0.0 if spins or not lock.sleeps else parameters.wake
            row = thread.row
            self._go(thread, row.next or thread.program.after(row, None), time + woken)

    def _lock(self, thread: ClockThread, row: Row) -> ClockLock:
        cell = row.cell
        lock = self._made_locks.get(cell)
        if lock is None:
            handle = self._locks[cell]
            lock = self._made_locks[cell] = ClockLock(
                self._prices.get(cell, self._parameters.transfer),
                fair=handle.fair or handle.primitive is not Primitive.RWSEM,
                sleeps=handle.primitive not in _SPINNING,
                far=self._parameters.numa,
            )
        thread.locks[row.cell] = lock
        return lock

    # --- grace periods --------------------------------------------------------------------------------------------

    def _enter(self, thread: ClockThread, row: Row, now: float) -> None:
        self._domain(row).readers[thread.number] += 1
        self._go(thread, row.next or thread.program.after(row, None), now)

    def _leave(self, thread: ClockThread, row: Row, now: float) -> None:
        domain = self._domain(row)
        domain.leave(thread.number)
        self._ring(domain, now)
        self._go(thread, row.next or thread.program.after(row, None), now)

    def _defer(self, thread: ClockThread, row: Row, now: float) -> None:
        assert isinstance(row.effect, Defer)
        domain = self._domain(row)
        over = now + self._parameters.grace
        domain.callbacks.append((now, over, row.effect.action, set(domain.readers)))
        self._ring(domain, over)
        self._go(thread, row.next or thread.program.after(row, None), now)

    def _grace(self, thread: ClockThread, row: Row, now: float) -> None:
        domain = self._domain(row)
        place = domain.ready(now)
        if place < 0:
            if domain.callbacks and domain.callbacks[0][1] > now:
                heappush(self._heap, (domain.callbacks[0][1], thread.rank))
            else:
                domain.waiting.append(thread)
            return
        deferred, _, action, _ = domain.callbacks[place]
        del domain.callbacks[place]
        self._tally.pending += max(0.0, now - max(deferred, self._tally.begin))
        self._go(thread, row.after.get(action) or thread.program.after(row, action), now)

    def _ring(self, domain: ClockDomain, time: float) -> None:
        """Have who waits for a grace period look again."""
        while domain.waiting:
            heappush(self._heap, (time, domain.waiting.popleft().rank))

    def _domain(self, row: Row) -> ClockDomain:
        cell = row.cell
        domain = self._made_domains.get(cell)
        if domain is None:
            domain = self._made_domains[cell] = ClockDomain()
        return domain

    # --- memory ---------------------------------------------------------------------------------------------------

    def _add(self, thread: ClockThread, row: Row, now: float) -> None:
        cell = row.cell
        line = self._made_lines.get(cell)
        if line is None:
            line = self._made_lines[cell] = Line(self._parameters.transfer, self._parameters.numa)
        self._apply(thread, row, line.moved(now, thread.socket))

    def _other(self, thread: ClockThread, row: Row, now: float) -> None:
        self._apply(thread, row, now + self._parameters.step)

    def _apply(self, thread: ClockThread, row: Row, time: float) -> None:
        """Do a step on memory by the rules of the stepper; who has to wait looks again when memory has changed."""
        effect = row.effect
        assert effect is not None
        result = apply(self._cells, thread.number, effect)
        if result is None:
            self._parked.append(thread)
            return
        if result.cells is not self._cells:
            self._cells = result.cells
            for waiter in self._parked:
                heappush(self._heap, (time + self._waking(waiter.row.effect), waiter.rank))
            self._parked.clear()
        answer = result.answer
        self._go(thread, row.after.get(answer) or thread.program.after(row, answer), time)

    def _waking(self, effect: Step | None) -> float:
        return self._parameters.wake if isinstance(effect, Await) and not effect.spins else 0.0

    def _nothing(self, thread: ClockThread, row: Row, now: float) -> None:
        """Beyond the end of the run, or of the routine."""
