"""Lockups and stalls of RCU: every wording, what the stacks show, damage and cuts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stall_strategies import stall_reports

from lockview.analysis.build import lock_graph
from lockview.analysis.explain import explain, summary
from lockview.export.kernel_text import kernel_text
from lockview.model.reports import Report, ReportKind, Task
from lockview.model.stall_reports import StallReport
from lockview.parsing.reader import read_text

SOFT = """
watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [my task:42]
Modules linked in: a b
irq event stamp: 30574
hardirqs last  enabled at (30573): [<ffffffff88000c42>] one+0x12/0x20
hardirqs last disabled at (30574): [<ffffffff87e462cd>] two+0x1d/0x50
CPU: 0 PID: 42 Comm: my task Not tainted 6.1.0 #7
Hardware name: Machine
RIP: 0010:native_queued_spin_lock_slowpath+0x21/0x2b0
Code: 48 8d 74
RSP: 0018:ffffc9000466f5e0 EFLAGS: 00000293
Call Trace:
 <TASK>
 _raw_spin_lock+0x2c/0x40
 taker+0x11/0x40 [demo]
 __x64_sys_ioctl+0x90/0xd0
 entry_SYSCALL_64_after_hwframe+0x44/0xa9
RIP: 0033:0x45cb29
 </TASK>
Sending NMI from CPU 0 to CPUs 1-2:
NMI backtrace for cpu 1 skipped: idling at default_idle+0x1/0x2
NMI backtrace for cpu 2
CPU: 2 PID: 43 Comm: other Not tainted 6.1.0 #7
RIP: 0010:holder+0x51/0xe0
Call Trace:
 <TASK>
 outer+0x1/0x2
 </TASK>
Kernel panic - not syncing: softlockup: hung tasks
CPU: 0 PID: 42 Comm: my task Tainted: G L 6.1.0 #7
Call Trace:
 panic+0x1/0x2
"""
STALL = """
rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
rcu: \t1-...!: (1 GPs behind) idle=e0c/1/0x4000000000000000 softirq=101/102 fqs=0
rcu: \tTasks blocked on level-0 rcu_node (CPUs 0-3): P42/1:b..l
rcu: \t(detected by 0, t=10502 jiffies, g=9137, q=235 ncpus=4)
Sending NMI from CPU 0 to CPUs 1:
NMI backtrace for cpu 1
CPU: 1 UID: 0 PID: 42 Comm: demo Not tainted 6.12.0 #7
RIP: 0010:smp_call_function_many_cond+0x21/0x2b0
Call Trace:
 <TASK>
 on_each_cpu_cond_mask+0x2c/0x40
 flush_it+0x11/0x40
 </TASK>
rcu: rcu_preempt kthread starved for 10502 jiffies! g9137 f0x0 RCU_GP_WAIT_FQS(5) ->state=0x0 ->cpu=0
rcu: \tUnless rcu_preempt kthread gets sufficient CPU time, OOM is now expected behavior.
rcu: RCU grace-period kthread stack dump:
task:rcu_preempt     state:R  running task     stack:0     pid:15    tgid:15    ppid:2      flags:0x00004000
Call Trace:
 <TASK>
 schedule+0x5e/0xd0
 </TASK>
"""
SELF = """
rcu: INFO: rcu_sched self-detected stall on CPU
rcu: \t0-....: (9999 ticks this GP) idle=d3c/1/0x4000000000000002 softirq=1/1 fqs=2500
rcu: \t(t=10000 jiffies g=9137 q=235 ncpus=4)
CPU: 0 PID: 44 Comm: spin Not tainted 6.1.0 #7
Call Trace:
 <IRQ>
 rcu_sched_clock_irq+0x100/0x180
 update_process_times+0x100/0x180
 __hrtimer_run_queues+0x100/0x180
 hrtimer_interrupt+0x100/0x180
 </IRQ>
 <TASK>
 asm_sysvec_apic_timer_interrupt+0x1a/0x20
RIP: 0010:delay_tsc+0x21/0x60
 do_raw_spin_lock+0x11/0x40
 _raw_spin_lock_irqsave+0x11/0x40
 worker_fn+0x90/0xd0
 </TASK>
"""
OLD_STALL = """
INFO: rcu_sched detected stalls on CPUs/tasks: { 1 3} (detected by 0, t=65002 jiffies, g=1, c=2, q=3)
Pid: 44, comm: spin Not tainted 2.6.38 #7
Call Trace:
 <IRQ>  [<ffffffff81000001>] __rcu_pending+0x1/0x2
 [<ffffffff81000002>] tick_sched_timer+0x1/0x2
 [<ffffffff81000003>] apic_timer_interrupt+0x1/0x2
 <EOI>  [<ffffffff81000004>] _raw_spin_lock+0x1/0x2
 [<ffffffff81000005>] old_taker+0x1/0x2
"""
EXPEDITED = """
rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 2-...D P42 } 123 jiffies s: 45 root: 0x4/.
rcu: blocking rcu_node structures (internal RCU debug): l=1:0-15:0x4/.
Sending NMI from CPU 0 to CPUs 2:
NMI backtrace for cpu 2
CPU: 2 PID: 43 Comm: other Not tainted 6.12.0 #7
RIP: 0010:osq_lock+0x21/0x2b0
Call Trace:
 <TASK>
 __mutex_lock+0x2c/0x40
 user_fn+0x11/0x40
 </TASK>
"""
TASKS = """
INFO: rcu_tasks detected stalls on tasks:
ffff888012345678: .. nvcsw: 2/2 holdout: 1 idle_cpu: -1/0
task:demo            state:R  running task     stack:0     pid:42    ppid:2      flags:0x00004000
Call Trace:
 <TASK>
 loop_for_ever+0x1/0x2
 </TASK>
"""
HARD = """
NMI watchdog: Watchdog detected hard LOCKUP on cpu 3
Modules linked in: a b c
CPU: 3 PID: 45 Comm: demo Not tainted 5.15.0 #7
RIP: 0010:queued_write_lock_slowpath+0x21/0x2b0
Call Trace:
 _raw_write_lock_irq+0x2c/0x40
 exit_notify+0x2c/0x40
Kernel panic - not syncing: Hard LOCKUP
"""
VERY_OLD = """
BUG: soft lockup - CPU#1 stuck for 61s! [kworker/u4:1:33]
Pid: 33, comm: kworker/u4:1 Not tainted 2.6.32 #7
RIP: 0010:[<ffffffff81234567>]  [<ffffffff81234567>] _spin_lock+0x1e/0x30
Call Trace:
 [<ffffffff81234569>] my_old_fn+0x1e/0x30
"""
ALL = {
    "soft": SOFT,
    "stall": STALL,
    "self": SELF,
    "old stall": OLD_STALL,
    "expedited": EXPEDITED,
    "tasks": TASKS,
    "hard": HARD,
    "very old": VERY_OLD,
}


def one(text: str) -> StallReport:
    (report,) = read_text(text).reports
    assert isinstance(report, StallReport)
    return report


@pytest.mark.parametrize(
    ("name", "kind", "cpus", "stacks"),
    [
        ("soft", ReportKind.SOFT_LOCKUP, (0,), ["my task/42", "other/43"]),
        ("stall", ReportKind.RCU_STALL, (1,), ["demo/42", "rcu_preempt/15"]),
        ("self", ReportKind.RCU_STALL, (0,), ["spin/44"]),
        ("old stall", ReportKind.RCU_STALL, (1, 3), ["spin/44"]),
        ("expedited", ReportKind.RCU_STALL, (2,), ["other/43"]),
        ("tasks", ReportKind.RCU_STALL, (), ["demo/42"]),
        ("hard", ReportKind.HARD_LOCKUP, (3,), ["demo/45"]),
        ("very old", ReportKind.SOFT_LOCKUP, (1,), ["kworker/u4:1/33"]),
    ],
)
def test_every_wording_is_read(name: str, kind: ReportKind, cpus: tuple[int, ...], stacks: list[str]) -> None:
    report = one(ALL[name])
    assert report.kind is kind
    assert report.cpus == cpus
    assert [str(stack.task) for stack in report.stacks] == stacks
    assert report.kernel or name == "tasks"
    assert report.reading.complete
    assert read_text(kernel_text(report)).reports == (report,)


def test_a_soft_lockup_whole() -> None:
    report = one(SOFT)
    assert report.task == Task("my task", 42)
    assert report.seconds == 22
    assert report.event_stamp == 30574
    assert [event.site.function for event in report.irq_events if event.site] == ["one", "two"]
    first, second = report.stacks
    assert [frame.function for frame in first.stack][:3] == [
        "native_queued_spin_lock_slowpath",
        "_raw_spin_lock",
        "taker",
    ]
    assert all("0x45cb29" not in frame.function for frame in first.stack)
    assert second.label == "NMI backtrace for cpu 2"
    assert [frame.function for frame in second.stack] == ["holder", "outer"]
    assert "NMI backtrace for cpu 1 skipped: idling at default_idle+0x1/0x2" in report.lines


def test_lines_of_a_stall_are_kept() -> None:
    report = one(STALL)
    assert report.lines[2] == "(detected by 0, t=10502 jiffies, g=9137, q=235 ncpus=4)"
    assert report.stacks[1].label == "RCU grace-period kthread stack dump:"
    assert report.stacks[1].state == "R"


@pytest.mark.parametrize("name", ALL)
def test_time_stamps_change_nothing(name: str) -> None:
    lines = ALL[name].strip("\n").splitlines()
    stamped = "".join(f"[  635.{number:06}][    C0] {line}\n" for number, line in enumerate(lines))
    assert one(stamped) == one(ALL[name])


@pytest.mark.parametrize("name", ALL)
def test_cut_anywhere_it_is_read_or_named(name: str) -> None:
    """A report of which a part is left is a report without the rest, or its title is a near miss."""
    lines = ALL[name].strip("\n").splitlines()
    for count in range(1, len(lines)):
        log = read_text("\n".join(lines[:count]))
        assert len(log.reports) + len(log.near_misses) >= 1
        for report in log.reports:
            explain(report, lock_graph(report))


@pytest.mark.parametrize(
    "text",
    [
        "The patch fixes a BUG: soft lockup - CPU#0 stuck for 22s! that was seen.\n",
        "It says INFO: rcu_sched self-detected stall on CPU when the loop is long.\n",
        "A hard LOCKUP is worse.\n",
    ],
)
def test_prose_is_no_report(text: str) -> None:
    assert read_text(text).reports == ()


@settings(max_examples=60, deadline=None)
@given(stall_reports(), st.integers(0, 60), st.integers(0, 60))
def test_any_part_of_a_stall_is_survived(report: Report, first: int, last: int) -> None:
    lines = kernel_text(report).splitlines()[first : first + last + 1]
    for read in read_text("\n".join(lines)).reports:
        graph = lock_graph(read)
        assert summary(read, graph)
        assert explain(read, graph)


def test_powerpc_names_the_interrupted_function_apart() -> None:
    report = one(
        """
watchdog: CPU 4 self-detected hard LOCKUP @ queued_spin_lock_slowpath+0x1a4/0x390
watchdog: CPU 4 TB:12345, last heartbeat TB:1234 (12345ms ago)
CPU: 4 PID: 555 Comm: demo Not tainted 5.10.0 #1
NIP:  c000000000012345 LR: c000000000012345 CTR: c000000000012345
NIP [c000000000012345] queued_spin_lock_slowpath+0x1a4/0x390
LR [c000000000012345] _raw_spin_lock+0x1a4/0x390
Call Trace:
[c0000000012345a0] [c000000000012345] _raw_spin_lock+0x1a4/0x390 (unreliable)
[c0000000012345b0] [c000000000012345] taker+0x1a4/0x390
"""
    )
    assert report.cpus == (4,)
    assert [frame.function for frame in report.stacks[0].stack] == [
        "queued_spin_lock_slowpath",
        "_raw_spin_lock",
        "taker",
    ]


def test_other_cpus_of_a_hard_lockup() -> None:
    text = "watchdog: CPU 1 detected hard LOCKUP on other CPUs 2-3,7\nwatchdog: CPU 2 Hard LOCKUP\n"
    assert one(text).cpus == (2, 3, 7)
