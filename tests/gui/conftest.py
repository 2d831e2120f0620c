"""What the tests of the window share: settings go to a folder of the test, and a window with the sample open."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from lockview.gui.settings_store import SettingsStore
from lockview.gui.theme import Appearance
from lockview.gui.window import MainWindow

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The offscreen platform complains of windows with a smallest size and of windows that are raised."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support"))


@pytest.fixture(autouse=True)
def config_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for the settings of one test."""
    folder = tmp_path / "config"
    monkeypatch.setenv("LOCKVIEW_CONFIG_HOME", str(folder))
    # Where Qt's own file dialog remembers its folders; it takes no heed of variables that come after its start.
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(folder))
    return folder


@pytest.fixture
def make_window(qtbot: QtBot, config_home: Path) -> Iterator[Callable[..., MainWindow]]:
    """Makes shown and finished windows on files."""
    windows: list[MainWindow] = []

    def make(*files: Path | str, theme: str = "light") -> MainWindow:
        window = MainWindow(SettingsStore(), Appearance(theme))
        windows.append(window)
        window.open_paths([str(file) for file in files])
        window.show()
        qtbot.waitExposed(window)
        window.finish()
        return window

    yield make
    for window in windows:
        window.close()
        with qtbot.waitSignal(window.destroyed):
            window.deleteLater()


@pytest.fixture
def window(make_window: Callable[..., MainWindow], sample: Path) -> MainWindow:
    """The window with the sample open."""
    return make_window(sample)
