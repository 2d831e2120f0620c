"""A lock graph as a Mermaid flow chart, which code hosting sites draw inside issues and Markdown.

Labels are quoted, and every character that Mermaid, Markdown or HTML could give a meaning to becomes a ``#n;`` code.
"""

from __future__ import annotations

from lockview.analysis.lock_graph import LockEdge, LockGraph, LockKind, LockNode, Mode, Relation, Subject
from lockview.layout.captions import mode_letter, node_caption
from lockview.layout.labels import visible
from lockview.layout.lines import edge_role
from lockview.layout.placement import number_of
from lockview.layout.theme import LIGHT
from lockview.model.reports import Report

PLAIN = frozenset(" ,.:/+-=")
"""Characters besides letters, digits and underscores that mean nothing inside a quoted label."""

ENDS = {
    Relation.PATH: ("-.", ".->"),
    Relation.INTERRUPT: ("-.", ".->"),
    Relation.WAITS: ("-.", ".->"),
    Relation.HOLDS: ("--", "--o"),
    Relation.NESTING: ("--", "-->"),
    Relation.FORBIDDEN: ("--", "--x"),
}
"""How the arrow of what is no dependency begins and ends."""


def mermaid(graph: LockGraph, report: Report) -> str:
    """The graph as a flow chart, the wanted lock first, preceded by a comment with the report's title."""
    lines = [f"%% {_escaped(report.title)}", "flowchart TB"]
    lines += [f"  {_node(graph, node)}" for node in graph.nodes]
    lines += [f"  L{edge.tail} {_arrow(edge)} L{edge.head}" for edge in graph.edges]
    for number, edge in enumerate(graph.edges):
        new = edge.dependency.new
        colour = LIGHT.colours[edge_role(graph, edge)]
        lines.append(f"  linkStyle {number} stroke:{colour},stroke-width:{4 if new else 2}px")
    return "\n".join([*lines, ""])


def _node(graph: LockGraph, node: LockNode) -> str:
    usage = f" {{{node.usage}}}" if node.usage else ""
    label = f"{_escaped(node.name)}<br/>{_escaped(node_caption(graph, node) + usage)}"
    opening, closing = _outline(node)
    return f"L{node.number}{opening}{label}{closing}"


def _outline(node: LockNode) -> tuple[str, str]:
    if node.subject is Subject.TASK:
        return '(["', '"])'
    return ('{{"', '"}}') if node.kind is LockKind.MARKER or node.subject is Subject.CONTEXT else ('["', '"]')


def _arrow(edge: LockEdge) -> str:
    new = edge.dependency.new
    words = number_of(edge) if edge.relation is Relation.DEPENDENCY else edge.relation.value
    first = " ".join(part for part in (words, mode_letter(edge), "new" if new else "") if part)
    functions = " -> ".join(name for name in (edge.holder, edge.acquirer) if name)
    label = "<br/>".join(_escaped(part) for part in (first, functions) if part)
    if edge.relation in ENDS:
        opening, closing = ENDS[edge.relation]
        return f'{opening} "{label}" {closing}'
    if edge.mode is Mode.SHARED:
        return f'-. "{label}" .->'
    return f'== "{label}" ==>' if new else f'-- "{label}" -->'


def _escaped(text: str) -> str:
    text = visible(text)
    return "".join(
        char if char.isalnum() or _inner(text, place) else f"#{ord(char)};" for place, char in enumerate(text)
    )


def _inner(text: str, place: int) -> bool:
    """Whether a character means nothing where it stands: not a list's bullet or number, not a mark of emphasis."""
    if text[place] == "_":
        return text[place - 1 : place].isalnum() and text[place + 1 : place + 2].isalnum()
    return text[place] in PLAIN and place > 0 and not text[:place].isdigit()
