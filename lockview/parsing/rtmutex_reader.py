"""Deadlocks of mutexes and rt_mutexes, as the debugging code of the locks itself reports them.

Source: debug_rt_mutex_print_deadlock and printk_lock, kernel/locking/rtmutex-debug.c (2.6.18 to 5.14);
report_deadlock, kernel/mutex-debug.c (2.6.16, 2.6.17); check_deadlock, kernel/rt.c of the realtime patches;
rt_mutex_handle_deadlock, kernel/locking/rtmutex.c (5.15 and later).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lockview.model.debug_reports import LockOwner, MutexDeadlockReport
from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import HeldLocks, Report, Task
from lockview.model.stacks import EMPTY_STACK, Frame
from lockview.model.text import Span
from lockview.parsing.backtraces import BacktraceReader
from lockview.parsing.frames import frame_at
from lockview.parsing.lines import Stream
from lockview.parsing.sections import Part, Title
from lockview.parsing.task_reader import TASK, Phrase, TaskReader, compiled, phrase_words
from lockview.parsing.tokens import Token, Word

_TASK = r"((?:(?!---|===|\+0x| \[|\) ).){1,64}?)/(\d{1,10})"
"""A task; what may stand before it in a text without line breaks is no part of its name."""
_ADDRESS = r"((?:0x)?[0-9a-f]{8,16}|\([_a-z]{0,8}ptrval[_a-z]{0,8}\))"
_LOCK = rf"\[{_ADDRESS}\](?: \{{(.{{1,300}}?)\}}|(?! \[| \S{{1,200}}\+0x))(?= |$)"
"""What has neither a name nor a line of its own is the address of a frame."""
_TAINT = r"(Not tainted|Tainted:(?: (?:[A-Z]{1,12}|-{1,12})(?= |$))*)"
_HELD_BY = r"\.{1,3} ?held by: ?(?:<none>|(.{1,64}?)[:/] ?(\d{1,10}) \[" + _ADDRESS + r", ?(-?\d{1,5})\])"
_BANNER = r"WARNING: (?:CPU: \d{1,5} PID: \d{1,10} )?at [^\s:]{1,250}:\d{1,7} \S{1,250}"
_NEW_BANNER = r"WARNING: [^\s:]{1,250}:\d{1,7} at \S{1,250}, CPU#\d{1,5}: .{1,64}?/\d{1,10}"
_STACK_WORDS = r"(?:[0-9a-f]{16} ){2}[0-9a-f]{16}(?: [0-9a-f]{16})?(?= |$)|[0-9a-f]{8}(?: [0-9a-f]{8}){3,7}(?= |$)"
lock_phrases = (
    Phrase("lock", "[", _LOCK),
    Phrase("owner-word", "->owner:", rf"\.{{1,3}} ?->owner: {_ADDRESS}"),
    Phrase("held-by", "held by:", _HELD_BY),
    Phrase("acquired", "acquired at:", r"\.{1,3} ?acquired at:"),
)
_words = phrase_words(
    *lock_phrases,
    Phrase("number", ") ", r"[12]\) (?=(?:(?! is ).){1,80} is (?:trying to acquire|blocked on) this lock:)"),
    Phrase("but", "but ", r"but (?=\S.{0,90} is deadlocking current)"),
    Phrase(
        "deadlocking", " is deadlocking current task ", _TASK + r" is deadlocking current task (.{1,64}?)/(\d{1,10})!?"
    ),
    Phrase("wants", " is trying to acquire this lock:", _TASK + r" is trying to acquire this lock:"),
    Phrase("blocked", " is blocked on this lock:", _TASK + r" is blocked on this lock:"),
    Phrase("already", "already locked:", r"already locked:"),
    Phrase("trying", "trying at:", r"\.{1,3} ?trying at:"),
    Phrase(
        "list",
        "showing all locks held by:",
        rf"\| showing all locks held by: \| \({_TASK} \[{_ADDRESS}, ?-?\d{{1,5}}\]\):",
    ),
    Phrase("entry", "#", r"#(\d{3}): (?=\[)"),
    Phrase("dump", "stackdump:", _TASK + r"'s \[(blocked|current)\] stackdump:"),
    Phrase("current", "current task's backtrace", r"-\{current task's backtrace\}-{3,40}>"),
    Phrase(
        "over",
        "turning off deadlock detection",
        r"\[ turning off deadlock detection\. ?Please report this(?: trace)?\. \]",
    ),
    Phrase("banner", "WARNING: ", f"({_BANNER})"),
    Phrase("banner", "WARNING: ", f"({_NEW_BANNER})"),
    Phrase("taint", "ainted", _TAINT),
    Phrase("raw", " ", _STACK_WORDS),
    Phrase("raw", "(", r"\(-?\d{1,10}\)(?= |$)"),
)
_BEGIN_WITH_TASK = ("deadlocking", "wants", "blocked", "dump")
_LONGEST_FRAME = 400
_ANGLED = r"<([0-9a-f]{8,16})> (?=[^\s+]{1,200}\+0x)"


def _deadlock_words(stream: Stream, start: int, end: int) -> Token | None:
    """A word of these reports, or a frame as 2.6.17 prints it: ``<c0123456> foo+0x1/0x2``."""
    angled = compiled(_ANGLED).match(stream.flat, start, end) if stream.flat[start] == "<" else None
    read = frame_at(stream, angled.end(), end) if angled else None
    if angled and read:
        return Token(Word.FRAME, start, read.end, frame=replace(read.frame, address=angled[1]))
    token = _words(stream, start, end)
    if token and token.groups[0] in _BEGIN_WITH_TASK and start + len(token.groups[1]) >= stream.line_end(start):
        token = None  # the name of a task does not reach over the end of its line
    return token or _last_frame(stream, start, end)


def _last_frame(stream: Stream, start: int, end: int) -> Token | None:
    """A frame above the heading of the next stack, whose task (``kworker/u4:1``) looks like a place in a file."""
    heading = stream.flat.find("stackdump:", start, min(end, start + _LONGEST_FRAME))
    limit = stream.starts[stream.index(heading)] if heading >= 0 else start
    read = frame_at(stream, start, limit) if limit > start else None
    return Token(Word.FRAME, start, read.end, frame=read.frame) if read else None


class DebugLockReader(TaskReader):
    """Reads locks as ``printk_lock`` prints them: the lock, its owner, and where it was taken."""

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self._expected = ""
        self.locks: dict[str, HeldLock] = {}
        self.owners: dict[str, LockOwner] = {}
        self.said |= {
            "lock": self._debug_lock,
            "owner-word": self._owner_word,
            "held-by": self._held_by,
            "acquired": lambda token: self._place_follows(token, self._acquired),
        }
        self.handlers[Word.DROPPED] = self._lost

    def _lost(self, token: Token) -> None:
        self._expected = ""
        self._dropped(token)

    def expect(self, what: str) -> None:
        """The next lock is this one."""
        self._expected = what
        self.part = Part.BETWEEN

    def _debug_lock(self, token: Token) -> None:
        known = self._expected in self.locks or self._expected in self.owners
        if not self._expected or known:
            self._expected = ""  # the line that says whose lock this is was lost
            self._other(token)
            return
        _, address, name = token.groups
        span = self.stream.span(token.start, token.end)
        self.locks[self._expected] = debug_lock(address, name, span)

    def _owner(self, token: Token, **facts: Any) -> None:
        if self._expected:
            owner = self.owners.get(self._expected, LockOwner())
            span = owner.span.joined(self.stream.span(token.start, token.end))
            self.owners[self._expected] = replace(owner, **facts, span=span)

    def _owner_word(self, token: Token) -> None:
        self._owner(token, word=token.groups[1].strip("()"))

    def _held_by(self, token: Token) -> None:
        _, comm, pid, address, priority = token.groups
        owner = self.owners.get(self._expected)
        if pid and not (owner and owner.task):
            self._owner(token, task=Task(comm, int(pid)), address=address.strip("()"), priority=int(priority))

    def _place_follows(self, token: Token, take: Any) -> None:
        self._site_for, self._site_from = take, token.end

    def _acquired(self, frame: Frame) -> None:
        if self._expected:
            owner = self.owners.get(self._expected, LockOwner())
            self.owners[self._expected] = replace(owner, acquired_at=frame, span=owner.span.joined(frame.span))


def debug_lock(address: str, name: str, span: Span) -> HeldLock:
    """A lock; one without a name is called by its address."""
    address = address.strip("()")
    return HeldLock(LockClass(name or address), instance=address, span=span)


class MutexDeadlockReader(DebugLockReader):
    """Adds who wants which lock, who is blocked on which, and their stacks."""

    always = ("wanted", "held", "backtrace")
    own_words = staticmethod(_deadlock_words)

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        if title:
            self.title = title._replace(text=title.text.strip(" []|"))
        self._taint = self._banner = ""
        self._blocked: Task | None = None
        self._dumps: dict[str, BacktraceReader] = {}
        self._lists: list[tuple[Task, Span, list[HeldLock]]] = []
        self._entry = 0
        self.handlers[Word.HARDWARE] = self.handlers[Word.WORKQUEUE] = lambda token: self.backtrace.take_head(token)
        self.handlers[Word.PART] = self._part_tag
        self.handlers[Word.LOCKDEP_OFF] = self._off
        self.said |= {
            "deadlocking": self._deadlocking,
            "wants": self._wants_lock,
            "blocked": self._is_blocked,
            "already": lambda token: self.expect("wanted"),  # noqa: ARG005 - a handler
            "trying": lambda token: self._place_follows(token, self._trying),
            "list": self._old_list,
            "entry": self._old_entry,
            "dump": self._dump,
            "current": lambda token: self._begin_dump(token, "current"),
            "over": self._over,
            "banner": self._take_banner,
            "taint": self._take_taint,
            "number": self.between,
            "but": self.between,
            "raw": self._ignore,
        }

    # -- who and what ---------------------------------------------------------------------------------------------

    def _deadlocking(self, token: Token) -> None:
        _, comm, pid, current, current_pid = token.groups
        self._blocked = self._blocked or Task(comm, int(pid))
        self.task = self.task or Task(current, int(current_pid))
        self.part = Part.BETWEEN

    def _wants_lock(self, token: Token) -> None:
        self.name_task(token)
        self.expect("wanted")

    def _is_blocked(self, token: Token) -> None:
        self._blocked = self._blocked or Task(token.groups[1], int(token.groups[2]))
        self.expect("blocked")

    def _trying(self, frame: Frame) -> None:
        lock = self.locks.get(self._expected)
        if lock:
            self.locks[self._expected] = replace(lock, site=frame, span=lock.span.joined(frame.span))

    def _take_banner(self, token: Token) -> None:
        self._banner = self._banner or token.groups[1]
        self.part = Part.BETWEEN

    def _enters_backtrace(self, token: Token) -> bool:
        """Behind the banner of a WARN registers stand between the head of the backtrace and its frames."""
        if not self._banner or self.backtrace.frames:
            return super()._enters_backtrace(token)
        self.part = Part.BACKTRACE if token.word is Word.CALL_TRACE else self.part
        self.backtrace.start(token)
        return True

    def _take_taint(self, token: Token) -> None:
        if self.part is Part.TITLE and not self._taint:
            self._taint = token.groups[1]
        else:
            self._other(token)

    # -- lists of held locks in the form before lockdep ------------------------------------------------------------

    def _old_list(self, token: Token) -> None:
        self._lists.append((Task(token.groups[1], int(token.groups[2])), self.stream.span(token.start, token.end), []))
        self._expected = ""
        self.part = Part.BETWEEN

    def _old_entry(self, token: Token) -> None:
        self._entry = int(token.groups[1])
        self._expected = f"#{len(self._lists)}/{self._entry}" if self._lists else ""

    def _debug_lock(self, token: Token) -> None:
        super()._debug_lock(token)
        lock = self.locks.get(self._expected)
        if self._lists and lock and self._expected.startswith("#"):
            self._lists[-1][2].append(replace(lock, index=self._entry))

    def _acquired(self, frame: Frame) -> None:
        super()._acquired(frame)
        locks = self._lists[-1][2] if self._lists and self._expected.startswith("#") else []
        if locks:
            locks[-1] = replace(locks[-1], site=frame, span=locks[-1].span.joined(frame.span))

    def _held_of(self, task: Task | None) -> HeldLocks | None:
        if task is None:
            return None
        for held in self.held_lists.of_all():
            if held.task.pid == task.pid:
                return held
        for owner, span, locks in self._lists:
            if owner.pid == task.pid:
                return HeldLocks(owner, len(locks), tuple(locks), span.joined(locks[-1].span) if locks else span)
        return None

    # -- stacks ---------------------------------------------------------------------------------------------------

    def _dump(self, token: Token) -> None:
        self._begin_dump(token, token.groups[3])

    def _begin_dump(self, token: Token, which: str) -> None:
        self.backtrace = BacktraceReader(self.stream)
        self._dumps[which] = self.backtrace
        self.backtrace.start(token)
        self._expected = ""
        self.part = Part.BACKTRACE

    def _part_tag(self, token: Token) -> None:
        """The end of the task's part ends the report only in the last of its stacks."""
        self._tag(token)
        if self._dumps and "current" not in self._dumps:
            self.finished = False

    def _over(self, token: Token) -> None:
        self.last = token.end
        self.finished = True

    def _off(self, token: Token) -> None:
        """The words stand for each of the lists that would be here; one note is enough."""
        if not self.lockdep_off:
            self._lockdep_off(token)

    # -- results --------------------------------------------------------------------------------------------------

    @property
    def has_body(self) -> bool:
        return bool(self._banner or "wanted" in self.locks or "blocked" in self.locks)

    def there(self) -> dict[str, bool]:
        needs_blocked = self._blocked is not None
        dumped = self._dumps.get("blocked")
        return {
            **super().there(),
            "wanted": "wanted" in self.locks or bool(self._banner),
            "held": "blocked" in self.locks or not needs_blocked,
            "backtrace": bool(self._current().frames) and (not needs_blocked or bool(dumped and dumped.frames)),
        }

    def _current(self) -> BacktraceReader:
        if not self._dumps:
            return self.backtrace
        return self._dumps.get("current") or BacktraceReader(self.stream)

    def report(self) -> Report:
        owner = self.owners.get("wanted")
        if self.task is None and not self._banner and owner:
            self.task = owner.task  # it holds already what it wants: the wording names it only as the owner
        self.backtrace = self._current()
        self.task = self.task_of_parts()
        self.wanted = self.locks.get("wanted")
        blocked = self._dumps.get("blocked")
        trace = blocked.backtrace() if blocked else None
        values = self.common()
        return MutexDeadlockReport(
            **values | {"held_locks": self._held_of(self.task), "taint": values["taint"] or self._taint},
            wanted_owner=owner,
            blocked=self._blocked,
            blocked_lock=self.locks.get("blocked"),
            blocked_owner=self.owners.get("blocked"),
            blocked_held=self._held_of(self._blocked),
            blocked_stack=trace.stack if trace else EMPTY_STACK,
            lockdep_off=self.lockdep_off,
            banner=self._banner,
        )


class DebugExitReader(DebugLockReader):
    """``BUG: comm/pid, lock held at task exit time!`` of the mutex debugging code: one lock, no stack.

    Source: mutex_debug_check_no_locks_held, kernel/mutex-debug.c (2.6.16, 2.6.17).
    """

    always = ()
    own_words = staticmethod(
        phrase_words(*lock_phrases, Phrase("not-owner", "exiting task", r"exiting task is not even the owner\?\?"))
    )

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self.said["not-owner"] = self._over
        self.expect("held")
        named = self.grow_title(rf"BUG:? ?{TASK}", "")
        if named:
            self.task = Task(named[0], int(named[1]))

    def _over(self, token: Token) -> None:
        self.last = token.end
        self.finished = True

    def _acquired(self, frame: Frame) -> None:
        super()._acquired(frame)
        self.finished = True

    @property
    def has_body(self) -> bool:
        return self.task is not None and "held" in self.locks

    def report(self) -> Report:
        from lockview.model.held_reports import LeftHeldReport

        owner = self.owners.get("held", LockOwner())
        assert self.task
        lock = replace(self.locks["held"], site=owner.acquired_at, index=0)
        values = self.common()
        return LeftHeldReport(**values | {"held_locks": HeldLocks(self.task, 1, (lock,), lock.span)})
