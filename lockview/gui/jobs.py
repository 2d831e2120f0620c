"""Long work in child processes: which of it runs, what it is called, and how it is stopped.

A job is one process; killing it is how it is cancelled. Jobs have a slot: a new job takes the place of the one that
runs in its slot, so the newest request wins and an old answer never arrives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from lockview.gui.child import Job

Done = Callable[[Any], None]
Failed = Callable[[str], None]
Progress = Callable[[int, int], None]


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

    def wait(self) -> None:
        """Do not come back before nothing of it runs any more."""


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
        on_news: Done | None = None,
    ) -> Job:
        """Run a job of the worker (``read``, ``layered``) and call back in this thread.

        ``on_news`` gets the parts of the answer that come before its end.

        ``timeout_ms`` 0 means no limit. A job that runs in the same ``slot`` (the kind, unless named) is cancelled.
        ``title`` names the work in messages and in the status bar.
        """
        from lockview.gui.child import Job

        slot = slot or kind
        self.cancel(slot)
        job = Job(kind, payload, timeout_ms, title or kind, self)
        job.call_back(on_done, on_failed, on_progress, on_news)
        self.started.emit(job)
        self.keep(job, slot)
        return job

    def keep(self, job: Job, slot: str) -> None:
        """Start a job in a slot without anybody being told that it works; it is cancelled and stopped like the rest."""
        self._slots[slot] = job
        job.ended.connect(self._forget)
        job.start()

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
        for work in self.findChildren(Work):
            work.wait()

    def _forget(self) -> None:
        """Let go of the jobs that are over.

        WORKAROUND: no slot that a job's own signal keeps alive may hold the job, or PySide frees it in the middle of
        Qt's destructor and crashes. So this looks for it.
        """
        for slot, job in tuple(self._slots.items()):
            if not job.running:
                del self._slots[slot]
                job.go()
