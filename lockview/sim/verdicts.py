"""Can it happen? Verdicts about the tasks of a report, found by trying every order of their steps (rules B7, B8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import combinations
from typing import NamedTuple

from lockview.analysis.build import lock_graph
from lockview.analysis.cycles import waiting_circle, why_no_run
from lockview.analysis.lock_graph import LockGraph, LockKind
from lockview.analysis.routine_locks import GATE, JOINERS, Joiner
from lockview.analysis.wording import listed
from lockview.kernel.effects import Acquire, Add, Await, Release, Step
from lockview.model.reports import Report
from lockview.sim.bridge_roles import Role, contracted, is_context, lock_nodes, recorded_roles
from lockview.sim.bridge_scenario import Reader, Reading, describe
from lockview.sim.exploring import DEADLOCK, explore
from lockview.sim.machine import Machine, Move, State
from lockview.sim.scenarios.building import build
from lockview.sim.scenarios.description import Description

MOST_STATES = 20_000
"""So many states are looked at for each question."""
MOST_TASKS = 12
"""With more tasks than these no order is tried."""


class Answer(StrEnum):
    """What came out."""

    DEADLOCKS = "deadlocks"
    NOTHING = "nothing to try"
    """The report tells of no circle."""
    CANNOT = "cannot"
    """Not under these rules: every order was tried."""
    DEPENDS = "depends"
    """Some of the cases deadlock."""
    NOT_DECIDED = "not decided"


class NamedVerdict(NamedTuple):
    """An answer to one reading of the report.

    ``moves`` run ``description`` into the deadlock; ``steps`` say the same in words. ``reason`` says why there is
    none, or what stopped the search. ``cases`` are what a DEPENDS depends on.
    """

    name: str
    answer: Answer
    reason: str = ""
    assumptions: tuple[str, ...] = ()
    description: Description | None = None
    moves: tuple[Move, ...] = ()
    steps: tuple[str, ...] = ()
    states: int = 0
    transitions: int = 0
    cases: tuple[NamedVerdict, ...] = ()


CLASSIFIED = "as classified"
BELIEVED = "as lockdep believes"
WAITING = "with readers that wait"


def report_verdicts(report: Report, *, most: int = MOST_STATES) -> tuple[NamedVerdict, ...]:
    """The three readings side by side, and what changes when a known path joins. Never raises for a report."""
    return graph_verdicts(lock_graph(report), most=most)


def graph_verdicts(graph: LockGraph, *, most: int = MOST_STATES) -> tuple[NamedVerdict, ...]:
    """The same for the graph of a report."""
    recorded = recorded_roles(graph)
    names = (CLASSIFIED, BELIEVED, WAITING)
    if not recorded:
        why = why_no_run(graph).partition(": ")[2]
        return tuple(NamedVerdict(name, Answer.NOTHING, f"{why[:1].upper()}{why[1:]}") for name in names)
    if len(recorded) > MOST_TASKS:
        stopped = f"There are {len(recorded)} tasks; orders of more than {MOST_TASKS} are not tried."
        return tuple(NamedVerdict(name, Answer.NOT_DECIDED, stopped) for name in names)
    joiners = tuple(_joiners(graph, recorded))
    return (
        as_classified(graph, recorded, most),
        as_believed(graph, recorded, most),
        with_waiting_readers(graph, recorded, joiners, most),
        *(if_joined(graph, recorded, joiner, most) for joiner in joiners),
        *if_two_locks(graph, recorded, most),
    )


def as_classified(graph: LockGraph, recorded: Sequence[Role], most: int = MOST_STATES) -> NamedVerdict:
    """Counters block no writer, markers are contracted, gate locks are held."""
    roles = contracted(graph, recorded)
    verdict = explored(CLASSIFIED, graph, describe(graph, roles, Reading.CLASSIFIED), most)
    verdict = verdict._replace(assumptions=(*_classes(graph, roles), *_assumptions(graph, roles)))
    if verdict.answer is not Answer.CANNOT:
        return verdict
    idle = [node.name for node in lock_nodes(graph, recorded) if node.kind is LockKind.SEQCOUNT or is_context(node)]
    ungated = explored(CLASSIFIED, graph, describe(graph, roles, Reading.CLASSIFIED, gates=False), most)
    if ungated.answer is Answer.DEADLOCKS:
        return verdict._replace(reason=_gate_words(roles))
    if idle:
        return verdict._replace(reason=f"Nobody waits for {listed(idle)}, so the circle has no waiting in it.")
    return verdict._replace(
        reason="Whatever the order, everybody gets on: what is held shared or tried is no obstacle."
    )


def as_believed(graph: LockGraph, recorded: Sequence[Role], most: int = MOST_STATES) -> NamedVerdict:
    """Every node blocks, and nobody is contracted; but gate locks, of which lockdep knows nothing, are held."""
    verdict = explored(BELIEVED, graph, describe(graph, recorded, Reading.EVERY_NODE), most)
    verdict = verdict._replace(assumptions=_assumptions(graph, recorded))
    if verdict.answer is not Answer.CANNOT:
        return verdict
    ungated = explored(BELIEVED, graph, describe(graph, recorded, Reading.EVERY_NODE, gates=False), most)
    if ungated.answer is Answer.DEADLOCKS:
        return verdict._replace(reason=_gate_words(recorded), cases=(ungated._replace(name="without the gate lock"),))
    return verdict._replace(
        reason="Whatever the order, everybody gets on: what is held shared or tried is no obstacle."
    )


def with_waiting_readers(
    graph: LockGraph, recorded: Sequence[Role], joiners: Sequence[Joiner], most: int = MOST_STATES
) -> NamedVerdict:
    """Readers of counters wait, in each of the ways that make a difference; without a counter, readers exclude."""
    roles = contracted(graph, recorded)
    joiner = joiners[0] if joiners else None
    said = _assumptions(graph, roles)
    if joiner is not None:
        said = (_joiner_words(joiner), *said)
    cases = tuple(
        explored(name, graph, describe(graph, roles, Reading.CLASSIFIED, joiner=joiner, reader=reader), most)
        for name, reader in _readers(graph, roles)
    )
    if not cases:
        verdict = explored(WAITING, graph, describe(graph, roles, Reading.NO_SHARING), most)
        reason = "No counter is in it, and who waits here for a reader changes nothing."
        return verdict._replace(assumptions=said, reason=reason if verdict.answer is Answer.CANNOT else verdict.reason)
    answers = {case.answer for case in cases}
    answer = answers.pop() if len(answers) == 1 else Answer.DEPENDS
    bad = [case.name for case in cases if case.answer is Answer.DEADLOCKS]
    reason = f"It deadlocks when readers {' or '.join(bad)}." if bad else ""
    return NamedVerdict(WAITING, answer, reason, said, cases=cases)


def if_joined(graph: LockGraph, recorded: Sequence[Role], joiner: Joiner, most: int = MOST_STATES) -> NamedVerdict:
    """Counters block, as a lock would, and a known path takes the place of the task that makes its order gated."""
    roles = tuple(role for role in contracted(graph, recorded) if not _is_replaced(graph, role, joiner))
    description = describe(graph, roles, Reading.COUNTERS_BLOCK, joiner=joiner)
    verdict = explored(f"if counters block and {joiner.name} joins", graph, description, most)
    return verdict._replace(assumptions=(_joiner_words(joiner), *_assumptions(graph, roles)))


def if_two_locks(graph: LockGraph, recorded: Sequence[Role], most: int = MOST_STATES) -> Iterator[NamedVerdict]:
    """A class that is taken while it is held may be two locks of it (rule B6): then the order of others decides."""
    for role in recorded:
        nodes = [take.node for take in role.takes]
        if role.interrupts is not None or len(nodes) != 2 or len(set(nodes)) != 1:
            continue
        first = graph.nodes[nodes[0]]
        number = len(graph.nodes)
        other = replace(first, number=number, label=f"another {first.name}")
        doubled = replace(graph, nodes=(*graph.nodes, other))
        outer, inner = role.takes
        there = role._replace(sections=((outer, inner._replace(node=number)),))
        same = there._replace(name=f"another {role.name}")
        back = same._replace(sections=((outer._replace(node=number), inner),))
        cases = tuple(
            explored(name, doubled, describe(doubled, (there, one), Reading.CLASSIFIED), most)
            for name, one in (("everybody takes them in one order", same), ("somebody takes them the other way", back))
        )
        answers = {case.answer for case in cases}
        answer = answers.pop() if len(answers) == 1 else Answer.DEPENDS
        yield NamedVerdict(
            "if they are two locks of the class", answer, "", _assumptions(graph, (there,))[1:], cases=cases
        )


def _readers(graph: LockGraph, roles: Sequence[Role]) -> Iterator[tuple[str, Reader]]:
    """The ways in which a reader of a counter can wait, for the counter inside which somebody waits for a lock."""
    for number, role in enumerate(roles):
        for section in role.sections:
            counters = [take.node for take in section if graph.nodes[take.node].kind is LockKind.SEQCOUNT]
            later = [take for take in section if counters and take.node not in counters]
            inside = [take for take in later if section.index(take) > 0 and not is_context(graph.nodes[take.node])]
            if not counters or not inside or section[0].node not in counters:
                continue
            counter, lock = counters[0], inside[-1].node
            yield "spin with interrupts on, holding nothing (M18)", Reader(counter)
            yield "spin with interrupts off (M19)", Reader(counter, irqs_off=True)
            name = graph.nodes[lock].name
            yield f"spin while they hold {name} (M20)", Reader(counter, holds=lock)
            yield "spin on the CPU of the writer at a higher priority (M21)", Reader(counter, on_cpu=number)
            return


def _joiners(graph: LockGraph, roles: Sequence[Role]) -> Iterator[Joiner]:
    """Known paths that make an edge of the graph without the gate that a recorded task held for it."""
    bases = {node.lock_class.base for node in lock_nodes(graph, roles)}
    gated = any(hold.lock == GATE for role in roles for hold in role.known)
    for joiner in JOINERS:
        if gated and {joiner.outer, joiner.inner} <= bases:
            yield joiner


def _is_replaced(graph: LockGraph, role: Role, joiner: Joiner) -> bool:
    bases = [graph.nodes[take.node].lock_class.base for take in role.takes]
    return {joiner.outer, joiner.inner} <= set(bases) and bases.index(joiner.outer) < bases.index(joiner.inner)


def _joiner_words(joiner: Joiner) -> str:
    return f"{joiner.name.capitalize()} takes part ({joiner.source})."


def _gate_words(roles: Sequence[Role]) -> str:
    gated = [role for role in roles if any(hold.lock == GATE for hold in role.known)]
    pairs = [
        pair
        for pair in combinations(gated, 2)
        if any(hold.exclusive for role in pair for hold in role.known if hold.lock == GATE)
    ]
    names = listed([role.name for role in pairs[0]]) if pairs else listed([role.name for role in gated])
    return f"A gate lock that the report does not list keeps {names} apart: both hold {GATE}. Without it they deadlock."


def _classes(graph: LockGraph, roles: Sequence[Role]) -> Iterator[str]:
    counters = [node.name for node in lock_nodes(graph, roles) if node.kind is LockKind.SEQCOUNT]
    markers = [node.name for node in graph.nodes if is_context(node)]
    if counters:
        yield f"{listed(counters)}: a writer waits for nobody; readers do only where the stacks are not of writers."
    if markers:
        yield f"{listed(markers)}: no lock; who enters does by itself what was seen done inside."


def _assumptions(graph: LockGraph, roles: Sequence[Role]) -> tuple[str, ...]:
    """What a verdict takes for granted."""
    said = [
        "One lock stands for each class.",
        "What is read somebody writes; reader-writer locks are fair: a reader queues behind a waiting writer.",
    ]
    for role in roles:
        said += [
            f"{role.name} holds {hold.lock} {'exclusively' if hold.exclusive else 'shared'} ({hold.source})."
            for hold in role.known
        ]
    if any(role.irqs_off for role in roles):
        said.append("Tasks that take locks of an interrupt have interrupts off; the interrupted one has them on.")
    if waiting_circle(graph):
        said.append("The tasks do wait in the text; the run is one way in which they can have got there.")
    return tuple(said)


def explored(name: str, graph: LockGraph, description: Description, most: int) -> NamedVerdict:
    """Try every order of the steps of a scenario, up to ``most`` states."""
    machine = build(description).machine
    seen = explore(machine, most=most)
    found = seen.found
    verdict = NamedVerdict(name, Answer.CANNOT, "", (), description, (), (), seen.states, seen.transitions)
    if found is not None and found.violation == DEADLOCK:
        return verdict._replace(
            answer=Answer.DEADLOCKS, moves=found.moves, steps=tuple(_told(graph, machine, found.moves, description))
        )
    if found is not None:
        return verdict._replace(answer=Answer.NOT_DECIDED, reason=f"The model broke: {found.violation.text}.")
    if not seen.complete:
        if moves := _meeting(machine):
            told = tuple(_told(graph, machine, moves, description))
            return verdict._replace(answer=Answer.DEADLOCKS, moves=moves, steps=told)
        stopped = f"The search stopped at {most:,} states; every order has not been tried."
        return verdict._replace(answer=Answer.NOT_DECIDED, reason=stopped)
    return verdict


def completion(graph: LockGraph, verdict: NamedVerdict, moves: Sequence[Move]) -> tuple[str, ...]:
    """A run to the end in words: along ``moves`` where they are possible, then whoever can step."""
    if verdict.description is None:
        return ()
    machine = build(verdict.description).machine
    state, done = machine.start, []
    wished = list(moves)
    while enabled := machine.moves(state):
        move = wished.pop(0) if wished else enabled[0]
        if move in enabled:
            state = machine.step(state, move).state
            done.append(move)
    return tuple(_told(graph, machine, done, verdict.description))


def _meeting(machine: Machine) -> tuple[Move, ...]:
    """One order that is worth a try where all are too many: each task in turn takes all but the last it needs.

    () when it does not end in a deadlock.
    """
    state, moves = machine.start, []
    for last in (False, True):
        for task in range(len(machine.tasks)):
            while machine.can_step(state, task) and (last or not _is_last(machine, state, task)):
                move = Move(task)
                if move not in machine.moves(state):
                    break
                state = machine.step(state, move).state
                moves.append(move)
    return tuple(moves) if machine.is_deadlock(state) else ()


def _is_last(machine: Machine, state: State, task: int) -> bool:
    """Whether a task stands before its last acquisition: it gives something up right after it."""
    if not isinstance(machine.effect(state, task), Acquire):
        return False
    after = machine.step(state, Move(task)).state
    return isinstance(machine.effect(after, task), Release)


def _lock_name(graph: LockGraph, name: str, base: str) -> str:
    number = name.removeprefix("lock")
    return graph.nodes[int(number)].name if number != name and number.isdigit() else base


def _told(graph: LockGraph, machine: Machine, moves: Sequence[Move], description: Description) -> Iterator[str]:
    """Each acquisition of a schedule, then what each task waits for at its end."""
    tasks = [part.name for part in description.tasks]
    names = {part.name: _lock_name(graph, part.name, part.lock_class) for part in description.locks}
    state = machine.start
    for move in moves:
        effect = machine.effect(state, move.task)
        done = machine.step(state, move)
        if isinstance(effect, Acquire) and not done.stays:
            yield f"{tasks[move.task]} takes {names.get(effect.lock.name, effect.lock.base)}"
        if isinstance(effect, Add) and effect.cell.name in names and done.answer % 2:
            yield f"{tasks[move.task]} opens a write section of {names[effect.cell.name]}"
        state = done.state
    for task, name in enumerate(tasks):
        waits = machine.effect(state, task)
        if waits is None:
            continue
        kept_off = machine.can_step(state, task)
        yield f"{name} is kept off its CPU" if kept_off else f"{name} waits {_named(waits, names)}"


def _named(effect: Step, names: dict[str, str]) -> str:
    """What a step is about."""
    if isinstance(effect, Acquire):
        return f"for {names.get(effect.lock.name, effect.lock.base)}"
    if isinstance(effect, Await):
        return effect.what
    return getattr(effect, "what", "") or "for other CPUs to answer"
