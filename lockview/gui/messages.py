"""The message bar: what went wrong or needs to be known, in plain sentences, above the work and never in its way.

A message names the thing, the place and the way out, and stays until it is dismissed or its cause is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lockview.gui.plain import PlainLabel, menu_text
from lockview.gui.theme import Appearance, blend
from lockview.layout.drawing import Role
from lockview.model.text import Severity

MOST = 4
"""Older messages make room for new ones."""
MOST_HEIGHT = 0.3
"""The part of the window's height that messages take; beyond it they scroll."""
LEAST_HEIGHT = 64

SIGNS = {Severity.NOTE: "i", Severity.WARNING: "!", Severity.ERROR: "\N{MULTIPLICATION X}"}
COLOURS = {Severity.NOTE: Role.ACCENT, Severity.WARNING: Role.task(5), Severity.ERROR: Role.task(1)}


class Way(NamedTuple):
    """A way out that is one click away."""

    title: str
    take: Callable[[], object]


class Message(NamedTuple):
    """``topic`` ties messages to their cause: a new one replaces the old one, and ``clear`` takes it away."""

    text: str
    severity: Severity = Severity.ERROR
    ways: tuple[Way, ...] = ()
    topic: str = ""


class MessageBar(QScrollArea):
    """Messages, newest at the bottom; no height at all without any, and never more than a part of the window."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messages")
        self.setAccessibleName("Messages")
        self._appearance = appearance
        self._inside = QWidget()
        self._rows = QVBoxLayout(self._inside)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self.setWidget(self._inside)
        self.setWidgetResizable(True)
        # So that it is told when a row gets another height: rows are dressed after they are added.
        self.setSizeAdjustPolicy(QScrollArea.SizeAdjustPolicy.AdjustToContents)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        # Not when a row is added: it has no height before it is laid out.
        self.verticalScrollBar().rangeChanged.connect(self._show_newest)
        self.hide()

    def heightForWidth(self, width: int) -> int:
        return min(self._rows.heightForWidth(width), max(LEAST_HEIGHT, round(self.window().height() * MOST_HEIGHT)))

    def sizeHint(self) -> QSize:
        return QSize(0, self.heightForWidth(max(200, self.width())))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)

    @property
    def messages(self) -> tuple[Message, ...]:
        """What is shown, oldest first."""
        return tuple(row.message for row in self._row_widgets())

    def show_message(self, message: Message) -> None:
        """Add a message; one of the same topic or with the same text is replaced."""
        for row in self._row_widgets():
            if row.message.text == message.text or (message.topic and row.message.topic == message.topic):
                self._remove(row)
        row = MessageRow(message, self._appearance, self._inside)
        row.dismissed.connect(self._remove)
        self._rows.addWidget(row)
        for old in self._row_widgets()[:-MOST]:
            self._remove(old)
        self.updateGeometry()
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(row, QAccessible.Event.Alert))

    def clear(self, topic: str = "") -> None:
        """Take away the messages of a topic, or all of them."""
        for row in self._row_widgets():
            if not topic or row.message.topic == topic:
                self._remove(row)

    def _row_widgets(self) -> list[MessageRow]:
        items = (self._rows.itemAt(index) for index in range(self._rows.count()))
        widgets = (item.widget() for item in items if item is not None)
        return [widget for widget in widgets if isinstance(widget, MessageRow)]

    def _remove(self, row: MessageRow) -> None:
        self._rows.removeWidget(row)
        row.hide()
        row.deleteLater()
        self.updateGeometry()
        self.setVisible(bool(self._row_widgets()))

    def _show_newest(self, _least: int, most: int) -> None:
        self.verticalScrollBar().setValue(most)


class Sentence(PlainLabel):
    """Wraps at the width that there is; its least height is a line, not what it would need in the narrowest window."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent, selectable=True)
        self.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.fontMetrics().height())


class MessageRow(QWidget):
    """One message: a sign, the sentence, the ways out, and the cross."""

    dismissed = Signal(object)  # this

    def __init__(self, message: Message, appearance: Appearance, parent: QWidget) -> None:
        super().__init__(parent)
        self.message = message
        self._appearance = appearance
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(f"{message.severity.value}: {message.text}")
        self._sign = PlainLabel(SIGNS[message.severity], self)
        self._sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._sign.setFixedSize(20, 20)
        self._sign.setObjectName("sign")
        self.label = Sentence(message.text, self)
        self.way_buttons = tuple(QPushButton(menu_text(way.title), self) for way in message.ways)
        self.close_button = QToolButton(self)
        self.close_button.setText("\N{MULTIPLICATION SIGN}")
        self.close_button.setAutoRaise(True)
        self.close_button.setToolTip("Dismiss")
        self.close_button.setAccessibleName("Dismiss this message")
        self.close_button.clicked.connect(self._dismiss)
        for button in self.way_buttons:
            button.clicked.connect(self._take_way)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(8)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.label, 1)
        for button in self.way_buttons:
            row.addWidget(button)
        row.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        appearance.changed.connect(self._dress)
        self._dress()

    def _dismiss(self) -> None:
        self.dismissed.emit(self)

    def _take_way(self) -> None:
        number = next(number for number, button in enumerate(self.way_buttons) if button is self.sender())
        self._dismiss()
        self.message.ways[number].take()

    def _dress(self) -> None:
        colour = self._appearance.colour(COLOURS[self.message.severity])
        base = self._appearance.colour(Role.BACKGROUND)
        wash = blend(base, colour, 0.10).name()
        line = self._appearance.colour(Role.LINE).name()
        self.setStyleSheet(
            f"MessageRow {{ background: {wash}; border: 0 solid {line}; border-bottom-width: 1px;"
            f" border-left: 3px solid {colour.name()}; }}"
            f"QLabel#sign {{ border: 1px solid {colour.name()}; border-radius: 10px; font-weight: 600; }}"
        )
