"""What a routine is to a scenario: its name, its arguments, and how a thread starts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

from lockview.kernel.effects import Routine
from lockview.kernel.entry import Call, kthread, renamed, ret_from_fork, slow_system_call, system_call
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread

Arguments = Mapping[str, Any]


class Kind(StrEnum):
    """What an argument is."""

    PAGE = "page"
    """A page number."""
    TABLE = "place of a page table"
    """Which of the tables of an address space, from 0 on."""
    NUMBER = "number"
    FLAG = "flag"
    """True or false."""
    RIGHTS = "rights"
    """Letters: r, w, x; s shared, g grows down, l locked, u userfaultfd, h huge."""
    FILE = "file"
    """The name of a file of the scenario."""
    MM = "mm"
    """The name of an address space of the scenario."""
    TASK = "task"
    """The name of a task of the scenario."""
    PROGRAM = "list of lock operations"
    """Lines of a lock program, with the names of the scenario's locks."""
    CALLERS = "list of functions, parted by <-"


class Parameter(NamedTuple):
    """An argument of a routine; one with a ``default`` may be left out."""

    name: str
    kind: Kind
    default: object = ...


class RoutineSpec(NamedTuple):
    """A routine: what it is called in scenarios, what it does, what it wants, and how a thread starts it.

    ``start(thread, arguments)`` is called once, before the run; what it returns starts the coroutine afresh each time.
    """

    name: str
    meaning: str
    parameters: tuple[Parameter, ...]
    start: Callable[[Thread, Arguments], Call]
    needs_mm: bool = True


def system_call_of(
    routine: Callable[..., Routine[Any]],
    *names: str,
    modern: Callable[..., Routine[Any]] | None = None,
    slow: bool = False,
    **fixed: object,
) -> Callable[[Thread, Arguments], Call]:
    """A system call on the thread's own address space, with the named arguments by their names.

    Kernels of modern names enter by ``modern``, or by the same routine under the name that it has there; ``slow`` is
    for those that older ones enter another way.
    """

    def start(t: Thread, arguments: Arguments) -> Call:
        entry = routine
        if t.has(Switch.MODERN_NAMES):
            entry = modern or renamed(routine, routine.__name__.replace("SyS_", "__x64_sys_"))
        call = partial(entry, t, t.mm, **{name: arguments[name] for name in names}, **fixed)
        return partial(slow_system_call if slow else system_call, t, call)

    return start


def kernel_thread_of(routine: Callable[..., Routine[Any]], *names: str) -> Callable[[Thread, Arguments], Call]:
    """A kernel thread, with the named arguments by their names."""

    def start(t: Thread, arguments: Arguments) -> Call:
        call = partial(routine, t, **{name: arguments[name] for name in names})
        return partial(ret_from_fork, partial(kthread, call))

    return start
