"""The floor: a window with one label, gone as soon as it was painted.

The time of that paint is printed (``time.monotonic``), or, with ``stay``, resident memory.
"""

import sys
import time
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QLabel


class Label(QLabel):
    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        super().paintEvent(event)
        QTimer.singleShot(500 if sys.argv[1:] == ["stay"] else 0, finish)


def finish() -> None:
    painted = time.monotonic()
    if sys.argv[1:] == ["stay"]:
        with Path("/proc/self/status").open(encoding="ascii") as status:
            sys.stdout.write(next(line.split()[1] for line in status if line.startswith("VmRSS:")))
    else:
        sys.stdout.write(f"{painted}")
    QApplication.quit()


app = QApplication(sys.argv)
label = Label("lockview")
label.resize(1280, 800)
label.show()
app.exec()
