"""What if a write section were a mutex: the circle of the report can be waited in only where truncation takes part."""

import pytest

from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS
from lockview.sim.exploring import explore
from lockview.sim.scenarios.building import build
from lockview.sim.scenarios.description import (
    CallPart,
    Description,
    FilePart,
    MmPart,
    PagesPart,
    Pool,
    TaskPart,
    VmaPart,
)

MREMAP = CallPart("mremap", (("start", 0), ("end", 2), ("to", 4)))
SPLIT = CallPart("munmap", (("start", 1), ("end", 2)))
TRUNCATE = CallPart("truncate", (("file", "file"), ("size", 1)))


def broken(*tasks: TaskPart, on: tuple[Switch, ...]) -> str:
    """The invariant that the nearest broken state breaks, I13 where tasks wait for each other; "" if all hold."""
    description = Description(
        "mutex",
        "a section that is a mutex",
        mms=(MmPart("mm", 6),),
        files=(FilePart("file", 2, (0, 1)),),
        vmas=(VmaPart("mm", 0, 2, "rws", file="file"),),
        pages=(PagesPart("mm", 0, 2),),
        pool=Pool(3, 1, 0),
        tasks=tasks,
    )
    result = explore(build(description, VARIANTS["spf-v2"], on).machine)
    assert result.complete
    return result.found.violation.invariant if result.found else ""


def task(call: CallPart, *, may_reclaim: bool = False) -> TaskPart:
    return TaskPart(call.routine, 101, (call,), "mm", may_reclaim)


def test_a_section_that_blocks_deadlocks_truncation_and_a_move_that_reclaims() -> None:
    assert broken(task(MREMAP, may_reclaim=True), task(TRUNCATE), on=(Switch.M23,)) == "I13"


def test_a_move_that_does_not_reclaim_does_not() -> None:
    assert not broken(task(MREMAP), task(TRUNCATE), on=(Switch.M23,))


def test_a_split_does_not_since_mmap_sem_is_in_the_way() -> None:
    assert not broken(task(MREMAP, may_reclaim=True), task(SPLIT), on=(Switch.M23,))


@pytest.mark.parametrize("reclaims", [False, True])
def test_a_counter_cannot_be_waited_for(reclaims: bool) -> None:
    tasks = (task(MREMAP, may_reclaim=reclaims), task(TRUNCATE))
    assert not broken(*tasks, on=(Switch.EXCLUSIVE_SECTIONS,))


def test_as_posted_truncation_and_a_move_are_both_inside() -> None:
    assert broken(task(MREMAP), task(TRUNCATE), on=()) == "I5"
