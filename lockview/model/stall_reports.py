"""Reports about CPUs that do not get on: soft and hard lockups, stalls of RCU. They name no locks, stacks tell."""

from __future__ import annotations

from dataclasses import dataclass, field

from lockview.model.reports import HeldLocks, Report, ReportKind, Task
from lockview.model.stacks import EMPTY_STACK, StackTrace
from lockview.model.text import NOWHERE, Span
from lockview.model.usages import IrqEvent


@dataclass(frozen=True, slots=True)
class StallStack:
    """What one CPU or one task was doing.

    ``label`` are the words above it (``NMI backtrace for cpu 1``, ``RCU grace-period kthread stack dump:``), "" for
    the first stack, which has none. ``cpu`` and ``task`` are None where not printed. ``state`` is the letter of a
    task's dump, "" for the stack of a CPU. The first frame is the interrupted function where registers name it.
    """

    label: str = ""
    cpu: int | None = None
    task: Task | None = None
    state: str = ""
    stack: StackTrace = EMPTY_STACK
    hardware: str = ""
    workqueue: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class StallReport(Report):
    """A soft lockup, a hard lockup or a stall of RCU; ``group`` says which.

    ``cpus`` are the CPUs that are stuck, as far as the text names them. ``seconds`` is how long a soft lockup lasts,
    None for the others. ``lines`` are the kernel's sentences below the title, without stacks. ``stacks`` are all
    stacks in the order in which they were printed, ``lists`` all lists of held locks: few kernels print any here.
    Source: kernel/watchdog.c, kernel/rcu/tree_stall.h, tasks.h, tree_exp.h.
    """

    group: ReportKind = ReportKind.RCU_STALL
    cpus: tuple[int, ...] = ()
    seconds: int | None = None
    lines: tuple[str, ...] = ()
    stacks: tuple[StallStack, ...] = ()
    lists: tuple[HeldLocks, ...] = ()
    event_stamp: int | None = None
    irq_events: tuple[IrqEvent, ...] = ()

    @property
    def kind(self) -> ReportKind:
        return self.group
