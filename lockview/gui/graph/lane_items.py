"""Lanes and the one selection: which step belongs to which edge or lock, and how a chosen step looks.

A step's group is ``event:I``; the selection speaks of ``edge:N`` and ``lock:N``.
"""

from __future__ import annotations

from lockview.analysis.lock_graph import LockGraph
from lockview.layout.drawing import Drawing, Group, Rectangle, Role, Style
from lockview.layout.picture import Marks
from lockview.model.traces import Event, EventKind
from lockview.sim.replay import Replay

_REACH = 2.0


def step_of(name: str) -> int | None:
    """The index of the event that a group shows, None for a group that shows none."""
    sort, _, number = name.partition(":")
    return int(number) if sort == "event" and number.isdecimal() else None


def item_of(graph: LockGraph, run: Replay, name: str) -> str:
    """What the selection calls the thing that a group of the lanes shows; "" for nothing."""
    index = step_of(name)
    if index is not None and index < len(run.trace.events):
        return _item(graph, run, run.trace.events[index])
    sort, _, number = name.partition(":")
    if sort == "task" and number.isdecimal() and int(number) < len(run.tasks):
        place = int(number)
        same = [task for task in graph.tasks if task.name == run.tasks[place]]
        edges = (same[0] if len(same) == 1 else graph.tasks[place]).edges
        return f"edge:{edges[0]}" if edges else ""
    return ""


def group_of(graph: LockGraph, run: Replay, item: str) -> str:
    """The first step that belongs to a selected edge or lock; "" for none."""
    steps = (event for event in run.trace.events if _belongs(graph, run, event, item))
    return next((f"event:{event.index}" for event in steps), "")


def with_marks(drawing: Drawing, graph: LockGraph, run: Replay, marks: Marks) -> Drawing:
    """Frame the steps that belong to the selection, and the step under the pointer."""
    chosen = {f"event:{e.index}": 2.0 for e in run.trace.events if _belongs(graph, run, e, marks.selected)}
    if step_of(marks.hovered) is not None:
        chosen.setdefault(marks.hovered, 1.0)
    groups = tuple(_framed(group, chosen.get(group.name, 0.0)) for group in drawing.groups)
    return drawing._replace(groups=groups)


def _framed(group: Group, width: float) -> Group:
    if not width:
        return group
    frame = Rectangle(group.bounds.grown(_REACH), Style(stroke=Role.ACCENT, width=width), 4.0)
    return group._replace(shapes=(*group.shapes, frame))


def _item(graph: LockGraph, run: Replay, event: Event) -> str:
    edge = run.scenario.edge(event.task, event.lock)
    if edge is not None:
        return f"edge:{edge}"
    node = graph.node(event.lock) if event.lock else None
    return f"lock:{node.number}" if node else ""


def _belongs(graph: LockGraph, run: Replay, event: Event, item: str) -> bool:
    if event.kind not in (EventKind.ACQUIRE, EventKind.WAIT):
        return False
    if item.startswith("lock:"):
        node = graph.node(event.lock) if event.lock else None
        return node is not None and item == f"lock:{node.number}"
    return bool(item) and item == _item(graph, run, event)
