"""The window put together: the guards before the first Qt call, the application, the window, the files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

APPLICATION_ID = "io.github.lockview.Lockview"


def main(files: Sequence[str] = ()) -> int:
    """Open the window on these files and stay until it is closed.

    Returns the exit code: 2 when this machine lacks a library that Qt needs; the line that installs it is printed.
    """
    import gc
    import signal

    # Qt's loop runs no Python while nothing happens, so Ctrl+C in the terminal would wait for the next mouse move.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.disable()  # until the window stands: there is no garbage yet, and looking for it takes a twentieth of the start
    if files:
        _import_without_qt()
    if not _libraries_are_there():
        return 2
    _keep_none_alive()
    from PySide6.QtCore import QEvent
    from PySide6.QtWidgets import QApplication

    app = QApplication.instance() or _application()
    assert isinstance(app, QApplication)
    app.setApplicationName("lockview")
    app.setApplicationDisplayName("lockview")
    app.setDesktopFileName(APPLICATION_ID)
    from lockview.gui.settings_store import SettingsStore
    from lockview.gui.theme import Appearance
    from lockview.gui.window import MainWindow

    store = SettingsStore()
    appearance = Appearance(store.theme)
    appearance.install()
    window = MainWindow(store, appearance)
    window.finished.connect(window.catch_bugs)
    window.finished.connect(_start_collecting)
    window.open_paths(files)
    window.show()
    code = app.exec()
    # Now, while Python still holds everything: left to the end of the interpreter, Qt and Python delete in any order.
    window.deleteLater()
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    return code


def _import_without_qt() -> None:
    """Import what reading and drawing need, before Qt: PySide looks through the source of all that comes after it."""
    import lockview.document.names
    import lockview.document.opening
    import lockview.document.selection
    import lockview.layout.diagrams
    import lockview.layout.picture
    import lockview.layout.ring
    import lockview.layout.theme
    import lockview.parsing.reader
    import lockview.parsing.source_lines  # noqa: F401 - imported for later


def _application() -> QApplication:
    """The application. Without a display Qt would abort with a core dump; here it ends with a line and code 2."""
    import os

    from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    said: list[str] = []

    def hear(kind: QtMsgType, _: QMessageLogContext, message: str) -> None:
        if kind == QtMsgType.QtFatalMsg:
            why = f" ({said[0]})" if said else ""
            sys.stderr.write(f"lockview cannot open a window{why}; lockview render FILE -o OUT.png needs no display\n")
            sys.stderr.flush()
            os._exit(2)
        said.append(message)

    qInstallMessageHandler(hear)
    app = QApplication([sys.argv[0]])
    qInstallMessageHandler(None)
    sys.stderr.writelines(f"{message}\n" for message in said)
    return app


def _start_collecting() -> None:
    """Collect garbage from now on; what the start left is there to stay and need not be looked through each time."""
    import gc

    gc.freeze()
    gc.enable()


def _libraries_are_there() -> bool:
    """Look before Qt does: with a library missing its import fails, or worse, its platform plugin aborts."""
    import os

    from lockview.document.system_libraries import install_hint, library_in, missing_libraries, needs

    missing = missing_libraries(needs(os.environ))
    if not missing:
        try:
            import PySide6.QtWidgets  # noqa: F401 - the import is the test
        except ImportError as error:
            missing = tuple(name for name in (library_in(str(error)),) if name)
            if not missing:
                raise
    if missing:
        sys.stderr.write(f"lockview needs {', '.join(missing)}. Install with:\n{install_hint(missing)}\n")
    return not missing


def _keep_none_alive() -> None:
    """WORKAROUND: PySide6 6.12.0 takes a reference from None with each call, and on Python 3.11 None can run out.

    Our requirements leave that version out; a distribution may still bring it.
    """
    if sys.version_info < (3, 12):
        import PySide6

        if PySide6.__version_info__ >= (6, 12):
            import ctypes

            ctypes.c_ssize_t.from_address(id(None)).value += 1 << 48
