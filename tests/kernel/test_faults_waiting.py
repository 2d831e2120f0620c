"""Who waits for whom: readers that would wait for a writer, busy page table locks, interrupts that are not answered."""

from functools import partial

import pytest
from faulting import Drive, Faulting, faults, flushes, munmaps, takes

from lockview.kernel.effects import Await, Choose, Step
from lockview.kernel.mm.mremap import SyS_mremap
from lockview.kernel.mm.objects import NO_PMD, Life
from lockview.kernel.mm.outcomes import Outcome
from lockview.kernel.mm.truncate import SyS_ftruncate
from lockview.kernel.switches import Switch

FAULT, MREMAP, TRUNCATE = range(3)


def spins(effect: Step) -> bool:
    return isinstance(effect, Await) and effect.spins and effect.cell.name.endswith("vm_sequence")


def reclaiming(*switches: Switch, fault_file: bool = False, same_cpu: bool = False) -> tuple[Faulting, Drive]:
    """A fault on the VMA that mremap moves. The move has to reclaim a page of the file that is truncated meanwhile."""
    faulting = Faulting("spf-v4", switches, end=1, mapped=[0], spare_vmas=1, file_pages=2 if fault_file else None)
    kernel = faulting.kernel
    file = faulting.file
    if file is None:
        file = kernel.new_file(2)
        kernel.new_vma(faulting.mm, 1, 2, file=file)
        page = faulting.frames[0]
        kernel.map_page(faulting.mm, 1, page)
    else:
        kernel.files[0] = file._replace(has_ops=False)
        page = next(frame for frame in kernel.frames if kernel.plan.first(frame.mapcount))
    faulting.begin(page.refs, 2)
    faulting.begin(page.life, Life.LIVE)
    faulting.begin(file.cache, ((0, page.number),))
    faulting.begin(faulting.mm.pmds[1], NO_PMD)
    faulting.task(faults(0), cpu=0 if same_cpu else None, priority=1)
    faulting.task(lambda t: partial(SyS_mremap, t, faulting.mm, 0, 1, 2), may_reclaim=True, cpu=0 if same_cpu else None)
    other = kernel.new_mm(2)
    faulting.task(lambda t: partial(SyS_ftruncate, t, file, 0), mm=other)
    faulting.daemon()
    drive = Drive(faulting)
    while not any(what == "reclaim_enter" for _, what, _ in drive.told):
        drive.step(MREMAP, choice=int(isinstance(drive.machine.effect(drive.state, MREMAP), Choose)))
    return faulting, drive


def is_stuck(drive: Drive) -> bool:
    drive.all()
    assert drive.violation is None
    return drive.machine.is_deadlock(drive.state)


def test_the_move_reclaims_inside_its_section() -> None:
    faulting, drive = reclaiming()
    assert drive.value_of_lock(faulting.vma.vm_sequence) % 2 == 1


def test_readers_that_give_up_wait_for_nobody() -> None:
    _, drive = reclaiming()
    drive.until(TRUNCATE, flushes)
    assert not is_stuck(drive)
    assert drive.outcomes(FAULT)


def test_readers_that_spin_with_interrupts_on_are_only_late() -> None:
    _, drive = reclaiming(Switch.M18)
    drive.until(FAULT, spins).until(TRUNCATE, flushes)
    assert not is_stuck(drive)


def test_readers_that_spin_with_interrupts_off_never_answer() -> None:
    faulting, drive = reclaiming(Switch.M19)
    file = faulting.kernel.files[0]
    drive.until(FAULT, spins).until(MREMAP, takes(file.i_mmap_rwsem)).until(TRUNCATE, flushes)
    assert is_stuck(drive)
    assert drive.machine.enabled(drive.state) == ()


@pytest.mark.parametrize(("fair", "stuck"), [(True, True), (False, False)])
def test_readers_that_hold_what_the_writer_needs(fair: bool, stuck: bool) -> None:
    switches = [Switch.M20] if fair else [Switch.M20, Switch.UNFAIR_RWSEM]
    faulting, drive = reclaiming(*switches, fault_file=True)
    file = faulting.kernel.files[0]
    drive.until(FAULT, spins).until(TRUNCATE, takes(file.i_mmap_rwsem)).on(TRUNCATE)
    assert is_stuck(drive) is stuck


@pytest.mark.parametrize(("same_cpu", "stuck"), [(True, True), (False, False)])
def test_a_reader_that_keeps_the_writer_off_its_cpu(same_cpu: bool, stuck: bool) -> None:
    _, drive = reclaiming(Switch.M21, same_cpu=same_cpu)
    drive.on(FAULT)
    assert is_stuck(drive) is stuck


@pytest.mark.parametrize("waits", [False, True])
def test_a_page_table_lock_whose_holder_wants_an_answer(waits: bool) -> None:
    faulting = Faulting("spf-v4", [Switch.FLUSH_UNDER_PTL, *([Switch.M4] if waits else [])], end=2, mapped=[1])
    faulting.task(faults(0))
    faulting.task(munmaps(0, 2))
    faulting.daemon()
    drive = Drive(faulting)
    drive.until(FAULT, takes(faulting.kernel.tables[0].ptl)).until(1, flushes)
    assert is_stuck(drive) is waits
    assert drive.aborts() == ([] if waits else [("spf_pte_lock", "PTE_MAP_LOCK_PTL")])


def test_trying_again_goes_on_for_as_long_as_the_lock_is_busy() -> None:
    faulting = Faulting("spf-v11", end=2)
    faulting.task(faults(0))
    faulting.task(faults(1))
    ptl = faulting.kernel.tables[0].ptl
    drive = Drive(faulting).until(0, takes(ptl)).until(1, takes(ptl))
    drive.step(1)
    drive.until(0, takes(ptl), times=5).on(1).on(0)
    assert drive.outcomes(0) == [Outcome.SERVED_SPF]
