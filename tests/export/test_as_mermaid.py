import re

from golden_files import check_golden
from hypothesis import given, settings
from lock_graphs import (
    HOSTILE,
    any_graphs,
    deadlock,
    ladder_graph,
    report_about,
    ring_of,
    rings,
    sample_graph,
    sample_report,
)

from lockview.analysis.lock_graph import LockGraph
from lockview.export.as_mermaid import mermaid
from lockview.layout.labels import visible

NODE = re.compile(r'  L\d+(\["[^"]*"\]|\{\{"[^"]*"\}\})')
EDGE = re.compile(r'  L\d+ (-- "[^"]*" -->|-\. "[^"]*" \.->|== "[^"]*" ==>) L\d+')
STYLE = re.compile(r"  linkStyle \d+ stroke:#[0-9a-f]{6},stroke-width:\dpx")
LABEL = re.compile(r'"([^"]*)"')
CODE = re.compile(r"#(\d+);")


def shown(label: str) -> str:
    """A label as Mermaid shows it."""
    return CODE.sub(lambda found: chr(int(found[1])), label)


def test_the_sample_is_the_golden_one() -> None:
    check_golden("khugepaged.mmd", mermaid(sample_graph(), sample_report()))


def test_a_hostile_name_is_shown_and_not_run() -> None:
    graph = ring_of([HOSTILE, "%%{init: {}}%%", "`code` **bold** __x__ 1. - end"], [HOSTILE])
    text = mermaid(graph, report_about(graph))
    assert "<img" not in text
    names = [shown(label.split("<br/>")[0]) for label in LABEL.findall(text)]
    assert names[:3] == [node.lock_class.name for node in graph.nodes]


@given(rings)
@settings(max_examples=40, deadline=None)
def test_every_line_has_one_of_four_shapes(graph: LockGraph) -> None:
    comment, direction, *lines = mermaid(graph, report_about(graph)).rstrip("\n").split("\n")
    assert comment.startswith("%% ")
    assert not set("<>&{}") & set(comment)
    assert direction == "flowchart TB"
    for line in lines:
        assert line.isprintable()
        assert NODE.fullmatch(line) or EDGE.fullmatch(line) or STYLE.fullmatch(line)
        for label in LABEL.findall(line):
            assert not set("<>&%`*|\\[](){}~") & set(label.replace("<br/>", ""))
    for node, line in zip(graph.nodes, lines, strict=False):
        assert shown(LABEL.findall(line)[0].split("<br/>")[0]) == visible(node.lock_class.name)


def test_tasks_and_what_is_not_allowed_look_different() -> None:
    assert '(["one#47;1' in mermaid(deadlock(0), sample_report()) or '(["one/1' in mermaid(deadlock(0), sample_report())
    assert " --x L2" in mermaid(ladder_graph("&rq->__lock", "&mm->mmap_lock"), sample_report())


@given(any_graphs())
@settings(max_examples=60, deadline=None)
def test_graphs_of_any_shape_have_all_their_lines(graph: LockGraph) -> None:
    lines = mermaid(graph, sample_report()).splitlines()
    assert len(lines) == 2 + len(graph.nodes) + 2 * len(graph.edges)
