"""A free spot for a label: near its line, on the wished side, on top of nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache

from lockview.layout.curves import Point
from lockview.layout.drawing import Box

CLEARANCE = 6.0
LINE_CLEARANCE = 5.0
TURNS = (0.0, *(sign * turn for turn in (8.0, 16.0, 24.0, 32.0, 40.0, 50.0, 60.0, 70.0, 80.0) for sign in (1, -1)))
STEPS = (0.0, 6.0, 12.0, 20.0, 30.0, 44.0, 60.0, 80.0)
TURN_COST = 0.25
"""Pixels further away that are as bad as one degree."""
OTHER_SIDE_COST = 90.0


class Obstacles:
    """What labels must not cover: boxes, and points along lines."""

    __slots__ = ("_boxes", "_points")

    def __init__(self) -> None:
        self._boxes: list[Box] = []
        self._points: list[Point] = []

    def add_box(self, box: Box) -> None:
        """Keep labels off the box."""
        self._boxes.append(box)

    def add_points(self, points: Iterable[Point]) -> None:
        """Keep labels off a line, given as points that lie closer to each other than a label is high."""
        self._points.extend(points)

    def hit(self, box: Box) -> bool:
        """Whether something lies under the box or closer than the clearance."""
        grown = box.grown(CLEARANCE)
        if any(grown.overlaps(other) for other in self._boxes):
            return True
        left, top = box.x - LINE_CLEARANCE, box.y - LINE_CLEARANCE
        right, bottom = box.right + LINE_CLEARANCE, box.bottom + LINE_CLEARANCE
        return any(left < x < right and top < y < bottom for x, y in self._points)


def free_spot(anchor: Box, size: tuple[float, float], outward: Point, obstacles: Obstacles) -> Box:
    """The place for a box of ``size`` beside ``anchor``, as straight ``outward`` and as near as what lies there allows.

    Always found: whoever goes outward far enough leaves everything behind.
    """
    for angle, step in _candidates():
        spot = _beside(anchor, size, _turned(outward, angle), step)
        if not obstacles.hit(spot):
            return spot
    step = STEPS[-1]
    while obstacles.hit(spot := _beside(anchor, size, outward, step)):
        step += 24.0
    return spot


@cache
def _candidates() -> tuple[tuple[float, float], ...]:
    """Turns away from the wished direction (degrees) and steps (pixels), the best first."""
    costs = {(turn, step): abs(turn) * TURN_COST + step for turn in TURNS for step in STEPS}
    costs |= {(180.0 + turn, step): cost + OTHER_SIDE_COST for (turn, step), cost in costs.items()}
    return tuple(sorted(costs, key=costs.__getitem__))


def _turned(direction: Point, degrees: float) -> Point:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return direction[0] * cos - direction[1] * sin, direction[0] * sin + direction[1] * cos


def _beside(anchor: Box, size: tuple[float, float], direction: Point, step: float) -> Box:
    """The box moved along ``direction`` just until it is clear of the anchor, and ``step`` further."""
    x, y = anchor.centre
    width, height = size
    reach_x, reach_y = (width + anchor.width) / 2 + CLEARANCE + 0.5, (height + anchor.height) / 2 + CLEARANCE + 0.5
    far = min(
        reach_x / abs(direction[0]) if direction[0] else math.inf,
        reach_y / abs(direction[1]) if direction[1] else math.inf,
    )
    far += step
    return Box(x + direction[0] * far - width / 2, y + direction[1] * far - height / 2, width, height)
