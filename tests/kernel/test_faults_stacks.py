"""The stacks from which faults take their locks, as a kernel of the time would print them."""

import pytest
from faulting import WRITE, Drive, Faulting, faults, munmaps

from lockview.kernel.effects import Acquire, Annotate
from lockview.kernel.mm.objects import NO_PMD, Flags, Life
from lockview.kernel.mm.outcomes import Outcome

OLD = "__do_page_fault do_page_fault page_fault"
NEW = "do_user_addr_fault exc_page_fault asm_exc_page_fault"


def stacks(faulting: Faulting, *, write: bool = True, page: int = 0) -> dict[str, list[str]]:
    """For each lock, by its lockdep class, the stacks from which one fault takes it, innermost function first."""
    faulting.task(faults(page, write=write))
    faulting.task()
    drive = Drive(faulting)
    found: dict[str, list[str]] = {}
    while drive.machine.can_step(drive.state, 0):
        done = drive.step(0)
        if isinstance(done.effect, Acquire):
            found.setdefault(done.effect.lock.base, []).append(words(done.stack.frames))
        for remark, stack in done.remarks:
            if isinstance(remark, Annotate) and not remark.release:
                found.setdefault(remark.lock.base, []).append(words(stack.frames))
    assert drive.violation is None
    return found


def words(frames: object) -> str:
    return " ".join(frame.function for frame in frames)  # type: ignore[attr-defined]


PTL = "&(ptlock_ptr(page))->rlock"


def test_of_a_classic_fault() -> None:
    found = stacks(Faulting("classic", prepared=False))
    assert found["&mm->mmap_sem"] == [f"down_read_trylock {OLD}"]
    assert found[PTL] == [f"_raw_spin_lock handle_pte_fault __handle_mm_fault handle_mm_fault {OLD}"]
    assert found["fs_reclaim"][0] == (
        "fs_reclaim_acquire __alloc_pages_nodemask alloc_pages_vma do_anonymous_page handle_pte_fault "
        f"__handle_mm_fault handle_mm_fault {OLD}"
    )
    assert found["&anon_vma->rwsem"] == [
        f"down_write __anon_vma_prepare do_anonymous_page handle_pte_fault __handle_mm_fault handle_mm_fault {OLD}"
    ]


def test_of_a_fault_that_has_to_wait() -> None:
    faulting = Faulting("classic")
    faulting.task(faults())
    faulting.task(munmaps(0, 1))
    drive = Drive(faulting)
    drive.step(1)
    drive.on(0)
    assert words(drive.machine.stack(drive.state, 0).frames) == f"down_read {OLD}"


@pytest.mark.parametrize("variant", ["spf-v2", "spf-v4", "spf-v6", "spf-v11", "spf-v12"])
def test_of_a_speculative_fault(variant: str) -> None:
    found = stacks(Faulting(variant))
    assert "&mm->mmap_sem" not in found
    assert found[PTL] == [f"_raw_spin_trylock pte_map_lock handle_pte_fault handle_speculative_fault {OLD}"]
    (stack,) = found["fs_reclaim"]
    assert stack == (
        "fs_reclaim_acquire __alloc_pages_nodemask alloc_pages_vma do_anonymous_page handle_pte_fault "
        f"handle_speculative_fault {OLD}"
    )


def test_of_a_speculative_fault_on_a_page_that_is_there() -> None:
    found = stacks(Faulting("spf-v4", mapped=[0]))
    assert found[PTL] == [f"_raw_spin_trylock pte_spinlock handle_pte_fault handle_speculative_fault {OLD}"]


@pytest.mark.parametrize("variant", ["pvl-6.4", "pvl-6.12"])
def test_of_a_fault_under_the_lock_of_its_vma(variant: str) -> None:
    found = stacks(Faulting(variant))
    assert "&mm->mmap_lock" not in found
    assert found["&vma->vm_lock->lock"] == [f"down_read_trylock lock_vma_under_rcu {NEW}"]
    assert found["ptlock_ptr(ptdesc)"] == [f"_raw_spin_lock handle_pte_fault __handle_mm_fault handle_mm_fault {NEW}"]


def test_of_a_fault_on_a_counted_vma() -> None:
    found = stacks(Faulting("ref-6.15"))
    assert found["vm_lock"] == [f"lock_vma_under_rcu {NEW}"]


def test_of_a_fault_that_grows_the_stack() -> None:
    faulting = Faulting("spf-v4", end=4, flags=WRITE | Flags.GROWSDOWN)
    faulting.begin(faulting.vma.start, 2)
    found = stacks(faulting, page=1)
    assert f"down_write expand_downwards expand_stack {OLD}" in found["&anon_vma->rwsem"]


def test_of_a_fault_that_reclaims_under_the_lock_of_its_vma() -> None:
    faulting = Faulting("pvl-6.12", frames=3)
    kernel = faulting.kernel
    file = kernel.new_file()
    page = faulting.frames[2]
    faulting.begin(page.refs, 1)
    faulting.begin(page.life, Life.LIVE)
    faulting.begin(file.cache, ((0, page.number),))
    faulting.begin(faulting.mm.pmds[1], NO_PMD)
    faulting.task(faults(), may_reclaim=True)
    drive = Drive(faulting)
    seen: list[str] = []
    while drive.machine.can_step(drive.state, 0):
        choices = {move.choice for move in drive.machine.moves(drive.state)}
        done = drive.step(0, max(choices))
        if isinstance(done.effect, Acquire) and done.effect.lock == file.i_mmap_rwsem:
            seen.append(words(done.stack.frames))
    assert seen
    assert all("__alloc_pages_slowpath __alloc_pages_nodemask alloc_pages_vma do_anonymous_page" in s for s in seen)
    assert all(s.endswith(f"handle_pte_fault __handle_mm_fault handle_mm_fault {NEW}") for s in seen)
    assert drive.outcomes(0) == [Outcome.SERVED_SPF]
