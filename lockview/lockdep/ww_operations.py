"""Wound/wait mutexes as the validator sees them, with the debug checks of their own that turn it off.

Source: kernel/locking/ww_mutex.h and include/linux/ww_mutex.h, 6.12, with CONFIG_DEBUG_MUTEXES.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lockview.lockdep.locks import LockMap, Wait
from lockview.lockdep.validator import Validator
from lockview.model.locks import Primitive, WaitTypes
from lockview.model.reports import Task
from lockview.model.stacks import StackTrace

_UNCHECKED = WaitTypes(Wait.INVALID, Wait.INVALID)
_REFUSED = "-EDEADLK"


def context_map(name: str) -> LockMap:
    """An acquire context as a lock: nobody waits for it."""
    return LockMap(("ctx", name), "ww_acquire", "ww_lockdep_acquire", Primitive.WW_MUTEX, _UNCHECKED)


@dataclass
class Context:
    """``struct ww_acquire_ctx``: what its checks look at. ``contending`` is the lock that was refused to it."""

    done: bool = False
    acquired: int = 0
    contending: LockMap | None = None
    has_class: bool = True


@dataclass
class WwMutexes:
    """The contexts, and which of them each lock was taken in."""

    validator: Validator
    contexts: dict[str, Context] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)

    def context(self, name: str) -> Context:
        """A context by name, fresh when it is new."""
        return self.contexts.setdefault(name, Context())

    def begin(self, task: Task, name: str, stack: StackTrace) -> None:
        """``ww_acquire_init``."""
        self.contexts[name] = Context()
        self.validator.acquire(task, context_map(name), stack=stack)

    def done(self, task: Task, name: str, stack: StackTrace) -> None:
        """``ww_acquire_done``."""
        context = self.context(name)
        self._expect(not context.done, "ctx->done_acquire", task, stack)
        context.done = True

    def finish(self, task: Task, name: str, stack: StackTrace) -> None:
        """``ww_acquire_fini``."""
        self.validator.release(task, context_map(name), stack=stack)
        self._expect(not self.context(name).acquired, "ctx->acquired", task, stack)

    def lock(self, task: Task, lock: LockMap, name: str | None, returns: str, stack: StackTrace) -> None:
        """``ww_mutex_lock``. One that is refused was waited for; one that is taken already was not."""
        if returns not in ("0", _REFUSED):
            return
        self.validator.acquire(task, lock, nest=context_map(name) if name is not None else None, stack=stack)
        if returns == _REFUSED:
            self._refuse(task, lock, name, stack)
        elif name is not None:
            self._taken(task, lock, name, stack)

    def lock_slow(self, task: Task, lock: LockMap, name: str, returns: str, stack: StackTrace) -> None:
        """``ww_mutex_lock_slow``: only for the lock that was refused before."""
        self._expect(self.context(name).contending is not None, "!ctx->contending_lock", task, stack)
        self.lock(task, lock, name, returns, stack)

    def unlock(self, task: Task, lock: LockMap, stack: StackTrace) -> None:
        """``ww_mutex_unlock``."""
        name = self.owners.pop(str(lock.instance), None)
        if name is not None:
            context = self.context(name)
            self._expect(context.acquired > 0, "!lock->ctx->acquired", task, stack)
            context.acquired = max(context.acquired - 1, 0)
        self.validator.release(task, lock, stack=stack)

    def _refuse(self, task: Task, lock: LockMap, name: str | None, stack: StackTrace) -> None:
        """``__ww_mutex_kill``."""
        context = self.context(name or "")
        if context.acquired:
            self._expect(context.contending is None, "ww_ctx->contending_lock", task, stack)
            context.contending = lock
        self.validator.release(task, lock, stack=stack)

    def _taken(self, task: Task, lock: LockMap, name: str, stack: StackTrace) -> None:
        """``ww_mutex_lock_acquired``."""
        context = self.context(name)
        self._expect(str(lock.instance) not in self.owners, "ww->ctx", task, stack)
        self._expect(not context.done, "ww_ctx->done_acquire", task, stack)
        if context.contending is not None:
            self._expect(context.contending.instance == lock.instance, "ww_ctx->contending_lock != ww", task, stack)
            self._expect(not context.acquired, "ww_ctx->acquired > 0", task, stack)
            context.contending = None
        self._expect(context.has_class, "ww_ctx->ww_class != ww->ww_class", task, stack)
        context.acquired += 1
        self.owners[str(lock.instance)] = name

    def _expect(self, holds: bool, otherwise: str, task: Task, stack: StackTrace) -> None:
        if not holds:
            self.validator.doubt(task, otherwise, stack=stack)
