"""Lock graphs for tests: the sample's own, rings of given names, and a strategy: ``from lock_graphs import rings``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from hypothesis import strategies as st

from lockview.analysis.build import lock_graph
from lockview.analysis.lock_graph import (
    Evidence,
    GraphTask,
    LockEdge,
    LockGraph,
    LockKind,
    LockNode,
    Mode,
    Relation,
    Shape,
    Subject,
)
from lockview.layout.drawing import Box, Drawing, Text, estimated_width
from lockview.model.locks import LockClass, WaitTypes
from lockview.model.reports import CircularReport, Dependency, Report
from lockview.model.stacks import Frame, StackTrace
from lockview.parsing.reader import read_text

HOSTILE = '<img src=x onerror=alert(1)>"->'
SAMPLE = Path(__file__).resolve().parent.parent / "resources" / "samples" / "khugepaged-fs-reclaim.log"
KINDS, MODES = tuple(LockKind), tuple(Mode)


def sample_report() -> Report:
    """The report of the bundled sample."""
    return read_text(SAMPLE.read_text(encoding="utf-8")).reports[0]


def sample_graph() -> LockGraph:
    """Its graph: four locks, four edges, three tasks."""
    return lock_graph(sample_report())


def ring_of(names: Sequence[str], functions: Sequence[str] = ("",), tasks: int = 3) -> LockGraph:
    """A cycle over locks of these names, with every kind, mode and subclass in turn."""
    count = len(names)
    nodes = tuple(
        LockNode(
            number,
            LockClass(name, 1 + number // 4, number % 3 // 2),
            KINDS[number % len(KINDS)],
            ("", "++++", ".+.+.+")[number % 3],
            wanted=number == 0,
            held=number == count - 1,
        )
        for number, name in enumerate(names)
    )
    edges = tuple(_edge(number, nodes, functions, tasks) for number in range(count))
    used = sorted({edge.task for edge in edges})
    groups = tuple(
        GraphTask(n, f"task_{n}/{n}", tuple(e.number for e in edges if e.task == n), n == used[-1]) for n in used
    )
    return LockGraph(nodes, edges, groups)


def _edge(number: int, nodes: Sequence[LockNode], functions: Sequence[str], tasks: int) -> LockEdge:
    count = len(nodes)
    head = nodes[(number + 1) % count]
    acquirer = functions[(number + 1) % len(functions)]
    stack = StackTrace((Frame(acquirer), Frame("do_syscall_64"))) if acquirer else StackTrace()
    dependency = Dependency(nodes[number].lock_class, head.lock_class, stack, new=number == count - 1)
    return LockEdge(
        number,
        number,
        head.number,
        number + 1,
        dependency,
        min(number * tasks // count, tasks - 1),
        MODES[number % len(MODES)],
        functions[number % len(functions)],
        acquirer,
    )


def node(number: int, name: str, subject: Subject = Subject.LOCK, **more: object) -> LockNode:
    """A lock, or a task or context of that name."""
    if subject is Subject.LOCK:
        return replace(LockNode(number, LockClass(name), LockKind.MUTEX), **more)  # type: ignore[arg-type]
    return replace(LockNode(number, LockClass(""), LockKind.UNKNOWN, subject=subject, label=name), **more)  # type: ignore[arg-type]


def link(number: int, tail: LockNode, head: LockNode, relation: Relation, **more: object) -> LockEdge:
    """An edge of any relation; ``new=True`` makes its dependency the new one."""
    new = bool(more.pop("new", False))
    dependency = Dependency(tail.lock_class, head.lock_class, new=new)
    edge = LockEdge(number, tail.number, head.number, number + 1, dependency, -1, relation=relation)
    return replace(edge, **more)  # type: ignore[arg-type]


def irq_graph(*names: str) -> LockGraph:
    """A chain of locks from the one that a softirq takes to the one that is held when it comes."""
    nodes = tuple(
        node(n, name, kind=LockKind.SPINLOCK, usage=("+.-.", "+.+.")[n == len(names) - 1], wanted=n == 1, held=n == 0)
        for n, name in enumerate(names)
    )
    edges = [
        link(
            n,
            nodes[n],
            nodes[n + 1],
            Relation.DEPENDENCY,
            new=n == 0,
            task=min(n, 1),
            holder="foo_open",
            acquirer="foo",
        )
        for n in range(len(nodes) - 1)
    ]
    stack = StackTrace((Frame("run_timer_softirq"), Frame("__do_softirq")))
    evidence = (Evidence("became SOFTIRQ-irq-unsafe at", stack), Evidence("became SOFTIRQ-irq-safe at", stack))
    edges.append(link(len(edges), nodes[-1], nodes[0], Relation.INTERRUPT, evidence=evidence))
    groups = (GraphTask(0, "demo/42", (0,), reporting=True), GraphTask(1, "open", tuple(range(1, len(edges) - 1))))
    return LockGraph(nodes, tuple(edges), groups if len(names) > 2 else groups[:1], Shape.CONTEXTS)


def usage_graph(name: str) -> LockGraph:
    """A lock that an interrupt takes while it is held."""
    lock = node(0, name, kind=LockKind.SPINLOCK, usage="?.+.", wanted=True)
    evidence = (Evidence("{IN-HARDIRQ-W} state was registered at", StackTrace()),)
    return LockGraph((lock,), (link(0, lock, lock, Relation.INTERRUPT, evidence=evidence),), (), Shape.CONTEXTS)


def ladder_graph(*names: str, context: str = "hardirq context") -> LockGraph:
    """Held locks, a wanted one at the end that the context and each second lock forbid."""
    around = node(0, context, Subject.CONTEXT, wait_types=WaitTypes(2, 2))
    last = len(names)
    locks = tuple(
        node(
            n, name, kind=LockKind.SPINLOCK, usage="+.+.", wait_types=WaitTypes(2 + n % 2, 2 + n % 2), wanted=n == last
        )
        for n, name in enumerate(names, 1)
    )
    nodes = (around, *locks)
    pairs = [(a, b, Relation.NESTING) for a, b in pairwise(locks[:-1])]
    pairs += [(a, locks[-1], Relation.FORBIDDEN) for a in (around, *locks[:-1:2])]
    edges = tuple(link(n, a, b, relation) for n, (a, b, relation) in enumerate(pairs))
    return LockGraph(nodes, edges, (), Shape.LADDER)


def plain_graph(*names: str, nested: bool = True) -> LockGraph:
    """Held locks, one in the other or side by side."""
    nodes = tuple(node(n, name, held=True) for n, name in enumerate(names))
    pairs = pairwise(nodes) if nested else ()
    edges = tuple(link(n, a, b, Relation.NESTING) for n, (a, b) in enumerate(pairs))
    return LockGraph(nodes, edges, (), Shape.PLAIN)


def waiting_graph(*rows: tuple[str, str, str]) -> LockGraph:
    """Rows of a task, the lock that it waits for ("" for none), and one that it holds ("" for none)."""
    nodes: dict[tuple[str, Subject], LockNode] = {}
    edges: list[LockEdge] = []

    def of(name: str, subject: Subject) -> LockNode:
        return nodes.setdefault((name, subject), node(len(nodes), name, subject))

    for task, wanted, held in rows:
        who = of(task, Subject.TASK)
        if wanted:
            what = of(wanted, Subject.LOCK)
            edges.append(link(len(edges), who, what, Relation.WAITS, acquirer="demo_write"))
        if held:
            edges.append(link(len(edges), of(held, Subject.LOCK), who, Relation.HOLDS))
    return LockGraph(tuple(nodes.values()), tuple(edges), (), Shape.WAIT_FOR)


def pile_up(waiters: int) -> LockGraph:
    """Tasks that wait for a lock whose holder waits for another one."""
    rows = [(f"writer/{100 + n}", "&sb->s_umount", "") for n in range(waiters)]
    return waiting_graph(
        *rows, ("kworker/u4:1/11", "&journal->j_barrier", "&sb->s_umount"), ("sync/41", "", "&journal->j_barrier")
    )


def deadlock(waiters: int = 3) -> LockGraph:
    """Two tasks that wait for each other, and more behind them."""
    rows = [(f"reader/{n}", ("&a->lock", "&b->lock")[n % 2], "") for n in range(waiters)]
    return waiting_graph(("one/1", "&b->lock", "&a->lock"), ("two/2", "&a->lock", "&b->lock"), *rows)


@st.composite
def any_graphs(draw: st.DrawFn) -> LockGraph:
    """Graphs of every shape that make no sense: no edges, no tasks, any relation between anything."""
    names = draw(st.lists(WORDS, max_size=9))
    subjects = st.sampled_from(tuple(Subject))
    nodes = tuple(
        node(n, name, draw(subjects), usage=draw(st.sampled_from(["", "+.+."])), wanted=draw(st.booleans()))
        for n, name in enumerate(names)
    )
    ends = st.sampled_from(nodes) if nodes else st.nothing()
    count = draw(st.integers(0, 12)) if nodes else 0
    tasks = draw(st.integers(0, 2))
    edges = tuple(
        link(
            number,
            draw(ends),
            draw(ends),
            draw(st.sampled_from(tuple(Relation))),
            new=draw(st.booleans()),
            order=draw(st.integers(0, 3)),
            task=draw(st.integers(-1, 2)),
            acquirer=draw(st.sampled_from(["", "demo_write"])),
            evidence=draw(st.sampled_from([(), (Evidence("became SOFTIRQ-safe at", StackTrace((Frame("f"),))),)])),
        )
        for number in range(count)
    )
    groups = tuple(
        GraphTask(n, f"task_{n}/{n}", tuple(e.number for e in edges if e.task == n), n == 0) for n in range(tasks)
    )
    return LockGraph(nodes, edges, groups, draw(st.sampled_from(tuple(Shape))))


def report_about(graph: LockGraph) -> Report:
    """A report that names what the graph does."""
    return replace(CircularReport(title=f"about {graph.nodes[0].lock_class.name}"), task=None)


WORDS = st.text(
    alphabet=st.one_of(
        st.characters(min_codepoint=33, max_codepoint=126),
        st.sampled_from("<>&\"'%->/\\{}\u202e\u2066\x1b\x00\n\t\u200d\U0001f512\u9501\ud800\ufffe"),
    ),
    min_size=4,
    max_size=90,
)
"""Names of any length that a lock has, with all that could break a picture."""

rings = st.builds(
    ring_of,
    st.lists(WORDS, min_size=1, max_size=12),
    st.lists(st.one_of(st.just(""), WORDS), min_size=1, max_size=5),
    st.integers(1, 7),
)


def text_boxes(drawing: Drawing) -> list[tuple[str, Box]]:
    """Where the texts of a drawing are, by the widths that it was made with."""
    boxes = []
    for group in drawing.groups:
        for text in group.shapes:
            if isinstance(text, Text) and text.text:
                width = estimated_width(text.text, text.size, text.fixed, text.bold)
                left = text.x - {"start": 0.0, "middle": width / 2, "end": width}[text.anchor]
                boxes.append((text.text, Box(left, text.y - 0.8 * text.size, width, text.size)))
    return boxes


def overlapping(boxes: Sequence[tuple[str, Box]]) -> list[tuple[str, str]]:
    """The pairs of texts that lie on each other."""
    return [(a, b) for n, (a, one) in enumerate(boxes) for b, other in boxes[:n] if one.overlaps(other)]
