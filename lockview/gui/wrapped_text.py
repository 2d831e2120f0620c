"""A paragraph of plain text that breaks anywhere when it must: lock names have no spaces to break at."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QSizePolicy, QWidget

from lockview.gui.plain import shown
from lockview.gui.theme import Appearance
from lockview.layout.drawing import Role


def unbroken(text: str) -> str:
    """The text with its ``->`` held together: a line may end at the minus otherwise, in the middle of a lock's name.

    Each gets a word joiner, which is never painted, so positions behind it move on by one.
    """
    return text.replace("->", "-\u2060>")


class WrappedText(QWidget):
    """Text in the UI font at a scale; as high as its width asks for. It never asks for a width of its own."""

    def __init__(
        self,
        appearance: Appearance,
        *,
        scale: float = 1.0,
        semibold: bool = False,
        role: str = Role.TEXT,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._scale, self._semibold, self._role = scale, semibold, role
        self._text = ""
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        appearance.changed.connect(self._renew)

    @property
    def text(self) -> str:
        """What is shown."""
        return self._text

    def set_text(self, text: str, role: str = "") -> None:
        """Show another text, in the colour of a role or the one it had."""
        self._role = role or self._role
        self._text = shown(text)
        self.setAccessibleName(self._text)
        self._renew()

    def heightForWidth(self, width: int) -> int:
        return round(self._laid_out(width).boundingRect().height()) if self._text else 0

    def sizeHint(self) -> QSize:
        return QSize(0, self.heightForWidth(max(200, self.width())))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self._appearance.colour(self._role))
        self._laid_out(self.width()).draw(painter, QPointF(0, 0))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._renew()

    def _renew(self) -> None:
        self.updateGeometry()
        self.update()

    def _laid_out(self, width: float) -> QTextLayout:
        font = self._appearance.scaled(self._appearance.ui_font, self._scale)
        if self._semibold:
            font.setWeight(QFont.Weight.DemiBold)
        layout = QTextLayout(unbroken(self._text.replace("\n", "\u2028")), font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        option.setTextDirection(Qt.LayoutDirection.LeftToRight)
        layout.setTextOption(option)
        layout.beginLayout()
        top = 0.0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(20.0, width))
            line.setPosition(QPointF(0, top))
            top += line.height()
        layout.endLayout()
        return layout
