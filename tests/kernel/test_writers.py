"""Routines that change address spaces, each alone: they end, leave no lock held and lose nothing, in every variant."""

from typing import Any

import pytest
from writing import RW, After, Writing

from lockview.kernel.mm.objects import Entry, Flags, Life
from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS

READ = Flags.READ
Call = tuple[str, dict[str, Any]]

CALLS: dict[str, Call] = {
    "mmap beside nothing": ("mmap", {"start": 8, "end": 9, "rights": READ}),
    "mmap of a file": ("mmap", {"start": 8, "end": 9, "rights": READ, "file": 0}),
    "mmap that fails": ("mmap", {"start": 8, "end": 9, "rights": READ, "file": 0, "fails": True}),
    "munmap of the middle": ("munmap", {"start": 1, "end": 2}),
    "munmap over borders": ("munmap", {"start": 3, "end": 7}),
    "munmap of everything": ("munmap", {"start": 0, "end": 10}),
    "mprotect of the head": ("mprotect", {"start": 0, "end": 1, "rights": READ}),
    "mprotect over borders": ("mprotect", {"start": 2, "end": 8, "rights": READ}),
    "mprotect to nothing": ("mprotect", {"start": 0, "end": 4, "rights": Flags(0)}),
    "mprotect of the stack": ("mprotect", {"start": 9, "end": 10, "rights": READ}),
    "brk up": ("brk", {"old": 8, "new": 9}),
    "brk up, locked": ("brk", {"old": 8, "new": 9, "locked": True}),
    "brk down": ("brk", {"old": 4, "new": 2}),
    "mlock": ("mlock", {"start": 1, "end": 3}),
    "munlock": ("munlock", {"start": 0, "end": 4}),
    "madvise-dontneed": ("madvise-dontneed", {"start": 1, "end": 7}),
    "madvise-free": ("madvise-free", {"start": 0, "end": 4}),
    "madvise-hugepage": ("madvise-hugepage", {"start": 0, "end": 4}),
    "punch-hole": ("punch-hole", {"start": 6, "end": 8}),
    "fork": ("fork", {}),
    "exit": ("exit", {}),
    "exec": ("exec", {"file": 0, "start": 0, "end": 1, "span_end": 2, "stack": 8}),
    "truncate": ("truncate", {"file": 1, "size": 0}),
    "truncate less": ("truncate", {"file": 1, "size": 1}),
    "free-aio-ring": ("free-aio-ring", {"file": 1}),
    "oom-reap": ("oom-reap", {}),
    "numa-scan": ("numa-scan", {"start": 0, "end": 4}),
    "mbind": ("mbind", {"start": 1, "end": 8}),
    "mbind interleaved": ("mbind", {"start": 6, "end": 8, "interleave": True}),
    "uffd-register": ("uffd-register", {"start": 0, "end": 3}),
    "uffd-unregister": ("uffd-unregister", {"start": 0, "end": 3}),
    "clear-refs": ("clear-refs", {}),
    "khugepaged-collapse": ("khugepaged-collapse", {"place": 0}),
    "khugepaged-collapse of a hole": ("khugepaged-collapse", {"place": 1}),
    "khugepaged-shmem": ("khugepaged-shmem", {"index": 0, "file": 1}),
    "migrate": ("migrate", {"page": 0}),
    "migrate of a file": ("migrate", {"page": 6}),
    "mremap": ("mremap", {"start": 0, "end": 1, "to": 8}),
}

PAIRS: dict[str, tuple[Call, ...]] = {
    "a huge page is unmapped": (CALLS["khugepaged-collapse"], CALLS["munmap of everything"]),
    "a huge page is thrown away": (
        ("khugepaged-collapse", {"place": 0}),
        ("madvise-dontneed", {"start": 0, "end": 2}),
    ),
    "split and merged again": (CALLS["mprotect of the head"], ("mprotect", {"start": 0, "end": 1, "rights": RW})),
    "the middle goes and comes back": (
        ("mprotect", {"start": 1, "end": 3, "rights": READ}),
        ("mprotect", {"start": 1, "end": 3, "rights": RW}),
    ),
    "hidden pages go": (CALLS["numa-scan"], CALLS["exit"]),
    "forked, then gone": (CALLS["fork"], CALLS["exit"]),
}


def done(calls: tuple[Call, ...], variant: str, on: tuple[Switch, ...] = ()) -> After:
    writing = Writing(variant, on)
    after = After(writing, writing.run(*(writing.resolved(call) for call in calls)))
    after.check()
    return after


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", CALLS)
def test_a_writer_alone_leaves_everything_in_order(name: str, variant: str) -> None:
    done((CALLS[name],), variant)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", PAIRS)
def test_two_writers_one_after_the_other(name: str, variant: str) -> None:
    done(PAIRS[name], variant)


@pytest.mark.parametrize("switch", [Switch.FLUSH_UNDER_PTL, Switch.LOCKED_POPULATE, Switch.UNFAIR_RWSEM, Switch.M13])
@pytest.mark.parametrize("name", CALLS)
def test_a_writer_alone_with_a_switch(name: str, switch: Switch) -> None:
    done((CALLS[name],), "spf-v2", (switch,))


@pytest.mark.parametrize("switch", [switch for switch in Switch if switch.is_mistake])
def test_a_mistake_does_no_harm_to_munmap_alone(switch: Switch) -> None:
    variant = "spf-v2" if switch.value.startswith("M") else "ref-6.15" if switch.value.startswith("X") else "pvl-6.12"
    done((CALLS["munmap over borders"],), variant, (switch,))


def test_mprotect_splits_and_takes_the_right_to_write_away() -> None:
    after = done((("mprotect", {"start": 1, "end": 3, "rights": READ}),), "spf-v2")
    mm = after.writing.mm
    assert after.mappings(mm)[:3] == [(0, 1, RW), (1, 3, READ), (3, 4, RW)]
    assert [after.entry(mm, page).writable for page in (0, 1, 3)] == [True, False, True]


@pytest.mark.parametrize(
    ("back", "merged"),
    [
        ((0, 2), [(0, 2, RW), (2, 3, READ), (3, 4, RW)]),  # case 7 or 8: all of the first part
        ((1, 2), [(0, 2, RW), (2, 3, READ), (3, 4, RW)]),  # case 5: the head of the middle
        ((2, 3), [(0, 1, RW), (1, 2, READ), (2, 4, RW)]),  # case 4: its tail
        ((1, 3), [(0, 4, RW)]),  # case 6: all three become one
    ],
)
def test_what_has_equal_rights_again_is_one_vma_again(back: tuple[int, int], merged: list[Any]) -> None:
    calls = (
        ("mprotect", {"start": 1, "end": 3, "rights": READ}),
        ("mprotect", {"start": back[0], "end": back[1], "rights": RW}),
    )
    after = done(calls, "spf-v2")
    assert [vma for vma in after.mappings(after.writing.mm) if vma[1] <= 4] == merged


def test_a_first_part_is_swallowed_by_the_one_behind() -> None:
    calls = (CALLS["mprotect of the head"], ("mprotect", {"start": 1, "end": 4, "rights": READ}))
    after = done(calls, "spf-v2")
    assert after.mappings(after.writing.mm)[0] == (0, 4, READ)
    again = done((("mprotect", {"start": 1, "end": 4, "rights": READ}), CALLS["mprotect of the head"]), "spf-v2")
    assert again.mappings(again.writing.mm)[0] == (0, 4, READ)


def test_a_heap_grows_by_merging() -> None:
    calls = (("munmap", {"start": 2, "end": 4}), ("brk", {"old": 2, "new": 4}))
    after = done(calls, "spf-v2")
    assert after.mappings(after.writing.mm)[0] == (0, 4, RW)


def test_fork_shares_pages_read_only() -> None:
    after = done((CALLS["fork"],), "spf-v2")
    mm, child = after.writing.mm, after.writing.other
    assert len(after.mappings(child)) == len(after.mappings(mm))
    for page in (0, 1, 3):
        assert after.entry(mm, page) == after.entry(child, page)
        assert not after.entry(mm, page).writable
    assert after.entry(child, 6) in (None, after.entry(child, 7))


def test_exit_leaves_nothing() -> None:
    after = done((CALLS["exit"],), "spf-v2")
    assert after.mappings(after.writing.mm) == []
    assert all(after.get(pmd).table == -1 for pmd in after.writing.mm.pmds)


def test_dontneed_throws_private_pages_away_and_keeps_the_mapping() -> None:
    after = done((CALLS["madvise-dontneed"],), "spf-v2")
    assert after.entry(after.writing.mm, 0).entry is Entry.MAP
    assert after.entry(after.writing.mm, 1).entry is Entry.NONE
    assert len(after.mappings(after.writing.mm)) == 4


def test_truncation_unmaps_for_everybody() -> None:
    after = done((CALLS["truncate"],), "spf-v2")
    assert after.get(after.writing.shared.cache) == ()
    assert after.entry(after.writing.mm, 6).entry is Entry.NONE


def test_the_reaper_leaves_shared_memory() -> None:
    after = done((CALLS["oom-reap"],), "spf-v2")
    assert after.entry(after.writing.mm, 0).entry is Entry.NONE
    assert after.entry(after.writing.mm, 6).entry is Entry.MAP


def test_collapsing_makes_one_page_of_two() -> None:
    after = done((CALLS["khugepaged-collapse"],), "spf-v2")
    pmd = after.get(after.writing.mm.pmds[0])
    assert pmd.table == -1
    assert pmd.huge != -1
    assert pmd.deposited == 0


def test_a_migrated_page_is_mapped_at_its_new_place() -> None:
    for page in (0, 6):
        writing = Writing()
        before = After(writing, writing.machine(("migrate", {"page": page})).start).entry(writing.mm, page)
        after = done((("migrate", {"page": page}),), "spf-v2").entry(writing.mm, page)
        assert after == before._replace(frame=after.frame)
        assert after.frame != before.frame


def test_mlock_fills() -> None:
    after = done((CALLS["mlock"],), "spf-v2")
    assert after.entry(after.writing.mm, 2).entry is Entry.MAP
    assert (1, 3, RW | Flags.LOCKED) in after.mappings(after.writing.mm)


def test_a_locked_mapping_is_filled_when_it_may_be_written() -> None:
    calls = (
        ("mprotect", {"start": 2, "end": 3, "rights": READ}),
        ("mprotect", {"start": 2, "end": 3, "rights": RW}),
    )
    after = done(calls, "spf-v2", (Switch.LOCKED_POPULATE,))
    assert after.entry(after.writing.mm, 2).entry is Entry.MAP


def test_an_old_address_space_goes_with_exec() -> None:
    after = done((CALLS["exec"],), "spf-v2")
    assert after.get(after.writing.anonymous.life) is Life.FREED
    assert after.mappings(after.writing.other) == [
        (0, 1, READ | Flags.EXEC),
        (7, 8, RW | Flags.EXEC | Flags.GROWSDOWN),
    ]
