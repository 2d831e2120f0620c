"""The graph of a report: the sample exactly, and what is left of a report that was cut."""

from collections.abc import Callable
from dataclasses import replace

import networkx as nx
import pytest
from hypothesis import given, settings
from strategies import circular_reports

from lockview.analysis.build import lock_graph
from lockview.analysis.explain import explain, summary
from lockview.analysis.lock_graph import LockKind, Mode
from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import ChainEntry, CircularReport, HeldLocks, Report, Task
from lockview.model.stacks import Backtrace, StackTrace

A, B, C, D = (LockClass(name) for name in "ABCD")
TASK = Task("demo", 42)
StackMaker = Callable[[str], StackTrace]


def circular(*stacks: StackTrace, held: tuple[LockClass, ...] = (), count: int | None = None) -> CircularReport:
    """The cycle A -> B -> ... -> A; the last stack is that of the new dependency."""
    classes = (A, B, C, D)[: len(stacks)]
    placed = (stacks[-1], *stacks[:-1])
    chain = tuple(ChainEntry(number, classes[number], stack=placed[number]) for number in reversed(range(len(stacks))))
    locks = tuple(HeldLock(lock) for lock in held)
    return CircularReport(
        "WARNING: possible circular locking dependency detected",
        task=TASK,
        wanted=HeldLock(A),
        held=HeldLock(classes[-1]),
        held_locks=HeldLocks(TASK, len(locks) if count is None else count, locks) if held else None,
        chain=chain,
    )


def test_ring_of_the_sample(seed: Report) -> None:
    graph = lock_graph(seed)
    assert [str(node.lock_class) for node in graph.nodes] == [
        "&mapping->i_mmap_rwsem",
        "&vma->vm_sequence",
        "&vma->vm_sequence/1",
        "fs_reclaim",
    ]
    assert [node.kind for node in graph.nodes] == [
        LockKind.RWSEM,
        LockKind.SEQCOUNT,
        LockKind.SEQCOUNT,
        LockKind.MARKER,
    ]
    assert [node.usage for node in graph.nodes] == ["++++", "+.+.", "+.+.", "+.+."]
    assert [node.wanted for node in graph.nodes] == [True, False, False, False]
    assert [node.held for node in graph.nodes] == [False, False, False, True]


def test_edges_of_the_sample(seed: Report) -> None:
    graph = lock_graph(seed)
    assert [(edge.number, edge.order, edge.tail, edge.head) for edge in graph.edges] == [
        (0, 1, 0, 1),
        (1, 2, 1, 2),
        (2, 3, 2, 3),
        (3, 4, 3, 0),
    ]
    assert [edge.mode for edge in graph.edges] == [Mode.EXCLUSIVE, Mode.EXCLUSIVE, Mode.EXCLUSIVE, Mode.SHARED]
    assert [(edge.holder, edge.acquirer) for edge in graph.edges] == [
        ("", "__vma_adjust"),
        ("__vma_adjust", "__vma_adjust"),
        ("", "__alloc_pages_nodemask"),
        ("fs_reclaim_acquire", "rmap_walk_file"),
    ]
    assert [len(edge.dependency.stack) for edge in graph.edges] == [13, 13, 8, 15]


def test_tasks_of_the_sample(seed: Report) -> None:
    """Edges 1 and 2 are one exec, edge 3 is an mremap, and khugepaged reports."""
    tasks = lock_graph(seed).tasks
    assert [(task.name, task.edges, task.reporting) for task in tasks] == [
        ("execve", (0, 1), False),
        ("mremap", (2,), False),
        ("khugepaged/43", (3,), True),
    ]


def test_dispatcher_does_not_join_edges(stack: StackMaker) -> None:
    """An ioctl function that branches far above both acquisitions is no evidence for one task."""
    report = circular(
        stack("take+1 < one+1 < two+1 < three+1 < four+1 < my_ioctl+10 < __x64_sys_ioctl+5"),
        stack("take+2 < other+1 < my_ioctl+20 < __x64_sys_ioctl+5"),
        stack("take+3 < third+1 < __x64_sys_read+5"),
    )
    assert [task.edges for task in lock_graph(report).tasks] == [(0,), (1,), (2,)]
    near = circular(
        stack("take+1 < one+1 < two+1 < my_ioctl+10 < __x64_sys_ioctl+5"),
        stack("take+2 < other+1 < my_ioctl+20 < __x64_sys_ioctl+5"),
        stack("take+3 < third+1 < __x64_sys_read+5"),
    )
    assert [task.edges for task in lock_graph(near).tasks] == [(0, 1), (2,)]


def test_plumbing_does_not_join_edges_but_its_own_locks_do(stack: StackMaker) -> None:
    """All work runs under process_one_work; only the work item that it takes itself is held by what it runs."""
    own = circular(
        stack("lock_acquire+1 < process_one_work+10 < worker_thread+1 < kthread+1"),
        stack("mutex_lock+1 < my_work+5 < process_one_work+20 < worker_thread+1 < kthread+1"),
        stack("flush_work+1 < my_stop+1 < __x64_sys_close+1"),
    )
    assert [(task.name, task.edges) for task in lock_graph(own).tasks] == [("my_work", (0, 1)), ("demo/42", (2,))]
    other = circular(
        stack("mutex_lock+1 < my_work+5 < process_one_work+20 < worker_thread+1 < kthread+1"),
        stack("mutex_lock+1 < your_work+5 < process_one_work+30 < worker_thread+1 < kthread+1"),
        stack("flush_work+1 < my_stop+1 < __x64_sys_close+1"),
    )
    assert [task.edges for task in lock_graph(other).tasks] == [(0,), (1,), (2,)]


def test_same_call_of_different_functions_does_not_join_edges(stack: StackMaker) -> None:
    report = circular(
        stack("mutex_lock+1 < one+5 < vfs_ioctl+20"),
        stack("mutex_lock+1 < other+5 < vfs_ioctl+20"),
        stack("mutex_lock+1 < third+1"),
    )
    assert [task.edges for task in lock_graph(report).tasks] == [(0,), (1,), (2,)]


def test_guesses_inlined_frames_and_interrupted_code_are_not_evidence(stack: StackMaker) -> None:
    report = circular(
        stack("_raw_spin_lock+1 < irq_one+1 < __do_softirq+1 < irq_exit+1 < shared+10 < my_thread+1 < kthread+1"),
        stack("_raw_spin_lock+1 < ? shared+1 < folded+9 inlined < shared+20 < my_thread+1 < kthread+1"),
        stack("mutex_lock+1 < third+1"),
    )
    graph = lock_graph(report)
    assert [task.edges for task in graph.tasks] == [(0,), (1,), (2,)]
    assert graph.tasks[0].name == "irq_one"


def test_list_of_held_locks_decides_about_the_reporting_task(stack: StackMaker) -> None:
    """A task that took A and then B in one function holds both; the list says whether this one does."""
    stacks = (
        stack("mutex_lock+1 < x+1"),
        stack("mutex_lock+1 < both+10 < run+1"),
        stack("mutex_lock+1 < both+20 < run+1"),
    )
    assert [task.edges for task in lock_graph(circular(*stacks, held=(B, C))).tasks] == [(0,), (1, 2)]
    assert [task.edges for task in lock_graph(circular(*stacks, held=(C,))).tasks] == [(0,), (1,), (2,)]
    assert [task.edges for task in lock_graph(circular(*stacks, held=(C,), count=3)).tasks] == [(0,), (1, 2)]


def test_cycle_is_never_one_task(stack: StackMaker) -> None:
    """One task would hold the wanted lock already, and lockdep would have said recursive."""
    stacks = tuple(stack(f"mutex_lock+1 < all+{offset} < run+1") for offset in (10, 20, 30))
    assert [task.edges for task in lock_graph(circular(*stacks)).tasks] == [(0, 1), (2,)]


def test_tasks_with_one_entry_are_told_apart(stack: StackMaker) -> None:
    report = circular(
        stack("mutex_lock+1 < one+5 < __x64_sys_ioctl+20"),
        stack("mutex_lock+1 < other+5 < vfs_ioctl+1 < __x64_sys_ioctl+30"),
        stack("mutex_lock+1 < other+9 < fs_ioctl+1 < deep+1 < deeper+1 < deepest+1 < __x64_sys_ioctl+40"),
        stack("mutex_lock+1 < third+1"),
    )
    names = [task.name for task in lock_graph(report).tasks]
    assert len(set(names)) == len(names)
    assert names[-1] == "demo/42"


def test_chain_is_missing() -> None:
    report = replace(circular(StackTrace(), StackTrace()), chain=())
    graph = lock_graph(report)
    assert [(edge.tail, edge.head, edge.dependency.inferred) for edge in graph.edges] == [(0, 1, True), (1, 0, True)]
    assert summary(report, graph) == "demo/42 wants A while holding B"


def test_stack_of_the_new_edge_is_taken_from_the_backtrace(stack: StackMaker) -> None:
    trace = stack("dump_stack+1 < __lock_acquire+1 < down_read+1 < taker+3")
    report = replace(circular(StackTrace(), StackTrace()), chain=(), backtrace=Backtrace(trace))
    edge = lock_graph(report).edges[-1]
    assert (edge.acquirer, edge.mode, edge.dependency.inferred) == ("taker", Mode.SHARED, False)


def test_report_without_a_cycle_has_the_new_edge() -> None:
    """Another kind of report that names two locks still shows them."""
    report = Report("WARNING: something else", wanted=HeldLock(A), held=HeldLock(B))
    graph = lock_graph(report)
    assert [str(node.lock_class) for node in graph.nodes] == ["A", "B"]
    assert [(edge.tail, edge.head, edge.dependency.new) for edge in graph.edges] == [(1, 0, True)]


def test_recursion_is_a_self_loop() -> None:
    report = Report("WARNING: possible recursive locking detected", task=TASK, wanted=HeldLock(A), held=HeldLock(A))
    graph = lock_graph(report)
    assert len(graph.nodes) == 1
    assert [(edge.tail, edge.head) for edge in graph.edges] == [(0, 0)]
    assert [task.edges for task in graph.tasks] == [(0,)]


@pytest.mark.parametrize("wanted", [None, HeldLock(A)])
def test_report_without_a_second_lock_has_no_edge(wanted: HeldLock | None) -> None:
    graph = lock_graph(CircularReport("WARNING: cut", wanted=wanted))
    assert len(graph.nodes) == (1 if wanted else 0)
    assert graph.edges == ()
    assert graph.tasks == ()


@settings(max_examples=60, deadline=None)
@given(circular_reports())
def test_graph_is_the_cycle_of_the_report(report: CircularReport) -> None:
    """Each edge is a dependency, tasks split the edges, and networkx finds the ring to be one simple cycle."""
    graph = lock_graph(report)
    assert [(edge.dependency.held, edge.dependency.wanted) for edge in graph.edges] == [
        (edge.held, edge.wanted) for edge in report.cycle
    ]
    assert [number for task in graph.tasks for number in task.edges] == list(range(len(graph.edges)))
    assert all(graph.edges[number].task == task.number for task in graph.tasks for number in task.edges)
    assert sum(task.reporting for task in graph.tasks) == min(1, len(graph.tasks))
    digraph = nx.DiGraph((edge.tail, edge.head) for edge in graph.edges)
    classes = [edge.held for edge in report.cycle]
    if len(set(classes)) == len(classes) > 1:
        (cycle,) = nx.simple_cycles(digraph)
        assert sorted(cycle) == [node.number for node in graph.nodes]
    assert explain(report, graph)
    assert "\n" not in summary(report, graph)
