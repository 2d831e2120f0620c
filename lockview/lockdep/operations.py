"""Lists of operations of one task, as data: what the kernel's own self-test does to its validator.

An operation is a mapping with ``op`` and the fields that it needs; docs/lockdep-cases.md describes each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lockview.lockdep.locks import RCU_BH, RCU_SCHED, LockMap, Wait
from lockview.lockdep.validator import Validator
from lockview.model.locks import Access, Primitive, WaitTypes
from lockview.model.reports import Task
from lockview.model.stacks import EMPTY_STACK, Frame, StackTrace

Operation = Mapping[str, object]

TASK = Task("swapper/0", 0)
"""The task that runs the operations, as the one that runs the self-test at boot."""

_ACCESS = {0: Access.EXCLUSIVE, 1: Access.SHARED, 2: Access.RECURSIVE}
_UNCHECKED = WaitTypes(Wait.INVALID, Wait.INVALID)
_RCU = {"": None, "_bh": RCU_BH, "_sched": RCU_SCHED}
_PRIMITIVES = frozenset(primitive.value for primitive in Primitive)


class OperationError(ValueError):
    """An operation that cannot be read; the text names the field and what was expected there."""


@dataclass
class _Context:
    """A ww acquire context: what its debug checks look at."""

    done: bool = False
    acquired: int = 0


@dataclass
class Runner:
    """Carries operations out on a validator. ``apply`` raises OperationError for one that it does not understand."""

    validator: Validator
    _locks: dict[str, LockMap] = field(default_factory=dict)
    _contexts: dict[str, _Context] = field(default_factory=dict)
    _ww_locks: dict[str, str] = field(default_factory=dict)
    _no_reclaim: bool = False
    _stack: StackTrace = EMPTY_STACK

    def apply(self, operation: Operation, number: int) -> None:
        """Carry one operation out. Its stack is one frame: the operation, and its ``number`` in the list from 1."""
        name = _text(operation, "op")
        action = _ACTIONS.get(name)
        if action is None:
            raise OperationError(f'op: "{name}" is not an operation')
        self._stack = StackTrace((Frame(name, file="ops", line=number),))
        action(self, operation)

    def lock(self, operation: Operation) -> None:
        """``lock``: take it."""
        read = operation.get("read", 0)
        if read not in (0, 1, 2):
            raise OperationError("read: 0, 1 or 2 was expected")
        nest = operation.get("nest_lock")
        subclass = operation.get("subclass", 0)
        if not isinstance(subclass, int) or not 0 <= subclass < 8:
            raise OperationError("subclass: a number from 0 to 7 was expected")
        self.validator.acquire(
            TASK,
            self._map(operation),
            _ACCESS[int(read)],
            subclass=subclass,
            trylock=bool(operation.get("trylock")),
            nest=self._named(str(nest)) if nest else None,
            stack=self._stack,
        )

    def unlock(self, operation: Operation) -> None:
        """``unlock``, ``dep_map_release``: release it."""
        self.validator.release(TASK, self._map(operation), stack=self._stack)

    def init(self, operation: Operation) -> None:
        """``init``: initialise its memory again."""
        self.validator.free(TASK, self._map(operation), stack=self._stack)

    def irqs(self, operation: Operation) -> None:
        """``irq_disable``, ``irq_enable``."""
        self.validator.set_hardirqs(TASK, on=operation["op"] == "irq_enable", stack=self._stack)

    def bottom_halves(self, operation: Operation) -> None:
        """``bh_disable``, ``bh_enable``."""
        self.validator.set_softirqs(TASK, on=operation["op"] == "bh_enable", stack=self._stack)

    def hardirq(self, operation: Operation) -> None:
        """``hardirq_enter``, ``hardirq_threaded``, ``hardirq_exit``."""
        match operation["op"]:
            case "hardirq_enter":
                self.validator.enter_hardirq(TASK)
            case "hardirq_threaded":
                self.validator.task(TASK).hardirq_threaded = True
            case _:
                self.validator.exit_hardirq(TASK)

    def softirq(self, operation: Operation) -> None:
        """``softirq_enter``, ``softirq_exit``."""
        if operation["op"] == "softirq_enter":
            self.validator.enter_softirq(TASK)
        else:
            self.validator.exit_softirq(TASK)

    def rcu(self, operation: Operation) -> None:
        """``rcu_read_lock`` and its relatives, and the unlocks."""
        flavour = _text(operation, "op").removeprefix("rcu_read_lock").removeprefix("rcu_read_unlock")
        name = f"rcu_read_lock{flavour}"
        lock = LockMap(name, name, name, Primitive.RCU, _RCU[flavour], validated=False)
        if "unlock" in _text(operation, "op"):
            self.validator.release(TASK, lock, stack=self._stack)
        else:
            self.validator.acquire(TASK, lock, Access.RECURSIVE, stack=self._stack)

    def reclaim(self, operation: Operation) -> None:
        """``fs_reclaim_acquire``, ``fs_reclaim_release``, ``might_alloc``."""
        if self._no_reclaim or operation.get("gfp", "GFP_KERNEL") != "GFP_KERNEL":
            return
        lock = LockMap("fs_reclaim", "fs_reclaim", "fs_reclaim", Primitive.MARKER)
        if operation["op"] != "fs_reclaim_release":
            self.validator.acquire(TASK, lock, stack=self._stack)
        if operation["op"] != "fs_reclaim_acquire":
            self.validator.release(TASK, lock, stack=self._stack)

    def nofs(self, operation: Operation) -> None:
        """``memalloc_nofs_save``, ``memalloc_nofs_restore``."""
        self._no_reclaim = operation["op"] == "memalloc_nofs_save"

    def ww_context(self, operation: Operation) -> None:
        """``ww_acquire_init``, ``ww_acquire_done``, ``ww_acquire_fini``."""
        name = _text(operation, "ctx")
        context = self._contexts.setdefault(name, _Context())
        match operation["op"]:
            case "ww_acquire_init":
                self.validator.acquire(TASK, self._named(name, context=True), stack=self._stack)
            case "ww_acquire_done":
                self._expect(not context.done, "ctx->done_acquire")
                context.done = True
            case _:
                self.validator.release(TASK, self._named(name, context=True), stack=self._stack)
                self._expect(not context.acquired, "ctx->acquired")

    def ww_lock(self, operation: Operation) -> None:
        """``ww_mutex_lock``, ``ww_mutex_trylock``; one that returns an error takes nothing."""
        trylock = operation["op"] == "ww_mutex_trylock"
        if str(operation.get("returns", "0")) != ("1" if trylock else "0"):
            return
        lock = self._map(operation)
        name = operation.get("ctx")
        nest = None
        if name is not None:
            self._contexts.setdefault(str(name), _Context()).acquired += 1
            self._ww_locks[_text(operation, "lock")] = str(name)
            nest = self._named(str(name), context=True)
        self.validator.acquire(TASK, lock, trylock=trylock, nest=nest, stack=self._stack)

    def ww_unlock(self, operation: Operation) -> None:
        """``ww_mutex_unlock``."""
        name = self._ww_locks.pop(_text(operation, "lock"), None)
        if name is not None:
            self._contexts[name].acquired -= 1
        self.validator.release(TASK, self._map(operation), stack=self._stack)

    def nothing(self, operation: Operation) -> None:
        """``trylock_failed``: no acquisition, so the validator is not told."""

    def _map(self, operation: Operation) -> LockMap:
        name = _text(operation, "lock")
        known = self._locks.get(name)
        if known is None:
            kind = _text(operation, "kind")
            if kind not in _PRIMITIVES:
                raise OperationError(
                    f'kind: "{kind}" is not a lock; one of {", ".join(sorted(_PRIMITIVES))} was expected'
                )
            class_name = str(operation.get("class", name))
            known = self._locks[name] = LockMap(name, class_name, class_name, Primitive(kind))
        return known

    def _named(self, name: str, *, context: bool = False) -> LockMap:
        """The lock, or acquire context, that a nest annotation names, perhaps as ``&name``."""
        bare = name.removeprefix("&")
        if context or bare not in self._locks:
            return LockMap(("ctx", bare), "ww_acquire", "ww_lockdep_acquire", Primitive.WW_MUTEX, _UNCHECKED)
        return self._locks[bare]

    def _expect(self, holds: bool, what: str) -> None:
        """A debug check of the ww mutexes, which turns the validator off as one of its own does."""
        if not holds:
            self.validator.doubt(TASK, what, stack=self._stack)


def _text(operation: Operation, name: str) -> str:
    value = operation.get(name)
    if not isinstance(value, str):
        raise OperationError(f"{name}: a text was expected")
    return value


_ACTIONS: dict[str, Callable[[Runner, Operation], None]] = {
    "lock": Runner.lock,
    "unlock": Runner.unlock,
    "dep_map_acquire": Runner.lock,
    "dep_map_release": Runner.unlock,
    "init": Runner.init,
    "trylock_failed": Runner.nothing,
    "irq_disable": Runner.irqs,
    "irq_enable": Runner.irqs,
    "bh_disable": Runner.bottom_halves,
    "bh_enable": Runner.bottom_halves,
    "hardirq_enter": Runner.hardirq,
    "hardirq_threaded": Runner.hardirq,
    "hardirq_exit": Runner.hardirq,
    "softirq_enter": Runner.softirq,
    "softirq_exit": Runner.softirq,
    "rcu_read_lock": Runner.rcu,
    "rcu_read_lock_bh": Runner.rcu,
    "rcu_read_lock_sched": Runner.rcu,
    "rcu_read_unlock": Runner.rcu,
    "rcu_read_unlock_bh": Runner.rcu,
    "rcu_read_unlock_sched": Runner.rcu,
    "fs_reclaim_acquire": Runner.reclaim,
    "fs_reclaim_release": Runner.reclaim,
    "might_alloc": Runner.reclaim,
    "memalloc_nofs_save": Runner.nofs,
    "memalloc_nofs_restore": Runner.nofs,
    "ww_acquire_init": Runner.ww_context,
    "ww_acquire_done": Runner.ww_context,
    "ww_acquire_fini": Runner.ww_context,
    "ww_mutex_lock": Runner.ww_lock,
    "ww_mutex_trylock": Runner.ww_lock,
    "ww_mutex_unlock": Runner.ww_unlock,
}
