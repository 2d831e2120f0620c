"""The rows of a selected edge: where its second lock is taken, and where the first was, as far as the report tells.

Pure: report, graph and edge number in, rows out. The outer frames that both stacks share are listed once, after what
each has of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockview.analysis.functions import is_lock_core
from lockview.analysis.lock_graph import LockEdge, LockGraph
from lockview.analysis.stacks import Row as Run
from lockview.analysis.stacks import common_suffix, folded
from lockview.document.visible import visible
from lockview.gui.rows.row import Kind, Row
from lockview.layout.drawing import Role
from lockview.model.reports import Report
from lockview.model.stacks import Frame, StackTrace

COMMON, INNER, OTHER = "common", "inner", "other"
OPENED = frozenset({COMMON})
"""The folds that are open when an edge is selected."""


def edge_rows(report: Report, graph: LockGraph, number: int, opened: frozenset[str] = OPENED) -> tuple[Row, ...]:
    """What the edge panel shows; ``opened`` names the folds that are open."""
    edge = graph.edges[number]
    before = _edge_before(graph, edge)
    common = _common(edge, before)
    return (
        *_head(graph, edge),
        *_second_lock(edge, common, opened),
        *_first_lock(report, graph, edge, before, common, opened),
        *_common_rows(edge, common, opened),
    )


def frame_text(frame: Frame) -> str:
    """A frame as it is copied: as the kernel prints it, with the place in the source when known."""
    return _frame_row(frame, "", None).spoken()


def fold_of(graph: LockGraph, edge: LockEdge, frame: int) -> frozenset[str]:
    """The runs that must be open for a frame of the edge's own stack to be seen."""
    keys = {
        f"{INNER}:{edge.number}:{run.first}"
        for run, numbers in _runs(edge.dependency.stack)
        if run.folded and frame in numbers
    }
    if frame >= len(edge.dependency.stack) - _common(edge, _edge_before(graph, edge)):
        keys.add(COMMON)
    return frozenset(keys)


def _runs(stack: StackTrace) -> Iterator[tuple[Run, range]]:
    """The runs of a stack, and the numbers of the frames that each stands for."""
    runs = folded(stack)
    ends = (*(run.first for run in runs[1:]), len(stack))
    for run, end in zip(runs, ends, strict=True):
        yield run, range(run.first, end)


def _edge_before(graph: LockGraph, edge: LockEdge) -> LockEdge | None:
    """The edge whose stack took this edge's first lock."""
    return next((other for other in graph.edges if other.head == edge.tail and other.number != edge.number), None)


def _common(edge: LockEdge, before: LockEdge | None) -> int:
    """How many outermost frames both ends share; none with another task's stack, whose calls are not this task's."""
    if before is None or before.task != edge.task:
        return 0
    return common_suffix(edge.dependency.stack, before.dependency.stack)


def _head(graph: LockGraph, edge: LockEdge) -> Iterator[Row]:
    held, wanted = visible(edge.dependency.held.name), visible(edge.dependency.wanted.name)
    fixed = ((0, len(held)), (len(held) + 3, len(wanted)))
    yield Row(Kind.TITLE, f"{held} \u2192 {wanted}", fixed=fixed)
    task = visible(graph.tasks[edge.task].name) if 0 <= edge.task < len(graph.tasks) else "A task"
    place = f"Link {edge.order} of {len(graph.edges)}. "
    if edge.dependency.new:
        said = f"{place}{task} holds the first lock and wants the second: the new dependency, which closes the cycle."
    else:
        said = f"{place}{task} held the first lock and took the second, earlier than this report."
    if edge.dependency.inferred and edge.dependency.stack.frames:
        said += " The printed chain has a gap here: other locks may lie between the two."
    yield Row(Kind.NOTE, said, dim=True, fixed=((len(place), len(task)),))


def _second_lock(edge: LockEdge, common: int, opened: frozenset[str]) -> Iterator[Row]:
    frames = edge.dependency.stack.frames
    yield _heading(edge, "Takes", edge.dependency.wanted.name)
    if frames:
        yield from _stack(edge, range(len(frames) - common), f"edge:{edge.number}", opened, chosen=True)
    else:
        yield Row(Kind.NOTE, "The log holds no stack for this dependency.", dim=True)


def _first_lock(
    report: Report, graph: LockGraph, edge: LockEdge, before: LockEdge | None, common: int, opened: frozenset[str]
) -> Iterator[Row]:
    name, item = edge.dependency.held.name, f"edge:{edge.number}"
    if before is not None and before.task == edge.task and before.dependency.stack.frames:
        yield _heading(before, "Took", name, " before")
        own = len(before.dependency.stack) - common
        if own:
            yield from _stack(before, range(own), item, opened, chosen=False)
        else:
            yield Row(Kind.NOTE, "In the same calls: both stacks are equal.", dim=True)
        return
    yield _lock_heading("Took", name, " before")
    held = report.held
    if edge.dependency.new and held and held.site:
        yield _frame_row(held.site, item, None)._replace(strong=True, line=held.span.first or None)
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
    task = visible(graph.tasks[before.task].name)
    is_open = OTHER in opened
    right = f"-> #{before.dependency.index}"
    said = f"How {task} takes it: {_frames(len(frames))}"
    yield Row(Kind.FOLD, said, right=right, fold=OTHER, opened=is_open)
    if is_open:
        yield from _stack(before, range(len(frames)), item, opened, chosen=False)


def _common_rows(edge: LockEdge, common: int, opened: frozenset[str]) -> Iterator[Row]:
    if not common:
        return
    length = len(edge.dependency.stack)
    is_open = COMMON in opened
    yield Row(Kind.HEADING, "On the way to both", right=_frames(common), fold=COMMON, opened=is_open)
    if is_open:
        yield from _stack(edge, range(length - common, length), f"edge:{edge.number}", opened, chosen=True)


def _stack(edge: LockEdge, numbers: range, item: str, opened: frozenset[str], *, chosen: bool) -> Iterator[Row]:
    """Some frames of an edge's stack. ``chosen`` says that it is the stack whose frames a selection counts."""
    frames = edge.dependency.stack.frames
    part = ""
    for run, whole in _runs(edge.dependency.stack):
        here = range(max(whole.start, numbers.start), min(whole.stop, numbers.stop))
        key = f"{INNER}:{edge.number}:{run.first}"
        is_open = key in opened
        if run.folded and len(here) > 1:
            yield Row(Kind.FOLD, _frames(len(here), "lock-internal"), fold=key, opened=is_open)
            if not is_open:
                continue
        for number in here:
            if frames[number].part != part:
                part = frames[number].part
                yield Row(Kind.NOTE, f"in context {visible(part)}" if part else "in task context", dim=True)
            role = _role(edge) if run.acquires else Role.DIM if is_lock_core(frames[number].bare_function) else ""
            row = _frame_row(frames[number], item, number if chosen else None)
            yield row._replace(strong=run.acquires, role=role)


def _frame_row(frame: Frame, item: str, number: int | None) -> Row:
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


def _heading(edge: LockEdge, before: str, lock: str, after: str = "") -> Row:
    """Our words around a lock's name, with the number that the chain prints for the stack below."""
    return _lock_heading(before, lock, after)._replace(right=f"-> #{edge.dependency.index}", role=_role(edge))


def _lock_heading(before: str, lock: str, after: str = "") -> Row:
    name = visible(lock)
    return Row(Kind.HEADING, f"{before} {name}{after}", fixed=((len(before) + 1, len(name)),))


def _role(edge: LockEdge) -> str:
    return Role.SIGNAL if edge.dependency.new else Role.task(edge.task)


def _frames(count: int, what: str = "") -> str:
    return f"{count} {what + ' ' if what else ''}frame{'s' if count != 1 else ''}"


def _place(frame: Frame) -> str:
    if not frame.file:
        return ""
    return visible(f"{frame.file}:{frame.line}" if frame.line else frame.file)
