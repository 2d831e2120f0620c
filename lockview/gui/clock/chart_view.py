"""A chart as large as its widget, in the colours and fonts of the window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QSize
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from lockview.gui.painting import Fonts, font_measure, paint
from lockview.gui.plain import tip
from lockview.gui.theme import Appearance
from lockview.layout.charts import HEIGHT, WIDTH, Chart, chart_drawing
from lockview.layout.drawing import Drawing, Group, Path, Rectangle, Role

NEAR = 9.0
"""So near to a mark the pointer asks for its line."""


class ChartView(QWidget):
    """Draws one chart. Its figures are read out as the widget's description, line by line."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chart")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(360, 240)
        self._appearance = appearance
        self._chart: Chart | None = None
        self._drawn: tuple[QSize, Drawing] | None = None
        appearance.changed.connect(self._forget)

    def sizeHint(self) -> QSize:
        return QSize(int(WIDTH), int(HEIGHT))

    @property
    def chart(self) -> Chart | None:
        """What is shown."""
        return self._chart

    def show_chart(self, chart: Chart | None) -> None:
        """Show another chart, or nothing."""
        self._chart = chart
        self.setAccessibleName(chart.title if chart else "")
        self._forget()
        drawing = self._drawing()
        lines = [group.title for group in drawing.groups if group.name.startswith("line:")] if drawing else []
        self.setAccessibleDescription("\n".join([drawing.description, *lines]) if drawing else "")

    def line_at(self, point: QPointF) -> Group | None:
        """The line with a mark, or the name, at a point."""
        drawing = self._drawing()
        groups = drawing.groups if drawing else ()
        for group in reversed(groups):
            if group.name.startswith("line:") and _is_near(group, point):
                return group
            box = group.bounds
            if group.name.startswith("name:") and box.x <= point.x() <= box.right and box.y <= point.y() <= box.bottom:
                return next(line for line in groups if line.name == f"line:{group.name[5:]}")
        return None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = self._appearance.theme
        painter.fillRect(event.rect(), theme.colours[Role.BACKGROUND])
        drawing = self._drawing()
        if drawing is not None:
            paint(painter, drawing, theme, self._fonts())
        painter.end()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            line = self.line_at(QPointF(event.pos()))
            if line is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), tip(line.title), self)
            return True
        return super().event(event)

    def _fonts(self) -> Fonts:
        return Fonts(self._appearance.ui_font, self._appearance.fixed_font)

    def _forget(self) -> None:
        self._drawn = None
        self.update()

    def _drawing(self) -> Drawing | None:
        if self._chart is None:
            return None
        if self._drawn is None or self._drawn[0] != self.size():
            measure = font_measure(self._fonts())
            self._drawn = (self.size(), chart_drawing(self._chart, measure, self.width(), self.height()))
        return self._drawn[1]


def _is_near(group: Group, point: QPointF) -> bool:
    for shape in group.shapes:
        if isinstance(shape, Rectangle):
            x, y = shape.box.centre
        elif isinstance(shape, Path) and shape.closed:
            x = sum(piece.x for piece in shape.pieces) / len(shape.pieces)
            y = sum(piece.y for piece in shape.pieces) / len(shape.pieces)
        else:
            continue
        if abs(x - point.x()) <= NEAR and abs(y - point.y()) <= NEAR:
            return True
    return False
