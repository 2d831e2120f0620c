"""Schedules as text: they come back as they were, damage is seen, and what does not fit is said."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockview.kernel.switches import Switch
from lockview.sim.explorer.matrix import core
from lockview.sim.exploring import explore
from lockview.sim.machine import Move
from lockview.sim.schedule_text import read_schedule, replay, write_schedule

_MOVES = st.lists(st.builds(Move, st.integers(0, 40), st.integers(0, 12)), max_size=40).map(tuple)


@settings(max_examples=200, deadline=None)
@given(_MOVES, st.from_regex(r"[A-Za-z0-9_-]{0,12}", fullmatch=True))
def test_what_is_written_is_read(moves: tuple[Move, ...], scenario: str) -> None:
    text = write_schedule(moves, scenario)
    assert text.isascii()
    assert " " not in text
    assert read_schedule(f"  {text}\n") == (scenario, moves)


def test_it_is_short() -> None:
    moves = [Move(0)] * 9 + [Move(1)] * 2 + [Move(30, 1)]
    assert write_schedule(moves, "S05").startswith("lv1:S05:Ax9Bx2[30].1:")


@settings(max_examples=100, deadline=None)
@given(_MOVES, st.integers(0, 200), st.characters(min_codepoint=33, max_codepoint=126))
def test_damage_is_seen(moves: tuple[Move, ...], place: int, char: str) -> None:
    text = write_schedule(moves, "S05")
    place %= len(text)
    damaged = f"{text[:place]}{char}{text[place + 1 :]}"
    if damaged == text:
        return
    with pytest.raises(ValueError, match="schedule"):
        read_schedule(damaged)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="schedule"):
        read_schedule(text)


def test_very_long_ones_are_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        read_schedule("lv1:" + "A" * 70_000)
    with pytest.raises(ValueError, match="at most"):
        read_schedule(write_schedule([Move(0)] * 70_000))


def test_a_replay_that_does_not_fit_says_where_and_why() -> None:
    machine = core("FU")
    run = replay(machine, [Move(1), Move(1), Move(2), Move(0)])
    assert len(run.moves) == 2
    (divergence,) = run.divergences
    assert (divergence.step, divergence.wanted, divergence.instead) == (2, Move(2), None)
    assert divergence.reason == "G has to wait"
    assert replay(machine, [Move(7)]).divergences[0].reason == "there is no task 7, only 3 of them"
    assert replay(machine, [Move(1, 3)]).divergences[0].reason == "U has no answer 3 to give there"
    ended = replay(machine, [Move(1)] * 30).divergences[0]
    assert ended.reason == "U has ended"


def test_the_nearest_step_is_taken_instead() -> None:
    machine = core("FU")
    run = replay(machine, [Move(1), Move(2), Move(0)], nearest=True)
    assert run.moves == (Move(1), Move(0), Move(0))
    assert [divergence.instead for divergence in run.divergences] == [Move(0)]


def test_a_find_replays_in_its_own_kernel_only() -> None:
    found = explore(core("FU", Switch.M5)).found
    assert found is not None
    broken = replay(core("FU", Switch.M5), found.moves).steps[-1].violation
    assert broken == found.violation
    assert replay(core("FU"), found.moves).steps[-1].violation is None
