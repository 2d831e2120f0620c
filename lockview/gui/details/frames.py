"""Frames as rows: runs of lock-internal ones folded, contexts named, the acquiring function marked.

Pure: stacks and open folds in, rows out.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockview.analysis.functions import is_lock_core
from lockview.analysis.lock_graph import LockEdge, LockGraph, Relation
from lockview.analysis.stacks import Row as Run
from lockview.analysis.stacks import folded
from lockview.document.visible import visible
from lockview.gui.rows.row import Kind, Row
from lockview.layout.drawing import Role
from lockview.layout.lines import edge_role
from lockview.model.stacks import Frame, StackTrace

INNER = "inner"


def runs(stack: StackTrace) -> Iterator[tuple[Run, range]]:
    """The runs of a stack, and the numbers of the frames that each stands for."""
    found = folded(stack)
    ends = (*(run.first for run in found[1:]), len(stack))
    for run, end in zip(found, ends, strict=True):
        yield run, range(run.first, end)


def fold_key(edge: LockEdge, run: Run, part: str = "") -> str:
    """The name of a folded run; ``part`` tells the stacks of one edge apart."""
    return f"{INNER}:{edge.number}:{part}{run.first}"


def stack_part(
    graph: LockGraph,
    edge: LockEdge,
    stack: StackTrace,
    numbers: range,
    opened: frozenset[str],
    *,
    chosen: bool,
    item: str = "",
    part: str = "",
) -> Iterator[Row]:
    """Some frames of a stack. ``chosen`` says that it is the stack whose frames a selection counts.

    ``item`` is what the rows select, the edge if not told. Of a dependency or an interrupt the function that takes
    the lock stands out; of what is none, the one that the edge names.
    """
    item = item or f"edge:{edge.number}"
    takes = edge.relation in (Relation.DEPENDENCY, Relation.PATH, Relation.INTERRUPT)
    context = ""
    for run, whole in runs(stack):
        here = range(max(whole.start, numbers.start), min(whole.stop, numbers.stop))
        key = fold_key(edge, run, part)
        is_open = key in opened
        if run.folded and len(here) > 1:
            yield Row(Kind.FOLD, counted_frames(len(here), "lock-internal"), fold=key, opened=is_open)
            if not is_open:
                continue
        for number in here:
            frame = stack.frames[number]
            if frame.part != context:
                context = frame.part
                yield Row(Kind.NOTE, f"in context {visible(context)}" if context else "in task context", dim=True)
            telling = run.acquires if takes else frame.bare_function == edge.acquirer
            role = edge_role(graph, edge) if telling else Role.DIM if is_lock_core(frame.bare_function) else ""
            yield frame_row(frame, item, number if chosen else None)._replace(strong=telling, role=role)


def frame_row(frame: Frame, item: str, number: int | None) -> Row:
    """One frame; ``number`` counts in the selected edge's own stack."""
    name = visible(frame.function)
    return Row(
        Kind.FRAME,
        name if frame.reliable else f"? {name}",
        detail=frame.position + (" inlined" if frame.inlined else ""),
        chip=visible(frame.module),
        right=_place(frame),
        dim=not frame.reliable,
        item=item,
        frame=number,
        line=frame.span.first or None,
    )


def counted_frames(count: int, what: str = "") -> str:
    """``4 lock-internal frames``."""
    return f"{count} {what + ' ' if what else ''}frame{'s' if count != 1 else ''}"


def _place(frame: Frame) -> str:
    if not frame.file:
        return ""
    return visible(f"{frame.file}:{frame.line}" if frame.line else frame.file)
