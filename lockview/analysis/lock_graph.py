"""The graph of one report: locks as nodes, dependencies as edges, tasks as groups of edges."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lockview.model.locks import LockClass, WaitTypes
from lockview.model.reports import Dependency
from lockview.model.stacks import StackTrace


class LockKind(StrEnum):
    """What sort of thing a class is, as far as its name, its acquiring function or its wait type tells."""

    MUTEX = "mutex"
    SPINLOCK = "spinlock"
    RWLOCK = "rwlock"
    RWSEM = "rwsem"
    SEQCOUNT = "seqcount"
    MARKER = "marker"
    """A lockdep map without a lock behind it: ``fs_reclaim``, a work item, a completion."""
    RCU = "rcu"
    UNKNOWN = "unknown"


class Subject(StrEnum):
    """What a node stands for."""

    LOCK = "lock"
    TASK = "task"
    CONTEXT = "context"
    """No lock and no task, but what stands against one: an interrupt, a place that sleeps, a missing protection."""


class Relation(StrEnum):
    """What an edge says. Only DEPENDENCY edges close a cycle of lock order."""

    DEPENDENCY = "dependency"
    """The head was acquired, or is being acquired, while the tail was held."""
    PATH = "path"
    """The head is reached from the tail through locks that the text does not name."""
    INTERRUPT = "interrupt"
    """An interrupt that arrives while the tail is held may take the head."""
    WAITS = "waits"
    """The task at the tail waits for the lock at the head."""
    HOLDS = "holds"
    """The lock at the tail is held by the task at the head."""
    NESTING = "nesting"
    """The head stands right after the tail in a list of held locks; weak evidence, without a stack."""
    FORBIDDEN = "forbidden"
    """The head must not be taken under the tail."""


class Shape(StrEnum):
    """How a graph is best drawn."""

    RING = "ring"
    CONTEXTS = "contexts"
    """A lane per context, joined by what an interrupt may take."""
    LADDER = "ladder"
    """Held locks from the outermost down, and what may not stand below them."""
    WAIT_FOR = "wait-for"
    """Tasks and the locks that they hold and wait for."""
    PLAIN = "plain"
    """Locks without an order between them."""


class Mode(StrEnum):
    """How an edge's second lock is taken, as far as its stack tells."""

    EXCLUSIVE = "exclusive"
    SHARED = "shared"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LockNode:
    """A lock class, task or context in the picture. ``number`` indexes ``LockGraph.nodes``.

    ``usage`` is "" when not printed. A subject that is no lock has the empty class ``LockClass("")`` and says what
    it is in ``label``. ``wanted`` and ``held`` mark the two classes that the report itself names.
    """

    number: int
    lock_class: LockClass
    kind: LockKind
    usage: str = ""
    wait_types: WaitTypes | None = None
    wanted: bool = False
    held: bool = False
    subject: Subject = Subject.LOCK
    label: str = ""

    @property
    def name(self) -> str:
        """What the node is called: the class's name as printed, else the label."""
        return self.label or self.lock_class.name


@dataclass(frozen=True, slots=True)
class Evidence:
    """A stack that backs a node or an edge, and what it shows (``became SOFTIRQ-safe at``)."""

    title: str
    stack: StackTrace


@dataclass(frozen=True, slots=True)
class LockEdge:
    """An edge of the picture, from ``tail`` to ``head``; for a dependency from the held node to the acquired one.

    ``relation`` says which sort. ``dependency`` carries the classes and the stack behind the edge; the stack is empty
    for edges that have none, and ``evidence`` holds further stacks that back it (both usages of an INTERRUPT edge).

    ``number`` indexes ``LockGraph.edges``; ``order`` is its 1-based place in the cycle, counted from the wanted lock.
    ``task`` indexes ``LockGraph.tasks``. ``holder`` and ``acquirer`` are the functions that took tail and head, ""
    when the text does not tell.
    """

    number: int
    tail: int
    head: int
    order: int
    dependency: Dependency
    task: int
    mode: Mode = Mode.UNKNOWN
    holder: str = ""
    acquirer: str = ""
    relation: Relation = Relation.DEPENDENCY
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class GraphTask:
    """A task that the cycle needs: neighbouring edges whose stacks share their call path are one task.

    ``name`` is ``comm/pid`` for the reporting task, else the outermost telling function of its stacks
    (``elf_map``). ``edges`` are edge numbers in acquisition order.
    """

    number: int
    name: str
    edges: tuple[int, ...]
    reporting: bool = False


@dataclass(frozen=True, slots=True)
class LockGraph:
    """Nodes in ring order: the wanted lock first, then acquisition order. Edges in cycle order, tasks in edge order."""

    nodes: tuple[LockNode, ...]
    edges: tuple[LockEdge, ...]
    tasks: tuple[GraphTask, ...]
    shape: Shape = Shape.RING

    def node(self, lock_class: LockClass) -> LockNode | None:
        """The node of a class, or None when the class is not in the picture."""
        return next((node for node in self.nodes if node.lock_class == lock_class), None)
