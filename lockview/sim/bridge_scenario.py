"""From tasks that take locks to a scenario of the simulated kernel: one lock for each class (rule B6)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from lockview.analysis.functions import is_lock_core
from lockview.analysis.knowledge import never_waited_for
from lockview.analysis.lock_graph import LockGraph, LockKind, LockNode
from lockview.analysis.routine_locks import GATE, Joiner, is_of_one_mm
from lockview.analysis.stacks import call_path
from lockview.model.locks import Primitive
from lockview.model.stacks import StackTrace
from lockview.sim.bridge_roles import Role, Take, is_context, lock_nodes
from lockview.sim.scenarios.description import CallPart, Description, LockPart, TaskPart


class Reading(StrEnum):
    """Who waits for whom."""

    CLASSIFIED = "as classified"
    """A writer of a sequence counter waits for nobody, nobody waits for a marker, readers share."""
    EVERY_NODE = "every node blocks"
    """Counters and markers are locks like others."""
    COUNTERS_BLOCK = "counters block"
    """As classified, but a counter is a lock like others."""
    NO_SHARING = "readers wait for readers"
    """As classified, but a shared acquisition is an exclusive one."""


class Reader(NamedTuple):
    """A reader of a sequence counter that waits until no writer is inside.

    It does so with ``irqs_off``, while it holds the lock of the node ``holds``, or on the CPU of the role ``on_cpu``,
    whose priority is lower.
    """

    counter: int
    irqs_off: bool = False
    holds: int | None = None
    on_cpu: int | None = None


_PRIMITIVES = {
    LockKind.MUTEX: Primitive.MUTEX,
    LockKind.SPINLOCK: Primitive.SPINLOCK,
    LockKind.RWLOCK: Primitive.RWLOCK,
    LockKind.RWSEM: Primitive.RWSEM,
}
_SHAREABLE = (Primitive.RWLOCK, Primitive.RWSEM)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,89}\Z")
_MOST_CALLERS = 20
_MOST_SUBCLASS = 7
_FIRST_PID = 101
_MOST_INNERMOST = 4
"""A function that writes a counter is among so many innermost ones of a stack."""


def primitive_of(node: LockNode, reading: Reading, unknown: Primitive = Primitive.MUTEX) -> Primitive:
    """What a node is in a reading; ``unknown`` where nothing tells."""
    if reading is not Reading.EVERY_NODE:
        if node.kind is LockKind.SEQCOUNT and reading is not Reading.COUNTERS_BLOCK:
            return Primitive.SEQCOUNT
        if is_context(node) or (node.kind is LockKind.RCU and never_waited_for(node)):
            return Primitive.MARKER
    return _PRIMITIVES.get(node.kind, unknown)


def describe(
    graph: LockGraph,
    roles: Sequence[Role],
    reading: Reading,
    *,
    gates: bool = True,
    joiner: Joiner | None = None,
    reader: Reader | None = None,
) -> Description:
    """A scenario that ``build`` can make a machine of. Without ``gates`` nobody holds more than the report says."""
    maker = _Maker(graph, roles, reading, gates)
    tasks = [maker.task(number, role) for number, role in enumerate(roles)]
    tasks += maker.writers(len(tasks))
    if joiner is not None:
        tasks.append(maker.joining(joiner, len(tasks)))
    if reader is not None:
        tasks.append(maker.reading_task(reader, len(tasks)))
    return Description("report", "the tasks of a report", locks=tuple(maker.locks.values()), tasks=tuple(tasks))


class _Maker:
    """Knows which lock of the scenario stands for which node, and for which gate."""

    def __init__(self, graph: LockGraph, roles: Sequence[Role], reading: Reading, gates: bool) -> None:
        self.graph = graph
        self.roles = roles
        self.reading = reading
        self.gates = gates
        self.locks: dict[int | str, LockPart] = {}
        # Who interrupts cannot sleep, so what is not known to be another kind of lock spins.
        unknown = Primitive.MUTEX if all(role.interrupts is None for role in roles) else Primitive.SPINLOCK
        self.nodes = {node.number: node for node in lock_nodes(graph, roles)}
        for number, node in self.nodes.items():
            self.locks[number] = _lock(f"lock{number}", node, primitive_of(node, reading, unknown))

    def task(self, number: int, role: Role) -> TaskPart:
        lines = [line for section in role.sections for line in self._section(number, role, section)]
        if role.irqs_off:
            lines = ["irqs off", *lines, "irqs on"]
        if role.interrupts is None:
            call = CallPart("lock-program", (("steps", lines),))
            return TaskPart(role.name, _FIRST_PID + number, (call,), cpu=number)
        of = self.roles[role.interrupts].name
        call = CallPart("interrupt", (("task", of), ("steps", lines), ("soft", role.soft)))
        priority = 1 if role.soft else 2
        return TaskPart(role.name, _FIRST_PID + number, (call,), cpu=role.interrupts, priority=priority, arrives=True)

    def writers(self, first: int) -> Iterator[TaskPart]:
        """Somebody who writes what is read, for each lock that is taken shared: readers queue behind him."""
        shared = dict.fromkeys(take.node for role in self.roles for take in role.takes if take.shared)
        locks = [self.locks[node] for node in shared]
        for number, lock in enumerate((lock for lock in locks if Primitive(lock.kind) in _SHAREABLE), start=first):
            call = CallPart("lock-program", (("steps", [f"take {lock.name}", f"release {lock.name}"]),))
            yield TaskPart(f"writer of {lock.lock_class}", _FIRST_PID + number, (call,), cpu=number)

    def joining(self, joiner: Joiner, number: int) -> TaskPart:
        """A task that takes the locks of a known path."""
        outer, inner = (self._by_base(base) for base in (joiner.outer, joiner.inner))
        callers = " in " + " <- ".join(joiner.callers)
        flush = ["flush"] if joiner.flushes else []
        verbs = _verbs(self.locks[inner])
        lines = [
            f"take {self.locks[outer].name}{callers}",
            f"{verbs[0]} {self.locks[inner].name}{callers}",
            *flush,
            f"{verbs[1]} {self.locks[inner].name}",
            f"release {self.locks[outer].name}",
        ]
        call = CallPart("lock-program", (("steps", lines),))
        return TaskPart(joiner.name, _FIRST_PID + number, (call,), cpu=number)

    def reading_task(self, reader: Reader, number: int) -> TaskPart:
        lines = [f"spin {self.locks[reader.counter].name}"]
        if reader.holds is not None:
            lock = self.locks[reader.holds]
            mode = " shared" if Primitive(lock.kind) in _SHAREABLE else ""
            lines = [f"take {lock.name}{mode}", *lines, f"release {lock.name}"]
        if reader.irqs_off:
            lines = ["irqs off", *lines, "irqs on"]
        if reader.on_cpu is not None:
            lines = ["irqs on", *lines]  # its arrival
        call = CallPart("lock-program", (("steps", lines),))
        on = reader.on_cpu
        cpu, priority = (number, 0) if on is None else (on, 1)
        return TaskPart("reader", _FIRST_PID + number, (call,), cpu=cpu, priority=priority, arrives=on is not None)

    def _by_base(self, base: str) -> int:
        return next(number for number, node in self.nodes.items() if node.lock_class.base == base)

    def _section(self, number: int, role: Role, section: Sequence[Take]) -> list[str]:
        """The lines that take the known locks and those of the section, and give all of them up again."""
        opened: list[str] = []
        closed: list[str] = []
        interrupted = {role.interrupts for role in self.roles}
        if self.gates:
            self._known(number, role, section, opened, closed)
        for take in section:
            lock = self.locks[take.node]
            begin, end = _verbs(lock)
            holds = take is not section[-1] or number in interrupted or writes_counter(take.stack)
            if lock.kind == Primitive.SEQCOUNT and not holds:
                opened.append(f"spin {lock.name}{_callers(take.stack)}")
                continue
            begin = "try" if take.trylock and begin == "take" else begin
            opened.append(f"{begin} {lock.name}{self._how(role, take, lock)}{_callers(take.stack)}")
            closed.append(f"{end} {lock.name}")
        return [*opened, *reversed(closed)]

    def _known(self, number: int, role: Role, section: Sequence[Take], opened: list[str], closed: list[str]) -> None:
        for hold in role.known:
            if hold.lock == GATE:
                lock = self._gate(number)
                if any(self.locks[take.node] is lock for take in section):
                    continue
                mode = "" if hold.exclusive else " shared"
                opened.append(f"take {lock.name}{mode}")
                closed.append(f"release {lock.name}")
                continue
            nodes = [node.number for node in self.nodes.values() if node.lock_class.name == hold.lock]
            if nodes and all(take.node != nodes[0] for take in section):
                begin, end = _verbs(self.locks[nodes[0]])
                opened.append(f"{begin} {self.locks[nodes[0]].name} in {hold.function}")
                closed.append(f"{end} {self.locks[nodes[0]].name}")

    def _gate(self, number: int) -> LockPart:
        """The gate of the address space that a role works in: one for all who share a lock of one address space.

        Where the gate is a node itself, that is it.
        """
        for node in self.nodes.values():
            if node.lock_class.base in ("&mm->mmap_sem", "&mm->mmap_lock"):
                return self.locks[node.number]
        shared = any(is_of_one_mm(self.nodes[take.node].lock_class.base) for take in self.roles[number].takes)
        name = "gate" if shared else f"gate{number}"
        return self.locks.setdefault(name, LockPart(name, "&mm->mmap_sem", Primitive.RWSEM, fair=True))

    def _how(self, role: Role, take: Take, lock: LockPart) -> str:
        subclass = self.nodes[take.node].lock_class.subclass
        nesting = f" /{subclass}" if 0 < subclass <= _MOST_SUBCLASS else ""
        if not take.shared or self.reading is Reading.NO_SHARING or Primitive(lock.kind) not in _SHAREABLE:
            return nesting
        in_interrupt = role.interrupts is not None and lock.kind == Primitive.RWLOCK
        return f"{' recursive' if in_interrupt else ' shared'}{nesting}"


def writes_counter(stack: StackTrace) -> bool:
    """Whether the functions that used a counter tell that they write; what does not tell may be a reader that spins."""
    names = [frame.bare_function for frame in stack.frames[:_MOST_INNERMOST]]
    return any("write_seq" in name or name in ("vm_write_begin", "write_begin") for name in names)


def _lock(name: str, node: LockNode, primitive: Primitive) -> LockPart:
    lock_class = node.lock_class
    base = lock_class.base or node.name
    key = f"{base}#{lock_class.key_number}"
    return LockPart(name, base, primitive, key=key, fair=primitive in _SHAREABLE)


def _verbs(lock: LockPart) -> tuple[str, str]:
    """How a lock is taken and given up in a lock program."""
    match lock.kind:
        case Primitive.SEQCOUNT:
            return "begin", "end"
        case Primitive.MARKER:
            return "enter", "leave"
    return "take", "release"


def _callers(stack: StackTrace) -> str:
    names: Iterator[str] = (frame.bare_function for frame in call_path(stack) if not is_lock_core(frame.bare_function))
    fit = [name for name in names if _NAME.match(name)][:_MOST_CALLERS]
    return f" in {' <- '.join(fit)}" if fit else ""
