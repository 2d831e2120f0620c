"""What is known about well-known lock classes: what they protect, and whether anybody ever waits for them.

The facts stand in ``resources/lock-classes.json``, which ``docs/lock-classes.md`` describes; it is read when the
first sentence is asked for. Where the kernel's documents say in which order classes are taken: ``documented``.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from lockview.analysis.lock_graph import LockKind, LockNode
from lockview.model.locks import LockClass
from lockview.model.reports import Report, ReportKind

FORMAT = ("lockview.lock-classes", 1)
_FILE = "lock-classes.json"


class Knowledge(NamedTuple):
    """One or two sentences about a class, and where they come from.

    ``name`` tells the entry apart. ``kinds`` are the sorts of lock that it has been, the newest first; ``names`` what
    lockdep printed for it in its time, without ``#n`` and ``/n``, a ``*`` at the end standing for any rest.
    ``waited_for`` is False for classes on which no task ever waits, although lockdep treats them as locks.
    """

    name: str
    area: str
    kinds: tuple[str, ...]
    names: tuple[str, ...]
    text: str
    sources: tuple[str, ...]
    waited_for: bool = True

    @property
    def source(self) -> str:
        """The first of the sources."""
        return self.sources[0]


KIND_WORDS = {
    "mutex": "Mutex",
    "ww-mutex": "Wound/wait mutex",
    "ww-acquire": "Acquire context of wound/wait mutexes",
    "rwsem": "Reader-writer semaphore (rwsem)",
    "percpu-rwsem": "Reader-writer semaphore with a counter per CPU (percpu-rwsem)",
    "semaphore": "Semaphore",
    "spinlock": "Spinlock",
    "raw-spinlock": "Raw spinlock",
    "rwlock": "Reader-writer lock (rwlock)",
    "socket-lock": "Socket lock",
    "seqcount": "Sequence counter",
    "rcu": "RCU read section",
    "srcu": "SRCU read section",
    "marker": "Marker: a lockdep map without a lock behind it",
    "work-queue": "Work queue, a lockdep map for waiting until it is empty",
    "work-item": "Work item, a lockdep map for waiting until it has run",
    "completion": "Completion, a lockdep map for waiting",
    "reference-count": "Count of users, a lockdep map for waiting until there is none",
}
"""The kinds that the file may name, in words."""

_TELLING = {
    "mutex": LockKind.MUTEX,
    "ww-mutex": LockKind.MUTEX,
    "rwsem": LockKind.RWSEM,
    "percpu-rwsem": LockKind.RWSEM,
    "spinlock": LockKind.SPINLOCK,
    "raw-spinlock": LockKind.SPINLOCK,
    "rwlock": LockKind.RWLOCK,
    "seqcount": LockKind.SEQCOUNT,
}
"""Kinds that the functions of a stack tell apart."""

_OTHER_PROGRAMS = (ReportKind.TSAN, ReportKind.HELGRIND, ReportKind.WITNESS, ReportKind.JAVA)


@cache
def contents() -> dict[str, Any]:
    """The file of knowledge as it is; an empty one where the installation lacks it, for it is no part of any result."""
    import json
    from pathlib import Path

    package = Path(__file__).parent.parent
    for folder in (package, package.parent):  # inside an installed package, and beside the package in a checkout
        path = folder / "resources" / _FILE
        if path.is_file():
            found: dict[str, Any] = json.loads(path.read_text("utf-8"))
            return found
    return {"classes": [], "orders": []}


@cache
def entries() -> dict[str, Knowledge]:
    """All entries by their name."""
    made = (
        Knowledge(
            entry["id"],
            entry["area"],
            tuple(entry["kinds"]),
            tuple(entry["names"]),
            entry["protects"],
            tuple(entry["sources"]),
            entry.get("waited_for", True),
        )
        for entry in contents()["classes"]
    )
    return {entry.name: entry for entry in made}


@cache
def _by_name() -> tuple[dict[str, Knowledge], tuple[tuple[str, Knowledge], ...]]:
    """Entries by their whole names, and by beginnings of names, the longest first."""
    exact = {name: entry for entry in entries().values() for name in entry.names if not name.endswith("*")}
    open_ended = [(name[:-1], entry) for entry in entries().values() for name in entry.names if name.endswith("*")]
    return exact, tuple(sorted(open_ended, key=lambda pair: -len(pair[0])))


def known(lock_class: LockClass) -> Knowledge | None:
    """What is known about a class by its name; None for most."""
    exact, beginnings = _by_name()
    entry = exact.get(lock_class.base)
    return entry or next((entry for start, entry in beginnings if lock_class.base.startswith(start)), None)


def known_of(node: LockNode) -> Knowledge | None:
    """What is known about a node. A lock that was taken by functions of another kind is a namesake and not known."""
    entry = known(node.lock_class)
    if entry is None:
        return None
    kinds = {_TELLING[kind] for kind in entry.kinds if kind in _TELLING}
    return None if kinds and node.kind in _TELLING.values() and node.kind not in kinds else entry


def known_in(report: Report, node: LockNode) -> Knowledge | None:
    """What is known about a node of a report; other programs and kernels use the same names for others."""
    return None if report.kind in _OTHER_PROGRAMS else known_of(node)


def kind_words(entry: Knowledge, node: LockNode) -> str:
    """The kind of a known class in words: the one that the report shows, else all that it has been."""
    shown = [kind for kind in entry.kinds if _TELLING.get(kind) is node.kind]
    first, *others = [KIND_WORDS[kind] for kind in shown or entry.kinds]
    return " or ".join([first, *(f"{words[0].lower()}{words[1:]}" for words in others)])


def never_waited_for(node: LockNode) -> bool:
    """Whether a class is known to block nobody, though lockdep treats it as a lock."""
    entry = known_of(node)
    return not entry.waited_for if entry else node.kind is LockKind.SEQCOUNT
