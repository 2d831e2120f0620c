"""Who waits for whom: real deadlocks and pile-ups, uncertain owners, and what a cut log must not say."""

import re
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from wait_reports import wait_reports

from lockview.analysis.build import lock_graph
from lockview.analysis.explain import explain, summary
from lockview.analysis.explain_waits import deadlocks
from lockview.analysis.lock_graph import LockGraph, Mode, Relation, Shape, Subject
from lockview.analysis.waiting import waiting
from lockview.model.locks import HeldLock, LockClass, WaitTypes
from lockview.model.reports import HeldLocks, Report, ReportKind, Task
from lockview.model.stacks import Frame, StackTrace
from lockview.model.wait_reports import HungTaskReport, LocksDumpReport, TaskDump
from lockview.parsing.reader import read_file, read_text

MUTEX = "+.+."


def links(graph: LockGraph, *, sure: bool = True) -> set[tuple[Relation, str, str]]:
    """The edges by the names of their ends, without those that the graph itself calls uncertain."""
    return {
        (edge.relation, graph.nodes[edge.tail].name, graph.nodes[edge.head].name)
        for edge in graph.edges
        if edge.dependency.inferred is not sure
    }


def held(task: Task, *locks: str) -> HeldLocks:
    """A list of mutexes, given as ``name@address``."""
    made = []
    for index, lock in enumerate(locks):
        name, _, address = lock.partition("@")
        made.append(HeldLock(LockClass(name), MUTEX, WaitTypes(4, 4), address.rjust(16, "0"), index=index))
    return HeldLocks(task, len(made), tuple(made))


def dump(task: Task, *functions: str) -> TaskDump:
    return TaskDump(task, "D", StackTrace(tuple(Frame(name, 1, 2) for name in functions)))


W1, W2 = Task("w1", 10), Task("w2", 11)
SLOW = ("__schedule", "schedule", "schedule_preempt_disabled", "__mutex_lock", "foo")
WAITS, HOLDS = Relation.WAITS, Relation.HOLDS


def hung(*dumps: TaskDump, locks: tuple[HeldLocks, ...]) -> LockGraph:
    return lock_graph(HungTaskReport("t", task=dumps[0].task, dump=dumps[0], peers=dumps[1:], all_locks=locks))


def test_a_stack_that_is_in_no_slow_path_makes_its_task_the_owner() -> None:
    """The worked example of the specification: both list the lock last."""
    graph = hung(
        dump(W2, *SLOW),
        dump(W1, "__schedule", "schedule", "msleep"),
        locks=(held(W1, "m@a00"), held(W2, "n@b00", "m@a00")),
    )
    assert {(WAITS, "w2/11", "m"), (HOLDS, "m", "w1/10")} <= links(graph)
    assert not deadlocks(graph)


def test_the_owner_is_uncertain_without_a_stack() -> None:
    graph = hung(dump(W2, *SLOW), locks=(held(W1, "m@a00"), held(W2, "m@a00")))
    assert links(graph) == {(WAITS, "w2/11", "m")}
    assert links(graph, sure=False) == {(HOLDS, "m", "w1/10")}
    told = " ".join(sentence.text for sentence in explain(_report(graph, W2), graph))
    assert "the owner is uncertain" in told


def _report(graph: LockGraph, task: Task) -> Report:
    return HungTaskReport("t", task=task, seconds=9)


def test_a_line_about_the_blocker_settles_it() -> None:
    text = (
        "INFO: task w2:11 blocked for more than 9 seconds.\n"
        "task:w2              state:D stack:0     pid:11    tgid:11    ppid:2      flags:0x00004000\n"
        "Call Trace:\n <TASK>\n __schedule+0x1/0x2\n schedule+0x1/0x2\n __mutex_lock+0x1/0x2\n foo+0x1/0x2\n </TASK>\n"
        "INFO: task w2:11 is blocked on a mutex likely owned by task w1:10.\n"
        "\nShowing all locks held in the system:\n1 lock held by w1/10:\n"
        " #0: ffff888000000a00 (m){+.+.}-{4:4}, at: foo+0x1/0x2\n2 locks held by w2/11:\n"
        " #0: ffff888000000b00 (n){+.+.}-{4:4}, at: bar+0x1/0x2\n"
        " #1: ffff888000000a00 (m){+.+.}-{4:4}, at: foo+0x1/0x2\n"
        "\n=============================================\n"
    )
    (report,) = read_text(text).reports
    assert {(WAITS, "w2/11", "m"), (HOLDS, "m", "w1/10")} <= links(lock_graph(report))
    assert summary(report, lock_graph(report)) == "w2/11 has waited for more than 9 seconds for m, which w1/10 holds"


def test_readers_and_markers_are_no_contention() -> None:
    lists = (held(W1, "rcu_read_lock@a00"), held(W2, "(wq_completion)x@b00", "rcu_read_lock@a00"))
    graph = lock_graph(LocksDumpReport("t", all_locks=lists))
    assert all(edge.relation is HOLDS for edge in graph.edges)


def test_a_cycle_is_a_deadlock_and_a_chain_is_not() -> None:
    locks = (held(W1, "m@a00", "n@b00"), held(W2, "n@b00", "m@a00"))
    graph = hung(dump(W1, *SLOW), dump(W2, *SLOW), locks=locks)
    (cycle,) = deadlocks(graph)
    assert len(cycle) == 4
    assert any("real deadlock" in sentence.text for sentence in explain(_report(graph, W1), graph))


def test_a_list_without_anybody_who_waits_shows_what_all_hold() -> None:
    graph = lock_graph(LocksDumpReport("t", all_locks=(held(W1, "m@a00", "n@b00"), held(W2, "o@c00"))))
    assert links(graph) == {(HOLDS, "m", "w1/10")}
    assert links(graph, sure=False) == {(HOLDS, "n", "w1/10"), (HOLDS, "o", "w2/11")}


def test_a_lock_that_is_never_taken_for_reading_has_one_holder() -> None:
    """Without stacks: the one for whom it is not the newest has it, so the other waits; a shared one tells nothing."""
    inode, shared = HeldLock(LockClass("i_mutex_key"), "+.+.", instance="a00"), HeldLock(LockClass("sb"), ".+.+")
    for lock, waits in ((inode, {(WAITS, "w2/11", "i_mutex_key")}), (replace(shared, instance="b00"), set())):
        lists = (
            HeldLocks(W1, 2, (replace(lock, index=0), HeldLock(LockClass("x"), MUTEX, instance="c00", index=1))),
            HeldLocks(W2, 1, (replace(lock, index=0),)),
        )
        graph = lock_graph(LocksDumpReport("t", all_locks=lists))
        assert {link for link in links(graph, sure=False) if link[0] is WAITS} == waits


def test_slow_paths_tell_how_a_lock_is_wanted() -> None:
    for function, mode in (("rwsem_down_read_slowpath", Mode.SHARED), ("rwsem_down_write_slowpath", Mode.EXCLUSIVE)):
        found = waiting(dump(W1, "__schedule", "schedule", function, "down_x", "foo").stack)
        assert found
        assert found.mode is mode
    assert waiting(dump(W1, "__schedule", "schedule", "wait_for_completion", "mutex_lock").stack) is None


def test_the_deadlock_that_only_the_watchdog_saw(shared: Path) -> None:
    log = read_file(str(shared / "realkernel" / "deadlock_nv.log"))
    assert len(log.reports) == 6
    for report in log.reports:
        graph = lock_graph(report)
        assert graph.shape is Shape.WAIT_FOR
        assert len(deadlocks(graph)) == 1
        assert len(graph.edges) == 4
        assert sum(node.subject is Subject.TASK for node in graph.nodes) == 2


def test_a_pile_up_has_a_root(shared: Path) -> None:
    for name, root in (("hung", "hang-holder/54"), ("hung_completion", "io-submit/54")):
        log = read_file(str(shared / "realkernel" / f"{name}.log"))
        for report in (report for report in log.reports if report.kind is ReportKind.HUNG_TASK):
            graph = lock_graph(report)
            assert not deadlocks(graph)
            assert not any("khungtaskd" in node.name for node in graph.nodes)
            assert any(f"The root is {root}" in sentence.text for sentence in explain(report, graph))


def test_a_cut_log_raises_nothing_and_says_nothing_new(shared: Path) -> None:
    text = (shared / "realkernel" / "hung.log").read_text("utf-8", "replace")
    lines = text.splitlines(keepends=True)[334:437]
    whole = {link for report in read_text("".join(lines)).reports for link in links(lock_graph(report))}
    for count in range(len(lines)):
        for part in (lines[:count], lines[count:]):
            for report in read_text("".join(part)).reports:
                graph = lock_graph(report)
                explain(report, graph)
                nameless = {node.name for node in graph.nodes if node.subject is not Subject.TASK and node.label}
                new = {link for link in links(graph) - whole if not nameless & set(link)}
                assert not new, (count, new)


def test_every_real_report_is_told(shared: Path) -> None:
    seen = 0
    for path in sorted((shared / "corpus").glob("*.log")):
        if not re.match(r"hung|locksdump|sleepatomic|schedatomic|spinlock|rwlock", path.name):
            continue
        for report in read_file(str(path)).reports:
            graph = lock_graph(report)
            assert summary(report, graph), path.name
            assert explain(report, graph), path.name
            assert graph.nodes, path.name
            seen += 1
    assert seen > 120


@settings(max_examples=80, deadline=None)
@given(wait_reports())
def test_any_report_gives_a_graph_and_sentences(report: Report) -> None:
    graph = lock_graph(report)
    assert summary(report, graph)
    assert explain(report, graph)
    assert [node.number for node in graph.nodes] == list(range(len(graph.nodes)))
    assert [edge.number for edge in graph.edges] == list(range(len(graph.edges)))
    assert {end for edge in graph.edges for end in (edge.tail, edge.head)} <= set(range(len(graph.nodes)))
    assert {edge.task for edge in graph.edges} <= {-1, *range(len(graph.tasks))}
