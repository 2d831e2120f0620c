"""What the tool tip of a group says: its title, line by line, and for a lock what its usage marks mean."""

from __future__ import annotations

from lockview.analysis.lock_graph import LockGraph
from lockview.analysis.usage import decode_usage
from lockview.layout.drawing import Group


def tip_text(graph: LockGraph, report_title: str, group: Group) -> str:
    """Plain text. ``report_title`` tells the era that the marks were written in."""
    sort, _, number = group.name.partition(":")
    lines = group.title.split("; ")
    if sort == "lock" and number.isdecimal() and int(number) < len(graph.nodes):
        lines += decode_usage(graph.nodes[int(number)].usage, report_title)
    return "\n".join(lines)
