"""A kernel routine unrolled, lazily, into a table of small integers.

A generator cannot be copied or set back. So each place is a number that stands for the suspended position and local
variables of the chain of coroutines; two histories that lead to the same ones are one place. Where a variable cannot
be hashed the history itself is the place. The routine is run again only to learn a way that nobody went before.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from types import FrameType
from typing import Any, NamedTuple

from lockview.kernel.effects import REMARKS, Remark, Routine, Step, Value
from lockview.kernel.inlining import is_inlined
from lockview.model.stacks import Frame, StackTrace

START = 0
"""The place before the first step."""

_PACKAGE = "lockview/"


class Place(NamedTuple):
    """What a task does next, None when its routine has returned; and the call stack it does it from."""

    effect: Step | None
    stack: StackTrace


class Arrival(NamedTuple):
    """A place, and the remarks that ride on the step that leads there, each with its own stack."""

    place: int
    remarks: tuple[tuple[Remark, StackTrace], ...] = ()


class Unrolled:
    """The places of one task. It looks immutable from outside: what is asked twice is the same."""

    def __init__(self, routine: Callable[[], Routine[Any]]) -> None:
        self._routine = routine
        self._places: list[Place] = []
        self._numbers: dict[Hashable, int] = {}
        self._origins: list[tuple[int, Value] | None] = []
        self._after: dict[tuple[int, Value], Arrival] = {}
        self._live = routine()
        self._live_place = START
        self.start = self._arrive(None, self._live)
        """The arrival at the first place."""

    def __len__(self) -> int:
        return len(self._places)

    def place(self, number: int) -> Place:
        """What is done at a place, and from where."""
        return self._places[number]

    def after(self, number: int, answer: Value) -> Arrival:
        """Where an answer leads. The routine must not have returned at ``number``."""
        key = (number, answer)
        known = self._after.get(key)
        if known is None:
            if self._live_place != number:
                self._rerun(number)
            known = self._after[key] = self._arrive(key, self._live)
        return known

    def _arrive(self, origin: tuple[int, Value] | None, live: Routine[Any]) -> Arrival:
        """Run on to the next step and number the place."""
        remarks: list[tuple[Remark, StackTrace]] = []
        answer = None if origin is None else origin[1]
        effect: Step | None
        while True:
            try:
                effect_or_remark = live.send(answer)
            except StopIteration:
                effect = None
                break
            if not isinstance(effect_or_remark, REMARKS):
                effect = effect_or_remark
                break
            remarks.append((effect_or_remark, _stack(live)))
            answer = None
        number = self._number(origin, effect, live)
        self._live_place = number
        return Arrival(number, tuple(remarks))

    def _number(self, origin: tuple[int, Value] | None, effect: Step | None, live: Routine[Any]) -> int:
        position: Hashable = None if effect is None else _position(live)
        try:
            known = self._numbers.get(position)
        except TypeError:  # a local variable that cannot be hashed
            position = ("history", origin)
            known = None
        if known is not None:
            return known
        number = len(self._places)
        self._numbers[position] = number
        self._places.append(Place(effect, StackTrace() if effect is None else _stack(live)))
        self._origins.append(origin)
        return number

    def _rerun(self, number: int) -> None:
        """Bring a fresh run of the routine to a place that was left before."""
        answers = []
        origin = self._origins[number]
        while origin is not None:
            answers.append(origin[1])
            origin = self._origins[origin[0]]
        self._live = self._routine()
        self._skip_remarks(None)
        for answer in reversed(answers):
            self._skip_remarks(answer)
        self._live_place = number

    def _skip_remarks(self, answer: Value) -> None:
        while isinstance(self._live.send(answer), REMARKS):
            answer = None


def _chain(live: Routine[Any]) -> list[FrameType]:
    """The frames of the coroutines that are suspended in each other, outermost first."""
    frames = []
    inner: Any = live
    while inner is not None and getattr(inner, "gi_frame", None) is not None:
        frames.append(inner.gi_frame)
        inner = inner.gi_yieldfrom
    return frames


def _position(live: Routine[Any]) -> Hashable:
    return tuple((frame.f_code, frame.f_lasti, tuple(frame.f_locals.items())) for frame in _chain(live))


def _stack(live: Routine[Any]) -> StackTrace:
    """The call stack, innermost first, with the lines of our own source that are executing.

    Of what is inlined from the same file the line counts as the caller's, as in a kernel's decoded stack.
    """
    frames: list[Frame] = []
    line, inlined_from = 0, ""
    for frame in reversed(_chain(live)):
        file = frame.f_code.co_filename
        if file != inlined_from:
            line = 0
        line, inlined_from = line or frame.f_lineno, file
        if not is_inlined(frame.f_code):
            frames.append(Frame(frame.f_code.co_name, file=_source(file), line=line))
            line, inlined_from = 0, ""
    return StackTrace(tuple(frames))


def _source(path: str) -> str:
    """A source file by its path inside the package."""
    return path[path.rfind(_PACKAGE) :] if _PACKAGE in path else path
