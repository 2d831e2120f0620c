"""How a page fault ends, what the parts of the handler tell each other, and why speculation gives up."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """How a fault ends; each ends in exactly one of these. Giving up speculation is no end."""

    SERVED_SPF = "served without mmap_sem"
    """Speculatively, or under the lock of the VMA."""
    SERVED_CLASSIC = "served with mmap_sem"
    SEGV_MAPERR = "SIGSEGV: nothing is mapped there"
    SEGV_ACCERR = "SIGSEGV: access is not permitted"
    SIGBUS = "SIGBUS"
    OOM = "out of memory"
    KILLED = "killed while waiting"

    @property
    def is_served(self) -> bool:
        """Whether the access can be tried again."""
        return self in (Outcome.SERVED_SPF, Outcome.SERVED_CLASSIC)


class Fault(StrEnum):
    """``vm_fault_t``: what the inner functions of the handler answer."""

    DONE = "done"
    RETRY = "retry"
    """Speculative: take the classic way. Classic: mmap_sem was dropped to wait, start again."""
    OOM = "oom"
    SIGBUS = "sigbus"
    SIGSEGV = "sigsegv"


ENDS = {Fault.OOM: Outcome.OOM, Fault.SIGBUS: Outcome.SIGBUS, Fault.SIGSEGV: Outcome.SEGV_ACCERR}
"""The errors of ``mm_fault_error``."""


class Abort(StrEnum):
    """Why a speculative fault gave up, by the finer names of the patches of 2022 (``SPF_ABORT_`` before each)."""

    ODD = "ODD"
    """A writer was inside when the counter was first read."""
    UNMAPPED = "UNMAPPED"
    """No VMA."""
    DEAD = "DEAD"
    """The VMA found was unlinked already (no name in 2022, where VMAs are copied)."""
    NO_SPECULATE = "NO_SPECULATE"
    """A kind that is not supported."""
    ANON_VMA = "ANON_VMA"
    OUTSIDE = "OUTSIDE"
    """The VMA does not reach to the address any more (no name in 2022)."""
    ACCESS_ERROR = "ACCESS_ERROR"
    PMD = "PMD"
    """There is no page table."""
    HUGE = "HUGE"
    """A huge page stands where a table was expected (no name in 2022)."""
    VMA_COPY = "VMA_COPY"
    """The counter moved before the walk of the page tables was done."""
    PTE_MAP_LOCK_SEQ1 = "PTE_MAP_LOCK_SEQ1"
    """The counter moved before the page table lock was tried."""
    PTE_MAP_LOCK_PMD = "PTE_MAP_LOCK_PMD"
    """The table was replaced."""
    PTE_MAP_LOCK_PTL = "PTE_MAP_LOCK_PTL"
    """The page table lock was busy."""
    PTE_MAP_LOCK_SEQ2 = "PTE_MAP_LOCK_SEQ2"
    """The counter moved before the page table lock was had."""
    FAULT = "FAULT"
    """The page is not in the page cache, or busy."""
    SWAP = "SWAP"
    """The page would have to be waited for."""

    @property
    def trace_point(self) -> str:
        """The event of trace system ``pagefault`` (v2 to v12, Android) that tells it; empty when none does."""
        return _TRACE_POINTS.get(self, "")


_TRACE_POINTS = {
    Abort.ODD: "spf_vma_changed",
    Abort.DEAD: "spf_vma_dead",
    Abort.NO_SPECULATE: "spf_vma_notsup",
    Abort.ANON_VMA: "spf_vma_notsup",
    Abort.OUTSIDE: "spf_vma_changed",
    Abort.ACCESS_ERROR: "spf_vma_access",
    Abort.HUGE: "spf_vma_notsup",
    Abort.VMA_COPY: "spf_vma_changed",
    Abort.PTE_MAP_LOCK_SEQ1: "spf_vma_changed",
    Abort.PTE_MAP_LOCK_PMD: "spf_pmd_changed",
    Abort.PTE_MAP_LOCK_PTL: "spf_pte_lock",
    Abort.PTE_MAP_LOCK_SEQ2: "spf_vma_changed",
}
