"""What the tool tip of a group says: its title, line by line, and what is known about the lock or the edge."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.analysis.lock_graph import LockGraph, LockNode, Subject
from lockview.layout.drawing import Group
from lockview.model.reports import Report


def tip_text(report: Report, graph: LockGraph, group: Group) -> str:
    """Plain text. The report tells the era that marks were written in, and how the kernel was built."""
    sort, _, number = group.name.partition(":")
    lines = group.title.split("; ")
    if number.isdecimal():
        if sort == "lock" and int(number) < len(graph.nodes):
            lines += _of_lock(report, graph.nodes[int(number)])
        elif sort == "edge":
            lines += _of_edge(report, graph, int(number))
    return "\n".join(lines)


def _of_lock(report: Report, node: LockNode) -> Iterator[str]:
    from lockview.analysis.knowledge import known_in
    from lockview.analysis.usage import decode_usage, decode_wait_types, has_raw_nesting

    if node.subject is not Subject.LOCK:
        return
    yield from decode_usage(node.usage, report.title, report.kernel)
    yield from decode_wait_types(node.wait_types, has_raw_nesting(report))
    about = known_in(report, node)
    if about is not None:
        yield about.text


def _of_edge(report: Report, graph: LockGraph, number: int) -> Iterator[str]:
    from lockview.analysis.documented import verdict_words, verdicts
    from lockview.analysis.knowledge import known_in

    for verdict in verdicts(graph):
        if verdict.edge.number == number and known_in(report, graph.nodes[verdict.edge.tail]):
            yield verdict_words(graph, verdict)
