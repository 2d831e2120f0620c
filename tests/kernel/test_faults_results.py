"""How faults end, in every variant; what is mapped then; and the ways that are longer: copies, files, swap, NUMA."""

import pytest
from faulting import READ, WRITE, Drive, Faulting, faults, loads, mprotects, munmaps, stores, takes, wrong_at_rest

from lockview.kernel.mm.objects import Entry, Flags, Life, Pte
from lockview.kernel.mm.outcomes import Outcome
from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS

ALL = tuple(VARIANTS)
CLASSIC = {"classic"}


def ends(drive: Drive, outcome: Outcome, task: int = 0) -> None:
    drive.all()
    assert drive.violation is None
    assert drive.outcomes(task) == [outcome]
    assert wrong_at_rest(drive.faulting, drive.state) == []


def served(variant: str) -> Outcome:
    return Outcome.SERVED_CLASSIC if variant in CLASSIC else Outcome.SERVED_SPF


@pytest.mark.parametrize("variant", ALL)
@pytest.mark.parametrize("write", [False, True])
def test_a_first_touch(variant: str, write: bool) -> None:
    faulting = Faulting(variant)
    faulting.task(faults(write=write))
    faulting.task()
    drive = Drive(faulting)
    ends(drive, served(variant))
    pte: Pte = drive.value(faulting.first_pte(0))
    assert pte.entry is Entry.MAP
    assert pte.writable is write
    assert (pte.frame == faulting.kernel.zero_frame.number) is not write


@pytest.mark.parametrize("variant", ALL)
def test_where_nothing_is_mapped(variant: str) -> None:
    faulting = Faulting(variant)
    faulting.task(faults(3))
    faulting.task()
    ends(Drive(faulting), Outcome.SEGV_MAPERR)


@pytest.mark.parametrize("variant", ALL)
@pytest.mark.parametrize(("flags", "write"), [(READ, True), (Flags(0), False)])
def test_without_the_right(variant: str, flags: Flags, write: bool) -> None:
    faulting = Faulting(variant, flags=flags)
    faulting.task(faults(write=write))
    faulting.task()
    ends(Drive(faulting), Outcome.SEGV_ACCERR)


@pytest.mark.parametrize("variant", ALL)
def test_behind_the_end_of_a_file(variant: str) -> None:
    faulting = Faulting(variant, end=2, file_pages=1)
    faulting.task(faults(1, write=False))
    faulting.task()
    ends(Drive(faulting), Outcome.SIGBUS)


@pytest.mark.parametrize("variant", ALL)
def test_without_memory(variant: str) -> None:
    faulting = Faulting(variant, frames=0)
    faulting.task(faults())
    faulting.task()
    ends(Drive(faulting), Outcome.OOM)


@pytest.mark.parametrize("variant", ALL)
def test_killed_while_the_page_is_read(variant: str) -> None:
    faulting = Faulting(variant, file_pages=1)
    faulting.task(faults(write=False))
    faulting.task()
    faulting.begin(faulting.kernel.threads[0].fatal_signal, True)
    ends(Drive(faulting), Outcome.KILLED)


@pytest.mark.parametrize("variant", ALL)
@pytest.mark.parametrize("write", [False, True])
def test_a_page_of_a_file_is_read_and_the_fault_starts_again_once(variant: str, write: bool) -> None:
    faulting = Faulting(variant, file_pages=1)
    faulting.task(faults(write=write))
    faulting.task()
    drive = Drive(faulting)
    ends(drive, Outcome.SERVED_CLASSIC)
    assert faulting.file
    ((index, frame),) = drive.value(faulting.file.cache)
    pte: Pte = drive.value(faulting.first_pte(0))
    assert index == 0
    assert (pte.frame == frame) is not write
    assert pte.writable is write


def test_a_cached_page_is_mapped_speculatively_on_android() -> None:
    faulting = Faulting("android-5.10", file_pages=1)
    faulting.task(faults(write=False))
    faulting.task()
    assert faulting.file
    faulting.begin(faulting.file.cache, ((0, faulting.frames[0].number),))
    faulting.begin(faulting.frames[0].refs, 1)
    faulting.begin(faulting.frames[0].life, Life.LIVE)
    ends(Drive(faulting), Outcome.SERVED_SPF)


def test_who_waits_for_a_locked_page_drops_mmap_sem() -> None:
    faulting = Faulting("classic", file_pages=1)
    faulting.task(faults(write=False))
    faulting.task(faults(write=False))
    drive = Drive(faulting)
    lock = next(frame.lock for frame in faulting.frames)
    drive.until(0, takes(lock)).step(0)
    drive.step(0)
    drive.on(1)
    assert not drive.machine.can_step(drive.state, 1)
    assert 1 not in drive.value_of_lock(faulting.mm.mmap_sem).readers
    drive.all()
    assert drive.outcomes(0) == drive.outcomes(1) == [Outcome.SERVED_CLASSIC]
    assert wrong_at_rest(faulting, drive.state) == []


@pytest.mark.parametrize("variant", ALL)
def test_the_first_table_is_made_once(variant: str) -> None:
    faulting = Faulting(variant, table=False)
    faulting.task(faults())
    faulting.task(faults())
    drive = Drive(faulting)
    drive.until(0, takes(faulting.mm.page_table_lock)).until(1, takes(faulting.mm.page_table_lock)).all()
    assert drive.violation is None
    assert {*drive.outcomes(0), *drive.outcomes(1)} <= {Outcome.SERVED_CLASSIC, Outcome.SERVED_SPF}
    assert wrong_at_rest(faulting, drive.state) == []


@pytest.mark.parametrize("variant", ALL)
def test_a_write_to_the_zero_page_goes_to_a_copy(variant: str) -> None:
    faulting = Faulting(variant)
    faulting.task(loads(), stores(), loads())
    faulting.task()
    drive = Drive(faulting).all()
    assert drive.violation is None
    assert drive.outcomes(0) == [served(variant)] * 2
    pte: Pte = drive.value(faulting.first_pte(0))
    assert pte.writable
    assert pte.frame != faulting.kernel.zero_frame.number
    assert drive.value(faulting.kernel.frames[pte.frame].writes) == ((0, 0, 0, 1),)
    assert wrong_at_rest(faulting, drive.state) == []


@pytest.mark.parametrize("variant", ALL)
def test_a_page_that_nobody_shares_is_written_in_place(variant: str) -> None:
    faulting = Faulting(variant, mapped=(0,), frames=0)
    faulting.task(mprotects(0, 1, READ), mprotects(0, 1, WRITE), stores())
    faulting.task()
    drive = Drive(faulting).all()
    assert drive.violation is None
    assert drive.outcomes(0) == [served(variant)]
    assert drive.value(faulting.first_pte(0)).writable


@pytest.mark.parametrize("variant", ALL)
def test_a_hidden_entry_is_restored(variant: str) -> None:
    faulting = Faulting(variant, mapped=(0,))
    page: Pte = faulting.kernel.plan.first(faulting.first_pte(0))
    faulting.begin(faulting.first_pte(0), page._replace(entry=Entry.PROT_NONE))
    faulting.task(stores())
    faulting.task()
    drive = Drive(faulting).all()
    assert drive.outcomes(0) == [served(variant)]
    assert drive.value(faulting.first_pte(0)).entry is Entry.MAP
    assert wrong_at_rest(faulting, drive.state) == []


@pytest.mark.parametrize("variant", ALL)
def test_a_page_is_read_from_swap(variant: str) -> None:
    faulting = Faulting(variant)
    faulting.begin(faulting.first_pte(0), Pte(Entry.SWAP, 7))
    faulting.task(faults())
    faulting.task()
    spf = VARIANTS[variant].switches & {Switch.VMA_LOCK}
    ends(Drive(faulting), Outcome.SERVED_SPF if spf else Outcome.SERVED_CLASSIC)


@pytest.mark.parametrize("variant", ALL)
def test_what_was_touched_is_gone_after_munmap(variant: str) -> None:
    faulting = Faulting(variant, end=2)
    faulting.task(stores(0), loads(1), munmaps(0, 2), loads(0))
    faulting.daemon()
    drive = Drive(faulting).all()
    assert drive.violation is None
    assert drive.outcomes(0)[-1] == Outcome.SEGV_MAPERR
    assert wrong_at_rest(faulting, drive.state) == []
    assert drive.value(faulting.kernel.zero_frame.refs) == 1


def test_the_only_task_of_an_address_space_does_not_speculate_since_v6() -> None:
    faulting = Faulting("spf-v6")
    faulting.task(faults())
    ends(Drive(faulting), Outcome.SERVED_CLASSIC)


@pytest.mark.parametrize(("variant", "keeps"), [("spf-v6", True), ("spf-v11", False)])
def test_the_classic_way_goes_on_with_the_vma_found(variant: str, keeps: bool) -> None:
    faulting = Faulting(variant, table=False)
    faulting.task(faults())
    faulting.task()
    drive = Drive(faulting).until(0, takes(faulting.mm.mmap_sem))
    assert drive.value(faulting.vma.refs) == 1 + keeps
    ends(drive, Outcome.SERVED_CLASSIC)
    assert drive.value(faulting.vma.refs) == 1


def test_a_refusal_is_looked_at_again_unless_it_is_trusted() -> None:
    for trusted, outcome in ((False, Outcome.SERVED_CLASSIC), (True, Outcome.SEGV_ACCERR)):
        faulting = Faulting("spf-v3", on=[Switch.TRUST_SEGV] if trusted else [], flags=READ)
        faulting.task(faults())
        faulting.task(mprotects(0, 1, WRITE))
        drive = Drive(faulting)
        while not drive.aborts():
            drive.step(0)
        drive.on(1)
        ends(drive, outcome)


@pytest.mark.parametrize("variant", ["pvl-6.4", "pvl-6.12", "ref-6.15"])
def test_events_of_vma_locks_are_counted(variant: str) -> None:
    faulting = Faulting(variant, file_pages=1)
    faulting.task(faults(write=False), faults(3))
    faulting.task()
    drive = Drive(faulting).all()
    assert [value for _, what, value in drive.told if what == "vma_lock"] == ["retry", "abort"]
    assert drive.outcomes(0) == [Outcome.SERVED_CLASSIC, Outcome.SEGV_MAPERR]
