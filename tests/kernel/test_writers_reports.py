"""Which versions of the patch series the embedded validator reports on the same traces, and with which circle."""

from typing import Any

import pytest

from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS
from lockview.model.reports import CircularReport, ReportKind
from lockview.sim.running import Ending
from lockview.sim.scenarios.description import (
    CallPart,
    Description,
    FilePart,
    MmPart,
    PagesPart,
    Pool,
    Schedule,
    TaskPart,
    VmaPart,
)
from lockview.sim.simulation import Simulation, simulate

SEQ = "&vma->vm_sequence"
NESTED = "&vma->vm_sequence/1"
I_MMAP = "&mapping->i_mmap_rwsem"
RECLAIM = "fs_reclaim"


def task(name: str, routine: str, mm: str = "", *, may_reclaim: bool = False, **arguments: Any) -> TaskPart:
    return TaskPart(name, 100, (CallPart(routine, tuple(arguments.items())),), mm, may_reclaim)


EXEC = task("exec", "init-exec", "init", file="interpreter", start=0, end=2, span_end=4)
MUNMAP = task("munmap", "munmap", "worker", start=8, end=10)
FAULT = task("fault", "fault", "worker", page=1)
MREMAP = task("mremap", "mremap", "worker", start=0, end=2, to=4)
KHUGEPAGED = task("khugepaged", "khugepaged", may_reclaim=True)
TRUNCATE = task("truncate", "truncate", file="interpreter", size=0)
CUT = task("truncate", "truncate", file="interpreter", size=1)
SIX = (EXEC, MUNMAP, FAULT, MREMAP, KHUGEPAGED, TRUNCATE)
MPROTECT = task("mprotect", "mprotect", "worker", start=10, end=12, rights="rw")
MBIND = task("mbind", "mbind", "worker", start=12, end=14)


def simulated(variant: str, *tasks: TaskPart, on: tuple[Switch, ...] = ()) -> Simulation:
    """The tasks, one after the other."""
    daemon = TaskPart("kworker", 5, (CallPart("grace-periods"),), daemon=True)
    description = Description(
        "traces",
        "the traces",
        mms=(MmPart("init", 8), MmPart("worker", 14)),
        files=(FilePart("interpreter", 4, (0, 1)), FilePart("memory", 4)),
        vmas=(
            VmaPart("init", 6, 8),
            VmaPart("worker", 0, 2, anon="heap"),
            VmaPart("worker", 8, 10, "r", file="interpreter"),
            VmaPart("worker", 10, 12, "rl", anon="locked"),
            VmaPart("worker", 12, 14, "rws", file="memory"),
        ),
        pages=(PagesPart("worker", 0, 2, (0,)), PagesPart("worker", 8, 10, (8,)), PagesPart("worker", 10, 12)),
        pool=Pool(6, 4, 8),
        tasks=(*tasks, daemon),
        schedule=Schedule(order=tuple(part.name for part in tasks)),
    )
    simulation = simulate(description, variant=VARIANTS[variant], on=on)
    assert simulation.ending is Ending.DONE
    return simulation


def circle(simulation: Simulation) -> tuple[str, str, tuple[str, ...]]:
    """Who closed the circle, by acquiring what; and its classes from the outermost in acquisition order."""
    (report,) = simulation.reports
    assert isinstance(report, CircularReport)
    assert report.task
    assert report.wanted
    chain = tuple(str(entry.lock_class) for entry in reversed(report.chain))
    return report.task.comm, str(report.wanted.lock_class), chain


@pytest.mark.parametrize(
    ("variant", "closed_by", "chain"),
    [
        ("spf-rfc3", "truncate", (SEQ, NESTED, I_MMAP)),
        ("spf-v2", "khugepaged", (I_MMAP, SEQ, NESTED, RECLAIM)),
        ("spf-v3", "khugepaged", (I_MMAP, SEQ, NESTED, RECLAIM)),
        ("spf-v4", "truncate", (SEQ, NESTED, RECLAIM, I_MMAP)),
    ],
)
def test_the_six_traces_close_a_circle(variant: str, closed_by: str, chain: tuple[str, ...]) -> None:
    assert circle(simulated(variant, *SIX)) == (closed_by, chain[0], chain)


@pytest.mark.parametrize("variant", ["spf-v6", "spf-v10", "spf-v11", "spf-v12", "android-5.10", "classic"])
def test_the_six_traces_are_clean(variant: str) -> None:
    assert simulated(variant, *SIX).reports == ()


LOCKED = (EXEC, CUT, MPROTECT, KHUGEPAGED)
SHARED = (EXEC, CUT, MBIND, KHUGEPAGED)


@pytest.mark.parametrize(
    ("variant", "tasks"),
    [("spf-v6", LOCKED), ("spf-v6", SHARED), ("spf-v10", SHARED), ("spf-v11", SHARED), ("spf-v12", SHARED)],
)
def test_allocating_in_a_section_that_is_annotated_closes_a_circle(variant: str, tasks: tuple[TaskPart, ...]) -> None:
    assert circle(simulated(variant, *tasks)) == ("khugepaged", I_MMAP, (I_MMAP, SEQ, RECLAIM))


@pytest.mark.parametrize(
    ("variant", "tasks"),
    [("spf-v10", LOCKED), ("spf-v11", LOCKED), ("android-5.10", LOCKED), ("android-5.10", SHARED)],
)
def test_closing_first_or_not_telling_makes_it_clean(variant: str, tasks: tuple[TaskPart, ...]) -> None:
    assert simulated(variant, *tasks).reports == ()


@pytest.mark.parametrize("extra", [MPROTECT, MBIND], ids=lambda part: part.name)
def test_whoever_comes_last_is_reported(extra: TaskPart) -> None:
    assert circle(simulated("spf-v6", *SIX, extra)) == (extra.name, RECLAIM, (RECLAIM, I_MMAP, SEQ))


def test_a_fault_that_reclaims_itself_lets_mremap_close_the_circle() -> None:
    faults = FAULT._replace(may_reclaim=True)
    result = circle(simulated("spf-v2", EXEC, MUNMAP, faults, MREMAP, KHUGEPAGED, TRUNCATE))
    assert result == ("mremap", RECLAIM, (RECLAIM, I_MMAP, SEQ, NESTED))


def test_aio_closes_the_circle_of_the_first_report() -> None:
    ring = task("kworker/32:1", "free-aio-ring", file="interpreter")
    assert circle(simulated("spf-rfc3", EXEC, ring)) == ("kworker/32:1", SEQ, (SEQ, NESTED, I_MMAP))


def test_a_late_lock_of_a_new_vma_closes_the_circle_of_2023() -> None:
    """6.5-rc: a fault under the VMA's lock reclaims; a new mapping of a file is locked under i_mmap_rwsem."""
    faults = FAULT._replace(may_reclaim=True)
    mapping = task("mmap", "mmap", "init", start=0, end=2, rights="r", file="interpreter")
    simulation = simulated("pvl-6.12", faults, mapping, on=(Switch.V5,))
    assert circle(simulation) == ("mmap", "&vma->vm_lock->lock", ("&vma->vm_lock->lock", RECLAIM, I_MMAP))
    assert simulated("pvl-6.12", faults, mapping).reports == ()


def test_a_counter_that_was_never_initialised_has_no_class() -> None:
    fails = task("trinity", "mmap", "init", start=0, end=2, rights="r", file="interpreter", fails=True)
    (report,) = simulated("spf-v6", fails).reports
    assert report.kind is ReportKind.NON_STATIC_KEY
    assert report.backtrace
    frames = [frame.function for frame in report.backtrace.stack.frames]
    assert frames[:4] == ["unmap_page_range", "unmap_single_vma", "unmap_vmas", "unmap_region"]
    assert frames[4] == "mmap_region"
    assert simulated("spf-v10", fails).reports == ()
