"""What each lock function does, run on the machine: who gets in, who waits, who is told no."""

from collections.abc import Callable
from typing import Any

import pytest

from lockview.kernel.effects import Routine
from lockview.kernel.handles import Lock
from lockview.kernel.locks.rcu import call_srcu, next_callback, srcu_read_lock, srcu_read_unlock
from lockview.kernel.locks.rwsem import down_read, down_write, down_write_trylock, downgrade_write, up_read, up_write
from lockview.kernel.locks.seqcount import read_seqcount_begin, write_seqcount_begin, write_seqcount_end
from lockview.kernel.worlds import WorldPlan
from lockview.model.locks import Primitive
from lockview.sim.machine import Done, Machine, Move, State, TaskPlan

Body = Callable[[], Routine[Any]]


def machine(plan: WorldPlan, *bodies: Body, daemons: tuple[int, ...] = ()) -> Machine:
    tasks = [TaskPlan(f"task{number}", body, daemon=number in daemons) for number, body in enumerate(bodies)]
    return Machine(tasks, plan.start)


def run(kernel: Machine, *order: int) -> tuple[State, list[Done]]:
    state, done = kernel.start, []
    for task in order:
        done.append(kernel.step(state, Move(task)))
        state = done[-1].state
    return state, done


def rwsem(*, fair: bool) -> tuple[WorldPlan, Lock]:
    plan = WorldPlan()
    return plan, plan.lock("sem", "&sem", Primitive.RWSEM, fair=fair)


def writer(sem: Lock) -> Routine[None]:
    yield from down_write(sem)
    yield from up_write(sem)


def reader(sem: Lock) -> Routine[None]:
    yield from down_read(sem)
    yield from up_read(sem)


def test_a_writer_keeps_others_out() -> None:
    plan, sem = rwsem(fair=False)
    kernel = machine(plan, lambda: writer(sem), lambda: writer(sem), lambda: reader(sem))
    state, _ = run(kernel, 0)
    assert kernel.enabled(state) == (0,)
    with pytest.raises(ValueError, match="waits and cannot step"):
        kernel.step(state, Move(1))


def test_readers_go_together() -> None:
    plan, sem = rwsem(fair=True)
    kernel = machine(plan, lambda: reader(sem), lambda: reader(sem))
    state, _ = run(kernel, 0, 1)
    assert state.cells[sem.cell].readers == (0, 1)


def test_a_queued_writer_goes_before_later_readers_when_the_lock_is_fair() -> None:
    plan, sem = rwsem(fair=True)
    kernel = machine(plan, lambda: reader(sem), lambda: writer(sem), lambda: reader(sem))
    state, done = run(kernel, 0, 1, 2)
    assert done[1].stays
    assert done[2].stays
    assert kernel.enabled(state) == (0,)
    state, _ = run(kernel, 0, 1, 2, 0)
    assert kernel.enabled(state) == (1,)


def test_a_reader_passes_a_waiting_writer_when_the_lock_is_unfair() -> None:
    plan, sem = rwsem(fair=False)
    kernel = machine(plan, lambda: reader(sem), lambda: writer(sem), lambda: reader(sem))
    state, _ = run(kernel, 0, 2)
    assert state.cells[sem.cell].readers == (0, 2)


def test_a_downgraded_writer_lets_readers_in() -> None:
    def downgrading(sem: Lock) -> Routine[None]:
        yield from down_write(sem)
        yield from downgrade_write(sem)
        yield from up_read(sem)

    plan, sem = rwsem(fair=False)
    kernel = machine(plan, lambda: downgrading(sem), lambda: reader(sem))
    state, _ = run(kernel, 0, 0, 1)
    assert state.cells[sem.cell].readers == (0, 1)


def test_a_trylock_is_told_no() -> None:
    answers: list[bool] = []

    def trying(sem: Lock) -> Routine[None]:
        got = yield from down_write_trylock(sem)
        answers.append(got)

    plan, sem = rwsem(fair=False)
    kernel = machine(plan, lambda: writer(sem), lambda: trying(sem))
    run(kernel, 0, 1)
    assert answers == [False]


def test_releasing_what_one_does_not_hold_is_a_violation() -> None:
    plan, sem = rwsem(fair=False)
    kernel = machine(plan, lambda: up_write(sem))
    _, done = run(kernel, 0)
    assert done[0].violation is not None
    assert "does not hold" in done[0].violation.text


def test_a_reader_of_a_counter_spins_while_a_writer_is_inside() -> None:
    plan = WorldPlan()
    seq = plan.lock("seq", "&seq", Primitive.SEQCOUNT)

    def section() -> Routine[None]:
        yield from write_seqcount_begin(seq)
        yield from write_seqcount_end(seq)

    kernel = machine(plan, section, lambda: read_seqcount_begin(seq))
    state, _ = run(kernel, 0)
    assert kernel.enabled(state) == (0,)
    state, _ = run(kernel, 0, 0, 1)
    assert kernel.is_done(state)


def test_a_callback_waits_for_the_readers_of_its_time_only() -> None:
    plan = WorldPlan()
    domain = plan.lock("srcu", "srcu", Primitive.SRCU)

    def reading() -> Routine[None]:
        yield from srcu_read_lock(domain)
        yield from srcu_read_unlock(domain)

    kernel = machine(
        plan, reading, lambda: call_srcu(domain, ("free", 1)), reading, lambda: next_callback(domain), daemons=(3,)
    )
    state, _ = run(kernel, 0, 1, 2)
    assert 3 not in kernel.enabled(state)
    state, done = run(kernel, 0, 1, 2, 0, 3)
    assert done[-1].answer == ("free", 1)
    assert kernel.enabled(state) == (2,)


def test_two_ways_to_one_place_are_one_place() -> None:
    plan, sem = rwsem(fair=False)
    kernel = machine(plan, lambda: writer(sem), lambda: writer(sem))
    first, _ = run(kernel, 0, 0, 1, 1)
    second, _ = run(kernel, 1, 1, 0, 0)
    assert first == second
    assert len(kernel.unrolled[0]) == 3


def test_stacks_are_the_chain_of_routines() -> None:
    def do_work(sem: Lock) -> Routine[None]:
        yield from writer(sem)

    plan, sem = rwsem(fair=False)
    kernel = machine(plan, lambda: do_work(sem))
    frames = kernel.stack(kernel.start, 0).frames
    assert [frame.function for frame in frames] == ["down_write", "writer", "do_work"]
    assert frames[0].file == "lockview/kernel/locks/rwsem.py"
    assert frames[0].line > 0
