"""A report as a figure of plain ASCII, at most 75 columns wide, for a mail or a commit message.

Short cycles, closed by a dependency or an interrupt, are two rows, the upper one read to the right and the lower one to
the left; what does not fit so is a column. Numbers on the arrows are those of the call paths below the figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lockview.analysis.cycles import has_cycle
from lockview.analysis.explain import summary
from lockview.analysis.functions import is_lock_core, is_plumbing
from lockview.analysis.lock_graph import GraphTask, LockEdge, LockGraph, LockKind, Relation, Shape
from lockview.analysis.stacks import call_path
from lockview.analysis.tasks import reporter
from lockview.export.shape_figures import shape_figure
from lockview.layout.labels import LONGEST, elided, visible
from lockview.layout.placement import number_of
from lockview.model.reports import Report
from lockview.model.stacks import StackTrace

WIDTH = 75
NAME_WIDTH = 60
ROW_NAME_WIDTH = 40
NARROWEST_COLUMN, WIDEST_COLUMN = 14, 24
LOCK = "lock({});"
DOTS = "..."
TASK_RELATIONS = (Relation.WAITS, Relation.HOLDS)


def text_figure(report: Report, graph: LockGraph, *, scenario: bool = False) -> str:
    """The figure and the call paths; of a cycle with ``scenario`` also who takes what in which order, and a verdict."""
    parts = [list(_headline(report, graph)), list(_figure(graph)), list(_paths(graph)), list(_task_paths(graph))]
    if scenario and _running(graph):
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
    if not wanted or graph.shape is not Shape.RING:
        yield from _wrapped(summary(report, graph))
        return
    first = f"{task} wants {wanted}"
    second = f"while holding {held}" if held else ""
    if len(first) + 1 + len(second) <= WIDTH:
        yield _ascii(f"{first} {second}".rstrip(), WIDTH)
        return
    yield f"{task} wants " + _ascii(wanted, WIDTH - len(task) - 7)
    if held:
        yield "while holding " + _ascii(held, WIDTH - 14)


def _wrapped(sentence: str) -> Iterator[str]:
    """A sentence in three lines at most."""
    line, *more = [_ascii(word, WIDTH) for word in _ascii(sentence, 3 * WIDTH).split(" ")]
    for word in more:
        if len(line) + 1 + len(word) > WIDTH:
            yield line
            line = word
        else:
            line += f" {word}"
    yield line


def _figure(graph: LockGraph) -> Iterator[str]:
    round_ = _round(graph)
    count = len(round_)
    if not round_:
        yield from shape_figure(graph, _ascii)
        return
    names = [_ascii(graph.nodes[edge.tail].name, ROW_NAME_WIDTH) for edge in round_]
    orders = [number_of(edge) for edge in round_]
    splits = [_rows(names, orders, split) for split in range(1, count + 1) if split < count or count == 1]
    rows = min(splits, key=lambda lines: max(map(len, lines)))
    if max(map(len, rows)) <= WIDTH:
        yield from rows
    else:
        yield from _column([_ascii(graph.nodes[edge.tail].name, NAME_WIDTH) for edge in round_], orders)


def _round(graph: LockGraph) -> tuple[LockEdge, ...]:
    """The edges in the order of the one cycle that they form; () when they form none, or a node is left over."""
    if graph.shape not in (Shape.RING, Shape.CONTEXTS) or len(graph.edges) != len(graph.nodes):
        return ()
    after = {edge.tail: edge for edge in graph.edges}
    here, way = graph.edges[0].tail if graph.edges else -1, list[LockEdge]()
    while here in after:
        way.append(after.pop(here))
        here = way[-1].head
    return tuple(way) if way and not after and here == way[0].tail else ()


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


def _paths(graph: LockGraph) -> Iterator[str]:
    """The calls behind each dependency and interrupt; other edges are listed only where they have some."""
    always = (Relation.DEPENDENCY, Relation.INTERRUPT)
    edges = [e for e in graph.edges if e.relation in always or e.dependency.stack.frames or e.evidence]
    edges = [edge for edge in edges if edge.relation not in TASK_RELATIONS]
    indent = max((len(number_of(edge)) for edge in edges), default=1)
    for edge in edges:
        note = "  (new)" if edge.dependency.new else "  (inferred)" if edge.dependency.inferred else ""
        start = f" {number_of(edge):>{indent}}  "
        if edge.dependency.stack.frames or not edge.evidence:
            yield start + _path(edge, edge.dependency.stack, WIDTH - len(start) - len(note)) + note
            start = " " * len(start)
        for evidence in edge.evidence:
            if evidence.stack == edge.dependency.stack:
                continue
            yield start + _ascii(f"{evidence.title or 'seen'}:", WIDTH - len(start))
            yield " " * len(start) + "  " + _path(edge, evidence.stack, WIDTH - len(start) - 2)
            start = " " * len(start)


def _task_paths(graph: LockGraph) -> Iterator[str]:
    """Where each task that waits or holds is, once."""
    stacks: dict[int, tuple[LockEdge, StackTrace]] = {}
    for relation in TASK_RELATIONS:
        for edge in graph.edges:
            task = edge.tail if relation is Relation.WAITS else edge.head
            found = [edge.dependency.stack, *(evidence.stack for evidence in edge.evidence)]
            known = next((stack for stack in found if stack.frames), None)
            if edge.relation is relation and known is not None:
                stacks.setdefault(task, (edge, known))
    names = {task: _ascii(graph.nodes[task].name, 24) for task in stacks}
    indent = max(map(len, names.values()), default=0)
    for task, (edge, stack) in stacks.items():
        start = f" {names[task]:<{indent}}  "
        yield start + _path(edge, stack, WIDTH - len(start))


def _path(edge: LockEdge, stack: StackTrace, width: int) -> str:
    """The calls from the one that took the lock out to the entry; what lies in the middle may be left out."""
    names = [frame.bare_function for frame in call_path(stack)]
    if edge.relation is Relation.WAITS and edge.acquirer in names:
        names = names[names.index(edge.acquirer) :]
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
    tasks = _running(graph)
    steps = [(task, name) for task in tasks for name in _taken(graph, task)]
    steps += [(task, graph.nodes[_own(graph, task)[-1].head].name) for task in tasks]
    longest = min(max(len(_ascii(name, NAME_WIDTH)) for _, name in steps) + len(LOCK) + 1, WIDTH // 2)
    column = min(WIDEST_COLUMN, (WIDTH - longest) // max(1, len(tasks) - 1))
    if column >= NARROWEST_COLUMN:
        heads = [_ascii(task.name, column - 2) for task in tasks]
        yield " " + "".join(head.ljust(column) for head in heads)
        yield " " + "".join(("-" * len(head)).ljust(column) for head in heads)
        place = {task.number: at for at, task in enumerate(tasks)}
        for task, name in steps:
            start = " " * (1 + place[task.number] * column)
            yield start + LOCK.format(_ascii(name, WIDTH - len(start) - len(LOCK)))
    else:
        width = max(len(_ascii(task.name, WIDEST_COLUMN)) for task in tasks)
        for task, name in steps:
            start = f" {_ascii(task.name, WIDEST_COLUMN).ljust(width)}  "
            yield start + LOCK.format(_ascii(name, WIDTH - len(start) - len(LOCK)))
    yield ""
    yield " *** DEADLOCK ***"


def _taken(graph: LockGraph, task: GraphTask) -> list[str]:
    """The locks that a task gets before it waits."""
    edges = _own(graph, task)
    nodes = [edges[0].tail, *(edge.head for edge in edges[:-1])]
    return [graph.nodes[node].name for node in nodes]


def _running(graph: LockGraph) -> list[GraphTask]:
    """The tasks that a cycle of dependencies needs."""
    return [task for task in graph.tasks if _own(graph, task)] if has_cycle(graph) else []


def _own(graph: LockGraph, task: GraphTask) -> list[LockEdge]:
    """The dependencies that a task made."""
    return [graph.edges[n] for n in task.edges if graph.edges[n].relation is Relation.DEPENDENCY]


def _verdict(graph: LockGraph) -> Iterator[str]:
    yield "Each task holds a lock that another one waits for, so none can go on."
    if any(node.kind in (LockKind.SEQCOUNT, LockKind.MARKER) for node in graph.nodes):
        yield "This is how lockdep reads it: sequence counters and markers block nobody."
