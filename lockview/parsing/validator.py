"""What lockdep says about itself: keys that are not static, tables that are full, checks of its own that failed.

Source: assign_lock_key, print_lockdep_off, look_up_lock_class, print_collision and the WARNs of
kernel/locking/lockdep.c; DEBUG_LOCKS_WARN_ON, include/linux/debug_locks.h.
"""

from __future__ import annotations

from lockview.model.reports import Report, ReportKind
from lockview.parsing.lines import Stream
from lockview.parsing.locks import lock_at
from lockview.parsing.sections import Part, Title
from lockview.parsing.task_reader import TASK, Phrase, TaskReader, compiled, phrase_words
from lockview.parsing.tokens import Token, Word

_LINK = r"(?:hlock_id|class_idx):\d{1,8} -> chain_key:[0-9a-f]{16,40} ?"
_BANNER = r"WARNING: (?:CPU: \d{1,5} PID: \d{1,10} )?at [^\s:]{1,250}:\d{1,7} \S{1,250}"
_NEW_BANNER = r"WARNING: [^\s:]{1,250}:\d{1,7} at \S{1,250}, CPU#\d{1,5}: .{1,64}?/\d{1,10}"
_CUT_HERE = "[ cut here ]"
_LOST = r"(?:class \S{1,200}|list entry \d{1,7}) is not in any class list"
_LOST_WITHIN = 300
_REASON = r"---\[ end trace [^\]]{0,40}\]-{0,3} (possible reason: unannotated irqs-o(?:n|ff)\.)"
_SET_AT = r".{0,2} set at \[<[0-9a-f]{0,16}>\] \S{1,250}"
"""A wrap may stand in the middle of it."""
_BANNER_WITHIN = 600
_MAX_EXPRESSION = 400
_BEFORE_COLLISION = 12_000
_words = phrase_words(
    Phrase(
        "sentence",
        "he code is fine but needs lockdep annotation",
        r"([Tt]he code is fine but needs lockdep annotation(?:\.|, or maybe))",
    ),
    Phrase("sentence", "you didn't initialize this", r"(you didn't initialize this object before use\?)"),
    Phrase("sentence", "turning off the locking", r"(turning off the locking correctness validator\.)"),
    Phrase("sentence", "Please attach", r"(Please attach the output of /proc/lock_stat to the bug report\.?)"),
    Phrase("sentence", "depth: ", r"(depth: \d{1,5} (?:max: \d{1,5}!|\(irq_context \d{1,3}\)))"),
    Phrase("sentence", "Held locks:", r"(Held locks:)"),
    Phrase("sentence", "Locks in cached chain:", r"(Locks in cached chain:)"),
    Phrase("sentence", " is not in any class list", f"({_LOST})"),
    Phrase("sentence", "possible reason: ", r"(possible reason: unannotated irqs-o(?:n|ff)\.)"),
    Phrase("banner", "WARNING: ", f"({_BANNER})"),
    Phrase("banner", "WARNING: ", f"({_NEW_BANNER})"),
    Phrase("collision", "Hash chain already cached", r"(Hash chain already cached but the contents don't match!)"),
    Phrase("task", ": Hash chain already cached", TASK + r":(?= Hash chain already cached)"),
)


def _validator_words(stream: Stream, start: int, end: int) -> Token | None:
    """A sentence of lockdep about itself, or a link of the two chains that collide."""
    text = stream.flat
    if text.startswith(("hlock_id:", "class_idx:"), start):
        match = compiled(_LINK).match(text, start, end)
        lock = lock_at(text, match.end(), end) if match else None
        if lock:
            # The place is kept as text; read as a frame, the number of the next link looks like its line.
            place = compiled(r"\S{1,250}").match(text, lock.end, end) if lock.site_follows else None
            stop = place.end() if place else lock.end
            return Token(Word.OWN, start, stop, ("sentence", text[start:stop]))
    return _words(stream, start, end)


class ValidatorReader(TaskReader):
    """Collects the sentences and the backtrace. ``group`` is the kind of report."""

    always: tuple[str, ...] = ("backtrace",)
    own_words = staticmethod(_validator_words)
    group = ReportKind.SELF_CHECK
    rest_of_title = ""

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        if self.rest_of_title:
            self.grow_title("", self.rest_of_title)
        self.sentences: list[str] = []
        self.said = {
            "sentence": self._sentence,
            "banner": self._sentence,
            "collision": self._sentence,
            "task": self.name_task,
        }

    def _sentence(self, token: Token) -> None:
        """Keep a sentence. No words stand between the last one and the backtrace."""
        self.sentences.append(token.groups[1])
        self.part = Part.BACKTRACE

    @property
    def has_body(self) -> bool:
        return bool(self.sentences)

    def report(self) -> Report:
        from lockview.model.held_reports import ValidatorReport

        self.task = self.task_of_parts()
        return ValidatorReport(**self.common(), group=self.group, lines=tuple(self.sentences))


class NonStaticReader(ValidatorReader):
    """A lock without a static key: ``trying to register non-static key.``."""

    group = ReportKind.NON_STATIC_KEY


class LimitReader(ValidatorReader):
    """``MAX_LOCKDEP_ENTRIES too low!`` and the like."""

    group = ReportKind.LIMIT


class SubclassReader(ValidatorReader):
    """A subclass beyond the eight there are: ``looking up invalid subclass: 8``."""

    rest_of_title = r" ?(\d{1,10})"


class KeyReader(ValidatorReader):
    """``BUG: key ffff... has not been registered!``: the key stands before the words that are searched for."""

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self._named = bool(self.grow_title(r"(BUG): key \S{1,40} ", ""))

    @property
    def has_body(self) -> bool:
        return self._named and bool(self.backtrace.frames or self.sentences)

    def _enters_backtrace(self, token: Token) -> bool:
        self.part = Part.BACKTRACE
        return super()._enters_backtrace(token)


class CollisionReader(ValidatorReader):
    """``chain_key collision``, together with the WARN that comes right before it: one event."""

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        if title:
            front = max(title.start - _BEFORE_COLLISION, 0)
            warned = stream.flat.rfind("DEBUG_LOCKS_WARN_ON(chain", front, title.start)
            self.start = warned if warned >= 0 else self.start

    def _sentence(self, token: Token) -> None:
        self.sentences.append(token.groups[1])
        self.part = Part.BETWEEN


class WarnReader(ValidatorReader):
    """A condition that lockdep checks of itself, ``DEBUG_LOCKS_WARN_ON(lock->magic != lock)``, in a WARN.

    The words also stand in source code; only with the banner of the WARN behind them they are a report.
    """

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        if title:
            self._take_banner_above(self._take_expression(title))

    def _take_expression(self, title: Title) -> Title:
        """Lengthen the title to the end of its line, or where that is far, to the bracket that closes."""
        text, limit = self.stream.flat, min(title.start + _MAX_EXPRESSION, self.limit)
        if title.start and title.text[0].isalpha() and text[title.start - 1].isalpha():
            # The words that are searched for stand in longer ones too: unpinning, Voluntary.
            start = text.rfind(" ", 0, title.start) + 1
            self.start = start
            title = Title(text[start : title.end], start, title.end)
        stop = min(self.stream.line_end(title.end - 1), limit)
        open_brackets = text.count("(", title.start, stop) - text.count(")", title.start, stop)
        if open_brackets > 0 and " WARNING: " not in text[title.end : stop]:
            # A wrap broke the expression.
            stop = min(max(text.find(") ", stop, limit) + 1, stop), limit)
        banner = text.find(" WARNING: ", title.end, stop)
        stop = banner if banner >= 0 else stop
        site = compiled(_SET_AT).match(text, max(stop - 8, 0), self.limit)
        stop = site.end() if site else stop
        self.last = self.walked = stop
        self.title = Title(text[title.start : stop].strip(), title.start, stop)
        return self.title

    def _take_banner_above(self, title: Title) -> None:
        """Until 4.10 the banner stands above the text of a WARN."""
        text, front = self.stream.flat, max(title.start - _BANNER_WITHIN, 0)
        found = text.rfind("WARNING: ", front, title.start)
        for pattern in (_BANNER, _NEW_BANNER):
            match = compiled(pattern).match(text, found, title.start) if found >= 0 else None
            if match and not text[match.end() : title.start].strip():
                self.sentences.append(match[0])
                self.part = Part.BACKTRACE
        if self._stated:
            self.part = Part.BACKTRACE

    @property
    def _stated(self) -> bool:
        """Whether the title is the banner itself, with the condition in it."""
        return self.title is not None and self.title.text.startswith("WARNING: [")

    def _end(self, token: Token) -> None:
        """Why the state of interrupts is not what lockdep knows of it is said below the WARN."""
        reason = compiled(_REASON).match(self.stream.flat, token.start, self.limit)
        if reason:
            self.sentences.append(reason[1])
            self.last = reason.end()
        super()._end(token)

    @property
    def has_body(self) -> bool:
        banner = any(line.startswith("WARNING: ") for line in self.sentences)
        stated = self._stated and self.backtrace.frames
        return bool(banner or stated) and not self._begins_collision()

    def _begins_collision(self) -> bool:
        title = self.title
        return bool(
            title
            and title.text.startswith("DEBUG_LOCKS_WARN_ON(chain")
            and "chain_key collision" in self.stream.flat[title.end : title.end + _BEFORE_COLLISION]
        )


class SilentWarnReader(ValidatorReader):
    """A WARN of lockdep without any text: its banner is all there is."""

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        fence = 0
        if title and _CUT_HERE in title.text:
            above = title.text.index("WARNING: ")
            fence, start = title.start, title.start + above
            title = Title(title.text[above:], start, title.end)
        super().__init__(stream, title, start, end)
        self.part = Part.BACKTRACE
        if fence:
            lost = compiled(_LOST + " $").search(stream.flat, max(fence - _LOST_WITHIN, 0), fence)
            self.sentences += [lost[0].strip()] if lost else []

    @property
    def has_body(self) -> bool:
        return bool(self.backtrace.frames)

    def _foreign(self, token: Token) -> None:
        """``Kernel panic - not syncing: panic_on_warn set`` stands above the stack."""
        if self.backtrace.frames:
            super()._foreign(token)
