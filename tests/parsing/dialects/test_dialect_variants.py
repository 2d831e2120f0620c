"""What other versions of the same programs print: older and newer wordings, other systems, XML, whole dumps."""

from hypothesis import given, settings
from hypothesis import strategies as st

from lockview.analysis.build import lock_graph
from lockview.analysis.explain import explain
from lockview.export.as_json import dumps, loads
from lockview.export.kernel_text import kernel_text
from lockview.model.foreign_reports import HelgrindReport, JavaDeadlockReport, TsanReport, WitnessReport
from lockview.model.reports import Report
from lockview.model.traces import Outcome
from lockview.parsing.reader import read_text
from lockview.sim.bridge import scenario_from_report
from lockview.sim.replay import Replay
from lockview.sim.search import find_deadlock


def only(text: str) -> Report:
    """The one report of a text, after its way through JSON and through its own words."""
    log = read_text(text)
    (report,) = log.reports
    assert loads(dumps([log])) == (log,)
    assert read_text(kernel_text(report)).reports == (report,)
    return report


def runs_into_a_deadlock(report: Report) -> bool:
    scenario = scenario_from_report(report, lock_graph(report))
    schedule = find_deadlock(scenario).schedule
    return schedule is not None and Replay.start(scenario, schedule).last().outcome is Outcome.DEADLOCK


# --- ThreadSanitizer --------------------------------------------------------------------------------------------

OTHER_SYSTEMS = """\
WARNING: ThreadSanitizer: lock-order-inversion (potential deadlock) (pid=501)
  Cycle in lock order graph: M12 (0x000104b58000) => M7 (0x000104b58040) => M12

  Mutex M7 acquired here while holding mutex M12 in thread T1:
    #0 pthread_mutex_lock <null>:90288020 (libclang_rt.tsan_osx_dynamic.dylib:arm64e+0x394ae)
    #1 demo::Queue<T>::push(T) queue.rs:31 (demo:arm64+0x100003e18)

  Mutex M12 acquired here while holding mutex M7 in thread T2:
    #0 pthread_mutex_lock <null>:90288020 (libclang_rt.tsan_osx_dynamic.dylib:arm64e+0x394ae)
    #1 -[Store save:] Store.mm:88 (demo:arm64+0x100003f00)

  Thread T1 (tid=4711, running) is a GCD worker thread

  Thread T2 (tid=4712, running)

SUMMARY: ThreadSanitizer: lock-order-inversion (potential deadlock) queue.rs:31 in push
"""


def test_thread_sanitizer_of_other_systems() -> None:
    report = only(OTHER_SYSTEMS)
    assert isinstance(report, TsanReport)
    first, second = report.orders
    assert (first.stack.frames[0].function, first.stack.frames[0].file) == ("pthread_mutex_lock", "")
    assert first.stack.frames[0].module == "libclang_rt.tsan_osx_dynamic.dylib:arm64e"
    assert (second.stack.frames[1].function, second.stack.frames[1].file) == ("-[Store save:]", "Store.mm")
    assert [(thread.name, thread.tid, thread.state) for thread in report.threads] == [
        ("T1", 4711, "running"),
        ("T2", 4712, "running"),
    ]
    assert report.reading.complete
    assert runs_into_a_deadlock(report)


def test_a_cycle_that_lost_its_addresses() -> None:
    report = only(OTHER_SYSTEMS.replace(" (0x000104b58000)", "").replace(" (0x000104b58040)", ""))
    assert isinstance(report, TsanReport)
    assert [(lock.name, lock.address) for lock in report.locks] == [("M12", ""), ("M7", "")]
    assert len(report.cycle) == 2


def test_orders_of_one_thread_are_called_so() -> None:
    report = only(OTHER_SYSTEMS.replace("in thread T2", "in thread T1"))
    told = " ".join(sentence.text for sentence in explain(report, lock_graph(report)))
    assert "All these orders were made by one thread, thread T1" in told
    assert "one thread" not in " ".join(
        one.text for one in explain(only(OTHER_SYSTEMS), lock_graph(only(OTHER_SYSTEMS)))
    )


# --- Helgrind ---------------------------------------------------------------------------------------------------


def _frame(address: str, function: str = "", file: str = "", line: int = 0) -> str:
    parts = [f"<ip>{address}</ip>", "<obj>/home/demo/dl</obj>"]
    parts += [f"<fn>{function}</fn>"] if function else []
    parts += ["<dir>/home/demo</dir>", f"<file>{file}</file>", f"<line>{line}</line>"] if file else []
    return "".join(f"      {part}\n" for part in ("<frame>", *parts, "</frame>"))


def _stack(*frames: str) -> str:
    return f"  <stack>\n{''.join(frames)}  </stack>\n"


XML = f"""\
<?xml version="1.0"?>
<valgrindoutput>
<protocoltool>helgrind</protocoltool>
<announcethread>
  <hthreadid>3</hthreadid>
{_stack(_frame("0x4E4F0E3", "clone", "clone.S", 76))}</announcethread>
<error>
  <unique>0x0</unique>
  <kind>LockOrder</kind>
  <xwhat>
    <text>Thread #3: lock order "0x10C060 before 0x10C0A0" violated</text>
    <hthreadid>3</hthreadid>
  </xwhat>
  <auxwhat>Observed (incorrect) order is: acquisition of lock at 0x10C0A0</auxwhat>
{_stack(_frame("0x484ED0D"), _frame("0x1091E5", "second&lt;int&gt;(void*)", "dl.cc", 11))}\
  <auxwhat>followed by a later acquisition of lock at 0x10C060</auxwhat>
{_stack(_frame("0x1091F5", "second", "dl.cc", 12))}\
  <auxwhat>Required order was established by acquisition of lock at 0x10C060</auxwhat>
{_stack(_frame("0x1091A5", "first", "dl.cc", 4))}\
  <auxwhat>followed by a later acquisition of lock at 0x10C0A0</auxwhat>
{_stack(_frame("0x1091B5", "first", "dl.cc", 5))}\
  <auxwhat>Lock at 0x10C060 was first observed</auxwhat>
{_stack(_frame("0x1091A5", "first", "dl.cc", 4))}\
  <xauxwhat><text>Address 0x10c060 is 0 bytes inside data symbol "a"</text></xauxwhat>
  <auxwhat>Address 0x10c060 is 0 bytes inside data symbol "a"</auxwhat>
  <auxwhat>Address 0x10c0a0 is 0 bytes inside data symbol "b"</auxwhat>
</error>
<error>
  <kind>Race</kind>
{_stack(_frame("0x1", "race"))}</error>
</valgrindoutput>
"""


def test_helgrind_as_xml() -> None:
    report = only(XML)
    assert isinstance(report, HelgrindReport)
    assert [(lock.name, lock.address, len(lock.stack)) for lock in report.locks] == [
        ("a", "0x10C060", 1),
        ("b", "0x10C0A0", 0),
    ]
    observed, required = report.orders
    frames = observed.held_stack.frames
    assert (frames[0].function, frames[0].module, frames[0].address) == ("???", "/home/demo/dl", "0x484ED0D")
    assert (frames[1].function, frames[1].file, frames[1].line) == ("second<int>(void*)", "dl.cc", 11)
    assert [frame.line for frame in (*required.held_stack, *required.stack)] == [4, 5]
    assert report.reading.complete
    assert not report.reading.problems
    assert runs_into_a_deadlock(report)


def test_helgrind_before_it_named_the_observed_order() -> None:
    report = only(
        '==9== Thread #2: lock order "0x6009A0 before 0x6009E0" violated\n'
        "==9==    at 0x4C2D0C5: pthread_mutex_lock (hg_intercepts.c:495)\n"
        "==9==    by 0x400716: second (dl.c:12)\n"
        "==9==  Required order was established by acquisition of lock at 0x6009A0\n"
        "==9==    at 0x4006D8: first (dl.c:4)\n"
        "==9==  followed by a later acquisition of lock at 0x6009E0\n"
        "==9==    at 0x4006E2: first (dl.c:5)\n"
    )
    assert isinstance(report, HelgrindReport)
    assert [(order.words, len(order.held_stack), len(order.stack)) for order in report.orders] == [
        ("observed", 0, 2),
        ("required", 1, 1),
    ]
    assert [(str(edge.held), str(edge.wanted), edge.new, edge.inferred) for edge in report.cycle] == [
        ("0x6009A0", "0x6009E0", False, False),
        ("0x6009E0", "0x6009A0", True, False),
    ]


# --- WITNESS ----------------------------------------------------------------------------------------------------


def test_types_with_brackets_of_their_own() -> None:
    report = only(
        "lock order reversal:\n"
        " 1st 0xfffffe0012345678 vm map (user) (vm map (user), sx) @ /usr/src/sys/vm/vm_map.c:10\n"
        " 2nd 0xfffff80012345678 ufs (ufs, lockmgr) @ /usr/src/sys/kern/vfs_subr.c:20\n"
        "lock order ufs -> vm map (user) established at:\n"
        "#0 0xffffffff80c36bed at witness_checkorder+0x46d\n"
        "#1 0xffffffff80c36b00 at _sx_xlock+0x60\n"
        "lock order vm map (user) -> ufs attempted at:\n"
        "#0 0xffffffff80c3758c at witness_checkorder+0xe0c\n"
    )
    assert isinstance(report, WitnessReport)
    assert [(lock.name, lock.label, lock.sort) for lock in report.locks] == [
        ("vm map (user)", "vm map (user)", "sx"),
        ("ufs", "ufs", "lockmgr"),
    ]
    assert [(str(edge.held), str(edge.wanted), len(edge.stack), edge.new) for edge in report.cycle] == [
        ("ufs", "vm map (user)", 2, False),
        ("vm map (user)", "ufs", 1, True),
    ]
    assert runs_into_a_deadlock(report)


def test_old_freebsd_has_no_colon_and_a_third_lock() -> None:
    report = only(
        "lock order reversal\n"
        " 1st 0xc1d6c2a4 vm object (vm object) @ /usr/src/sys/vm/swap_pager.c:13\n"
        " 2nd 0xc0766c20 swap hash (swap hash) @ /usr/src/sys/vm/swap_pager.c:18\n"
        " 3rd 0xc0c358c4 vm object (vm object) @ /usr/src/sys/vm/uma_core.c:8\n"
        "Stack backtrace:\n"
        "backtrace(0,1,c06e2a90,c06e5420,c066b9a8) at backtrace+0x12\n"
        "witness_checkorder(c0c1d6c0,9,c0648a13,376) at witness_checkorder+0x53b\n"
    )
    assert report.title == "lock order reversal"
    assert [(str(edge.held), str(edge.wanted)) for edge in report.cycle] == [
        ("vm object", "swap hash"),
        ("swap hash", "vm object"),
    ]
    assert report.backtrace
    assert [str(frame) for frame in report.backtrace.stack] == ["backtrace+0x12", "witness_checkorder+0x53b"]
    assert runs_into_a_deadlock(report)


def test_numbered_backtraces_and_short_time_stamps() -> None:
    report = only(
        "[19] lock order reversal:\n"
        "[19]  1st 0xffff000053224af0 bufwait (bufwait) @ /usr/src/sys/kern/vfs_bio.c:35\n"
        "[19]  2nd 0xfffffd0001860c00 dirhash (dirhash) @ /usr/src/sys/ufs/ufs/ufs_dirhash.c:28\n"
        "[19] stack backtrace:\n"
        "[19] #0 0xffff000000370828 at witness_debugger+0x64\n"
        "[19] #1 0xffff00000031a9c0 at _sx_xlock+0x7c\n"
    )
    assert [len(edge.stack) for edge in report.cycle] == [0, 2]


def test_decoded_stacks_of_openbsd() -> None:
    report = only(
        "witness: lock order reversal:\n"
        " 1st 0xfffffd8008716188 vmmaplk (&map->lock)\n"
        " 2nd 0xfffffd806f67fa38 inode (&ip->i_lock)\n"
        'lock order "&ip->i_lock"(rrwlock) -> "&map->lock"(rwlock) first seen at:\n'
        "#0  rw_enter_read+0x66 sys/kern/kern_rwlock.c:11\n"
        "#1  syscall+0x489 mi_syscall sys/sys/syscall_mi.h:10 [inline]\n"
        "#1  syscall+0x489 sys/arch/amd64/amd64/trap.c:58\n"
        "lock order data w1 -> w2 missing\n"
    )
    frames = report.cycle[0].stack.frames
    assert [(frame.function, frame.file, frame.line, frame.inlined) for frame in frames] == [
        ("rw_enter_read", "sys/kern/kern_rwlock.c", 11, False),
        ("mi_syscall", "sys/sys/syscall_mi.h", 10, True),
        ("syscall", "sys/arch/amd64/amd64/trap.c", 58, False),
    ]
    assert report.cycle[1].inferred


def test_words_about_reversals_are_no_report() -> None:
    assert read_text("I saw a lock order reversal\n1st try: it went away\nlock order reversal: none\n").reports == ()


# --- Java -------------------------------------------------------------------------------------------------------

DUMP = """\
2026-01-02 03:04:05
Full thread dump OpenJDK 64-Bit Server VM (17.0.1+12 mixed mode, sharing):

Threads class SMR info:
_java_thread_list=0x00007f0000000000, length=5, elements={
0x00007f0000000001
}

"main" #1 [4711] prio=5 os_prio=0 cpu=50.33ms elapsed=5.02s tid=0x00007f nid=0x1 waiting on condition  [0x00007f]
   java.lang.Thread.State: WAITING (parking)
\tat jdk.internal.misc.Unsafe.park(java.base@17.0.1/Native Method)
\t- parking to wait for  <0x0000000000000071> (a java.util.concurrent.locks.ReentrantLock$NonfairSync)
\tat demo.Main.main(Main.java:12)

   Locked ownable synchronizers:
\t- None

"pool" #12 daemon prio=5 os_prio=0 tid=0x01 nid=0x2 waiting for monitor entry [0x00007f]
   java.lang.Thread.State: BLOCKED (on object monitor)
\tat demo.Main.left(Main.java:20)
\t- waiting to lock <0x0000000000000072> (a java.lang.Object)
\tat demo.Main.run(Main.java:9)

   Locked ownable synchronizers:
\t- <0x0000000000000071> (a java.util.concurrent.locks.ReentrantLock$NonfairSync)

"pool" #13 prio=5 os_prio=0 tid=0x01 nid=0x2 waiting on condition [0x00007f]
   java.lang.Thread.State: WAITING (parking)
\tat jdk.internal.misc.Unsafe.park(java.base@17.0.1/Native Method)
\t- parking to wait for  <0x0000000000000071> (a java.util.concurrent.locks.ReentrantLock$NonfairSync)
\tat demo.Main.right(Main.java:30)
\t- locked <0x0000000000000072> (a java.lang.Object)

"idle" #14 prio=5 os_prio=0 tid=0x01 nid=0x2 in Object.wait() [0x00007f]
   java.lang.Thread.State: WAITING (on object monitor)
\tat java.lang.Object.wait(java.base@17.0.1/Native Method)
\t- waiting on <0x0000000000000099> (a java.lang.Object)
\tat demo.Main.idle(Main.java:40)
\t- locked <0x0000000000000099> (a java.lang.Object)

"asks for what the idle one has given up" #15 prio=5 os_prio=0 tid=0x01 nid=0x2 waiting for monitor entry [0x00007f]
   java.lang.Thread.State: BLOCKED (on object monitor)
\tat demo.Main.ask(Main.java:50)
\t- waiting to lock <0x0000000000000099> (a java.lang.Object)

"VM Thread" os_prio=0 tid=0x02 nid=0x3 runnable

JNI global refs: 12, weak refs: 0
"""


def test_a_circle_that_the_machine_does_not_name() -> None:
    report = only(DUMP)
    assert isinstance(report, JavaDeadlockReport)
    assert report.computed
    assert [(thread.name, thread.holder, thread.held) for thread in report.threads] == [
        ("main", "pool #12", ()),
        ("pool #12", "pool #13", ("0x0000000000000071",)),
        ("pool #13", "pool #12", ("0x0000000000000072",)),
    ]
    assert [thread.name for thread in report.deadlocked] == ["pool #12", "pool #13"]
    assert report.span.first == 2
    assert report.reading.complete
    told = " ".join(sentence.text for sentence in explain(report, lock_graph(report)))
    assert "does not name this deadlock" in told
    assert runs_into_a_deadlock(report)


def test_threads_that_cannot_be_told_apart_by_name_or_number() -> None:
    report = only(DUMP.replace('"pool" #13', '"pool" #12'))
    assert isinstance(report, JavaDeadlockReport)
    assert len({thread.name for thread in report.threads}) == 3
    assert len(report.deadlocked) == 2


def test_threads_that_wait_in_no_circle_are_no_report() -> None:
    log = read_text(DUMP.replace("- locked <0x0000000000000072>", "- locked <0x0000000000000073>"))
    assert log.reports == ()
    assert [miss.reason for miss in log.near_misses] == ["no threads of this dump wait for each other in a circle"]


def test_a_circle_that_the_machine_names_is_told_once() -> None:
    named = (
        "\nFound one Java-level deadlock:\n=============================\n"
        '"pool":\n  waiting to lock monitor 0x1 (object 0x0000000000000072, a java.lang.Object),\n'
        '  which is held by "pool"\n'
    )
    log = read_text(DUMP + named)
    (report,) = log.reports
    assert isinstance(report, JavaDeadlockReport)
    assert not report.computed
    assert log.near_misses == ()


def test_the_circle_of_a_long_dump_is_told_once_in_a_large_log() -> None:
    """What is kept of a large source may end within the dump, before the machine names the circle."""
    thread = '"t" #9 prio=5 tid=0x1 nid=0x2 runnable\n   java.lang.Thread.State: RUNNABLE\n\tat demo.A.a(A.java:1)\n\n'
    head, tail = DUMP.split('"VM Thread"')
    named = (
        "\nFound one Java-level deadlock:\n=============================\n"
        '"pool":\n  waiting to lock monitor 0x1 (object 0x0000000000000072, a java.lang.Object),\n'
        '  which is held by "pool"\n'
    )
    noise = "[   12.345678] usb 1-1: new high-speed USB device number 2 using xhci_hcd\n" * 60_000
    for count in (100, 2_000, 5_000):
        log = read_text(noise + head + thread * count + '"VM Thread"' + tail + named + noise)
        assert [getattr(report, "computed", None) for report in log.reports] == [False], count


def test_a_dump_that_is_cut_before_the_circle_closes_is_no_report() -> None:
    lines = DUMP.splitlines(keepends=True)
    complete = next(place for place, line in enumerate(lines) if "- locked <0x0000000000000072>" in line)
    for count in range(len(lines)):
        assert bool(read_text("".join(lines[:count])).reports) == (count > complete)


# --- Anything ---------------------------------------------------------------------------------------------------

PIECES = (*OTHER_SYSTEMS.splitlines(), *XML.splitlines(), *DUMP.splitlines())


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=30)), max_size=40))
def test_any_mixture_of_lines_is_read_without_an_error(lines: list[str]) -> None:
    log = read_text("\n".join(lines))
    for report in log.reports:
        assert 1 <= report.span.first <= report.span.last <= max(log.lines, 1)
        graph = lock_graph(report)
        explain(report, graph)
        scenario_from_report(report, graph)
        assert read_text(kernel_text(report)).reports == (report,)
    assert loads(dumps([log])) == (log,)
