"""Reports of lockdep about itself: keys, tables and checks; the same values that the reader makes of printed ones."""

from __future__ import annotations

from lockview.lockdep.reporting_parts import Parts, backtrace
from lockview.lockdep.tasks import TaskState
from lockview.model.held_reports import ValidatorReport
from lockview.model.reports import ReportKind
from lockview.model.stacks import StackTrace

_OFF = "turning off the locking correctness validator."


class SelfReporter:
    """Builds the reports in which lockdep speaks of itself."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def non_static_key(self, state: TaskState, stack: StackTrace) -> ValidatorReport:
        """``register_lock_class`` of a lock whose key is not static."""
        advice = (
            "The code is fine but needs lockdep annotation, or maybe",
            "you didn't initialize this object before use?",
            _OFF,
        )
        return ValidatorReport(
            "INFO: trying to register non-static key.",
            task=state.task,
            backtrace=backtrace(state, stack),
            group=ReportKind.NON_STATIC_KEY,
            lines=advice if self._parts.era.wait_types else ("the code is fine but needs lockdep annotation.", _OFF),
        )

    def too_deep(self, state: TaskState, stack: StackTrace) -> ValidatorReport:
        """``__lock_acquire`` when a task holds as many locks as it may."""
        depth = len(state.held)
        return ValidatorReport(
            "BUG: MAX_LOCK_DEPTH too low!",
            task=state.task,
            held_locks=self._parts.held_locks(state),
            backtrace=backtrace(state, stack),
            group=ReportKind.LIMIT,
            lines=(_OFF, f"depth: {depth} max: {depth}!"),
        )

    def full(self, state: TaskState, table: str, stack: StackTrace) -> ValidatorReport:
        """``print_lockdep_off``: ``table`` is KEYS, ENTRIES or CHAINS."""
        return ValidatorReport(
            f"BUG: MAX_LOCKDEP_{table} too low!",
            task=state.task,
            backtrace=backtrace(state, stack),
            group=ReportKind.LIMIT,
            lines=(_OFF,),
        )

    def invalid_subclass(self, state: TaskState, subclass: int, stack: StackTrace) -> ValidatorReport:
        """``look_up_lock_class`` of a subclass beyond the eight that there are."""
        return ValidatorReport(
            f"BUG: looking up invalid subclass: {subclass}",
            task=state.task,
            backtrace=backtrace(state, stack),
            group=ReportKind.SELF_CHECK,
            lines=(_OFF,),
        )

    def warning(self, state: TaskState, words: str, stack: StackTrace, function: str = "") -> ValidatorReport:
        """A WARN of lockdep itself, or of a check that is built on it; in ``function`` if not where it was called."""
        return ValidatorReport(
            words,
            task=state.task,
            backtrace=backtrace(state, stack),
            group=ReportKind.SELF_CHECK,
            lines=(f"WARNING: CPU: {state.cpu} PID: {state.task.pid} at {_place(stack)} {function or _name(stack)}",),
        )

    def failed_assertion(self, state: TaskState, condition: str, stack: StackTrace) -> ValidatorReport:
        """``lockdep_assert``: a WARN, in the words of new kernels; before it had none but the place."""
        task = state.task
        words = f"WARNING: [debug_locks && !({condition})] {_place(stack)} at {_name(stack)}, CPU#{state.cpu}: {task}"
        return ValidatorReport(words, task=task, backtrace=backtrace(state, stack), group=ReportKind.SELF_CHECK)


def _place(stack: StackTrace) -> str:
    """file:line of the innermost frame."""
    frame = stack.frames[0] if stack.frames else None
    return f"{frame.file}:{frame.line}" if frame and frame.file else "kernel/locking/lockdep.c:0"


def _name(stack: StackTrace) -> str:
    return stack.frames[0].function if stack.frames else "lockdep_assert"
