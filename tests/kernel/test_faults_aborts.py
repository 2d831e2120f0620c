"""Every reason for which a speculative fault gives up, reached by hand, under the name of its trace point."""

import pytest
from faulting import (
    READ,
    WRITE,
    Drive,
    Faulting,
    disables_interrupts,
    faults,
    flushes,
    mprotects,
    munmaps,
    reads,
    reads_counter,
    takes,
)

from lockview.kernel.mm.objects import Entry, Flags, Pmd, Pte
from lockview.kernel.mm.outcomes import Outcome
from lockview.kernel.switches import Switch


def gives_up(drive: Drive, *expected: tuple[str, str]) -> None:
    """All go on to the end; the fault ends once, without anything broken."""
    drive.all()
    assert drive.violation is None
    assert drive.aborts() == list(expected)
    assert len(drive.outcomes(0)) == 1


def against_munmap(variant: str = "spf-v4", on: tuple[Switch, ...] = ()) -> tuple[Faulting, Drive]:
    """Task 0 faults on the page that task 1 unmaps."""
    faulting = Faulting(variant, on)
    faulting.task(faults())
    faulting.task(munmaps(0, 1))
    faulting.daemon()
    return faulting, Drive(faulting)


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (WRITE | Flags.UFFD, ("spf_vma_notsup", "NO_SPECULATE")),
        (WRITE | Flags.GROWSDOWN, ("spf_vma_notsup", "NO_SPECULATE")),
        (READ, ("spf_vma_access", "ACCESS_ERROR")),
    ],
)
def test_by_the_flags(flags: Flags, reason: tuple[str, str]) -> None:
    faulting = Faulting(flags=flags)
    faulting.task(faults())
    gives_up(Drive(faulting), reason)


def test_by_the_policy() -> None:
    faulting = Faulting()
    faulting.begin(faulting.vma.policy, "interleave")
    faulting.task(faults())
    gives_up(Drive(faulting), ("spf_vma_notsup", "NO_SPECULATE"))


def test_a_mapped_file() -> None:
    faulting = Faulting(file_pages=2)
    faulting.task(faults())
    gives_up(Drive(faulting), ("spf_vma_notsup", "NO_SPECULATE"))


def test_a_page_of_a_file_that_is_not_cached() -> None:
    faulting = Faulting("android-5.10", file_pages=2)
    faulting.task(faults(write=False))
    faulting.task()
    gives_up(Drive(faulting), ("untraced", "FAULT"))


def test_without_anon_vma() -> None:
    faulting = Faulting(prepared=False)
    faulting.task(faults())
    gives_up(Drive(faulting), ("spf_vma_notsup", "ANON_VMA"))


def test_without_a_vma() -> None:
    faulting = Faulting()
    faulting.task(faults(3))
    drive = Drive(faulting)
    gives_up(drive, ("untraced", "UNMAPPED"))
    assert drive.outcomes(0) == [Outcome.SEGV_MAPERR]


def test_without_a_page_table() -> None:
    faulting = Faulting(table=False)
    faulting.task(faults())
    gives_up(Drive(faulting), ("untraced", "PMD"))


def test_a_huge_page() -> None:
    faulting = Faulting()
    faulting.begin(faulting.mm.pmds[0], Pmd(huge=0))
    faulting.task(faults())
    gives_up(Drive(faulting), ("spf_vma_notsup", "HUGE"))


@pytest.mark.parametrize("entry", [Entry.SWAP, Entry.MIGRATION])
def test_a_page_that_is_elsewhere(entry: Entry) -> None:
    faulting = Faulting()
    faulting.begin(faulting.first_pte(0), Pte(entry, 0))
    faulting.task(faults())
    drive = Drive(faulting).on(0)
    assert drive.aborts() == [("untraced", "SWAP")]


def test_the_vma_is_dead() -> None:
    faulting, drive = against_munmap()
    drive.until(0, reads(faulting.vma.linked)).on(1)
    gives_up(drive, ("spf_vma_dead", "DEAD"))


def test_a_writer_is_inside() -> None:
    faulting, drive = against_munmap()
    drive.until(0, reads_counter(faulting.vma.vm_sequence)).until(1, takes(faulting.kernel.tables[0].ptl))
    gives_up(drive, ("spf_vma_changed", "ODD"))


def test_the_vma_was_cut() -> None:
    faulting = Faulting(end=2, spare_vmas=1)
    faulting.task(faults(1))
    faulting.task(mprotects(1, 2, READ))
    drive = Drive(faulting).until(0, reads(faulting.vma.start)).on(1)
    gives_up(drive, ("spf_vma_changed", "OUTSIDE"))
    assert drive.outcomes(0) == [Outcome.SEGV_ACCERR]


def test_changed_before_the_walk_was_done() -> None:
    faulting, drive = against_munmap()
    drive.until(0, disables_interrupts).until(1, takes(faulting.kernel.tables[0].ptl))
    gives_up(drive, ("spf_vma_changed", "VMA_COPY"))


def test_changed_before_the_page_table_lock_was_tried() -> None:
    faulting, drive = against_munmap()
    drive.until(0, disables_interrupts, times=2).until(1, takes(faulting.kernel.tables[0].ptl))
    gives_up(drive, ("spf_vma_changed", "PTE_MAP_LOCK_SEQ1"))


def test_the_page_table_was_taken_away() -> None:
    faulting, drive = against_munmap("spf-v12")
    drive.until(0, reads(faulting.mm.pmds[0]), times=2).until(1, flushes)
    assert not drive.machine.can_step(drive.state, 1)
    gives_up(drive, ("spf_pmd_changed", "PTE_MAP_LOCK_PMD"))


def test_the_page_table_lock_is_busy() -> None:
    faulting, drive = against_munmap()
    ptl = faulting.kernel.tables[0].ptl
    drive.until(0, takes(ptl)).until(1, takes(ptl)).step(1)
    gives_up(drive, ("spf_pte_lock", "PTE_MAP_LOCK_PTL"))


def test_changed_when_the_page_table_lock_was_had() -> None:
    faulting, drive = against_munmap()
    drive.until(0, takes(faulting.kernel.tables[0].ptl)).until(1, flushes)
    gives_up(drive, ("spf_vma_changed", "PTE_MAP_LOCK_SEQ2"))


def test_a_busy_lock_is_tried_again_since_v11() -> None:
    faulting = Faulting("spf-v11", end=2)
    faulting.task(faults(0))
    faulting.task(faults(1))
    ptl = faulting.kernel.tables[0].ptl
    drive = Drive(faulting).until(0, takes(ptl)).until(1, takes(ptl))
    drive.step(1)
    places = set()
    while drive.state not in places:
        places.add(drive.state)
        drive.step(0)
    drive.on(1)
    gives_up(drive)
    assert drive.outcomes(0) == [Outcome.SERVED_SPF]


def test_one_counter_for_all_is_odd_as_long_as_anything_is_changed() -> None:
    faulting = Faulting("michel-2022")
    faulting.task(faults(0))
    faulting.task(munmaps(3, 4))
    drive = Drive(faulting)
    drive.step(1)
    drive.step(1)
    assert drive.value(faulting.mm.mmap_seq) == 1
    gives_up(drive, ("SPF_ABORT_ODD", "ODD"))
    assert drive.value(faulting.mm.mmap_seq) == 2
    drive = Drive(faulting).until(0, reads(faulting.vma.flags)).on(1)
    gives_up(drive, ("SPF_ABORT_VMA_COPY", "VMA_COPY"))


def test_what_protects_the_vma_is_let_go_of() -> None:
    for variant in ("spf-v4", "spf-v6", "spf-v11", "spf-v12", "android-5.10", "michel-2022"):
        faulting, drive = against_munmap(variant)
        drive.until(0, takes(faulting.kernel.tables[0].ptl)).on(1).all()
        assert drive.violation is None
        assert len(drive.outcomes(0)) == 1
