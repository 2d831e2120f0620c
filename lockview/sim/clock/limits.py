"""What can be said about a storm without running it: the limits that every run has to keep to.

One address space, one semaphore, N threads that each have a CPU. All rates are per second, all times microseconds. The
section cost and the difference between semaphore and count are left out, as they are in the published formulas.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from lockview.sim.clock.parameters import Parameters

_SECOND = 1e6


def writer_hold(p: Parameters) -> float:
    """How long one record holds mmap_sem for writing."""
    return p.mmap + p.munmap + p.zap * p.pages


def record_time(p: Parameters, *, speculative: bool) -> float:
    """How long one record takes a thread that is alone."""
    return p.user + p.pages * _fault_time(p, speculative=speculative) + writer_hold(p) + 4 * p.transfer


def _fault_time(p: Parameters, *, speculative: bool) -> float:
    if speculative:
        return p.fault + p.attempt + 2 * p.aborts * p.transfer
    return p.fault + 2 * p.transfer


def serial_time(p: Parameters, *, speculative: bool) -> float:
    """The part of a record that only one thread at a time can do: holding for writing, and moving the line."""
    faults = p.pages * (p.aborts if speculative else 1.0)
    return writer_hold(p) + (4 + 2 * faults) * p.transfer


def saturation(p: Parameters, *, speculative: bool) -> float:
    """Records per second that no number of CPUs goes beyond."""
    return _SECOND / serial_time(p, speculative=speculative)


def largest_gain(p: Parameters) -> float:
    """The ratio of the two: what speculation gains at most where both are saturated."""
    return saturation(p, speculative=True) / saturation(p, speculative=False)


def fault_limit(transfer: float) -> float:
    """Faults per second of readers alone: each moves the line twice."""
    return _SECOND / (2 * transfer)


def crossover(p: Parameters) -> float:
    """The number of threads from which the line, and not the work, limits readers alone."""
    return p.fault / (2 * p.transfer) + 1


def speed_up_limit(p: Parameters, cpus: float, *, speculative: bool) -> float:
    """How many times the rate of one thread is possible at most.

    Amdahl's law has the same end, but is no bound before it: it lets nobody work while somebody is in the serial part.
    """
    share = serial_time(p, speculative=speculative) / record_time(p, speculative=speculative)
    return min(cpus, 1 / share)


def backlog(rate: float, grace: float) -> float:
    """Little's law: how many VMAs wait for their grace period when ``rate`` a second are unmapped."""
    return rate * grace / _SECOND


def breaks_even(p: Parameters, saved: float) -> bool:
    """Whether a speculative try saves more than it costs, where not moving the line saves ``saved`` per fault."""
    return (1 - p.aborts) * saved > p.aborts * p.attempt + (1 - p.aborts) * p.attempt


def drain(p: Parameters, readers: int) -> float:
    """How long a fair writer waits for running readers whose service is exponential: the longest of them."""
    return p.fault * sum(1 / number for number in range(1, readers + 1))


def fair_wait(p: Parameters, threads: int) -> float:
    """How long a writer waits on average that readers may not pass: for those that are inside when it comes."""
    return sum(odds * drain(p, readers) for readers, odds in enumerate(_inside(p, threads)))


def _inside(p: Parameters, threads: int) -> list[float]:
    """How likely each number of ``threads`` is to be in a fault and not in a pause, with nobody in their way."""
    inside = p.fault / (p.fault + p.pause)
    return [math.comb(threads, n) * inside**n * (1 - inside) ** (threads - n) for n in range(threads + 1)]


def unfair_wait(p: Parameters, threads: int) -> float:
    """How long a writer waits on average until no reader is inside, if readers may pass it.

    Of ``threads`` that fault and pause by turns, each for exponential times. The mean time of a birth and death process
    to its empty state: always finite, but with every thread it grows by the factor 1 + fault / pause.
    """
    odds = _inside(p, threads)
    mean = until_empty = 0.0
    for n in range(1, threads + 1):
        until_empty += sum(odds[n:]) * p.fault / (n * odds[n])
        mean += odds[n] * until_empty
    return mean


class Scalability(NamedTuple):
    """The universal scalability law: ``X(N) = single * N / (1 + contention (N-1) + coherence N (N-1))``.

    ``error`` is the root mean square of the logarithm of measured against computed.
    """

    single: float
    contention: float
    coherence: float
    error: float

    def at(self, cpus: float) -> float:
        """The rate with that many CPUs."""
        return self.single * cpus / (1 + self.contention * (cpus - 1) + self.coherence * cpus * (cpus - 1))

    @property
    def peak(self) -> float:
        """The number of CPUs with the highest rate; infinite when more is never less."""
        if self.coherence <= 0:
            return math.inf
        return math.sqrt((1 - self.contention) / self.coherence)


_ROUNDS = 60


def fitted(cpus: Sequence[int], rates: Sequence[float]) -> Scalability:
    """The law that fits best: least squares of the logarithms, by Gauss and Newton. At least three points."""
    if len(cpus) < 3 or len(cpus) != len(rates):
        raise ValueError("the scalability law has three parameters, so it takes at least three points")
    law = Scalability(rates[0] / cpus[0], 0.05, 0.001, 0.0)
    law = law._replace(error=_error(law, cpus, rates))
    for _ in range(_ROUNDS):
        better = _improved(law, cpus, rates)
        if better is None:
            break
        law = better
    return law


def _improved(law: Scalability, cpus: Sequence[int], rates: Sequence[float]) -> Scalability | None:
    """One step of the method, shortened until it helps; None when none does."""
    rows = []
    for n, rate in zip(cpus, rates, strict=True):
        below = 1 + law.contention * (n - 1) + law.coherence * n * (n - 1)
        rows.append((1.0, -(n - 1) / below, -n * (n - 1) / below, math.log(rate / law.at(n))))
    step = _solved([[sum(r[i] * r[j] for r in rows) for j in range(4)] for i in range(3)])
    for halvings in range(20):
        part = 0.5**halvings
        single = law.single * math.exp(part * step[0])
        contention = max(0.0, law.contention + part * step[1])
        coherence = max(0.0, law.coherence + part * step[2])
        new = Scalability(single, contention, coherence, 0.0)
        new = new._replace(error=_error(new, cpus, rates))
        if new.error < law.error - 1e-12:
            return new
    return None


def _error(law: Scalability, cpus: Sequence[int], rates: Sequence[float]) -> float:
    errors = [math.log(rate / law.at(n)) for n, rate in zip(cpus, rates, strict=True)]
    return math.sqrt(sum(error * error for error in errors) / len(errors))


def _solved(rows: list[list[float]]) -> list[float]:
    """Three linear equations, by elimination; a vanishing pivot counts as a tiny one."""
    for i in range(3):
        pivot = max(range(i, 3), key=lambda k: abs(rows[k][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        head = rows[i][i] or 1e-300
        rows[i] = [value / head for value in rows[i]]
        for k in range(3):
            if k != i:
                factor = rows[k][i]
                rows[k] = [a - factor * b for a, b in zip(rows[k], rows[i], strict=True)]
    return [row[3] for row in rows]
