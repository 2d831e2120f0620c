"""Events of the clock per second, and the same storm on SimPy, where it is installed: the same program, the same costs.

A step on the lock's line is one event of the clock. SimPy needs several events of its own for it, so what is compared
is the time for the same records, and then the events per second by each one's own count.
"""

from __future__ import annotations

import math
import random
import time
from collections import deque
from typing import Any

import pytest

from lockview.kernel.storm import RECORD
from lockview.sim.clock.curves import CPUS, curve
from lockview.sim.clock.parameters import Parameters
from lockview.sim.clock.storms import KERNELS, Storm, run_storm

DURATION = 50_000.0
THREADS = 16


@pytest.mark.parametrize("name", ["classic", "spf-v2", "pvl-shared"])
def test_a_curve_takes_less_than_ten_seconds(name: str) -> None:
    start = time.process_time()
    found = curve(KERNELS[name])
    seconds = time.process_time() - start
    events = sum(point.events for point in found.points)
    print(f"\n{name}: {len(CPUS)} numbers of CPUs in {seconds:.1f} s, {events / seconds:,.0f} events/s")
    assert seconds < 10


def test_against_simpy() -> None:
    simpy = pytest.importorskip("simpy")
    parameters = Parameters()
    start = time.process_time()
    tally = run_storm(Storm(KERNELS["classic"], parameters), THREADS, DURATION, 0.0)
    ours = time.process_time() - start
    records = tally.counts[RECORD]
    model = _SimpyStorm(simpy, parameters)
    start = time.process_time()
    other_records = model.run(DURATION)
    theirs = time.process_time() - start
    assert other_records == pytest.approx(records, rel=0.06)
    rate, other_rate = records / ours, other_records / theirs
    print(
        f"\nclock: {tally.events / ours:,.0f} events/s, {rate:,.0f} records/s of our time; SimPy: "
        f"{model.events / theirs:,.0f} steps/s, {other_rate:,.0f} records/s; {rate / other_rate:.1f} times"
    )
    assert tally.events == pytest.approx(model.events, rel=0.06)
    assert rate > 2 * other_rate


class _SimpyStorm:
    """The classic storm as one would write it for SimPy: the line is a Resource, the semaphore a queue of events."""

    def __init__(self, simpy: Any, parameters: Parameters) -> None:
        self.env, self.p = simpy.Environment(), parameters
        self.line = simpy.Resource(self.env, 1)
        self.writer, self.readers = False, 0
        self.queue: deque[tuple[Any, bool]] = deque()
        self.records = self.events = 0

    def run(self, duration: float) -> int:
        for number in range(THREADS):
            self.env.process(self._thread(random.Random(number)))
        self.env.run(duration)
        return self.records

    def _thread(self, dice: random.Random) -> Any:
        p = self.p

        def work(mean: float) -> Any:
            return self.env.timeout(-mean * math.log(1 - dice.random()))

        while True:
            yield work(p.user)
            yield from self._write(work, p.mmap)
            for _ in range(p.pages):
                yield from self._take(False)
                yield work(p.fault)
                yield from self._give(False)
            yield from self._write(work, p.munmap + p.zap * p.pages)
            self.records += 1

    def _write(self, work: Any, hold: float) -> Any:
        yield from self._take(True)
        yield work(hold)
        yield from self._give(True)

    def _move(self, times: int = 1) -> Any:
        with self.line.request() as turn:
            yield turn
            yield self.env.timeout(self.p.transfer * times)

    def _take(self, exclusive: bool) -> Any:
        self.events += 1
        yield from self._move()
        if self.writer or self.queue or (exclusive and self.readers):
            turn = self.env.event()
            self.queue.append((turn, exclusive))
            transfers = yield turn
            yield from self._move(transfers)
        elif exclusive:
            self.writer = True
        else:
            self.readers += 1

    def _give(self, exclusive: bool) -> Any:
        self.events += 1
        yield from self._move()
        if exclusive:
            self.writer = False
        else:
            self.readers -= 1
        while self.queue and not self.writer and not (self.queue[0][1] and self.readers):
            turn, wants_all = self.queue.popleft()
            if wants_all:
                self.writer = True
            else:
                self.readers += 1
            turn.succeed(self.p.spin_transfers if wants_all and exclusive else 1)
