"""The transport: buttons to move through a run, a slider to scrub it, and the two searches."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QSlider,
    QToolButton,
    QWidget,
)

from lockview.gui.plain import PlainLabel
from lockview.gui.replay.icons import SIZE, transport_icon
from lockview.gui.theme import Appearance, blend
from lockview.layout.drawing import Role
from lockview.sim.replay import Replay

_Button = TypeVar("_Button", bound=QAbstractButton)

PADDING = 8
NARROWEST = 280
STEP_MS = 900
"""Time between two steps at normal speed: enough to read the sentence."""
SPEEDS = (("\u00bd\u00d7", 2 * STEP_MS), ("1\u00d7", STEP_MS), ("2\u00d7", STEP_MS // 2), ("4\u00d7", STEP_MS // 4))
BUTTONS = (
    ("first", "first", "To the start"),
    ("back", "back", "One step back"),
    ("toggle_play", "play", "Play"),
    ("forward", "forward", "One step on"),
    ("last", "last", "To the end"),
)
SEARCHES = (
    ("deadlock", "Run into the deadlock", "By the shortest way that was found"),
    ("avoid", "Find a way past it", "An order of steps in which all tasks finish"),
)


class Transport(QWidget):
    """Buttons are named as the methods of the panel that they call. ``interval`` is in milliseconds."""

    position_chosen = Signal(int)
    speed_chosen = Signal()

    def __init__(self, appearance: Appearance, parent: QWidget | None = None, *, searches: bool = True) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._playing = False
        self._buttons: dict[str, QAbstractButton] = {}
        moving = QHBoxLayout()
        moving.setSpacing(2)
        for name, _icon, hint in BUTTONS:
            moving.addWidget(self._tool_button(name, hint))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Position in the run")
        self.slider.setPageStep(1)
        self.slider.valueChanged.connect(self.position_chosen)
        self.place = PlainLabel()
        self.place.setMinimumWidth(self.place.fontMetrics().horizontalAdvance("00 of 00"))
        self.place.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.speed = self._speed_box()
        moving.addSpacing(PADDING)
        moving.addWidget(self.slider, 1)
        moving.addSpacing(PADDING)
        moving.addWidget(self.place)
        moving.addSpacing(PADDING)
        moving.addWidget(self.speed)
        searching = QHBoxLayout()
        searching.setSpacing(PADDING)
        for name, title, hint in SEARCHES if searches else ():
            searching.addWidget(self._push_button(name, title, hint))
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._line.setSizeConstraint(QBoxLayout.SizeConstraint.SetNoConstraint)
        self._line.setContentsMargins(PADDING, 4, PADDING, 4)
        self._line.setSpacing(PADDING)
        self._line.addLayout(moving, 1)
        self._line.addLayout(searching)
        appearance.changed.connect(self._draw_icons)
        self._draw_icons()

    def minimumSizeHint(self) -> QSize:
        """As narrow as the stacked form, also while it lies in one line: it must be able to get there."""
        return QSize(NARROWEST, super().minimumSizeHint().height())

    @property
    def interval(self) -> int:
        """The time between two steps when playing."""
        return SPEEDS[self.speed.currentIndex()][1]

    def button(self, name: str) -> QAbstractButton:
        """The button for a method of the panel."""
        return self._buttons[name]

    def set_narrow(self, narrow: bool) -> None:
        """Put the searches below the buttons."""
        self._line.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)

    def show_replay(self, replay: Replay | None, *, playing: bool) -> None:
        """Show where the run stands and what can be done."""
        position, length = (replay.position, replay.length) if replay else (0, 0)
        self.show_position(position, length, playing=playing)
        self.place.setText(f"{position} of {length}" if replay else "")
        for name, _, _ in SEARCHES:
            self._buttons[name].setEnabled(replay is not None)

    def show_position(self, position: int, length: int, *, playing: bool) -> None:
        """Show how many steps of a run have been made."""
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, length)
            self.slider.setValue(position)
        self.slider.setEnabled(length > 0)
        self.place.setText(f"{position} of {length}")
        for name, enabled in (
            ("first", position > 0),
            ("back", position > 0),
            ("toggle_play", length > 0),
            ("forward", position < length),
            ("last", position < length),
        ):
            self._buttons[name].setEnabled(enabled)
        if playing != self._playing:
            self._playing = playing
            self._draw_icons()

    def _tool_button(self, name: str, hint: str) -> QToolButton:
        button = QToolButton()
        button.setAutoRaise(True)
        button.setIconSize(QSize(SIZE, SIZE))
        button.setAutoRepeat(name in ("back", "forward"))
        return self._named(button, name, hint)

    def _push_button(self, name: str, title: str, hint: str) -> QPushButton:
        return self._named(QPushButton(title), name, title, hint)

    def _named(self, button: _Button, name: str, said: str, hint: str = "") -> _Button:
        button.setAccessibleName(said)
        button.setToolTip(hint or said)
        self._buttons[name] = button
        return button

    def _speed_box(self) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName("Speed")
        box.setToolTip("Speed of playing")
        for title, _ in SPEEDS:
            box.addItem(title)
        box.setCurrentIndex(1)
        box.currentIndexChanged.connect(self._speed_changed)
        return box

    def _speed_changed(self, _index: int) -> None:
        self.speed_chosen.emit()

    def _draw_icons(self) -> None:
        text = self._appearance.colour(Role.TEXT)
        faint = blend(self._appearance.colour(Role.BACKGROUND), text, 0.35)
        for name, sign, hint in BUTTONS:
            pause = name == "toggle_play" and self._playing
            button = self._buttons[name]
            button.setIcon(transport_icon("pause" if pause else sign, text, faint))
            button.setAccessibleName("Pause" if pause else hint)
            button.setToolTip("Pause" if pause else hint)
