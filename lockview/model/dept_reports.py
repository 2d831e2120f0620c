"""Reports of DEPT, the dependency tracker: waits and events that hold each other up, locks or not.

DEPT is a series of patches for the kernel. Source: kernel/dependency/dept.c of that series.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lockview.model.locks import LockClass
from lockview.model.reports import Dependency, Report, ReportKind
from lockview.model.stacks import EMPTY_STACK, Frame, StackTrace
from lockview.model.text import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class DeptPoint:
    """One of ``[S]``, ``[W]``, ``[E]``: ``function(class:subclass)``, as in ``[W] down_write(&mm->mmap_lock:0)``.

    ``function`` may be words in brackets, ``(unknown)`` or ``(event requestor)``. ``at`` is the address under the
    heading, ``stack`` what follows the word ``stacktrace:``; both are absent where DEPT prints ``(N/A)``.
    """

    function: str
    lock_class: LockClass
    at: Frame | None = None
    stack: StackTrace = EMPTY_STACK
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class DeptInterrupt:
    """An interrupt (``softirq``, ``hardirq``) that waits within a context: where it was enabled, and its own wait."""

    name: str
    enabled_at: Frame | None = None
    enabled_stack: StackTrace = EMPTY_STACK
    wait_at: Frame | None = None
    wait_stack: StackTrace = EMPTY_STACK
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class DeptContext:
    """A context: from ``start`` on it owes ``event``, and before that it stands in ``wait``. Points may be cut off.

    ``start`` and ``event`` are of one class. With ``interrupts`` the wait is theirs. ``timeout`` marks a wait that
    ends by itself. ``letter`` is the name of the context, ``A`` for the dependency that was added last.
    """

    letter: str
    start: DeptPoint | None = None
    wait: DeptPoint | None = None
    event: DeptPoint | None = None
    interrupts: tuple[DeptInterrupt, ...] = ()
    timeout: bool = False
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def owed(self) -> LockClass | None:
        """The class of the event that does not come while the context waits."""
        point = self.start or self.event
        return point.lock_class if point else None

    @property
    def stack(self) -> StackTrace:
        """The stack of the wait; of an address without a stack, a stack of that one frame."""
        waits = [(self.wait.at, self.wait.stack)] if self.wait else []
        waits += [(interrupt.wait_at, interrupt.wait_stack) for interrupt in self.interrupts]
        for _, stack in waits:
            if stack.frames:
                return stack
        return next((StackTrace((at,), at.span) for at, _ in waits if at), EMPTY_STACK)


@dataclass(frozen=True, slots=True)
class DeptReport(Report):
    """``DEPT: Circular dependency has been detected.``: ``contexts`` as printed, the newest dependency first.

    Each context waits for the event that the one after it owes; the last one closes the circle. ``verdict`` is the
    text above them (``*** DEADLOCK ***``). Source: ``print_circle``.
    """

    verdict: str = ""
    contexts: tuple[DeptContext, ...] = ()

    @property
    def kind(self) -> ReportKind:
        return ReportKind.DEPT

    @property
    def closes(self) -> bool:
        """Whether every context that the circle needs is there."""
        return bool(self.contexts) and all(
            context.owed and after.wait and context.owed == after.wait.lock_class
            for context, after in zip(self.contexts, [*self.contexts[1:], self.contexts[0]], strict=True)
        )

    @property
    def cycle(self) -> tuple[Dependency, ...]:
        """From the class that the newest context waits for, context by context, back to it; the newest comes last."""
        if not self.closes:
            return ()
        made = []
        for number, context in enumerate(self.contexts):
            if context.owed and context.wait:
                made.append(
                    Dependency(
                        context.owed,
                        context.wait.lock_class,
                        context.stack,
                        index=number,
                        new=number == 0,
                        inferred=not context.stack.frames,
                        span=context.span,
                    )
                )
        return tuple(reversed(made))
