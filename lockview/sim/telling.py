"""A schedule that shows a mistake told in sentences: who did what, and when changing tasks was fatal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from lockview.kernel.switches import Switch
from lockview.sim.exploring import DEADLOCK, Found
from lockview.sim.machine import Machine, Move, State, Violation
from lockview.sim.scenarios.orders import next_step
from lockview.sim.schedule_text import Replayed, replay

_NAMED = 6
"""Of a long stretch so many steps are named at its beginning and at its end."""
_FURTHER = 40
"""A task is followed so many steps beyond the schedule when it is asked until when a change is fatal."""


class Window(NamedTuple):
    """The steps of ``task`` after which a change to ``other`` is fatal, from 1, first and last."""

    task: int
    other: int
    first: int
    last: int


def told(machine: Machine, found: Found) -> tuple[str, ...]:
    """The schedule in sentences, one for each stretch of one task, then what came of it and when it was fatal."""
    return (*_stretches(machine, found.moves), *_ending(machine, found), *_windows(machine, found))


def told_without(without: Iterable[tuple[Switch, Machine]], found: Found) -> Iterator[str]:
    """For each mistake put in: what the same schedule does in a kernel that lacks only that mistake."""
    for switch, machine in without:
        run = replay(machine, found.moves, nearest=True)
        name = f"Without {switch} ({switch.meaning})"
        if _broken(machine, run) is not None:
            yield f"{name} the same comes of it."
        elif run.divergences:
            first = run.divergences[0]
            yield f"{name} the schedule does not get that far: at step {first.step + 1} {first.reason}."
        else:
            yield f"{name} the same steps do no harm."


def fatal_window(machine: Machine, found: Found) -> Window | None:
    """When the last change of tasks may come earlier or later and is still fatal; None when there is no change.

    Each place is tried: the steps before and after the change keep their order.
    """
    moves = found.moves
    change = _last_preemption(machine, moves)
    if change is None:
        return None
    task, other = moves[change - 1].task, moves[change].task
    back = next((place for place in range(change, len(moves)) if moves[place].task == task), len(moves))
    begin = change
    while begin and moves[begin - 1].task == task:
        begin -= 1
    between = moves[change:back]
    own = (*moves[begin:change], *_own(moves[back:], task), *[Move(task)] * _FURTHER)
    rest = [move for move in moves[back:] if move.task != task]

    def is_fatal(count: int) -> bool:
        order = (*moves[:begin], *own[:count], *between, *own[count:], *rest)
        run = replay(machine, order, nearest=True)
        # A task that has to wait, or has ended, takes no further step before the change.
        goes_so_far = all(divergence.step >= begin + count for divergence in run.divergences)
        return goes_so_far and _broken(machine, run) == found.violation

    first = last = change - begin
    if not is_fatal(first):
        return None
    done_before = sum(move.task == task for move in moves[:begin])
    while done_before + first > 1 and first and is_fatal(first - 1):
        first -= 1
    while last < len(own) and is_fatal(last + 1):
        last += 1
    return Window(task, other, done_before + first, done_before + last)


def point_of_no_return(machine: Machine, moves: Sequence[Move], *, most: int = 20_000) -> int | None:
    """After how many steps of a schedule to a deadlock every way on leads into one.

    None when more than ``most`` states would have to be looked at to tell.
    """
    states = [machine.start, *(step.state for step in replay(machine, moves).steps)]
    low, high = 0, len(states) - 1
    while low < high:
        middle = (low + high) // 2
        ends = _can_end(machine, states[middle], most)
        if ends is None:
            return None
        low, high = (middle + 1, high) if ends else (low, middle)
    return low


def _can_end(machine: Machine, start: State, most: int) -> bool | None:
    seen, stack = {start}, [start]
    while stack:
        state = stack.pop()
        for _, done in machine.successors(state):
            if done.violation is not None or machine.is_done(done.state):
                return True
            if done.state not in seen:
                seen.add(done.state)
                stack.append(done.state)
        if len(seen) > most:
            return None
    return False


def _stretches(machine: Machine, moves: Sequence[Move]) -> Iterator[str]:
    state = machine.start
    place = 0
    while place < len(moves):
        task, words, begin = moves[place].task, [], place
        while place < len(moves) and moves[place].task == task:
            words.append(next_step(machine, state, task).rpartition(": ")[2])
            state = machine.step(state, moves[place]).state
            place += 1
        steps = f"steps {begin + 1} to {place}" if place > begin + 1 else f"step {place}"
        if len(words) > 2 * _NAMED + 1:
            words[_NAMED:-_NAMED] = [f"{len(words) - 2 * _NAMED} more"]
        yield f"{_name(machine, task)} ({steps}): {'; '.join(words)}."


def _ending(machine: Machine, found: Found) -> Iterator[str]:
    run = replay(machine, found.moves)
    if found.violation != DEADLOCK:
        yield f"With the last step {found.violation.invariant} is broken: {found.violation.text}."
        return
    for task in range(len(machine.tasks)):
        if not machine.has_ended(run.state, task) and not machine.can_step(run.state, task):
            yield f"{_name(machine, task)} waits: {next_step(machine, run.state, task)}."
    yield "Nobody of them can go on."
    gone = point_of_no_return(machine, found.moves)
    if gone:
        yield f"From step {gone} on every way leads there."


def _windows(machine: Machine, found: Found) -> Iterator[str]:
    window = fatal_window(machine, found)
    if window is None:
        return
    task, other = _name(machine, window.task), _name(machine, window.other)
    only = window.first == window.last
    when = f"only after step {window.first}" if only else f"after any of the steps {window.first} to {window.last}"
    yield f"The change from {task} to {other} is fatal {when} of {task}."


def _name(machine: Machine, task: int) -> str:
    """The name of a task, with its letter in schedules where names repeat."""
    name = machine.tasks[task].name
    return name if [plan.name for plan in machine.tasks].count(name) == 1 else f"{name} (task {task})"


def _own(moves: Sequence[Move], task: int) -> tuple[Move, ...]:
    return tuple(move for move in moves if move.task == task)


def _last_preemption(machine: Machine, moves: Sequence[Move]) -> int | None:
    state, last = machine.start, None
    for place, move in enumerate(moves):
        if place and move.task != moves[place - 1].task and machine.can_step(state, moves[place - 1].task):
            last = place
        state = machine.step(state, move).state
    return last


def _broken(machine: Machine, run: Replayed) -> Violation | None:
    if run.steps and run.steps[-1].violation is not None:
        return run.steps[-1].violation
    return DEADLOCK if machine.is_deadlock(run.state) else None
