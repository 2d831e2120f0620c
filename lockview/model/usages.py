"""How a lock class was used: usage states with their stacks, class blocks, and the interrupt state of a task."""

from __future__ import annotations

from dataclasses import dataclass, field

from lockview.model.locks import LockClass, WaitTypes
from lockview.model.stacks import EMPTY_STACK, Frame, StackTrace
from lockview.model.text import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """``IN-SOFTIRQ-W at:`` and the stack of the first use of that sort. ``state`` is the word as printed.

    Source: ``print_lock_class_header``, kernel/locking/lockdep.c; the words are in lockdep_states.h.
    """

    state: str
    stack: StackTrace = EMPTY_STACK
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class ClassBlock:
    """``-> (class){usage} ops: N { ... }``: a class, its usage records, its key, and where it was acquired.

    ``operations`` is the text after ``ops:``, "" when not printed. ``key`` is the symbol of the class's key.
    ``acquired`` is the stack under ``... acquired at:``, None without such a line; which dependency it belongs to
    differs by section and era. ``depth`` is the indentation, 0 for the outermost, as far as blanks survived.
    """

    lock_class: LockClass
    usage: str = ""
    wait_types: WaitTypes | None = None
    operations: str = ""
    usages: tuple[UsageRecord, ...] = ()
    key: Frame | None = None
    acquired: StackTrace | None = None
    depth: int = 0
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class IrqContext:
    """``[HC0[0]:SC1[2]:HE0:SE0]``: in hardirq and softirq (with the counts in brackets), and whether each is enabled.

    Source: ``print_usage_bug`` and its relatives, kernel/locking/lockdep.c.
    """

    in_hardirq: int
    hardirq_count: int
    in_softirq: int
    softirq_count: int
    hardirqs_enabled: int
    softirqs_enabled: int


@dataclass(frozen=True, slots=True)
class IrqEvent:
    """``hardirqs last  enabled at (12345): [<...>] sym``: ``what`` is the words before ``at``, blanks folded."""

    what: str
    number: int
    site: Frame | None = None
    span: Span = field(default=NOWHERE, compare=False)
