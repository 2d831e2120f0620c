from dataclasses import replace

import pytest

from lockview.analysis.lock_graph import Evidence, GraphTask, LockEdge, LockGraph, LockKind, LockNode, Relation, Subject
from lockview.document.links import first_line, selection_for_line, spans_for
from lockview.document.selection import Selection
from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import ChainEntry, CircularReport, Dependency, HeldLocks, Operation, ScenarioStep, Task
from lockview.model.stacks import Backtrace, Frame, StackTrace
from lockview.model.text import Span
from lockview.model.wait_reports import Blocker, HungTaskReport, TaskDump

A, B = LockClass("&a->lock"), LockClass("b", 2, 1)


def stack(first: int, *functions: str) -> StackTrace:
    frames = tuple(Frame(name, 0x10, 0x20, span=Span(first + k, first + k)) for k, name in enumerate(functions))
    return StackTrace(frames, Span(first, first + len(functions) - 1))


@pytest.fixture
def report() -> CircularReport:
    """Lines: 2 wanted, 4 held, 6-8 #1, 9-12 #0, 14-15 scenario, 17 held list, 20-24 backtrace."""
    inner, guess = (
        Frame("dump_stack", 1, span=Span(21, 21)),
        Frame("down_read", 0x10, reliable=False, span=Span(22, 22)),
    )
    again = stack(23, "down_read", "reclaim", "down_read")
    return CircularReport(
        title="possible circular locking dependency detected",
        task=Task("t", 1),
        wanted=HeldLock(A, span=Span(2, 2)),
        held=HeldLock(B, span=Span(4, 4)),
        chain=(
            ChainEntry(1, B, stack=stack(7, "mutex_lock", "writer"), span=Span(6, 8)),
            ChainEntry(0, A, stack=stack(10, "down_read", "reclaim", "down_read"), span=Span(9, 12)),
        ),
        scenario=(
            ScenarioStep(0, Operation.LOCK, B, Span(14, 14)),
            ScenarioStep(1, Operation.LOCK, A, Span(15, 15)),
            ScenarioStep(1, Operation.IRQ_DISABLE, None, Span(16, 16)),
        ),
        held_locks=HeldLocks(Task("t", 1), 1, (HeldLock(B, index=0, span=Span(18, 18)),), Span(17, 18)),
        backtrace=Backtrace(StackTrace((inner, guess, *again.frames), Span(21, 25)), span=Span(20, 25)),
        span=Span(1, 25),
    )


@pytest.fixture
def graph(report: CircularReport) -> LockGraph:
    nodes = (LockNode(0, A, LockKind.RWSEM, wanted=True), LockNode(1, B, LockKind.MUTEX, held=True))
    edges = tuple(LockEdge(n, n, 1 - n, n + 1, dependency, n) for n, dependency in enumerate(report.cycle))
    return LockGraph(nodes, edges, (GraphTask(0, "writer", (0,)), GraphTask(1, "t/1", (1,), True)))


@pytest.mark.parametrize(
    ("line", "item", "frame"),
    [
        (1, "", None),
        (2, "lock:0", None),
        (4, "lock:1", None),
        (6, "edge:0", None),
        (8, "edge:0", 1),
        (9, "edge:1", None),
        (11, "edge:1", 1),
        (14, "lock:1", None),
        (15, "lock:0", None),
        (16, "", None),
        (17, "", None),
        (18, "lock:1", None),
        (20, "edge:1", None),
        (21, "edge:1", None),
        (22, "edge:1", None),
        (23, "edge:1", 0),
        (24, "edge:1", 1),
        (25, "edge:1", 2),
        (99, "", None),
    ],
)
def test_a_line_selects_what_it_shows(
    report: CircularReport, graph: LockGraph, line: int, item: str, frame: int | None
) -> None:
    """Clicking a line would lead somewhere else, or a guess of the unwinder be taken for a call."""
    assert selection_for_line(report, graph, line) == (item, frame)


def test_an_edge_marks_its_entry_and_a_frame_its_lines(report: CircularReport, graph: LockGraph) -> None:
    """The raw text would not follow the picture."""
    assert spans_for(report, graph, Selection(0, 0, "edge:0")) == (Span(6, 8),)
    assert spans_for(report, graph, Selection(0, 0, "edge:0", frame=1)) == (Span(8, 8),)
    assert spans_for(report, graph, Selection(0, 0, "edge:1", frame=2)) == (Span(12, 12), Span(25, 25))


def test_a_lock_marks_every_line_that_names_it(report: CircularReport, graph: LockGraph) -> None:
    """Wanted, chain head, scenario and held list all show the lock."""
    assert spans_for(report, graph, Selection(0, 0, "lock:0")) == (Span(2, 2), Span(9, 9), Span(15, 15))
    assert first_line(report, graph, Selection(0, 0, "lock:1")) == 4


@pytest.mark.parametrize("item", ["", "edge:7", "lock:7", "task:0"])
def test_what_has_no_lines_marks_none(report: CircularReport, graph: LockGraph, item: str) -> None:
    """A stale or foreign item must not crash the log."""
    assert spans_for(report, graph, Selection(0, 0, item, frame=50)) == ()
    assert first_line(report, graph, Selection(0, 0, item)) is None


def test_a_frame_number_that_is_gone_marks_the_edge(report: CircularReport, graph: LockGraph) -> None:
    """Stepping to another edge may leave a frame number behind."""
    assert spans_for(report, graph, Selection(0, 0, "edge:0", frame=50)) == (Span(6, 8),)


def test_lines_of_an_edge_lead_back_to_it(report: CircularReport, graph: LockGraph) -> None:
    """The two directions must agree for every edge and frame."""
    for edge in graph.edges:
        for frame in (None, *range(len(edge.dependency.stack))):
            chosen = Selection(0, 0, f"edge:{edge.number}", frame)
            for span in spans_for(report, graph, chosen):
                assert selection_for_line(report, graph, span.first) == (chosen.item, frame)


def test_a_report_without_places_marks_nothing(report: CircularReport, graph: LockGraph) -> None:
    """A simulated report has no lines."""
    empty = replace(
        report, wanted=None, held=None, chain=(), scenario=(), held_locks=None, backtrace=None, span=Span(0, 0)
    )
    assert spans_for(empty, graph, Selection(0, 0, "lock:0")) == ()


def test_stacks_that_back_an_edge_are_its_lines() -> None:
    evidence = (Evidence("became SOFTIRQ-safe at", stack(30, "timer", "softirq")), Evidence("", stack(40, "write")))
    edge = LockEdge(0, 0, 1, 1, Dependency(A, B), 0, relation=Relation.INTERRUPT, evidence=evidence)
    graph = LockGraph((LockNode(0, A, LockKind.MUTEX), LockNode(1, B, LockKind.MUTEX)), (edge,), ())
    report = CircularReport(title="")
    assert selection_for_line(report, graph, 31) == ("edge:0", None)
    assert selection_for_line(report, graph, 40) == ("edge:0", None)
    assert spans_for(report, graph, Selection(item="edge:0")) == (Span(30, 31), Span(40, 40))


def test_tasks_are_found_by_their_lines_and_back() -> None:
    hung, owner = Task("a_very_long_comm", 7), Task("owner", 8)
    report = HungTaskReport(
        title="task a_very_long_comm_x:7 blocked for more than 120 seconds.",
        task=hung,
        dump=TaskDump(hung, "D", stack(12, "schedule"), span=Span(11, 12)),
        blockers=(Blocker(hung, "mutex", owner, span=Span(13, 13)),),
        all_locks=(HeldLocks(owner, 1, (HeldLock(A, span=Span(21, 21)),), Span(20, 21)),),
    )
    nothing = LockClass("")
    nodes = (
        LockNode(0, nothing, LockKind.UNKNOWN, subject=Subject.TASK, label="a_very_long_comm_x/7"),
        LockNode(1, A, LockKind.MUTEX),
        LockNode(2, nothing, LockKind.UNKNOWN, subject=Subject.TASK, label="owner/8"),
        LockNode(3, nothing, LockKind.UNKNOWN, subject=Subject.CONTEXT, label="softirq"),
    )
    graph = LockGraph(nodes, (), ())
    assert [selection_for_line(report, graph, line)[0] for line in (11, 13, 20, 21, 30)] == [
        *("lock:0", "lock:0", "lock:2", "lock:1", "")
    ]
    assert spans_for(report, graph, Selection(item="lock:0")) == (Span(11, 12), Span(13, 13))
    assert spans_for(report, graph, Selection(item="lock:2")) == (Span(20, 20),)
    assert spans_for(report, graph, Selection(item="lock:3")) == ()
    titled = replace(report, span=Span(10, 30))
    assert spans_for(titled, graph, Selection(item="lock:3")) == (Span(10, 10),)


def test_an_edge_without_lines_has_those_of_its_ends() -> None:
    locks = (HeldLock(A, span=Span(4, 4)), HeldLock(B, span=Span(5, 5)))
    report = CircularReport(title="", held_locks=HeldLocks(Task("t", 1), 2, locks, Span(3, 5)))
    edge = LockEdge(0, 0, 1, 1, Dependency(A, B), 0, relation=Relation.NESTING)
    graph = LockGraph((LockNode(0, A, LockKind.MUTEX), LockNode(1, B, LockKind.MUTEX)), (edge,), ())
    assert spans_for(report, graph, Selection(item="edge:0")) == (Span(4, 4), Span(5, 5))
