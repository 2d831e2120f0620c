"""Reports about interrupts: a lock that an interrupt may take while the interrupted code holds it, or one like it."""

from __future__ import annotations

from dataclasses import dataclass

from lockview.model.locks import HeldLock, LockClass, WaitTypes
from lockview.model.reports import Report, ReportKind
from lockview.model.stacks import EMPTY_STACK, StackTrace
from lockview.model.usages import ClassBlock, IrqContext, IrqEvent


@dataclass(frozen=True, slots=True)
class InconsistentReport(Report):
    """``inconsistent lock state``: ``wanted`` is the lock after ``takes:``, whose state changed from old to new.

    ``registered`` is the stack under ``{OLD} state was registered at:``; the new state's stack is the backtrace.
    ``wanted`` may already be held: when the state changed because interrupts were enabled.
    Source: ``print_usage_bug``.
    """

    old_state: str = ""
    new_state: str = ""
    context: IrqContext | None = None
    registered: StackTrace = EMPTY_STACK
    event_stamp: int | None = None
    irq_events: tuple[IrqEvent, ...] = ()

    @property
    def kind(self) -> ReportKind:
        return ReportKind.INCONSISTENT


@dataclass(frozen=True, slots=True)
class ClassMention:
    """A class with its marks where a sentence names it: ``(name){usage}-{outer:inner}``."""

    lock_class: LockClass
    usage: str = ""
    wait_types: WaitTypes | None = None


@dataclass(frozen=True, slots=True)
class IrqOrderReport(Report):
    """``X-safe -> X-unsafe lock order detected``: ``wanted`` is next, ``held`` is prev.

    ``irq`` is the word of the title (``HARDIRQ``, ``SOFTIRQ-READ``, ``hard``). The chain of locks is safe .. prev ->
    next .. unsafe, and an interrupt while unsafe is held may take safe. ``backward`` are the class blocks safe .. prev
    and ``forward`` the blocks unsafe .. next, both as printed.
    Source: ``print_bad_irq_dependency``.
    """

    irq: str = ""
    context: IrqContext | None = None
    new_dependency: tuple[ClassMention, ClassMention] | None = None
    safe: ClassMention | None = None
    safe_stack: StackTrace = EMPTY_STACK
    unsafe: ClassMention | None = None
    unsafe_stack: StackTrace = EMPTY_STACK
    chain_exists: tuple[LockClass, ...] = ()
    backward: tuple[ClassBlock, ...] = ()
    forward: tuple[ClassBlock, ...] = ()

    @property
    def kind(self) -> ReportKind:
        return ReportKind.IRQ_ORDER


@dataclass(frozen=True, slots=True)
class IrqInversionReport(Report):
    """``possible irq lock inversion dependency detected``: ``changed`` is the lock whose state just changed.

    ``forwards`` tells ``took another, X-unsafe lock`` (changed -> .. -> other) from ``was taken by another, X-safe
    lock`` (other -> .. -> changed). ``blocks`` are the class blocks other .. changed, as printed; in the two trees of
    kernels before 2.6.30 ``blocks`` holds the first lock's and ``other_blocks`` the second lock's.
    Source: ``print_irq_inversion_bug``.
    """

    irq: str = ""
    changed: HeldLock | None = None
    other: ClassMention | None = None
    forwards: bool = True
    chain_exists: tuple[LockClass, ...] = ()
    blocks: tuple[ClassBlock, ...] = ()
    other_blocks: tuple[ClassBlock, ...] = ()

    @property
    def kind(self) -> ReportKind:
        return ReportKind.IRQ_INVERSION
