"""Class blocks, ``-> (name){usage} ops: N { ... }``.  Source: print_lock_class_header, kernel/locking/lockdep.c.

Kernels since 2.6.30 print the shortest path between two locks, one block after the other. Older ones print the tree
of all locks that were ever taken under one: a lock's subtree follows its key, and ``... acquired at:`` follows that
subtree, as far to the right as the lock's own arrow.
"""

from __future__ import annotations

from collections.abc import Iterable

from lockview.model.stacks import EMPTY_STACK, Frame, StackTrace
from lockview.model.text import Span
from lockview.model.usages import ClassBlock, UsageRecord
from lockview.parsing.lines import Stream
from lockview.parsing.locks import LockText, lock_class
from lockview.parsing.tokens import Token


def stack_of(frames: Iterable[Frame]) -> StackTrace:
    """The stack of some frames, which may be none."""
    found = tuple(frames)
    return StackTrace(found, found[0].span.joined(found[-1].span)) if found else EMPTY_STACK


class _Block:
    """A block that is being read. ``column`` is that of its arrow."""

    def __init__(self, lock: LockText, operations: str, column: int, span: Span) -> None:
        self.lock = lock
        self.operations = operations
        self.column = column
        self.span = span
        self.usages: list[tuple[str, Span, list[Frame]]] = []
        self.key: Frame | None = None
        self.acquired: list[Frame] | None = None
        self.depth = 0


class ClassBlocks:
    """The blocks of one section. ``tree`` tells which of the two forms it has."""

    def __init__(self, stream: Stream, tree: bool) -> None:
        self._stream = stream
        self._tree = tree
        self._blocks: list[_Block] = []
        self._acquisitions: list[tuple[int, int, list[Frame]]] = []

    def __bool__(self) -> bool:
        return bool(self._blocks)

    def begin(self, token: Token) -> None:
        """Begin a block at its arrow."""
        assert token.lock
        span = self._stream.span(token.start, token.end)
        self._blocks.append(_Block(token.lock, token.groups[1], self._stream.column(token.start), span))

    def state(self, token: Token) -> list[Frame]:
        """Begin a usage record; the frames of its stack belong into the list that is returned."""
        frames: list[Frame] = []
        if self._blocks:
            self._blocks[-1].usages.append((token.groups[1], self._stream.span(token.start, token.end), frames))
        return frames

    def key(self, frame: Frame) -> None:
        """Take the symbol of the last block's key."""
        if self._blocks:
            block = self._blocks[-1]
            block.key = frame
            block.span = block.span.joined(frame.span)

    def acquired(self, token: Token) -> list[Frame]:
        """Begin the stack of an acquisition; its frames belong into the list that is returned."""
        frames: list[Frame] = []
        self._acquisitions.append((len(self._blocks), self._stream.column(token.start), frames))
        return frames

    def blocks(self) -> tuple[ClassBlock, ...]:
        """All blocks, as printed."""
        if self._tree:
            self._grow()
        else:
            lowest = min((block.column for block in self._blocks), default=0)
            for block in self._blocks:
                block.depth = block.column - lowest
            for count, _, frames in self._acquisitions:
                if count and self._blocks[count - 1].acquired is None:
                    self._blocks[count - 1].acquired = frames
        return tuple(map(_value, self._blocks))

    def _grow(self) -> None:
        """Find depth and acquisition of each block of a tree, by columns, or by the order alone where they are lost."""
        columns = len({block.column for block in self._blocks}) > 1
        path: list[_Block] = []
        events = [(count, 1, column, frames) for count, column, frames in self._acquisitions]
        events += [(number, 2, block.column, []) for number, block in enumerate(self._blocks)]
        for number, what, column, frames in sorted(events, key=lambda event: event[:2]):
            if what == 1:
                while columns and len(path) > 1 and path[-1].column > column:
                    path.pop()
                if len(path) > 1 and (not columns or path[-1].column == column):
                    path.pop().acquired = frames
                continue
            while columns and path and path[-1].column >= column:
                path.pop()
            self._blocks[number].depth = len(path)
            path.append(self._blocks[number])


def _value(block: _Block) -> ClassBlock:
    usages = []
    span = block.span
    for state, line, frames in block.usages:
        stack = stack_of(frames)
        usages.append(UsageRecord(state, stack, line.joined(stack.span)))
        span = span.joined(usages[-1].span)
    acquired = None if block.acquired is None else stack_of(block.acquired)
    lock = block.lock
    return ClassBlock(
        lock_class(lock.name),
        lock.usage,
        lock.wait_types,
        block.operations,
        tuple(usages),
        block.key,
        acquired,
        block.depth,
        span.joined(acquired.span) if acquired else span,
    )
