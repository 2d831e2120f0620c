"""Numbers for what the lines of a trace share: classes, locks, frames and stacks, each introduced before its use."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from lockview.model.run_traces import Record, TracedClass, TracedFrame, TracedInstance, TracedStack
from lockview.model.stacks import Frame, StackTrace


class Introductions:
    """Gives numbers out. ``news`` are the lines that have to be written before the next one that uses them."""

    def __init__(self) -> None:
        self._classes: dict[Hashable, int] = {}
        self._locks: set[str] = set()
        self._frames: dict[Frame, int] = {}
        self._stacks: dict[StackTrace, int] = {}
        self._same: dict[int, tuple[StackTrace, int]] = {}
        # A place of a machine gives the same object each time: its frames need no hashing. Kept, so that its id stays.
        self._news: list[Record] = []

    @property
    def news(self) -> list[Record]:
        """What was introduced since the last look."""
        news, self._news = self._news, []
        return news

    def lock_class(
        self,
        key: Hashable,
        name: str,
        sub: int = 0,
        kind: str = "",
        *,
        annotated: bool = True,
        has_key: bool = True,
    ) -> int:
        """The number of a class: one per key and subclass."""
        whole = (key, sub)
        number = self._classes.get(whole)
        if number is None:
            number = self._classes[whole] = len(self._classes)
            self._news.append(TracedClass(number, name, sub, kind, annotated, has_key))
        return number

    def lock(self, name: str, lock_class: int, of: str = "") -> str:
        """The name of a lock."""
        if name not in self._locks:
            self._locks.add(name)
            self._news.append(TracedInstance(name, lock_class, of))
        return name

    def stack(self, stack: StackTrace) -> int | None:
        """The number of a stack, None for an empty one."""
        if not stack.frames:
            return None
        known = self._same.get(id(stack))
        if known is not None:
            return known[1]
        number = self._stacks.get(stack)
        if number is None:
            frames = tuple(self._frame(frame) for frame in stack.frames)
            number = self._stacks[stack] = len(self._stacks)
            self._news.append(TracedStack(number, frames))
        self._same[id(stack)] = (stack, number)
        return number

    def _frame(self, frame: Frame) -> int:
        number = self._frames.get(frame)
        if number is None:
            number = self._frames[frame] = len(self._frames)
            place: dict[str, Any] = {"offset": frame.offset, "size": frame.size}
            self._news.append(TracedFrame(number, frame.function, file=frame.file, line=frame.line, **place))
        return number
