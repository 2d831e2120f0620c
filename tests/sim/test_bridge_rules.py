"""The rules by which a report becomes tasks of the simulated kernel, each on a small graph."""

import pytest
from lock_graphs import deadlock, irq_graph, link, node, ring_of

from lockview.analysis.lock_graph import GraphTask, LockGraph, LockKind, LockNode, Mode, Relation
from lockview.model.held_reports import RecursiveReport
from lockview.model.locks import HeldLock, LockClass, Primitive
from lockview.model.reports import Dependency
from lockview.model.stacks import Frame, StackTrace
from lockview.sim.bridge_roles import Role, contracted, recorded_roles
from lockview.sim.bridge_scenario import Reading, describe, primitive_of
from lockview.sim.verdicts import Answer, NamedVerdict, graph_verdicts, report_verdicts


def stack(*functions: str) -> StackTrace:
    return StackTrace(tuple(Frame(function) for function in functions))


def circle(*nodes: LockNode, modes: tuple[Mode, ...] = (), stacks: tuple[StackTrace, ...] = ()) -> LockGraph:
    """Each node leads to the next and the last to the first; every edge is of a task of its own."""
    edges = []
    for number, tail in enumerate(nodes):
        head = nodes[(number + 1) % len(nodes)]
        found = stacks[number] if stacks else StackTrace(())
        dependency = Dependency(tail.lock_class, head.lock_class, found)
        mode = modes[number] if modes else Mode.EXCLUSIVE
        edges.append(link(number, tail, head, Relation.DEPENDENCY, task=number, dependency=dependency, mode=mode))
    tasks = tuple(GraphTask(number, f"task {number}", (number,)) for number in range(len(nodes)))
    return LockGraph(tuple(nodes), tuple(edges), tasks)


def answers(graph: LockGraph) -> list[Answer]:
    return [verdict.answer for verdict in graph_verdicts(graph)][:3]


@pytest.mark.parametrize(
    ("kind", "reading", "primitive"),
    [
        (LockKind.MUTEX, Reading.CLASSIFIED, Primitive.MUTEX),
        (LockKind.RWSEM, Reading.CLASSIFIED, Primitive.RWSEM),
        (LockKind.RWLOCK, Reading.CLASSIFIED, Primitive.RWLOCK),
        (LockKind.SPINLOCK, Reading.EVERY_NODE, Primitive.SPINLOCK),
        (LockKind.SEQCOUNT, Reading.CLASSIFIED, Primitive.SEQCOUNT),
        (LockKind.SEQCOUNT, Reading.EVERY_NODE, Primitive.MUTEX),
        (LockKind.SEQCOUNT, Reading.COUNTERS_BLOCK, Primitive.MUTEX),
        (LockKind.UNKNOWN, Reading.CLASSIFIED, Primitive.MUTEX),
    ],
)
def test_b2_classes(kind: LockKind, reading: Reading, primitive: Primitive) -> None:
    assert primitive_of(node(0, "A", kind=kind), reading) is primitive


def test_b2_markers_are_locks_for_lockdep_alone() -> None:
    marker = node(0, "fs_reclaim", kind=LockKind.MARKER)
    assert primitive_of(marker, Reading.CLASSIFIED) is Primitive.MARKER
    assert primitive_of(marker, Reading.EVERY_NODE) is Primitive.MUTEX


def test_b3_a_task_that_reclaims_meets_itself() -> None:
    """A lock held over an allocation, and taken in reclaim: one task is enough, the other one is a witness."""
    graph = circle(node(0, "A", kind=LockKind.MUTEX), node(1, "fs_reclaim", kind=LockKind.MARKER))
    (role,) = contracted(graph, recorded_roles(graph))
    assert [take.node for take in role.takes] == [0, 1, 0]
    assert answers(graph) == [Answer.DEADLOCKS] * 3


def test_b5_tasks_of_one_address_space_share_the_gate() -> None:
    """Only where they share a lock of it; else each is in its own, and the gate keeps nobody apart."""
    paths = (stack("f", "do_munmap"), stack("g", "move_vma"))
    counters = circle(
        node(0, "A", kind=LockKind.MUTEX), node(1, "&vma->vm_sequence", kind=LockKind.MUTEX), stacks=paths
    )
    assert answers(counters)[0] is Answer.CANNOT
    others = circle(node(0, "A", kind=LockKind.MUTEX), node(1, "B", kind=LockKind.MUTEX), stacks=paths)
    assert answers(others)[0] is Answer.DEADLOCKS
    names = [part.name for part in describe(others, recorded_roles(others), Reading.CLASSIFIED).locks]
    assert names[2:] == ["gate0", "gate1"]


def test_shared_acquisitions_queue_behind_writers() -> None:
    """Two tasks that both read crosswise deadlock as soon as somebody writes, for the locks are fair."""
    nodes = node(0, "A", kind=LockKind.RWSEM), node(1, "B", kind=LockKind.RWSEM)
    graph = circle(*nodes, modes=(Mode.SHARED, Mode.SHARED))
    assert answers(graph)[0] is Answer.DEADLOCKS
    parts = [part.name for part in describe(graph, recorded_roles(graph), Reading.CLASSIFIED).tasks]
    assert parts == ["task 0", "task 1", "writer of B", "writer of A"]


def test_a_trylock_waits_for_nobody() -> None:
    nodes = node(0, "A", kind=LockKind.MUTEX), node(1, "B", kind=LockKind.MUTEX)
    graph = circle(*nodes, stacks=(stack("mutex_trylock", "f"), stack("mutex_lock", "g")))
    assert [role.takes[-1].trylock for role in recorded_roles(graph)] == [True, False]
    assert answers(graph)[0] is Answer.CANNOT


@pytest.mark.parametrize(
    ("function", "answer"), [("write_seqcount_begin", Answer.CANNOT), ("do_something", Answer.DEADLOCKS)]
)
def test_who_does_not_show_that_it_writes_a_counter_may_spin(function: str, answer: Answer) -> None:
    nodes = node(0, "A", kind=LockKind.MUTEX), node(1, "&s->seqcount", kind=LockKind.SEQCOUNT)
    graph = circle(*nodes, stacks=(stack(function, "f"), stack("mutex_lock", "g")))
    assert graph_verdicts(graph)[0].answer is answer


def test_interrupts_come_to_who_has_them_on() -> None:
    roles = recorded_roles(irq_graph("A", "B", "C"))
    (handler,) = [role for role in roles if role.interrupts is not None]
    assert handler.interrupts is not None
    assert not roles[handler.interrupts].irqs_off
    assert any(role.irqs_off for role in roles)
    assert answers(irq_graph("A", "B", "C")) == [Answer.DEADLOCKS] * 3


def test_tasks_that_wait_already_are_run_into_it() -> None:
    roles = recorded_roles(deadlock())
    assert all(len(role.takes) == 2 for role in roles)
    verdict = graph_verdicts(deadlock())[0]
    assert verdict.answer is Answer.DEADLOCKS
    assert any("do wait in the text" in sentence for sentence in verdict.assumptions)


def test_many_tasks_are_not_tried() -> None:
    names = [f"lock {number}" for number in range(14)]
    verdict = graph_verdicts(ring_of(names, tasks=14))[0]
    assert verdict.answer is Answer.NOT_DECIDED
    assert "14 tasks" in verdict.reason


def test_b6_two_locks_of_one_class() -> None:
    """Which order others take them in decides."""
    lock = HeldLock(LockClass("A"))
    verdict: NamedVerdict = report_verdicts(RecursiveReport("WARNING", wanted=lock, held=lock))[3]
    assert verdict.answer is Answer.DEPENDS
    assert [case.answer for case in verdict.cases] == [Answer.CANNOT, Answer.DEADLOCKS]
    assert any("another A" in step for step in verdict.cases[1].steps)


def test_roles_without_a_circle() -> None:
    assert recorded_roles(LockGraph((), (), ())) == ()
    assert contracted(LockGraph((), (), ()), (Role("idle", ()),)) == (Role("idle", ()),)
