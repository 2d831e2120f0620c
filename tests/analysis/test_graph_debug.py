"""The pictures and sentences of mutex deadlocks and of DEPT: directions, evidence, and what is only inferred."""

import pytest
from debug_samples import DEPT, DEPT_INTERRUPT, MUTEX, REALTIME, RECURSION, RT_MUTEX, WARNED

from lockview.analysis.build import lock_graph
from lockview.analysis.explain import explain, summary
from lockview.analysis.explain_asserted import condition
from lockview.analysis.explain_waits import deadlocks
from lockview.analysis.lock_graph import LockGraph, LockKind, Relation, Shape
from lockview.model.reports import Report
from lockview.parsing.reader import read_text
from lockview.sim.bridge import scenario_from_report


def report_of(text: str) -> Report:
    (report,) = read_text(text).reports
    return report


def edges(graph: LockGraph) -> list[tuple[str, str, str]]:
    return [
        (graph.nodes[edge.tail].name, edge.relation.value, graph.nodes[edge.head].name)
        for edge in sorted(graph.edges, key=lambda edge: edge.number)
    ]


def told(text: str) -> str:
    report = report_of(text)
    return " ".join(sentence.text for sentence in explain(report, lock_graph(report)))


def test_tasks_and_locks_form_a_ring() -> None:
    graph = lock_graph(report_of(RT_MUTEX))
    assert graph.shape is Shape.WAIT_FOR
    assert edges(graph) == [
        ("rt-demo-1/96", "waits", "&demo->first"),
        ("rt-demo-0/94", "waits", "&demo->second"),
        ("&demo->first", "holds", "rt-demo-0/94"),
        ("&demo->second", "holds", "rt-demo-1/96"),
    ]
    assert len(deadlocks(graph)) == 1
    assert not any(edge.dependency.inferred for edge in graph.edges)
    current, other = graph.edges[:2]
    assert (current.acquirer, other.acquirer) == ("demo_first", "demo_second")
    assert len(current.dependency.stack) == 4
    assert [task.reporting for task in graph.tasks] == [True, False]


def test_an_owner_that_is_not_printed_is_inferred() -> None:
    text = "".join(line for line in RT_MUTEX.splitlines(keepends=True) if "held by" not in line)
    graph = lock_graph(report_of(text))
    holds = [edge for edge in graph.edges if edge.relation is Relation.HOLDS]
    assert len(holds) == 2
    assert all(edge.dependency.inferred for edge in holds)
    assert "must hold" in summary(report_of(text), graph)


def test_where_the_locks_were_taken_is_evidence() -> None:
    graph = lock_graph(report_of(REALTIME))
    holds = [edge for edge in graph.edges if edge.relation is Relation.HOLDS]
    assert [edge.holder for edge in holds] == ["demo_readdir", "demo_commit"]
    assert all(edge.evidence for edge in holds)


def test_locks_of_one_name_are_told_apart() -> None:
    text = RT_MUTEX.replace("{&demo->first}", "{demo}").replace("{&demo->second}", "{demo}")
    names = [node.name for node in lock_graph(report_of(text)).nodes]
    assert names == ["rt-demo-1/96", "demo at ..99680", "rt-demo-0/94", "demo at ..996b8"]


def test_a_task_waits_for_itself() -> None:
    report = report_of(RECURSION)
    assert edges(lock_graph(report)) == [("demo-3/4595", "waits", "futex"), ("futex", "holds", "demo-3/4595")]
    assert "waits for itself" in told(RECURSION)


def test_the_warning_names_no_other_task() -> None:
    graph = lock_graph(report_of(WARNED))
    assert edges(graph) == [
        ("demo/1110", "waits", "a lock wanted in demo_open"),
        ("a lock wanted in demo_open", "path", "demo/1110"),
    ]
    assert graph.edges[1].dependency.inferred
    assert "It prints none of the others" in told(WARNED)


@pytest.mark.parametrize("text", [RT_MUTEX, REALTIME, MUTEX])
def test_a_real_deadlock_is_called_one(text: str) -> None:
    assert told(text).startswith("This is a real deadlock: ")
    assert "Usual fixes" in told(text)


def test_the_ring_of_dept() -> None:
    report = report_of(DEPT)
    graph = lock_graph(report)
    assert graph.shape is Shape.RING
    assert edges(graph) == [
        ("pg_locked_map", "dependency", "&ei->demo_sem"),
        ("&ei->demo_sem", "dependency", "pg_locked_map"),
    ]
    assert [node.kind for node in graph.nodes] == [LockKind.MARKER, LockKind.RWSEM]
    assert [edge.dependency.new for edge in graph.edges] == [False, True]
    assert [task.name for task in graph.tasks] == ["context B", "sync/38 (context A)"]
    newest = graph.edges[-1]
    assert newest.dependency == report.cycle[-1]
    assert (newest.holder, newest.acquirer) == ("demo_map", "__filemap_get_folio")
    assert [evidence.title for evidence in newest.evidence] == ["&ei->demo_sem starts at"]
    assert len(scenario_from_report(report, graph).tasks) == 2


def test_sentences_about_dept() -> None:
    report = report_of(DEPT)
    assert (
        summary(report, lock_graph(report)) == "sync/38 waits for pg_locked_map before unlock(&ei->demo_sem) can come"
    )
    text = told(DEPT)
    assert "context A for context B and context B for context A" in text
    assert "pg_locked_map is no lock" in text
    assert "no place for [E] of context A" in text


def test_interrupts_of_dept_are_edges_of_their_own() -> None:
    graph = lock_graph(report_of(DEPT_INTERRUPT))
    (edge,) = graph.edges
    assert edge.relation is Relation.INTERRUPT
    assert edge.tail == edge.head
    assert [evidence.title for evidence in edge.evidence] == [
        "&demo->lock starts at",
        "softirq was enabled at",
    ]
    assert "an interrupt that comes meanwhile (softirq and hardirq) waits for" in told(DEPT_INTERRUPT)


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("DEBUG_LOCKS_WARN_ON(lock->magic != lock)", "initialised"),
        ("DEBUG_LOCKS_WARN_ON(__owner_task(owner) != current)", "does not hold"),
        ("DEBUG_LOCKS_WARN_ON(rt_mutex_owner(lock) != current)", "does not hold"),
        ("DEBUG_LOCKS_WARN_ON(ww_ctx->contending_lock)", "-EDEADLK"),
        ("DEBUG_LOCKS_WARN_ON(ww_ctx->ww_class != ww->ww_class)", "ww_mutex"),
        ("DEBUG_LOCKS_WARN_ON(ctx->acquired)", "acquire context"),
        ("DEBUG_LOCKS_WARN_ON(in_interrupt())", "interrupt"),
        ("DEBUG_LOCKS_WARN_ON(mutex_is_locked(lock))", "destroyed"),
        ("DEBUG_LOCKS_WARN_ON(task->pi_blocked_on)", "ended"),
        ("DEBUG_LOCKS_WARN_ON(1)", ""),
    ],
)
def test_conditions_of_the_checks(title: str, words: str) -> None:
    found = condition(title)
    assert words in found
    assert bool(words) == bool(found)
    warn = WARNED.replace("rtmutex deadlock detected", title)
    assert not words or found in told(warn)


def test_dept_about_itself_is_not_lockdep() -> None:
    text = told(WARNED.replace("rtmutex deadlock detected", "DEPT_STOP: Failed to extend internal resources."))
    assert "DEPT turned itself off" in text
    assert "Lockdep" not in text
