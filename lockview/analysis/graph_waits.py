"""The wait-for graphs of hung tasks and of lists of all locks: tasks, the locks they wait for, and who holds these."""

from __future__ import annotations

from lockview.analysis.lock_graph import (
    Evidence,
    GraphTask,
    LockEdge,
    LockGraph,
    LockKind,
    LockNode,
    Mode,
    Relation,
    Shape,
    Subject,
)
from lockview.analysis.waiting import Claim, Contention, Situation, lock_key, situation, waiting
from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import Dependency, Report, Task
from lockview.model.stacks import EMPTY_STACK, StackTrace
from lockview.model.text import NOWHERE, Span

_NO_LOCK = LockClass("")
_MOST_TASKS = 40
"""So many tasks of a list without anybody who waits are drawn."""
_MOST_HELD = 8
"""So many locks that nobody waits for are drawn with the task that reports."""
_EVENTS = (
    (("flush_work", "__flush_work", "flush_workqueue", "__flush_workqueue", "drain_workqueue"), "a work item"),
    (("synchronize_rcu", "synchronize_net", "synchronize_sched", "rcu_barrier"), "RCU readers to finish"),
    (("synchronize_srcu", "__synchronize_srcu"), "SRCU readers to finish"),
    (("kthread_stop",), "a thread to end"),
    (("jbd2_log_wait_commit", "wait_transaction_locked", "start_this_handle"), "the journal"),
    (("wait_for_completion", "__wait_for_common", "wait_for_common", "do_wait_for_common"), "a completion"),
    (("folio_wait", "__folio_lock", "wait_on_page", "__lock_page", "folio_lock", "filemap_"), "a page"),
    (("io_schedule", "bit_wait_io", "blk_mq_", "submit_bio_wait"), "input or output"),
    (("wait_on_bit", "out_of_line_wait_on_bit", "bit_wait"), "a bit"),
)
"""Functions, by the beginnings of their names, in which a task waits for something that is no lock."""
_DEEP = 12


def graph(report: Report) -> LockGraph:
    """The graph of a hung task or of a list of all locks. Never raises."""
    made = _Making(report, situation(report))
    made.contentions()
    made.events()
    made.own_locks()
    return made.built()


def event(stack: StackTrace) -> tuple[str, str]:
    """What a stack waits for that is no lock, in words, and the function that does; "" for what it does not tell."""
    frames = [frame for frame in stack.reliable if not frame.function.startswith("0x")][:_DEEP]
    for begins, words in _EVENTS:
        for index, frame in enumerate(frames):
            if frame.bare_function.startswith(begins):
                outer = [f.bare_function for f in frames[index:] if not f.bare_function.startswith(begins)]
                return words, outer[0] if outer else ""
    return "", ""


class _Making:
    """Nodes and edges in the making; a node is found again by its key."""

    def __init__(self, report: Report, facts: Situation) -> None:
        self._report = report
        self._facts = facts
        self._nodes: list[LockNode] = []
        self._places: dict[object, int] = {}
        self._edges: list[LockEdge] = []
        self._tasks: list[GraphTask] = []
        self._twins = _twins(facts)
        if report.task:
            self._task(report.task)

    def contentions(self) -> None:
        """All locks that somebody waits for; those of the reporting task first."""
        own = self._report.task.pid if self._report.task else -1
        order = sorted(
            self._facts.contentions,
            key=lambda found: (
                all(claim.task.pid != own for claim in found.waiters),
                all(claim.task.pid != own for claim in found.holders),
            ),
        )
        for number, found in enumerate(order):
            lock = self._contended(found, number)
            for claim in found.waiters:
                self._waits(claim, found, lock)
            for claim in found.holders:
                self._holds(lock, claim.task, claim.use.lock if claim.use else None, found, sure=claim.sure)

    def events(self) -> None:
        """What the tasks of the picture, and the one that reports, wait for if it is no lock."""
        blocked = {edge.tail for edge in self._edges if edge.relation is Relation.WAITS}
        for pid, dump in self._facts.stacks.items():
            place = self._places.get(pid)
            words, function = event(dump.stack)
            if place is None or place in blocked or not words or waiting(dump.stack):
                continue
            label = f"{words} in {function}" if function else words
            node = self._node(("event", pid), _NO_LOCK, LockKind.UNKNOWN, Subject.CONTEXT, label)
            self._wait_edge(place, node, dump.task, Dependency(_NO_LOCK, _NO_LOCK, dump.stack, span=dump.span))

    def own_locks(self) -> None:
        """What the reporting task holds besides; of a list in which nobody waits, what every task holds."""
        task = self._report.task
        alone = task is None and not self._edges
        contended = {lock_key(found.lock) for found in self._facts.contentions if found.lock} - {""}
        for held in self._facts.lists[: _MOST_TASKS if alone else None]:
            if not alone and (task is None or held.task.pid != task.pid):
                continue
            if held.count:
                self._task(held.task)
            for lock in held.locks[:_MOST_HELD]:
                key = lock_key(lock)
                if not lock.released and key not in contended:
                    sure = lock.index is not None and lock.index < held.count - 1
                    node = self._lock_node(("lock", key) if key else ("held", held.task.pid, lock.index), lock)
                    self._holds(node, held.task, lock, None, sure=sure or held.task.pid in self._facts.stacks)

    def built(self) -> LockGraph:
        return LockGraph(tuple(self._nodes), tuple(self._edges), tuple(self._tasks), Shape.WAIT_FOR)

    # -- nodes ----------------------------------------------------------------------------------------------------

    def _node(
        self, key: object, lock_class: LockClass, kind: LockKind, subject: Subject = Subject.LOCK, label: str = ""
    ) -> int:
        if key not in self._places:
            self._places[key] = len(self._nodes)
            self._nodes.append(LockNode(len(self._nodes), lock_class, kind, subject=subject, label=label))
        return self._places[key]

    def _task(self, task: Task) -> int:
        return self._node(task.pid, _NO_LOCK, LockKind.UNKNOWN, Subject.TASK, str(task))

    def _lock_node(self, key: object, lock: HeldLock) -> int:
        from lockview.analysis.kinds import lock_kind

        twin = lock.lock_class in self._twins and lock_key(lock)
        label = f"{lock.lock_class} at ..{lock.instance[-5:]}" if twin else ""
        kind = lock_kind(lock.lock_class, (), lock.usage, lock.wait_types)
        known = key in self._places
        number = self._node(key, lock.lock_class, kind, label=label)
        if not known:
            node = self._nodes[number]
            self._nodes[number] = LockNode(number, node.lock_class, kind, lock.usage, lock.wait_types, label=label)
        return number

    def _contended(self, found: Contention, number: int) -> int:
        if found.lock is not None:
            return self._lock_node(("lock", lock_key(found.lock) or f"?{number}"), found.lock)
        claim = found.waiters[0]
        function = self._wanted_in(claim)
        blocker = found.blockers[0].lock if found.blockers else ""
        what = blocker or ("a lock" if found.kind is LockKind.UNKNOWN else str(found.kind))
        label = what + (f" wanted in {function}" if function else "")
        return self._node(("nameless", claim.task.pid), _NO_LOCK, found.kind, label=label)

    def _wanted_in(self, claim: Claim) -> str:
        dump = self._facts.stacks.get(claim.task.pid)
        found = waiting(dump.stack) if dump else None
        return found.function if found else ""

    def _mark(self, number: int, *, wanted: bool) -> None:
        from dataclasses import replace

        node = self._nodes[number]
        self._nodes[number] = replace(node, wanted=True) if wanted else replace(node, held=True)

    # -- edges ----------------------------------------------------------------------------------------------------

    def _waits(self, claim: Claim, found: Contention, lock: int) -> None:
        dump = self._facts.stacks.get(claim.task.pid)
        below = claim.use.below if claim.use else None
        dependency = Dependency(
            below.lock_class if below else _NO_LOCK,
            found.lock.lock_class if found.lock else _NO_LOCK,
            dump.stack if dump else EMPTY_STACK,
            inferred=not claim.sure,
            span=_joined(
                claim.use.lock.span if claim.use else NOWHERE,
                *(blocker.span for blocker in found.blockers if blocker.waiter.pid == claim.task.pid),
            ),
        )
        site = claim.use.lock.site if claim.use else None
        acquirer = site.bare_function if site else self._wanted_in(claim)
        self._wait_edge(self._task(claim.task), lock, claim.task, dependency, claim.mode, acquirer)
        if claim.task == self._report.task:
            self._mark(lock, wanted=True)

    def _wait_edge(
        self,
        tail: int,
        head: int,
        task: Task,
        dependency: Dependency,
        mode: Mode = Mode.UNKNOWN,
        acquirer: str = "",
    ) -> None:
        number = len(self._edges)
        self._tasks.append(GraphTask(len(self._tasks), str(task), (number,), reporting=task == self._report.task))
        self._edges.append(
            LockEdge(
                number,
                tail,
                head,
                number + 1,
                dependency,
                len(self._tasks) - 1,
                mode,
                acquirer=acquirer,
                relation=Relation.WAITS,
            )
        )

    def _holds(self, lock: int, task: Task, entry: HeldLock | None, found: Contention | None, *, sure: bool) -> None:
        number = len(self._edges)
        told = [blocker for blocker in found.blockers if blocker.owner == task] if found else []
        dump = self._facts.stacks.get(task.pid)
        lock_class = self._nodes[lock].lock_class
        self._edges.append(
            LockEdge(
                number,
                lock,
                self._task(task),
                number + 1,
                Dependency(
                    lock_class,
                    lock_class,
                    inferred=not sure,
                    span=_joined(entry.span if entry else NOWHERE, *(blocker.span for blocker in told)),
                ),
                -1,
                holder=entry.site.bare_function if entry and entry.site else "",
                relation=Relation.HOLDS,
                evidence=(Evidence(f"{task} is at", dump.stack),) if dump and dump.stack.frames else (),
            )
        )
        if found and task == self._report.task:
            self._mark(lock, wanted=False)


def _twins(facts: Situation) -> set[LockClass]:
    """The classes of which the lists name more than one lock."""
    seen: dict[LockClass, str] = {}
    twins = set()
    for held in facts.lists:
        for lock in held.locks:
            if seen.setdefault(lock.lock_class, lock_key(lock)) != lock_key(lock):
                twins.add(lock.lock_class)
    return twins


def _joined(*spans: Span) -> Span:
    """The first span that is somewhere: they may lie far apart, and the lines between have no part in it."""
    return next((span for span in spans if span), NOWHERE)
