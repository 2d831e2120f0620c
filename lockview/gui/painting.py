"""A drawing in; paint on a painter, PNG bytes or PDF bytes out.

The window, the PNG and the PDF all come from ``paint_group``, so an export shows what the screen shows. Nothing here
needs a window: ``export_png`` and ``export_pdf`` start a Qt application without a display when the process has none.
Classes that only exports need are imported there, because PySide6 makes a class when it is first asked for.
"""

from __future__ import annotations

import math
from functools import cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from lockview.layout.drawing import Box, Curve, Drawing, Group, Line, Measure, Path, Rectangle, Style, Text
from lockview.layout.labels import visible
from lockview.layout.theme import Theme

PIXEL_LIMIT = 40_000_000
"""A picture of this size takes 160 MB while it is painted and about ten seconds."""

_HATCH_STEP = 5.0 * math.sqrt(2)
_HATCH_WIDTH = 2.0
"""The lines lie 5 pixels apart, as in the SVG; the step is along the axes."""
_PDF_DPI = 1200
_PIXELS_PER_INCH = 96.0
_POINTS_PER_PIXEL = 72.0 / _PIXELS_PER_INCH
_PDF_SIDE_LIMIT = 14_400.0
"""The longest side of a page that PDF 1.7 allows without user units, in points."""


class PictureTooLargeError(ValueError):
    """The picture would need more memory or a longer page than there is; the message names size and limit."""


class Fonts:
    """The two faces of a drawing at every size, made once each.

    Hinting is vertical only: glyphs stay crisp while advances stay proportional to the size, so that text which fits
    its reserved width at 1:1 still fits at every zoom and in the PDF.
    """

    def __init__(self, ui: QFont, fixed: QFont) -> None:
        self._faces = (ui, fixed)
        self._made: dict[tuple[int, bool, bool], tuple[QFont, QFontMetricsF]] = {}

    def font(self, size: float, fixed: bool, bold: bool) -> tuple[QFont, QFontMetricsF]:
        """The font for a size in pixels, rounded because Qt's pixel sizes are whole, and its metrics."""
        key = (max(1, round(size)), fixed, bold)
        made = self._made.get(key)
        if made is None:
            font = QFont(self._faces[fixed])
            font.setPixelSize(key[0])
            font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
            font.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
            made = self._made[key] = (font, QFontMetricsF(font))
        return made


def system_fonts() -> Fonts:
    """The desktop's own two faces."""
    from PySide6.QtGui import QFontDatabase

    general, fixed = QFontDatabase.SystemFont.GeneralFont, QFontDatabase.SystemFont.FixedFont
    return Fonts(QFontDatabase.systemFont(general), QFontDatabase.systemFont(fixed))


def font_measure(fonts: Fonts) -> Measure:
    """A measure for layouts that agrees with what ``paint`` will paint."""

    def measure(text: str, size: float, fixed: bool, bold: bool) -> float:
        return fonts.font(size, fixed, bold)[1].horizontalAdvance(visible(text))

    return measure


@cache
def _colour(value: str) -> QColor:
    return QColor(value)


def _pen(style: Style, theme: Theme) -> QPen:
    if not style.stroke or style.width <= 0:
        return QPen(Qt.PenStyle.NoPen)
    pen = QPen(_colour(theme.colours[style.stroke]), style.width)
    pen.setJoinStyle(Qt.PenJoinStyle.SvgMiterJoin)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if style.dash:
        # Qt counts dashes in pen widths.
        pen.setDashPattern([max(length, 0.01) / style.width for length in style.dash])
    return pen


def _brush(style: Style, theme: Theme) -> QColor | Qt.BrushStyle:
    """What ``setBrush`` takes. No ``QBrush``: making one makes the classes of all that a brush can hold."""
    return _colour(theme.colours[style.fill]) if style.fill and not style.hatch else Qt.BrushStyle.NoBrush


def paint_group(painter: QPainter, group: Group, theme: Theme, fonts: Fonts) -> None:
    """Paint the shapes of a group, first one lowest. Pen, brush, font and opacity of the painter are left changed."""
    for shape in group.shapes:
        if isinstance(shape, Text):
            _paint_text(painter, shape, theme, fonts)
        elif isinstance(shape, Rectangle):
            _paint_rectangle(painter, shape, theme)
        else:
            _paint_area(painter, path_of(shape), shape.style, theme, closed=shape.closed)


def paint(painter: QPainter, drawing: Drawing, theme: Theme, fonts: Fonts) -> None:
    """Paint all groups, antialiased, without a background."""
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    for group in drawing.groups:
        paint_group(painter, group, theme, fonts)


def path_of(path: Path) -> QPainterPath:
    """The path as Qt's."""
    made = QPainterPath()
    for piece in path.pieces:
        if isinstance(piece, Line):
            made.lineTo(piece.x, piece.y)
        elif isinstance(piece, Curve):
            made.cubicTo(piece.x1, piece.y1, piece.x2, piece.y2, piece.x, piece.y)
        else:
            made.moveTo(piece.x, piece.y)
    if path.closed:
        made.closeSubpath()
    return made


def _rectangle(box: Box) -> QRectF:
    return QRectF(box.x, box.y, box.width, box.height)


def _paint_rectangle(painter: QPainter, shape: Rectangle, theme: Theme) -> None:
    style, box = shape.style, _rectangle(shape.box)
    if style.fill and style.hatch:
        outline = QPainterPath()
        outline.addRoundedRect(box, shape.radius, shape.radius)
        _paint_area(painter, outline, style, theme, closed=True)
        return
    painter.setOpacity(style.opacity)
    painter.setPen(_pen(style, theme))
    painter.setBrush(_brush(style, theme))
    if shape.radius:
        painter.drawRoundedRect(box, shape.radius, shape.radius)
    else:
        painter.drawRect(box)


def _paint_area(painter: QPainter, path: QPainterPath, style: Style, theme: Theme, closed: bool) -> None:
    painter.setOpacity(style.opacity)
    if style.fill and style.hatch:
        _paint_hatch(painter, path, style, theme)
    painter.setPen(_pen(style, theme))
    painter.setBrush(_brush(style, theme) if closed else Qt.BrushStyle.NoBrush)
    painter.drawPath(path)


def _paint_hatch(painter: QPainter, outline: QPainterPath, style: Style, theme: Theme) -> None:
    """Diagonal lines from real geometry: Qt's own hatch brushes do not scale and become bitmaps in a PDF."""
    box = outline.boundingRect()
    lines = QPainterPath()
    start = math.floor((box.left() + box.top()) / _HATCH_STEP) * _HATCH_STEP
    while start <= box.right() + box.bottom():
        lines.moveTo(start - box.top(), box.top())
        lines.lineTo(start - box.bottom(), box.bottom())
        start += _HATCH_STEP
    painter.save()
    painter.setClipPath(outline, Qt.ClipOperation.IntersectClip)
    painter.strokePath(lines, QPen(_colour(theme.colours[style.fill]), _HATCH_WIDTH))
    painter.restore()


def _paint_text(painter: QPainter, shape: Text, theme: Theme, fonts: Fonts) -> None:
    font, metrics = fonts.font(shape.size, shape.fixed, shape.bold)
    text = visible(shape.text)
    width = metrics.horizontalAdvance(text)
    if 0 < shape.width < width:
        text = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, shape.width)
        width = metrics.horizontalAdvance(text)
    left = shape.x - {"start": 0.0, "middle": width / 2, "end": width}[shape.anchor]
    painter.setOpacity(shape.opacity)
    painter.setFont(font)
    painter.setPen(_colour(theme.colours[shape.role]))
    painter.drawText(QPointF(left, shape.y), text)


def ensure_application() -> None:
    """Start a Qt application without a display, if this process has none; fonts need one."""
    from PySide6.QtGui import QGuiApplication

    if QGuiApplication.instance() is None:
        _offscreen_application()


@cache
def _offscreen_application() -> object:
    """Cached, because Qt dies with the last reference to its application."""
    from PySide6.QtGui import QGuiApplication

    return QGuiApplication(["lockview", "-platform", "offscreen"])


def export_png(drawing: Drawing, theme: Theme, scale: float = 1.0, fonts: Fonts | None = None) -> bytes:
    """The drawing as a PNG, ``scale`` picture pixels per scene pixel, on the theme's background.

    Raises PictureTooLargeError above ``PIXEL_LIMIT`` and ValueError when the scale is not a positive number.
    """
    from PySide6.QtCore import QBuffer, QIODevice
    from PySide6.QtGui import QImage

    if not (math.isfinite(scale) and scale > 0):
        raise ValueError(f"the scale must be a positive number, not {scale}")
    bounds = drawing.bounds
    width, height = max(1, math.ceil(bounds.width * scale)), max(1, math.ceil(bounds.height * scale))
    if width * height > PIXEL_LIMIT:
        most = math.sqrt(PIXEL_LIMIT / max(1.0, bounds.width * bounds.height))
        raise PictureTooLargeError(
            f"a PNG of {width} x {height} pixels is too large: at most {PIXEL_LIMIT // 1_000_000} million pixels "
            f"(scale {most:.2g} for this picture); SVG and PDF have no such limit"
        )
    ensure_application()
    image = QImage(width, height, QImage.Format.Format_RGB32)
    dots_per_metre = round(_PIXELS_PER_INCH / 0.0254 * scale)
    image.setDotsPerMeterX(dots_per_metre)
    image.setDotsPerMeterY(dots_per_metre)
    image.setText("Title", drawing.title)
    image.fill(_colour(theme.colours["background"]))
    painter = QPainter(image)
    painter.scale(scale, scale)
    painter.translate(-bounds.x, -bounds.y)
    paint(painter, drawing, theme, fonts or system_fonts())
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stub wants the format as bytes, Qt takes text
    return bytes(buffer.data().data())


def export_pdf(drawing: Drawing, theme: Theme, fonts: Fonts | None = None) -> bytes:
    """The drawing as a PDF of one page with the drawing's size (96 scene pixels to the inch); text stays text.

    Raises PictureTooLargeError when a side is longer than PDF allows.
    """
    from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QSizeF
    from PySide6.QtGui import QPageLayout, QPageSize, QPdfWriter

    bounds = drawing.bounds
    width, height = max(1.0, bounds.width) * _POINTS_PER_PIXEL, max(1.0, bounds.height) * _POINTS_PER_PIXEL
    if max(width, height) > _PDF_SIDE_LIMIT:
        raise PictureTooLargeError(
            f"a PDF page of {width:.0f} x {height:.0f} points is too large: a side has at most "
            f"{_PDF_SIDE_LIMIT:.0f} points; SVG has no such limit"
        )
    ensure_application()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(_PDF_DPI)
    writer.setPageLayout(
        QPageLayout(
            QPageSize(QSizeF(width, height), QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch),
            QPageLayout.Orientation.Portrait,
            QMarginsF(),
        )
    )
    writer.setTitle(drawing.title)
    writer.setCreator("lockview")
    painter = QPainter(writer)
    painter.scale(_PDF_DPI / _PIXELS_PER_INCH, _PDF_DPI / _PIXELS_PER_INCH)
    painter.translate(-bounds.x, -bounds.y)
    if theme.dark:
        painter.fillRect(_rectangle(bounds), _colour(theme.colours["background"]))
    paint(painter, drawing, theme, fonts or system_fonts())
    painter.end()
    return bytes(buffer.data().data())
