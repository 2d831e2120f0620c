"""One-colour symbols for the kinds of locks, as paths in a box of 16 x 16."""

from __future__ import annotations

import math
from functools import cache

from lockview.analysis.lock_graph import LockKind, Subject
from lockview.layout.curves import Arc, circle, moved
from lockview.layout.drawing import Curve, Line, Move, Path, Role, Style

SIZE = 16.0
_PEN = Style(stroke=Role.TEXT, width=1.3)
_DASHED = _PEN._replace(dash=(2.2, 1.6))
_FILLED = Style(fill=Role.TEXT, width=0.0)


def symbol(kind: LockKind | Subject, x: float, y: float) -> tuple[Path, ...]:
    """The symbol of a lock's kind, or of what is no lock, with its upper left corner at (x, y)."""
    return tuple(path._replace(pieces=moved(path.pieces, x, y)) for path in _drawn(kind))


@cache
def _drawn(kind: LockKind | Subject) -> tuple[Path, ...]:
    return {
        LockKind.MUTEX: _key,
        LockKind.SPINLOCK: _ring_arrow,
        LockKind.RWLOCK: _two_arrows,
        LockKind.RWSEM: _two_pages,
        LockKind.SEQCOUNT: _digits,
        LockKind.MARKER: _funnel,
        LockKind.RCU: _hour_glass,
        LockKind.UNKNOWN: _dot,
        Subject.LOCK: _dot,
        Subject.TASK: _person,
        Subject.CONTEXT: _bolt,
    }[kind]()


def _lines(*points: tuple[float, float], style: Style = _PEN, closed: bool = False) -> Path:
    first, *rest = points
    return Path((Move(*first), *(Line(*point) for point in rest)), style, closed)


def _key() -> tuple[Path, ...]:
    return (
        Path(circle(4.6, 8, 3.1), _PEN, closed=True),
        _lines((7.7, 8), (15, 8), (15, 11.4)),
        _lines((11.8, 8), (11.8, 10.6)),
    )


def _arrow_arc(start: float, end: float, radius: float = 5.6) -> tuple[Path, Path]:
    """An arc around the middle (degrees, clockwise) and the triangle at its end."""
    arc = Arc(8, 8, radius, radius, math.radians(start), math.radians(end))
    x, y = arc.at(arc.end)
    ahead, aside = (-math.sin(arc.end), math.cos(arc.end)), (math.cos(arc.end), math.sin(arc.end))
    corners = [
        (x + ahead[0] * a + aside[0] * b, y + ahead[1] * a + aside[1] * b) for a, b in ((0, 2.7), (4, 0), (0, -2.7))
    ]
    return Path(arc.pieces(), _PEN), _lines(*corners, style=_FILLED, closed=True)


def _ring_arrow() -> tuple[Path, ...]:
    return _arrow_arc(-30, 250)


def _two_arrows() -> tuple[Path, ...]:
    return (*_arrow_arc(195, 310), *_arrow_arc(15, 130))


def _two_pages() -> tuple[Path, ...]:
    return (
        _lines((5.6, 3.6), (5.6, 1.6), (14, 1.6), (14, 11.6), (11.6, 11.6)),
        _lines((2, 4.4), (10.6, 4.4), (10.6, 14.6), (2, 14.6), closed=True),
        _lines((4.4, 7.8), (8.2, 7.8)),
        _lines((4.4, 11), (8.2, 11)),
    )


def _digits() -> tuple[Path, ...]:
    """A counter that shows 0 and 1."""
    return (
        _lines((1, 2.6), (15, 2.6), (15, 13.4), (1, 13.4), closed=True),
        _lines((8, 2.6), (8, 13.4)),
        _lines((3.3, 5.4), (5.8, 5.4), (5.8, 10.6), (3.3, 10.6), closed=True),
        _lines((10.3, 6.6), (11.8, 5.3), (11.8, 10.7)),
    )


def _funnel() -> tuple[Path, ...]:
    outline = ((1.4, 2.4), (14.6, 2.4), (9.8, 8.4), (9.8, 14.2), (6.2, 12.2), (6.2, 8.4))
    return (_lines(*outline, style=_DASHED, closed=True),)


def _hour_glass() -> tuple[Path, ...]:
    return (
        _lines((2.6, 1.6), (13.4, 1.6)),
        _lines((2.6, 14.4), (13.4, 14.4)),
        Path((Move(4, 1.6), Curve(4, 6, 12, 10, 12, 14.4)), _PEN),
        Path((Move(12, 1.6), Curve(12, 6, 4, 10, 4, 14.4)), _PEN),
        _lines((6, 12.8), (8, 10.8), (10, 12.8), style=_FILLED, closed=True),
    )


def _dot() -> tuple[Path, ...]:
    return (Path(circle(8, 8, 3), _FILLED, closed=True),)


def _person() -> tuple[Path, ...]:
    shoulders = (Move(2.2, 14.4), Curve(2.2, 7.6, 13.8, 7.6, 13.8, 14.4), Line(2.2, 14.4))
    return Path(circle(8, 4.6, 2.9), _PEN, closed=True), Path(shoulders, _PEN, closed=True)


def _bolt() -> tuple[Path, ...]:
    return (_lines((9.6, 1.2), (3.4, 9.2), (7.4, 9.2), (6.2, 14.8), (12.6, 6.6), (8.6, 6.6), closed=True),)
