"""One job in one child process: request in, progress and a result or a failure out.

Imported when the first job starts, not before.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from lockview.gui.jobs import Done, Failed, Progress, Work
from lockview.worker import frame, frames_in

_MOMENT = 0.005
"""So long the window may stand still for answers, in seconds."""
_NOBODY = (None, None, None, None)
BOOTSTRAP = "import sys; sys.path.insert(0, sys.argv[1]); from lockview.worker import main; sys.exit(main())"
"""-I shields the child from PYTHONPATH and the current folder, so it is told where this very package lies."""


def worker_command() -> list[str]:
    """The command line of a worker that runs the code of this process, whether installed or from a checkout."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    return [sys.executable, "-I", "-c", BOOTSTRAP, os.path.dirname(package)]  # noqa: PTH120


class Job(Work):
    """Work for a child process. Exactly one of ``done``, ``failed`` and ``cancelled`` ends it.

    ``news`` carries parts of the answer that come before its end.
    """

    news = Signal(object)

    def __init__(self, kind: str, payload: object, timeout_ms: int, title: str, parent: QObject | None) -> None:
        super().__init__(title, parent)
        self.kind = kind
        self._payload = payload
        self._timeout_ms = timeout_ms
        self._buffer = bytearray()
        self._complaints = bytearray()
        self._over = False
        self._gone = ""
        self._callbacks: tuple[Done | None, Failed | None, Progress | None, Done | None] = _NOBODY
        self._process = QProcess(self)
        self._process.started.connect(self._send)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.readyReadStandardError.connect(self._read_complaints)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._broken)
        self._clock = QTimer(self, singleShot=True, interval=timeout_ms)
        self._clock.timeout.connect(self._too_long)
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._take_some)

    def call_back(self, done: Done, failed: Failed | None, progress: Progress | None, news: Done | None = None) -> None:
        """Call these when there is something to say.

        Not connected to the signals, because a connection would keep what they capture until Qt deletes this.
        """
        self._callbacks = (done, failed, progress, news)

    @property
    def running(self) -> bool:
        """Whether an answer can still come."""
        return not self._over

    def start(self) -> None:
        """Start the process; the request is sent when it is up."""
        command = worker_command()
        self._process.start(command[0], command[1:])
        if self._timeout_ms:
            self._clock.start()

    def cancel(self) -> None:
        """Stop the work. Nothing but ``cancelled`` will be heard of it."""
        if not self._over:
            self._end()
            self._callbacks = _NOBODY
            self.cancelled.emit()
            self.ended.emit()

    def _send(self) -> None:
        self._process.write(frame({"job": self.kind, "payload": self._payload}))
        self._process.closeWriteChannel()

    def _read(self) -> None:
        self._buffer += self._process.readAllStandardOutput().data()
        self._take_some()

    def _take_some(self) -> None:
        """Take answers for a moment, and the rest in the next turns of the event loop: the window stays alive."""
        until = time.monotonic() + _MOMENT
        while not self._over:
            try:
                answers = frames_in(self._buffer, 1)
            except ValueError as error:
                self._fail(f"{self.title}: the worker's answer makes no sense ({error}).")
                return
            for answer in answers:
                self._take(answer)
            if not answers:
                if self._gone:
                    self._fail(self._gone)
                return
            if time.monotonic() > until:
                self._turn.start()
                return

    def _take(self, answer: dict[str, Any]) -> None:
        if "progress" in answer:
            self.progress.emit(*answer["progress"])
            if self._callbacks[2] is not None:
                self._callbacks[2](*answer["progress"])
        elif "news" in answer:
            self.news.emit(answer["news"])
            if self._callbacks[3] is not None:
                self._callbacks[3](answer["news"])
        elif "failed" in answer:
            self._fail(answer["failed"])
        else:
            self._end()
            self.done.emit(answer["done"])
            self._finish(self._callbacks[0], answer["done"])

    def _finish(self, callback: Callable[[Any], None] | None, value: Any) -> None:
        self._callbacks = _NOBODY
        try:
            if callback is not None:
                callback(value)
        finally:
            self.ended.emit()

    def _read_complaints(self) -> None:
        self._complaints += self._process.readAllStandardError().data()
        del self._complaints[:-4096]

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        if self._over:
            return
        self._read_complaints()
        how = "crashed" if status == QProcess.ExitStatus.CrashExit else f"ended early with code {code}"
        said = self._complaints.decode("utf-8", "replace").strip().splitlines()
        last = f" Its last words: {said[-1]}" if said else ""
        self._gone = f"{self.title}: the worker process {how}.{last}"
        self._read()

    def _broken(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._fail(f"{self.title}: the worker process did not start ({self._process.errorString()}).")

    def _too_long(self) -> None:
        self._fail(f"{self.title}: stopped after {self._timeout_ms / 1000:g} s.")

    def _fail(self, sentence: str) -> None:
        if not self._over:
            self._end()
            self.failed.emit(sentence)
            self._finish(self._callbacks[1], sentence)

    def _end(self) -> None:
        self._over = True
        self._clock.stop()
        if self._process.state() != QProcess.ProcessState.NotRunning:
            self._process.kill()

    def wait(self) -> None:
        if self._process.state() != QProcess.ProcessState.NotRunning:
            self._process.waitForFinished(1000)

    def go(self) -> None:
        """Delete this when its process is gone."""
        if self._process.state() == QProcess.ProcessState.NotRunning:
            self.deleteLater()
        else:
            self._process.finished.connect(self.deleteLater)


class LiveJob(Job):
    """A job that goes on until ``finish_up`` says that nothing more will come; then it ends by itself."""

    def __init__(self, kind: str, payload: object, parent: QObject | None) -> None:
        super().__init__(kind, payload, 0, kind, parent)
        self._finishing = False

    def _send(self) -> None:
        self._process.write(frame({"job": self.kind, "payload": self._payload}))
        if self._finishing:
            self._process.closeWriteChannel()

    _finishing = False

    def finish_up(self) -> None:
        """Let it take what is there and come to its end."""
        self._finishing = True
        if self._process.state() == QProcess.ProcessState.Running:
            self._process.closeWriteChannel()
