"""What can differ between two simulated kernels, one named switch per difference.

The first group are decisions that versions of the patch series and later kernels took; the second are mistakes put in
on purpose, to see whether the explorer finds what each check is there for.
"""

from __future__ import annotations

from enum import StrEnum


class Switch(StrEnum):
    """A difference. The value is its name on the command line and in traces."""

    # how faults are served
    SPECULATION = "speculation"
    SRCU_VMAS = "srcu-vmas"
    REF_VMAS = "ref-vmas"
    RCU_VMAS = "rcu-vmas"
    MM_COUNTER = "mm-counter"
    FILE_FAULTS = "file-faults"
    SINGLE_USER_SKIP = "single-user-skip"
    REUSE_VMA = "reuse-vma"
    TRUST_SEGV = "trust-segv"
    PMD_SAVED = "pmd-saved"
    PMD_RECHECK = "pmd-recheck"
    PTL_LOOP = "ptl-loop"
    VMA_LOCK = "vma-lock"
    VMA_REFCOUNT = "vma-refcount"
    ANON_TEST_UNDER_LOCK = "anon-test-under-lock"
    # how writers protect what they change
    COUNTER_FIRST = "counter-first"
    RAW_ADJUST = "raw-adjust"
    RAW_MREMAP = "raw-mremap"
    RAW_SECTIONS = "raw-sections"
    OPEN_BEFORE_LINK = "open-before-link"
    CLOSE_BEFORE_POPULATE = "close-before-populate"
    FORK_SECTIONS = "fork-sections"
    EXCLUSIVE_SECTIONS = "exclusive-sections"
    INIT_AT_ALLOCATION = "init-at-allocation"
    # surroundings
    FLUSH_UNDER_PTL = "flush-under-ptl"
    UNFAIR_RWSEM = "unfair-rwsem"
    RMAP_TRYLOCK = "rmap-trylock"
    MODERN_NAMES = "modern-names"
    LOCKED_POPULATE = "locked-populate"
    ALLOW_GROWSDOWN = "allow-growsdown"
    NO_PTE_SAME = "no-pte-same"
    NO_PAGE_LOCK = "no-page-lock"
    MOVE_SUBCLASS = "move-subclass"
    # mistakes in the speculative fault and its writers
    M1 = "M1"
    M2 = "M2"
    M3 = "M3"
    M4 = "M4"
    M5 = "M5"
    M6 = "M6"
    M7 = "M7"
    M8 = "M8"
    M9 = "M9"
    M11 = "M11"
    M12 = "M12"
    M13 = "M13"
    M16 = "M16"
    M18 = "M18"
    M19 = "M19"
    M20 = "M20"
    M21 = "M21"
    M23 = "M23"
    M27 = "M27"
    M28 = "M28"
    M29 = "M29"
    M30 = "M30"
    # mistakes in per-VMA locks
    V1 = "V1"
    V2 = "V2"
    V3 = "V3"
    V4 = "V4"
    V5 = "V5"
    V6 = "V6"
    V7 = "V7"
    # mistakes in the reference counted VMA
    X1 = "X1"
    X2 = "X2"
    X3 = "X3"
    X4 = "X4"

    @property
    def meaning(self) -> str:
        """The difference in plain words."""
        return _MEANINGS[self]

    @property
    def is_mistake(self) -> bool:
        """Whether no kernel meant to be this way."""
        return self.value[0] in "MVX"


_MEANINGS = {
    Switch.SPECULATION: "a fault is first tried without mmap_sem",
    Switch.SRCU_VMAS: "VMAs are freed after an SRCU grace period",
    Switch.REF_VMAS: "VMAs are counted, and found under the rwlock mm_rb_lock",
    Switch.RCU_VMAS: "VMAs are freed after an RCU grace period",
    Switch.MM_COUNTER: "one counter per address space, raised with mmap_sem, instead of one per VMA",
    Switch.FILE_FAULTS: "faults on mapped files are tried too",
    Switch.SINGLE_USER_SKIP: "nothing is tried when only one task uses the address space",
    Switch.REUSE_VMA: "the classic fault goes on with the VMA that the speculative one found",
    Switch.TRUST_SEGV: "a refusal by the speculative fault is final",
    Switch.PMD_SAVED: "the page table lock is found through the entry that the walk saw",
    Switch.PMD_RECHECK: "the page table entry is compared with what the walk saw before it is locked",
    Switch.PTL_LOOP: "a busy page table lock is tried again instead of giving up",
    Switch.VMA_LOCK: "a fault holds a lock of its VMA instead of mmap_sem",
    Switch.VMA_REFCOUNT: "the VMA's lock is a reference count",
    Switch.ANON_TEST_UNDER_LOCK: "anon_vma is tested after the VMA is locked",
    Switch.COUNTER_FIRST: "__vma_adjust opens its write sections before it takes i_mmap_rwsem",
    Switch.RAW_ADJUST: "lockdep does not see the write sections of __vma_adjust",
    Switch.RAW_MREMAP: "lockdep does not see the write sections of mremap",
    Switch.RAW_SECTIONS: "lockdep sees no write section of a VMA",
    Switch.OPEN_BEFORE_LINK: "mremap opens the section of the new VMA before others can find it",
    Switch.CLOSE_BEFORE_POPULATE: "mprotect closes its section before it fills a locked mapping",
    Switch.FORK_SECTIONS: "fork holds a section of every VMA until the TLBs are flushed",
    Switch.EXCLUSIVE_SECTIONS: "a section is opened only with mmap_sem held exclusively",
    Switch.INIT_AT_ALLOCATION: "the counter is initialised when the VMA is allocated, not when it is linked",
    Switch.FLUSH_UNDER_PTL: "munmap flushes other CPUs while it holds the page table lock",
    Switch.UNFAIR_RWSEM: "semaphores do not queue: a reader passes a waiting writer",
    Switch.RMAP_TRYLOCK: "reclaim only tries the reverse-map locks when it looks for references",
    Switch.MODERN_NAMES: "functions and classes are named as in 6.x",
    Switch.LOCKED_POPULATE: "mprotect finds a locked mapping and fills it",
    Switch.ALLOW_GROWSDOWN: "growing stacks are tried speculatively",
    Switch.NO_PTE_SAME: "a page table entry that changed meanwhile is not noticed",
    Switch.NO_PAGE_LOCK: "truncation does not lock pages",
    Switch.MOVE_SUBCLASS: "the second VMA lock that userfaultfd's move takes is of another subclass",
    Switch.M1: "the counter is not checked after the page table lock was taken",
    Switch.M2: "a VMA is freed at once, without a grace period",
    Switch.M3: "interrupts stay on while the page table lock is taken",
    Switch.M4: "the page table lock is waited for with interrupts off",
    Switch.M5: "the page table lock is found through the entry as it is now",
    Switch.M6: "a dead VMA is not noticed at look-up",
    Switch.M7: "the counter is not checked before the page table lock is taken",
    Switch.M8: "the counter is not checked after the walk",
    Switch.M9: "munmap does not raise the counter",
    Switch.M11: "mprotect opens no write section",
    Switch.M12: "write permission is not checked",
    Switch.M13: "the counter is raised in two steps, so that two writers can lose one",
    Switch.M16: "mremap opens no write section",
    Switch.M18: "readers spin while the counter is odd",
    Switch.M19: "readers spin with interrupts off",
    Switch.M20: "readers spin while they hold i_mmap_rwsem",
    Switch.M21: "a real-time reader spins on the CPU of the writer",
    Switch.M23: "a write section is a mutex",
    Switch.M27: "mremap moves whole page tables without their lock",
    Switch.M28: "the VMA found is used again without a reference to it",
    Switch.M29: "a speculative fault that gives up keeps its reference to the VMA",
    Switch.M30: "the file is given back when the VMA is unlinked, not after the grace period",
    Switch.V1: "munmap does not lock the VMA",
    Switch.V2: "the fault does not compare lock_seq again after it locked the VMA",
    Switch.V3: "the fault does not notice a detached VMA",
    Switch.V4: "a VMA is freed without waiting for RCU",
    Switch.V5: "a new VMA is locked while i_mmap_rwsem is held",
    Switch.V6: "fork does not lock the VMAs of the parent",
    Switch.V7: "anon_vma is tested before the VMA is locked",
    Switch.X1: "address space and bounds are not compared again after the reference was taken",
    Switch.X2: "detaching does not wait for readers",
    Switch.X3: "a count of zero can be raised",
    Switch.X4: "lock_seq is not compared again",
}
