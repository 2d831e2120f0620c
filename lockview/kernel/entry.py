"""Where stacks end: the ways into the kernel, under the names that a kernel of the variant shows."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from lockview.kernel.effects import Routine
from lockview.kernel.inlining import inlined
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread

Call = Callable[[], Routine[Any]]
"""Starts a routine. One value per call site, made before the run, since places are told apart by variables."""


@inlined
def system_call(t: Thread, call: Call) -> Routine[None]:
    """From user space by a system call."""
    if t.has(Switch.MODERN_NAMES):
        yield from entry_SYSCALL_64_after_hwframe(call)
    else:
        yield from entry_SYSCALL_64_fastpath(call)


@inlined
def slow_system_call(t: Thread, call: Call) -> Routine[None]:
    """From user space by a system call that has to see all registers: clone."""
    if t.has(Switch.MODERN_NAMES):
        yield from entry_SYSCALL_64_after_hwframe(call)
    else:
        yield from return_from_SYSCALL_64(call)


def return_from_SYSCALL_64(call: Call) -> Routine[None]:  # noqa: N802 (the kernel's name)
    """Of kernels before 4.15."""
    yield from do_syscall_64(call)


def entry_SYSCALL_64_fastpath(call: Call) -> Routine[None]:  # noqa: N802 (the kernel's name)
    """Of kernels before 4.15."""
    yield from call()


def entry_SYSCALL_64_after_hwframe(call: Call) -> Routine[None]:  # noqa: N802 (the kernel's name)
    """Of kernels since."""
    yield from do_syscall_64(call)


def do_syscall_64(call: Call) -> Routine[None]:
    """The part in C."""
    yield from call()


def ret_from_fork(call: Call) -> Routine[None]:
    """Where a kernel thread begins."""
    yield from call()


def kthread(call: Call) -> Routine[None]:
    """The frame of a kernel thread."""
    yield from call()


def renamed(routine: Callable[..., Routine[Any]], name: str) -> Callable[..., Routine[Any]]:
    """The same routine under the name that another kernel has for it. To be made once, before the run."""
    if not isinstance(routine, FunctionType):
        raise TypeError("only a plain function can be renamed")
    code = routine.__code__.replace(co_name=name, co_qualname=name)
    twin = FunctionType(code, routine.__globals__, name, routine.__defaults__, routine.__closure__)
    twin.__kwdefaults__ = routine.__kwdefaults__
    return twin
