"""Reading a pipe while the window lives: ``dmesg | lockview -`` must not hang, however slow the other end is."""

from __future__ import annotations

import os

from PySide6.QtCore import QObject, QSocketNotifier, Signal

from lockview.gui.jobs import Work

CHUNK = 1 << 16
MOST = 1 << 30
"""Bytes that are taken from a pipe; what comes after is left."""


class Stream(Work):
    """``arrived`` carries name and bytes, ``broke`` name and sentence.

    Cancelling stops waiting and keeps what came: a pipe cannot be read again.
    """

    arrived = Signal(str, object)
    broke = Signal(str, str)

    def __init__(self, fd: int, name: str, parent: QObject | None = None) -> None:
        super().__init__("Reading standard input" if name == "-" else f"Reading {name}", parent)
        self._fd = fd
        self._source = name
        self._name = "Standard input" if name == "-" else name
        self._chunks: list[bytes] = []
        self._size = 0
        # Only what poll() announced is read, one chunk at a time. O_NONBLOCK would also change the shell's terminal.
        self._notifier = QSocketNotifier(fd, QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._read)

    def cancel(self) -> None:
        self._finish()

    def _read(self) -> None:
        try:
            chunk = os.read(self._fd, CHUNK)
        except BlockingIOError:
            return
        except OSError as error:
            self._stop()
            self.broke.emit(self._source, f"{self._name} cannot be read: {error.strerror}.")
            self.ended.emit()
            return
        self._chunks.append(chunk)
        self._size += len(chunk)
        self.progress.emit(self._size, 0)
        if not chunk or self._size >= MOST:
            self._finish()

    def _finish(self) -> None:
        self._stop()
        self.arrived.emit(self._source, b"".join(self._chunks))
        self.ended.emit()

    def _stop(self) -> None:
        self._notifier.setEnabled(False)
        if self._fd > 2:
            os.close(self._fd)
