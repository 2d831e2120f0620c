"""The cycle as a figure of plain ASCII, at most 75 columns wide, for a mail or a commit message.

Short cycles are two rows, the upper one read to the right and the lower one to the left; what does not fit so is a
column. Numbers on the arrows are those of the call paths below the figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lockview.analysis.functions import is_lock_core, is_plumbing
from lockview.analysis.lock_graph import GraphTask, LockEdge, LockGraph, LockKind
from lockview.analysis.stacks import call_path
from lockview.analysis.tasks import reporter
from lockview.layout.labels import LONGEST, elided, visible
from lockview.model.reports import Report

WIDTH = 75
NAME_WIDTH = 60
ROW_NAME_WIDTH = 40
NARROWEST_COLUMN, WIDEST_COLUMN = 14, 24
LOCK = "lock({});"
DOTS = "..."


def text_figure(report: Report, graph: LockGraph, *, scenario: bool = False) -> str:
    """The figure and the call paths; with ``scenario`` also who takes what in which order, and a verdict."""
    parts = [list(_headline(report, graph)), list(_figure(graph)), list(_paths(graph))]
    if scenario and graph.tasks:
        parts += [list(_scenario(graph)), list(_verdict(graph))]
    return "\n\n".join("\n".join(line.rstrip() for line in part) for part in parts if part) + "\n"


def _ascii(text: str, width: int) -> str:
    """Text in ASCII and in at most so many columns, the middle given up."""
    plain = visible(elided(text, LONGEST)).encode("ascii", "backslashreplace").decode("ascii")
    if len(plain) <= width:
        return plain
    kept = max(width - len(DOTS), 0)
    tail = kept // 2
    return (plain[: kept - tail] + DOTS + (plain[-tail:] if tail else ""))[:width]


def _headline(report: Report, graph: LockGraph) -> Iterator[str]:
    task = _ascii(reporter(report), 30)
    wanted = next((node.name for node in graph.nodes if node.wanted), "")
    held = next((node.name for node in graph.nodes if node.held), "")
    if not wanted and not held:
        yield _ascii(report.title, WIDTH)
        return
    first = f"{task} wants {wanted or 'a lock'}"
    second = f"while holding {held}" if held else ""
    if len(first) + 1 + len(second) <= WIDTH:
        yield _ascii(f"{first} {second}".rstrip(), WIDTH)
        return
    yield f"{task} wants " + _ascii(wanted or "a lock", WIDTH - len(task) - 7)
    if held:
        yield "while holding " + _ascii(held, WIDTH - 14)


def _figure(graph: LockGraph) -> Iterator[str]:
    count = len(graph.nodes)
    if not _is_ring(graph):
        yield from _list(graph)
        return
    names = [_ascii(node.name, ROW_NAME_WIDTH) for node in graph.nodes]
    orders = [str(edge.order) for edge in graph.edges]
    splits = [_rows(names, orders, split) for split in range(1, count + 1) if split < count or count == 1]
    rows = min(splits, key=lambda lines: max(map(len, lines)))
    if max(map(len, rows)) <= WIDTH:
        yield from rows
    else:
        yield from _column([_ascii(node.name, NAME_WIDTH) for node in graph.nodes], orders)


def _is_ring(graph: LockGraph) -> bool:
    count = len(graph.nodes)
    ends = [(edge.tail, edge.head) for edge in graph.edges]
    return count > 0 and ends == [(number, (number + 1) % count) for number in range(count)]


def _rows(names: Sequence[str], orders: Sequence[str], split: int) -> list[str]:
    """The ring with the first ``split`` names in the upper row; a single lock has a lower row without names."""
    upper = " +-> " + names[0]
    for name, order in zip(names[1:split], orders, strict=False):
        upper += f" --{order}--> {name}"
    turning = orders[split - 1]
    closing = orders[-1] if split < len(names) else ""
    lower = " +-" + "-" * len(closing)
    if split < len(names):
        lower = " +-- " + names[-1]
        for name, order in zip(reversed(names[split:-1]), reversed(orders[split:-1]), strict=True):
            lower += f" <--{order}-- {name}"
        lower += " <-"
    width = max(len(upper) + 1, len(lower))
    upper = (upper + " ").ljust(width, "-") + "--+"
    lower = lower.ljust(width + 2, "-") + "+"
    side = len(upper) - 1
    first = " |".ljust(side) + turning
    second = f" {closing or '|'}".ljust(side) + "|"
    return [upper, first, second, lower] if closing else [upper, first, lower]


def _column(names: Sequence[str], orders: Sequence[str]) -> Iterator[str]:
    """The ring from top to bottom, two names at least."""
    lines = [f" +-> {names[0]}"]
    for name, order in zip(names[1:], orders, strict=False):
        lines += [f" |     {order}", " |     v", f" |   {name}"]
    lines[-1] = f" +-- {names[-1]}"
    middle = len(lines) // 2
    # A row with an arrow's point or number has room for a number at the left; a row with a name has one column too few.
    while not lines[middle].startswith(" |     "):
        middle += 1
    lines[middle] = f" {orders[-1]}".ljust(7) + lines[middle][7:]
    yield from lines


def _list(graph: LockGraph) -> Iterator[str]:
    """What is no ring: one line per dependency, or the locks alone."""
    for edge in graph.edges:
        room = (WIDTH - 9 - len(str(edge.order))) // 2
        tail, head = (_ascii(graph.nodes[end].name, room) for end in (edge.tail, edge.head))
        yield f" {tail} --{edge.order}--> {head}"
    if not graph.edges:
        yield from (f" {_ascii(node.name, WIDTH - 1)}" for node in graph.nodes)


def _paths(graph: LockGraph) -> Iterator[str]:
    indent = max((len(str(edge.order)) for edge in graph.edges), default=1)
    for edge in graph.edges:
        note = "  (new)" if edge.dependency.new else "  (inferred)" if edge.dependency.inferred else ""
        start = f" {edge.order:>{indent}}  "
        yield start + _path(edge, WIDTH - len(start) - len(note)) + note


def _path(edge: LockEdge, width: int) -> str:
    """The calls from the one that took the lock out to the entry; what lies in the middle may be left out."""
    names = [frame.bare_function for frame in call_path(edge.dependency.stack)]
    while names and is_lock_core(names[0]):
        del names[0]
    while len(names) > 1 and is_plumbing(names[-1]):
        del names[-1]
    names = [_ascii(name, width) for name in names] or [_ascii(edge.acquirer, width) or "no stack"]
    if len(path := " < ".join(names)) <= width:
        return path
    for kept in range(len(names) - 2, 0, -1):
        path = " < ".join([*names[:kept], DOTS, names[-1]])
        if len(path) <= width:
            return path
    return _ascii(names[0], width)


def _scenario(graph: LockGraph) -> Iterator[str]:
    """Every task takes its locks up to the last one, and then waits for that: a column per task, or a line per step.

    As in the kernel's own table a step may be wider than its column, because nothing stands to its right.
    """
    steps = [(task, name) for task in graph.tasks for name in _taken(graph, task)]
    steps += [(task, graph.edges[task.edges[-1]].dependency.wanted.name) for task in graph.tasks]
    longest = min(max(len(_ascii(name, NAME_WIDTH)) for _, name in steps) + len(LOCK) + 1, WIDTH // 2)
    column = min(WIDEST_COLUMN, (WIDTH - longest) // max(1, len(graph.tasks) - 1))
    if column >= NARROWEST_COLUMN:
        heads = [_ascii(task.name, column - 2) for task in graph.tasks]
        yield " " + "".join(head.ljust(column) for head in heads)
        yield " " + "".join(("-" * len(head)).ljust(column) for head in heads)
        place = {task.number: at for at, task in enumerate(graph.tasks)}
        for task, name in steps:
            start = " " * (1 + place[task.number] * column)
            yield start + LOCK.format(_ascii(name, WIDTH - len(start) - len(LOCK)))
    else:
        width = max(len(_ascii(task.name, WIDEST_COLUMN)) for task in graph.tasks)
        for task, name in steps:
            start = f" {_ascii(task.name, WIDEST_COLUMN).ljust(width)}  "
            yield start + LOCK.format(_ascii(name, WIDTH - len(start) - len(LOCK)))
    yield ""
    yield " *** DEADLOCK ***"


def _taken(graph: LockGraph, task: GraphTask) -> list[str]:
    """The locks that a task gets before it waits."""
    edges = [graph.edges[number] for number in task.edges]
    nodes = [edges[0].tail, *(edge.head for edge in edges[:-1])]
    return [graph.nodes[node].name for node in nodes]


def _verdict(graph: LockGraph) -> Iterator[str]:
    yield "Each task holds a lock that another one waits for, so none can go on."
    if any(node.kind in (LockKind.SEQCOUNT, LockKind.MARKER) for node in graph.nodes):
        yield "This is how lockdep reads it: sequence counters and markers block nobody."
