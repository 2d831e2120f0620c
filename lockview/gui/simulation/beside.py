"""The place of the details: what stands there for a report, and what for a scenario."""

from __future__ import annotations

from PySide6.QtWidgets import QStackedWidget, QWidget


class BesidePanel(QStackedWidget):
    """Shows ``details``, or what belongs to the page in the middle of the window."""

    def __init__(self, details: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._details = details
        self.addWidget(details)
        self.setFocusProxy(details)

    def show_for(self, beside: QWidget | None) -> None:
        """Show the widget that stands beside the page in the middle; the details if it has none."""
        widget = beside or self._details
        if self.indexOf(widget) < 0:
            self.addWidget(widget)
        if self.currentWidget() is not widget:
            self.setCurrentWidget(widget)
            self.setFocusProxy(widget)
