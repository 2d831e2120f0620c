"""A view that zooms at the pointer and pans, over a picture whose bounds are all it knows."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QNativeGestureEvent, QPainter, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QGestureEvent, QGraphicsView, QPinchGesture, QWidget

from lockview.layout.drawing import Box

STEP = 1.2
"""One notch of the wheel, one press of plus or minus."""

_SMALLEST, _LARGEST = 0.05, 12.0
_LARGEST_FIT = 1.25
"""A small picture is not blown up to fill a large window."""
_IN_SIGHT = 48
"""So many screen pixels of the picture stay in the window however far it is pushed."""


class Canvas(QGraphicsView):
    """Until the user zooms or pans, the whole picture stays in sight."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # A viewport that Python made: to wrap one of Qt's own, PySide readies every widget class, for ten milliseconds.
        self.setViewport(QWidget())
        self._bounds = Box(0.0, 0.0, 0.0, 0.0)
        self._touched = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.viewport().grabGesture(Qt.GestureType.PinchGesture)

    def set_bounds(self, bounds: Box) -> None:
        """Tell where the picture lies."""
        if bounds != self._bounds:
            self._bounds = bounds
            self._update_room()
            if not self._touched:
                self.fit()

    @property
    def touched(self) -> bool:
        """Whether the user zoomed or panned since the picture was last fitted."""
        return self._touched

    @property
    def scale_factor(self) -> float:
        """Screen pixels per scene pixel."""
        return self.transform().m11()

    def fit(self) -> None:
        """Show the whole picture, and keep doing so until the user zooms or pans again."""
        self._touched = False
        bounds, port = self._bounds, self.viewport().rect()
        if bounds.width <= 0 or bounds.height <= 0 or port.width() <= 0 or port.height() <= 0:
            return
        factor = min(port.width() / bounds.width, port.height() / bounds.height, _LARGEST_FIT)
        self._set_scale(max(factor, _SMALLEST))
        self.centerOn(QPointF(*bounds.centre))

    def zoom_at(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom by a factor; the scene point under ``at`` (viewport pixels, default the middle) stays there."""
        port = QPointF(self.viewport().rect().center()) if at is None else at
        wanted = min(max(self.scale_factor * factor, _SMALLEST), _LARGEST)
        inverse = self.viewportTransform().inverted()[0]
        anchor = inverse.map(port)
        self._touched = True
        self._set_scale(wanted)
        moved = self.viewportTransform().map(anchor) - port
        self._scroll(round(moved.x()), round(moved.y()))

    def _set_scale(self, factor: float) -> None:
        self.resetTransform()
        self.scale(factor, factor)
        self._update_room()

    def _update_room(self) -> None:
        """Let the view move until the picture is almost out of sight, so that any point can stay under the pointer."""
        bounds, factor = self._bounds, self.scale_factor
        across = max(0.0, (self.viewport().width() - _IN_SIGHT) / factor)
        down = max(0.0, (self.viewport().height() - _IN_SIGHT) / factor)
        room = QRectF(bounds.x, bounds.y, bounds.width, bounds.height).adjusted(-across, -down, across, down)
        if room != self.sceneRect():
            self.setSceneRect(room)

    def _scroll(self, across: int, down: int) -> None:
        for bar, step in ((self.horizontalScrollBar(), across), (self.verticalScrollBar(), down)):
            bar.setValue(bar.value() + step)

    def pan(self, across: int, down: int) -> None:
        """Move the view over the picture by screen pixels."""
        self._touched = True
        self._scroll(across, down)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._touched:
            self._update_room()
        else:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_at(STEP ** (turned / 120), event.position())
            event.accept()
            return
        self._touched = True
        super().wheelEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.zoom_at(1.0 + event.value(), event.position())
                return True
        elif isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                centre = self.viewport().mapFromGlobal(pinch.centerPoint().toPoint())
                self.zoom_at(pinch.scaleFactor(), QPointF(centre))
                return True
        return super().viewportEvent(event)
