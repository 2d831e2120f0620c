"""S14: whether one thread that wants to map gets its turn among many that fault.

Behind a fair semaphore it waits for the readers that run when it comes, and for no other. Where readers may pass it, it
waits until none is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lockview.sim.clock.parameters import Parameters
from lockview.sim.clock.storms import BASE, WRITER, Storm, StormKernel, run_storm
from lockview.sim.clock.tally import Latency

DURATION = 50_000.0
CPUS = (1, 2, 4, 6, 8, 12, 16)
STARVATION = Parameters(pause=2.0, interval=50.0, transfer=0.02)
"""Threads that do as much between two faults as in them, on a line that is not the bottleneck."""


class Starvation(NamedTuple):
    """How long the writer waited, in microseconds of model time.

    ``load`` is the offered load, the mean number of readers inside if nobody was in their way. ``unserved`` is how
    long the writer had been waiting when the run ended, 0 when it was not.
    """

    cpus: int
    fair: bool
    load: float
    wait: Latency
    unserved: float

    @property
    def worst(self) -> float:
        """The longest wait that was seen, finished or not."""
        return max(self.wait.longest, self.unserved)


def starvation(
    cpus: int,
    *,
    fair: bool,
    parameters: Parameters = STARVATION,
    kernel: StormKernel = BASE,
    duration: float = DURATION,
    seed: int = 1,
) -> Starvation:
    """Run ``cpus`` faulting threads and one writer."""
    p = parameters._replace(fair=fair)
    tally = run_storm(Storm(kernel, p, only_faults=True, writer=True, seed=seed), cpus, duration)
    load = cpus * p.fault / (p.fault + p.pause + 2 * p.transfer)
    unserved = max((wait for name, wait in tally.waits if name == "writer"), default=0.0)
    return Starvation(cpus, fair, load, tally.latency(WRITER), unserved)


def starvations(
    cpus: Sequence[int] = CPUS, parameters: Parameters = STARVATION, duration: float = DURATION, seed: int = 1
) -> Iterator[Starvation]:
    """Both kinds of semaphore, on more and more CPUs."""
    for fair in (True, False):
        for number in cpus:
            yield starvation(number, fair=fair, parameters=parameters, duration=duration, seed=seed)
