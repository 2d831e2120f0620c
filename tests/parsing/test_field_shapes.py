"""Shapes of lines that reports in forums, bug trackers and build logs have."""

import pytest

from lockview.model.held_reports import RcuReport
from lockview.model.irq_reports import InconsistentReport, IrqInversionReport, IrqOrderReport
from lockview.model.reports import CircularReport
from lockview.model.wait_reports import HungTaskReport, SpinReport
from lockview.parsing.reader import read_text


def test_a_raw_address_behind_emptied_brackets_is_a_frame() -> None:
    text = (
        "[ INFO: inconsistent lock state ]\n2.6.30 #1\n"
        "inconsistent {HARDIRQ-ON-W} -> {IN-HARDIRQ-W} usage.\n"
        "demo/42 [HC1[1]:SC0[0]:HE0:SE1] takes:\n (my_lock){+.+...}, at: [] my_take+0x29/0x8a\n"
        "{HARDIRQ-ON-W} state was registered at:\n  [] 0xffffffffffffffff\nirq event stamp: 7\n"
    )
    (report,) = read_text(text).reports
    assert isinstance(report, InconsistentReport)
    assert [frame.function for frame in report.registered.frames] == ["0xffffffffffffffff"]


def test_a_foreign_line_above_is_no_part_of_the_task_name() -> None:
    text = (
        "[ INFO: possible irq lock inversion dependency detected ]\n2.6.32 #745\n"
        "---------------------------------------------------------\n"
        "hub 1-3:1.0: state 7 ports 2 chg 0000 evt 0004\nksoftirqd/65/199 just changed the state of lock:\n"
        "(my_lock){..-...}, at: [<ffffffff81130e04>] my_free+0x38/0x104\n"
        "but this lock took another, SOFTIRQ-unsafe lock in the past:\n(my_area_lock){+.+...}\n"
    )
    (report,) = read_text(text).reports
    assert isinstance(report, IrqInversionReport)
    assert report.task is not None
    assert (report.task.comm, report.task.pid) == ("ksoftirqd/65", 199)


def test_the_owner_of_a_corrupted_spinlock_may_be_garbage() -> None:
    text = (
        "[ 1320.911907] BUG: spinlock bad magic on CPU#0, demo/3559\n"
        "[ 1320.915780]  lock: 0xffffffc03ca47900, .magic: 00000000, "
        r".owner: \xffffffe8\xffffff8b\xffffffd\xffffff80\xffffffff\xffffffff\xffffffff/0, .owner_cpu: 152518656"
        "\n"
    )
    (report,) = read_text(text).reports
    assert isinstance(report, SpinReport)
    assert (report.lock, report.magic, report.owner_cpu) == ("0xffffffc03ca47900", "00000000", 152518656)


@pytest.mark.parametrize(
    ("row", "function", "module"),
    [
        ("[<8022bb78>] (write_them) from [<7f4ba618>] (my_pages+0x80/0xe4 [my_fs])", "my_pages", "my_fs"),
        ("[<7f4ba618>] (my_pages [my_fs]) from [<8022e284>] (do_them+0x30/0x8c)", "do_them", ""),
        (" my_pages [my_fs] from do_them+0x30/0x8c", "do_them", ""),
        ("[<802859d8>] (kthread) from [<80200114>] (my_fork+0x14/0x20 arch/arm/my.S:137)", "my_fork", ""),
    ],
)
def test_rows_of_arm_name_modules(row: str, function: str, module: str) -> None:
    text = (
        "INFO: task demo:42 blocked for more than 120 seconds.\n      Not tainted 4.14.17 #10\n"
        f"demo            D    0    42      2 0x00000000\n{row}\n"
    )
    (report,) = read_text(text).reports
    assert isinstance(report, HungTaskReport)
    assert report.dump is not None
    assert [(frame.function, frame.module) for frame in report.dump.stack.frames] == [(function, module)]


def test_lines_of_another_printer_inside_a_lock_line_are_passed_over() -> None:
    text = (
        "[   30.203743] WARNING: possible recursive locking detected\n[   30.203751] 6.3.0 #157 Not tainted\n"
        "[   30.203757] --------------------------------------------\n"
        "[   30.203760] demo/42 is trying to acquire lock:\n[   30.204345] usb 1-1: signal error\n"
        "[   30.204783] ffff8880085fc330 (my_lock-INET\n[   30.205349] usb 1-1: signal error\n"
        "[   30.205852] /1){+.+.}-{0:0}, at: my_clean+0x1/0x2\n[   30.209033]\n"
        "[   30.209033] but task is already holding lock:\n"
        "[   30.209634] ffff8880085f8c30 (my_lock-INET/1){+.+.}-{0:0}, at: my_close+0x1/0x2\n"
    )
    (report,) = read_text(text).reports
    assert report.wanted is not None
    assert report.held is not None
    assert str(report.wanted.lock_class) == str(report.held.lock_class) == "my_lock-INET/1"
    assert report.wanted.instance == "ffff8880085fc330"
    assert any("line 7 stands among" in problem.message for problem in report.reading.problems)


def test_a_terminal_breaks_an_offset_without_time_stamps() -> None:
    text = (
        "BUG: scheduling while atomic: swapper/0/0x00000100\nModules linked in: my_drv\n"
        "Pid: 0, comm:              swapper\nCPU: 0    Not tainted  (2.6.37 #111)\n"
        "[<c0035d38>] (unwind_backtrace+0x0/0xec) from [<c003fd8c>] (dequeue_task_idle+0x\n20/0x34)\n"
        "[<c003fd8c>](dequeue_task_idle+0x20/0x34) from [<c003fe00>](my_stop+0x80/0xe8 [my_drv])\n"
    )
    (report,) = read_text(text).reports
    assert report.backtrace is not None
    assert [frame.function for frame in report.backtrace.stack.frames] == ["dequeue_task_idle", "my_stop"]
    assert (report.backtrace.comm, report.kernel, report.build) == ("swapper", "2.6.37", "#111")


def test_lines_of_faddr2line_between_those_of_a_report_are_no_locks() -> None:
    text = (
        "[   16.487309] WARNING: possible irq lock inversion dependency detected\n[   16.488313] 5.9.0 #9 Not tainted\n"
        "[   16.488936] --------------------------------------------------------\n"
        "[   16.489767] demo/6/0 just changed the state of lock:\n"
        "[   16.490449] ffff8889eea6f418 (&host->lock){-...}-{2:2}, at: my_interrupt+0x1e/0x530 [my_ata]\n"
        "__my_interrupt at /home/demo/linux/drivers/my-sff.c:1534\n"
        "(inlined by) my_interrupt at /home/demo/linux/drivers/my-sff.c:2832\n"
        "[   16.491639] but this lock took another, HARDIRQ-READ-unsafe lock in the past:\n"
        "[   16.492561]  (&trig->list_lock){.+.?}-{2:2}\n"
    )
    (report,) = read_text(text).reports
    assert isinstance(report, IrqInversionReport)
    assert report.held is None
    assert report.other is not None
    assert (str(report.other.lock_class), report.other.usage) == ("&trig->list_lock", ".+.?")


def test_entries_of_a_held_list_may_have_lost_their_numbers() -> None:
    text = (
        "WARNING: demo/42 still has locks held!\n2 locks held by demo/42:\n"
        "  (&list->my_mutex){+.+.}-{3:3}, at: my_ioctl+0x1/0x2 [my_drv]\n"
        "  (&my->other){+.+.}-{3:3}, at: my_open+0x1/0x2\nstack backtrace:\n dump_stack_lvl+0x44/0x57\n"
    )
    (report,) = read_text(text).reports
    assert report.held_locks is not None
    locks = [(lock.index, str(lock.lock_class), lock.site and lock.site.function) for lock in report.held_locks.locks]
    assert locks == [(0, "&list->my_mutex", "my_ioctl"), (1, "&my->other", "my_open")]


def test_a_mail_server_takes_a_dot_off_lines_of_dots() -> None:
    text = (
        "WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected\n6.8.0 #0 Not tainted\n"
        "-----------------------------------------------------\n"
        "demo/42 [HC0[0]:SC0[2]:HE0:SE0] is trying to acquire:\n"
        "ffff88807e4c5a18 (&stab->lock){+...}-{2:2}, at: my_delete+0x1/0x2\n\nand this task is already holding:\n"
        "ffff8880b9538818 (&pool->lock){-.-.}-{2:2}, at: my_queue+0x1/0x2\n"
        "which would create a new lock dependency:\n (&pool->lock){-.-.}-{2:2} -> (&stab->lock){+...}-{2:2}\n\n"
        "but this new dependency connects a HARDIRQ-irq-safe lock:\n (&pool->lock){-.-.}-{2:2}\n\n"
        ".. which became HARDIRQ-irq-safe at:\n  lock_acquire+0x1/0x2\n  my_irq+0x1/0x2\n\n"
        "to a HARDIRQ-irq-unsafe lock:\n (&stab->lock){+...}-{2:2}\n\n"
        ".. which became HARDIRQ-irq-unsafe at:\n..\n  lock_acquire+0x1/0x2\n"
    )
    (report,) = read_text(text).reports
    assert isinstance(report, IrqOrderReport)
    assert len(report.safe_stack.frames) == 2
    assert len(report.unsafe_stack.frames) == 1


def test_a_report_that_somebody_shortened() -> None:
    text = (
        "  WARNING: inconsistent lock state\n  5.9.0 #0 Not tainted\n  --------------------------------\n"
        "  inconsistent {IN-SOFTIRQ-W} -> {SOFTIRQ-ON-W} usage.\n  demo-executor.0/26715 takes:\n"
        "  (my_lock){+.?.}-{2:2}, at: my_parallel kernel/my.c:220\n  {IN-SOFTIRQ-W} state was registered at:\n"
        "    spin_lock include/linux/spinlock.h:354 [inline]\n    my_parallel kernel/my.c:220\n    ...\n"
        "    __do_softirq kernel/softirq.c:298\n    asm_my_interrupt+0x12\n"
    )
    (report,) = read_text(text).reports
    assert isinstance(report, InconsistentReport)
    assert report.task is not None
    assert (report.task.comm, report.task.pid, report.context) == ("demo-executor.0", 26715, None)
    assert report.wanted is not None
    assert report.wanted.site is not None
    assert (report.wanted.site.function, report.wanted.site.line) == ("my_parallel", 220)
    functions = [frame.function for frame in report.registered.frames]
    assert functions == ["spin_lock", "my_parallel", "__do_softirq", "asm_my_interrupt"]


def test_an_inconsistent_state_without_title_keeps_its_states() -> None:
    text = (
        ">>   inconsistent {SOFTIRQ-ON-W} -> {IN-SOFTIRQ-W} usage.\n>>   demo/68/0 [HC0[0]:SC1[1]:HE1:SE0] takes:\n"
        ">>   0000000052a030a7 (my_lock){+.?.}, at: my_free+0x9c/0x340\n>>   {SOFTIRQ-ON-W} state was registered at:\n"
        ">>     lock_acquire+0xd4/0x230\n"
    )
    (report,) = read_text(text).reports
    assert isinstance(report, InconsistentReport)
    assert (report.old_state, report.new_state) == ("SOFTIRQ-ON-W", "IN-SOFTIRQ-W")


@pytest.mark.parametrize("state", ["rcu_scheduler_active = 2, debug_locks = 1\n", ""])
def test_suspicious_rcu_usage_without_title_keeps_its_place(state: str) -> None:
    text = (
        "net/my/api.c:1272 suspicious rcu_dereference_check() usage!\nother info that might help us debug this:\n\n"
        f"{state}1 lock held by demo/27006:\n #0: 00000000e0f85be9 (&net->my_mutex){{+.+.}}, at: my_valid+0x1a/0x50\n"
        "Call Trace:\n my_fill.isra.45+0x6cc/0x6e0\n"
    )
    (report,) = read_text(text).reports
    assert isinstance(report, RcuReport)
    assert report.place == "net/my/api.c:1272"
    assert report.task is not None
    assert report.task.pid == 27006
    assert not read_text(
        "Fix this:\n\nnet/my/api.c:1272 suspicious rcu_dereference_check() usage!\n\nSigned-off"
    ).reports


def test_a_frame_may_have_lost_its_size_and_a_lock_its_owner() -> None:
    text = (
        "BUG: spinlock recursion on CPU#3, demo/3/0\n lock: 0xffffff8a4bf29c80, .magic: dead4ead\nCall trace:\n"
        "spin_bug+0x0\n_raw_spin_lock_irqsave+0x80\nmy_start+0x94 [my_drv]\n"
    )
    (report,) = read_text(text).reports
    assert isinstance(report, SpinReport)
    assert (report.magic, report.owner, report.owner_cpu) == ("dead4ead", None, None)
    assert report.backtrace is not None
    shown = [(frame.function, frame.offset, frame.module) for frame in report.backtrace.stack.frames]
    assert shown == [("spin_bug", 0, ""), ("_raw_spin_lock_irqsave", 128, ""), ("my_start", 148, "my_drv")]


def test_klogd_put_symbols_in_place_of_addresses() -> None:
    text = (
        "[ INFO: possible circular locking dependency detected ]\n2.6.18 #6\n"
        "-------------------------------------------------------\ndemo/42 is trying to acquire lock:\n"
        " (my_sem){----}, at: [my_lookup+20/168] my_lookup+0x14/0xa8\n\nbut task is already holding lock:\n"
        " ((my_chain).rwsem){----}, at:\n[my_notify+14/45]\nmy_notify+0xe/0x2d\n\n"
        "which lock already depends on the new lock.\n\n\nthe existing dependency chain (in reverse order) is:\n\n"
        "-> #1 ((my_chain).rwsem){----}:\n       [lock_acquire+86/116] lock_acquire+0x56/0x74\n"
        "       [my_notify+14/45]\nmy_notify+0xe/0x2d\n\n"
        "-> #0 (my_sem){----}:\n       [my_mod:my_lookup+20/168] my_lookup+0x14/0xa8 [my_mod]\n"
    )
    (report,) = read_text(text).reports
    assert isinstance(report, CircularReport)
    assert report.wanted is not None
    assert report.wanted.site is not None
    assert report.wanted.site.function == "my_lookup"
    assert report.held is not None
    assert report.held.site is not None
    assert report.held.site.function == "my_notify"
    stacks = [[frame.function for frame in entry.stack.frames] for entry in report.chain]
    assert stacks == [["lock_acquire", "my_notify"], ["my_lookup"]]


def test_a_title_and_a_scenario_in_a_text_about_reports_are_no_report() -> None:
    talk = "When lockdep finds such a thing it\nprints the locks that are involved\nas back traces. Developers were\n"
    scenario = (
        "Possible interrupt unsafe locking scenario:\n\n       CPU0                    CPU1\n"
        "       ----                    ----\n  lock(lockA);\n                               local_irq_disable();\n"
        "                               lock(&rq->lock);\n  <Interrupt>\n    lock(&rq->lock);\n\n *** DEADLOCK ***\n"
    )
    title = "[ INFO: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected ]\n"
    assert not read_text(title + talk + talk + scenario).reports
    assert len(read_text(title + scenario).reports) == 1
