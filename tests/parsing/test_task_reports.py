"""Reports about one task and its locks, RCU and lockdep itself: every wording, damage, and cuts."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from task_strategies import task_reports

from lockview.analysis.build import lock_graph
from lockview.analysis.explain import explain, summary
from lockview.export.kernel_text import kernel_text
from lockview.model.held_reports import (
    LeftHeldReport,
    NestedReport,
    RcuReport,
    UnlockReport,
    ValidatorReport,
    WaitContextReport,
    WorkLeakReport,
)
from lockview.model.locks import WaitTypes
from lockview.model.reports import Report, ReportKind, Task
from lockview.parsing.reader import read_file, read_text

WAIT = """
=============================
[ BUG: Invalid wait context ]
6.12.0 #7 Not tainted
-----------------------------
demo/42 is trying to lock:
ffff888012345678 (&want){+.+.}-{4:4}, at: taker+0x1/0x2
other info that might help us debug this:
context-{5:5}
2 locks held by demo/42:
 #0: ffff888012345600 (&outer){+.+.}-{4:4}, at: first+0x1/0x2
 #1: ffff888012345610 (&raw){....}-{2:2}, at: second+0x1/0x2
stack backtrace:
CPU: 1 UID: 0 PID: 42 Comm: demo Not tainted 6.12.0 #7
Call Trace:
 <TASK>
 dump_stack_lvl+0x81/0xe0
 __lock_acquire+0xae1/0x1ff0
 __mutex_lock+0xba/0xd30
 taker+0x1/0x2
 </TASK>
"""
NESTED = """
==================================
WARNING: Nested lock was not taken
6.12.0 #7 Not tainted
----------------------------------
demo/42 is trying to lock:
ffff888012345678 (&inner){+.+.}-{4:4}, at: taker+0x1/0x2

but this task is not holding:
reservation ww_class

stack backtrace:
CPU: 1 UID: 0 PID: 42 Comm: demo Not tainted 6.12.0 #7
Call Trace:
 <TASK>
 one+0x1/0x2
 </TASK>

other info that might help us debug this:
1 lock held by demo/42:
 #0: ffff888012345600 (&other){+.+.}-{4:4}, at: first+0x1/0x2

stack backtrace:
CPU: 1 UID: 0 PID: 42 Comm: demo Not tainted 6.12.0 #7
Call Trace:
 <TASK>
 two+0x1/0x2
 </TASK>
"""
EXIT_OLD = """
=====================================
[ BUG: lock held at task exit time! ]
-------------------------------------
my task/12 is exiting with locks still held!
1 lock held by my task/12:
 #0:  (&m){--..}, at: [<c0123456>] f+0x1/0x2

stack backtrace:
 [<c0123456>] show_trace+0xd/0x10
"""
RCU_OLD = """
===================================================
[ INFO: suspicious rcu_dereference_check() usage. ]
---------------------------------------------------
net/ipv4/fib_trie.c:1756 invoked rcu_dereference_check() without protection!

other info that might help us debug this:

rcu_scheduler_active = 1, debug_locks = 0
1 lock held by pppd/1717:
 #0:  (rtnl_mutex){+.+.+.}, at: [<c125dc1f>] rtnl_lock+0xf/0x20

stack backtrace:
Pid: 1717, comm: pppd Not tainted 2.6.35 #3
Call Trace:
 [<c1053969>] lockdep_rcu_dereference+0xa9/0xb0
 [<c12b7235>] trie_firstleaf+0x65/0x70
"""
COLLISION = """------------[ cut here ]------------
DEBUG_LOCKS_WARN_ON(chain_hlocks[chain->base + j] != id)
WARNING: CPU: 1 PID: 42 at kernel/locking/lockdep.c:3726 check_no_collision+0x1/0x2
Modules linked in:
CPU: 1 PID: 42 Comm: demo Not tainted 5.4.0 #1
Call Trace:
 check_no_collision+0x1/0x2
 validate_chain+0x1/0x2
---[ end trace 0000000000000000 ]---

======================
WARNING: chain_key collision
5.4.0 #1 Tainted: G W
----------------------
demo/42: Hash chain already cached but the contents don't match!
Held locks:
depth: 2 (irq_context 0)
 hlock_id:7 -> chain_key:0123456789abcdefffff888012345678 (&a){+.+.}-{3:3}, at: f+0x1/0x2
 hlock_id:8 -> chain_key:1123456789abcdefffff888012345688 (&b){+.+.}-{3:3}, at: g+0x1/0x2
Locks in cached chain:
depth: 1 (irq_context 0)
 hlock_id:9 -> chain_key:2123456789abcdef (&c){+.+.}-{3:3}

stack backtrace:
CPU: 1 PID: 42 Comm: demo Tainted: G W 5.4.0 #1
Call Trace:
 dump_stack+0x1/0x2
 lookup_chain_cache_add+0x1/0x2
"""
DEPTH = """BUG: MAX_LOCK_DEPTH too low!
turning off the locking correctness validator.
depth: 48  max: 48!
1 lock held by demo/42:
 #0: ffff888012345600 (&list[i])->lock){+.+.}-{4:4}, at: first+0x1/0x2
INFO: lockdep is turned off.
CPU: 1 PID: 42 Comm: demo Not tainted 6.1.0 #7
Call Trace:
 dump_stack+0x1/0x2
 __lock_acquire.cold+0x1/0x2
"""
SUBCLASS = """BUG: looking up invalid subclass: 8
turning off the locking correctness validator.
CPU: 1 PID: 42 Comm: demo Not tainted 6.1.0 #7
Call Trace:
 dump_stack+0x1/0x2
 look_up_lock_class+0x1/0x2
"""
KEY = """BUG: key ffff888012345678 has not been registered!
------------[ cut here ]------------
DEBUG_LOCKS_WARN_ON(1)
WARNING: CPU: 0 PID: 1 at kernel/locking/lockdep.c:4883 lockdep_init_map_type+0x1/0x2
CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0 #7
Call Trace:
 lockdep_init_map_type+0x1/0x2
 kernfs_create+0x1/0x2
---[ end trace 0000000000000000 ]---
"""
CONTENTION = """
=================================
WARNING: bad contention detected!
6.1.0 #7 Not tainted
---------------------------------
demo/42 is trying to contend lock (&x->lock) at:
[<ffffffff8593ecc0>] user+0x1/0x2
but there are no locks held!

other info that might help us debug this:
no locks held by demo/42.

stack backtrace:
CPU: 1 PID: 42 Comm: demo Not tainted 6.1.0 #7
Call Trace:
 dump_stack+0x1/0x2
 user+0x1/0x2
"""
ALL = {
    "wait": WAIT,
    "nested": NESTED,
    "exit": EXIT_OLD,
    "rcu": RCU_OLD,
    "collision": COLLISION,
    "depth": DEPTH,
    "subclass": SUBCLASS,
    "key": KEY,
    "contention": CONTENTION,
}


def one(text: str) -> Report:
    (report,) = read_text(text).reports
    return report


def test_wait_context() -> None:
    report = one(WAIT)
    assert isinstance(report, WaitContextReport)
    assert report.reading.complete
    assert report.wanted
    assert report.wanted.lock_class.name == "&want"
    assert report.context == WaitTypes(5, 5)


def test_a_stamp_glued_to_the_context_is_no_part_of_it() -> None:
    """print_lock_invalid_wait_context of some kernels ends no line there."""
    glued = WAIT.replace("context-{5:5}\n", "context-{5:5}[  193.089900] ")
    assert one(glued) == one(WAIT)


def test_nested_has_two_stacks_and_is_one_report() -> None:
    report = one(NESTED)
    assert isinstance(report, NestedReport)
    assert report.reading.complete
    assert report.outer == "reservation ww_class"
    assert [frame.function for frame in report.first_stack] == ["one"]
    assert report.backtrace
    assert [frame.function for frame in report.backtrace.stack] == ["two"]


def test_old_exit_names_the_task_in_its_body() -> None:
    report = one(EXIT_OLD)
    assert isinstance(report, LeftHeldReport)
    assert report.task == Task("my task", 12)
    assert not report.returning


def test_old_rcu_title() -> None:
    report = one(RCU_OLD)
    assert isinstance(report, RcuReport)
    assert report.title == "INFO: suspicious rcu_dereference_check() usage."
    assert (report.place, report.debug_locks) == ("net/ipv4/fib_trie.c:1756", 0)
    assert report.task == Task("pppd", 1717)


def test_a_collision_is_one_event_with_its_warn() -> None:
    report = one(COLLISION)
    assert isinstance(report, ValidatorReport)
    assert report.title == "WARNING: chain_key collision"
    assert report.span.first == 2
    names = [node.name for node in lock_graph(report).nodes]
    assert names == ["&a", "&b", "&c"]


@pytest.mark.parametrize(("text", "kind"), [(DEPTH, ReportKind.LIMIT), (SUBCLASS, ReportKind.SELF_CHECK)])
def test_lockdep_about_itself(text: str, kind: ReportKind) -> None:
    report = one(text)
    assert report.kind is kind
    assert report.title == text.splitlines()[0]
    assert report.task == Task("demo", 42)
    assert report.reading.complete


def test_contention_is_a_kind_of_its_own() -> None:
    report = one(CONTENTION)
    assert isinstance(report, UnlockReport)
    assert report.kind is ReportKind.BAD_CONTENTION
    assert report.remark == "there are no locks held!"


def test_the_new_words_of_a_leaking_work_item() -> None:
    text = (
        "BUG: workqueue leaked atomic, lock or RCU: kworker/u33:2[5195]\n"
        "     preempt=0x00000000 lock=0->1 RCU=0->0 workfn=hci_rx_work\n"
        "1 lock held by kworker/u33:2/5195:\n"
        " #0: ffff88801ac26518 (&chan->lock/1){+.+.}-{3:3}, at: f+0x1/0x2\n"
    )
    report = one(text)
    assert isinstance(report, WorkLeakReport)
    assert (report.function, report.task) == ("hci_rx_work", Task("kworker/u33:2", 5195))
    assert report.reading.missing == ("backtrace",)


@pytest.mark.parametrize("name", ALL)
def test_cut_at_every_line(name: str) -> None:
    """A cut report loses parts and never gains a lock, an edge or a frame."""
    lines = ALL[name].splitlines(keepends=True)
    whole = read_text("".join(lines)).reports
    edges = {
        (e.relation, g.nodes[e.tail].name, g.nodes[e.head].name)
        for r in whole
        for g in [lock_graph(r)]
        for e in g.edges
    }
    names = {node.name for report in whole for node in lock_graph(report).nodes}
    for count in range(len(lines)):
        for part in (lines[:count], lines[count:]):
            for report in read_text("".join(part)).reports:
                graph = lock_graph(report)
                locks = {node.name for node in graph.nodes if node.lock_class.base}
                assert locks <= names, (count, locks)
                found = {(e.relation, graph.nodes[e.tail].name, graph.nodes[e.head].name) for e in graph.edges}
                lockish = {edge for edge in found if edge[1] in locks and edge[2] in locks}
                assert lockish <= edges, (count, lockish)
                assert summary(report, graph)
                assert explain(report, graph)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda text: "".join(f"[   12.345678] {line}\n" for line in text.splitlines()), id="dmesg"),
        pytest.param(
            lambda text: "".join(f"[   12.345678][   T42] {line}\n" for line in text.splitlines()), id="caller"
        ),
        pytest.param(lambda text: "".join(f"> > {line}\n" for line in text.splitlines()), id="quoted"),
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="crlf"),
        pytest.param(
            lambda text: "\n".join(line.strip() for line in text.splitlines() if line.strip()), id="no blanks"
        ),
    ],
)
def test_wrappers_change_nothing(name: str, wrap: object) -> None:
    assert callable(wrap)
    assert read_text(wrap(ALL[name])).reports == read_text(ALL[name]).reports


@settings(max_examples=60, deadline=None)
@given(task_reports(), st.data())
def test_any_report_cut_anywhere(report: Report, data: st.DataObject) -> None:
    lines = kernel_text(report).splitlines(keepends=True)
    cut = data.draw(st.integers(0, len(lines)))
    known = {str(lock.lock_class) for lock in report.held_locks.locks} if report.held_locks else set()
    for part in (lines[:cut], lines[cut:]):
        for found in read_text("".join(part)).reports:
            assert found.kind is report.kind
            held = found.held_locks.locks if found.held_locks else ()
            assert {str(lock.lock_class) for lock in held} <= known


@pytest.mark.parametrize(
    "prose",
    [
        "This fixes a suspicious RCU usage in foo.c:12 which was reported.\n",
        "[ BUG: Invalid wait context ] is printed when a mutex is taken under a raw spinlock.\n",
        "if (DEBUG_LOCKS_WARN_ON(lock->magic != lock))\n\treturn;\n",
        "WARNING: foo/12 still has locks held! was seen by many.\n\nThe fix is simple.\n",
        "held lock freed! bad unlock balance detected! trying to register non-static key.\n",
        "... MAX_LOCK_DEPTH:          48\nWe make MAX_LOCK_DEPTH too low!\n",
    ],
)
def test_prose_is_no_report(prose: str) -> None:
    assert read_text(prose).reports == ()


def test_real_kernels(shared: Path) -> None:
    """Each report that the README of the real logs lists for these kinds is there and whole."""
    wanted = {
        "wait_rcu.log": [ReportKind.WAIT_CONTEXT],
        "user2.log": [ReportKind.USER_RETURN],
        "free_held.log": [ReportKind.FREED],
        "unlock_held.log": [ReportKind.BAD_UNLOCK],
        "nonstatic.log": [ReportKind.NON_STATIC_KEY],
        "rcu_two.log": [ReportKind.RCU, ReportKind.RCU],
    }
    for name, kinds in wanted.items():
        reports = [r for r in read_file(str(shared / "realkernel" / name)).reports if r.kind in kinds]
        assert [report.kind for report in reports] == kinds
        assert all(report.reading.complete for report in reports), name
    checked = read_file(str(shared / "realkernel" / "selftest_verbose.log")).reports
    found = [report for report in checked if isinstance(report, WaitContextReport)]
    assert len(found) == (shared / "realkernel" / "selftest_verbose.log").read_text().count("Invalid wait context")
    assert all(report.reading.complete for report in found)
