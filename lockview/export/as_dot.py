r"""A lock graph in the DOT language, for Graphviz and everything else that reads it.

Every identifier and attribute is a quoted string. Names become labels only; node identifiers are ours. In a label DOT
itself gives a meaning to the quote, the backslash (``\n``, ``\N``) and to HTML entities, so these three are escaped.
"""

from __future__ import annotations

from lockview.analysis.lock_graph import LockEdge, LockGraph, LockKind, LockNode, Mode, Relation, Subject
from lockview.layout.captions import edge_title, mode_letter, node_caption, node_title
from lockview.layout.labels import visible
from lockview.layout.lines import edge_role
from lockview.layout.placement import number_of
from lockview.layout.theme import LIGHT
from lockview.model.reports import Report

PEN_WIDTH, NEW_PEN_WIDTH = "1.5", "3"
LOOKS = {
    Relation.PATH: ("dashed", "normal"),
    Relation.INTERRUPT: ("dotted", "normalnormal"),
    Relation.WAITS: ("dashed", "normal"),
    Relation.HOLDS: ("solid", "dot"),
    Relation.NESTING: ("solid", "vee"),
    Relation.FORBIDDEN: ("dotted", "tee"),
}
"""Style and head of what is no dependency."""
SHAPES = {Subject.LOCK: "box", Subject.TASK: "ellipse", Subject.CONTEXT: "hexagon"}


def dot(graph: LockGraph, report: Report) -> str:
    """The graph as a digraph: nodes ``lock0`` ... with the names as labels, edges with number, mode and functions."""
    lines = [
        "digraph lockview {",
        f"  graph [{_attributes(label=report.title, labelloc='t', fontname='sans-serif', rankdir='TB')}];",
        f"  node [{_attributes(shape='box', style='rounded', fontname='monospace')}];",
        f"  edge [{_attributes(fontname='monospace', fontsize='10')}];",
    ]
    lines += [f"  {_node(graph, node)};" for node in graph.nodes]
    lines += [f"  {_edge(graph, edge)};" for edge in graph.edges]
    return "\n".join([*lines, "}", ""])


def _node(graph: LockGraph, node: LockNode) -> str:
    parts = [node.name, node_caption(graph, node)]
    if node.usage:
        parts[1] += f"  {{{node.usage}}}"
    look = "rounded,dashed" if node.kind is LockKind.MARKER or node.subject is Subject.CONTEXT else "rounded"
    label = "\\n".join(_escaped(part) for part in parts)
    attributes = {"style": look, "tooltip": node_title(graph, node)}
    if node.subject is not Subject.LOCK:
        attributes["shape"] = SHAPES[node.subject]
    return f'"lock{node.number}" [label="{label}", {_attributes(**attributes)}]'


def _edge(graph: LockGraph, edge: LockEdge) -> str:
    new = edge.dependency.new
    words = number_of(edge) if edge.relation is Relation.DEPENDENCY else edge.relation.value
    first = " ".join(part for part in (words, mode_letter(edge), "(new)" if new else "") if part)
    functions = " -> ".join(name for name in (edge.holder, edge.acquirer) if name)
    label = "\\n".join(_escaped(part) for part in (first, functions) if part)
    plain = "dashed" if edge.mode is Mode.SHARED else "solid"
    style, head = LOOKS.get(edge.relation, (plain, "normal"))
    attributes = _attributes(
        style=style,
        color=LIGHT.colours[edge_role(graph, edge)],
        penwidth=NEW_PEN_WIDTH if new else PEN_WIDTH,
        constraint="false" if new and edge.tail != edge.head and len(graph.edges) > 1 else "true",
        tooltip=edge_title(graph, edge),
        **({} if edge.relation is Relation.DEPENDENCY else {"arrowhead": head}),
    )
    return f'"lock{edge.tail}" -> "lock{edge.head}" [label="{label}", {attributes}]'


def _attributes(**values: str) -> str:
    return ", ".join(f'{name}="{_escaped(value)}"' for name, value in values.items())


def _escaped(text: str) -> str:
    text = visible(text).replace("\\", "\\\\").replace('"', '\\"')
    # Only what reads as an entity: other programs show the label as it is, and an ampersand is common in lock names.
    parts = text.split("&")
    return parts[0] + "".join(("&amp;" if _entity(part) else "&") + part for part in parts[1:])


def _entity(rest: str) -> bool:
    """Whether the text after an ampersand makes it an HTML entity."""
    name, semicolon, _ = rest[:40].partition(";")
    return bool(semicolon) and name.removeprefix("#").isalnum()
