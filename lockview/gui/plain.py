"""Text from a file in Qt's widgets: always plain text, with nothing in it obeyed.

Labels, tool tips and message boxes guess whether a text is HTML, and menus eat the ampersand of ``&rq->__lock``. Every
widget that shows foreign text goes through this module.
"""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QWidget


class PlainLabel(QLabel):
    """A label that shows its text letter by letter. ``selectable`` lets the user mark and copy it."""

    def __init__(self, text: str = "", parent: QWidget | None = None, *, selectable: bool = False) -> None:
        from PySide6.QtCore import Qt

        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        if selectable:
            self.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
        self.setText(shown(text))


def menu_text(text: str) -> str:
    """A text for an action, a button or a tab, where a single ``&`` would mark a key."""
    return shown(text).replace("&", "&&")


def tip(text: str) -> str:
    """A text for a tool tip, a status tip or a What's-This."""
    from PySide6.QtGui import Qt

    plain = shown(text)
    if not Qt.mightBeRichText(plain):
        return plain
    escaped = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'<p style="white-space:pre-wrap">{escaped}</p>'


def shown(text: str) -> str:
    """The text with everything unprintable made visible; line breaks stay."""
    if text.isascii() and text.isprintable():
        return text
    from lockview.document.visible import visible

    return "\n".join(visible(line) for line in text.split("\n"))
