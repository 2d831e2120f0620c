"""Reports of waiting tasks: passes of the watchdog, eras of task lines, and cuts."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wait_reports import wait_reports

from lockview.analysis.build import lock_graph
from lockview.export.kernel_text import kernel_text
from lockview.model.held_reports import AtomicReport
from lockview.model.reports import Report, ReportKind, Task
from lockview.model.wait_reports import HungTaskReport, LocksDumpReport, SpinReport
from lockview.parsing.reader import read_bytes, read_file, read_text

FRAMES = "Call Trace:\n __schedule+0x1/0x2\n schedule+0x1/0x2\n foo+0x1/0x2\n"
LIST = (
    "\nShowing all locks held in the system:\n1 lock held by a/1:\n #0: (&m){+.+.+.}, at: foo+0x1/0x2\n\n"
    + "=" * 45
    + "\n"
)


def title(comm: str, pid: int) -> str:
    return f"INFO: task {comm}:{pid} blocked for more than 120 seconds.\n"


def hung(text: str) -> list[HungTaskReport]:
    return [report for report in read_text(text).reports if isinstance(report, HungTaskReport)]


@pytest.mark.parametrize(
    ("line", "comm"),
    [
        (
            "task:a b             state:D stack:0     pid:42    tgid:42    ppid:1      task_flags:0x400140 flags:0x00",
            "a b",
        ),
        ("task:a b             state:D stack:0     pid:42    tgid:42    ppid:1      flags:0x00004000", "a b"),
        ("task:a b             state:D stack:    0 pid:   42 ppid:     1 flags:0x00004000", "a b"),
        ("task:kworker/u4:1    state:D stack:26848 pid:42    ppid:2      flags:0x00004000", "kworker/u4:1"),
        ("a b             D27168    42   3322 0x00000002", "a b"),
        ("a b             D    0    42   3322 0x00000002", "a b"),
        ("mount.nfs4    D 0000000000000000  2880    42   4313 0x00000000", "mount.nfs4"),
        ("kjournald     D ffff81000100caa0     0    42      7          1128   354 (L-TLB)", "kjournald"),
        ("rs:main Q:Reg   D ffff880012345678     0    42   4313 0x00000000", "rs:main Q:Reg"),
    ],
)
def test_task_lines_of_all_eras(line: str, comm: str) -> None:
    (report,) = hung(f"{title(comm, 42)}{line}\n{FRAMES}")
    assert report.dump
    assert (report.dump.task, report.dump.state) == (Task(comm, 42), "D")
    assert len(report.dump.stack) == 3


def test_the_list_of_all_locks_belongs_to_all_before_it() -> None:
    first, second, third = hung(title("a", 1) + FRAMES + title("b", 2) + FRAMES + LIST + title("a", 1) + FRAMES)
    assert first.all_locks == second.all_locks != ()
    assert third.all_locks == ()
    assert [dump.task for dump in first.peers] == [Task("b", 2)]
    assert third.peers == ()
    assert not any(isinstance(report, LocksDumpReport) for report in read_text(title("a", 1) + FRAMES + LIST).reports)


def test_a_list_that_was_asked_for_is_a_report_of_its_own() -> None:
    asked = "sysrq: Show Locks Held\n" + LIST
    reports = read_text(title("a", 1) + FRAMES + asked).reports
    assert [report.kind for report in reports] == [ReportKind.HUNG_TASK, ReportKind.LOCKS_DUMP]
    assert isinstance(reports[1], LocksDumpReport)
    assert reports[1].requested


def test_entries_whose_task_is_lost_are_given_to_nobody() -> None:
    text = LIST.replace("\n\n===", "\n #0: (&other){+.+.+.}, at: bar+0x1/0x2\n\n===")
    (report,) = read_text(text).reports
    assert isinstance(report, LocksDumpReport)
    assert [lock.lock_class.name for held in report.all_locks for lock in held.locks] == ["&m"]
    assert any(problem.code == "task-lost" for problem in report.reading.problems)


def test_the_old_wording_of_atomic_context() -> None:
    text = (
        "BUG: sleeping function called from invalid context at slab.c:3023\nin_atomic():1, irqs_disabled():0\n"
        "Pid: 42, comm: demo Not tainted 2.6.24 #7\nCall Trace:\n [<c0123456>] foo+0x1/0x2\n"
        "BUG: scheduling while atomic: demo/0x00000100/42\nCall Trace:\n [<c0123456>] foo+0x1/0x2\n"
    )
    sleep, schedule = read_text(text).reports
    assert isinstance(sleep, AtomicReport)
    assert (sleep.place, sleep.task, sleep.kernel) == ("slab.c:3023", Task("demo", 42), "2.6.24")
    assert isinstance(schedule, AtomicReport)
    assert (schedule.scheduling, schedule.task) == (True, Task("demo", 42))


def test_spinlock_owners() -> None:
    text = (
        "BUG: spinlock recursion on CPU#1, swapper/0/0\n"
        " lock: x+0x0/0x8, .magic: dead4ead, .owner: {}, .owner_cpu: {}\n"
    )
    (report,) = read_text(text.format("swapper/0/0", 1)).reports
    assert isinstance(report, SpinReport)
    assert (report.owner, report.owner_cpu, report.task) == (Task("swapper/0", 0), 1, Task("swapper/0", 0))
    (report,) = read_text(text.format("<none>/-1", -1)).reports
    assert isinstance(report, SpinReport)
    assert (report.owner, report.owner_cpu) == (None, None)


def test_the_oldest_lockups() -> None:
    text = "BUG: write-lock lockup on CPU#1, demo/42, f7e01234\nCall Trace:\n [<c0123456>] foo+0x1/0x2\n"
    (report,) = read_text(text).reports
    assert isinstance(report, SpinReport)
    assert (report.rwlock, report.complaint, report.lock) == (True, "write-lock lockup", "f7e01234")
    assert [edge.relation.value for edge in lock_graph(report).edges] == ["waits"]
    assert kernel_text(report).startswith("BUG: write-lock lockup on CPU#1, demo/42, f7e01234\n")


def test_bad_magic_draws_no_edge() -> None:
    text = "BUG: spinlock bad magic on CPU#1, a/1\n lock: x+0x0/0x8, .magic: 00000000, .owner: b/2, .owner_cpu: 0\n"
    (report,) = read_text(text).reports
    assert lock_graph(report).edges == ()


@settings(max_examples=25, deadline=None)
@given(wait_reports(), st.data())
def test_a_cut_report_raises_nothing_and_is_of_the_same_kind(report: Report, data: st.DataObject) -> None:
    lines = kernel_text(report).splitlines(keepends=True)
    cut = data.draw(st.integers(0, len(lines)))
    for part in (lines[:cut], lines[cut:]):
        for read in read_text("".join(part)).reports:
            lock_graph(read)
            assert read.kind in (report.kind, ReportKind.LOCKS_DUMP)


def test_boots_of_a_real_kernel(shared: Path) -> None:
    """What the README of the logs lists: titles of these kinds and no others, all without a problem."""
    expected = {
        "deadlock_nv.log": [335, 358, 394, 417, 453, 476],
        "hung.log": [336, 358, 381, 402, 515, 537, 560, 581],
        "hung_completion.log": [336, 358, 391, 413, 448, 460, 482],
        "several.log": [377],
        "wait_rcu.log": [331],
    }
    kinds = {ReportKind.HUNG_TASK, ReportKind.LOCKS_DUMP, ReportKind.SLEEP, ReportKind.SCHED, ReportKind.SPINLOCK}
    for path in sorted((shared / "realkernel").glob("*.log")):
        reports = [report for report in read_file(str(path)).reports if report.kind in kinds]
        assert [report.span.first for report in reports] == expected.get(path.name, []), path.name
        assert all(report.reading.complete for report in reports), path.name
        assert all(report.all_locks for report in reports if isinstance(report, HungTaskReport)), path.name


def test_a_pass_in_the_middle_of_a_large_log_stays_together(shared: Path) -> None:
    noise = b"".join(b"[%5d.%06d] usb 1-1: new device number %d\n" % (n // 9, n, n) for n in range(110_000))
    log = (shared / "realkernel" / "hung.log").read_bytes()
    assert len(noise) > 4 << 20
    assert read_bytes(noise + log + noise).reports == read_bytes(log).reports
