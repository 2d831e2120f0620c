"""The objects of memory management, as handles: which cells and locks each of them has.

Addresses are page numbers, small integers. Page ``a`` of an address space lies in table ``a // ENTRIES`` at entry
``a % ENTRIES``. A pool of unborn objects stands ready, since the number of cells never changes.
"""

from __future__ import annotations

from enum import IntFlag, StrEnum
from typing import NamedTuple

from lockview.kernel.handles import Cell, Lock

ENTRIES = 2
"""Page table entries per table, and pages that one pmd entry covers."""

NONE = -1
"""No VMA, no table, no frame, no file."""


class Flags(IntFlag):
    """``vm_flags``."""

    READ = 1
    WRITE = 2
    EXEC = 4
    SHARED = 8
    GROWSDOWN = 16
    LOCKED = 32
    UFFD = 64
    HUGE = 128


class Life(StrEnum):
    """The state of an object's memory. Using what is freed is a violation."""

    UNBORN = "unborn"
    LIVE = "live"
    PENDING = "pending"
    """Freed by its owner, waiting for a grace period."""
    FREED = "freed"


class Entry(StrEnum):
    """What a page table entry says."""

    NONE = "none"
    MAP = "map"
    PROT_NONE = "prot-none"
    SWAP = "swap"
    MIGRATION = "migration"


class Pte(NamedTuple):
    """The value of a page table entry. ``frame`` is a frame, or the swap slot, or NONE."""

    entry: Entry = Entry.NONE
    frame: int = NONE
    writable: bool = False
    dirty: bool = False
    young: bool = False


NO_PTE = Pte()


class Pmd(NamedTuple):
    """The value of an entry one level up: a table, a huge page (``huge``), or nothing.

    ``deposited`` is the table that is kept for when a huge page has to be split.
    """

    table: int = NONE
    huge: int = NONE
    deposited: int = NONE


NO_PMD = Pmd()


class Translation(NamedTuple):
    """An entry of a TLB: the page, and what the CPU may do with the frame."""

    page: int
    frame: int
    writable: bool


class AnonVma(NamedTuple):
    """``struct anon_vma``: the reverse map of anonymous pages."""

    number: int
    rwsem: Lock
    life: Cell
    vmas: Cell


class File(NamedTuple):
    """An open file with its mapping and page cache.

    ``vmas`` are the numbers of the VMAs that map it, ``cache`` holds (page index, frame) pairs,
    ``size`` is in pages.
    """

    number: int
    i_rwsem: Lock
    invalidate_lock: Lock
    i_mmap_rwsem: Lock
    life: Cell
    f_count: Cell
    vmas: Cell
    cache: Cell
    size: Cell
    has_ops: bool = True


class Frame(NamedTuple):
    """A page of memory. ``lock`` is PG_locked; ``writes`` (ghost) the writes that it has received."""

    number: int
    lock: Lock
    life: Cell
    refs: Cell
    mapcount: Cell
    writes: Cell


class Table(NamedTuple):
    """A page table: its lock and its entries."""

    number: int
    life: Cell
    ptl: Lock
    ptes: tuple[Cell, ...]


class Vma(NamedTuple):
    """``struct vm_area_struct``.

    ``start`` and ``end`` are page numbers, ``flags`` a ``Flags`` value; ``file`` and ``anon_vma`` are numbers or NONE.
    ``linked`` is False for a dead one. ``vm_sequence`` is the counter of the patch series, ``section`` the mutex in its
    place (M23), ``initialised`` whether lockdep was told about it, ``writers`` (ghost) who is in a section, ``zapped``
    (ghost) whether munmap has cleared its page table entries. ``refs`` is vm_ref_count (v6) or vm_refcnt (6.15),
    ``vm_lock`` the lock of 6.4, ``lock_seq`` vm_lock_seq, ``detached`` the mark of per-VMA locks.
    """

    number: int
    mm: Cell
    start: Cell
    end: Cell
    flags: Cell
    pgoff: Cell
    file: Cell
    anon_vma: Cell
    policy: Cell
    life: Cell
    linked: Cell
    vm_sequence: Lock
    section: Lock
    initialised: Cell
    writers: Cell
    zapped: Cell
    refs: Cell
    vm_lock: Lock
    lock_seq: Cell
    detached: Cell


class Mm(NamedTuple):
    """``struct mm_struct``.

    ``tree`` is the VMA tree: numbers of VMAs, by start. ``mm_seq`` is its seqlock, ``mm_rb_lock`` the rwlock of v6.
    ``pmds`` are the entries above the tables. ``users`` counts tasks. ``lock_seq`` is mm_lock_seq of per-VMA locks,
    ``mmap_seq`` the counter of 2022. ``cpus`` lists the threads that run in it (numbers, as in mm_cpumask).
    """

    number: int
    mmap_sem: Lock
    mm_seq: Lock
    mm_rb_lock: Lock
    page_table_lock: Lock
    tree: Cell
    pmds: tuple[Cell, ...]
    users: Cell
    lock_seq: Cell
    mmap_seq: Cell
    cpus: Cell
