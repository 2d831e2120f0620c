"""Where a report of any kind names a lock or a task: found by looking through its values, of whatever family."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.analysis.lock_graph import LockGraph, LockNode, Subject
from lockview.model.locks import LockClass
from lockview.model.reports import ChainEntry, HeldLocks, Reading, Report, Task
from lockview.model.stacks import Backtrace, Frame, StackTrace
from lockview.model.text import Span

Named = LockClass | Task | str
"""A lock, a task of the kernel, or the bare name of a thread of another program."""

_PASSED_OVER = (StackTrace, Backtrace, Frame, Reading, ChainEntry, Span)
"""What holds no such names, or whose lines belong to an edge."""


def mentions(report: Report) -> Iterator[tuple[Named, Span]]:
    """Each lock and each task that a part of the report names, with the lines of that part."""
    stack: list[object] = list(reversed(_parts(report)))
    while stack:
        value = stack.pop()
        if isinstance(value, tuple):
            stack += reversed(value)
        elif hasattr(value, "__dataclass_fields__") and not isinstance(value, _PASSED_OVER):
            yield from _named(value)
            stack += reversed(_parts(value))


def _parts(value: object) -> list[object]:
    return [getattr(value, name) for name in getattr(value, "__dataclass_fields__", ())]


def _named(value: object) -> Iterator[tuple[Named, Span]]:
    span = getattr(value, "span", None)
    if not isinstance(span, Span) or not span:
        return
    lock_class = getattr(value, "lock_class", None)
    if isinstance(lock_class, LockClass) and lock_class.base:
        yield lock_class, span
    elif isinstance(name := getattr(value, "name", None), str) and name:
        yield name, span
    task = getattr(value, "task", None) or getattr(value, "waiter", None)
    if isinstance(task, Task):
        yield task, Span(span.first, span.first) if isinstance(value, HeldLocks) else span


def names(node: LockNode, named: Named) -> bool:
    """Whether a node is this lock or task. Tasks are told apart by number, as long names are cut in some lines."""
    if isinstance(named, LockClass):
        return node.lock_class == named
    if isinstance(named, str):
        return node.subject is Subject.TASK and node.label == named
    return node.subject is Subject.TASK and node.label.rpartition("/")[2] == str(named.pid)


def node_of(graph: LockGraph, named: Named) -> LockNode | None:
    """The node of a lock or a task, None when it is not in the picture."""
    return next((node for node in graph.nodes if names(node, named)), None)
