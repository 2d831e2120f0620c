"""The routines that change address spaces, for scenarios: each under its name, with its arguments."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from lockview.kernel.effects import Routine
from lockview.kernel.entry import Call, system_call
from lockview.kernel.mm.brk import SyS_brk
from lockview.kernel.mm.collapse import khugepaged, khugepaged_shmem
from lockview.kernel.mm.exec import SyS_execve
from lockview.kernel.mm.exit import SyS_exit_group
from lockview.kernel.mm.fork import SyS_clone
from lockview.kernel.mm.madvise import Advice, SyS_madvise
from lockview.kernel.mm.migration import kcompactd
from lockview.kernel.mm.mlock import SyS_mlock, SyS_munlock
from lockview.kernel.mm.mprotect import SyS_mprotect
from lockview.kernel.mm.numa import numa_scan
from lockview.kernel.mm.policy import SyS_mbind
from lockview.kernel.mm.reaper import oom_reaper
from lockview.kernel.mm.softdirty import SyS_write
from lockview.kernel.mm.truncate import SyS_ftruncate, worker_thread
from lockview.kernel.mm.userfault import SyS_ioctl
from lockview.kernel.routine_specs import Arguments, Kind, Parameter, RoutineSpec, kernel_thread_of, system_call_of
from lockview.kernel.system import Thread


def _truncate(t: Thread, arguments: Arguments) -> Call:
    return partial(system_call, t, partial(SyS_ftruncate, t, arguments["file"], arguments["size"]))


def _numa_scan(t: Thread, arguments: Arguments) -> Call:
    routine: Callable[..., Routine[Any]] = numa_scan
    return partial(routine, t, t.mm, arguments["start"], arguments["end"])


_START = Parameter("start", Kind.PAGE)
_END = Parameter("end", Kind.PAGE)
_RANGE = (_START, _END)
_MM = Parameter("mm", Kind.MM)
_FILE = Parameter("file", Kind.FILE)


def _madvise(name: str, meaning: str, advice: Advice) -> RoutineSpec:
    return RoutineSpec(name, meaning, _RANGE, system_call_of(SyS_madvise, "start", "end", advice=advice))


WRITERS = (
    RoutineSpec(
        "mprotect",
        "change the rights of pages",
        (*_RANGE, Parameter("rights", Kind.RIGHTS)),
        system_call_of(SyS_mprotect, "start", "end", "rights"),
    ),
    RoutineSpec(
        "brk",
        "move the end of the heap from one page to another; locked: fill what is new",
        (Parameter("old", Kind.PAGE), Parameter("new", Kind.PAGE), Parameter("locked", Kind.FLAG, False)),
        system_call_of(SyS_brk, "old", "new", "locked"),
    ),
    RoutineSpec("mlock", "lock pages into memory and fill them", _RANGE, system_call_of(SyS_mlock, "start", "end")),
    RoutineSpec("munlock", "unlock pages", _RANGE, system_call_of(SyS_munlock, "start", "end")),
    _madvise("madvise-dontneed", "throw pages away, with mmap_sem held shared", Advice.DONTNEED),
    _madvise("madvise-free", "let reclaim have pages that are not written to again", Advice.FREE),
    _madvise("madvise-hugepage", "change a flag of VMAs", Advice.HUGEPAGE),
    _madvise("punch-hole", "throw pages of mapped files in memory away, for everybody", Advice.REMOVE),
    RoutineSpec(
        "fork",
        "copy the address space into an empty one",
        (Parameter("child", Kind.MM),),
        system_call_of(SyS_clone, "child", slow=True),
    ),
    RoutineSpec("exit", "give the address space up; the last user takes it down", (), system_call_of(SyS_exit_group)),
    RoutineSpec(
        "exec",
        "run a file in an empty address space, with its stack at a page; the old one is given up",
        (Parameter("new", Kind.MM), _FILE, *_RANGE, Parameter("span_end", Kind.PAGE), Parameter("stack", Kind.PAGE)),
        system_call_of(SyS_execve, "new", "file", "start", "end", "span_end", "stack"),
    ),
    RoutineSpec(
        "truncate",
        "cut a file to a number of pages",
        (_FILE, Parameter("size", Kind.NUMBER)),
        _truncate,
        needs_mm=False,
    ),
    RoutineSpec(
        "free-aio-ring",
        "a worker throws the pages of an asynchronous I/O ring away",
        (_FILE,),
        kernel_thread_of(worker_thread, "file"),
        needs_mm=False,
    ),
    RoutineSpec(
        "oom-reap",
        "take the private memory of an address space whose process is being killed",
        (_MM,),
        kernel_thread_of(oom_reaper, "mm"),
        needs_mm=False,
    ),
    RoutineSpec("numa-scan", "hide pages, to see which node uses them", _RANGE, _numa_scan),
    RoutineSpec(
        "mbind",
        "choose the nodes that pages come from",
        (*_RANGE, Parameter("interleave", Kind.FLAG, False)),
        system_call_of(SyS_mbind, "start", "end", "interleave"),
    ),
    RoutineSpec(
        "uffd-register",
        "have user space serve faults on missing pages",
        _RANGE,
        system_call_of(SyS_ioctl, "start", "end", register=True),
    ),
    RoutineSpec("uffd-unregister", "undo that", _RANGE, system_call_of(SyS_ioctl, "start", "end", register=False)),
    RoutineSpec("clear-refs", "forget which pages were written to", (), system_call_of(SyS_write)),
    RoutineSpec(
        "khugepaged-collapse",
        "collapse the pages of one page table, by its place, into a huge one",
        (_MM, Parameter("place", Kind.TABLE)),
        kernel_thread_of(khugepaged, "mm", "place"),
        needs_mm=False,
    ),
    RoutineSpec(
        "khugepaged-shmem",
        "replace pages of a file in memory by a huge one, and take the tables that mapped them away",
        (_FILE, Parameter("index", Kind.PAGE)),
        kernel_thread_of(khugepaged_shmem, "file", "index"),
        needs_mm=False,
    ),
    RoutineSpec(
        "migrate",
        "move the page that is mapped at an address to another place in memory",
        (_MM, Parameter("page", Kind.PAGE)),
        kernel_thread_of(kcompactd, "mm", "page"),
        needs_mm=False,
    ),
)
