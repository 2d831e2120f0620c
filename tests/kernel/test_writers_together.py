"""Two routines in one address space, step by step in any order: both end, nothing is lost, no invariant breaks."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from writing import After, Writing

from lockview.kernel.mm.objects import Flags
from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS
from lockview.sim.running import Ending, by_dice, run

Call = tuple[str, dict[str, Any]]

CALLS: tuple[Call, ...] = (
    ("fault", {"page": 0}),
    ("fault", {"page": 2}),
    ("fault", {"page": 5, "write": False}),
    ("fault", {"page": 6}),
    ("fault", {"page": 8}),
    ("store", {"page": 1}),
    ("mmap", {"start": 8, "end": 9, "rights": Flags.READ}),
    ("munmap", {"start": 1, "end": 2}),
    ("munmap", {"start": 3, "end": 7}),
    ("mremap", {"start": 0, "end": 1, "to": 8}),
    ("mprotect", {"start": 0, "end": 1, "rights": Flags.READ}),
    ("mprotect", {"start": 0, "end": 4, "rights": Flags(0)}),
    ("brk", {"old": 4, "new": 2}),
    ("mlock", {"start": 1, "end": 3}),
    ("madvise-dontneed", {"start": 1, "end": 7}),
    ("madvise-free", {"start": 0, "end": 4}),
    ("madvise-hugepage", {"start": 0, "end": 4}),
    ("punch-hole", {"start": 6, "end": 8}),
    ("fork", {}),
    ("exit", {}),
    ("truncate", {"file": 1, "size": 0}),
    ("oom-reap", {}),
    ("numa-scan", {"start": 0, "end": 4}),
    ("mbind", {"start": 1, "end": 8}),
    ("uffd-register", {"start": 0, "end": 3}),
    ("clear-refs", {}),
    ("khugepaged-collapse", {"place": 0}),
    ("khugepaged-shmem", {"index": 0, "file": 1}),
    ("migrate", {"page": 0}),
    ("migrate", {"page": 6}),
)

UNORDERED_SECTIONS = [
    name
    for name, variant in VARIANTS.items()
    if Switch.SPECULATION in variant.switches and not variant.switches & {Switch.EXCLUSIVE_SECTIONS, Switch.MM_COUNTER}
]
"""Where sections are opened with mmap_sem held shared, or not at all: two of them break I5."""


@pytest.mark.parametrize("variant", VARIANTS)
@settings(max_examples=25, deadline=None)
@given(
    first=st.sampled_from(CALLS),
    second=st.sampled_from(CALLS),
    seeds=st.lists(st.integers(0, 9999), min_size=1, max_size=4),
)
def test_two_at_once(variant: str, first: Call, second: Call, seeds: list[int]) -> None:
    if first[0] == second[0] == "fork":
        return
    writing = Writing(variant)
    machine = writing.together(writing.resolved(first), writing.resolved(second))
    for seed in seeds:
        result = run(machine, by_dice(seed))
        violation = result.steps[-1].violation
        if violation is not None:
            assert violation.invariant == "I5", violation
            assert variant in UNORDERED_SECTIONS
            continue
        assert result.ending is Ending.DONE
        After(writing, result.state(machine)).check()


@pytest.mark.parametrize("variant", ["spf-v2", "spf-v11", "spf-v12"])
def test_sections_that_nothing_orders_break_parity(variant: str) -> None:
    assert _breaks_parity(variant)


@pytest.mark.parametrize("variant", ["android-5.10", "classic", "michel-2022", "pvl-6.12"])
def test_sections_under_an_exclusive_lock_only_do_not(variant: str) -> None:
    assert not _breaks_parity(variant)


def _breaks_parity(variant: str) -> bool:
    """Two times MADV_DONTNEED, each a step at a time."""
    call = ("madvise-dontneed", {"start": 0, "end": 4})
    machine = Writing(variant).together(call, call)
    results = [run(machine, by_dice(seed)).steps[-1].violation for seed in range(10)]
    return any(violation is not None and violation.invariant == "I5" for violation in results)
