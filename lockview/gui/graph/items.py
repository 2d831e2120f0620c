"""One scene item per group of a drawing. An item holds its group and the look it is painted in, nothing else."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPainterPathStroker
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from lockview.gui.painting import Fonts, paint_group, path_of
from lockview.layout.drawing import Box, Group, Path, Rectangle, Text
from lockview.layout.labels import visible
from lockview.layout.theme import Theme

_GRIP = 14.0
"""Width, in scene pixels, of the band along a line that counts as the line for the pointer."""
_ROOM = 2.0
"""Added around what is painted: antialiasing and mitred corners reach beyond the outline."""


class Look(NamedTuple):
    """What turns roles and sizes into colours and glyphs."""

    theme: Theme
    fonts: Fonts


class GroupItem(QGraphicsItem):
    """Paints its group and answers where it is; everything else (hover, picking, focus) is the view's."""

    def __init__(self, group: Group, look: Look) -> None:
        super().__init__()
        self.shown = group
        self._look = look
        self._bounds = painted_bounds(group, look.fonts)
        self._area: QPainterPath | None = None

    def show_group(self, group: Group, look: Look) -> None:
        """Show another state of the same thing; costs nothing when there is no difference."""
        if group == self.shown and look == self._look:
            return
        self.shown, self._look, self._area = group, look, None
        bounds = painted_bounds(group, look.fonts)
        if bounds != self._bounds:
            self.prepareGeometryChange()
            self._bounds = bounds
        self.update()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def shape(self) -> QPainterPath:
        if self._area is None:
            self._area = pointer_area(self.shown)
        return self._area

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        del option, widget
        paint_group(painter, self.shown, self._look.theme, self._look.fonts)


def painted_bounds(group: Group, fonts: Fonts) -> QRectF:
    """The smallest rectangle that holds everything the group paints."""
    bounds = QRectF()
    for shape in group.shapes:
        if isinstance(shape, Text):
            bounds |= _text_bounds(shape, fonts)
        else:
            reach = _ROOM + shape.style.width / 2
            area = _rectangle(shape.box) if isinstance(shape, Rectangle) else path_of(shape).boundingRect()
            bounds |= area.adjusted(-reach, -reach, reach, reach)
    return bounds if group.shapes else _rectangle(group.bounds)


def pointer_area(group: Group) -> QPainterPath:
    """Where the pointer is on the group: its boxes, and a band along its lines, not the hollow that an arc spans."""
    area = QPainterPath()
    area.setFillRule(Qt.FillRule.WindingFill)
    stroker = QPainterPathStroker()
    stroker.setWidth(_GRIP)
    for shape in group.shapes:
        if isinstance(shape, Rectangle):
            area.addRect(_rectangle(shape.box))
        elif isinstance(shape, Path):
            path = path_of(shape)
            area.addPath(path if shape.closed else stroker.createStroke(path))
    if area.isEmpty():
        area.addRect(_rectangle(group.bounds))
    return area


def label_area(group: Group) -> QRectF:
    """The part of a group that must be in sight to recognise it: its boxes, else all of it."""
    boxes = [_rectangle(shape.box) for shape in group.shapes if isinstance(shape, Rectangle)]
    area = QRectF()
    for box in boxes:
        area |= box
    return area if boxes else _rectangle(group.bounds)


def _rectangle(box: Box) -> QRectF:
    return QRectF(box.x, box.y, box.width, box.height)


def _text_bounds(shape: Text, fonts: Fonts) -> QRectF:
    metrics = fonts.font(shape.size, shape.fixed, shape.bold)[1]
    width = metrics.horizontalAdvance(visible(shape.text))
    if shape.width > 0:
        width = min(width, shape.width)
    left = shape.x - {"start": 0.0, "middle": width / 2, "end": width}[shape.anchor]
    top = QPointF(left - _ROOM, shape.y - metrics.ascent())
    return QRectF(top, QPointF(left + width + _ROOM, shape.y + metrics.descent()))
