"""Every order of the steps of faults and of those who change what is faulted on, with and without each mistake.

The figures beside a mistake are the shortest way and the fewest preemptions of the coarse core model. Here a step is
finer, so ways are longer; what is found, and what is not, has to be the same.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import pytest
from faulting import (
    READ,
    WRITE,
    Faulting,
    faults,
    mmaps,
    mprotects,
    munmaps,
    stores,
    wrong_at_rest,
)

from lockview.kernel.effects import Routine, Write
from lockview.kernel.mm.fork import SyS_clone
from lockview.kernel.mm.migration import kcompactd
from lockview.kernel.mm.mmap_lock import mmap_write_lock, mmap_write_unlock
from lockview.kernel.mm.mremap import SyS_mremap
from lockview.kernel.mm.objects import NO_PMD, NONE, Flags, Mm, Translation, Vma
from lockview.kernel.mm.vma_lock import vma_start_write
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread
from lockview.sim.exploring import explore, fewest_preemptions
from lockview.sim.transitions import Transitions

S = Switch
UNDER_LOCK = S.FLUSH_UNDER_PTL
RECHECK = S.PMD_RECHECK
SAVED = S.PMD_SAVED

SPECULATIVE = ("spf-v4", "spf-v6", "spf-v11", "spf-v12", "android-5.10", "michel-2022")
BY_VMA_LOCK = ("pvl-6.4", "pvl-6.12", "ref-6.15")

Setup = Callable[[str, frozenset[S], frozenset[S]], Faulting]


def munmap(variant: str, on: frozenset[S], off: frozenset[S]) -> Faulting:
    """A write fault on the first of two pages, of which the second is mapped, and munmap of both."""
    faulting = Faulting(variant, on, off, end=2, mapped=[1])
    faulting.task(faults())
    faulting.task(munmaps(0, 2))
    faulting.daemon()
    return faulting


def munmap_only(variant: str, on: frozenset[S], off: frozenset[S]) -> Faulting:
    """The same without anybody to end grace periods."""
    faulting = Faulting(variant, on, off)
    faulting.task(faults())
    faulting.task(munmaps(0, 1))
    return faulting


def mprotect(variant: str, on: frozenset[S], off: frozenset[S]) -> Faulting:
    """A write fault, and mprotect to read-only."""
    faulting = Faulting(variant, on, off)
    faulting.task(faults())
    faulting.task(mprotects(0, 1, READ))
    return faulting


def widen(variant: str, on: frozenset[S], off: frozenset[S]) -> Faulting:
    """A write fault on a read-only page, and mprotect that permits writing."""
    faulting = Faulting(variant, on, off, flags=READ)
    faulting.task(faults())
    faulting.task(mprotects(0, 1, WRITE))
    return faulting


def read_only(variant: str, on: frozenset[S], off: frozenset[S]) -> Faulting:
    """A write fault on a read-only page, and nobody else."""
    faulting = Faulting(variant, on, off, flags=READ)
    faulting.task(faults())
    faulting.task()
    return faulting


def _mremap(variant: str, on: frozenset[S], off: frozenset[S], *, page: int, table: bool) -> Faulting:
    faulting = Faulting(variant, on, off, mapped=[0], spare_vmas=1)
    if not table:
        faulting.begin(faulting.mm.pmds[1], NO_PMD)
    faulting.task(faults(page))
    faulting.task(lambda t: partial(SyS_mremap, t, faulting.mm, 0, 1, 2))
    faulting.daemon()
    return faulting


mremap_to = partial(_mremap, page=2, table=True)
mremap_to_no_table = partial(_mremap, page=2, table=False)
mremap_from = partial(_mremap, page=0, table=False)


def fork(variant: str, on: frozenset[S], off: frozenset[S]) -> Faulting:
    """Two threads write to a page, one by its TLB, while a third copies the address space."""
    faulting = Faulting(variant, on, off, mapped=[0], spare_vmas=1)
    child = faulting.kernel.new_mm(4)
    writer = faulting.task(stores())
    page = Translation(0, faulting.kernel.plan.first(faulting.first_pte(0)).frame, writable=True)
    faulting.begin(faulting.kernel.threads[writer].tlb, (page,))
    faulting.task(stores())
    faulting.task(lambda t: partial(SyS_clone, t, faulting.mm, child))
    return faulting


def reuse(variant: str, on: frozenset[S], off: frozenset[S]) -> Faulting:
    """A fault, while its VMA is unmapped and its memory becomes another VMA."""
    faulting = Faulting(variant, on, off, spare_vmas=1)
    faulting.task(faults())
    faulting.task(munmaps(0, 1), mmaps(2, 3), stores(2))
    faulting.daemon()
    return faulting


def growth(variant: str, on: frozenset[S], off: frozenset[S]) -> Faulting:
    """A fault in a stack that another one grows."""
    faulting = Faulting(variant, on, off, end=4, flags=WRITE | Flags.GROWSDOWN)
    faulting.begin(faulting.vma.start, 2)
    faulting.begin(faulting.vma.pgoff, 2)
    faulting.task(faults(3))
    faulting.task(faults(1))
    return faulting


def file_mapping(variant: str, on: frozenset[S], off: frozenset[S]) -> Faulting:
    """A fault on a file whose operations nobody needs, and munmap; the program has closed the file already."""
    faulting = Faulting(variant, on, off, file_pages=2)
    faulting.kernel.new_vma(faulting.mm, 1, 2)  # keeps the page table
    assert faulting.file
    faulting.kernel.files[0] = faulting.file._replace(has_ops=False)
    faulting.begin(faulting.file.f_count, 1)
    faulting.task(faults())
    faulting.task(munmaps(0, 1))
    faulting.daemon()
    return faulting


def migration(variant: str, on: frozenset[S], off: frozenset[S]) -> Faulting:
    """A write fault on a page that moves to another place in memory."""
    faulting = Faulting(variant, on, off, mapped=[0], frames=3)
    faulting.begin(faulting.first_pte(0), faulting.kernel.plan.first(faulting.first_pte(0))._replace(writable=False))
    faulting.task(faults())
    faulting.task(lambda t: partial(kcompactd, t, faulting.mm, 0))
    return faulting


def takes_anon_vma_away(t: Thread, mm: Mm, vma: Vma) -> Routine[None]:
    """What mremap does to the old mapping that it is to leave in place (MREMAP_DONTUNMAP)."""
    yield from mmap_write_lock(t, mm)
    yield from vma_start_write(t, mm, vma)
    yield Write(vma.anon_vma, NONE)
    yield from mmap_write_unlock(t, mm)


def unprepared(variant: str, on: frozenset[S], off: frozenset[S]) -> Faulting:
    """A fault on a VMA whose pages are moved away."""
    faulting = Faulting(variant, on, off, spare_vmas=1)
    faulting.task(faults())
    faulting.task(lambda t: partial(takes_anon_vma_away, t, faulting.mm, faulting.vma))
    return faulting


class Case(NamedTuple):
    """``finds`` is empty where nothing is to be found; ``coarse`` what the core model needs: steps, preemptions."""

    setup: Setup
    variant: str
    on: tuple[S, ...] = ()
    off: tuple[S, ...] = ()
    finds: str = ""
    coarse: tuple[int, int] | None = None


CASES = {
    "nothing": Case(munmap, "spf-v4"),
    "nothing, flush under the lock": Case(munmap, "spf-v4", (UNDER_LOCK,)),
    "nothing, recheck": Case(munmap, "spf-v4", (RECHECK,), (SAVED,)),
    "v2 as posted reads a table that is gone": Case(munmap, "spf-v2", finds="I4"),
    "M1": Case(munmap, "spf-v4", (S.M1,), finds="I1", coarse=(19, 1)),
    "M1 hidden by the flush": Case(munmap, "spf-v4", (S.M1, UNDER_LOCK)),
    "M1, M3 and the flush": Case(munmap, "spf-v4", (S.M1, S.M3, UNDER_LOCK), finds="I1", coarse=(20, 1)),
    "M2": Case(munmap, "spf-v4", (S.M2,), finds="I3", coarse=(13, 1)),
    "M2 with counted VMAs": Case(munmap, "spf-v6", (S.M2,), finds="I3"),
    "M2 with RCU": Case(munmap, "spf-v12", (S.M2,), finds="I3"),
    "M3": Case(munmap, "spf-v4", (S.M3,), finds="I4", coarse=(20, 1)),
    "M4": Case(munmap, "spf-v4", (S.M4, UNDER_LOCK), finds="I13", coarse=(14, 1)),
    "M4 without the flush": Case(munmap, "spf-v4", (S.M4,)),
    "M5": Case(munmap, "spf-v4", (S.M5,), finds="I4", coarse=(17, 1)),
    "M5 hidden by the flush": Case(munmap, "spf-v4", (S.M5, UNDER_LOCK)),
    "M6": Case(munmap, "spf-v4", (S.M6,)),
    "M7": Case(munmap, "spf-v4", (S.M7,), finds="I4", coarse=(20, 1)),
    "M7, recheck": Case(munmap, "spf-v4", (S.M7, RECHECK), (SAVED,)),
    "M6, M7, M8, recheck": Case(munmap, "spf-v4", (S.M6, S.M7, S.M8, RECHECK), (SAVED,)),
    "M8": Case(munmap, "spf-v4", (S.M8,)),
    "M8 and mprotect": Case(mprotect, "spf-v4", (S.M8,)),
    "M9": Case(munmap, "spf-v4", (S.M9,)),
    "mprotect": Case(mprotect, "spf-v4"),
    "M10": Case(mprotect, "spf-v4", (S.M1,), finds="I2", coarse=(18, 1)),
    "M11": Case(mprotect, "spf-v4", (S.M11,), finds="I2", coarse=(17, 1)),
    "M12": Case(read_only, "spf-v4", (S.M12,), finds="I11", coarse=(13, 0)),
    "widening": Case(widen, "spf-v4"),
    "M15": Case(mremap_to, "spf-v4", finds="I10", coarse=(15, 1)),
    "M15 without a table": Case(mremap_to_no_table, "spf-v4"),
    "M15 in the order of v6": Case(mremap_to, "spf-v6"),
    "M16": Case(mremap_to, "spf-v6", (S.M16,), finds="I10", coarse=(13, 1)),
    "M16 without a table": Case(mremap_to_no_table, "spf-v6", (S.M16,), finds="I10", coarse=(13, 1)),
    "M17": Case(fork, "spf-v4", finds="I9", coarse=(13, 2)),
    "M17 without speculation": Case(fork, "classic"),
    "M17 with sections": Case(fork, "spf-v12"),
    "M27": Case(mremap_from, "spf-v6", (S.M27,), finds="I1"),
    "M27 slowly": Case(mremap_from, "spf-v6"),
    "M28": Case(munmap, "spf-v6", (S.M28,), finds="I3"),
    "M30": Case(file_mapping, "spf-v4", (S.M30,), finds="I6"),
    "the file goes with the VMA": Case(file_mapping, "spf-v4"),
    "growth": Case(growth, "spf-v4"),
    "growth is trusted": Case(growth, "spf-v4", (S.ALLOW_GROWSDOWN,), finds="I11"),
    "migration": Case(migration, "spf-v4"),
    "migration, classic": Case(migration, "classic"),
    "migration is not noticed": Case(migration, "spf-v4", (S.NO_PTE_SAME,), finds="I8"),
    "growth under the lock of the VMA, 6.4": Case(growth, "pvl-6.4", finds="I11"),
    "growth under the lock of the VMA": Case(growth, "pvl-6.12"),
    "V0": Case(munmap, "pvl-6.12"),
    "V1": Case(munmap, "pvl-6.12", (S.V1,), finds="I1", coarse=(9, 1)),
    "V2": Case(munmap, "pvl-6.12", (S.V2,), finds="I1", coarse=(10, 3)),
    "V3": Case(munmap_only, "pvl-6.12", (S.V3,), finds="I1", coarse=(11, 1)),
    "V3 and the end of the grace period": Case(munmap, "pvl-6.12", (S.V3,), finds="I3"),
    "V4": Case(munmap, "pvl-6.12", (S.V4,), finds="I3", coarse=(9, 1)),
    "V6": Case(fork, "pvl-6.4", finds="I9", coarse=(13, 2)),
    "V6 mended": Case(fork, "pvl-6.12"),
    "V7": Case(unprepared, "pvl-6.12", (S.V7,), finds="I16"),
    "V7 mended": Case(unprepared, "pvl-6.12"),
    "X0": Case(reuse, "ref-6.15"),
    "X1": Case(reuse, "ref-6.15", (S.X1,), finds="I3", coarse=(16, 1)),
    "X2": Case(munmap, "ref-6.15", (S.X2,), finds="I1", coarse=(15, 4)),
    "X3": Case(munmap, "ref-6.15", (S.X3,), finds="I1", coarse=(15, 2)),
    "X4": Case(munmap, "ref-6.15", (S.X4,)),
    "X4 by V1": Case(munmap, "ref-6.15", (S.V1,)),
}


def build(case: Case) -> Faulting:
    return case.setup(case.variant, frozenset(case.on), frozenset(case.off))


@pytest.mark.parametrize("name", CASES)
def test_what_is_found(name: str) -> None:
    case = CASES[name]
    result = explore(build(case).machine)
    assert result.complete
    assert (result.found.violation.invariant if result.found else "") == case.finds, result


def test_two_faults_at_once() -> None:
    faulting = Faulting("spf-v4")
    faulting.task(faults())
    faulting.task(faults())
    faulting.task(munmaps(0, 1))
    faulting.daemon()
    result = explore(faulting.machine)
    assert result.complete
    assert result.found is None


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.coarse])
def test_a_mistake_needs_no_more_preemptions_than_in_the_core_model(name: str) -> None:
    case = CASES[name]
    assert case.coarse
    shortest = explore(build(case).machine).found
    result = fewest_preemptions(build(case).machine).found
    assert shortest
    assert result
    assert len(shortest.moves) >= case.coarse[0]
    assert result.preemptions is not None
    assert result.preemptions <= case.coarse[1]


@pytest.mark.parametrize("variant", [*SPECULATIVE, "classic"])
@pytest.mark.parametrize("setup", [munmap, mprotect, widen, mremap_from, mremap_to_no_table, growth, file_mapping])
def test_as_posted_nothing_is_broken(setup: Setup, variant: str) -> None:
    faulting = setup(variant, frozenset(), frozenset())
    result = explore(faulting.machine)
    assert result.complete
    assert result.found is None


@pytest.mark.parametrize("variant", BY_VMA_LOCK)
@pytest.mark.parametrize("setup", [munmap, mprotect, widen, mremap_from, mremap_to])
def test_locks_of_vmas_break_nothing(setup: Setup, variant: str) -> None:
    result = explore(setup(variant, frozenset(), frozenset()).machine)
    assert result.complete
    assert result.found is None


def left_over(faulting: Faulting) -> set[str]:
    """What is wrong in any state in which nobody can go on."""
    graph = Transitions(faulting.machine)
    seen = {graph.start}
    queue = [graph.start]
    wrong: set[str] = set()
    while queue:
        packed = queue.pop()
        steps = graph.of(packed)
        if not steps:
            wrong.update(wrong_at_rest(faulting, graph.unpack(packed)))
        for step in steps:
            assert step.violation is None
            if step.state not in seen:
                seen.add(step.state)
                queue.append(step.state)
    return wrong


@pytest.mark.parametrize("variant", ["classic", *SPECULATIVE, *BY_VMA_LOCK])
def test_all_is_given_back_in_every_order(variant: str) -> None:
    assert left_over(munmap(variant, frozenset(), frozenset())) == set()


def test_a_reference_that_is_kept_keeps_the_vma_for_ever() -> None:
    assert left_over(munmap("spf-v6", frozenset({S.M29}), frozenset())) == {"vma:0 is never freed"}
