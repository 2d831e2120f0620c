"""Lists of operations, as data: what the kernel's own self-test does to its validator, and what more there is to do.

An operation is a mapping with ``op`` and the fields that it needs; docs/lockdep-cases.md describes each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lockview.lockdep.fields import OperationError, flag, mention, text, texts, whole
from lockview.lockdep.locks import RCU_BH, RCU_SCHED, LockMap
from lockview.lockdep.validator import Validator
from lockview.lockdep.ww_operations import WwMutexes, context_map
from lockview.model.locks import Access, Primitive
from lockview.model.reports import Task
from lockview.model.stacks import EMPTY_STACK, Frame, StackTrace

__all__ = ["TASK", "Operation", "OperationError", "Runner"]

Operation = Mapping[str, object]

TASK = Task("swapper/0", 0)
"""The task of operations that name none, as the one that runs the self-test at boot."""

_ACCESS = (Access.EXCLUSIVE, Access.SHARED, Access.RECURSIVE)
_RCU = {"": None, "_bh": RCU_BH, "_sched": RCU_SCHED}


@dataclass
class Runner:
    """Carries operations out on a validator. ``apply`` raises OperationError for one that it does not understand."""

    validator: Validator
    _locks: dict[str, LockMap] = field(default_factory=dict)
    _tasks: dict[str, Task] = field(default_factory=dict)
    _no_reclaim: bool = False
    _stack: StackTrace = EMPTY_STACK
    _task: Task = TASK

    def __post_init__(self) -> None:
        self._ww = WwMutexes(self.validator)

    def apply(self, operation: Operation, number: int) -> None:
        """Carry one operation out, the ``number``-th of the list, from 1. Without ``stack`` its name is its stack."""
        name = text(operation, "op")
        action = _ACTIONS.get(name)
        if action is None:
            raise OperationError(f'op: "{name}" is not an operation')
        functions = texts(operation, "stack") or (name,)
        self._stack = StackTrace(tuple(Frame(function, file="ops", line=number) for function in functions))
        self._task = self._task_of(operation)
        action(self, operation)

    def _task_of(self, operation: Operation) -> Task:
        name = text(operation, "task", "")
        if not name:
            return TASK
        return self._tasks.setdefault(name, Task(name, len(self._tasks) + 1))

    # --- Taking and giving up -----------------------------------------------------------------------------------

    def lock(self, operation: Operation) -> None:
        """``lock``, ``sync``, ``dep_map_acquire``: take it, or only wait for those who hold it."""
        lock, nest = self._map(operation), operation.get("nest_lock")
        self.validator.acquire(
            self._task,
            lock,
            _ACCESS[whole(operation, "read", 0, 2)],
            subclass=whole(operation, "subclass", 0, 1000),
            trylock=flag(operation, "trylock", default=False),
            nest=self._nest(operation) if nest else None,
            sync=operation["op"] == "sync",
            stack=self._stack,
        )

    def unlock(self, operation: Operation) -> None:
        """``unlock``, ``dep_map_release``: release it."""
        self.validator.release(self._task, self._map(operation), stack=self._stack)

    def downgrade(self, operation: Operation) -> None:
        """``downgrade``: from exclusive to shared."""
        self.validator.downgrade(self._task, self._map(operation), stack=self._stack)

    def set_class(self, operation: Operation) -> None:
        """``set_class``, ``set_subclass``: of a held lock."""
        lock = self._map(operation)
        name = text(operation, "to", lock.name)
        other = lock._replace(key=name, name=name) if operation["op"] == "set_class" else lock
        subclass = whole(operation, "subclass", 0, 1000)
        self.validator.set_class(self._task, lock, other, subclass, stack=self._stack)
        self._locks[text(operation, "lock")] = other

    # --- What is said of locks ----------------------------------------------------------------------------------

    def init(self, operation: Operation) -> None:
        """``init``, ``free``: initialise its memory again, or give it back."""
        self.validator.free(self._task, self._map(operation), stack=self._stack)

    def pin(self, operation: Operation) -> None:
        """``pin``, ``unpin``."""
        self.validator.pin(self._task, self._map(operation), on=operation["op"] == "pin", stack=self._stack)

    def contended(self, operation: Operation) -> None:
        """``contended``: lock statistics saw it waited for."""
        self.validator.contended(self._task, self._map(operation), stack=self._stack)

    def assert_held(self, operation: Operation) -> None:
        """``assert_held``, with ``read`` only that way."""
        access = _ACCESS[whole(operation, "read", 0, 2)] if "read" in operation else None
        self.validator.assert_held(self._task, self._map(operation), access, stack=self._stack)

    def dereference(self, operation: Operation) -> None:
        """``rcu_dereference_check``: right under RCU, or under one of ``locks``."""
        locks = []
        for name in texts(operation, "locks"):
            if name not in self._locks:
                raise OperationError(f'locks: "{name}" was not used before')
            locks.append(self._locks[name])
        place = text(operation, "place", f"ops:{self._stack.frames[0].line}")
        message = text(operation, "message", "suspicious rcu_dereference_check() usage!")
        self.validator.dereference(self._task, place, message, *locks, stack=self._stack)

    def leave(self, operation: Operation) -> None:
        """``exit_task``, ``return_to_user``, ``end_work``."""
        match operation["op"]:
            case "exit_task":
                self.validator.exit_task(self._task, stack=self._stack)
            case "return_to_user":
                self.validator.return_to_user(self._task, stack=self._stack)
            case _:
                self.validator.end_work(self._task, text(operation, "function", "work_function"), stack=self._stack)

    # --- Contexts -----------------------------------------------------------------------------------------------

    def irqs(self, operation: Operation) -> None:
        """``irq_disable``, ``irq_enable``."""
        self.validator.set_hardirqs(self._task, on=operation["op"] == "irq_enable", stack=self._stack)

    def bottom_halves(self, operation: Operation) -> None:
        """``bh_disable``, ``bh_enable``."""
        self.validator.set_softirqs(self._task, on=operation["op"] == "bh_enable", stack=self._stack)

    def hardirq(self, operation: Operation) -> None:
        """``hardirq_enter``, ``hardirq_threaded``, ``hardirq_exit``."""
        state = self.validator.task(self._task)
        match operation["op"]:
            case "hardirq_enter":
                self.validator.enter_hardirq(self._task)
            case "hardirq_threaded":
                state.hardirq_threaded = True
            case _:
                self._expect_inside(state.in_hardirq)
                self.validator.exit_hardirq(self._task)

    def softirq(self, operation: Operation) -> None:
        """``softirq_enter``, ``softirq_exit``."""
        if operation["op"] == "softirq_enter":
            self.validator.enter_softirq(self._task)
        else:
            self._expect_inside(self.validator.task(self._task).in_softirq)
            self.validator.exit_softirq(self._task)

    @staticmethod
    def _expect_inside(depth: int) -> None:
        if not depth:
            raise OperationError("op: there is no such interrupt to leave")

    def rcu(self, operation: Operation) -> None:
        """``rcu_read_lock`` and its relatives, and the unlocks."""
        flavour = text(operation, "op").removeprefix("rcu_read_lock").removeprefix("rcu_read_unlock")
        name = f"rcu_read_lock{flavour}"
        lock = LockMap(name, name, name, Primitive.RCU, _RCU[flavour], validated=False)
        if "unlock" in text(operation, "op"):
            self.validator.release(self._task, lock, stack=self._stack)
        else:
            self.validator.acquire(self._task, lock, Access.RECURSIVE, stack=self._stack)

    def reclaim(self, operation: Operation) -> None:
        """``fs_reclaim_acquire``, ``fs_reclaim_release``, ``might_alloc``."""
        if self._no_reclaim or text(operation, "gfp", "GFP_KERNEL") != "GFP_KERNEL":
            return
        lock = LockMap("fs_reclaim", "fs_reclaim", "fs_reclaim", Primitive.MARKER)
        if operation["op"] != "fs_reclaim_release":
            self.validator.acquire(self._task, lock, stack=self._stack)
        if operation["op"] != "fs_reclaim_acquire":
            self.validator.release(self._task, lock, stack=self._stack)

    def nofs(self, operation: Operation) -> None:
        """``memalloc_nofs_save``, ``memalloc_nofs_restore``."""
        self._no_reclaim = operation["op"] == "memalloc_nofs_save"

    # --- Wound/wait mutexes -------------------------------------------------------------------------------------

    def ww_context(self, operation: Operation) -> None:
        """``ww_acquire_init``, ``ww_acquire_done``, ``ww_acquire_fini``."""
        name = text(operation, "ctx")
        match operation["op"]:
            case "ww_acquire_init":
                self._ww.begin(self._task, name, self._stack)
            case "ww_acquire_done":
                self._ww.done(self._task, name, self._stack)
            case _:
                self._ww.finish(self._task, name, self._stack)

    def ww_lock(self, operation: Operation) -> None:
        """``ww_mutex_lock``, ``ww_mutex_lock_slow``: what it returns is said, not found out."""
        lock, returns = self._map(operation), text(operation, "returns", "0")
        name = None if operation.get("ctx") is None else text(operation, "ctx")
        if operation["op"] == "ww_mutex_lock_slow":
            self._ww.lock_slow(self._task, lock, name or text(operation, "ctx"), returns, self._stack)
        else:
            self._ww.lock(self._task, lock, name, returns, self._stack)

    def ww_trylock(self, operation: Operation) -> None:
        """``ww_mutex_trylock`` without a context: 1 when it is taken."""
        lock = self._map(operation)
        if text(operation, "returns", "1") == "1":
            self.validator.acquire(self._task, lock, trylock=True, stack=self._stack)

    def ww_unlock(self, operation: Operation) -> None:
        """``ww_mutex_unlock``."""
        self._ww.unlock(self._task, self._map(operation), self._stack)

    def ww_set(self, operation: Operation) -> None:
        """``ww_set``: what a test writes into the structures, of a lock (``ctx``) or of a context."""
        if "lock" in operation:
            owner = operation.get("ctx")
            if owner is None:
                self._ww.owners.pop(text(operation, "lock"), None)
            else:
                self._ww.owners[text(operation, "lock")] = text(operation, "ctx")
            return
        context = self._ww.context(text(operation, "ctx"))
        context.acquired = whole(operation, "acquired", context.acquired, 1000)
        context.has_class = operation.get("ww_class", "") is not None

    def nothing(self, operation: Operation) -> None:
        """``trylock_failed``: no acquisition, so the validator is not told."""

    # --- Names --------------------------------------------------------------------------------------------------

    def _map(self, operation: Operation) -> LockMap:
        name = text(operation, "lock")
        known = self._locks.get(name)
        if known is None:
            known = self._locks[name] = mention(operation, name)
        return known

    def _nest(self, operation: Operation) -> LockMap:
        """The lock, or acquire context, that a nest annotation names, perhaps as ``&name``."""
        name = text(operation, "nest_lock").removeprefix("&")
        if name in self._locks:
            return self._locks[name]
        if name in self._ww.contexts:
            return context_map(name)
        class_name = text(operation, "nest_class", name)
        return LockMap(name, class_name, class_name)


_ACTIONS: dict[str, Callable[[Runner, Operation], None]] = {
    **dict.fromkeys(("lock", "sync", "dep_map_acquire"), Runner.lock),
    **dict.fromkeys(("unlock", "dep_map_release"), Runner.unlock),
    "downgrade": Runner.downgrade,
    **dict.fromkeys(("set_class", "set_subclass"), Runner.set_class),
    **dict.fromkeys(("init", "free"), Runner.init),
    **dict.fromkeys(("pin", "unpin"), Runner.pin),
    "contended": Runner.contended,
    "assert_held": Runner.assert_held,
    "rcu_dereference_check": Runner.dereference,
    **dict.fromkeys(("exit_task", "return_to_user", "end_work"), Runner.leave),
    "trylock_failed": Runner.nothing,
    **dict.fromkeys(("irq_disable", "irq_enable"), Runner.irqs),
    **dict.fromkeys(("bh_disable", "bh_enable"), Runner.bottom_halves),
    **dict.fromkeys(("hardirq_enter", "hardirq_threaded", "hardirq_exit"), Runner.hardirq),
    **dict.fromkeys(("softirq_enter", "softirq_exit"), Runner.softirq),
    **{f"rcu_read_{verb}{flavour}": Runner.rcu for verb in ("lock", "unlock") for flavour in _RCU},
    **dict.fromkeys(("fs_reclaim_acquire", "fs_reclaim_release", "might_alloc"), Runner.reclaim),
    **dict.fromkeys(("memalloc_nofs_save", "memalloc_nofs_restore"), Runner.nofs),
    **dict.fromkeys(("ww_acquire_init", "ww_acquire_done", "ww_acquire_fini"), Runner.ww_context),
    **dict.fromkeys(("ww_mutex_lock", "ww_mutex_lock_slow"), Runner.ww_lock),
    "ww_mutex_trylock": Runner.ww_trylock,
    "ww_mutex_unlock": Runner.ww_unlock,
    "ww_set": Runner.ww_set,
}
