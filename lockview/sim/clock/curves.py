"""Curves: one kernel on more and more CPUs. All times and rates are of model time; nothing here was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lockview.kernel.mm.outcomes import Outcome
from lockview.kernel.storm import RECORD
from lockview.sim.clock.parameters import Parameters
from lockview.sim.clock.storms import BASE, DURATION, FAULT, WRITER, Storm, StormKernel, run_storm
from lockview.sim.clock.tally import Latency, Tally

CPUS = (1, 2, 4, 8, 16, 24, 32, 48, 80)
"""What a curve is computed for unless said otherwise."""

DEFAULTS = Parameters()

MODEL_TIME = "model time, not measured"
"""Stands beside every figure that comes from here."""


class Point(NamedTuple):
    """One kernel on ``cpus`` CPUs: rates per second, latencies in microseconds.

    ``success`` is the part of the faults that were served without mmap_sem; ``backlog`` how many VMAs waited for
    their grace period on average.
    """

    cpus: int
    records: float
    faults: float
    success: float
    fault: Latency
    writer: Latency
    backlog: float
    events: int


class Curve(NamedTuple):
    """A kernel and its points, by rising number of CPUs."""

    kernel: StormKernel
    points: tuple[Point, ...]

    def at(self, cpus: int) -> Point:
        """The point of a number of CPUs. Raises KeyError."""
        for point in self.points:
            if point.cpus == cpus:
                return point
        raise KeyError(cpus)


def point(what: Storm, cpus: int, duration: float = DURATION) -> Point:
    """Compute one point."""
    return _point(cpus, run_storm(what, cpus, duration))


def points(what: Storm, cpus: Sequence[int] = CPUS, duration: float = DURATION) -> Iterator[Point]:
    """Compute the points of a curve, one by one: each takes up to a second or two."""
    for number in cpus:
        yield point(what, number, duration)


def curve(
    kernel: StormKernel,
    parameters: Parameters = DEFAULTS,
    cpus: Sequence[int] = CPUS,
    duration: float = DURATION,
    seed: int = 1,
) -> Curve:
    """Compute a whole curve."""
    return Curve(kernel, tuple(points(Storm(kernel, parameters, seed=seed), cpus, duration)))


def gains(curve: Curve, base: Curve) -> tuple[tuple[int, float], ...]:
    """How many times the records of ``base`` a kernel does, where both have a point."""
    known = {point.cpus: point.records for point in base.points}
    return tuple((p.cpus, p.records / known[p.cpus]) for p in curve.points if known.get(p.cpus))


def base_of(curves: Sequence[Curve]) -> Curve | None:
    """The classic kernel among them, which the others are compared with."""
    return next((curve for curve in curves if curve.kernel is BASE), None)


def _point(cpus: int, tally: Tally) -> Point:
    faults = tally.per_second("fault_end")
    served = tally.counts[f"fault_end: {Outcome.SERVED_SPF}"] / tally.duration * 1e6
    return Point(
        cpus,
        tally.per_second(RECORD),
        faults,
        served / faults if faults else 0.0,
        tally.latency(FAULT),
        tally.latency(WRITER),
        tally.pending / tally.duration,
        tally.events,
    )
