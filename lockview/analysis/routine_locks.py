"""What routines of mm are known to hold although a report need not list it, and who else takes locks in their order.

Two things depend on it. A gate lock that two tasks both hold keeps them apart, which lockdep does not look at. And a
recorded order may also come from a routine that holds no gate.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lockview.analysis.functions import is_lock_core
from lockview.analysis.stacks import call_path
from lockview.model.stacks import StackTrace

GATE = "mmap_sem"
"""The lock that keeps users of one address space apart: ``mmap_lock`` since 5.8."""


class RoutineHold(NamedTuple):
    """A lock that everybody who calls ``function`` holds."""

    function: str
    lock: str
    exclusive: bool
    source: str


class Joiner(NamedTuple):
    """Another path that takes ``outer`` and then ``inner``, without the gate; ``flushes`` tells of waiting for CPUs."""

    name: str
    outer: str
    inner: str
    callers: tuple[str, ...]
    flushes: bool
    source: str


_MMAP_WRITE = {
    "do_munmap": "mm/mmap.c, do_munmap, 4.13: callers hold mmap_sem for writing",
    "__split_vma": "mm/mmap.c, __split_vma, 4.13: called from do_munmap, mprotect and their like",
    "__vma_adjust": "mm/mmap.c, __vma_adjust, 4.13: no locks are held by it, mmap_sem is by its callers",
    "vma_merge": "mm/mmap.c, vma_merge, 4.13",
    "mmap_region": "mm/mmap.c, mmap_region, 4.13: called from do_mmap under mmap_sem",
    "move_vma": "mm/mremap.c, move_vma, 4.13: SyS_mremap took mmap_sem for writing",
    "move_page_tables": "mm/mremap.c, move_page_tables, 4.13: called from move_vma and shift_arg_pages",
    "mprotect_fixup": "mm/mprotect.c, mprotect_fixup, 4.13: do_mprotect_pkey took mmap_sem for writing",
    "mlock_fixup": "mm/mlock.c, mlock_fixup, 4.13: do_mlock took mmap_sem for writing",
    "mbind_range": "mm/mempolicy.c, mbind_range, 4.13: do_mbind took mmap_sem for writing",
}
HOLDS = (
    *(RoutineHold(function, GATE, True, source) for function, source in _MMAP_WRITE.items()),
    RoutineHold("populate_vma_page_range", GATE, False, "mm/gup.c, populate_vma_page_range, 4.13"),
    RoutineHold("zap_page_range", GATE, False, "mm/madvise.c, madvise_dontneed_single_vma, 4.13"),
    RoutineHold(
        "move_page_tables", "&vma->vm_sequence", True, "mm/mremap.c, move_vma, speculative page faults v2: old VMA"
    ),
)

JOINERS = (
    Joiner(
        "truncation",
        "&mapping->i_mmap_rwsem",
        "&vma->vm_sequence",
        ("unmap_mapping_range", "truncate_pagecache", "truncate_setsize", "do_truncate", "SyS_ftruncate"),
        True,
        "mm/memory.c, unmap_mapping_range, 4.13: takes i_mmap_rwsem, no mmap_sem, and zaps every VMA of the file",
    ),
)

_OF_ONE_MM = ("&vma->vm_sequence", "&vma->vm_lock->lock", "vm_lock", "&mm->page_table_lock", "&mm->mm_seq")
"""Classes whose locks belong to one address space: tasks that share such a lock share its gate too."""


def holds_of(stacks: Iterable[StackTrace]) -> tuple[RoutineHold, ...]:
    """What a task with these call stacks is known to hold, each lock once, the gate first.

    The function that took the recorded lock counts too, as its callers hold the gate around the whole of it.
    """
    functions = {
        frame.bare_function for stack in stacks for frame in call_path(stack) if not is_lock_core(frame.bare_function)
    }
    found: dict[str, RoutineHold] = {}
    for hold in HOLDS:
        if hold.function in functions and (hold.lock not in found or hold.exclusive > found[hold.lock].exclusive):
            found[hold.lock] = hold
    return tuple(found.values())


def is_of_one_mm(base: str) -> bool:
    """Whether a lock of this class belongs to one address space."""
    return base in _OF_ONE_MM
