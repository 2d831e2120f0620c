"""Lockups and stalls.  Source: kernel/watchdog.c, kernel/rcu/tree_stall.h, tree_exp.h, tasks.h, lib/nmi_backtrace.c."""

from __future__ import annotations

from typing import Any

from lockview.model.reports import ReportKind, Task
from lockview.model.stacks import EMPTY_STACK
from lockview.model.stall_reports import StallReport, StallStack
from lockview.parsing.backtraces import BacktraceReader, Ident
from lockview.parsing.bug_reader import compiled, own_token
from lockview.parsing.frames import frame_at
from lockview.parsing.hung_tasks import HungTaskReader
from lockview.parsing.irq_trace import IrqTraceReader, irq_trace_word
from lockview.parsing.lines import Stream
from lockview.parsing.sections import Part, Title
from lockview.parsing.tokens import Token, Word

SOFT_LOCKUP = (
    r"(?:watchdog: )?BUG: soft lockup (?:- |detected on )CPU#(?P<cpu>\d{1,5})(?: stuck for (?P<seconds>\d{1,10})s)?!"
    r"(?: ?\[(?P<comm>.{1,64}?):(?P<pid>\d{1,10})\])?"
)
HARD_LOCKUP = (
    r"(?:NMI )?(?:watchdog: )?(?:Watchdog detected hard LOCKUP on cpu ?(?P<cpu>\d{1,5})|CPU (?P<own>\d{1,5}) "
    r"self-detected hard LOCKUP @ \S{1,250}|CPU \d{1,5} detected hard LOCKUP on other CPUs (?P<others>[\d,-]{1,200}))"
)
RCU_STALL = (
    r"(?:rcu: )?INFO: (?:\w{1,40} (?:self-)?detected (?:expedited )?stalls? on (?:CPUs/tasks|CPU \d{1,5}|CPU|tasks)"
    r"|RCU detected CPU (?:\d{1,5} stall|stalls))"
    r"(?: ?:)?(?: ?\{[^{}]{0,400}\})?(?: (?:\d{1,5} ){1,64}(?=\())?(?: ?\((?:detected by \d{1,5}, )?t=[^()]{1,200}\))?"
    r"(?: \d{1,20} jiffies s: \d{1,20} root: \S{1,60})?"
)
_NMI = r"(NMI backtrace for cpu (\d{1,5})(?! skipped))"
_LABEL = r"(?:rcu: )?((?:RCU grace-period kthread stack dump|Stack dump where RCU GP kthread last ran):)"
_LINES = (
    r"\d{1,5}-[-.!A-Za-z]{2,8}: \(",  # the state of one CPU
    r"(?:\d{1,5}|[0-9a-f]{8,16}): (?:\(\d{1,10} (?:ticks|GPs)|[.A-Z]{2} nvcsw: )",
    r"Tasks blocked on level-\d",
    r"\((?:detected by \d{1,5}, )?t=\d",
    r"blocking rcu_node structures",
    r"\S{1,40} kthread (?:starved for \d|timer wakeup didn't happen)",
    r"Unless \S{1,40} kthread gets",
    r"(?:Possible timer handling issue|Non-existent tasks|All QSes seen)",
    r"INFO: Stall ended",
    r"\S{1,40} grace period number \d",
    r"NMI backtrace for cpu \d{1,5} skipped: ",
    r"Sending NMI (?:from|to) ",
    r"CPU#\d{1,5} Utilization every ",
    r"#\d{1,3}: ?\d{1,3}% system,",
    r"watchdog: CPU \d{1,5} (?:TB:|Hard LOCKUP)",
)
"""Beginnings of the sentences below the title, each of which fills its line."""
_SENTENCE = "(?:rcu: )?(?:" + "|".join(_LINES) + ")"
_STUCK = (
    r"(?:^|[ {])(\d{1,5})(?=-[-.!A-Za-z]{2,8}[: ])",
    r"^(\d{1,5}): \(\d",
    r"INFO: .* CPU (\d{1,5})(?: stall|$| \()",
)
_POINTER = r"(?:NIP|LR) \[[0-9a-f]{8,16}\] (?=\S)"
"""What 64-bit PowerPC prints for the interrupted function and its caller."""
_MOST_CPUS = 4096


def _own(stream: Stream, start: int, end: int) -> Token | None:
    text = stream.flat
    token = irq_trace_word(text, start, end)
    if token is None and start == stream.starts[stream.index(start)]:
        token = _stack_words(stream, start, end)
        if token is None and compiled(_SENTENCE).match(text, start, end):
            stop = min(stream.line_end(start), end)
            token = Token(Word.OWN, start, stop, ("line", text[start:stop].removeprefix("rcu: ")))
    return token


def _stack_words(stream: Stream, start: int, end: int) -> Token | None:
    """Words above the stack of one CPU or task."""
    text = stream.flat
    if text.startswith(("NIP [", "LR ["), start):
        return _pointer(stream, start, end)
    token = own_token(_NMI, "nmi", text, start, end)
    if token is None and text[start] in "rRS":
        token = own_token(_LABEL, "label", text, start, end)
    if token is None and text[start] not in "rb(":
        found = HungTaskReader.own_words(stream, start, end)
        token = found if found and found.groups[0] == "task" else None
    return token


def _in_braces(text: str) -> list[int]:
    """The CPUs that kernels before 4.19 list in the title: ``{ 0 3}``."""
    inside = text.partition("{")[2].partition("}")[0].split()
    return [int(word) for word in inside if word.isascii() and word.isdigit() and len(word) < 6]


def _in_ranges(text: str) -> list[int]:
    """The CPUs of ``2-3,7``."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first.isdigit() and len(first) < 6 and (not last or (last.isdigit() and len(last) < 6)):
            found += range(int(first), min(int(last or first), int(first) + _MOST_CPUS) + 1)
    return found[:_MOST_CPUS]


def _in_one_line(stream: Stream, title: Title | None) -> Title | None:
    """The title of a stall without the sentence in brackets that newer kernels print on a later line."""
    if title is None or "stall" not in title.text:
        return title
    stop = stream.line_end(title.start)
    inside = title.text.rfind(" (", 0, len(title.text))
    if stop >= title.end or inside < 0 or title.start + inside < stop:
        return title
    return Title(title.text[: stop - title.start].rstrip(), title.start, stop)


def _pointer(stream: Stream, start: int, end: int) -> Token | None:
    match = compiled(_POINTER).match(stream.flat, start, end)
    read = frame_at(stream, match.end(), end) if match else None
    if read is None:
        return None
    # The caller stands in the stack as well.
    frame = read.frame if stream.flat[start] == "N" else None
    return Token(Word.REGISTERS, start, read.end, frame=frame)


class _Open:
    """A stack that is being read."""

    def __init__(self, stream: Stream, label: str = "", cpu: int | None = None) -> None:
        self.label, self.cpu = label, cpu
        self.task: Task | None = None
        self.state = ""
        self.trace = BacktraceReader(stream)
        self.token: Token | None = None


class StallReader(IrqTraceReader):
    """Reads the kernel's sentences and all stacks that follow."""

    own_words = staticmethod(_own)

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, _in_one_line(stream, title), start, end)
        self._lines: list[str] = []
        self._stacks = [_Open(stream)]
        self.backtrace = self._stacks[0].trace
        self._title = self._read_title()
        self.handlers[Word.HARDWARE] = self.handlers[Word.WORKQUEUE] = self._head
        if self._title.get("comm"):
            self.task = Task(self._title["comm"], int(self._title["pid"]))

    def _read_title(self) -> dict[str, Any]:
        for group, pattern in (
            (ReportKind.SOFT_LOCKUP, SOFT_LOCKUP),
            (ReportKind.HARD_LOCKUP, HARD_LOCKUP),
            (ReportKind.RCU_STALL, RCU_STALL),
        ):
            match = compiled(pattern).fullmatch(self.title_text)
            if match:
                return {"group": group, **match.groupdict()}
        return {"group": ReportKind.RCU_STALL}

    # -- the family's own words -----------------------------------------------------------------------------------

    def fact(self, token: Token) -> None:
        what, *values = token.groups
        match what:
            case "nmi":
                self._begin(values[0], int(values[1]), token)
            case "label":
                self._begin(values[0], None, token)
            case "task":
                self._task_line(Task(values[0], int(values[2])), values[1], token)
            case "line":
                self._lines.append(values[0])
                self.part = Part.BETWEEN
            case _:
                self.irq_fact(token)

    def _begin(self, label: str, cpu: int | None, token: Token) -> None:
        """Begin another stack; words above one that has nothing yet are its label."""
        current = self._stacks[-1]
        if current.trace.frames or current.task or current.label or label:
            current = _Open(self.stream, label, cpu)
            self._stacks.append(current)
            self.backtrace = current.trace
        current.token = token
        self.part = Part.BETWEEN

    def _task_line(self, task: Task, state: str, token: Token) -> None:
        current = self._stacks[-1]
        if current.trace.frames or current.task or current.cpu is not None or not current.label:
            self._begin("", None, token)
        current = self._stacks[-1]
        current.task, current.state = task, state
        current.token = current.token or token

    # -- the shared parts, as they stand here ---------------------------------------------------------------------

    def _cpu(self, token: Token) -> None:
        current = self._stacks[-1]
        if current.trace.frames or current.task:
            self._begin("", None, token)
            current = self._stacks[-1]
        cpu, pid, comm = token.groups[:3]
        current.task = Task(comm, int(pid))
        current.cpu = int(cpu) if cpu else current.cpu
        current.token = current.token or token
        current.trace.start(token)
        current.trace.take_head(token)
        self.part = Part.BACKTRACE

    def _head(self, token: Token) -> None:
        self._stacks[-1].trace.take_head(token)

    def _call_trace(self, token: Token) -> None:
        self.part = Part.BACKTRACE
        self._stacks[-1].trace.start(token)

    def _tag(self, token: Token) -> None:
        closing, name = token.groups
        self._stacks[-1].trace.tag(bool(closing), name)

    def _registers(self, token: Token) -> None:
        """The first line of registers names the interrupted function; those of user space name none."""
        if token.frame and not token.frame.function.startswith("0x"):
            self._stacks[-1].trace.add(token.frame)

    def _held_head(self, token: Token) -> None:
        self.held_lists.start(token)
        self.part = Part.HELD_LIST

    def _end(self, token: Token) -> None:
        """``---[ end trace`` ends the WARN that told of a hard lockup; stacks of other CPUs may follow."""

    def _foreign(self, token: Token) -> None:
        if self.has_stack:
            self.finished = True
        else:
            super()._foreign(token)

    # -- results --------------------------------------------------------------------------------------------------

    @property
    def has_stack(self) -> bool:
        """Whether any stack was read."""
        return any(one.trace.frames for one in self._stacks)

    @property
    def has_body(self) -> bool:
        return bool(self.has_stack or self._lines or self.events or self.held_lists) or super().has_body

    def report(self) -> StallReport:
        named = [one.trace.ident() for one in self._stacks]
        self.ident = next((ident for ident in named if ident.kernel), Ident("", "", ""))
        shared = self.common(*(() if self.has_stack else ("backtrace",))) | {"held_locks": None}
        seconds = self._title.get("seconds")
        return StallReport(
            **shared,
            group=self._title["group"],
            cpus=self._cpus(),
            seconds=int(seconds) if seconds else None,
            lines=tuple(self._lines),
            stacks=tuple(self._stack(one) for one in self._stacks if one.trace.frames or one.task),
            lists=self.held_lists.of_all(),
            event_stamp=self.stamp,
            irq_events=tuple(self.events),
        )

    def _cpus(self) -> tuple[int, ...]:
        """The CPUs that are stuck: of a lockup the title tells, of a stall also the lines below it."""
        named = (self._title.get(name) for name in ("cpu", "own"))
        found = [*(int(cpu) for cpu in named if cpu), *_in_ranges(self._title.get("others") or "")]
        if self._title["group"] is ReportKind.RCU_STALL:
            for text in (self.title_text, *self._lines):
                for pattern in _STUCK:
                    found += [int(cpu) for cpu in compiled(pattern).findall(text)]
            found += _in_braces(self.title_text)
        return tuple(dict.fromkeys(found))

    def _stack(self, one: _Open) -> StallStack:
        trace = one.trace.backtrace()
        span = self.stream.span(one.token.start, one.token.end) if one.token else self.span
        if trace is None:
            return StallStack(one.label, one.cpu, one.task, one.state, span=span)
        return StallStack(
            one.label,
            one.cpu,
            one.task,
            one.state,
            trace.stack or EMPTY_STACK,
            trace.hardware,
            trace.workqueue,
            span.joined(trace.stack.span) if one.token else trace.stack.span,
        )
