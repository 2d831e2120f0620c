"""Reading one stack, or two side by side: who took the lock, what is lock machinery, where two call paths part."""

from __future__ import annotations

from typing import NamedTuple

from lockview.analysis.functions import is_interrupt_entry, is_lock_core
from lockview.model.stacks import Frame, StackTrace


class Row(NamedTuple):
    """One line of a shown stack: a frame, or a folded run of lock-internal frames.

    ``first`` indexes the frames of the stack and ``length`` says how many of them the row stands for. ``frame`` is the
    innermost of them. ``acquires`` marks the frame that took the lock.
    """

    first: int
    length: int
    frame: Frame
    folded: bool = False
    acquires: bool = False

    @property
    def reliable(self) -> bool:
        """False for a frame that the unwinder could not confirm."""
        return self.folded or self.frame.reliable

    @property
    def text(self) -> str:
        """``down_read+0x3b/0x55``, or ``4 lock-internal frames``."""
        return f"{self.length} lock-internal frames" if self.folded else str(self.frame)


def acquiring_index(stack: StackTrace) -> int | None:
    """The index of the frame that took the lock: the first reliable one that is not the lock's own code.

    None for an empty stack and for one that has nothing but the lock's own code.
    """
    for index, frame in enumerate(stack.frames):
        if frame.reliable and not is_lock_core(frame.bare_function):
            return index
    return None


def acquiring_function(stack: StackTrace) -> str:
    """The bare name of the function that took the lock, "" when the stack does not tell."""
    index = acquiring_index(stack)
    return "" if index is None else stack.frames[index].bare_function


def folded(stack: StackTrace) -> tuple[Row, ...]:
    """The rows of a stack, innermost first. Runs of two and more lock-internal frames become one row.

    Guesses of the unwinder inside such a run belong to it; those at its end do not.
    """
    rows: list[Row] = []
    acquires = acquiring_index(stack)
    index = 0
    while index < len(stack.frames):
        frame = stack.frames[index]
        count = _core_run(stack.frames, index)
        rows.append(Row(index, max(count, 1), frame, folded=count > 1, acquires=index == acquires))
        index += max(count, 1)
    return tuple(rows)


def _core_run(frames: tuple[Frame, ...], start: int) -> int:
    """How many frames from ``start`` on are lock-internal; 0 when the first is not."""
    if not is_lock_core(frames[start].bare_function):
        return 0
    end = start + 1
    for index in range(start + 1, len(frames)):
        if is_lock_core(frames[index].bare_function):
            end = index + 1
        elif frames[index].reliable:
            break
    return end - start


def common_suffix(first: StackTrace, second: StackTrace) -> int:
    """How many of the outermost frames two stacks share: the same functions at the same positions."""
    count = 0
    for one, other in zip(reversed(first.frames), reversed(second.frames), strict=False):
        if (one.function, one.offset, one.module, one.line) != (other.function, other.offset, other.module, other.line):
            break
        count += 1
    return count


def call_path(stack: StackTrace) -> tuple[Frame, ...]:
    """The real calls of the context that took the lock, innermost first.

    Left out are guesses, frames that the compiler merged into their caller, bare addresses, and everything that an
    interrupt had interrupted: lockdep draws no dependency across that border.
    """
    path: list[Frame] = []
    for frame in stack.frames:
        if not frame.reliable or frame.inlined or frame.function.startswith("0x"):
            continue
        if path and is_interrupt_entry(frame.bare_function):
            break
        path.append(frame)
    return tuple(path)
