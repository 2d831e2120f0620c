"""From a log line to what it shows, and back: the two directions that keep the raw text and the picture together.

Pure: report, graph and line number in; item name, frame number and spans out. Reports have at most some thousand
lines, and a question is asked once per click, so everything is found by looking.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockview.analysis.lock_graph import LockEdge, LockGraph, LockNode, Subject
from lockview.document.mentions import mentions, names, node_of
from lockview.document.selection import Selection
from lockview.model.locks import LockClass
from lockview.model.reports import CircularReport, Report
from lockview.model.stacks import Frame
from lockview.model.text import Span


def selection_for_line(report: Report, graph: LockGraph, line: int) -> tuple[str, int | None]:
    """What a log line (1-based) shows: the item (``lock:N``, ``edge:N`` or "") and the frame of that edge's stack.

    A frame under ``-> #n`` is that frame of that edge, the rest of the entry the edge; a line that names one lock
    or task is that; a stack that backs an edge is the edge; the backtrace is the new edge, and its frames are the
    frames of the ``#0`` stack where both have them.
    """
    for edge in graph.edges:
        for number, frame in enumerate(edge.dependency.stack.frames):
            if line in frame.span:
                return f"edge:{edge.number}", number
    for edge in graph.edges:
        if any(line in frame.span for evidence in edge.evidence for frame in evidence.stack.frames):
            return f"edge:{edge.number}", None
    for named, span in mentions(report):
        if line in span and (node := node_of(graph, named)):
            return f"lock:{node.number}", None
    for edge in graph.edges:
        if any(line in span for span in _whole(edge)):
            return f"edge:{edge.number}", None
    return _selection_in_backtrace(report, graph, line)


def spans_for(report: Report, graph: LockGraph, selection: Selection) -> tuple[Span, ...]:
    """The lines that show the selected thing, in line order; () when the whole report is selected.

    An edge is its ``-> #n`` entry, or the stacks that back it; a chosen frame is its own line, and the line of the
    backtrace that repeats it. A lock is every line that names it alone, the heads of its chain entries included; a
    task the same. What has no lines of its own has those of its ends, or the title.
    """
    spans: list[Span] = []
    edge, lock = _edge(graph, selection), selection.lock
    if edge is not None:
        spans = _edge_spans(report, edge, selection.frame)
        if not any(spans):
            ends = [graph.nodes[end] for end in (edge.tail, edge.head)]
            spans = [span for node in ends if node.subject is Subject.LOCK for span in _node_spans(report, node)]
    elif lock is not None and 0 <= lock < len(graph.nodes):
        spans = _node_spans(report, graph.nodes[lock])
        if not any(spans):
            spans = [Span(report.span.first, report.span.first)]
    return tuple(sorted({span for span in spans if span}))


def first_line(report: Report, graph: LockGraph, selection: Selection) -> int | None:
    """The line that a choice leads to: the first of its spans, None when the text has none."""
    spans = spans_for(report, graph, selection)
    return spans[0].first if spans else None


def _node_spans(report: Report, node: LockNode) -> list[Span]:
    return [span for named, span in (*mentions(report), *_chain_heads(report)) if names(node, named)]


def _edge(graph: LockGraph, selection: Selection) -> LockEdge | None:
    number = selection.edge
    return graph.edges[number] if number is not None and 0 <= number < len(graph.edges) else None


def _edge_spans(report: Report, edge: LockEdge, frame: int | None) -> list[Span]:
    frames = edge.dependency.stack.frames
    if frame is None or not 0 <= frame < len(frames):
        return list(_whole(edge))
    spans = [frames[frame].span]
    if edge.dependency.new and report.backtrace:
        again = _same_frames(report.backtrace.stack.frames, frames)
        spans += [report.backtrace.stack.frames[place].span for place, match in again.items() if match == frame]
    return spans


def _whole(edge: LockEdge) -> Iterator[Span]:
    """The lines of an edge: its entry, else its stack, and the stacks that back it."""
    yield edge.dependency.span or edge.dependency.stack.span
    yield from (evidence.stack.span for evidence in edge.evidence)


def _chain_heads(report: Report) -> Iterator[tuple[LockClass, Span]]:
    if isinstance(report, CircularReport):
        for entry in report.chain:
            yield entry.lock_class, Span(entry.span.first, entry.span.first)


def _selection_in_backtrace(report: Report, graph: LockGraph, line: int) -> tuple[str, int | None]:
    backtrace = report.backtrace
    new = next((edge for edge in graph.edges if edge.dependency.new), None)
    if backtrace is None or new is None or line not in backtrace.span.joined(backtrace.stack.span):
        return "", None
    matches = _same_frames(backtrace.stack.frames, new.dependency.stack.frames)
    places = (place for place, frame in enumerate(backtrace.stack.frames) if line in frame.span)
    return f"edge:{new.number}", next((matches[place] for place in places if place in matches), None)


def _same_frames(backtrace: tuple[Frame, ...], stack: tuple[Frame, ...]) -> dict[int, int]:
    """Places in the backtrace that repeat a frame of the stack -> that frame's number.

    The backtrace is the same stack, seen from deeper in and with the unwinder's guesses. Matched from the outermost
    frame inwards, so that what the report itself was printed from is not taken for a caller.
    """
    matches: dict[int, int] = {}
    end = len(stack)
    for place in range(len(backtrace) - 1, -1, -1):
        frame = backtrace[place]
        if not frame.reliable:
            continue
        for number in range(end - 1, -1, -1):
            if (frame.function, frame.offset) == (stack[number].function, stack[number].offset):
                matches[place], end = number, number
                break
    return matches
