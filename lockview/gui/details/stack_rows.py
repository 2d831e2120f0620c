"""The rows of a selected edge: where its second lock is taken, and where the first was, as far as the report tells.

Pure: report, graph and edge number in, rows out. The outer frames that both stacks share are listed once, after what
each has of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockview.analysis.lock_graph import LockEdge, LockGraph, Relation, Shape
from lockview.analysis.stacks import common_suffix
from lockview.document.visible import visible
from lockview.gui.details.evidence_rows import edge_heading, evidence_rows, relation_rows
from lockview.gui.details.frames import counted_frames, fold_key, frame_row, runs, stack_part
from lockview.gui.rows.row import Kind, Row
from lockview.layout.lines import edge_role
from lockview.model.reports import Report
from lockview.model.stacks import Frame

COMMON, OTHER = "common", "other"
OPENED = frozenset({COMMON})
"""The folds that are open when an edge is selected."""


def edge_rows(report: Report, graph: LockGraph, number: int, opened: frozenset[str] = OPENED) -> tuple[Row, ...]:
    """What the edge panel shows; ``opened`` names the folds that are open."""
    edge = graph.edges[number]
    if edge.relation is not Relation.DEPENDENCY:
        return tuple(relation_rows(graph, edge, opened))
    before = _edge_before(graph, edge)
    common = _common(edge, before)
    return (
        *_head(graph, edge),
        *_second_lock(graph, edge, common, opened),
        *_first_lock(report, graph, edge, before, common, opened),
        *_common_rows(graph, edge, common, opened),
        *evidence_rows(graph, edge, opened),
    )


def frame_text(frame: Frame) -> str:
    """A frame as it is copied: as the kernel prints it, with the place in the source when known."""
    return frame_row(frame, "", None).spoken()


def fold_of(graph: LockGraph, edge: LockEdge, frame: int) -> frozenset[str]:
    """The runs that must be open for a frame of the edge's own stack to be seen."""
    keys = {fold_key(edge, run) for run, numbers in runs(edge.dependency.stack) if run.folded and frame in numbers}
    if frame >= len(edge.dependency.stack) - _common(edge, _edge_before(graph, edge)):
        keys.add(COMMON)
    return frozenset(keys)


def _edge_before(graph: LockGraph, edge: LockEdge) -> LockEdge | None:
    """The edge whose stack took this edge's first lock."""
    others = (other for other in graph.edges if other.relation is Relation.DEPENDENCY and other.number != edge.number)
    return next((other for other in others if other.head == edge.tail), None)


def _common(edge: LockEdge, before: LockEdge | None) -> int:
    """How many outermost frames both ends share; none with another task's stack, whose calls are not this task's."""
    if before is None or before.task != edge.task:
        return 0
    return common_suffix(edge.dependency.stack, before.dependency.stack)


def _head(graph: LockGraph, edge: LockEdge) -> Iterator[Row]:
    yield edge_heading(graph, edge)
    task = visible(graph.tasks[edge.task].name) if 0 <= edge.task < len(graph.tasks) else "A task"
    place = f"Link {edge.order} of {len(graph.edges)}. "
    closes = ", which closes the cycle" if graph.shape is Shape.RING else ""
    if edge.dependency.new:
        said = f"{place}{task} holds the first lock and wants the second: the new dependency{closes}."
    else:
        said = f"{place}{task} held the first lock and took the second, earlier than this report."
    if edge.dependency.inferred and edge.dependency.stack.frames:
        said += " The printed chain has a gap here: other locks may lie between the two."
    yield Row(Kind.NOTE, said, dim=True, fixed=((len(place), len(task)),))


def _second_lock(graph: LockGraph, edge: LockEdge, common: int, opened: frozenset[str]) -> Iterator[Row]:
    frames = edge.dependency.stack.frames
    yield _heading(graph, edge, "Takes", edge.dependency.wanted.name)
    if frames:
        yield from stack_part(graph, edge, edge.dependency.stack, range(len(frames) - common), opened, chosen=True)
    else:
        yield Row(Kind.NOTE, "The log holds no stack for this dependency.", dim=True)


def _first_lock(
    report: Report, graph: LockGraph, edge: LockEdge, before: LockEdge | None, common: int, opened: frozenset[str]
) -> Iterator[Row]:
    name, item = edge.dependency.held.name, f"edge:{edge.number}"
    if before is not None and before.task == edge.task and before.dependency.stack.frames:
        yield _heading(graph, before, "Took", name, " before")
        own = len(before.dependency.stack) - common
        if own:
            yield from stack_part(graph, before, before.dependency.stack, range(own), opened, chosen=False, item=item)
        else:
            yield Row(Kind.NOTE, "In the same calls: both stacks are equal.", dim=True)
        return
    yield _lock_heading("Took", name, " before")
    held = report.held
    if edge.dependency.new and held and held.site:
        yield frame_row(held.site, item, None)._replace(strong=True, line=held.span.first or None)
        yield Row(Kind.NOTE, "The report names this place and prints no stack for it.", dim=True)
    else:
        yield Row(Kind.NOTE, "The report does not say where this task took it.", dim=True)
    if before is not None:
        yield from _other_task(graph, before, item, opened)


def _other_task(graph: LockGraph, before: LockEdge, item: str, opened: frozenset[str]) -> Iterator[Row]:
    """The neighbour's stack is another task's acquisition of the same class: shown as that, and only on request."""
    frames = before.dependency.stack.frames
    if not frames:
        return
    task = visible(graph.tasks[before.task].name) if 0 <= before.task < len(graph.tasks) else "another task"
    is_open = OTHER in opened
    right = f"-> #{before.dependency.index}"
    said = f"How {task} takes it: {counted_frames(len(frames))}"
    yield Row(Kind.FOLD, said, right=right, fold=OTHER, opened=is_open)
    if is_open:
        yield from stack_part(
            graph, before, before.dependency.stack, range(len(frames)), opened, chosen=False, item=item
        )


def _common_rows(graph: LockGraph, edge: LockEdge, common: int, opened: frozenset[str]) -> Iterator[Row]:
    if not common:
        return
    length = len(edge.dependency.stack)
    is_open = COMMON in opened
    yield Row(Kind.HEADING, "On the way to both", right=counted_frames(common), fold=COMMON, opened=is_open)
    if is_open:
        yield from stack_part(graph, edge, edge.dependency.stack, range(length - common, length), opened, chosen=True)


def _heading(graph: LockGraph, edge: LockEdge, before: str, lock: str, after: str = "") -> Row:
    """Our words around a lock's name, with the number that the chain prints for the stack below."""
    return _lock_heading(before, lock, after)._replace(
        right=f"-> #{edge.dependency.index}", role=edge_role(graph, edge)
    )


def _lock_heading(before: str, lock: str, after: str = "") -> Row:
    name = visible(lock)
    return Row(Kind.HEADING, f"{before} {name}{after}", fixed=((len(before) + 1, len(name)),))
