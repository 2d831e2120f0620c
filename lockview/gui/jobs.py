"""Long work in a child process: started, watched, cancelled and, when it crashes, reported as one failed job.

A job is one process; killing it is how it is cancelled. Jobs have a slot: a new job takes the place of the one that
runs in its slot, so the newest request wins and an old answer never arrives.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

BOOTSTRAP = "import sys; sys.path.insert(0, sys.argv[1]); from lockview.worker import main; sys.exit(main())"
"""-I shields the child from PYTHONPATH and the current folder, so it is told where this very package lies."""

Done = Callable[[Any], None]
Failed = Callable[[str], None]
Progress = Callable[[int, int], None]


def worker_command() -> list[str]:
    """The command line of a worker that runs the code of this process, whether installed or from a checkout."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    return [sys.executable, "-I", "-c", BOOTSTRAP, os.path.dirname(package)]  # noqa: PTH120


class Work(QObject):
    """Something that takes its time. The status bar shows its title and progress and can cancel it.

    ``progress`` carries what is done and the total, 0 when that is unknown; ``failed`` a sentence for the user.
    ``ended`` follows whatever ended it.
    """

    progress = Signal(object, object)  # int, int; as objects, because Signal(int) is 32 bits wide
    done = Signal(object)  # the result
    failed = Signal(str)
    cancelled = Signal()
    ended = Signal()

    def __init__(self, title: str, parent: QObject | None) -> None:
        super().__init__(parent)
        self.title = title

    def cancel(self) -> None:
        """Stop it."""
        raise NotImplementedError


class Job(Work):
    """Work for a child process. Exactly one of ``done``, ``failed`` and ``cancelled`` ends it."""

    def __init__(self, kind: str, payload: object, timeout_ms: int, title: str, parent: QObject | None) -> None:
        super().__init__(title, parent)
        self.kind = kind
        self._payload = payload
        self._timeout_ms = timeout_ms
        self._buffer = bytearray()
        self._complaints = bytearray()
        self._over = False
        self._process = QProcess(self)
        self._process.started.connect(self._send)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.readyReadStandardError.connect(self._read_complaints)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._broken)
        self._clock = QTimer(self, singleShot=True, interval=timeout_ms)
        self._clock.timeout.connect(self._too_long)

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
            self.cancelled.emit()
            self.ended.emit()

    def _send(self) -> None:
        from lockview.worker import frame

        self._process.write(frame({"job": self.kind, "payload": self._payload}))
        self._process.closeWriteChannel()

    def _read(self) -> None:
        from lockview.worker import frames_in

        self._buffer += self._process.readAllStandardOutput().data()
        try:
            answers = frames_in(self._buffer)
        except ValueError as error:
            self._fail(f"{self.title}: the worker's answer makes no sense ({error}).")
            return
        for answer in answers:
            if self._over:
                return
            self._take(answer)

    def _take(self, answer: dict[str, Any]) -> None:
        if "progress" in answer:
            self.progress.emit(*answer["progress"])
        elif "failed" in answer:
            self._fail(answer["failed"])
        else:
            self._end()
            self.done.emit(answer["done"])
            self.ended.emit()

    def _read_complaints(self) -> None:
        self._complaints += self._process.readAllStandardError().data()
        del self._complaints[:-4096]

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        if self._over:
            return
        self._read()
        self._read_complaints()
        how = "crashed" if status == QProcess.ExitStatus.CrashExit else f"ended early with code {code}"
        said = self._complaints.decode("utf-8", "replace").strip().splitlines()
        last = f" Its last words: {said[-1]}" if said else ""
        self._fail(f"{self.title}: the worker process {how}.{last}")

    def _broken(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._fail(f"{self.title}: the worker process did not start ({self._process.errorString()}).")

    def _too_long(self) -> None:
        self._fail(f"{self.title}: stopped after {self._timeout_ms / 1000:g} s.")

    def _fail(self, sentence: str) -> None:
        if not self._over:
            self._end()
            self.failed.emit(sentence)
            self.ended.emit()

    def _end(self) -> None:
        self._over = True
        self._clock.stop()
        if self._process.state() != QProcess.ProcessState.NotRunning:
            self._process.kill()


class Jobs(QObject):
    """Starts jobs and knows which of them run."""

    started = Signal(object)  # Work

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._slots: dict[str, Job] = {}

    @property
    def running(self) -> tuple[Job, ...]:
        """The jobs that work right now."""
        return tuple(self._slots.values())

    def run(
        self,
        kind: str,
        payload: object,
        on_done: Done,
        on_failed: Failed | None = None,
        on_progress: Progress | None = None,
        timeout_ms: int = 0,
        slot: str = "",
        title: str = "",
    ) -> Job:
        """Run a job of the worker (``read``, ``layered``) and call back in this thread.

        ``timeout_ms`` 0 means no limit. A job that runs in the same ``slot`` (the kind, unless named) is cancelled.
        ``title`` names the work in messages and in the status bar.
        """
        slot = slot or kind
        self.cancel(slot)
        job = Job(kind, payload, timeout_ms, title or kind, self)
        self._slots[slot] = job
        job.done.connect(on_done)
        if on_failed is not None:
            job.failed.connect(on_failed)
        if on_progress is not None:
            job.progress.connect(on_progress)
        job.ended.connect(lambda: self._forget(slot, job))
        self.started.emit(job)
        job.start()
        return job

    def watch(self, work: Work) -> None:
        """Let work that needs no child process be seen and cancelled like the rest."""
        self.started.emit(work)

    def cancel(self, slot: str) -> None:
        """Stop what runs in a slot, if anything does."""
        if slot in self._slots:
            self._slots[slot].cancel()

    def stop(self) -> None:
        """Cancel everything and wait for the processes, before the window goes."""
        for job in self.running:
            job.cancel()
        for process in self.findChildren(QProcess):
            if process.state() != QProcess.ProcessState.NotRunning:
                process.waitForFinished(1000)

    def _forget(self, slot: str, job: Job) -> None:
        if self._slots.get(slot) is job:
            del self._slots[slot]
        process = job.findChild(QProcess)
        if process is not None and process.state() != QProcess.ProcessState.NotRunning:
            process.finished.connect(job.deleteLater)
        else:
            job.deleteLater()
