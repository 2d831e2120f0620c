"""The descriptor that the functions of a page fault hand down: ``struct vm_fault``."""

from __future__ import annotations

from typing import NamedTuple

from lockview.kernel.mm.objects import NO_PMD, NO_PTE, NONE, Flags, Mm, Pmd, Pte, Vma

CLASSIC = -1
"""The sequence of a fault that holds mmap_sem, or the lock of the VMA."""


class VmFault(NamedTuple):
    """One fault.

    ``flags`` are those of the VMA at the moment that the counter was read, ``sequence`` the counter. ``file`` is the
    number of the file whose operations serve the fault, NONE for anonymous memory; ``file_page`` the page in it.
    ``pmd`` and ``pte`` are the entries that the walk found. ``may_wait`` is FAULT_FLAG_ALLOW_RETRY, ``by_vma_lock``
    FAULT_FLAG_VMA_LOCK.
    """

    mm: Mm
    vma: Vma
    page: int
    write: bool
    flags: Flags = Flags(0)
    file: int = NONE
    file_page: int = 0
    pmd: Pmd = NO_PMD
    pte: Pte = NO_PTE
    sequence: int = CLASSIC
    may_wait: bool = False
    by_vma_lock: bool = False

    @property
    def speculative(self) -> bool:
        """Whether nothing but a counter protects it."""
        return self.sequence != CLASSIC


def permits(flags: Flags, *, write: bool) -> bool:
    """Whether a VMA with these flags permits the access (``access_error`` of arch/x86/mm/fault.c)."""
    return bool(flags & (Flags.WRITE if write else Flags.READ | Flags.WRITE | Flags.EXEC))
