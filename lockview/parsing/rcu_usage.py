"""Suspicious RCU usage.  Source: lockdep_rcu_suspicious, kernel/locking/lockdep.c."""

from __future__ import annotations

from lockview.model.reports import Report
from lockview.parsing.lines import Stream
from lockview.parsing.sections import Part, Title
from lockview.parsing.task_reader import Phrase, TaskReader, compiled, phrase_words
from lockview.parsing.tokens import Token, Word

_PLACE = r"([^\s:]{1,250}\.[chSrs]{1,2}:\d{1,7}) "
_MAX_MESSAGE = 300
_words = phrase_words(
    Phrase("state", "rcu_scheduler_active =", r"rcu_scheduler_active = (\d{1,3}), debug_locks = (\d{1,3})"),
    Phrase("remark", "RCU used illegally from ", r"(RCU used illegally from [A-Za-z ]{3,40}!)"),
    Phrase(
        "remark",
        "Possible false positive due to lockdep",
        r"(Possible false positive due to lockdep disabling via debug_locks = \d)",
    ),
)


def _rcu_words(stream: Stream, start: int, end: int) -> Token | None:
    """``file:line message!``, or what else these reports say. The message is free text that ends in ``!``."""
    text = stream.flat
    if ":" in text[start : start + 260]:
        match = compiled(_PLACE).match(text, start, end)
        if match:
            stop = min(stream.line_end(start), end)
            if text[stop - 1] != "!" or stop - start > _MAX_MESSAGE:
                mark = compiled(r"!!?(?= |$)").search(text, match.end(), min(match.end() + _MAX_MESSAGE, end))
                stop = mark.end() if mark else min(stop, match.end() + _MAX_MESSAGE)
            return Token(Word.OWN, start, stop, ("place", match[1], text[match.end() : stop]))
    return _words(stream, start, end)


class RcuReader(TaskReader):
    """Adds the place, the complaint and what RCU says of itself."""

    first_words = "() usage!"
    own_words = staticmethod(_rcu_words)

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self.grow_title("", r"\.(?: ?\])?")
        self._place = self._message = ""
        self._remarks: list[str] = []
        self._state: tuple[int, int] | None = None
        self.said = {"place": self._take_place, "state": self._take_state, "remark": self._remark}

    def _take_place(self, token: Token) -> None:
        if self._place or self.part is not Part.TITLE:
            self._other(token)
            return
        self._place, self._message = token.groups[1:]
        self.part = Part.BETWEEN

    def _take_state(self, token: Token) -> None:
        self._state = int(token.groups[1]), int(token.groups[2])
        self.part = Part.BETWEEN

    def _remark(self, token: Token) -> None:
        self._remarks.append(token.groups[1])
        self.part = Part.BETWEEN

    @property
    def has_body(self) -> bool:
        more = self.title or self.held_lists or self.backtrace.frames
        return bool(self._state or (self._place and more))

    def report(self) -> Report:
        from lockview.model.held_reports import RcuReport

        self.task = self.task_of_parts()
        active, debug_locks = self._state or (None, None)
        return RcuReport(
            **self.common(),
            place=self._place,
            message=self._message,
            remarks=tuple(self._remarks),
            scheduler_active=active,
            debug_locks=debug_locks,
        )
