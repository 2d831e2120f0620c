"""Where stacks end: the ways into the kernel, under the names that a kernel of the variant shows."""

from __future__ import annotations

from collections.abc import Callable
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
