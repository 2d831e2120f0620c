"""Deadlocks of mutexes and reports of DEPT: the wording of each time, and what stands around it."""

import pytest
from debug_samples import DEPT, DEPT_INTERRUPT, HELD_AT_EXIT, MUTEX, REALTIME, RECURSION, RT_MUTEX, WARNED

from lockview.export.kernel_text import kernel_text
from lockview.model.debug_reports import MutexDeadlockReport
from lockview.model.dept_reports import DeptReport
from lockview.model.held_reports import LeftHeldReport, ValidatorReport
from lockview.model.locks import LockClass
from lockview.model.reports import ReportKind, Task
from lockview.parsing.reader import read_text


def deadlock(text: str) -> MutexDeadlockReport:
    (report,) = read_text(text).reports
    assert isinstance(report, MutexDeadlockReport)
    assert report.reading.complete
    assert report.reading.problems == ()
    return report


def dept(text: str) -> DeptReport:
    (report,) = read_text(text).reports
    assert isinstance(report, DeptReport)
    return report


def test_rt_mutexes() -> None:
    report = deadlock(RT_MUTEX)
    assert (report.title, report.kernel, report.taint) == (
        "WARNING: circular locking deadlock detected!",
        "5.10.0-rt17",
        "Not tainted",
    )
    assert (report.task, report.blocked) == (Task("rt-demo-1", 96), Task("rt-demo-0", 94))
    assert report.wanted
    assert (report.wanted.lock_class.name, report.wanted.instance) == ("&demo->first", "00000000c0599680")
    assert report.wanted_owner
    assert (report.wanted_owner.task, report.wanted_owner.word, report.wanted_owner.priority) == (
        Task("rt-demo-0", 94),
        "00000000c7dcb912",
        19,
    )
    assert report.blocked_lock
    assert report.blocked_lock.lock_class.name == "&demo->second"
    assert report.blocked_owner
    assert report.blocked_owner.task == Task("rt-demo-1", 96)
    assert [frame.function for frame in report.blocked_stack][-2:] == ["demo_second", "kthread"]
    assert report.backtrace
    assert [frame.function for frame in report.backtrace.stack][-2:] == ["demo_first", "kthread"]


def test_the_realtime_patches() -> None:
    report = deadlock(REALTIME)
    assert (report.task, report.blocked) == (Task("bash", 10630), Task("bash", 3986))
    assert report.wanted
    assert report.wanted.site
    assert report.wanted.site.function == "demo_open"
    assert report.blocked_lock
    assert report.blocked_lock.lock_class == LockClass("drivers/demo/demo.c:31")
    assert report.held_locks
    assert report.blocked_held
    lists = (report.held_locks, report.blocked_held)
    assert [[(lock.index, lock.instance) for lock in held.locks] for held in lists] == [
        [(1, "cf4ebc14")],
        [(1, "cdc048e0")],
    ]
    assert len(report.blocked_stack) == 3
    assert report.backtrace
    assert len(report.backtrace.stack) == 3


def test_mutexes_before_lockdep() -> None:
    report = deadlock(MUTEX)
    assert (report.task, report.blocked) == (Task("demo", 42), Task("other", 41))
    assert report.wanted_owner
    assert report.wanted_owner.acquired_at
    assert report.wanted_owner.acquired_at.function == "other_write"
    assert report.blocked_lock
    assert report.blocked_lock.lock_class.name == report.blocked_lock.instance == "dc48aa40"
    assert report.backtrace
    assert [frame.address for frame in report.backtrace.stack] == ["c042f517", "c042f68e", "f086cc87"]


def test_a_lock_that_its_owner_wants_again() -> None:
    report = deadlock(RECURSION)
    assert report.title == "BUG: lock recursion deadlock detected!"
    assert report.task == Task("demo-3", 4595)
    assert report.blocked is None
    assert report.wanted
    assert report.wanted.lock_class.name == "futex"
    assert report.held_locks
    assert report.held_locks.count == 1


def test_the_warning_of_newer_kernels() -> None:
    report = deadlock(WARNED)
    assert (report.task, report.kernel, report.build) == (Task("demo", 1110), "6.1.99-rt36", "#6")
    assert report.banner.startswith("WARNING: CPU: 2 PID: 1110 at kernel/locking/rtmutex.c:1642")
    assert report.wanted is None
    assert report.backtrace
    assert len(report.backtrace.stack) == 4
    new = WARNED.replace(
        "CPU: 2 PID: 1110 at kernel/locking/rtmutex.c:1642 __rt_mutex_slowlock_locked.constprop.0+0x128/0x160",
        "kernel/locking/rtmutex.c:1674 at rt_mutex_handle_deadlock+0x68/0xec, CPU#2: demo/1110",
    )
    assert deadlock(new).banner.endswith("CPU#2: demo/1110")


def test_lockdep_says_that_it_is_off_only_once() -> None:
    off = "INFO: lockdep is turned off.\n"
    text = RT_MUTEX.replace("\nrt-demo-0/94's [blocked]", f"{off}{off}\nrt-demo-0/94's [blocked]")
    (report,) = read_text(text).reports
    assert isinstance(report, MutexDeadlockReport)
    assert report.lockdep_off
    assert [problem.code for problem in report.reading.problems] == ["lockdep-off"]


def test_a_mutex_held_at_exit() -> None:
    for text in (HELD_AT_EXIT, HELD_AT_EXIT.replace("BUG: ", "BUG ")):
        (report,) = read_text(text).reports
        assert isinstance(report, LeftHeldReport)
        assert report.kind is ReportKind.EXIT
        assert report.task == Task("prelink", 2723)
        assert report.held_locks
        (lock,) = report.held_locks.locks
        assert lock.site
        assert (lock.lock_class.name, lock.site.function) == ("demo_init", "demo_rename")


def test_an_owner_is_not_given_to_another_lock() -> None:
    """A line that tells whose lock this is may be lost."""
    text = RT_MUTEX.replace("2) rt-demo-0/94 is blocked on this lock:\n", "")
    (report,) = read_text(text).reports
    assert isinstance(report, MutexDeadlockReport)
    assert report.wanted_owner
    assert report.wanted_owner.task == Task("rt-demo-0", 94)
    assert report.blocked_lock is None
    assert "held" in report.reading.missing


@pytest.mark.parametrize(
    "text",
    [
        'WARN(1, "rtmutex deadlock detected\\n");',
        "[ BUG: circular locking deadlock detected! ]",
        "DEPT: Circular dependency has been detected.",
        "we saw a rtmutex deadlock detected on this board",
    ],
)
def test_mentions_are_no_reports(text: str) -> None:
    log = read_text(f"{text}\nsome words of a mail\n")
    assert log.reports == ()
    assert len(log.near_misses) == 1


# --- DEPT -------------------------------------------------------------------------------------------------------------


def test_contexts_of_dept() -> None:
    report = dept(DEPT)
    assert report.reading.complete
    assert report.reading.problems == ()
    assert (report.task, report.kernel, report.build) == (Task("sync", 38), "6.9.0-rc7", "#145")
    assert report.verdict == "*** DEADLOCK ***"
    first, second = report.contexts
    assert (first.letter, second.letter) == ("A", "B")
    assert first.start
    assert (first.start.function, first.start.lock_class) == ("lock", LockClass("&ei->demo_sem"))
    assert first.start.at
    assert first.start.at.address == "ffffffff8142b68a"
    assert len(first.start.stack) == 3
    assert first.wait
    assert [frame.function for frame in first.wait.stack] == [
        "__filemap_get_folio",
        "demo_map",
        "demo_writepages",
        "do_syscall_64",
    ]
    assert first.event
    assert (first.event.function, first.event.at, len(first.event.stack)) == ("unlock", None, 0)
    assert second.start
    assert (second.start.function, second.start.at, len(second.start.stack)) == ("(event requestor)", None, 2)


def test_the_circle_ends_with_the_newest_dependency() -> None:
    report = dept(DEPT)
    assert [(str(one.held), str(one.wanted), one.new) for one in report.cycle] == [
        ("pg_locked_map", "&ei->demo_sem", False),
        ("&ei->demo_sem", "pg_locked_map", True),
    ]
    assert report.cycle[-1].stack.frames[1].function == "demo_map"


def test_interrupts_of_dept() -> None:
    report = dept(DEPT_INTERRUPT)
    assert report.reading.complete
    (context,) = report.contexts
    soft, hard = context.interrupts
    assert (soft.name, hard.name) == ("softirq", "hardirq")
    assert soft.enabled_at
    assert soft.enabled_at.offset == 0x94
    assert [frame.function for frame in soft.wait_stack] == ["demo_timer", "run_timer_softirq"]
    assert hard.enabled_at is None
    assert hard.wait_at
    assert (hard.wait_at.function, len(hard.wait_stack)) == ("demo_irq", 0)
    assert context.start
    assert len(context.start.stack) == 1
    assert len(report.cycle) == 1


def test_a_wait_with_a_time_limit() -> None:
    limit = "--------------- >8 timeout ---------------"
    text = DEPT.replace(
        "*** DEADLOCK ***", "NOT A DEADLOCK BUT A CIRCULAR DEPENDENCY\nCHECK IF THE TIMEOUT IS INTENDED"
    ).replace("   [E] unlock(&ei->demo_sem:0)\n", f"   {limit}\n   [E] unlock(&ei->demo_sem:0)\n")
    report = dept(text)
    assert report.verdict == "NOT A DEADLOCK BUT A CIRCULAR DEPENDENCY"
    assert [context.timeout for context in report.contexts] == [True, False]


def test_older_and_decoded_wordings_of_dept() -> None:
    assert dept(DEPT.replace("DEPT:", "Dept:")).contexts == dept(DEPT).contexts
    decoded = DEPT.replace("      vfs_write+0x2/0x20\n", "vfs_write (fs/read_write.c:497\nfs/read_write.c:590)\n")
    wait = dept(decoded).contexts[1].wait
    assert wait
    assert (wait.stack.frames[-1].file, wait.stack.frames[-1].line) == ("fs/read_write.c", 590)


def test_a_context_that_is_missing_is_told() -> None:
    """What stands in the text is kept; a circle is not made up."""
    before, _, rest = DEPT.partition("context B\n")
    cut = before + rest.partition("\n\n")[2]
    start = cut.index("-" * 51 + "\ncontext B's detail")
    report = dept(cut[:start] + cut[cut.index("-" * 51 + "\ninformation") :])
    assert [context.letter for context in report.contexts] == ["A"]
    assert report.cycle == ()
    assert "chain" in report.reading.missing


def test_a_summary_without_details() -> None:
    report = dept(DEPT[: DEPT.index("context A's detail")])
    assert len(report.cycle) == 2
    assert all(one.inferred for one in report.cycle)
    assert report.reading.missing == ("detail", "backtrace")


def test_reports_of_dept_follow_each_other() -> None:
    first, second = read_text(DEPT + DEPT_INTERRUPT).reports
    assert isinstance(first, DeptReport)
    assert first == dept(DEPT)
    assert second == dept(DEPT_INTERRUPT)


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("DEPT_WARN_ON: !valid_class(c)", ReportKind.SELF_CHECK),
        ("DEPT_STOP: Failed to extend internal resources.", ReportKind.SELF_CHECK),
    ],
)
def test_dept_about_itself(title: str, kind: ReportKind) -> None:
    (report,) = read_text(WARNED.replace("rtmutex deadlock detected", title)).reports
    assert isinstance(report, ValidatorReport)
    assert (report.title, report.kind) == (title, kind)


def test_a_chain_of_rt_mutexes_that_is_too_long() -> None:
    (report,) = read_text("[   12.345678] Maximum lock depth 1024 reached task: a b/0 (42)\nother words\n").reports
    assert isinstance(report, ValidatorReport)
    assert (report.kind, report.task, report.span.last) == (ReportKind.LIMIT, Task("a b/0", 42), 1)
    assert report.reading.complete
    assert read_text(kernel_text(report)).reports == (report,)


def test_a_modeset_lock_without_backoff() -> None:
    title = "attempting to lock a contended lock without backoff:"
    (report,) = read_text(f"[drm:__drm_stack_depot_print [drm]] {title}\n   foo+0x1/0x2\n   bar+0x1/0x2\n\n").reports
    assert isinstance(report, ValidatorReport)
    assert (report.title, report.kind) == (title, ReportKind.SELF_CHECK)
    assert report.backtrace
    assert [frame.function for frame in report.backtrace.stack] == ["foo", "bar"]
    assert read_text(kernel_text(report)).reports == (report,)
    assert read_text(f"{title}\nsome words\n").reports == ()


def test_the_title_of_the_first_lock_validator() -> None:
    text = (
        "[ BUG: possible circular locking deadlock detected! ]\n"
        "-----------------------------------------------------\n"
        "mount/2545 is trying to acquire lock:\n (&demo->mrec_lock){--..}, at: [<b13d1563>] mutex_lock+0x8/0xa\n"
    )
    (report,) = read_text(text).reports
    assert report.kind is ReportKind.CIRCULAR
    assert report.title == "BUG: possible circular locking deadlock detected!"


def test_dept_without_memory() -> None:
    text = (
        "DEPT_INFO_ONCE: ---------------------------------------------\n"
        "  Some of DEPT internal resources are run out.\n"
        "  DEPT might still work if the resources get freed.\n"
        "  However, the chances are DEPT will suffer from\n"
        "  the lack from now. Needs to extend the internal\n"
        "  resource pools. Ask somebody@example.com\n"
    )
    (report,) = read_text(text).reports
    assert isinstance(report, ValidatorReport)
    assert report.kind is ReportKind.LIMIT
    assert len(report.lines) == 4
