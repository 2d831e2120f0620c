"""Take the pictures of the documentation: the real window on the bundled sample, offscreen, always the same size.

Usage: screenshots.py [FOLDER]; the folder is docs/screenshots unless named. The user's settings are left alone.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtCore import SignalInstance
    from PySide6.QtWidgets import QWidget

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
SIZE = (1280, 860)


def main(folder: Path) -> None:
    """Write window-light.png, window-dark.png and replay-light.png into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": "1", "LOCKVIEW_CONFIG_HOME": home}
        from PySide6.QtWidgets import QApplication

        application = QApplication([])
        application.setApplicationName("lockview")
        for theme in ("light", "dark"):
            _take(theme, folder)


def _take(theme: str, folder: Path) -> None:
    """Open the sample, choose what a first look would choose, and save what the window shows."""
    from lockview.document.resources import resource
    from lockview.gui.settings_store import SettingsStore
    from lockview.gui.theme import Appearance
    from lockview.gui.window import SAMPLE, MainWindow

    appearance = Appearance(theme)
    appearance.install()
    window = MainWindow(SettingsStore(), appearance)
    window.resize(*SIZE)
    window.open_paths([resource(SAMPLE)])
    window.show()
    _settle(window.finished)
    window.workspace.select_item("edge:2", frame=4)
    _save(window, folder / f"window-{theme}.png")
    window.replay.deadlock()
    window.replay.last()
    _save(window, folder / f"replay-{theme}.png")
    window.close()


def _settle(signal: SignalInstance | None = None) -> None:
    """Let the event loop run until the signal came, or until nothing is left to do."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    if signal is not None:
        signal.connect(loop.quit)
        QTimer.singleShot(5000, loop.quit)
    else:
        QTimer.singleShot(200, loop.quit)
    loop.exec()


def _save(window: QWidget, path: Path) -> None:
    _settle()
    if not window.grab().save(str(path)):
        raise OSError(f"cannot write {path}")
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
