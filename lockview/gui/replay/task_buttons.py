"""One button per task: what it does next, and a press lets it do that. Tasks that wait say for whom."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractButton, QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from lockview.document.visible import visible
from lockview.gui.plain import tip
from lockview.gui.replay.words import next_words
from lockview.gui.theme import Appearance, blend
from lockview.layout.drawing import Role
from lockview.sim.replay import Replay

PADDING = 8
ROOMY = 340
"""From this width on a lock and its holder stand on one line."""
LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
ELIDE = Qt.TextElideMode.ElideMiddle


class TaskButton(QAbstractButton):
    """A task's name and its next step. ``planned`` marks the task that the schedule lets go next."""

    chosen = Signal(int)  # the number of the task

    def __init__(self, number: int, appearance: Appearance, parent: QWidget) -> None:
        super().__init__(parent)
        self._number, self._appearance = number, appearance
        self._name, self._next, self._planned = "", "", False
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        appearance.changed.connect(self.update)
        # Bound methods only: PySide frees a closure over the button in the middle of its destructor, and crashes.
        self.clicked.connect(self._choose)

    def _choose(self) -> None:
        self.chosen.emit(self._number)

    def show_task(self, replay: Replay) -> None:
        """Say what the task does next in this state of the run."""
        self.show_words(
            visible(replay.tasks[self._number]),
            next_words(replay, self._number),
            planned=replay.next_choice == self._number,
            able=self._number in replay.enabled,
        )

    def show_words(self, name: str, following: str, *, planned: bool, able: bool) -> None:
        """Show a task and what it does next, or why it cannot."""
        self._name, self._next, self._planned = name, following, planned
        self.setEnabled(able)
        self.setAccessibleName(f"{self._name} {self._next}")
        self.setToolTip(tip(f"{self._name} {self._next}"))
        self.update()

    @property
    def text_shown(self) -> str:
        """The second line: what the task does next, or whom it waits for."""
        return self._next

    @property
    def _lines(self) -> list[str]:
        """What comes next in one line, or in two when the button is too narrow for lock and holder side by side."""
        return [self._next] if self.width() >= ROOMY else self._next.split(", ", 1)

    def sizeHint(self) -> QSize:
        return QSize(160, self.height_at(self.width()))

    def height_at(self, width: int) -> int:
        """The height for a width. It leaves room for both lines, so that nothing moves under the pointer."""
        name, small = (QFontMetrics(font).height() for font in self._fonts())
        return name + small * (1 if width >= ROOMY else 2) + PADDING + 2

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def _fonts(self) -> tuple[QFont, QFont]:
        name = QFont(self._appearance.fixed_font)
        name.setWeight(QFont.Weight.DemiBold)
        return name, self._appearance.scaled(self._appearance.ui_font, 0.87)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if (event.oldSize().width() >= ROOMY) != (event.size().width() >= ROOMY):
            self.updateGeometry()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        look, area = self._appearance, QRectF(self.rect())
        ground, accent = look.colour(Role.BACKGROUND), look.colour(Role.ACCENT)
        if self.isEnabled():
            amount = 0.2 if self.isDown() else 0.1 if self.underMouse() else 0.0
            painter.fillRect(area, blend(ground, accent, amount))
        if self.hasFocus():
            painter.setPen(QPen(accent, 1))
            painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))
        colour = look.colour(Role.task(self._number))
        bar = QRectF(PADDING, 6, 4, area.height() - 12)
        if self.isEnabled():
            painter.fillRect(bar, colour)
        else:
            painter.setPen(QPen(colour, 1))
            painter.drawRect(bar.adjusted(0.5, 0.5, -0.5, -0.5))
        self._paint_words(painter, area)

    def _paint_words(self, painter: QPainter, area: QRectF) -> None:
        look, (name, small) = self._appearance, self._fonts()
        left, room = PADDING * 2 + 4, area.width() - PADDING * 4 - 8
        first = QFontMetricsF(name).height()
        painter.setFont(name)
        painter.setPen(look.colour(Role.TEXT if self.isEnabled() else Role.DIM))
        top = (area.height() - self.sizeHint().height()) / 2 + PADDING / 2
        painter.drawText(QRectF(left, top, room, first), LEFT, QFontMetricsF(name).elidedText(self._name, ELIDE, room))
        painter.setFont(small)
        painter.setPen(look.colour(Role.DIM))
        height = QFontMetricsF(small).height()
        for number, line in enumerate(self._lines):
            words = QFontMetricsF(small).elidedText(line, ELIDE, room)
            painter.drawText(QRectF(left, top + first + number * height, room, height), LEFT, words)
        if self._planned:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.colour(Role.TEXT))
            x, y = area.right() - PADDING - 8, top + first / 2
            painter.drawPolygon(QPolygonF([QPointF(x, y - 5), QPointF(x + 8, y), QPointF(x, y + 5)]))


class TaskButtons(QScrollArea):
    """``task_chosen`` carries the number of the task that the user lets go on."""

    task_chosen = Signal(int)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self.buttons: list[TaskButton] = []
        self._inside = QWidget()
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        self.setWidget(self._inside)
        self.setWidgetResizable(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self._inside.setBackgroundRole(QPalette.ColorRole.Base)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Which task goes next")

    def show_replay(self, replay: Replay | None) -> bool:
        """Show a button for each task of the run; whether there are more or fewer buttons than before."""
        changed = self.set_count(len(replay.tasks) if replay else 0)
        if replay:
            for button in self.buttons:
                button.show_task(replay)
        return changed

    def set_count(self, count: int) -> bool:
        """Have that many buttons; whether there were more or fewer before."""
        changed = count != len(self.buttons)
        while len(self.buttons) > count:
            button = self.buttons.pop()
            button.hide()
            button.deleteLater()
        while len(self.buttons) < count:
            self._add(len(self.buttons))
        return changed

    def height_at(self, width: int) -> int:
        """The height of all buttons for a width."""
        return sum(button.height_at(width) for button in self.buttons)

    def _add(self, number: int) -> None:
        button = TaskButton(number, self._appearance, self._inside)
        button.chosen.connect(self.task_chosen)
        self._column.insertWidget(number, button)
        self.buttons.append(button)
