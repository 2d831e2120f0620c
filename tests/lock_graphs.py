"""Lock graphs for tests: the sample's own, rings of given names, and a strategy: ``from lock_graphs import rings``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st

from lockview.analysis.build import lock_graph
from lockview.analysis.lock_graph import GraphTask, LockEdge, LockGraph, LockKind, LockNode, Mode
from lockview.layout.drawing import Box, Drawing, Text, estimated_width
from lockview.model.locks import LockClass
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
