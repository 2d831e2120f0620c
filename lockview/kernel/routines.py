"""The routines that a scenario can have its tasks call, by name, with the arguments of each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from lockview.kernel.effects import Routine
from lockview.kernel.entry import Call, renamed, ret_from_fork, system_call
from lockview.kernel.inlining import inlined
from lockview.kernel.lock_programs import actions_of, lock_program
from lockview.kernel.locks.contexts import hardirq, softirq
from lockview.kernel.mm.access import fault, load, send_fatal_signal, store
from lockview.kernel.mm.exec import kernel_init
from lockview.kernel.mm.khugepaged import khugepaged
from lockview.kernel.mm.mapping import SyS_mmap, SyS_mmap_pgoff
from lockview.kernel.mm.mremap import SyS_mremap
from lockview.kernel.mm.objects import Flags
from lockview.kernel.mm.unmap import SyS_munmap, grace_periods
from lockview.kernel.mm.vms import __x64_sys_munmap
from lockview.kernel.routine_specs import Arguments, Kind, Parameter, RoutineSpec, kernel_thread_of, system_call_of
from lockview.kernel.system import Thread
from lockview.kernel.writers import WRITERS

__all__ = ["ROUTINES", "Kind", "Parameter", "RoutineSpec", "one_after_the_other"]


@inlined
def one_after_the_other(calls: tuple[Call, ...]) -> Routine[None]:
    """All the calls of a task."""
    while calls:
        yield from calls[0]()
        calls = calls[1:]


def _user(routine: Callable[..., Routine[Any]], *names: str) -> Callable[[Thread, Arguments], Call]:
    """What a thread does in user space, with the named arguments in that order."""
    return lambda t, arguments: partial(routine, t, t.mm, *(arguments[name] for name in names))


def _kill(t: Thread, arguments: Arguments) -> Call:
    """The threads are all there only when the call starts."""
    number: int = arguments["task"]

    def call() -> Routine[Any]:
        return send_fatal_signal(t.kernel.threads[number])

    return partial(system_call, t, call)


def _first_exec(t: Thread, arguments: Arguments) -> Call:
    values = [arguments[name] for name in ("file", "start", "end", "span_end")]
    routine: Callable[..., Routine[Any]] = kernel_init
    return partial(ret_from_fork, partial(routine, t, t.mm, *values))


def _lock_program(t: Thread, arguments: Arguments) -> Call:
    return partial(lock_program, actions_of(t, arguments["steps"], arguments["callers"]))


def _interrupt(t: Thread, arguments: Arguments) -> Call:
    """The threads are all there only when the call starts."""
    number: int = arguments["task"]
    soft: bool = arguments["soft"]
    handler = partial(lock_program, actions_of(t, arguments["steps"], arguments["callers"]))

    def call() -> Routine[Any]:
        thread = t.kernel.threads[number]
        return softirq(thread.irqs, thread.softirqs, handler) if soft else hardirq(thread.irqs, handler)

    return call


_START = Parameter("start", Kind.PAGE)
_END = Parameter("end", Kind.PAGE)
_PAGE = Parameter("page", Kind.PAGE)

ROUTINES: dict[str, RoutineSpec] = {
    spec.name: spec
    for spec in (
        *WRITERS,
        RoutineSpec(
            "mmap",
            "map free pages, of a file or anonymous",
            (
                _START,
                _END,
                Parameter("rights", Kind.RIGHTS, Flags.READ | Flags.WRITE),
                Parameter("file", Kind.FILE, None),
                Parameter("fails", Kind.FLAG, False),
            ),
            system_call_of(
                SyS_mmap, "start", "end", "rights", "file", "fails", modern=renamed(SyS_mmap_pgoff, "ksys_mmap_pgoff")
            ),
        ),
        RoutineSpec("load", "read from a page, after as many faults as it takes", (_PAGE,), _user(load, "page")),
        RoutineSpec("store", "write to a page, after as many faults as it takes", (_PAGE,), _user(store, "page")),
        RoutineSpec(
            "fault",
            "one fault at a page, without the access that caused it",
            (_PAGE, Parameter("write", Kind.FLAG, True)),
            _user(fault, "page", "write"),
        ),
        RoutineSpec(
            "kill",
            "send a fatal signal to a task",
            (Parameter("task", Kind.TASK),),
            _kill,
            needs_mm=False,
        ),
        RoutineSpec(
            "munmap",
            "unmap pages",
            (_START, _END),
            system_call_of(SyS_munmap, "start", "end", modern=__x64_sys_munmap),
        ),
        RoutineSpec(
            "mremap",
            "move a mapping",
            (_START, _END, Parameter("to", Kind.PAGE)),
            system_call_of(SyS_mremap, "start", "end", "to"),
        ),
        RoutineSpec(
            "init-exec",
            "the first process executes a script: map the whole span of a file, unmap its tail",
            (Parameter("file", Kind.FILE), _START, _END, Parameter("span_end", Kind.PAGE)),
            _first_exec,
        ),
        RoutineSpec(
            "lock-program",
            "take and give up locks as the scenario says, step by step",
            (Parameter("steps", Kind.PROGRAM), Parameter("callers", Kind.CALLERS, ())),
            _lock_program,
            needs_mm=False,
        ),
        RoutineSpec(
            "interrupt",
            "take and give up locks in an interrupt, or a soft one, that comes while a task has them on",
            (
                Parameter("task", Kind.TASK),
                Parameter("steps", Kind.PROGRAM),
                Parameter("soft", Kind.FLAG, False),
                Parameter("callers", Kind.CALLERS, ()),
            ),
            _interrupt,
            needs_mm=False,
        ),
        RoutineSpec(
            "khugepaged", "collapse small pages into a huge one", (), kernel_thread_of(khugepaged), needs_mm=False
        ),
        RoutineSpec(
            "grace-periods",
            "end grace periods and run their callbacks; for a daemon",
            (),
            kernel_thread_of(grace_periods),
            needs_mm=False,
        ),
    )
}
