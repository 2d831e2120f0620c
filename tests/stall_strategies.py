"""Hypothesis strategies for lockups and stalls as a kernel could have printed them."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from wait_reports import _frames, _held_lists, _stacks, _tasks

from lockview.model.reports import ReportKind
from lockview.model.stall_reports import StallReport, StallStack
from lockview.model.usages import IrqEvent

_LINES = {
    ReportKind.SOFT_LOCKUP: (
        "Sending NMI from CPU 0 to CPUs 1-3:",
        "NMI backtrace for cpu 2 skipped: idling at foo+0x1/0x2",
    ),
    ReportKind.HARD_LOCKUP: ("Sending NMI from CPU 0 to CPUs 1-3:",),
    ReportKind.RCU_STALL: (
        "3-...!: (1 GPs behind) idle=e0c/1/0x4000000000000000 softirq=41/42 fqs=0 (false positive?)",
        "Tasks blocked on level-0 rcu_node (CPUs 0-1): P42/1:b..l",
        "(detected by 1, t=10502 jiffies, g=9137, q=235 ncpus=2)",
        "rcu_preempt kthread starved for 10502 jiffies! g9137 f0x0 RCU_GP_WAIT_FQS(5) ->state=0x0 ->cpu=0",
        "Unless rcu_preempt kthread gets sufficient CPU time, OOM is now expected behavior.",
    ),
}


@st.composite
def _stall_stacks(draw: DrawFn, number: int) -> StallStack:
    hardware = draw(st.sampled_from(["", "QEMU Standard PC (i440FX + PIIX, 1996)"]))
    workqueue = draw(st.sampled_from(["", "events_unbound flush_to_ldisc"]))
    if number and draw(st.booleans()):
        label = draw(st.sampled_from(["", "RCU grace-period kthread stack dump:"]))
        state = draw(st.sampled_from("DSRI"))
        return StallStack(label, None, draw(_tasks), state, draw(_stacks()), workqueue=workqueue)
    label = f"NMI backtrace for cpu {number}" if number else ""
    return StallStack(label, number, draw(_tasks), "", draw(_stacks()), hardware, workqueue)


@st.composite
def stall_reports(draw: DrawFn) -> StallReport:
    """A lockup or a stall of any sort."""
    group = draw(st.sampled_from(list(_LINES)))
    task, cpu, seconds = draw(_tasks), draw(st.integers(0, 511)), None
    if group is ReportKind.SOFT_LOCKUP:
        seconds = draw(st.integers(1, 999))
        title = f"watchdog: BUG: soft lockup - CPU#{cpu} stuck for {seconds}s! [{task.comm}:{task.pid}]"
    elif group is ReportKind.HARD_LOCKUP:
        title = f"NMI watchdog: Watchdog detected hard LOCKUP on cpu {cpu}"
    else:
        title = draw(
            st.sampled_from(
                [
                    "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
                    "rcu: INFO: rcu_sched self-detected stall on CPU",
                    "INFO: rcu_tasks detected stalls on tasks:",
                ]
            )
        )
    lines = tuple(line for line in _LINES[group] if draw(st.booleans()))
    cpus = (cpu,) if group is not ReportKind.RCU_STALL else (3,) if any(line.startswith("3-") for line in lines) else ()
    frame = _frames("")
    events = tuple(IrqEvent(f"{name} last disabled", 7, draw(frame)) for name in ("hardirqs", "softirqs"))
    stamp = draw(st.none() | st.integers(0, 10**9))
    return StallReport(
        title=title,
        kernel="6.12.0-rc1+",
        build="#7",
        taint=draw(st.sampled_from(["Not tainted", "Tainted: G W"])),
        task=task if group is ReportKind.SOFT_LOCKUP else None,
        group=group,
        cpus=cpus,
        seconds=seconds,
        lines=lines,
        stacks=tuple([draw(_stall_stacks(number)) for number in range(draw(st.integers(1, 3)))]),
        lists=tuple(draw(st.lists(_tasks.flatmap(_held_lists), max_size=2))),
        event_stamp=stamp,
        irq_events=() if stamp is None else events,
    )
