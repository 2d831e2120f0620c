"""Reading a pipe while the window lives: ``dmesg | lockview -`` must not hang, however slow the other end is.

A pipe that ends soon is read as a whole. One that goes on is copied to a file as it comes, and that file is followed:
``dmesg -w | lockview -`` shows each report when it is there.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import BinaryIO

from PySide6.QtCore import QObject, QSocketNotifier, QTimer, Signal

from lockview.document import opening
from lockview.document.errors import UserError
from lockview.gui.jobs import Work

CHUNK = 1 << 16
MOST = 1 << 30
"""Bytes that are taken from a pipe; what comes after is left."""
SOON_MS = 200
"""A pipe that has not ended by then is shown while it goes on."""


class Stream(Work):
    """``arrived`` carries name and bytes, ``kept`` name and file of what is too much for memory, ``broke`` a sentence.

    ``went_on`` carries name and file of a pipe that is copied while it goes on; as work it has ended then, and only
    ``finished`` will be heard of it: or ``unfit``, and that it works again, when what comes cannot be read before its
    end. ``room`` names a new file; it may raise UserError. Cancelling stops waiting and keeps what came: a pipe cannot
    be read again. ``over`` is the last signal.
    """

    arrived = Signal(str, object)
    kept = Signal(str, str)
    broke = Signal(str, str)  # name, sentence
    went_on = Signal(str, str)  # name, file
    unfit = Signal(str)
    finished = Signal()
    over = Signal()

    def __init__(self, fd: int, name: str, room: Callable[[], str], parent: QObject | None = None) -> None:
        super().__init__("Reading standard input" if name == "-" else f"Reading {name}", parent)
        self._fd = fd
        self._source = name
        self._name = "Standard input" if name == "-" else name
        self._room = room
        self._chunks: list[bytes] = []
        self._head = b""
        self._size = 0
        self._path = ""
        self._file: BinaryIO | None = None
        self._is_live = False
        # Only what poll() announced is read, one chunk at a time. O_NONBLOCK would also change the shell's terminal.
        self._notifier = QSocketNotifier(fd, QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._read)
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self._go_on)
        self._soon.start()

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
        if not chunk:
            self._finish()
        elif self._size >= MOST:
            self._finish()
            self.broke.emit(self._source, f"{self._name} is no longer read: {MOST >> 30} GiB have come.")

    def _take(self, chunk: bytes) -> None:
        """Keep what came: in memory while it is little, then in a file."""
        self._size += len(chunk)
        if len(self._head) < opening.HEAD:
            self._head = (self._head + chunk)[: opening.HEAD]
            if self._is_live and not opening.can_grow(self._head):
                self._is_live = False
                self.unfit.emit(self._source)
        if self._file is None and self._size > opening.SMALL:
            self._open_file()
        if self._file is None:
            self._chunks.append(chunk)
        else:
            self._file.write(chunk)

    def _open_file(self) -> None:
        self._path = self._room()
        # Unbuffered: whoever follows the file sees all that came.
        self._file = open(self._path, "wb", buffering=0)  # noqa: PTH123, SIM115 - open until the pipe ends
        self._file.write(b"".join(self._chunks))
        self._chunks.clear()

    def _go_on(self) -> None:
        """The pipe lasts: let it be seen while it does."""
        if not opening.can_grow(self._head):
            return
        try:
            if self._file is None:
                self._open_file()
        except UserError as error:
            self._break(str(error))
        except OSError as error:
            self._break(opening.no_room(self._path, error))
        else:
            self._is_live = True
            self.went_on.emit(self._source, self._path)
            self.ended.emit()

    def _finish(self) -> None:
        live = self._is_live
        try:
            self._stop()
        except OSError as error:  # the file gets its last bytes when it is closed
            self.broke.emit(self._source, opening.no_room(self._path, error))
        else:
            if live:
                self.finished.emit()
            elif self._path:
                self.kept.emit(self._source, self._path)
            else:
                self.arrived.emit(self._source, b"".join(self._chunks))
        self.ended.emit()
        self.over.emit()

    def _break(self, sentence: str) -> None:
        with contextlib.suppress(OSError):
            self._stop()
        self.broke.emit(self._source, sentence)
        self.finished.emit()
        self.ended.emit()
        self.over.emit()

    def _stop(self) -> None:
        self._notifier.setEnabled(False)
        self._soon.stop()
        if self._fd > 2:
            os.close(self._fd)
        self._fd = -1
        file, self._file = self._file, None
        if file is not None:
            file.close()
