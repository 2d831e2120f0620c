"""What hung tasks and lists of all locks mean, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lockview.analysis.explain import Sentence, damage, sentence, well_known
from lockview.analysis.functions import is_plumbing
from lockview.analysis.graph_waits import event
from lockview.analysis.lock_graph import LockEdge, LockGraph, LockKind, LockNode, Mode, Relation, Subject
from lockview.analysis.waiting import Situation, situation, waiting
from lockview.analysis.wording import counted, listed
from lockview.model.reports import Report
from lockview.model.stacks import StackTrace
from lockview.model.wait_reports import Blocker, HungTaskReport, LocksDumpReport

_MOST_TOLD = 12
"""So many links are told one by one; the picture shows all."""


def summary(report: Report, graph: LockGraph) -> str:
    """``sync/42 has waited for more than 120 seconds for &sb->s_umount, which cp/41 holds``."""
    if not isinstance(report, HungTaskReport):
        waiters = sum(edge.relation is Relation.WAITS for edge in graph.edges)
        lists = report.all_locks if isinstance(report, LocksDumpReport) else ()
        holding = sum(held.count > 0 for held in lists)
        seem = f"{waiters} of them {'seems' if waiters == 1 else 'seem'}" if waiters else "none of them seems"
        return f"{counted(holding, 'task')} with locks, {seem} to wait for one"
    name = str(report.task or "a task")
    time = f"for more than {counted(report.seconds, 'second')}"
    edge = _wait_of(graph, name)
    if edge is None:
        words, function = event(report.dump.stack) if report.dump else ("", "")
        if words:
            return f"{name} has waited {time} for {words}" + (f" in {function}" if function else "")
        place = _place(report.dump.stack) if report.dump else ""
        return f"{name} has been blocked {time}" + (f" in {place}" if place else "")
    lock = graph.nodes[edge.head]
    holders = [graph.nodes[other.head].name for other in _holders(graph, lock)]
    sure = not any(other.dependency.inferred for other in _holders(graph, lock))
    held = f", which {listed(holders[:3])} {_verb(holders, sure)}" if holders else ""
    return f"{name} has waited {time} for {_a(lock)}{held}"


def explain(report: Report, graph: LockGraph) -> tuple[Sentence, ...]:
    """Who waits for whom, whether it is a deadlock or a pile-up and what is at its root, and where to look."""
    facts = situation(report)
    cycles = deadlocks(graph)
    return (
        *_who(report),
        *_verdict(graph, cycles),
        *_links(graph),
        *_blockers(report),
        *_roots(graph, facts, cycles),
        *_how_it_is_known(report, graph),
        *well_known(report, graph),
        *_fixes(report, graph, cycles),
        *damage(report, graph),
    )


def deadlocks(graph: LockGraph) -> tuple[tuple[int, ...], ...]:
    """The cycles of waiting and holding as node numbers; each cycle once. Nodes with several holders follow all."""
    after: dict[int, list[int]] = {}
    for edge in graph.edges:
        if edge.relation in (Relation.WAITS, Relation.HOLDS):
            after.setdefault(edge.tail, []).append(edge.head)
    found: list[tuple[int, ...]] = []
    done: set[int] = set()
    for start in after:
        path: list[int] = []
        places: dict[int, int] = {}
        steps = [iter((start,))]
        while steps:
            node = next(steps[-1], None)
            if node is None:
                steps.pop()
                if path:
                    last = path.pop()
                    places.pop(last)
                    done.add(last)
                continue
            if node in places:
                found.append(tuple(path[places[node] :]))
            elif node not in done:
                places[node] = len(path)
                path.append(node)
                steps.append(iter(after.get(node, ())))
    return tuple(found)


def _wait_of(graph: LockGraph, name: str) -> LockEdge | None:
    """The lock that a task waits for; None when it waits for none."""
    for edge in graph.edges:
        head = graph.nodes[edge.head]
        if edge.relation is Relation.WAITS and graph.nodes[edge.tail].name == name and head.subject is Subject.LOCK:
            return edge
    return None


def _holders(graph: LockGraph, lock: LockNode) -> list[LockEdge]:
    return [edge for edge in graph.edges if edge.relation is Relation.HOLDS and edge.tail == lock.number]


def _verb(holders: Sequence[str], sure: bool) -> str:
    if not sure:
        return "may hold"
    return "holds" if len(holders) == 1 else "hold"


def _a(lock: LockNode) -> str:
    """The name of a lock; a lock without one is spoken of as one."""
    if lock.lock_class.base or not lock.label:
        return lock.name
    return lock.label if lock.label.startswith("a ") else f"{'an' if lock.label[0] in 'aeiour' else 'a'} {lock.label}"


def _who(report: Report) -> Iterator[Sentence]:
    if isinstance(report, HungTaskReport):
        state = f" in state {report.dump.state}" if report.dump and report.dump.state else ""
        text = f"The hung-task watchdog found {report.task or 'a task'}{state}, not scheduled"
        text += f" for more than {counted(report.seconds, 'second')}"
        peers = [str(dump.task) for dump in report.peers]
        if peers:
            more = f" and {len(peers) - 4} more" if len(peers) > 4 else ""
            text += f"; in the same pass it dumped {', '.join(peers[:4]) if more else listed(peers)}{more}"
        yield sentence(f"{text}.", report.span)
    elif isinstance(report, LocksDumpReport):
        asked = ", because somebody asked for it with sysrq-d" if report.requested else ""
        yield sentence(f"The kernel listed the locks of all tasks{asked}.", report.span)


def _verdict(graph: LockGraph, cycles: Sequence[tuple[int, ...]]) -> Iterator[Sentence]:
    waits = [edge for edge in graph.edges if edge.relation is Relation.WAITS]
    for cycle in cycles[:3]:
        closing = [edge for edge in graph.edges if edge.tail in cycle and edge.head in cycle]
        spans = [edge.dependency.span for edge in closing]
        way = _way(graph, cycle)
        if any(edge.dependency.inferred for edge in closing):
            yield sentence(f"This may be a deadlock, if the uncertain holders are right: {way}.", *spans)
        else:
            yield sentence(f"This is a real deadlock, and none of these tasks can ever go on: {way}.", *spans)
    if not cycles and len(waits) > 1 and _contended(graph):
        yield sentence("No cycle is seen: the tasks pile up behind those that do not get on.")


def _contended(graph: LockGraph) -> bool:
    """Whether somebody waits for a lock whose holder is known."""
    wanted = {edge.head for edge in graph.edges if edge.relation is Relation.WAITS}
    return any(edge.relation is Relation.HOLDS and edge.tail in wanted for edge in graph.edges)


def _way(graph: LockGraph, cycle: Sequence[int]) -> str:
    """``a waits for x, held by b, which waits for y, held by a``."""
    start = next((i for i, number in enumerate(cycle) if graph.nodes[number].subject is Subject.TASK), 0)
    nodes = [graph.nodes[number] for number in (*cycle[start:], *cycle[:start])]
    holders = [*nodes[2::2], nodes[0]]
    words = [
        f" waits for {_a(lock)}, held by {holder.name}" for lock, holder in zip(nodes[1::2], holders, strict=False)
    ]
    return nodes[0].name + ", which".join(words)


def _links(graph: LockGraph) -> Iterator[Sentence]:
    waits = [edge for edge in graph.edges if edge.relation is Relation.WAITS]
    for edge in waits[:_MOST_TOLD]:
        task, head = graph.nodes[edge.tail], graph.nodes[edge.head]
        item = f"edge:{edge.number}"
        spans = (edge.dependency.span, edge.dependency.stack.span)
        if head.subject is not Subject.LOCK:
            yield sentence(f"{task.name} waits for {head.name}, which is no lock.", *spans, item=item)
            continue
        mode = {Mode.SHARED: " for reading", Mode.EXCLUSIVE: " for writing" if head.kind is LockKind.RWSEM else ""}
        where = f" in {edge.acquirer}" if edge.acquirer and edge.acquirer not in head.label else ""
        holders = _holders(graph, head)
        text = f"{task.name} {'seems to wait' if edge.dependency.inferred else 'waits'} for {_a(head)}"
        text += f"{mode.get(edge.mode, '')}{where}"
        yield sentence(f"{text}; {_held_by(graph, holders)}.", *spans, *(h.dependency.span for h in holders), item=item)
    if len(waits) > _MOST_TOLD:
        yield sentence(f"{len(waits) - _MOST_TOLD} more waits are in the picture.")


def _held_by(graph: LockGraph, holders: Sequence[LockEdge]) -> str:
    if not holders:
        return "the text does not tell who holds it"
    told = []
    for edge in holders[:4]:
        since = f" (since {edge.holder})" if edge.holder else ""
        told.append(f"{graph.nodes[edge.head].name}{since}")
    if any(edge.dependency.inferred for edge in holders):
        too = "lists it too and" if len(holders) == 1 else "list it too and each"
        return f"the owner is uncertain: {listed(told)} {too} may hold it"
    return f"{listed(told)} {'holds' if len(holders) == 1 else 'hold'} it"


def _blockers(report: Report) -> Iterator[Sentence]:
    """What the kernel itself says about owners."""
    if not isinstance(report, HungTaskReport):
        return
    for blocker in report.blockers:
        yield sentence(_blocker(blocker), blocker.span)


def _blocker(blocker: Blocker) -> str:
    if blocker.owner is None:
        return f"The kernel looked for the owner of the {blocker.lock} that {blocker.waiter} waits for and found none."
    if blocker.owner.pid == blocker.waiter.pid:
        return f"The kernel takes {blocker.waiter} itself for the owner of the {blocker.lock}: it waits for itself."
    role = f", as {blocker.owner_role}" if blocker.owner_role else ""
    return (
        f"The kernel says that the {blocker.lock} is likely owned by {blocker.owner}{role}; it reads the owner without "
        "a lock, so it may have changed."
    )


def _roots(graph: LockGraph, facts: Situation, cycles: Sequence[tuple[int, ...]]) -> Iterator[Sentence]:
    """The holders that wait for no lock themselves: there it hangs, and there is the place to look."""
    waiting_tasks = {edge.tail for edge in graph.edges if edge.relation is Relation.WAITS}
    locks = {edge.head for edge in graph.edges if edge.relation is Relation.WAITS}
    lock_waiters = {
        edge.tail
        for edge in graph.edges
        if edge.relation is Relation.WAITS and graph.nodes[edge.head].subject is Subject.LOCK
    }
    inside = {number for cycle in cycles for number in cycle}
    dumps = {str(dump.task): dump for dump in facts.stacks.values()}
    roots = [edge.head for edge in graph.edges if edge.relation is Relation.HOLDS and edge.tail in locks]
    for number in list(dict.fromkeys(roots))[:4]:
        if number in lock_waiters or number in inside:
            continue
        node = graph.nodes[number]
        dump = dumps.get(node.name)
        text = f"The root is {node.name}: it holds what others wait for and waits for no lock that the text shows."
        if dump and dump.stack.frames:
            words, function = event(dump.stack)
            if words:
                text += (
                    f" It waits for {words} in {function}: find out who should end that, and what that one waits for."
                )
            elif number not in waiting_tasks and waiting(dump.stack) is None:
                text += f" Its stack is in {_place(dump.stack)}."
        else:
            text += " Its stack is not in the text; sysrq-t or /proc/PID/stack would show where it is."
        yield sentence(text, *((dump.span,) if dump else ()), item=f"lock:{number}")


def _place(stack: StackTrace) -> str:
    """The function in which a task is: the innermost one that is neither the scheduler nor a way to anything."""
    names = [frame.bare_function for frame in stack.reliable or stack.frames]
    telling = [name for name in names if "schedule" not in name and not name.startswith(("0x", "__switch_to"))]
    return next((name for name in telling if not is_plumbing(name)), names[0] if names else "")


def _how_it_is_known(report: Report, graph: LockGraph) -> Iterator[Sentence]:
    lists = report.all_locks if isinstance(report, HungTaskReport | LocksDumpReport) else ()
    waits = [graph.nodes[edge.head] for edge in graph.edges if edge.relation is Relation.WAITS]
    if isinstance(report, LocksDumpReport):
        yield sentence(
            "The list has no stacks: the newest lock of a task may be one that it waits for and has not got.",
            lists[0].span if lists else report.span,
        )
    elif lists and any(node.subject is Subject.LOCK for node in waits):
        yield sentence(
            "Lockdep lists a lock before the task has it: the newest one of a task that is blocked in the code of a "
            "lock is the one it waits for; older ones it has.",
            lists[0].span,
        )
    elif isinstance(report, HungTaskReport) and report.lockdep_off:
        yield sentence(
            "Lockdep was off, after an earlier report of its own, so the kernel listed no held locks: look for the "
            "first report of this boot."
        )
    elif isinstance(report, HungTaskReport) and not lists and not report.blockers:
        yield sentence(
            "The kernel printed no list of held locks: with CONFIG_PROVE_LOCKING it names who holds what, and with "
            "CONFIG_DETECT_HUNG_TASK_BLOCKER (6.16) the likely owner."
        )


def _fixes(report: Report, graph: LockGraph, cycles: Sequence[tuple[int, ...]]) -> Iterator[Sentence]:
    if cycles:
        yield sentence(
            "Usual fixes: take these locks in one order everywhere, drop the one before asking for the other, or use "
            "trylock and start again when it fails."
        )
    elif _contended(graph):
        yield sentence(
            "Usual fixes: do not wait for input, memory or another task while holding a lock that many need; shorten "
            "what is done under it, or find out why the holder does not get on."
        )
    elif isinstance(report, HungTaskReport):
        yield sentence(
            "Usual causes: a device, server or other task that never answers, a wake-up that was missed, or a lock "
            "whose holder the text does not name. Usual fixes: wait with a time limit, or so that a signal ends the "
            "wait, and see to it that every way out of the other side wakes who waits."
        )
    else:
        yield sentence("Where to look: sysrq-w prints the stacks of all blocked tasks, which tell who waits for what.")
