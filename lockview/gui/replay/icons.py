"""The signs of the transport, drawn in the colour of the text so that they fit every theme."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QPolygonF

SIZE = 16
SCALE = 3
"""Pixels per point: sharp up to three times the usual density."""

_SHAPES: dict[str, tuple[tuple[str, tuple[float, ...]], ...]] = {
    "first": (("bar", (3.0,)), ("triangle", (13.0, 5.5))),
    "back": (("triangle", (10.0, 3.0)), ("bar", (11.5,))),
    "play": (("triangle", (4.0, 13.5)),),
    "pause": (("bar", (4.0,)), ("bar", (9.5,))),
    "forward": (("bar", (2.5,)), ("triangle", (6.0, 13.0))),
    "last": (("triangle", (3.0, 10.5)), ("bar", (11.0,))),
}
"""Bars start at x and are 2 wide; triangles run from the x of their base to the x of their tip."""


def transport_icon(name: str, colour: QColor, faint: QColor) -> QIcon:
    """The sign of a button: ``first``, ``back``, ``play``, ``pause``, ``forward`` or ``last``."""
    icon = QIcon()
    icon.addPixmap(_pixmap(name, colour), QIcon.Mode.Normal)
    icon.addPixmap(_pixmap(name, faint), QIcon.Mode.Disabled)
    return icon


def _pixmap(name: str, colour: QColor) -> QPixmap:
    pixmap = QPixmap(SIZE * SCALE, SIZE * SCALE)
    pixmap.setDevicePixelRatio(SCALE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    for shape, places in _SHAPES[name]:
        if shape == "bar":
            painter.drawRect(QRectF(places[0], 3, 2.5, 10))
        else:
            base, tip = places
            painter.drawPolygon(QPolygonF([QPointF(base, 3), QPointF(tip, 8), QPointF(base, 13)]))
    painter.end()
    return pixmap
