"""Irq lock inversion reports.  Source: print_irq_inversion_bug, kernel/locking/lockdep.c."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lockview.model.irq_reports import ClassMention, IrqInversionReport
from lockview.model.locks import LockClass
from lockview.model.reports import Task
from lockview.model.text import NOWHERE
from lockview.model.usages import ClassBlock
from lockview.parsing.class_blocks import ClassBlocks
from lockview.parsing.held_lists import of_class
from lockview.parsing.irq_reader import IrqReader, mention
from lockview.parsing.irq_words import Own
from lockview.parsing.lines import Stream
from lockview.parsing.locks import LockText
from lockview.parsing.sections import Part, Title
from lockview.parsing.tokens import Token


class IrqInversionReader(IrqReader):
    """Adds the lock whose state changed, the other lock, and the class blocks between them."""

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self._irq = ""
        self._forwards = True
        self._second: ClassMention | None = None
        self._blocks: ClassBlocks | None = None
        self._other_blocks: ClassBlocks | None = None
        self.own |= {
            Own.CHANGED: self._changed,
            Own.TOOK: self._other_lock,
            Own.TAKEN_BY: self._other_lock,
            Own.SHORTEST: self._shortest,
            Own.TREE: self._tree_of,
        }

    def _changed(self, token: Token) -> None:
        if self.task is None:
            self.task = Task(token.groups[1], int(token.groups[2]))
        self.part = Part.WANTED

    def _other_lock(self, token: Token) -> None:
        self._irq = token.groups[1]
        self._forwards = token.groups[0] == Own.TOOK
        self.no_stack()
        self.expect_lock = self._set_second

    def _set_second(self, lock: LockText) -> None:
        self._second = mention(lock)

    def _shortest(self, token: Token) -> None:  # noqa: ARG002 - a handler
        self._blocks = self.begin_blocks(tree=False)

    def _tree_of(self, token: Token) -> None:
        blocks = self.begin_blocks(tree=True)
        if token.groups[1] == "first":
            self._blocks = blocks
        elif token.groups[1] == "second":
            self._other_blocks = blocks

    @property
    def has_body(self) -> bool:
        return super().has_body or self._second is not None

    def _named(self, blocks: tuple[ClassBlock, ...]) -> Iterator[LockClass]:
        if self._second:
            yield self._second.lock_class
        yield from self.chain_exists
        yield from (block.lock_class for block in blocks)

    def report(self) -> IrqInversionReport:
        blocks = self._blocks.blocks() if self._blocks else ()
        others = self._other_blocks.blocks() if self._other_blocks else ()
        named = tuple(self._named((*blocks, *others)))
        changed = self.wanted and of_class(self.wanted, named)
        report = IrqInversionReport(
            **(self.shared(named) | {"wanted": None}),
            irq=self._irq,
            changed=changed,
            other=self._second,
            forwards=self._forwards,
            chain_exists=self.chain_exists,
            blocks=blocks,
            other_blocks=others,
        )
        last = (*blocks, *others)[-1:]
        parts = {
            "changed": (changed is not None, changed.span if changed else NOWHERE),
            "other": (self._second is not None, NOWHERE),
            "dependencies": (_is_whole(report), last[0].span if last else NOWHERE),
        }
        return replace(report, reading=self.reading(report, parts))


def _is_whole(report: IrqInversionReport) -> bool:
    """Whether the blocks reach from the other lock to the changed one; of the two trees, whether both are there."""
    if report.irq.islower():
        return bool(report.blocks and report.other_blocks)
    ends = [(report.blocks[0], report.other), (report.blocks[-1], report.changed)] if report.blocks else []
    return bool(ends) and all(named is None or named.lock_class == block.lock_class for block, named in ends)
