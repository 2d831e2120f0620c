"""Two messages about rt_mutexes and ww_mutexes that are no deadlock: a chain that is too long, a missing backoff.

Source: rt_mutex_adjust_prio_chain, kernel/locking/rtmutex.c; __drm_stack_depot_print,
drivers/gpu/drm/drm_modeset_lock.c.
"""

from __future__ import annotations

from lockview.model.reports import ReportKind, Task
from lockview.parsing.lines import Stream
from lockview.parsing.sections import Part, Title
from lockview.parsing.task_reader import compiled
from lockview.parsing.validator import ValidatorReader

_TASK = r"reached task: (.{1,64}) \((\d{1,10})\)$"


class LockDepthReader(ValidatorReader):
    """``Maximum lock depth 1024 reached task: comm (pid)``: one line, which names the task that was to be boosted."""

    group = ReportKind.LIMIT
    always = ()

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        named = compiled(_TASK).search(title.text) if title else None
        if named:
            self.task = Task(named[1], int(named[2]))

    def walk(self) -> None:
        """Nothing follows that belongs to it."""
        self.finished = True

    @property
    def has_body(self) -> bool:
        return self.task is not None


class BackoffReader(ValidatorReader):
    """``attempting to lock a contended lock without backoff:`` and the stack of the lock that was contended."""

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self.part = Part.BACKTRACE

    @property
    def has_body(self) -> bool:
        return bool(self.backtrace.frames)
