"""What function names and words tell in reports of other programs: which code is the lock's own, what sort it is."""

from __future__ import annotations

from lockview.analysis.lock_graph import LockKind, Mode
from lockview.model.stacks import StackTrace

_CORE = (
    "???",
    "pthread_",
    "__pthread_",
    "___pthread_",
    "__gthread_",
    "std::mutex::",
    "std::recursive_mutex::",
    "std::shared_mutex::",
    "std::__shared_mutex_pthread::",
    "std::lock_guard<",
    "std::unique_lock<",
    "std::scoped_lock<",
    "std::shared_lock<",
    "std::__1::mutex::",
    "std::__1::lock_guard<",
    "std::__1::unique_lock<",
    "witness_",
    "kdb_backtrace",
    "db_trace_self",
    "_witness_",
    "rw_enter",
    "rrw_enter",
    "_rw_",
    "__rw_",
    "_sx_",
    "__mtx_",
    "_mtx_",
    "mtx_enter",
    "__lockmgr",
    "lockmgr_",
    "_rm_",
    "jdk.internal.misc.Unsafe.park",
    "sun.misc.Unsafe.park",
    "java.util.concurrent.locks.",
    "java.lang.Object.wait",
)
"""Beginnings of the names of functions that are a lock's own code."""
_STARTERS = (
    "start_thread",
    "thread_start",
    "clone",
    "__clone",
    "__libc_start",
    "_start",
    "syscall",
    "Xsyscall",
    "amd64_syscall",
    "fast_syscall",
    "fork_exit",
    "fork_trampoline",
    "proc_trampoline",
    "java.lang.Thread.run",
    "???",
)
_TAKERS = (
    ("pthread_rwlock_rdlock", LockKind.RWLOCK, Mode.SHARED),
    ("pthread_rwlock_tryrdlock", LockKind.RWLOCK, Mode.SHARED),
    ("pthread_rwlock_", LockKind.RWLOCK, Mode.EXCLUSIVE),
    ("pthread_mutex_", LockKind.MUTEX, Mode.EXCLUSIVE),
    ("pthread_spin_", LockKind.SPINLOCK, Mode.EXCLUSIVE),
    ("std::mutex::", LockKind.MUTEX, Mode.EXCLUSIVE),
    ("std::recursive_mutex::", LockKind.MUTEX, Mode.EXCLUSIVE),
    ("std::shared_mutex::lock_shared", LockKind.RWLOCK, Mode.SHARED),
    ("std::shared_mutex::", LockKind.RWLOCK, Mode.EXCLUSIVE),
    ("rw_enter_read", LockKind.RWSEM, Mode.SHARED),
    ("rw_enter_write", LockKind.RWSEM, Mode.EXCLUSIVE),
    ("__rw_rlock", LockKind.RWLOCK, Mode.SHARED),
    ("__rw_wlock", LockKind.RWLOCK, Mode.EXCLUSIVE),
    ("_rw_rlock", LockKind.RWLOCK, Mode.SHARED),
    ("_rw_wlock", LockKind.RWLOCK, Mode.EXCLUSIVE),
    ("_sx_slock", LockKind.RWSEM, Mode.SHARED),
    ("_sx_xlock", LockKind.RWSEM, Mode.EXCLUSIVE),
)
_SORTS = {
    "sleep mutex": LockKind.MUTEX,
    "spin mutex": LockKind.SPINLOCK,
    "mutex": LockKind.SPINLOCK,
    "kernel_lock": LockKind.SPINLOCK,
    "rwlock": LockKind.RWSEM,
    "rrwlock": LockKind.RWSEM,
    "sx": LockKind.RWSEM,
    "lockmgr": LockKind.RWSEM,
    "rw": LockKind.RWLOCK,
    "rm": LockKind.RWLOCK,
}
"""The words of WITNESS; OpenBSD's mutexes spin and its rwlocks sleep."""


def calls(stack: StackTrace) -> tuple[str, ...]:
    """The functions between the lock's own code and what starts every thread, innermost first."""
    names = [frame.function for frame in stack.frames]
    while names and names[-1].startswith(_STARTERS):
        names.pop()
    start = next((place for place, name in enumerate(names) if not name.startswith(_CORE)), len(names))
    return tuple(names[start:])


def kind_of(stack: StackTrace, sort: str = "") -> LockKind:
    """The sort of lock that a stack takes; ``sort`` is the program's own word, which beats the functions."""
    known = _SORTS.get(sort)
    return known or _traits(stack)[0]


def mode_of(stack: StackTrace) -> Mode:
    """How the lock at the top of a stack is taken."""
    return _traits(stack)[1]


def _traits(stack: StackTrace) -> tuple[LockKind, Mode]:
    for frame in stack.frames:
        for beginning, kind, mode in _TAKERS:
            if frame.function.startswith(beginning):
                return kind, mode
        if not frame.function.startswith(_CORE):
            break
    return LockKind.UNKNOWN, Mode.UNKNOWN
