"""A schedule that shows a mistake made smaller: fewer steps and fewer preemptions, each attempt run again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lockview.sim.exploring import DEADLOCK, Found
from lockview.sim.machine import Machine, Move, Violation
from lockview.sim.schedule_text import replay

Segment = tuple[Move, ...]
"""Steps of one task without another between them."""
MOST_ATTEMPTS = 4_000


def minimised(machine: Machine, found: Found, *, most: int = MOST_ATTEMPTS) -> Found:
    """A schedule to the same violation that cannot be made smaller by leaving out, moving or joining segments.

    Steps are left out by halves, quarters and so on (ddmin, Zeller and Hildebrandt 2002); what no longer fits is done
    by the nearest task that can. The result has at most as many preemptions and steps, and replays exactly.
    """
    left = most

    def attempt(moves: Sequence[Move]) -> tuple[Move, ...] | None:
        nonlocal left
        left -= 1
        return _shows(machine, moves, found.violation) if left >= 0 else None

    best = attempt(found.moves) or found.moves
    while left > 0:
        smaller = _joined(machine, best, attempt) or _without(machine, best, attempt)
        if smaller is None:
            break
        best = smaller
    return Found(found.violation, best, preemptions_of(machine, best))


def preemptions_of(machine: Machine, moves: Sequence[Move]) -> int:
    """How often a schedule takes the CPU from a task that could go on; letting a daemon in is none."""
    state, last, count = machine.start, None, 0
    for move in moves:
        if not machine.tasks[move.task].daemon:
            if last is not None and move.task != last and machine.can_step(state, last):
                count += 1
            last = move.task
        state = machine.step(state, move).state
    return count


_Attempt = Callable[[Sequence[Move]], tuple[Move, ...] | None]


def _shows(machine: Machine, moves: Sequence[Move], violation: Violation) -> tuple[Move, ...] | None:
    """The schedule as it really runs, when it ends in the violation."""
    run = replay(machine, moves, nearest=True)
    broken = run.steps[-1].violation if run.steps else None
    if broken is None and machine.is_deadlock(run.state):
        broken = DEADLOCK
    return run.moves if broken == violation else None


def _size(machine: Machine, moves: Sequence[Move]) -> tuple[int, int, int]:
    return preemptions_of(machine, moves), len(moves), len(_segments(moves))


def _without(machine: Machine, moves: tuple[Move, ...], attempt: _Attempt) -> tuple[Move, ...] | None:
    """Something smaller with some steps left out, None when nothing is."""
    size = _size(machine, moves)
    chunk = max(len(moves) // 2, 1)
    while True:
        for start in range(0, len(moves), chunk):
            shorter = attempt(moves[:start] + moves[start + chunk :])
            if shorter is not None and _size(machine, shorter) < size:
                return shorter
        if chunk == 1:
            return None
        chunk //= 2


def _joined(machine: Machine, moves: tuple[Move, ...], attempt: _Attempt) -> tuple[Move, ...] | None:
    """Something smaller with a segment moved to the one of the same task before it, or after it."""
    size = _size(machine, moves)
    segments = _segments(moves)
    for place, segment in enumerate(segments):
        for other, before in enumerate(segments[:place]):
            if before[0].task != segment[0].task:
                continue
            rest = segments[:place] + segments[place + 1 :]
            earlier = (*rest[: other + 1], segment, *rest[other + 1 :])
            later = (*segments[:other], *segments[other + 1 : place], before, *segments[place:])
            for order in (earlier, later):
                smaller = attempt([move for part in order for move in part])
                if smaller is not None and _size(machine, smaller) < size:
                    return smaller
    return None


def _segments(moves: Sequence[Move]) -> list[Segment]:
    segments: list[list[Move]] = []
    for move in moves:
        if segments and segments[-1][-1].task == move.task:
            segments[-1].append(move)
        else:
            segments.append([move])
    return [tuple(segment) for segment in segments]
