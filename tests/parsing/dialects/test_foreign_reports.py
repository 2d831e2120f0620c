"""Reports of ThreadSanitizer, Helgrind, WITNESS and the Java machine: labels of real ones, and every wording known."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockview.analysis.build import lock_graph
from lockview.analysis.explain import explain, summary
from lockview.analysis.lock_graph import LockGraph, Relation, Shape, Subject
from lockview.export.as_json import dumps, loads
from lockview.export.summary import summary as summarised
from lockview.export.text_figure import text_figure
from lockview.model.foreign_reports import (
    ForeignLock,
    ForeignOrder,
    HelgrindReport,
    JavaDeadlockReport,
    JavaThread,
    TsanReport,
    WitnessReport,
)
from lockview.model.locks import HeldLock, LockClass
from lockview.model.logs import Log
from lockview.model.reports import Report, ReportKind
from lockview.model.stacks import Frame, StackTrace
from lockview.model.traces import Outcome
from lockview.parsing.reader import read_file, read_text
from lockview.sim.bridge import scenario_from_report
from lockview.sim.replay import Replay
from lockview.sim.search import find_deadlock

KINDS = ("tsan", "helgrind", "witness", "java")
Label = dict[str, Any]


def only(text: str) -> Report:
    """The one report of a text, after its way through JSON."""
    log = read_text(text)
    (report,) = log.reports
    assert loads(dumps([log])) == (log,)
    return report


@pytest.fixture(scope="session")
def labelled(shared: Path) -> list[tuple[Report, Label, str]]:
    """The labelled reports of foreign kinds with their labels and texts."""
    found = []
    for path in sorted(path for kind in KINDS for path in (shared / "corpus").glob(f"{kind}-*.json")):
        label = json.loads(path.read_text("utf-8"))
        log = read_file(str(path.with_suffix(".log")))
        assert len(log.reports) == len(label["reports"]), path.name
        assert loads(dumps([log])) == (log,)
        text = path.with_suffix(".log").read_text("utf-8")
        found += [(report, one, text) for report, one in zip(log.reports, label["reports"], strict=True)]
    assert len(found) == 5
    return found


def _told(report: Report) -> Label:
    """What a report says, in the words of the labels."""
    told: Label = {"kind": report.kind.value, "title": report.title, "line": report.span.first}
    match report:
        case TsanReport():
            told["pid"] = report.pid
            told["cycle"] = [lock.name for lock in report.locks]
            told["edges"] = [
                {
                    "wanted": order.wanted,
                    "held": order.held,
                    "thread": order.thread,
                    "frames": len(order.stack),
                    "top": order.stack.frames[0].function,
                }
                for order in report.orders
            ]
        case HelgrindReport():
            told["thread"] = report.thread
            told["required_order"] = [lock.address for lock in report.locks]
            address = {lock.name: lock.address for lock in report.locks}
            told["stacks"] = [
                {"what": what, "lock": address[lock], "frames": len(stack), "top": stack.frames[0].function}
                for order in report.orders
                for what, lock, stack in (
                    (f"{order.words}-first", order.held, order.held_stack),
                    ("then", order.wanted, order.stack),
                )
            ]
        case WitnessReport():
            for word, lock in zip(("first", "second"), report.locks, strict=True):
                told[word] = {"name": lock.label, "desc": lock.name, "addr": lock.address}
            told["orders"] = [{"a": o.held, "b": o.wanted, "frames": len(o.stack)} for o in report.orders]
        case JavaDeadlockReport():
            told["threads"] = [
                {
                    "thread": thread.name,
                    "waiting_for": thread.wanted,
                    "waiting_class": thread.wanted_class,
                    "held_by": thread.holder,
                    "locked": list(thread.held),
                }
                for thread in report.threads
            ]
            told["cycle"] = [thread.name for thread in report.deadlocked]
    return told


def test_every_field_of_the_labels(labelled: list[tuple[Report, Label, str]]) -> None:
    for report, label, _ in labelled:
        wanted = {key: value for key, value in label.items() if key not in ("truncated", "interleaved")}
        assert _told(report) == wanted
        assert report.reading.complete is not label["truncated"]


def test_real_reports_have_a_picture_and_an_explanation(labelled: list[tuple[Report, Label, str]]) -> None:
    for report, _, _ in labelled:
        graph = lock_graph(report)
        assert graph.edges
        assert graph.tasks
        assert summary(report, graph) != report.title
        sentences = explain(report, graph)
        assert len(sentences) > 3
        assert {f"edge:{number}" for task in graph.tasks for number in task.edges} <= {s.item for s in sentences}


def test_cutting_a_real_report_anywhere_invents_nothing(labelled: list[tuple[Report, Label, str]]) -> None:
    for whole, _, text in labelled:
        edges = {(edge.held, edge.wanted) for edge in whole.cycle}
        lines = text.splitlines(keepends=True)
        for count in range(0, len(lines), 1 + len(lines) // 40):
            for report in read_text("".join(lines[:count])).reports:
                names = {name for edge in edges for name in edge}
                if report.kind in (ReportKind.TSAN, ReportKind.WITNESS):
                    assert {(edge.held, edge.wanted) for edge in report.cycle} <= edges
                assert len({name for edge in report.cycle for name in (edge.held, edge.wanted)}) <= len(names)
                explain(report, lock_graph(report))


# --- ThreadSanitizer --------------------------------------------------------------------------------------------

THREE = """\
program says hello
==================
WARNING: ThreadSanitizer: lock-order-inversion (potential deadlock) (pid=7)
  Cycle in lock order graph: M0 (0x5580) => M1 (0x55c0) => M2 (0x5600) => M0

  Mutex M1 acquired here while holding mutex M0 in thread T1:
    #0 pthread_mutex_lock lock.inc:4324 (libtsan.so.2+0x558e1)
    #1 std::map<int, int>::at(int) const /src/a map.h:12:7 (dlt+0x11ff) (BuildId: 0badc0de)
program prints in the middle
  Mutex M0 previously acquired by the same thread here:
    #0 pthread_mutex_lock lock.inc:4324 (libtsan.so.2+0x558e1)
    #1 first /src/dl.c:5 (dlt+0x11f0)

  Mutex M2 acquired here while holding mutex M1 in main thread:
    #0 <null> <null> (libtsan.so.2+0x558e1)
    #1 main /src/dl.c:6 (dlt+0x1271)

  Mutex M0 acquired here while holding mutex M2 in thread T3 'third one':
    [failed to restore the stack]

  Mutex M1 (0x55c0) created at:
    #0 pthread_mutex_init lock.inc:12 (libtsan.so.2+0x558e1)

  As if synchronized via sleep:
    #0 sleep sleep.inc:12 (libtsan.so.2+0x558e1)

  Thread T1 (tid=9, finished) created by main thread at:
    #0 pthread_create posix.cpp:1001 (libtsan.so.2+0x5e686)

  Thread T3 'third one' (tid=11, running) created by thread T1

SUMMARY: ThreadSanitizer: lock-order-inversion (potential deadlock) /src/dl.c:5 in t1
==================
"""


def test_tsan_with_three_mutexes_and_second_stacks() -> None:
    report = only(THREE)
    assert isinstance(report, TsanReport)
    assert [(str(edge.held), str(edge.wanted), len(edge.stack)) for edge in report.cycle] == [
        ("M0", "M1", 2),
        ("M1", "M2", 2),
        ("M2", "M0", 0),
    ]
    frame = report.orders[0].stack.frames[1]
    assert (frame.function, frame.file, frame.line) == ("std::map<int, int>::at(int) const /src/a", "map.h", 12)
    assert (frame.module, frame.address, frame.build_id) == ("dlt", "0x11ff", "0badc0de")
    assert report.orders[1].stack.frames[0].function == "<null>"
    assert report.orders[0].held_stack.frames[1].function == "first"
    assert [(thread.name, thread.tid, thread.state, thread.creator) for thread in report.threads] == [
        ("T1", 9, "finished", "main thread"),
        ("T3 'third one'", 11, "running", "thread T1"),
    ]
    assert [len(lock.stack) for lock in report.locks] == [0, 1, 0]
    assert report.reading.missing == ("chain",)
    assert report.reading.problems[0].code == "lines-passed-over"
    graph = lock_graph(report)
    assert [task.name for task in graph.tasks] == ["thread T1", "main thread", "thread T3 'third one'"]
    assert graph.edges[0].evidence[0].title == "M0 was taken at"


def test_tsan_other_reports_and_prose_are_no_lock_orders() -> None:
    text = (
        "WARNING: ThreadSanitizer: data race (pid=1)\n  Write of size 4 (mutexes: write M1):\n    #0 f x.c:1 (p+0x1)\n"
    )
    assert read_text(text).reports == ()
    log = read_text("I saw WARNING: ThreadSanitizer: lock-order-inversion (potential deadlock) today.\nWhy?\n")
    assert log.reports == ()
    assert log.near_misses


# --- Helgrind ---------------------------------------------------------------------------------------------------


def helgrind(*lines: str) -> str:
    """Lines as Valgrind prints them."""
    return "".join(f"==42== {line}\n" for line in lines)


TITLE = 'Thread #4: lock order "0x10C060 before 0x10C0E0" violated'
OBSERVED = (
    TITLE,
    "",
    "Observed (incorrect) order is: acquisition of lock at 0x10C0E0",
    "   at 0x484976E: ??? (in /usr/lib/helgrind.so)",
    "   by 0x109255: third (dl.c:7)",
    "",
    " followed by a later acquisition of lock at 0x10C060",
    "   (stack unavailable)",
    "",
)


def test_helgrind_without_the_required_order() -> None:
    report = only(helgrind(*OBSERVED, ' Address 0x10c060 is 0 bytes inside data symbol "a"'))
    assert isinstance(report, HelgrindReport)
    assert [(str(edge.held), str(edge.wanted), edge.inferred, edge.new) for edge in report.cycle] == [
        ("a", "0x10C0E0", True, False),
        ("0x10C0E0", "a", True, True),
    ]
    assert report.reading.complete
    assert report.orders[0].held_stack.frames[1].file == "dl.c"


def test_helgrind_locks_on_the_heap_keep_their_address() -> None:
    report = only(
        helgrind(
            *OBSERVED,
            " Lock at 0x10C060 was first observed",
            "   at 0x1: f (x.c:1)",
            " Address 0x10c060 is 8 bytes inside a block of size 40 alloc'd",
            "---Thread-Announcement---",
        )
    )
    assert isinstance(report, HelgrindReport)
    assert (report.locks[0].name, report.locks[0].label) == ("0x10C060", "8 bytes inside a block of size 40 alloc'd")
    assert len(report.locks[0].stack) == 1


# --- WITNESS ----------------------------------------------------------------------------------------------------


def test_freebsd_with_a_backtrace() -> None:
    report = only(
        "lock order reversal: (sleepable after non-sleepable)\n"
        " 1st 0xfffffe00f7a3d2b0 bufwait (bufwait) @ /usr/src/sys/kern/vfs_bio.c:3054\n"
        " 2nd 0xfffff80003b9b400 dirhash (dirhash) @ /usr/src/sys/ufs/ufs/ufs_dirhash.c:285\n"
        "KDB: stack backtrace:\n"
        "db_trace_self_wrapper() at db_trace_self_wrapper+0x2b/frame 0xfffffe0096e9a1d0\n"
        "witness_checkorder(0x1,2) at witness_checkorder+0xdc2/frame 0xfffffe0096e9a310\n"
        "ufsdirhash_add() at ufsdirhash_add+0x3d/frame 0xfffffe0096e9a3b0\n"
        "login: \n"
    )
    assert isinstance(report, WitnessReport)
    assert report.title == "lock order reversal: (sleepable after non-sleepable)"
    assert [(lock.name, lock.place.rpartition("/")[2]) for lock in report.locks] == [
        ("bufwait", "vfs_bio.c:3054"),
        ("dirhash", "ufs_dirhash.c:285"),
    ]
    older, new = report.cycle
    assert (str(older.held), str(older.wanted), older.inferred) == ("dirhash", "bufwait", True)
    assert (str(new.held), len(new.stack), new.inferred, new.new) == ("bufwait", 3, False, True)
    assert lock_graph(report).edges[1].acquirer == "ufsdirhash_add"


def test_freebsd_with_both_orders() -> None:
    report = only(
        "lock order reversal:\n"
        " 1st 0xfffff80004ee8578 zfs (ufs, lockmgr) @ /usr/src/sys/kern/vfs_subr.c:2945\n"
        " 2nd 0xfffffe00087f8a80 bufwait (bufwait, sleep mutex) @ /usr/src/sys/ufs/ffs/ffs_vnops.c:282\n"
        "lock order bufwait -> ufs established at:\n"
        "#0 0xffffffff80c36bed at witness_checkorder+0x46d\n"
        "#1 0xffffffff80b9e2f8 at __lockmgr_args+0x5a\n"
        "lock order ufs -> bufwait attempted at:\n"
        "#0 0xffffffff80c3758c at witness_checkorder+0xe0c\n"
    )
    assert isinstance(report, WitnessReport)
    assert [(lock.name, lock.label, lock.sort) for lock in report.locks] == [
        ("ufs", "zfs", "lockmgr"),
        ("bufwait", "bufwait", "sleep mutex"),
    ]
    assert [(str(edge.held), len(edge.stack), edge.new) for edge in report.cycle] == [
        ("bufwait", 2, False),
        ("ufs", 1, True),
    ]


def test_three_locks_close_over_the_second() -> None:
    report = only("lock order reversal:\n 1st 0x1 a (a) @ x.c:1\n 2nd 0x2 b (b) @ x.c:2\n 3rd 0x3 a (a) @ x.c:3\n")
    assert [(str(edge.held), str(edge.wanted), edge.new) for edge in report.cycle] == [
        ("a", "b", False),
        ("b", "a", True),
    ]


def test_openbsd_with_a_longer_cycle() -> None:
    report = only(
        "witness: lock order reversal:\n"
        " 1st 0xfffffd8065a1f0b0 vmmaplk (&map->lock)\n"
        " 2nd 0xffff8000005d1068 drmdev (&dev->struct_mutex)\n"
        "lock order data w2 -> w1 missing\n"
        "lock order [1] vmmaplk (&map->lock) -> [2] drmdev (&dev->struct_mutex)\n"
        "#0  witness_checkorder+0x494\n"
        "lock order [2] drmdev (&dev->struct_mutex) -> [3] inode (&ip->i_lock)\n"
        "#0  witness_checkorder+0x494\n"
        "#1  rw_enter_write+0x5b\n"
        'lock order [3] "&ip->i_lock"(rrwlock) -> [1] "&map->lock"(rwlock)\n'
        "#0  witness_checkorder+0x494\n"
    )
    assert [(str(edge.held), str(edge.wanted), len(edge.stack)) for edge in report.cycle] == [
        ("&dev->struct_mutex", "&ip->i_lock", 2),
        ("&ip->i_lock", "&map->lock", 1),
        ("&map->lock", "&dev->struct_mutex", 1),
    ]


# --- Java -------------------------------------------------------------------------------------------------------

JAVA = """\
Found one Java-level deadlock:
=============================
"worker "one": x":
  waiting to lock monitor 0x00007f983c066be0 (object 0x000000069ec19620, a java.lang.Object),
  which is held by ""

"":
  waiting for ownable synchronizer 0x000000069ec19610, (a java.util.concurrent.locks.ReentrantLock$NonfairSync),
  which is held by "worker "one": x"

"outside":
  waiting to lock monitor 0x00007f983c066be0 (object 0x000000069ec19620, a java.lang.Object),
  in JNI, which is held by ""

Java stack information for the threads listed above:
===================================================
"worker "one": x":
\tat DL.lambda$main$0(DL.java:5)
\t- waiting to lock <0x000000069ec19620> (a java.lang.Object)
\t- locked <0x000000069ec19610> (a java.lang.Object)
\tat DL$$Lambda$1/0x00007f9860000a08.run(Unknown Source)
\tat java.lang.Thread.run(java.base@17.0.15/Thread.java:840)
"":
\tat java.base@17/jdk.internal.misc.Unsafe.park(Native Method)
\t- parking to wait for  <0x000000069ec19610> (a java.util.concurrent.locks.ReentrantLock$NonfairSync)
"outside":
\tat DL.lambda$main$4(DL.java:9)

Found one Java-level deadlock:
=============================
"alone":
  waiting to lock monitor 0x1 (object 0x2, a T),
  which is held by UNKNOWN_owner_addr=0x00007f
Found 2 deadlocks.
"""


def test_java_threads_of_any_name() -> None:
    log = read_text(JAVA)
    first, second = log.reports
    assert loads(dumps([log])) == (log,)
    assert isinstance(first, JavaDeadlockReport)
    assert [thread.name for thread in first.threads] == ['worker "one": x', "", "outside"]
    assert [thread.holder for thread in first.threads] == ["", 'worker "one": x', ""]
    assert [thread.name for thread in first.deadlocked] == ['worker "one": x', ""]
    assert first.threads[0].held == ("0x000000069ec19610",)
    frames = first.threads[0].stack.frames
    assert (frames[0].function, frames[0].file, frames[0].line) == ("DL.lambda$main$0", "DL.java", 5)
    assert frames[0].bare_function == "DL.lambda$main$0"
    assert frames[1].function == "DL$$Lambda$1/0x00007f9860000a08.run"
    assert isinstance(second, JavaDeadlockReport)
    assert second.threads[0].holder is None
    assert second.deadlocked == ()
    assert "chain" in second.reading.missing


def test_java_threads_wait_for_objects_that_threads_hold() -> None:
    first, second = read_text(JAVA).reports
    graph = lock_graph(first)
    assert graph.shape is Shape.WAIT_FOR
    assert [node.name for node in graph.nodes if node.subject is Subject.TASK] == ['worker "one": x', '""', "outside"]
    assert _edges(graph) == [
        ('worker "one": x', "waits", "java.lang.Object <0x000000069ec19620>"),
        ("java.lang.Object <0x000000069ec19620>", "holds", '""'),
        ('""', "waits", "java.util.concurrent.locks.ReentrantLock$NonfairSync <0x000000069ec19610>"),
        ("java.util.concurrent.locks.ReentrantLock$NonfairSync <0x000000069ec19610>", "holds", 'worker "one": x'),
        ("outside", "waits", "java.lang.Object <0x000000069ec19620>"),
    ]
    told = " ".join(sentence.text for sentence in explain(first, graph))
    assert '"outside" waits outside of the circle' in told
    assert [edge.relation for edge in lock_graph(second).edges] == [Relation.WAITS]


def _edges(graph: LockGraph) -> list[tuple[str, str, str]]:
    names = [node.name for node in graph.nodes]
    return [(names[edge.tail], edge.relation.value, names[edge.head]) for edge in graph.edges]


# --- Anything ---------------------------------------------------------------------------------------------------

PIECES = (
    *THREE.splitlines(),
    *helgrind(*OBSERVED).splitlines(),
    *JAVA.splitlines(),
    "lock order reversal:",
    " 1st 0x1 a (a) @ x.c:1",
    " 2nd 0x2 b (b, sx) @ x.c:2",
    "lock order a -> b established at:",
    "#0 f+0x1",
    "KDB: stack backtrace:",
    "",
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=30)), max_size=25))
def test_any_mixture_of_lines_is_read_without_an_error(lines: list[str]) -> None:
    log = read_text("\n".join(lines))
    for report in log.reports:
        assert 1 <= report.span.first <= report.span.last <= max(log.lines, 1)
        graph = lock_graph(report)
        summary(report, graph)
        explain(report, graph)
    assert loads(dumps([log])) == (log,)


# --- Wrappers, size, replay -------------------------------------------------------------------------------------

WRAPPERS = {
    "quotes": lambda line: f"> {line}",
    "nested quotes": lambda line: f">> {line}",
    "CR": lambda line: f"{line}\r",
    "blanks behind": lambda line: f"{line:160}",
    "syslog": lambda line: f"Aug 22 14:31:02 host kernel: {line}",
    "container time stamps": lambda line: f"2024-08-22T14:31:02.123456Z {line}",
    "indented": lambda line: f"    {line}",
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_wrapped_reports_are_the_same(labelled: list[tuple[Report, Label, str]], wrapper: str) -> None:
    for report, _, text in labelled:
        wrapped = "".join(f"{WRAPPERS[wrapper](line)}\n" for line in text.splitlines())
        assert read_text(wrapped).reports == (report,), report.kind


def test_reports_in_the_middle_of_a_large_log(labelled: list[tuple[Report, Label, str]]) -> None:
    noise = "[   12.345678] usb 1-1: new high-speed USB device number 2 using xhci_hcd\n" * 60_000
    for report, label, text in labelled:
        log = read_text(noise + text + "\n" + noise)
        assert log.size > 4 << 20
        assert log.reports == (report,)
        assert log.reports[0].span.first == 60_000 + label["line"]


def test_orders_can_be_replayed(labelled: list[tuple[Report, Label, str]]) -> None:
    for report, _, _ in labelled:
        scenario = scenario_from_report(report, lock_graph(report))
        assert [len(task.acquisitions) for task in scenario.tasks] == [2, 2]
        schedule = find_deadlock(scenario).schedule
        assert schedule
        end = Replay.start(scenario, schedule).last()
        assert end.outcome is Outcome.DEADLOCK
        assert set(end.waiters) == {0, 1}


NAMES = st.sampled_from(["a", "b", "c", ""])
LOCKS = st.lists(st.builds(ForeignLock, name=NAMES, address=NAMES, label=NAMES, sort=NAMES), max_size=4).map(tuple)
STACKS = st.lists(st.builds(Frame, function=NAMES), max_size=2).map(lambda frames: StackTrace(tuple(frames)))
ORDERS = st.lists(
    st.builds(ForeignOrder, held=NAMES, wanted=NAMES, thread=NAMES, stack=STACKS, held_stack=STACKS), max_size=5
).map(tuple)
THREADS = st.lists(
    st.builds(JavaThread, name=NAMES, wanted=NAMES, holder=st.none() | NAMES, stack=STACKS), max_size=6
).map(tuple)
USES = st.none() | st.builds(HeldLock, lock_class=st.builds(LockClass, NAMES))


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.builds(TsanReport, title=NAMES, locks=LOCKS, orders=ORDERS),
        st.builds(HelgrindReport, title=NAMES, wanted=USES, held=USES, locks=LOCKS, orders=ORDERS),
        st.builds(WitnessReport, title=NAMES, wanted=USES, held=USES, locks=LOCKS, orders=ORDERS),
        st.builds(JavaDeadlockReport, title=NAMES, threads=THREADS),
    )
)
def test_any_report_is_drawn_told_and_kept(report: Report) -> None:
    log = Log("x", (report,))
    assert loads(dumps([log])) == (log,)
    summarised(log)
    graph = lock_graph(report)
    summary(report, graph)
    explain(report, graph)
    scenario_from_report(report, graph)
    text_figure(report, graph, scenario=True)
    for edge in graph.edges:
        assert max(edge.tail, edge.head) < len(graph.nodes)
        assert edge.task < len(graph.tasks)
    waiting = report.deadlocked if isinstance(report, JavaDeadlockReport) else ()
    assert all(thread.holder == after.name for thread, after in zip(waiting, (*waiting[1:], *waiting[:1]), strict=True))
