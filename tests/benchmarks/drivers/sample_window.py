"""The window on the sample, through the program's own entry; gone as soon as the graph was painted.

With ``stay`` it is left alone until everything is there, and resident memory is printed before it goes.
"""

import sys
from pathlib import Path

from lockview.gui.window import MainWindow

file, *rest = sys.argv[1:]
finish = MainWindow.finish


def gone(window: MainWindow) -> None:
    from PySide6.QtWidgets import QApplication

    assert window.workspace.report is not None
    QApplication.quit()


def weighed(window: MainWindow) -> None:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    finish(window)

    def weigh() -> None:
        with Path("/proc/self/status").open(encoding="ascii") as status:
            sys.stdout.write(next(line.split()[1] for line in status if line.startswith("VmRSS:")))
        QApplication.quit()

    QTimer.singleShot(500, weigh)


setattr(MainWindow, "finish", weighed if rest == ["stay"] else gone)  # noqa: B010 - a hook, not an attribute

from lockview.__main__ import main  # noqa: E402 - after the hook

sys.argv = ["lockview", file]
main()
