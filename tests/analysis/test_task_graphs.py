"""Graphs and sentences of reports about one task and its locks, RCU, and lockdep itself."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from task_strategies import task_reports

from lockview.analysis.build import lock_graph
from lockview.analysis.explain import explain, summary
from lockview.analysis.graph_tasks import context_name, outer_type, too_strict
from lockview.analysis.lock_graph import LockGraph, Relation, Shape, Subject
from lockview.analysis.usage import has_raw_nesting
from lockview.model.held_reports import (
    FreedReport,
    LeftHeldReport,
    NestedReport,
    RcuReport,
    UnlockReport,
    ValidatorReport,
    WaitContextReport,
    WorkLeakReport,
)
from lockview.model.locks import HeldLock, LockClass, WaitTypes
from lockview.model.reports import HeldLocks, Report, ReportKind, Task
from lockview.model.stacks import Backtrace, Frame, StackTrace
from lockview.parsing.reader import read_file

TASK = Task("demo", 42)


def lock(name: str, types: tuple[int, int] | None = None, instance: str = "") -> HeldLock:
    waits = WaitTypes(*types) if types else None
    return HeldLock(LockClass(name), "+.+.", waits, instance, site=Frame(f"took_{name}", 1, 2))


def held(*locks: HeldLock) -> HeldLocks:
    return HeldLocks(TASK, len(locks), locks)


def trace(*functions: str) -> Backtrace:
    return Backtrace(StackTrace(tuple(Frame(name, 1, 2) for name in functions)))


def edges(graph: LockGraph, relation: Relation) -> list[tuple[str, str]]:
    return [
        (graph.nodes[edge.tail].name, graph.nodes[edge.head].name) for edge in graph.edges if edge.relation is relation
    ]


def waiting(wanted: tuple[int, int], context: tuple[int, int], *locks: HeldLock) -> WaitContextReport:
    return WaitContextReport(
        "BUG: Invalid wait context",
        task=TASK,
        wanted=lock("want", wanted),
        held_locks=held(*locks),
        context=WaitTypes(*context),
        backtrace=trace("__mutex_lock", "caller"),
    )


def test_each_lock_that_allows_less_forbids() -> None:
    """V612 check_wait_context: the smallest inner number counts, and 0 means that nothing is checked."""
    report = waiting((4, 4), (5, 5), lock("a", (4, 4)), lock("map", (0, 0)), lock("raw", (2, 2)), lock("spin", (3, 3)))
    graph = lock_graph(report)
    assert graph.shape is Shape.LADDER
    assert edges(graph, Relation.FORBIDDEN) == [("raw", "want"), ("spin", "want")]
    assert edges(graph, Relation.NESTING) == [("a", "map"), ("map", "raw"), ("raw", "spin")]
    assert summary(report, graph) == "demo/42 takes want where it must not: under raw and spin"
    assert all(edge.evidence for edge in graph.edges if edge.relation is Relation.FORBIDDEN)
    assert not any(edge.evidence for edge in graph.edges if edge.relation is Relation.NESTING)


def test_the_inner_number_of_a_held_lock_counts() -> None:
    """rcu_read_lock is 1:3: it may be taken anywhere, and a spinlock of type 3 may be taken inside."""
    report = waiting((4, 4), (5, 5), lock("rcu_read_lock", (1, 3)))
    assert [strict.lock_class.name for strict in too_strict(report)] == ["rcu_read_lock"]
    assert not too_strict(waiting((3, 3), (5, 5), lock("rcu_read_lock", (1, 3))))


@pytest.mark.parametrize(
    ("context", "wanted", "name"),
    [
        ((2, 2), (4, 4), "hardirq context"),
        ((3, 3), (4, 4), "softirq or threaded interrupt context"),
    ],
)
def test_a_context_alone_forbids(context: tuple[int, int], wanted: tuple[int, int], name: str) -> None:
    report = waiting(wanted, context)
    graph = lock_graph(report)
    assert edges(graph, Relation.FORBIDDEN) == [(name, "want")]
    assert [node.subject for node in graph.nodes] == [Subject.LOCK, Subject.CONTEXT]


def test_a_task_is_never_the_culprit() -> None:
    report = waiting((4, 4), (5, 5), lock("raw", (2, 2)))
    assert edges(lock_graph(report), Relation.FORBIDDEN) == [("raw", "want")]
    assert context_name(report) == "task context"


def test_without_a_culprit_nothing_is_drawn_as_one() -> None:
    report = waiting((3, 3), (5, 5), lock("a", (4, 4)))
    graph = lock_graph(report)
    assert edges(graph, Relation.FORBIDDEN) == []
    assert any("does not show what forbids it" in told.text for told in explain(report, graph))


@pytest.mark.parametrize(
    ("report", "raw"),
    [
        (waiting((3, 3), (5, 5)), True),
        (waiting((3, 3), (4, 4)), False),
        (waiting((3, 3), (2, 2), lock("m", (4, 4))), True),
        (waiting((3, 3), (2, 2), lock("rcu_read_lock", (1, 3))), True),
        (waiting((3, 3), (2, 2), lock("&(&x)->rlock", (2, 2))), False),
        (replace(waiting((3, 3), (2, 2)), backtrace=trace("__lock_acquire", "_raw_spin_lock", "f")), True),
        (replace(waiting((3, 3), (2, 2)), backtrace=trace("__lock_acquire", "__mutex_lock", "f")), False),
        (replace(waiting((3, 3), (2, 2)), backtrace=trace("__lock_acquire", "local_lock_of_f")), None),
    ],
)
def test_the_vote_on_raw_lock_nesting(report: WaitContextReport, raw: bool | None) -> None:
    assert has_raw_nesting(report) is raw


def test_an_outer_number_of_zero_is_the_inner_one() -> None:
    assert outer_type(lock("x", (0, 3))) == 3
    assert outer_type(None) == 0


def test_nested() -> None:
    report = NestedReport("t", task=TASK, wanted=lock("inner"), outer="ctx", held_locks=held(lock("other")))
    graph = lock_graph(report)
    assert edges(graph, Relation.FORBIDDEN) == [("ctx not held", "inner")]
    assert summary(report, graph) == "demo/42 takes inner without holding ctx"


def test_unlock_is_one_node_and_the_held_locks() -> None:
    report = UnlockReport("t", task=TASK, name="m", site=Frame("put", 1, 2), held_locks=held(lock("a"), lock("b")))
    graph = lock_graph(report)
    assert graph.shape is Shape.PLAIN
    assert [node.name for node in graph.nodes] == ["m", "released in put, not held", "a", "b"]
    assert edges(graph, Relation.NESTING) == [("a", "b")]
    assert len(graph.edges) == 1
    assert summary(report, graph) == "demo/42 releases m in put, but does not hold it"
    contended = replace(report, contended=True)
    assert summary(contended, lock_graph(contended)) == "demo/42 waits for m in put, but does not hold it"


def test_unlock_of_a_lock_whose_name_is_held() -> None:
    report = UnlockReport("t", task=TASK, name="m", held_locks=held(HeldLock(LockClass("m", 2))))
    graph = lock_graph(report)
    assert [node.name for node in graph.nodes] == ["m#2", "released"]
    assert any("another lock of that name" in told.text for told in explain(report, graph))


def test_freed() -> None:
    freed = lock("m", instance="ffff88800082d470")
    report = FreedReport("t", task=TASK, freed=freed, first="ffff88800082d400", last="ffff88800082d5ff")
    graph = lock_graph(report)
    assert edges(graph, Relation.FORBIDDEN) == [("m", "free of memory ffff88800082d400-ffff88800082d5ff")]
    assert any("112 bytes into the 512 bytes" in told.text for told in explain(report, graph))
    hashed = replace(report, freed=lock("m", instance="00000000cf45dbdb"))
    assert not any("bytes into" in told.text for told in explain(hashed, lock_graph(hashed)))


@pytest.mark.parametrize(
    ("report", "what"),
    [
        (LeftHeldReport("WARNING: demo/42 still has locks held!", task=TASK), "task exit"),
        (LeftHeldReport("t", task=TASK, returning=True), "return to user space"),
        (WorkLeakReport("t", task=TASK, function="work_fn"), "end of work_fn"),
    ],
)
def test_what_is_left_held(report: Report, what: str) -> None:
    report = replace(report, held_locks=held(lock("a"), lock("b")))
    graph = lock_graph(report)
    assert edges(graph, Relation.FORBIDDEN) == [("a", what), ("b", what)]
    assert edges(graph, Relation.NESTING) == [("a", "b")]
    assert "a and b" in summary(report, graph)


def test_rcu() -> None:
    report = RcuReport("t", task=TASK, place="net/a.c:12", message="suspicious rcu_dereference_check() usage!")
    graph = lock_graph(replace(report, held_locks=held(lock("a"))))
    assert [node.name for node in graph.nodes] == ["a", "RCU protection missing at net/a.c:12"]
    assert graph.edges == ()
    switch = replace(
        report,
        message="Illegal context switch in RCU read-side critical section!",
        held_locks=held(lock("a"), lock("rcu_read_lock")),
    )
    assert edges(lock_graph(switch), Relation.FORBIDDEN) == [("rcu_read_lock", "context switch at net/a.c:12")]


def test_lockdep_about_itself() -> None:
    report = ValidatorReport(
        "INFO: trying to register non-static key.",
        task=TASK,
        backtrace=trace("dump_stack", "register_lock_class", "__lock_acquire", "_raw_spin_lock", "driver_start"),
    )
    graph = lock_graph(report)
    assert summary(report, graph) == "demo/42 takes a lock that has no static key in driver_start"
    assert [node.subject for node in graph.nodes] == [Subject.CONTEXT]
    full = replace(report, title="BUG: MAX_LOCKDEP_KEYS too low!", group=ReportKind.LIMIT)
    assert summary(full, lock_graph(full)) == "a table of lockdep is full: MAX_LOCKDEP_KEYS"


@settings(max_examples=100, deadline=None)
@given(task_reports())
def test_any_report_has_a_sound_graph(report: Report) -> None:
    graph = lock_graph(report)
    assert [node.number for node in graph.nodes] == list(range(len(graph.nodes)))
    assert [edge.number for edge in graph.edges] == list(range(len(graph.edges)))
    classes = [node.lock_class for node in graph.nodes if node.subject is Subject.LOCK]
    assert len(set(classes)) == len(classes)
    for edge in graph.edges:
        assert edge.relation in (Relation.NESTING, Relation.FORBIDDEN)
        assert edge.tail != edge.head
        assert graph.tasks[edge.task].reporting
    told = explain(report, graph)
    assert told
    assert all(sentence.text.endswith((".", ")")) for sentence in told)
    assert "\n" not in summary(report, graph)


def test_real_reports_are_told(shared: Path) -> None:
    for path in sorted((shared / "realkernel").glob("*.log")):
        for report in read_file(str(path)).reports:
            graph = lock_graph(report)
            assert summary(report, graph)
            if isinstance(report, WaitContextReport):
                forbidding = [edge for edge in graph.edges if edge.relation is Relation.FORBIDDEN]
                assert forbidding, (path.name, report.span)
