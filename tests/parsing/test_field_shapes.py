"""Shapes of lines that reports in forums, bug trackers and build logs have."""

import pytest

from lockview.model.irq_reports import InconsistentReport, IrqInversionReport
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
