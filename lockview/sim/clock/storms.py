"""The storm on a number of CPUs: the kernels that are compared, and a run of one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

from lockview.kernel.effects import Routine
from lockview.kernel.mm.objects import Mm, Vma
from lockview.kernel.storm import ACQUIRED, START_LOCKING, grace_periods, map_at_intervals, storm, touch
from lockview.kernel.switches import Switch
from lockview.kernel.system import Kernel, Thread
from lockview.kernel.variants import VARIANTS
from lockview.sim.clock.engine import Clock
from lockview.sim.clock.locks import NO_SOCKET
from lockview.sim.clock.parameters import Parameters, chances, checked, service
from lockview.sim.clock.program import Prices, Program, Span
from lockview.sim.clock.tally import Tally
from lockview.sim.clock.threads import ThreadPlan

FAULT, WRITER = "fault", "mmap_sem for writing"
SPANS = (Span(FAULT, "fault_begin", "fault_end"), Span(WRITER, START_LOCKING, ACQUIRED))

DURATION = 100_000.0
"""How long a point of a curve is measured, in microseconds of model time; a tenth of it goes before."""


class StormKernel(NamedTuple):
    """A kernel to compare: a variant, and whether all threads fault in one VMA or each in its own."""

    name: str
    title: str
    variant: str
    shared: bool = False


KERNELS: dict[str, StormKernel] = {
    kernel.name: kernel
    for kernel in (
        StormKernel("classic", "classic", "classic"),
        StormKernel("spf-v2", "SPF v2", "spf-v2"),
        StormKernel("spf-v11", "SPF v11", "spf-v11"),
        StormKernel("pvl-private", "per-VMA locks, own VMAs", "pvl-6.12"),
        StormKernel("pvl-shared", "per-VMA locks, one VMA", "pvl-6.12", shared=True),
        StormKernel("ref-private", "refcount, own VMAs", "ref-6.15"),
        StormKernel("ref-shared", "refcount, one VMA", "ref-6.15", shared=True),
    )
}
BASE = KERNELS["classic"]


class Storm(NamedTuple):
    """What runs, and the ``seed`` of all dice.

    ``only_faults`` leaves mapping to one ``writer``, or to nobody.
    """

    kernel: StormKernel
    parameters: Parameters = Parameters()
    only_faults: bool = False
    writer: bool = False
    seed: int = 1


def run_storm(
    what: Storm,
    cpus: int,
    duration: float = DURATION,
    warm_up: float | None = None,
    seeds: Sequence[int] | None = None,
) -> Tally:
    """Run a thread on each CPU, and measure for ``duration``. ``seeds`` are the dice of the threads, one each.

    Raises ValueError for a parameter out of its range or no CPUs.
    """
    if cpus < 1:
        raise ValueError(f"a storm needs at least one CPU, not {cpus}")
    world = _world(what._replace(seed=0))
    dice = [f"{what.seed} {cpu if seeds is None else seeds[cpu]}" for cpu in range(cpus)]
    plans = [world.thread(cpu, cpus, seed) for cpu, seed in enumerate(dice)]
    plans += [plan._replace(seed=f"{what.seed} {plan.name}") for plan in world.others]
    clock = Clock(plans, what.parameters, world.kernel.plan.locks, prices=world.prices(), spans=SPANS)
    return clock.run(duration, duration / 10 if warm_up is None else warm_up)


@lru_cache(maxsize=16)
def _world(what: Storm) -> _World:
    """Kept, because the ways through a long routine take a while to learn, and are the same on any number of CPUs."""
    return _World(what)


class _World:
    """The kernel of a storm: one address space and one VMA, which stands for many where the threads do not share.

    ``others`` are the lonely writer, if there is to be one, and the thread that ends grace periods.
    """

    def __init__(self, what: Storm) -> None:
        self._what = what
        parameters = checked(what.parameters)
        off = {Switch.UNFAIR_RWSEM} if parameters.fair else set()
        on = set() if parameters.fair else {Switch.UNFAIR_RWSEM}
        self.kernel = Kernel(VARIANTS[what.kernel.variant], on, off)
        self._mm = self.kernel.new_mm()
        self._vma = self.kernel.new_vma()
        self._first = self.kernel.new_thread("storm", 1, self._mm)
        self._prices = Prices(service(parameters), chances(parameters), SPANS)
        self._program = Program(self._routine(), self._prices)
        self.others = self._others()

    def thread(self, cpu: int, cpus: int, seed: str) -> ThreadPlan:
        """The thread of a CPU. All run one program; those with a VMA of their own mean another lock by it."""
        parameters = self._what.parameters
        cell = self._vma.vm_lock.cell
        own = {} if self._what.kernel.shared else {cell: self.prices().get(cell, parameters.transfer)}
        slow = 1 / parameters.smt if parameters.cores and _shares(cpu, cpus, parameters.cores) else 1.0
        socket = cpu // parameters.socket if parameters.socket else NO_SOCKET
        return ThreadPlan(f"storm/{cpu}", self._program, seed, own, socket, slow)

    def _others(self) -> list[ThreadPlan]:
        plans = []
        if self._what.writer:
            plans.append(self._plan("writer", partial(map_at_intervals, self._first, self._mm, self._vma)))
        if self.kernel.switches & {Switch.SRCU_VMAS, Switch.RCU_VMAS}:
            plans.append(self._plan("grace-periods", partial(grace_periods, self._first), daemon=True))
        return plans

    def prices(self) -> dict[int, float]:
        """Reference counts move faster than semaphores."""
        if not self.kernel.has(Switch.VMA_REFCOUNT):
            return {}
        return {self._vma.vm_lock.cell: self._what.parameters.ref_transfer}

    def _routine(self) -> Callable[[], Routine[Any]]:
        mm: Mm = self._mm
        vma: Vma = self._vma
        thread: Thread = self._first
        if self._what.only_faults:
            return partial(touch, thread, mm, vma)
        return partial(storm, thread, mm, vma, self._what.parameters.pages)

    def _plan(self, name: str, routine: Callable[[], Routine[Any]], *, daemon: bool = False) -> ThreadPlan:
        return ThreadPlan(name, Program(routine, self._prices), "", daemon=daemon)


def _shares(cpu: int, cpus: int, cores: int) -> bool:
    """Whether a CPU shares its core: those above the number of cores, and their siblings below."""
    return cpu >= cores or cpu + cores < cpus
