"""X-safe -> X-unsafe lock order reports.  Source: print_bad_irq_dependency, kernel/locking/lockdep.c."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lockview.model.irq_reports import ClassMention, IrqOrderReport
from lockview.model.locks import HeldLock, LockClass
from lockview.model.stacks import Frame
from lockview.model.text import NOWHERE
from lockview.parsing.class_blocks import ClassBlocks, stack_of
from lockview.parsing.irq_reader import IrqReader, mention
from lockview.parsing.irq_words import Own
from lockview.parsing.lines import Stream
from lockview.parsing.locks import LockText
from lockview.parsing.sections import Title
from lockview.parsing.tokens import Token


class IrqOrderReader(IrqReader):
    """Adds the new dependency, the safe and the unsafe lock, and the class blocks on both sides."""

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self._irq = title.text.partition("-safe")[0].split()[-1] if title else ""
        self._previous: ClassMention | None = None
        self._new: tuple[ClassMention, ClassMention] | None = None
        self._safe: ClassMention | None = None
        self._unsafe: ClassMention | None = None
        self._safe_stack: list[Frame] = []
        self._unsafe_stack: list[Frame] = []
        self._backward = self._forward = self.blocks
        self._expects_new = False
        self.own |= {
            Own.HOLDING: self._holding,
            Own.NEW_DEPENDENCY: self._new_dependency,
            Own.CONNECTS: self._connects,
            Own.TO: self._to,
            Own.BECAME: self._became,
            Own.BETWEEN_SAFE: self._between_safe,
            Own.BETWEEN_UNSAFE: self._between_unsafe,
            Own.TREE: self._tree_of,
        }

    def _new_dependency(self, token: Token) -> None:  # noqa: ARG002 - a handler
        self.no_stack()
        self._expects_new = True
        self.expect_lock = self._set_previous

    def _set_previous(self, lock: LockText) -> None:
        self._previous = mention(lock)

    def arrow(self, token: Token) -> None:
        if self._expects_new and token.lock and not token.groups[2]:
            if self._previous:
                self._new = self._previous, mention(token.lock)
            self._expects_new = False
            return
        super().arrow(token)

    def _connects(self, token: Token) -> None:
        self._irq = self._irq or token.groups[1]
        self._expects_new = False
        self.no_stack()
        self.expect_lock = self._set_safe

    def _to(self, token: Token) -> None:
        self._irq = self._irq or token.groups[1]
        self.no_stack()
        self.expect_lock = self._set_unsafe

    def _set_safe(self, lock: LockText) -> None:
        self._safe = mention(lock)

    def _set_unsafe(self, lock: LockText) -> None:
        self._unsafe = mention(lock)

    def _became(self, token: Token) -> None:
        self._irq = self._irq or token.groups[1]
        self.stack(self._unsafe_stack if token.groups[2] else self._safe_stack)

    def _between_safe(self, token: Token) -> None:  # noqa: ARG002 - a handler
        self._backward = self.begin_blocks(tree=False)

    def _between_unsafe(self, token: Token) -> None:  # noqa: ARG002 - a handler
        self._forward = self.begin_blocks(tree=False)

    def _tree_of(self, token: Token) -> None:
        blocks = self.begin_blocks(tree=True)
        if token.groups[-1] == "unsafe":
            self._forward = blocks
        elif token.groups[-1] == "safe":
            self._backward = blocks

    @property
    def has_body(self) -> bool:
        return super().has_body or bool(self._safe or self._unsafe or self._new)

    def _named(self, sections: tuple[ClassBlocks, ClassBlocks]) -> Iterator[LockClass]:
        yield from (named.lock_class for named in (*(self._new or ()), self._safe, self._unsafe) if named)
        yield from self.chain_exists
        yield from (block.lock_class for section in sections for block in section.blocks())

    def report(self) -> IrqOrderReport:
        none = ClassBlocks(self.stream, False)
        backward, forward = self._backward, self._forward
        if backward is forward:
            backward = forward = none
        safe_stack, unsafe_stack = stack_of(self._safe_stack), stack_of(self._unsafe_stack)
        report = IrqOrderReport(
            **self.shared(self._named((backward, forward))),
            irq=self._irq,
            context=self.context,
            new_dependency=self._new,
            safe=self._safe,
            safe_stack=safe_stack,
            unsafe=self._unsafe,
            unsafe_stack=unsafe_stack,
            chain_exists=self.chain_exists,
            backward=backward.blocks(),
            forward=forward.blocks(),
        )
        wanted, held = report.wanted, report.held
        blocks = (*report.backward, *report.forward)
        parts = {
            "wanted": (wanted is not None, wanted.span if wanted else NOWHERE),
            "held": (held is not None, held.span if held else NOWHERE),
            "safe": (bool(report.safe and safe_stack.frames), safe_stack.span),
            "unsafe": (bool(report.unsafe and unsafe_stack.frames), unsafe_stack.span),
            "dependencies": (_is_whole(report), blocks[-1].span if blocks else NOWHERE),
        }
        return replace(report, reading=self.reading(report, parts))


def _is_whole(report: IrqOrderReport) -> bool:
    """Whether the blocks of both sections reach from one named lock to the other; trees only have their roots."""
    backward = [block.lock_class for block in report.backward]
    forward = [block.lock_class for block in report.forward]
    if not (backward and forward):
        return False
    ends: list[tuple[LockClass, ClassMention | HeldLock | None]]
    ends = [(backward[0], report.safe), (forward[0], report.unsafe)]
    if not report.irq.islower():
        ends += [(backward[-1], report.held), (forward[-1], report.wanted)]
    return all(named is None or named.lock_class == end for end, named in ends)
