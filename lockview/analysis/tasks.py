"""Which dependencies of a cycle one task made, and what to call that task.

Lockdep keeps a stack for every dependency but not the task that made it. Two neighbouring dependencies ``A -> B`` and
``B -> C`` come from one task when one run of one function can have made both: counted from the outermost frame, the
two stacks are the same calls up to a function that went on at different places, first to take B, then to take C.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from lockview.analysis.functions import entry_name, is_lock_core, is_plumbing
from lockview.analysis.stacks import acquiring_function, call_path
from lockview.model.locks import LockClass
from lockview.model.reports import Dependency, Report
from lockview.model.stacks import Frame, StackTrace

_HANDED_UP = 3
"""How many calls below the common function a lock may be taken and still be held there. Lock wrappers and
transaction starters are that deep; a dispatcher such as an ioctl function lies further out and proves nothing."""


def shared_function(first: StackTrace, second: StackTrace) -> str:
    """The function that made both acquisitions, ``first`` before ``second``; "" when the stacks do not show one.

    Plumbing (system call entry, thread start, work queue) proves nothing, except where it takes the lock itself, as
    ``process_one_work`` does for the work item that it then runs.
    """
    one, other = call_path(first), call_path(second)
    index = _parting(one, other)
    if index is None:
        return ""
    function = one[index].bare_function
    taken = next((number for number, frame in enumerate(one) if not is_lock_core(frame.bare_function)), len(one))
    depth = max(0, index - taken)
    if is_lock_core(function) or depth > _HANDED_UP or (is_plumbing(function) and depth > 0):
        return ""
    return function


def _parting(one: Sequence[Frame], other: Sequence[Frame]) -> int | None:
    """The index, in ``one``, of the frame where the stacks are in one function but no longer in one call of it."""
    last: int | None = None
    for number, (a, b) in enumerate(zip(reversed(one), reversed(other), strict=False)):
        if a.bare_function != b.bare_function:
            break
        index = len(one) - 1 - number
        if _position(a) != _position(b):
            return index
        if _position(a) is None:
            last = index
    # Without positions the innermost common function is the best that the text can tell.
    return last


def _position(frame: Frame) -> tuple[str, int] | None:
    if frame.offset is not None:
        return frame.function, frame.offset
    return (frame.file, frame.line) if frame.line else None


def task_groups(report: Report, dependencies: Sequence[Dependency]) -> tuple[tuple[int, ...], ...]:
    """Indices of dependencies, grouped by task, in cycle order.

    Nothing is joined around the end of the cycle: what the reporting task would do after it got the wanted lock is
    not in the report. No task takes a class twice, so a cycle never becomes one task: lockdep would have called that
    recursive locking. The new dependency is joined only if the reporting task's list of held locks agrees.
    """
    groups: list[list[int]] = []
    for index, dependency in enumerate(dependencies):
        group = groups[-1] if groups else []
        if group and _joins(report, [dependencies[number] for number in group], dependency):
            group.append(index)
        else:
            groups.append([index])
    return tuple(tuple(group) for group in groups)


def _joins(report: Report, group: Sequence[Dependency], new: Dependency) -> bool:
    if new.wanted in {group[0].held, *(dependency.wanted for dependency in group)}:
        return False
    if new.new and not all(_may_hold(report, dependency.held) for dependency in group):
        return False
    return bool(shared_function(group[-1].stack, new.stack))


def _may_hold(report: Report, lock_class: LockClass) -> bool:
    """Whether the reporting task can hold the class now; an incomplete list of held locks excludes nothing."""
    held = report.held_locks
    if held is None or held.count != len(held.locks) or any(lock.released for lock in held.locks):
        return True
    return any(lock.lock_class == lock_class for lock in held.locks)


def task_names(report: Report, groups: Sequence[Sequence[Dependency]]) -> tuple[str, ...]:
    """Display names, one per group: the reporting task's own, else what its stacks start in.

    Tasks that would be called the same get the function that took their last lock added, then a number.
    """
    plain = [_name(report, group, number) for number, group in enumerate(groups)]
    names = list(plain)
    for number, group in enumerate(groups):
        function = acquiring_function(group[-1].stack)
        if plain.count(plain[number]) > 1 and not group[-1].new and function not in ("", plain[number]):
            names[number] = f"{plain[number]} ({function})"
    seen: dict[str, int] = {}
    for number, name in enumerate(names):
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            names[number] = f"{name} #{seen[name]}"
    return tuple(names)


def _name(report: Report, group: Sequence[Dependency], number: int) -> str:
    if any(dependency.new for dependency in group):
        return reporter(report)
    stacks = [dependency.stack for dependency in group]
    names = [*map(entry_of, stacks), *map(acquiring_function, stacks), f"task {number + 1}"]
    return next(filter(None, names))


def reporter(report: Report) -> str:
    """The name of the task that lockdep stopped at: ``comm/pid``, or words when the text does not say."""
    if report.task:
        return str(report.task)
    trace = report.backtrace
    if trace and trace.comm and trace.pid is not None:
        return f"{trace.comm}/{trace.pid}"
    return (trace.comm if trace else "") or "the reporting task"


def entry_of(stack: StackTrace) -> str:
    """What a call path starts in: its system call, thread function, work function or interrupt handler.

    That is the outermost function inside the plumbing (``mremap``, ``khugepaged``, ``loop_process_work``), "" when
    there is nothing but plumbing.
    """
    for frame in reversed(call_path(stack)):
        function = frame.bare_function
        if not is_plumbing(function) and not is_lock_core(function):
            return entry_name(function)
    return ""


def function_path(stack: StackTrace, length: int = 4) -> str:
    """The innermost calls from the one that took the lock, ``__vma_adjust < __split_vma < do_munmap < vm_munmap``."""
    names = [frame.bare_function for frame in call_path(stack)]
    while names and is_lock_core(names[0]):
        del names[0]
    names = [name for name, before in pairwise([*names, ""]) if name != before]
    return " < ".join(names[:length]) + (" < ..." if len(names) > length else "")
