"""The call stacks that lockdep is given when a writer takes a lock: those of the kernel."""

from typing import Any, NamedTuple

import pytest
from writing import RW, Writing

from lockview.kernel.effects import Acquire, Annotate
from lockview.kernel.mm.objects import Flags
from lockview.sim.machine import Done, Move

READ = Flags.READ
FAST = " <- entry_SYSCALL_64_fastpath"
SLOW = " <- do_syscall_64 <- return_from_SYSCALL_64"
MODERN = " <- do_syscall_64 <- entry_SYSCALL_64_after_hwframe"
KTHREAD = " <- kthread <- ret_from_fork"

MMAP_SEM = "&mm->mmap_sem"
I_MMAP = "&mapping->i_mmap_rwsem"
SEQ = "&vma->vm_sequence"
ANON_VMA = "&anon_vma->rwsem"
PTL = "&(ptlock_ptr(page))->rlock"
FS_RECLAIM = "fs_reclaim"
DO_MUNMAP = "do_munmap <- vm_munmap <- SyS_munmap" + FAST
SHRINK = "shrink_page_list <- shrink_inactive_list <- shrink_node_memcg <- shrink_node <- try_to_free_pages"


class Row(NamedTuple):
    """A lock with the stack that takes it, and the calls that do. The lock's function is the first frame."""

    what: str
    lock: str
    stack: str
    call: str
    arguments: dict[str, Any]
    first: tuple[str, dict[str, Any]] | None = None
    variant: str = "spf-v2"


MUNMAP = {"start": 2, "end": 6}
FILE = {"start": 8, "end": 9, "rights": READ, "file": 0}
HEAD = {"start": 0, "end": 1, "rights": READ}
FILE_HEAD = {"start": 4, "end": 5, "rights": RW}
MOVE = {"start": 0, "end": 2, "to": 4}
MOVE_FAR = {"start": 0, "end": 2, "to": 4}
ROOM = ("munmap", {"start": 4, "end": 8})

ROWS = (
    Row("mmap", MMAP_SEM, "down_write_killable <- vm_mmap_pgoff <- SyS_mmap_pgoff <- SyS_mmap" + FAST, "mmap", FILE),
    Row(
        "mmap",
        I_MMAP,
        "down_write <- vma_link <- mmap_region <- do_mmap <- vm_mmap_pgoff <- SyS_mmap_pgoff <- SyS_mmap" + FAST,
        "mmap",
        FILE,
    ),
    Row("munmap", MMAP_SEM, "down_write_killable <- vm_munmap <- SyS_munmap" + FAST, "munmap", MUNMAP),
    Row("zap in munmap", SEQ, "unmap_page_range <- unmap_single_vma <- unmap_vmas <- unmap_region <- " + DO_MUNMAP,
        "munmap", MUNMAP),
    Row("zap", PTL,
        "_raw_spin_lock <- unmap_page_range <- unmap_single_vma <- unmap_vmas <- unmap_region <- " + DO_MUNMAP,
        "munmap", MUNMAP),
    Row("teardown", ANON_VMA, "down_write <- unlink_anon_vmas <- free_pgtables <- unmap_region <- " + DO_MUNMAP,
        "munmap", MUNMAP),
    Row("teardown", I_MMAP, "down_write <- unlink_file_vma <- free_pgtables <- unmap_region <- " + DO_MUNMAP,
        "munmap", MUNMAP),
    Row("merge in mprotect", I_MMAP, "down_write <- __vma_adjust <- vma_merge <- mprotect_fixup <- SyS_mprotect" + FAST,
        "mprotect", {"start": 4, "end": 5, "rights": READ}, ("mprotect", FILE_HEAD)),
    Row("mprotect", SEQ, "mprotect_fixup <- SyS_mprotect" + FAST, "mprotect", HEAD),
    Row("mprotect", PTL,
        "_raw_spin_lock <- change_protection_range <- change_protection <- mprotect_fixup <- SyS_mprotect" + FAST,
        "mprotect", HEAD),
    Row("mremap", FS_RECLAIM,
        "fs_reclaim_acquire <- __alloc_pages_nodemask <- pte_alloc_one <- __pte_alloc <- move_page_tables <- move_vma "
        "<- SyS_mremap" + FAST, "mremap", MOVE, ROOM),
    Row("mremap", PTL + "/1", "_raw_spin_lock_nested <- move_page_tables <- move_vma <- SyS_mremap" + FAST,
        "mremap", MOVE, ROOM),
    Row("truncate", I_MMAP,
        "down_write <- unmap_mapping_range <- truncate_pagecache <- truncate_setsize <- xfs_setattr_size "
        "<- xfs_vn_setattr <- notify_change <- do_truncate <- do_sys_ftruncate <- SyS_ftruncate" + FAST,
        "truncate", {"file": 1, "size": 0}),
    Row("truncate by aio", SEQ,
        "unmap_page_range <- zap_page_range_single <- unmap_mapping_range <- truncate_pagecache <- put_aio_ring_file "
        "<- aio_free_ring <- free_ioctx <- process_one_work <- worker_thread" + KTHREAD, "free-aio-ring", {"file": 1}),
    Row("fork", MMAP_SEM, "down_write_killable <- copy_process <- _do_fork <- SyS_clone" + SLOW, "fork", {}),
    Row("fork", MMAP_SEM + "/1", "down_write_nested <- copy_process <- _do_fork <- SyS_clone" + SLOW, "fork", {}),
    Row("fork", PTL + "/1", "_raw_spin_lock_nested <- copy_page_range <- copy_process <- _do_fork <- SyS_clone" + SLOW,
        "fork", {}),
    Row("fork", ANON_VMA,
        "down_write <- anon_vma_clone <- anon_vma_fork <- copy_process <- _do_fork <- SyS_clone" + SLOW, "fork", {}),
    Row("collapse", MMAP_SEM,
        "down_write <- collapse_huge_page <- khugepaged_scan_pmd <- khugepaged_scan_mm_slot <- khugepaged" + KTHREAD,
        "khugepaged-collapse", {"place": 0}),
    Row("collapse", ANON_VMA,
        "down_write <- collapse_huge_page <- khugepaged_scan_pmd <- khugepaged_scan_mm_slot <- khugepaged" + KTHREAD,
        "khugepaged-collapse", {"place": 0}),
    Row("stack growth", ANON_VMA, "down_write <- expand_downwards <- expand_stack <- __do_page_fault <- do_page_fault "
        "<- page_fault", "fault", {"page": 8}),
    Row("fault", MMAP_SEM, "down_read_trylock <- __do_page_fault <- do_page_fault <- page_fault", "fault", {"page": 8}),
    Row("madvise", MMAP_SEM, "down_read <- SyS_madvise" + FAST, "madvise-dontneed", {"start": 0, "end": 2}),
    Row("DONTNEED", SEQ, "unmap_page_range <- unmap_single_vma <- zap_page_range <- SyS_madvise" + FAST,
        "madvise-dontneed", {"start": 0, "end": 2}),
    Row("brk", MMAP_SEM, "down_write_killable <- SyS_brk" + FAST, "brk", {"old": 8, "new": 9}),
    Row("mlock", SEQ, "mlock_fixup <- apply_vma_lock_flags <- do_mlock <- SyS_mlock" + FAST,
        "mlock", {"start": 0, "end": 4}),
    Row("mbind", SEQ, "vma_replace_policy <- mbind_range <- do_mbind <- SyS_mbind" + FAST,
        "mbind", {"start": 6, "end": 8}),
    Row("mbind on memory that is a file", FS_RECLAIM,
        "fs_reclaim_acquire <- kmem_cache_alloc <- sp_alloc <- mpol_set_shared_policy <- shmem_set_policy "
        "<- vma_replace_policy <- mbind_range <- do_mbind <- SyS_mbind" + FAST, "mbind", {"start": 6, "end": 8}),
    Row("exit", SEQ,
        "unmap_page_range <- unmap_single_vma <- unmap_vmas <- exit_mmap <- mmput <- do_exit <- do_group_exit "
        "<- SyS_exit_group" + FAST, "exit", {}),
    Row("OOM reaper", SEQ, "unmap_page_range <- __oom_reap_task_mm <- oom_reaper" + KTHREAD, "oom-reap", {}),
    Row("migration", ANON_VMA,
        "down_read <- page_lock_anon_vma_read <- try_to_unmap <- migrate_pages <- compact_zone <- kcompactd" + KTHREAD,
        "migrate", {"page": 0}),
    Row("migration of a file's page", I_MMAP,
        "down_read <- rmap_walk_file <- try_to_unmap <- migrate_pages <- compact_zone <- kcompactd" + KTHREAD,
        "migrate", {"page": 6}),
    Row("munmap of 6.12", "&vma->vm_lock->lock",
        "down_write <- vma_start_write <- vms_gather_munmap_vmas <- do_vmi_align_munmap <- do_vmi_munmap "
        "<- __vm_munmap <- __x64_sys_munmap" + MODERN, "munmap", {"start": 4, "end": 6}, variant="pvl-6.12"),
    Row("mmap of 6.12", "&vma->vm_lock->lock",
        "down_write <- vma_start_write <- mmap_region <- do_mmap <- vm_mmap_pgoff <- ksys_mmap_pgoff" + MODERN,
        "mmap", FILE, variant="pvl-6.12"),
)  # fmt: skip


def taken(*calls: tuple[str, dict[str, Any]], variant: str = "spf-v2", reclaims: bool = False) -> set[tuple[str, str]]:
    """Every lock with every stack that took it, while the calls ran."""
    heard: set[tuple[str, str]] = set()

    def hear(_move: Move, done: Done) -> None:
        for effect, stack in [(done.effect, done.stack), *done.remarks]:
            if isinstance(effect, Acquire) or (isinstance(effect, Annotate) and not effect.release):
                lock = effect.lock.base + (f"/{effect.subclass}" if effect.subclass else "")
                heard.add((lock, " <- ".join(frame.function for frame in stack.frames)))

    writing = Writing(variant)
    writing.run(*map(writing.resolved, calls), hear=hear, reclaims=reclaims)
    return heard


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.what}: {row.lock}")
def test_the_stack_is_that_of_the_kernel(row: Row) -> None:
    calls = [(row.call, row.arguments)]
    heard = taken(*([row.first] if row.first else []), *calls, variant=row.variant)
    stacks = [stack for lock, stack in heard if lock == row.lock]
    assert row.stack in stacks


def test_the_split_of_exec_is_that_of_the_report() -> None:
    stacks = taken(("munmap", {"start": 5, "end": 6}))
    tail = "__vma_adjust <- __split_vma <- " + DO_MUNMAP
    assert (SEQ, "write_seqcount_begin_nested <- " + tail) in stacks
    assert (SEQ + "/1", "write_seqcount_begin_nested <- " + tail) in stacks
    assert (I_MMAP, "down_write <- " + tail) in stacks


def test_flushing_waits_where_the_kernel_waits() -> None:
    writing = Writing()
    machine = writing.machine(("khugepaged-collapse", {"place": 0}))
    state, stacks = machine.start, []
    while moves := machine.moves(state):
        done = machine.step(state, moves[0])
        stacks.append(" <- ".join(frame.function for frame in done.stack.frames))
        state = done.state
    wait = "smp_call_function_many <- native_flush_tlb_others <- flush_tlb_mm_range <- pmdp_collapse_flush"
    tail = " <- collapse_huge_page <- khugepaged_scan_pmd <- khugepaged_scan_mm_slot <- khugepaged" + KTHREAD
    assert wait + tail in stacks


def test_reclaim_is_entered_from_wherever_memory_is_wanted() -> None:
    walk = f"rmap_walk_file <- page_referenced <- {SHRINK} <- __alloc_pages_slowpath <- __alloc_pages_nodemask <- "
    caller = "pte_alloc_one <- __pte_alloc <- move_page_tables <- move_vma <- SyS_mremap" + FAST
    assert (I_MMAP, "down_read <- " + walk + caller) in taken(("mremap", MOVE_FAR), reclaims=True)
    caller = "khugepaged_alloc_page <- khugepaged" + KTHREAD
    assert (I_MMAP, "down_read <- " + walk + caller) in taken(("khugepaged", {}), reclaims=True)
    unmap = walk.replace("page_referenced", "try_to_unmap")
    only_the_mapped_page_is_left = ("truncate", {"file": 0, "size": 0})
    stacks = taken(only_the_mapped_page_is_left, ("khugepaged", {}), reclaims=True)
    assert (PTL, "_raw_spin_lock <- page_vma_mapped_walk <- try_to_unmap_one <- " + unmap + caller) in stacks
