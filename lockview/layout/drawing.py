"""A drawing as data: shapes with style roles, which every renderer (window, SVG, PNG, PDF) paints the same way.

Units are scene pixels, x to the right, y downwards. Colours are roles that a ``Theme`` resolves, so one drawing serves
light, dark and high contrast. Named tuples, because a replay makes new drawings sixty times a second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Role:
    """Names of colours. The theme gives each a value; ``task(n)`` wraps around after six."""

    BACKGROUND = "background"
    TEXT = "text"
    DIM = "dim"
    """Secondary text: still 4.5:1 on the background."""
    LINE = "line"
    """Hairlines and separators."""
    EDGE = "edge"
    NODE = "node"
    """Fill of a node."""
    BORDER = "border"
    PILL = "pill"
    """Fill behind a label that lies on a line."""
    ACCENT = "accent"
    """Selection."""
    SIGNAL = "signal"
    """The new dependency, where the cycle closes; used for nothing else."""
    NONE = ""

    @staticmethod
    def task(number: int) -> str:
        """The colour of the n-th task (0-based)."""
        return f"task-{number % 6 + 1}"


class Style(NamedTuple):
    """Pen and fill of a shape. ``dash`` is a pattern in pixels, () for solid; ``width`` 0 draws no outline."""

    fill: str = Role.NONE
    stroke: str = Role.NONE
    width: float = 1.0
    dash: tuple[float, ...] = ()
    opacity: float = 1.0
    hatch: bool = False
    """Fill with diagonal lines in the fill colour instead of a plain fill (waiting)."""


class Box(NamedTuple):
    """A rectangle, also used for bounds."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def centre(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2

    def united(self, other: Box) -> Box:
        """The smallest box around both."""
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Box(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)

    def grown(self, margin: float) -> Box:
        """The box with a margin added on each side."""
        return Box(self.x - margin, self.y - margin, self.width + 2 * margin, self.height + 2 * margin)

    def overlaps(self, other: Box) -> bool:
        """Whether the insides meet; touching edges do not count."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom


class Rectangle(NamedTuple):
    """A rectangle with rounded corners."""

    box: Box
    style: Style
    radius: float = 0.0


class Move(NamedTuple):
    """Start of a path."""

    x: float
    y: float


class Line(NamedTuple):
    """A straight piece to (x, y)."""

    x: float
    y: float


class Curve(NamedTuple):
    """A cubic Bezier piece to (x, y)."""

    x1: float
    y1: float
    x2: float
    y2: float
    x: float
    y: float


Piece = Move | Line | Curve


class Path(NamedTuple):
    """A line or, when ``closed``, an area. Starts with a Move."""

    pieces: tuple[Piece, ...]
    style: Style
    closed: bool = False


class Text(NamedTuple):
    """One line of text. ``x`` is where ``anchor`` says (``start``, ``middle``, ``end``), ``y`` the baseline.

    ``fixed`` asks for the fixed-pitch face (everything that came from a kernel), else the UI face.
    ``size`` is in pixels. ``box`` width is what was reserved: renderers never paint wider than ``width``.
    """

    x: float
    y: float
    text: str
    role: str = Role.TEXT
    size: float = 13.0
    fixed: bool = False
    bold: bool = False
    anchor: str = "start"
    width: float = 0.0
    opacity: float = 1.0


Shape = Rectangle | Path | Text


class Group(NamedTuple):
    """Shapes that are one thing to the user. ``name`` is ``lock:0``, ``edge:2``, ``task:1``, ``event:7`` or "".

    ``title`` is its accessible name and tooltip, plain text. ``bounds`` is the area that reacts to the pointer.
    """

    name: str
    title: str
    bounds: Box
    shapes: tuple[Shape, ...]


class Drawing(NamedTuple):
    """Groups from back to front. ``bounds`` is what an export shows, margin included."""

    bounds: Box
    groups: tuple[Group, ...]
    title: str = ""
    description: str = ""


Measure = Callable[[str, float, bool, bool], float]
"""(text, size in pixels, fixed, bold) -> width in pixels."""


def estimated_width(text: str, size: float, fixed: bool = False, bold: bool = False) -> float:
    """A width for when no font is at hand: hardly more than DejaVu Sans (Mono) needs.

    0.602 em is the advance of DejaVu Sans Mono; its bold letters advance as far, those of the proportional face up to
    0.078 em further. Characters outside Latin may be two columns wide and are counted so.
    """
    if fixed:
        return sum(2 if ord(char) > 0x2E7F else 1 for char in text) * size * 0.605
    width = sum(_advance(ord(char)) for char in text) + (78 * len(text) if bold else 0)
    return width * size / 1000


def _advance(code: int) -> int:
    if 32 <= code < 127:
        return _ADVANCES[code - 32]
    return 700 if code <= 0x2E7F else 1200


# Advances of DejaVu Sans from space to tilde, in thousandths of an em.
# fmt: off
_ADVANCES = (
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636,
    636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295,
    295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838,
    500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521,
    392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
)
# fmt: on
