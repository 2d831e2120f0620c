"""Lines that are missing from a report of any kind: never an exception, and no edge that the whole report has not."""

import pytest
from kernel_samples import SAMPLES

from lockview.analysis.build import lock_graph
from lockview.analysis.explain import explain, summary
from lockview.analysis.lock_graph import LockEdge, LockGraph, Subject
from lockview.model.reports import Report
from lockview.parsing.reader import read_text

Edge = tuple[str, str, str]


def edge_of(graph: LockGraph, edge: LockEdge) -> Edge:
    return edge.relation.value, graph.nodes[edge.tail].name, graph.nodes[edge.head].name


def is_said(graph: LockGraph, edge: LockEdge) -> bool:
    """Not what the program marks as inferred, nor about a lock whose name it does not know."""
    ends = (graph.nodes[edge.tail], graph.nodes[edge.head])
    unnamed = any(node.subject is Subject.LOCK and not node.lock_class.name for node in ends)
    return not edge.dependency.inferred and not unnamed


def said(reports: tuple[Report, ...]) -> set[Edge]:
    edges: set[Edge] = set()
    for report in reports:
        graph = lock_graph(report)
        explain(report, graph)
        summary(report, graph)
        edges |= {edge_of(graph, edge) for edge in graph.edges if is_said(graph, edge)}
    return edges


def lies(text: str) -> bool:
    """Whether a stack lost the frame in which its task waits: it shows a task that does not."""
    return "__schedule" in text and "schedule+" in text and "__mutex_lock" not in text and "taker+" in text


def check(kind: str, cuts: list[list[str]]) -> None:
    whole = said(read_text(SAMPLES[kind]).reports)
    for lines in cuts:
        if kind == "hung_task" and lies("".join(lines)):
            continue
        log = read_text("".join(lines))
        assert said(log.reports) <= whole, "".join(lines)
        for report in log.reports:
            assert 1 <= report.span.first <= report.span.last <= log.lines
            assert list(report.reading.problems) == sorted(report.reading.problems, key=lambda one: one.span)


def lines_of(kind: str) -> list[str]:
    return SAMPLES[kind].splitlines(keepends=True)


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_end_is_missing(kind: str) -> None:
    lines = lines_of(kind)
    check(kind, [lines[:end] for end in range(len(lines))])


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_top_is_missing(kind: str) -> None:
    lines = lines_of(kind)
    check(kind, [lines[start:] for start in range(1, len(lines))])


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_line_is_missing(kind: str) -> None:
    lines = lines_of(kind)
    check(kind, [lines[:at] + lines[at + 1 :] for at in range(len(lines))])


@pytest.mark.parametrize("kind", SAMPLES)
def test_some_lines_are_missing(kind: str) -> None:
    lines = lines_of(kind)
    dropped = ["** 5 printk messages dropped **\n"]
    check(kind, [lines[:at] + dropped + lines[at + 5 :] for at in range(1, len(lines), 2)])


def test_the_held_lock_is_told_without_the_words_above_it() -> None:
    (whole,) = read_text(SAMPLES["circular"]).reports
    (report,) = read_text(SAMPLES["circular"].replace("but task is already holding lock:\n", "")).reports
    assert (report.wanted, report.held) == (whole.wanted, whole.held)
    assert [problem.code for problem in report.reading.problems] == ["held-words-missing"]
