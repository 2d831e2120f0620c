"""The graph of one report: locks as nodes, dependencies as edges, tasks as groups of edges."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lockview.model.locks import LockClass, WaitTypes
from lockview.model.reports import Dependency


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


class Mode(StrEnum):
    """How an edge's second lock is taken, as far as its stack tells."""

    EXCLUSIVE = "exclusive"
    SHARED = "shared"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LockNode:
    """A lock class in the picture. ``number`` indexes ``LockGraph.nodes``; ``usage`` is "" when not printed.

    ``wanted`` and ``held`` mark the two classes that the report itself names.
    """

    number: int
    lock_class: LockClass
    kind: LockKind
    usage: str = ""
    wait_types: WaitTypes | None = None
    wanted: bool = False
    held: bool = False


@dataclass(frozen=True, slots=True)
class LockEdge:
    """A dependency in the picture, from the held node ``tail`` to the acquired node ``head``.

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

    def node(self, lock_class: LockClass) -> LockNode | None:
        """The node of a class, or None when the class is not in the picture."""
        return next((node for node in self.nodes if node.lock_class == lock_class), None)
