"""How the window looks: the theme of the desktop or the one the user chose, its fonts, the palette and the style sheet.

Panels are handed an ``Appearance``; they read ``theme``, ``ui_font`` and ``fixed_font`` from it and draw again when
``changed`` fires. No colour is written anywhere else in the window.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from lockview.layout.drawing import Role
from lockview.layout.theme import DARK, HIGH_CONTRAST, LIGHT, THEMES, Theme

SYSTEM = "system"
CHOICES = (SYSTEM, *THEMES)
QT_OWN_WINDOW = "#efefef"
"""The window colour of Qt's own palette, which is in force when the desktop gives none."""


class Appearance(QObject):
    """The current theme and fonts. Without ``install`` nothing of the application is touched.

    ``choice`` is ``system`` or the name of a theme; anything else counts as ``system``.
    """

    changed = Signal()

    def __init__(self, choice: str = SYSTEM, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._choice = choice if choice in CHOICES else SYSTEM
        self._installed = False
        self._theme = self._resolved()

    @property
    def choice(self) -> str:
        """What the user asked for."""
        return self._choice

    @property
    def theme(self) -> Theme:
        """The colours in force."""
        return self._theme

    @property
    def ui_font(self) -> QFont:
        """The desktop's font, for our own words."""
        return QApplication.font()

    @property
    def fixed_font(self) -> QFont:
        """The desktop's fixed-pitch font, for everything that came from a kernel, as high as the UI font."""
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(QApplication.font().pointSizeF())
        return font

    def scaled(self, font: QFont, factor: float) -> QFont:
        """A copy of a font in another size: 0.87 for secondary text, 1.25 for the title of a panel."""
        copy = QFont(font)
        copy.setPointSizeF(font.pointSizeF() * factor)
        return copy

    def colour(self, role: str) -> QColor:
        """The colour of a role of ``drawing.Role``."""
        return QColor(self._theme.colours[role])

    def choose(self, choice: str) -> None:
        """Use a theme whatever the desktop says, or follow the desktop again (``system``)."""
        self._choice = choice if choice in CHOICES else SYSTEM
        self.refresh()

    def install(self) -> None:
        """Give the application our palette and style sheet and follow the desktop from now on."""
        self._installed = True
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self.refresh)
        if hasattr(hints, "accessibility"):  # since Qt 6.10
            hints.accessibility().contrastPreferenceChanged.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Look at the desktop again; the window calls this when the desktop's theme changed."""
        old, self._theme = self._theme, self._resolved()
        if self._installed:
            self._dress(_application())
        if old != self._theme:
            self.changed.emit()

    def _resolved(self) -> Theme:
        return THEMES[self._choice] if self._choice != SYSTEM else _theme_of_desktop(self._desktop_palette())

    def _desktop_palette(self) -> QPalette:
        """The palette without our own changes: ours would hide the desktop's."""
        if self._installed:
            QGuiApplication.setPalette(QPalette())
        return QGuiApplication.palette()

    def _dress(self, app: QApplication) -> None:
        palette = palette_for(self._theme)
        if app.palette() != palette:
            app.setPalette(palette)
        sheet = style_sheet(self._theme)
        if app.styleSheet() != sheet:
            app.setStyleSheet(sheet)


def _application() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app


def _theme_of_desktop(palette: QPalette) -> Theme:
    """Light, dark or high contrast as the desktop asks, with the desktop's neutral colours when it has any."""
    hints = QGuiApplication.styleHints()
    contrasts = hints.accessibility().contrastPreference() if hasattr(hints, "accessibility") else None
    if contrasts == Qt.ContrastPreference.HighContrast:
        return HIGH_CONTRAST
    dark = hints.colorScheme() == Qt.ColorScheme.Dark
    if hints.colorScheme() == Qt.ColorScheme.Unknown:
        dark = palette.color(QPalette.ColorRole.Window).lightness() < 128
    theme = DARK if dark else LIGHT
    says_nothing = palette.color(QPalette.ColorRole.Window).name() == QT_OWN_WINDOW
    return theme if says_nothing else with_neutrals(theme, palette)


def with_neutrals(theme: Theme, palette: QPalette) -> Theme:
    """The theme in the greys of a desktop palette; unchanged when those would be hard to read or of the other kind."""
    base = palette.color(QPalette.ColorRole.Base)
    text = palette.color(QPalette.ColorRole.Text)
    if (base.lightness() < 128) != theme.dark or contrast(base, text) < 7.0:
        return theme
    neutrals = {
        Role.BACKGROUND: base,
        Role.TEXT: text,
        Role.DIM: blend(base, text, 0.68),
        Role.LINE: blend(base, text, 0.17),
        Role.EDGE: blend(base, text, 0.75),
        Role.NODE: blend(base, text, 0.04),
        Role.BORDER: blend(base, text, 0.48),
        Role.PILL: base,
    }
    return theme._replace(colours={**theme.colours, **{role: colour.name() for role, colour in neutrals.items()}})


def blend(under: QColor, over: QColor, amount: float) -> QColor:
    """``over`` painted on ``under`` with this opacity."""
    mixed = (
        round(low + (high - low) * amount)
        for low, high in (
            (under.red(), over.red()),
            (under.green(), over.green()),
            (under.blue(), over.blue()),
        )
    )
    return QColor(*mixed)


def contrast(one: QColor, other: QColor) -> float:
    """The contrast ratio of WCAG 2, between 1 and 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: QColor) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (colour.redF(), colour.greenF(), colour.blueF())
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def palette_for(theme: Theme) -> QPalette:
    """The palette of the whole application: documents on the background, tools around them one shade apart."""
    colours = {role: QColor(value) for role, value in theme.colours.items()}
    base, text = colours[Role.BACKGROUND], colours[Role.TEXT]
    chrome = blend(base, text, 0.0 if theme is HIGH_CONTRAST else 0.045)
    on_accent = QColor("#000000") if theme.dark else QColor("#ffffff")
    role = QPalette.ColorRole
    palette = QPalette()
    for name, colour in (
        (role.Window, chrome),
        (role.WindowText, text),
        (role.Base, base),
        (role.AlternateBase, colours[Role.NODE]),
        (role.Text, text),
        (role.Button, chrome),
        (role.ButtonText, text),
        (role.BrightText, text),
        (role.ToolTipBase, base),
        (role.ToolTipText, text),
        (role.PlaceholderText, colours[Role.DIM]),
        (role.Highlight, colours[Role.ACCENT]),
        (role.HighlightedText, on_accent),
        (role.Accent, colours[Role.ACCENT]),
        (role.Link, colours[Role.ACCENT]),
        (role.LinkVisited, colours[Role.ACCENT]),
        (role.Light, blend(chrome, text, 0.02)),
        (role.Midlight, blend(chrome, text, 0.06)),
        (role.Mid, colours[Role.LINE]),
        (role.Dark, colours[Role.BORDER]),
        (role.Shadow, colours[Role.BORDER]),
    ):
        palette.setColor(name, colour)
    faint = blend(base, text, 0.45)
    for name in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, faint)
    return palette


def style_sheet(theme: Theme) -> str:
    """Hairlines instead of frames, 8 px steps; everything else stays with the style and the palette.

    ``secondary``, ``primary`` and ``dock-title`` are object names: a name styles a label or button as that.
    """
    colours = {role.replace("-", "_"): value for role, value in theme.colours.items()}
    base, text = QColor(theme.colours[Role.BACKGROUND]), QColor(theme.colours[Role.TEXT])
    steps = {f"wash{percent}": blend(base, text, percent / 100).name() for percent in (4, 8, 12, 20, 34)}
    on_accent = "#000000" if theme.dark else "#ffffff"
    return SHEET % {**colours, **steps, "on_accent": on_accent}


SHEET = """
QMainWindow::separator { background: %(line)s; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: %(accent)s; }
QMenuBar { padding: 0 4px; }
QToolBar { border: 0; border-bottom: 1px solid %(line)s; spacing: 2px; padding: 0 8px; }
QToolBar::separator { background: %(line)s; width: 1px; margin: 4px 6px; }
QToolBar QToolButton { border: 1px solid transparent; border-radius: 4px; padding: 3px 8px; }
QToolBar QToolButton:hover { background: %(wash8)s; }
QToolBar QToolButton:pressed, QToolBar QToolButton:open { background: %(wash12)s; }
QToolBar QToolButton:checked { background: %(background)s; border-color: %(border)s; }
QToolBar QToolButton[popupMode="1"] { padding-right: 20px; }
QToolBar QToolButton::menu-button { border: 0; width: 16px; }
QToolButton::menu-indicator { image: none; width: 0; }
QStatusBar { border-top: 1px solid %(line)s; min-height: 24px; }
QStatusBar::item { border: 0; }
QLabel#secondary, QLabel#dock-title { color: %(dim)s; }
QTabBar { qproperty-drawBase: 0; }
QTabBar::tab { padding: 6px 12px; border: 0; border-bottom: 2px solid transparent; color: %(dim)s; }
QTabBar::tab:selected { color: %(text)s; border-bottom-color: %(accent)s; }
QTabBar::tab:hover { color: %(text)s; }
QTabWidget::pane { border: 0; border-top: 1px solid %(line)s; }
QToolTip { border: 1px solid %(line)s; padding: 4px; }
QPushButton { border: 1px solid %(wash20)s; border-radius: 4px; padding: 4px 12px; background: %(background)s; }
QPushButton:hover { background: %(wash4)s; }
QPushButton:pressed { background: %(wash12)s; }
QPushButton:focus { border-color: %(accent)s; }
QPushButton:disabled { color: %(wash34)s; border-color: %(wash12)s; }
QCheckBox::indicator, QListView::indicator {
    width: 11px; height: 11px; border: 1px solid %(dim)s; border-radius: 3px; background: %(background)s; }
QCheckBox::indicator:focus { border-color: %(accent)s; }
QCheckBox::indicator:checked, QListView::indicator:checked { background: %(accent)s; border-color: %(text)s; }
QPushButton#primary { background: %(accent)s; border-color: %(accent)s; color: %(on_accent)s; }
QPushButton#primary:focus { border-color: %(text)s; }
QScrollBar:vertical { width: 10px; margin: 0; background: transparent; }
QScrollBar:horizontal { height: 10px; margin: 0; background: transparent; }
QScrollBar::handle { background: %(wash20)s; border-radius: 3px; margin: 2px; min-width: 24px; min-height: 24px; }
QScrollBar::handle:hover { background: %(wash34)s; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QProgressBar { border: 0; border-radius: 3px; background: %(wash12)s; }
QProgressBar::chunk { border-radius: 3px; background: %(accent)s; }
"""
