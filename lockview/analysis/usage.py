"""The usage marks between braces and the wait types after them, in plain words.

Source: ``get_usage_chars`` and ``print_lock_name``, kernel/locking/lockdep.c; ``enum lockdep_wait_type``,
include/linux/lockdep_types.h. Kernels before 2.6.30 gave the same characters other meanings, and columns in another
order; they are known by their release, and without one by their title, ``[ INFO: ... ]`` with four marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lockview.model.locks import WaitTypes
from lockview.model.reports import CircularReport, Report

_COLUMNS = (
    ("hard interrupts", "exclusive"),
    ("hard interrupts", "shared"),
    ("soft interrupts", "exclusive"),
    ("soft interrupts", "shared"),
    ("file system reclaim", "exclusive"),
    ("file system reclaim", "shared"),
)
_INTERRUPT_MARKS = {
    ".": "never taken inside one, nor with them enabled",
    "+": "taken with them enabled",
    "-": "taken inside one",
    "?": "taken inside one, and also with them enabled",
}
_RECLAIM_MARKS = {
    ".": "never taken inside it, nor held where it may start",
    "+": "held where it may start",
    "-": "taken inside it",
    "?": "taken inside it, and also held where it may start",
}
_OLD_COLUMNS = (_COLUMNS[0], _COLUMNS[2], _COLUMNS[1], _COLUMNS[3])
_OLD_MARKS = {
    ".": "never taken inside one, nor with them enabled",
    "+": "taken inside one",
    "-": "taken with them enabled",
    "?": "taken inside one, and also with them enabled",
}
_LENGTHS = (4, 6)


def decode_usage(mask: str, title: str = "", kernel: str = "") -> tuple[str, ...]:
    """One sentence per column of a usage mask; () for no mask.

    ``kernel`` is the release that the report names and ``title`` the report's: they tell the era.

    A mask of a length that no kernel prints, or a mark that none knows, is named as such and not guessed at.
    """
    if not mask:
        return ()
    if len(mask) not in _LENGTHS:
        return (f"{mask}: {len(mask)} usage marks; kernels print 4 or 6, so these cannot be read",)
    old = has_old_marks(mask, title, kernel)
    columns = _OLD_COLUMNS if old else _COLUMNS
    return tuple(
        f"{mark} {context}, {mode}: {_meaning(mark, context, mode, old)}"
        for mark, (context, mode) in zip(mask, columns, strict=False)
    )


_OLD_TITLES = (
    "INFO",
    "BUG: bad unlock balance",
    "BUG: bad contention",
    "BUG: held lock freed",
    "BUG: lock held at task exit",
)
"""Titles that were in use before four marks were printed anew, in 4.14; by then they began with WARNING."""


def has_old_marks(mask: str, title: str, kernel: str = "") -> bool:
    """Whether a mask is written in the way of the kernels before 2.6.30."""
    if len(mask) != 4:
        return False
    release = re.match(r"(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?", kernel)
    if release:
        return tuple(int(number or 0) for number in release.groups()) < (2, 6, 30)
    return title.lstrip("[ ").startswith(_OLD_TITLES)


def _meaning(mark: str, context: str, mode: str, old: bool) -> str:
    if old and mark == "+" and mode == "exclusive":
        return "taken inside one, perhaps also with them enabled"
    marks = _OLD_MARKS if old else _RECLAIM_MARKS if context.startswith("file") else _INTERRUPT_MARKS
    return marks.get(mark, "an unknown mark")


_WAIT_TYPES = {
    0: "not checked",
    1: "an RCU read section, which waits for nobody",
    2: "a raw spinlock or a spinlock, which spins",
    3: "a spinlock with CONFIG_PROVE_RAW_LOCK_NESTING, else a lock that sleeps (mutex, rwsem)",
    4: "a lock that sleeps (mutex, rwsem)",
    5: "a task, which may do anything",
}
_PLAIN = {3: "a lock that sleeps (mutex, rwsem)"}
_RAW_NESTING = {2: "a raw spinlock, which spins", 3: "a spinlock, rwlock or local lock, which sleeps on PREEMPT_RT"}


def decode_wait_types(wait_types: WaitTypes | None, raw_nesting: bool | None = None) -> tuple[str, ...]:
    """What ``{outer:inner}`` says of a lock: one sentence, or two where the numbers differ; () when not printed.

    ``raw_nesting`` is whether the kernel was built with CONFIG_PROVE_RAW_LOCK_NESTING, which shifts the numbers; None
    when that is unknown (see ``has_raw_nesting``).
    """
    if wait_types is None:
        return ()
    inner = f"wait type {wait_types.inner}: {_wait_type(wait_types.inner, raw_nesting)}"
    if wait_types.outer == wait_types.inner:
        return (inner,)
    outer = (
        f"wait type {wait_types.outer} of the context it may be taken in: {_wait_type(wait_types.outer, raw_nesting)}"
    )
    return outer, f"{inner} (what may be taken inside)"


def _wait_type(number: int, raw_nesting: bool | None) -> str:
    special = {None: {}, True: _RAW_NESTING, False: _PLAIN}[raw_nesting]
    return special.get(number) or _WAIT_TYPES.get(number, "an unknown number")


def has_raw_nesting(report: Report) -> bool | None:
    """Whether the kernel of a report had CONFIG_PROVE_RAW_LOCK_NESTING, by the wait types in it; None if undecided.

    A lock of type 4 exists only with it; the context of a task has type 5 with it, else 4. Without it run queue locks
    and ordinary spinlocks are all of type 2, so a spinlock that is not raw by its name (``->rlock``) and has type 2
    tells the opposite.
    """
    from lockview.model.held_reports import WaitContextReport

    context = report.context if isinstance(report, WaitContextReport) else None
    seen = list(_wait_types(report))
    if context == WaitTypes(5, 5) or any(types in (WaitTypes(4, 4), WaitTypes(1, 3)) for _, types in seen):
        return True
    if context == WaitTypes(4, 4):
        return False
    if any(types == WaitTypes(2, 2) and base.endswith("->rlock") for base, types in seen):
        return False
    return _by_functions(report)


def _by_functions(report: Report) -> bool | None:
    """Type 3 is a spinlock with raw nesting, without it a lock that sleeps; the function that took it tells which."""
    from lockview.analysis.kinds import acquisition
    from lockview.analysis.lock_graph import LockKind

    taken = [(entry.wait_types, entry.stack) for entry in report.chain] if isinstance(report, CircularReport) else []
    if report.wanted and report.backtrace:
        taken.append((report.wanted.wait_types, report.backtrace.stack))
    for types, stack in taken:
        traits = acquisition(stack) if types == WaitTypes(3, 3) else None
        if traits and traits[0] in (LockKind.SPINLOCK, LockKind.RWLOCK):
            return True
        if traits and traits[0] in (LockKind.MUTEX, LockKind.RWSEM):
            return False
    return None


def _wait_types(report: Report) -> Iterator[tuple[str, WaitTypes]]:
    locks = [report.wanted, report.held, *(report.held_locks.locks if report.held_locks else ())]
    entries = report.chain if isinstance(report, CircularReport) else ()
    for line in (*locks, *entries):
        if line and line.wait_types:
            yield line.lock_class.base, line.wait_types
