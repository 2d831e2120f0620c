"""Geometry of drawn lines: elliptical arcs as Bezier pieces, cutting them at boxes, walking along them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from lockview.layout.drawing import Box, Curve, Line, Move, Piece

Point = tuple[float, float]
SAMPLES_PER_PIECE = 16
BISECTIONS = 40


class Arc(NamedTuple):
    """A part of an axis-parallel ellipse, from ``start`` to ``end`` in radians; growing angles run clockwise."""

    x: float
    y: float
    radius_x: float
    radius_y: float
    start: float
    end: float

    def at(self, angle: float) -> Point:
        """The point at an angle."""
        return self.x + self.radius_x * math.cos(angle), self.y + self.radius_y * math.sin(angle)

    def between(self, tail: Box, head: Box) -> Arc:
        """The part outside both boxes, when the arc starts inside ``tail`` and ends inside ``head``."""
        turn = self.end - self.start
        leave = _crossing(lambda share: _inside(tail, self.at(self.start + turn * share)), 0.0, 1.0)
        enter = _crossing(lambda share: _inside(head, self.at(self.end - turn * share)), 0.0, 1.0)
        return self._replace(start=self.start + turn * leave, end=self.end - turn * enter)

    def pieces(self) -> tuple[Piece, ...]:
        """The arc as cubic pieces of 45 degrees at most; a Bezier is then within 1e-5 of the radius."""
        count = max(1, math.ceil(abs(self.end - self.start) / (math.pi / 4)))
        step = (self.end - self.start) / count
        reach = 4 / 3 * math.tan(step / 4)
        pieces: list[Piece] = [Move(*self.at(self.start))]
        for number in range(count):
            a, b = self.start + number * step, self.start + (number + 1) * step
            (x1, y1), (x2, y2) = self.at(a), self.at(b)
            pieces.append(
                Curve(
                    x1 - reach * self.radius_x * math.sin(a),
                    y1 + reach * self.radius_y * math.cos(a),
                    x2 + reach * self.radius_x * math.sin(b),
                    y2 - reach * self.radius_y * math.cos(b),
                    x2,
                    y2,
                )
            )
        return tuple(pieces)


def bowed(start: Point, end: Point, opening: float) -> Arc:
    """The circular arc from ``start`` to ``end`` whose tangents deviate from the chord by ``opening`` (radians, > 0).

    It bulges to the left of the direction of travel, as seen with y downwards.
    """
    (x1, y1), (x2, y2) = start, end
    chord = math.hypot(x2 - x1, y2 - y1)
    radius = chord / (2 * math.sin(opening))
    away = radius * math.cos(opening)
    along_x, along_y = (x2 - x1) / chord, (y2 - y1) / chord
    centre_x, centre_y = (x1 + x2) / 2 - along_y * away, (y1 + y2) / 2 + along_x * away
    first = math.atan2(y1 - centre_y, x1 - centre_x)
    return Arc(centre_x, centre_y, radius, radius, first, first + 2 * opening)


def circle(x: float, y: float, radius: float) -> tuple[Piece, ...]:
    """A whole circle."""
    return Arc(x, y, radius, radius, 0.0, 2 * math.pi).pieces()


def _inside(box: Box, point: Point) -> bool:
    return box.x <= point[0] <= box.right and box.y <= point[1] <= box.bottom


def _crossing(inside: Callable[[float], bool], low: float, high: float) -> float:
    """The last share at which ``inside`` turns from true to false; ``low`` when it never holds."""
    steps = 48
    for number in range(steps - 1, -1, -1):
        share = low + (high - low) * number / steps
        if inside(share):
            out = low + (high - low) * (number + 1) / steps
            for _ in range(BISECTIONS):
                middle = (share + out) / 2
                share, out = (middle, out) if inside(middle) else (share, middle)
            return share
    return low


def samples(pieces: tuple[Piece, ...], per_piece: int = SAMPLES_PER_PIECE) -> Iterator[Point]:
    """Points along a path, its ends included."""
    here: Point = (0.0, 0.0)
    for piece in pieces:
        if isinstance(piece, Move):
            yield piece.x, piece.y
        else:
            for number in range(1, per_piece + 1):
                yield _on(here, piece, number / per_piece)
        here = (piece.x, piece.y)


def _on(start: Point, piece: Line | Curve, share: float) -> Point:
    rest = 1 - share
    if isinstance(piece, Line):
        return start[0] * rest + piece.x * share, start[1] * rest + piece.y * share
    a, b, c, d = rest**3, 3 * rest * rest * share, 3 * rest * share * share, share**3
    return (
        a * start[0] + b * piece.x1 + c * piece.x2 + d * piece.x,
        a * start[1] + b * piece.y1 + c * piece.y2 + d * piece.y,
    )


def bounds(pieces: tuple[Piece, ...]) -> Box:
    """A box around the path, exact to the samples."""
    xs, ys = zip(*samples(pieces), strict=True)
    return Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def middle(pieces: tuple[Piece, ...]) -> tuple[Point, Point]:
    """The point half-way along the path, and the unit direction of travel there."""
    points = list(samples(pieces))
    half = sum(math.dist(a, b) for a, b in itertools.pairwise(points)) / 2
    before, here, after = (_after(points, half + step) for step in (-1.0, 0.0, 1.0))
    length = math.dist(before, after)
    return here, ((after[0] - before[0]) / length, (after[1] - before[1]) / length) if length else (1.0, 0.0)


def _after(points: list[Point], length: float) -> Point:
    """The point so many pixels along the polygon; one of its ends when it is too short."""
    for a, b in itertools.pairwise(points):
        step = math.dist(a, b)
        if 0 < step >= length:
            return _mixed(a, b, max(length, 0.0) / step)
        length -= step
    return points[-1]


def shortened(pieces: tuple[Piece, ...], length: float) -> tuple[Piece, ...]:
    """The path without its last ``length`` pixels (as the crow flies), where the arrow head will be drawn.

    The last piece gives up half of itself at most.
    """
    start, last = pieces[-2], pieces[-1]
    if isinstance(last, Move):
        return pieces
    here, end = (start.x, start.y), (last.x, last.y)
    low, high = 0.5, 1.0
    for _ in range(BISECTIONS):
        share = (low + high) / 2
        if math.dist(_on(here, last, share), end) > length:
            low = share
        else:
            high = share
    return (*pieces[:-1], _first_part(here, last, low))


def _first_part(start: Point, piece: Line | Curve, share: float) -> Line | Curve:
    """De Casteljau's construction of the piece up to ``share``."""
    if isinstance(piece, Line):
        return Line(*_on(start, piece, share))
    a = _mixed(start, (piece.x1, piece.y1), share)
    b = _mixed((piece.x1, piece.y1), (piece.x2, piece.y2), share)
    c = _mixed((piece.x2, piece.y2), (piece.x, piece.y), share)
    d = _mixed(a, b, share)
    return Curve(*a, *d, *_mixed(d, _mixed(b, c, share), share))


def moved(pieces: tuple[Piece, ...], x: float, y: float) -> tuple[Piece, ...]:
    """The path elsewhere."""
    return tuple(
        Curve(piece.x1 + x, piece.y1 + y, piece.x2 + x, piece.y2 + y, piece.x + x, piece.y + y)
        if isinstance(piece, Curve)
        else type(piece)(piece.x + x, piece.y + y)
        for piece in pieces
    )


def wavy(pieces: tuple[Piece, ...], wave: float = 12.0, height: float = 3.5) -> tuple[Piece, ...]:
    """A wave along the path with the same ends; ``wave`` is about its length, ``height`` how far it swings."""
    points = list(samples(pieces))
    length = sum(math.dist(a, b) for a, b in itertools.pairwise(points))
    count = 2 * max(1, round(length / wave))
    if length < wave:
        return pieces
    stops = [points[0], *(_after(points, length * number / count) for number in range(1, count)), points[-1]]
    waves: list[Piece] = [Move(*stops[0])]
    for number, ((x1, y1), (x2, y2)) in enumerate(itertools.pairwise(stops)):
        side = height * 4 / 3 * (1 if number % 2 else -1)
        step = math.hypot(x2 - x1, y2 - y1) or 1.0
        aside_x, aside_y = -(y2 - y1) / step * side, (x2 - x1) / step * side
        dx, dy = (x2 - x1) * 0.36, (y2 - y1) * 0.36
        waves.append(Curve(x1 + dx + aside_x, y1 + dy + aside_y, x2 - dx + aside_x, y2 - dy + aside_y, x2, y2))
    return tuple(waves)


def _mixed(a: Point, b: Point, share: float) -> Point:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
