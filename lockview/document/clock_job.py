"""Curves of the clock for the window: computed in the worker, point by point, and read back from its answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lockview.sim.clock.curves import CPUS, Curve, Point, point
from lockview.sim.clock.parameters import SMALL, Parameters
from lockview.sim.clock.storms import KERNELS, Storm
from lockview.sim.clock.tally import Latency

DURATION = 50_000.0
"""Half of what the command line takes: the window shows a shape."""


def run_clock(payload: Any, news: Callable[[object], None], progress: Callable[[int, int], None]) -> object:
    """Compute all kernels on all numbers of CPUs, a number for every kernel before the next: lines grow together."""
    parameters = SMALL if payload["small"] else Parameters()
    total = len(CPUS) * len(KERNELS)
    done = 0
    for cpus in CPUS:
        for name, kernel in KERNELS.items():
            news([name, point(Storm(kernel, parameters), cpus, DURATION)])
            done += 1
            progress(done, total)
    return None


def point_in(news: Any) -> tuple[str, Point]:
    """The name of the kernel and the point in a part of the answer."""
    name, (cpus, records, faults, success, fault, writer, backlog, events) = news
    return name, Point(cpus, records, faults, success, Latency(*fault), Latency(*writer), backlog, events)


def curves_of(points: dict[str, list[Point]]) -> tuple[Curve, ...]:
    """The curves so far, in the order of the kernels."""
    return tuple(Curve(kernel, tuple(points[name])) for name, kernel in KERNELS.items() if points.get(name))
