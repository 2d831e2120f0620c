import json
import re
import subprocess
import sys

import pytest
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
    usage_graph,
)

from lockview.analysis.lock_graph import LockGraph
from lockview.export.as_dot import dot
from lockview.layout.labels import visible

READER = """
import json, sys, pygraphviz
graphs = [pygraphviz.AGraph(string=text) for text in json.load(sys.stdin)]
for graph in graphs:
    graph.layout(prog="dot")
print(json.dumps([[[n, n.attr["label"]] for n in graph.nodes()] + [[*e] for e in graph.edges()] for graph in graphs]))
"""
ATTRIBUTES = (
    *("label", "labelloc", "fontname", "fontsize", "rankdir"),
    *("shape", "style", "tooltip", "color", "penwidth", "constraint", "arrowhead"),
)
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


def read_back(*texts: str) -> list[list[list[str]]]:
    """What Graphviz makes of the texts: nodes with labels, then edges. In a child, because it may die of bad input."""
    pytest.importorskip("pygraphviz", exc_type=ImportError)
    command = [sys.executable, "-c", READER]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=True)
    found: list[list[list[str]]] = json.loads(done.stdout)
    return found


def name_of(label: str) -> str:
    """The name in a node's label, with DOT's escapes taken off."""
    return label.split("\\n")[0].replace("\\\\", "\\")


def test_the_sample_is_the_golden_one() -> None:
    check_golden("khugepaged.dot", dot(sample_graph(), sample_report()))


def test_graphviz_reads_the_names_of_the_sample() -> None:
    found = read_back(dot(sample_graph(), sample_report()))[0]
    names = [name_of(label) for name, label in found if name.startswith("lock") and not label.startswith("lock")]
    assert names == ["&mapping->i_mmap_rwsem", "&vma->vm_sequence", "&vma->vm_sequence/1", "fs_reclaim"]
    assert ["lock3", "lock0"] in found


def test_graphviz_reads_hostile_names_as_they_are() -> None:
    names = [
        HOSTILE,
        "<b>bold</b>",
        "back\\slash\\",
        "%s%n",
        "\\N\\G",
        "\N{LOCK}\u9501\u202e",
        '"; node [image="/etc/passwd"]',
    ]
    graph = ring_of(names, [HOSTILE])
    found = read_back(dot(graph, report_about(graph)))[0]
    labels = {name: name_of(label) for name, label in found[: len(names)]}
    assert labels == {f"lock{n}": visible(node.lock_class.name) for n, node in enumerate(graph.nodes)}


def test_what_reads_as_an_entity_is_escaped() -> None:
    graph = ring_of(["a&lt;b", "&mapping->i_mmap_rwsem"])
    text = dot(graph, report_about(graph))
    assert 'label="a&amp;lt;b' in text
    assert 'label="&mapping->i_mmap_rwsem' in text


@given(rings)
@settings(max_examples=40, deadline=None)
def test_all_that_comes_from_a_log_is_inside_quotes(graph: LockGraph) -> None:
    text = dot(graph, report_about(graph))
    assert all(map(str.isprintable, text.split("\n")))
    bare = set(re.findall(r"[^\s=,;\[\]{}>-]+", QUOTED.sub("", text)))
    assert bare <= {"digraph", "lockview", "graph", "node", "edge", *ATTRIBUTES}


def test_each_relation_has_a_style_and_a_head_of_its_own() -> None:
    text = dot(deadlock(0), sample_report())
    assert 'label="holds' in text
    assert 'arrowhead="dot"' in text
    assert 'shape="ellipse"' in text
    assert 'arrowhead="tee"' in dot(ladder_graph("&rq->__lock", "&mm->mmap_lock"), sample_report())
    assert 'arrowhead="normalnormal"' in dot(usage_graph("&port->lock"), sample_report())


@given(any_graphs())
@settings(max_examples=60, deadline=None)
def test_graphs_of_any_shape_have_all_their_lines(graph: LockGraph) -> None:
    assert len(dot(graph, sample_report()).splitlines()) == 5 + len(graph.nodes) + len(graph.edges)
