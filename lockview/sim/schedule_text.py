"""A schedule as a short line of ASCII that can be pasted anywhere: ``lv1:S18:AAx6BAx2:2f0c91ab``.

A version, the scenario it is of, the steps, a checksum of all before. Tasks are letters (A is task 0, then B to Z,
then a number in brackets), ``x`` and a number repeats the letter before so many times, ``.`` and a number is the
answer where a step leaves one open.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from typing import NamedTuple
from zlib import crc32

from lockview.sim.machine import Done, Machine, Move, State

_VERSION = "lv1"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LONGEST = 1 << 16
"""Characters, and steps, of the longest schedule that is read."""


class SharedSchedule(NamedTuple):
    """A schedule and the id of its scenario, "" when it does not tell."""

    scenario: str
    moves: tuple[Move, ...]


def write_schedule(moves: Sequence[Move], scenario: str = "") -> str:
    """The line of a schedule."""
    name = "".join(char for char in scenario if char.isascii() and (char.isalnum() or char in "-_"))
    body = f"{_VERSION}:{name}:{''.join(map(_run, _runs(moves)))}"
    return f"{body}:{_checksum(body)}"


def read_schedule(text: str) -> SharedSchedule:
    """Back from the line. Raises ValueError saying what is wrong with it, and where."""
    line = text.strip()
    if len(line) > LONGEST:
        raise ValueError(f"a schedule of at most {LONGEST:,} characters was expected")
    parts = line.split(":")
    if parts[0] != _VERSION:
        raise ValueError(f'a schedule that begins with "{_VERSION}:" was expected')
    if len(parts) != 4:
        raise ValueError("a schedule of four parts with colons between them was expected; some of it is missing")
    if parts[3] != _checksum(line.rpartition(":")[0]):
        raise ValueError("the schedule is damaged: its checksum is that of another")
    return SharedSchedule(parts[1], tuple(_moves(parts[2])))


def _runs(moves: Sequence[Move]) -> list[tuple[Move, int]]:
    return [(move, len(list(same))) for move, same in groupby(moves)]


def _run(run: tuple[Move, int]) -> str:
    move, times = run
    task = _LETTERS[move.task] if move.task < len(_LETTERS) else f"[{move.task}]"
    choice = f".{move.choice}" if move.choice else ""
    return f"{task}{choice}{f'x{times}' if times > 1 else ''}"


@cache
def _word() -> re.Pattern[str]:
    return re.compile(r"(?:([A-Z])|\[([0-9]{1,4})\])(?:\.([0-9]{1,4}))?(?:x([0-9]{1,5}))?")


def _moves(text: str) -> list[Move]:
    moves: list[Move] = []
    place = 0
    while place < len(text):
        word = _word().match(text, place)
        if word is None:
            raise ValueError(
                f'character {place + 1} of the steps: a task was expected before "{text[place : place + 9]}"'
            )
        letter, number, choice, times = word.groups()
        task = _LETTERS.index(letter) if letter else int(number)
        moves.extend([Move(task, int(choice or 0))] * int(times or 1))
        if len(moves) > LONGEST:
            raise ValueError(f"a schedule of at most {LONGEST:,} steps was expected")
        place = word.end()
    return moves


def _checksum(text: str) -> str:
    return f"{crc32(text.encode('utf-8', 'replace')):08x}"


# --- replay -----------------------------------------------------------------------------------------------------


class Divergence(NamedTuple):
    """Where a schedule does not fit, counted from 0, why, and what was done instead, None when nothing could be."""

    step: int
    wanted: Move
    reason: str
    instead: Move | None


class Replayed(NamedTuple):
    """What became of a schedule: the moves that were done, and where they are not its own."""

    moves: tuple[Move, ...]
    steps: tuple[Done, ...]
    state: State
    divergences: tuple[Divergence, ...] = ()


def replay(machine: Machine, moves: Sequence[Move], *, nearest: bool = False) -> Replayed:
    """Step along a schedule. It ends at the first step that does not fit, or, with ``nearest``, at a broken invariant.

    ``nearest`` goes on instead: with the task whose own next step in the schedule is nearest, else the next that can.
    """
    state, done_moves, steps, divergences = machine.start, [], [], []
    for number, wanted in enumerate(moves):
        move: Move | None = wanted
        possible = machine.moves(state)
        if wanted not in possible:
            move = _nearest(possible, moves[number:]) if nearest else None
            divergences.append(Divergence(number, wanted, why_not(machine, state, wanted), move))
            if move is None:
                break
        if move is not None:
            done = machine.step(state, move)
            done_moves.append(move)
            steps.append(done)
            if done.violation is not None:
                break
            state = done.state
    return Replayed(tuple(done_moves), tuple(steps), state, tuple(divergences))


def why_not(machine: Machine, state: State, move: Move) -> str:
    """Why a move is not possible in a state."""
    if move.task >= len(machine.tasks):
        return f"there is no task {move.task}, only {len(machine.tasks)} of them"
    name = machine.tasks[move.task].name
    if machine.has_ended(state, move.task):
        return f"{name} has ended"
    if not machine.can_step(state, move.task):
        return f"{name} has to wait"
    if move.task not in machine.enabled(state):
        return f"{name} is kept off its CPU"
    return f"{name} has no answer {move.choice} to give there"


def _nearest(possible: Sequence[Move], left: Sequence[Move]) -> Move | None:
    return next((move for move in left if move in possible), possible[0] if possible else None)
