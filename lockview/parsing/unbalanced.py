"""Locks that are released, contended or freed though they should not be, and locks that are left held.

Source: print_unlock_imbalance_bug, print_lock_contention_bug, print_freed_lock_bug, print_held_locks_bug and
lockdep_sys_exit, kernel/locking/lockdep.c; process_one_work, kernel/workqueue.c.
"""

from __future__ import annotations

from lockview.model.reports import Report, Task
from lockview.model.stacks import Frame
from lockview.parsing.lines import Stream
from lockview.parsing.sections import Part, Title
from lockview.parsing.task_reader import TASK, Phrase, TaskReader, phrase_words
from lockview.parsing.tokens import Token, Word


class UnlockReader(TaskReader):
    """``bad unlock balance`` and ``bad contention``: the lock's bare name and where it was let go."""

    own_words = staticmethod(
        phrase_words(
            Phrase("release", " is trying to release lock (", TASK + r" is trying to release lock \((.{0,400}?)\) at:"),
            Phrase("contend", " is trying to contend lock (", TASK + r" is trying to contend lock \((.{0,400}?)\) at:"),
            Phrase("remark", "but there are no ", r"but (there are no (?:more )?locks (?:to release|held)!)"),
        )
    )

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self._name = self._remark = ""
        self._site: Frame | None = None
        self._contended = bool(title and "contention" in title.text)
        self.said = {"release": self._release, "contend": self._release, "remark": self._take_remark}

    def _release(self, token: Token) -> None:
        self.name_task(token)
        self._name = token.groups[3]
        self._contended = token.groups[0] == "contend"
        self.part = Part.WANTED

    def _take_remark(self, token: Token) -> None:
        self._remark = token.groups[1]
        self.part = Part.BETWEEN

    def take_frame(self, frame: Frame) -> bool:
        """A decoder repeats the line for each function inlined at the place; the last is the real one."""
        if self.part is not Part.WANTED:
            return super().take_frame(frame)
        if frame.function != "0x0":
            self._site = frame
        return True

    def there(self) -> dict[str, bool]:
        return {**super().there(), "wanted": bool(self._name)}

    def report(self) -> Report:
        from lockview.model.held_reports import UnlockReport

        return UnlockReport(
            **self.common(), name=self._name, site=self._site, remark=self._remark, contended=self._contended
        )


class FreedReader(TaskReader):
    """``held lock freed!``: the lock and the memory that it lies in."""

    always = ("wanted", "held-locks", "backtrace")
    own_words = staticmethod(
        phrase_words(
            Phrase(
                "freeing",
                " is freeing memory ",
                TASK + r" is freeing memory ([^\s-]{1,40})-([^\s,]{1,40}), with a lock still held there!",
            )
        )
    )

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self._first = self._last = ""
        self.said = {"freeing": self._freeing}

    def _freeing(self, token: Token) -> None:
        self.expect_lock(token)
        self._first, self._last = token.groups[3:]

    def report(self) -> Report:
        from lockview.model.held_reports import FreedReport

        values = self.common()
        return FreedReport(**values | {"wanted": None}, freed=self.wanted, first=self._first, last=self._last)


class ExitReader(TaskReader):
    """Locks held at task exit; since 3.x the title itself names the task."""

    own_words = staticmethod(
        phrase_words(Phrase("exiting", " is exiting with locks", TASK + r" is exiting with locks still held!"))
    )

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        if title and title.text.endswith("still has locks held!"):
            named = self.grow_title(rf"(?:\[ ?)?(?:WARNING|BUG|INFO): ?{TASK} ", "")
            if named:
                self.task = Task(named[0], int(named[1]))
        self.said = {"exiting": self.name_task}

    @property
    def has_body(self) -> bool:
        return bool(self.held_lists)

    def report(self) -> Report:
        from lockview.model.held_reports import LeftHeldReport

        self.task = self.task_of_parts()
        return LeftHeldReport(**self.common())


class ReturnReader(TaskReader):
    """Locks held on the way back to user space. It has no backtrace: it ends with the list of held locks."""

    always = ("held-locks",)
    own_words = staticmethod(
        phrase_words(
            Phrase("leaving", " is leaving the kernel", TASK + r" is leaving the kernel with locks still held!")
        )
    )
    _STRAY_AFTER_LIST = 4

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self.said = {"leaving": self.name_task}
        for word in (Word.BACKTRACE, Word.CPU, Word.CALL_TRACE, Word.FOREIGN, Word.FRAME, Word.END):
            self.handlers[word] = self._behind

    def _behind(self, token: Token) -> None:
        """What belongs to no report without a backtrace: behind the list somebody else's, before it in between."""
        if self.held_lists:
            self.finished = True
        else:
            self.repairs.passed_over(self.stream.span(token.start, token.end))

    def _other(self, token: Token) -> None:
        super()._other(token)
        if self.held_lists and self._stray > self._STRAY_AFTER_LIST:
            self.finished = True

    def report(self) -> Report:
        from lockview.model.held_reports import LeftHeldReport

        return LeftHeldReport(**self.common(), returning=True)


class WorkLeakReader(TaskReader):
    """A work function that came back with locks. The title ends with the worker and, until 6.9, the counters."""

    own_words = staticmethod(
        phrase_words(
            Phrase("function", "last function: ", r"last function: (\S{1,250})"),
            Phrase(
                "counters", "preempt=0x", r"(preempt=0x[0-9a-f]{1,8}(?: \w{1,8}=-?\d+->-?\d+){0,4}) workfn=(\S{1,250})"
            ),
        )
    )

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self._function = self._preempt = ""
        named = self.grow_title("", r" (.{1,64}?)(?:/(0x[0-9a-f]{1,8})/(\d{1,10})|\[(\d{1,10})\])(?= |$)")
        if named:
            self.task = Task(named[0], int(named[2] or named[3]))
            self._preempt = named[1] or ""
        self.said = {"function": self._take_function, "counters": self._counters}

    def _take_function(self, token: Token) -> None:
        self._function = token.groups[1]
        self.part = Part.BACKTRACE

    def _counters(self, token: Token) -> None:
        self._preempt, self._function = token.groups[1:]
        self.part = Part.BACKTRACE

    @property
    def has_body(self) -> bool:
        return bool(self._function)

    def report(self) -> Report:
        from lockview.model.held_reports import WorkLeakReport

        self.task = self.task_of_parts()
        return WorkLeakReport(**self.common(), function=self._function, preempt=self._preempt)
