"""The reports that the series of speculative page faults got, from the orders in which its versions take their locks.

Six traces of one kernel: an exec, a munmap, a fault that reclaims, a mremap, khugepaged in reclaim, a truncation; in
the versions of the series that annotated other sections.
"""

import pytest

from lockview.export.kernel_text import kernel_text
from lockview.lockdep.locks import LockMap
from lockview.lockdep.rules import rules_of
from lockview.lockdep.validator import Validator
from lockview.model.locks import Access, Primitive
from lockview.model.reports import CircularReport, Report, ReportKind, Task
from lockview.model.stacks import Frame, StackTrace
from lockview.parsing.reader import read_text

KINDS = {
    "mmap_sem": Primitive.RWSEM,
    "i_mmap_rwsem": Primitive.RWSEM,
    "anon_vma": Primitive.RWSEM,
    "vm_lock": Primitive.RWSEM,
    "invalidate_lock": Primitive.RWSEM,
    "vm_sequence": Primitive.SEQCOUNT,
    "fs_reclaim": Primitive.MARKER,
    "pt": Primitive.SPINLOCK,
}
MUNMAP = ("mmap_sem", "vm_sequence", "pt")
FAULT = ("mmap_sem(R)", "fs_reclaim", "anon_vma(R)", "pt")
KHUGEPAGED = ("fs_reclaim", "i_mmap_rwsem(R)", "pt")
TRUNCATE = ("i_mmap_rwsem", "vm_sequence", "pt")
EXEC = ("mmap_sem", "i_mmap_rwsem", "vm_sequence", "vm_sequence/1", "anon_vma")
EXEC_FIRST = ("mmap_sem", "vm_sequence", "vm_sequence/1", "i_mmap_rwsem", "anon_vma")
EXEC_RAW = ("mmap_sem", "i_mmap_rwsem", "anon_vma")
MREMAP = ("mmap_sem", "vm_sequence", "vm_sequence/1", "fs_reclaim")
MREMAP_RAW = ("mmap_sem", "fs_reclaim")
POPULATE = ("mmap_sem", "vm_sequence", "fs_reclaim")

VERSIONS = {
    "RFC v3": ((EXEC_FIRST, MUNMAP, FAULT, MREMAP, KHUGEPAGED, TRUNCATE), 5, "vm_sequence vm_sequence/1 i_mmap_rwsem"),
    "v2, v3": (
        (EXEC, MUNMAP, FAULT, MREMAP, KHUGEPAGED, TRUNCATE), 4,
        "i_mmap_rwsem vm_sequence vm_sequence/1 fs_reclaim",
    ),
    "v4, v5": (
        (EXEC_RAW, MUNMAP, FAULT, MREMAP, KHUGEPAGED, TRUNCATE), 5,
        "vm_sequence vm_sequence/1 fs_reclaim i_mmap_rwsem",
    ),
    "v6 to v9": ((EXEC_RAW, MUNMAP, FAULT, MREMAP_RAW, KHUGEPAGED, TRUNCATE), None, ""),
    "v6 to v9, mprotect of locked memory": (
        (EXEC_RAW, MUNMAP, FAULT, MREMAP_RAW, KHUGEPAGED, TRUNCATE, POPULATE), 6, "fs_reclaim i_mmap_rwsem vm_sequence",
    ),
    "6.5-rc": (
        (("mmap_sem", "vm_lock", "fs_reclaim"), KHUGEPAGED, ("mmap_sem", "i_mmap_rwsem", "vm_lock")), 2,
        "vm_lock fs_reclaim i_mmap_rwsem",
    ),
    "6.10, netfs: of its chain only the two classes are known": (
        (("vm_lock(R)", "invalidate_lock(R)", "fs_reclaim"), ("invalidate_lock", "vm_lock(R)")), 1,
        "vm_lock invalidate_lock",
    ),
}  # fmt: skip


def stack(function: str) -> StackTrace:
    return StackTrace((Frame(function, file="mm.c", line=1),))


def take(validator: Validator, number: int, trace: tuple[str, ...]) -> None:
    """A task of its own takes all locks of a trace, and releases them the other way round."""
    task = Task(f"task{number}", number + 1)
    taken = []
    for word in trace:
        name, _, read = word.partition("(")
        base, _, subclass = name.partition("/")
        lock = LockMap(name, base, base, KINDS[base])
        access = Access.SHARED if read else Access.EXCLUSIVE
        validator.acquire(task, lock, access, subclass=int(subclass or 0), stack=stack(f"take_{base}"))
        taken.append(lock)
    for lock in reversed(taken):
        validator.release(task, lock)


def only(validator: Validator) -> Report:
    (report,) = validator.reports
    assert list(read_text(kernel_text(report)).reports) == [report]
    return report


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("era", ["4.13", "6.12"])
def test_each_version_gets_its_report(version: str, era: str) -> None:
    traces, when, chain = VERSIONS[version]
    validator = Validator(rules_of(era))
    for number, trace in enumerate(traces):
        take(validator, number, trace)
        assert bool(validator.reports) == (when is not None and number >= when), trace
    if when is None:
        return
    report = only(validator)
    assert isinstance(report, CircularReport)
    assert [entry.lock_class.name for entry in reversed(report.chain)] == chain.split()
    assert report.task == Task(f"task{when}", when + 1)


def test_a_counter_that_was_never_initialised() -> None:
    validator = Validator(rules_of("4.13"))
    validator.acquire(
        Task("trinity", 7), LockMap("vma", "vma", "vm_sequence", has_static_key=False), stack=stack("zap")
    )
    assert only(validator).kind is ReportKind.NON_STATIC_KEY


def test_two_locks_of_one_class_without_a_subclass() -> None:
    validator = Validator()
    task = Task("uffd", 8)
    for vma in ("source", "target"):
        lock = LockMap(vma, "vm_lock", "&vma->vm_lock->lock", Primitive.RWSEM)
        validator.acquire(task, lock, Access.SHARED, stack=stack("uffd_move_lock"))
    assert only(validator).kind is ReportKind.RECURSIVE
