"""The table of mistakes put in on purpose: which the explorer must find, how, and which nothing comes of.

Each row is an instance of a core model. The figures are those of a prototype that was written without this program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from lockview.kernel.core import fork, mremap, refcount, vma_lock, waits
from lockview.kernel.core.fault import fault
from lockview.kernel.core.instance import SEQ_AT_REST, new_core
from lockview.kernel.core.writers import dontneed, grace_periods, mprotect, munmap
from lockview.kernel.effects import Routine
from lockview.kernel.switches import Switch
from lockview.kernel.worlds import WorldPlan
from lockview.sim.exploring import explore, fewest_preemptions
from lockview.sim.machine import Machine, TaskPlan

S = Switch
FLUSH = S.FLUSH_UNDER_PTL

_CORE: dict[str, Callable[..., Routine[None]]] = {"F": fault, "U": munmap, "M": mprotect, "D": dontneed}


def core(tasks: str, *on: Switch, **options: Any) -> Machine:
    """A fault (F) against munmap (U), mprotect (M), MADV_DONTNEED (D): one letter per task, in their order."""
    plan = WorldPlan()
    cells = new_core(plan, len(tasks), frozenset(on), **options)
    plans = [TaskPlan(letter, partial(_CORE[letter], cells, number)) for number, letter in enumerate(tasks)]
    if "U" in tasks:
        plans.append(TaskPlan("G", partial(grace_periods, cells), daemon=True))
    return Machine(plans, plan.start)


def moved(*on: Switch, table_present: bool = True) -> Machine:
    """mremap against a fault on either side."""
    plan = WorldPlan()
    c = mremap.new_mremap_model(plan, frozenset(on), table_present=table_present)
    return Machine(
        (
            TaskPlan("mremap", partial(mremap.mremap, c)),
            TaskPlan("F(new)", partial(mremap.fault, c, c.new, mremap.FAULT_NEW)),
            TaskPlan("F(old)", partial(mremap.fault, c, c.old, mremap.FAULT_OLD)),
        ),
        plan.start,
    )


def forked(*on: Switch) -> Machine:
    """fork against two threads that store."""
    plan = WorldPlan()
    c = fork.new_fork_model(plan, frozenset(on))
    return Machine(
        (
            TaskPlan("A", partial(fork.store, c, fork.THREAD_A)),
            TaskPlan("B", partial(fork.store, c, fork.THREAD_B)),
            TaskPlan("fork", partial(fork.fork, c)),
        ),
        plan.start,
    )


def locked(*on: Switch, reclaims: bool = False) -> Machine:
    """A fault with the lock of its VMA against munmap."""
    plan = WorldPlan()
    c = vma_lock.new_vma_lock_model(plan, frozenset(on), reclaims=reclaims)
    return Machine(
        (
            TaskPlan("fault", partial(vma_lock.fault, c)),
            TaskPlan("munmap", partial(vma_lock.munmap, c)),
            TaskPlan("rcu", partial(vma_lock.free_by_rcu, c), daemon=True),
        ),
        plan.start,
    )


def counted(*on: Switch) -> Machine:
    """A fault that counts its VMA against munmap."""
    plan = WorldPlan()
    c = refcount.new_refcount_model(plan, frozenset(on))
    tasks = (TaskPlan("fault", partial(refcount.fault, c)), TaskPlan("munmap", partial(refcount.munmap, c)))
    return Machine(tasks, plan.start)


_WAITS: dict[str, Callable[[waits.WaitModel], Routine[None]]] = {
    "exec": waits.exec_split,
    "mremap": waits.mremap,
    "idle mremap": partial(waits.mremap, reclaims=False),
    "truncate": waits.truncate,
    "khugepaged": waits.reclaim,
    "reader": waits.reader,
}


def waiting(names: str, *on: Switch) -> Machine:
    """Tasks by their names; of M21 mremap and the reader share a CPU."""
    plan = WorldPlan()
    c = waits.new_wait_model(plan, frozenset(on))
    shared = {"mremap": 0, "reader": 0} if S.M21 in on else {}
    return Machine(
        [
            TaskPlan(name, partial(_WAITS[name], c), shared.get(name), int(name == "reader"), arrives=name == "reader")
            for name in names.split(", ")
        ],
        plan.start,
    )


class Row(NamedTuple):
    """What is broken first, after how many steps, with how few preemptions."""

    name: str
    machine: Callable[[], Machine]
    invariant: str
    length: int
    preemptions: int


def unmapping(*on: Switch) -> Callable[[], Machine]:
    """A fault against munmap."""
    return partial(core, "FU", *on)


def protecting(*on: Switch) -> Callable[[], Machine]:
    """A fault against mprotect."""
    return partial(core, "FM", *on)


FOUND = (
    Row("M1", unmapping(S.M1), "I1", 19, 1),
    Row("M1 with flush and M3", unmapping(S.M1, FLUSH, S.M3), "I1", 20, 1),
    Row("M2", unmapping(S.M2), "I3", 13, 1),
    Row("M3", unmapping(S.M3), "I4", 20, 1),
    Row("M4", unmapping(S.M4, FLUSH), "I13", 14, 1),
    Row("M5", unmapping(S.M5), "I4", 17, 1),
    Row("M7 saved", unmapping(S.M7, S.PMD_SAVED), "I4", 20, 1),
    Row("M10", protecting(S.M1), "I2", 18, 1),
    Row("M11", protecting(S.M11), "I2", 17, 1),
    Row("M12", partial(core, "F", S.M12, writable=False), "I11", 13, 0),
    Row("M13", partial(core, "DD"), "I5", 6, 1),
    Row("M13'", partial(core, "DD", invariants=frozenset((SEQ_AT_REST,))), "I5", 16, 2),
    Row("M14", partial(core, "DDMF", invariants=frozenset()), "I2", 34, 5),
    Row("M15", moved, "I10", 15, 1),
    Row("M16", partial(moved, S.M16), "I10", 13, 1),
    Row("M16 without table", partial(moved, S.M16, table_present=False), "I10", 13, 1),
    Row("M17", partial(forked, S.SPECULATION), "I9", 13, 2),
    Row("M19", partial(waiting, "mremap, truncate, reader", S.M19, S.UNFAIR_RWSEM), "I13", 7, 1),
    Row("M20", partial(waiting, "mremap, truncate, reader", S.M20), "I13", 5, 1),
    Row("M21", partial(waiting, "mremap, truncate, reader", S.M21), "I13", 6, 1),
    Row("M24", partial(waiting, "truncate, mremap", S.M23, S.UNFAIR_RWSEM), "I13", 3, 1),
    Row("M27", partial(moved, S.M27), "I4", 12, 1),
    Row("M28", unmapping(S.M28), "I3", 18, 1),
    Row("M29", unmapping(S.M29), "I8", 16, 0),
    Row("M30", unmapping(S.M30), "I6", 8, 1),
    Row("V1", partial(locked, S.V1), "I1", 9, 1),
    Row("V2", partial(locked, S.V2), "I1", 10, 3),
    Row("V3", partial(locked, S.V3), "I1", 11, 1),
    Row("V4", partial(locked, S.V4), "I3", 9, 1),
    Row("V5", partial(locked, S.V5, reclaims=True), "I13", 6, 1),
    Row("V6", partial(forked, S.VMA_LOCK, S.V6), "I9", 13, 2),
    Row("X1", partial(counted, S.X1), "I1", 16, 1),
    Row("X2", partial(counted, S.X2), "I1", 15, 4),
    Row("X3", partial(counted, S.X3), "I1", 15, 2),
)

# Two figures are the states and transitions of a search that finds nothing.
NOTHING: dict[str, tuple[Callable[[], Machine], tuple[int, int] | None]] = {
    "F, U": (unmapping(), (244, 435)),
    "F, U saved": (unmapping(S.PMD_SAVED), (244, 435)),
    "F, F, U": (partial(core, "FFU"), (4_406, 11_461)),
    "F, U flush under PTL": (unmapping(FLUSH), (250, 444)),
    "M1'": (unmapping(S.M1, FLUSH), (250, 444)),
    "M4'": (unmapping(S.M4), (244, 433)),
    "M5 flush under PTL": (unmapping(S.M5, FLUSH), None),
    "M6": (unmapping(S.M6), None),
    "M7'": (unmapping(S.M7), None),
    "M7' with M6 and M8": (unmapping(S.M7, S.M6, S.M8), (294, 521)),
    "M8 F, U": (unmapping(S.M8), None),
    "M8 F, M": (protecting(S.M8), None),
    "M9": (unmapping(S.M9), None),
    "F, M": (protecting(), (169, 297)),
    "M14'": (partial(core, "DDMF", S.EXCLUSIVE_SECTIONS), (1_603, 3_444)),
    "M15'": (partial(moved, table_present=False), None),
    "M15''": (partial(moved, S.OPEN_BEFORE_LINK), None),
    "M17' v12": (partial(forked, S.SPECULATION, S.FORK_SECTIONS), None),
    "M17' classic": (forked, None),
    "M18": (partial(waiting, "mremap, truncate, reader", S.M18), None),
    "M20 unfair": (partial(waiting, "mremap, truncate, reader", S.M20, S.UNFAIR_RWSEM), None),
    "M22": (partial(waiting, "exec, mremap, khugepaged"), None),
    "M23": (partial(waiting, "exec, mremap, khugepaged", S.M23, S.UNFAIR_RWSEM), None),
    "M25": (partial(waiting, "truncate, idle mremap, khugepaged", S.M23), None),
    "M26": (unmapping(S.PTL_LOOP), None),
    "V0": (locked, None),
    "V0 with fork": (partial(forked, S.VMA_LOCK), None),
    "V0 with reclaim": (partial(locked, reclaims=True), None),
    "X0": (counted, None),
    "X4": (partial(counted, S.X4), None),
    "X4 no start_write": (partial(counted, S.V1), None),
}


class Compared(NamedTuple):
    """A row in words: what was expected and what was found, the same when all is well."""

    name: str
    expected: str
    found: str


def compared() -> Iterator[Compared]:
    """The whole table, worked out now."""
    for row in FOUND:
        machine = row.machine()
        shortest, gentlest = explore(machine).found, fewest_preemptions(machine).found
        found = "nothing"
        if shortest is not None and gentlest is not None:
            found = _words(shortest.violation.invariant, len(shortest.moves), gentlest.preemptions)
        yield Compared(row.name, _words(row.invariant, row.length, row.preemptions), found)
    for name, (machine_of, figures) in NOTHING.items():
        result = explore(machine_of())
        found = "nothing" if result.found is None else result.found.violation.invariant
        if figures is None:
            yield Compared(name, "nothing", found)
        else:
            seen = (result.states, result.transitions)
            yield Compared(name, _figures("nothing", figures), _figures(found, seen))


def _words(invariant: str, length: int, preemptions: int | None) -> str:
    return f"{invariant}, {length} steps, {preemptions} preemption{'' if preemptions == 1 else 's'}"


def _figures(found: str, figures: tuple[int, int]) -> str:
    return f"{found}, {figures[0]:,} states, {figures[1]:,} transitions"
