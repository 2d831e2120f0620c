"""Reading a pipe while the window lives: ``dmesg | lockview -`` must not hang, however slow the other end is."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import BinaryIO

from PySide6.QtCore import QObject, QSocketNotifier, Signal

from lockview.document import opening
from lockview.document.errors import UserError
from lockview.gui.jobs import Work

CHUNK = 1 << 16
MOST = 1 << 30
"""Bytes that are taken from a pipe; what comes after is left."""


class Stream(Work):
    """``arrived`` carries name and bytes, ``kept`` name and file of what is too much for memory, ``broke`` a sentence.

    ``room`` names a new file; it may raise UserError. Cancelling stops waiting and keeps what came: a pipe cannot be
    read again.
    """

    arrived = Signal(str, object)
    kept = Signal(str, str)
    broke = Signal(str, str)  # name, sentence

    def __init__(self, fd: int, name: str, room: Callable[[], str], parent: QObject | None = None) -> None:
        super().__init__("Reading standard input" if name == "-" else f"Reading {name}", parent)
        self._fd = fd
        self._source = name
        self._name = "Standard input" if name == "-" else name
        self._room = room
        self._chunks: list[bytes] = []
        self._size = 0
        self._path = ""
        self._file: BinaryIO | None = None
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
            self._break(f"{self._name} cannot be read: {error.strerror}.")
            return
        try:
            self._take(chunk)
        except UserError as error:
            self._break(str(error))
            return
        except OSError as error:
            self._break(opening.no_room(self._path, error))
            return
        self.progress.emit(self._size, 0)
        if not chunk or self._size >= MOST:
            self._finish()

    def _take(self, chunk: bytes) -> None:
        """Keep what came: in memory while it is little, then in a file."""
        self._size += len(chunk)
        if self._file is None and self._size > opening.SMALL:
            self._path = self._room()
            self._file = open(self._path, "wb")  # noqa: PTH123, SIM115 - open until the pipe ends
            self._file.writelines(self._chunks)
            self._chunks.clear()
        if self._file is None:
            self._chunks.append(chunk)
        else:
            self._file.write(chunk)

    def _finish(self) -> None:
        try:
            self._stop()
        except OSError as error:  # the file gets its last bytes when it is closed
            self.broke.emit(self._source, opening.no_room(self._path, error))
        else:
            if self._path:
                self.kept.emit(self._source, self._path)
            else:
                self.arrived.emit(self._source, b"".join(self._chunks))
        self.ended.emit()

    def _break(self, sentence: str) -> None:
        import contextlib

        with contextlib.suppress(OSError):
            self._stop()
        self.broke.emit(self._source, sentence)
        self.ended.emit()

    def _stop(self) -> None:
        self._notifier.setEnabled(False)
        if self._fd > 2:
            os.close(self._fd)
        file, self._file = self._file, None
        if file is not None:
            file.close()
