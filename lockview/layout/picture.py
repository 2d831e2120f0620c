"""The drawing of a placed graph: nodes, edges and legend, with the selection and the state of a replay on them."""

from __future__ import annotations

from typing import NamedTuple

from lockview.analysis.lock_graph import LockGraph, LockNode, Subject
from lockview.layout.captions import node_caption, node_name, node_title, shown, state_caption, told
from lockview.layout.drawing import Box, Drawing, Group, Measure, Rectangle, Role, Shape, Style, Text
from lockview.layout.labels import Face
from lockview.layout.legend import legend
from lockview.layout.lines import edge_group
from lockview.layout.placement import (
    COLUMN_GAP,
    NAME_SIZE,
    NODE_PADDING,
    SMALL_SIZE,
    SYMBOL_SPACE,
    Placement,
    chip_width,
    usage_badge,
)
from lockview.layout.symbols import SIZE, symbol

MARGIN = 24.0
LEGEND_GAP = 24.0
BAR_WIDTH = 4.0
RADII = {Subject.LOCK: 6.0, Subject.TASK: 24.0, Subject.CONTEXT: 6.0}


class Marks(NamedTuple):
    """What a picture shows besides the graph. ``selected`` and ``hovered`` are group names.

    ``holders`` and ``waiters`` are (node number, task number) at one step of a replay; ``replaying`` says that they are
    the whole truth, so that a lock without a holder is free. They imply it when they are not empty.
    """

    selected: str = ""
    hovered: str = ""
    holders: tuple[tuple[int, int], ...] = ()
    waiters: tuple[tuple[int, int], ...] = ()
    replaying: bool = False


NO_MARKS = Marks()


def picture(graph: LockGraph, placement: Placement, measure: Measure, marks: Marks = NO_MARKS) -> Drawing:
    """Draw a graph where a layout put it. Groups: the ground, ``edge:N``, then ``lock:N``, then the legend.

    What the layout folded away has no group.
    """
    groups = [Group("", "", placement.bounds, placement.ground)] if placement.ground else []
    groups += [
        edge_group(graph, edge, placement.routes[edge.number], measure, marks.selected, marks.hovered)
        for edge in graph.edges
        if placement.routes[edge.number].pieces
    ]
    nodes = ((node, placement.nodes[node.number]) for node in graph.nodes)
    groups += [_node_group(graph, node, box, measure, marks) for node, box in nodes if box.width]
    whole = placement.bounds
    if graph.edges:
        below = legend(graph, measure, whole.x, whole.bottom + LEGEND_GAP, max(whole.width, 360.0))
        groups.append(below)
        whole = whole.united(below.bounds)
    return Drawing(whole.grown(MARGIN), tuple(groups), *told(graph))


def in_words(sentence: str, measure: Measure) -> Drawing:
    """A sentence where there is nothing to draw."""
    width = Face(measure, NAME_SIZE).width(sentence)
    box = Box(0, 0, width, 20)
    text = Text(0, 15, sentence, Role.DIM, NAME_SIZE, width=width)
    return Drawing(box.grown(MARGIN), (Group("", sentence, box, (text,)),), sentence)


def _node_group(graph: LockGraph, node: LockNode, box: Box, measure: Measure, marks: Marks) -> Group:
    name = f"lock:{node.number}"
    holding = tuple(task for number, task in marks.holders if number == node.number)
    waiting = tuple(task for number, task in marks.waiters if number == node.number)
    shapes: list[Shape] = [Rectangle(box, _frame(node, name, marks), RADII[node.subject])]
    shapes += _task_bar(graph, node, box)
    shapes += _bars(box.x + 4, box, holding, hatch=False)
    shapes += _bars(box.right - 4 - BAR_WIDTH, box, waiting, hatch=True)
    shapes += symbol(
        node.kind if node.subject is Subject.LOCK else node.subject,
        box.x + NODE_PADDING,
        box.y + (box.height - SIZE) / 2,
    )
    shapes += _name(node, box, measure)
    watched = marks.replaying or bool(marks.holders or marks.waiters)
    caption = state_caption(graph, holding, waiting) if watched else node_caption(graph, node)
    shapes += _second_line(graph, node, box, measure, caption)
    title = node_title(graph, node) + (f"; now {caption}" if watched else "")
    return Group(name, title, box, tuple(shapes))


def _frame(node: LockNode, name: str, marks: Marks) -> Style:
    dash = (4.0, 3.0) if node.subject is Subject.CONTEXT else ()
    if name == marks.selected:
        return Style(Role.NODE, Role.ACCENT, 2.0, dash)
    return Style(Role.NODE, Role.ACCENT if name == marks.hovered else Role.BORDER, 1.0, dash)


def _task_bar(graph: LockGraph, node: LockNode, box: Box) -> list[Shape]:
    """A task is marked in the colour that its edges have."""
    if node.subject is not Subject.TASK:
        return []
    task = next((task for task in graph.tasks if task.name == node.name), None)
    return (
        _bars(box.x + 8, box._replace(y=box.y + 4, height=box.height - 8), (task.number,), hatch=False) if task else []
    )


def _bars(x: float, box: Box, tasks: tuple[int, ...], *, hatch: bool) -> list[Shape]:
    """One bar per task, sharing the height of the node."""
    if not tasks:
        return []
    height = (box.height - 12) / len(tasks)
    return [
        Rectangle(
            Box(x, box.y + 6 + number * height, BAR_WIDTH, height - (1 if number + 1 < len(tasks) else 0)),
            Style(fill=Role.task(task), width=0.0, hatch=hatch),
            2.0,
        )
        for number, task in enumerate(tasks)
    ]


def _name(node: LockNode, box: Box, measure: Measure) -> list[Shape]:
    face = Face(measure, NAME_SIZE, fixed=True)
    x = box.x + NODE_PADDING + SYMBOL_SPACE
    room = box.right - NODE_PADDING - x - chip_width(node, measure)
    name = face.fitted(node_name(node), room)
    y = box.y + 20
    shapes: list[Shape] = [Text(x, y, name, Role.TEXT, NAME_SIZE, fixed=True, width=room)]
    if subclass := node.lock_class.subclass:
        chip = f"/{subclass}"
        width = Face(measure, SMALL_SIZE, fixed=True).width(chip) + 8
        spot = Box(x + face.width(name) + 6, y - 12, width, 16)
        shapes.append(Rectangle(spot, Style(Role.BACKGROUND, Role.BORDER, 1.0), 3.0))
        shapes.append(Text(spot.x + 4, y - 0.5, chip, Role.TEXT, SMALL_SIZE, fixed=True, width=width - 8))
    return shapes


def _second_line(graph: LockGraph, node: LockNode, box: Box, measure: Measure, caption: str) -> list[Shape]:
    """Who, and the usage marks; these give way when a run has more to say than fits beside them."""
    left, right, y = box.x + NODE_PADDING + SYMBOL_SPACE, box.right - NODE_PADDING, box.y + 37
    small, fixed = Face(measure, SMALL_SIZE), Face(measure, SMALL_SIZE, fixed=True)
    usage = shown(usage_badge(graph, node))
    taken = fixed.width(usage) + COLUMN_GAP if usage else 0.0
    fitted = small.fitted(caption, right - left - taken)
    if fitted != caption:
        return [Text(left, y, small.fitted(caption, right - left), Role.DIM, SMALL_SIZE, width=right - left)]
    shapes: list[Shape] = [Text(left, y, caption, Role.DIM, SMALL_SIZE, width=right - left - taken)]
    if usage:
        width = taken - COLUMN_GAP
        shapes.append(Text(right, y, usage, Role.DIM, SMALL_SIZE, fixed=True, anchor="end", width=width))
    return shapes
