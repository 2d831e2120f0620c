"""A run in words: what the state is, what a step did, what a task does next, and what the run takes for granted.

Pure: a replay or a scenario in, plain sentences out. Names from a log are ``visible``.
"""

from __future__ import annotations

from lockview.analysis.lock_graph import LockGraph, LockKind
from lockview.analysis.stacks import acquiring_function
from lockview.analysis.wording import counted, listed
from lockview.document.visible import visible
from lockview.model.locks import LockClass
from lockview.model.reports import ReportKind
from lockview.model.traces import Event, EventKind, Outcome
from lockview.sim.replay import Replay
from lockview.sim.scenario import Scenario

NATURES = {
    LockKind.SEQCOUNT: ("a sequence counter", "sequence counters"),
    LockKind.MARKER: ("a marker without a lock behind it", "markers without locks behind them"),
    LockKind.RCU: ("an RCU read section", "RCU read sections"),
}
"""What is said of a class that keeps nobody waiting, alone and in company."""


_TOLD_IN_FULL = 3
"""So many waits fit into the two lines that the sentence has."""


_READERS = {
    ReportKind.TSAN: "ThreadSanitizer",
    ReportKind.HELGRIND: "Helgrind",
    ReportKind.WITNESS: "WITNESS",
}


def notice(graph: LockGraph, family: ReportKind = ReportKind.CIRCULAR) -> str:
    """What the reading is worth, with the classes of this report that block nobody."""
    from lockview.analysis.cycles import waiting_circle
    from lockview.analysis.knowledge import never_waited_for

    if waiting_circle(graph):
        return "These tasks do wait for each other in the text; this is one way in which they can have got there."
    if family in _READERS:
        return (
            f"This is {_READERS[family]}'s reading: every lock blocks. It does not tell whether all this can coincide."
        )
    said = []
    idle = [node for node in graph.nodes if never_waited_for(node)]
    for kind in dict.fromkeys(node.kind for node in idle):
        names = [visible(node.name) for node in idle if node.kind is kind]
        one, many = NATURES.get(kind, ("no lock", "no locks"))
        said.append(f"{listed(names)} {'is ' + one if len(names) == 1 else 'are ' + many}")
    words = "This is lockdep's reading: every class blocks."
    if not said:
        return f"{words} It does not tell shared from exclusive acquisitions, nor two locks of one class from one."
    subject = "it keeps" if len(idle) == 1 else "they keep"
    return f"{words} A real kernel may be unable to do it: {', '.join(said)}; {subject} nobody waiting."


def state_sentence(replay: Replay) -> str:
    """How things stand at the replay's position, in one sentence."""
    if replay.outcome is Outcome.DEADLOCK:
        return _deadlock_sentence(replay)
    if replay.outcome is Outcome.DONE:
        count = len(replay.tasks)
        return f"{f'All {count} tasks' if count != 1 else 'The task'} finished; nobody waits any more."
    event = replay.event
    if event is None:
        return f"Before the first step: {counted(len(replay.tasks), 'task')}, nothing is held."
    return f"Step {event.index + 1}: {event_words(replay, event)}."


def _deadlock_sentence(replay: Replay) -> str:
    """Every wait of a short ring; of a long one the first few, as the lanes show them all."""
    waiting = sorted(replay.waiters)
    told = waiting if len(waiting) <= _TOLD_IN_FULL else waiting[: _TOLD_IN_FULL - 1]
    waits = "; ".join(wait_sentence(replay, task) for task in told)
    if len(told) == len(waiting):
        return f"Deadlock: {waits}."
    return f"Deadlock of {len(waiting)} tasks: {waits}; and so on around the ring."


def event_words(replay: Replay, event: Event) -> str:
    """What a step did: ``execve takes &vma->vm_sequence in __vma_adjust``."""
    task, lock = visible(replay.tasks[event.task]), name_of(event.lock)
    match event.kind:
        case EventKind.ACQUIRE:
            function = visible(acquiring_function(event.stack))
            return f"{task} takes {lock}{' in ' + function if function else ''}"
        case EventKind.WAIT:
            owner = _holder_then(replay, event)
            return f"{task} waits for {lock}{', held by ' + owner if owner else ''}"
        case EventKind.RELEASE:
            return f"{task} releases {lock}"
        case EventKind.END:
            return f"{task} has finished"


def wait_sentence(replay: Replay, task: int) -> str:
    """``mremap waits for fs_reclaim, held by khugepaged/43``."""
    lock = replay.waiters[task]
    owner = replay.holders.get(lock)
    held = f", held by {visible(replay.tasks[owner])}" if owner is not None else ", which is free"
    return f"{visible(replay.tasks[task])} waits for {name_of(lock)}{held}"


def next_words(replay: Replay, task: int) -> str:
    """What a task does when it is let go on, or whom it waits for."""
    lock = replay.waiters.get(task)
    if lock is not None:
        owner = replay.holders.get(lock)
        if owner is not None:
            return f"waits for {name_of(lock)}, held by {visible(replay.tasks[owner])}"
        return f"takes {name_of(lock)}, which came free"
    kinds = [event.kind for event in replay.events_done if event.task == task]
    if EventKind.END in kinds:
        return "has finished"
    takes = replay.scenario.tasks[task].acquisitions
    taken, released = kinds.count(EventKind.ACQUIRE), kinds.count(EventKind.RELEASE)
    if taken < len(takes):
        wanted = takes[taken].lock_class
        owner = replay.holders.get(wanted)
        if owner is None:
            return f"takes {name_of(wanted)}"
        return f"asks for {name_of(wanted)}, held by {visible(replay.tasks[owner])}"
    if released < len(takes):
        return f"releases {name_of(takes[len(takes) - 1 - released].lock_class)}"
    return "finishes"


def assumptions_text(scenario: Scenario) -> str:
    """All that the run takes for granted, one sentence a line."""
    return "\n".join(visible(sentence) for sentence in scenario.assumptions)


def name_of(lock: LockClass | None) -> str:
    """The shown name of a lock."""
    return visible(lock.name) if lock else ""


def _holder_then(replay: Replay, event: Event) -> str:
    """Who held the lock when the step was made, whatever the position is now."""
    owner = replay.to(event.index).holders.get(event.lock) if event.lock else None
    return visible(replay.tasks[owner]) if owner is not None else ""
