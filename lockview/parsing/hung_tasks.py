"""Hung tasks.  Source: check_hung_task, debug_show_blocker, kernel/hung_task.c; sched_show_task, sched/core.c."""

from __future__ import annotations

from typing import NamedTuple

from lockview.model.reports import Task
from lockview.model.stacks import EMPTY_STACK, Frame
from lockview.model.wait_reports import Blocker, HungTaskReport, TaskDump
from lockview.parsing.backtraces import BacktraceReader, Ident
from lockview.parsing.bug_reader import BugReader, compiled, own_token
from lockview.parsing.lines import Stream
from lockview.parsing.sections import Part, Title
from lockview.parsing.tokens import Token, Word

TITLE = (
    r"INFO: task (?P<comm>(?:(?!INFO: ).){1,64}?):(?P<pid>\d{1,10}) blocked (?:in I/O wait )?for more than "
    r"(?P<seconds>\d{1,10}) seconds?\.?"
)
_BLOCKER = (
    r"INFO: task (.{1,64}?):(\d{1,10})(?: <(reader|writer)>)? (?:is )?blocked on an? (mutex|semaphore|rw-semaphore)"
    r"(?: likely (?:last held|owned) by task (.{1,64}?):(\d{1,10})(?=[. ]|$)(?: <(reader|writer)>)?\.?"
    r"|, but the (?:owner|last holder) is not found\.?)"
)
_TASK = (  # 5.9 and later
    r"task:(.{1,64}?) state:([A-Za-z])(?: running task)? stack: ?\d{1,10} pid: ?(\d{1,10})(?: tgid: ?\d{1,10})?"
    r"(?: ppid: ?-?\d{1,10})?(?: task_flags:0x[0-9a-f]{1,16})?(?: flags:0x[0-9a-f]{1,16})?"
)
_COLUMNS = (  # before: comm, state, an address until 4.8, free stack, pid, parent, flags
    r"(\S.{0,30}?) ([RSDTtXZPI]) ?(?:(?:running task|[0-9a-f]{8}|[0-9a-f]{16}) )?\d{1,8} (\d{1,10}) \d{1,10} "
    r"(?:\d{1,10} ){0,2}(?:0x[0-9a-f]{8,16}|\((?:NOTLB|L-TLB)\))"
)
_IDENT = r"(Not tainted|Tainted:(?: (?:[A-Z]{1,12}|-{1,12})(?= ))*) ([^\s\[]\S{0,199})(?: (#\S{1,40}))?"
_ECHO = r'"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this(?: message)?\.?'
_STACK_WORDS = r"(?:[0-9a-f]{16} ){3}[0-9a-f]{16}|(?:[0-9a-f]{8} ){7}[0-9a-f]{8}"
_BY_FIRST = {
    "I": ("blocker", _BLOCKER),
    "t": ("task", _TASK),
    "N": ("ident", _IDENT),
    "T": ("ident", _IDENT),
    '"': ("echo", _ECHO),
}


def _own(stream: Stream, start: int, end: int) -> Token | None:
    text = stream.flat
    known = _BY_FIRST.get(text[start])
    token = own_token(known[1], known[0], text, start, end) if known else None
    if token is None and start == stream.starts[stream.index(start)]:
        token = own_token(_COLUMNS, "task", text, start, end) or own_token(_STACK_WORDS, "stack", text, start, end)
    return token


class _Dump(NamedTuple):
    task: Task
    state: str
    backtrace: BacktraceReader
    token: Token | None


class HungTaskReader(BugReader):
    """Adds the dump of the hung task, who seems to block it, and the dumps of those."""

    own_words = staticmethod(_own)

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        match = compiled(TITLE).fullmatch(self.title_text)
        self._seconds = int(match["seconds"]) if match else 0
        self.task = Task(match["comm"], int(match["pid"])) if match else None
        self._dumps: list[_Dump] = []
        self._blockers: list[Blocker] = []
        self._message = False
        self.handlers[Word.WORKQUEUE] = self._head
        self.handlers[Word.HARDWARE] = self._head

    # -- the family's own words -----------------------------------------------------------------------------------

    def fact(self, token: Token) -> None:
        what, *values = token.groups
        match what:
            case "task":
                self._task_line(token, Task(values[0], int(values[2])), values[1])
            case "blocker":
                self._blocker(token, values)
            case "ident" if not self.ident.kernel:
                self.ident = Ident(values[1], values[2], values[0])
            case "echo":
                self._message = True

    def _task_line(self, token: Token, task: Task, state: str) -> None:
        owners = {blocker.owner.pid for blocker in self._blockers if blocker.owner}
        if self._dumps or self.backtrace.frames:
            if task.pid not in owners or any(dump.task.pid == task.pid for dump in self._dumps):
                self.finished = True
                return
            if not self._dumps:
                self._dumps.append(self._nameless())
            self.backtrace = BacktraceReader(self.stream)
        self._dumps.append(_Dump(task, state, self.backtrace, token))
        self.part = Part.BETWEEN

    def _nameless(self) -> _Dump:
        return _Dump(self.task or Task("", 0), "", self.backtrace, None)

    def _blocker(self, token: Token, values: list[str]) -> None:
        waiter = Task(values[0], int(values[1]))
        if self.task and waiter.pid != self.task.pid:
            self.finished = True
            return
        owner = Task(values[4], int(values[5])) if values[5] else None
        span = self.stream.span(token.start, token.end)
        self._blockers.append(Blocker(waiter, values[3], owner, values[2], values[6], span))
        self.part = Part.BETWEEN

    # -- the shared parts, as they stand here ---------------------------------------------------------------------

    def _head(self, token: Token) -> None:
        if not self.backtrace.frames:
            self.backtrace.take_head(token)

    def _cpu(self, token: Token) -> None:
        """The head of a backtrace of somebody else: a task's dump has none."""
        self._foreign(token)

    def _tag(self, token: Token) -> None:
        closing, name = token.groups
        self.backtrace.tag(bool(closing), name)
        if closing and name == "TASK" and self.backtrace.frames:
            self.part = Part.BETWEEN

    def take_frame(self, frame: Frame) -> bool:
        if self.part is Part.BETWEEN and self.backtrace.frames:
            return False
        return super().take_frame(frame)

    def _held_head(self, token: Token) -> None:
        """Until 3.x the hung task's own locks stand below its stack."""
        if self.held_lists or not self.task or token.groups[3] != str(self.task.pid):
            self.finished = True
            return
        self.held_lists.start(token)
        self.part = Part.HELD_LIST

    # -- results --------------------------------------------------------------------------------------------------

    @property
    def has_body(self) -> bool:
        body = self.ident.kernel or self._message or self._dumps or self._blockers or self.backtrace.frames
        return bool(body) or super().has_body

    def report(self) -> HungTaskReport:
        if not self._dumps and self.backtrace.frames:
            self._dumps.append(self._nameless())
        dumps = [self._dump(dump) for dump in self._dumps]
        missing = () if dumps and dumps[0].stack.frames else ("backtrace",)
        return HungTaskReport(
            **self.common(*missing),
            seconds=self._seconds,
            dump=dumps[0] if dumps else None,
            blockers=tuple(self._blockers),
            others=tuple(dumps[1:]),
            lockdep_off=self.lockdep_off,
        )

    def _dump(self, dump: _Dump) -> TaskDump:
        trace = dump.backtrace.backtrace()
        span = self.stream.span(dump.token.start, dump.token.end) if dump.token else self.span
        if trace is None:
            return TaskDump(dump.task, dump.state, span=span)
        span = span.joined(trace.stack.span) if dump.token else trace.stack.span
        return TaskDump(dump.task, dump.state, trace.stack or EMPTY_STACK, trace.workqueue, span)
