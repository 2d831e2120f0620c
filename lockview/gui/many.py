"""Many files at once, opened one in each turn of the event loop so that the window stays alive meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QTimer

from lockview.gui.jobs import Work


class Many(Work):
    """``open_one`` is given a path and whether to select what it opens; it tells whether it opened anything.

    The first that opens is selected when ``select`` is true. Cancelling leaves the rest unopened.
    """

    def __init__(
        self, paths: Iterable[str], open_one: Callable[[str, bool], bool], select: bool, parent: QObject | None
    ) -> None:
        self._paths = deque(paths)
        super().__init__(f"Opening {len(self._paths)} files", parent)
        self._total = len(self._paths)
        self._open_one = open_one
        self._select = select
        self._turn = QTimer(self)
        self._turn.timeout.connect(self._next)
        self._turn.start(0)

    def cancel(self) -> None:
        self._turn.stop()
        self.cancelled.emit()
        self.ended.emit()

    def _next(self) -> None:
        if self._open_one(self._paths.popleft(), self._select):
            self._select = False
        self.progress.emit(self._total - len(self._paths), self._total)
        if not self._paths:
            self._turn.stop()
            self.ended.emit()
