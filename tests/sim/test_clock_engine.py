"""The clock itself: it grants locks as the stepper does, answers and waits as it says, and stops when time does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockview.kernel.effects import (
    Acquire,
    Await,
    Choose,
    Defer,
    Downgrade,
    GracePeriod,
    Happened,
    Read,
    ReadLock,
    ReadUnlock,
    Release,
    Routine,
    Spend,
    Write,
)
from lockview.kernel.handles import FREE, NOBODY, HolderState, Lock
from lockview.kernel.holding import queued, released, taken
from lockview.kernel.worlds import WorldPlan
from lockview.model.locks import Access, Primitive
from lockview.sim.clock.engine import Clock, ClockError
from lockview.sim.clock.locks import ClockLock, Line
from lockview.sim.clock.parameters import PARAMETERS, SMALL, Parameters, chances, checked, with_values
from lockview.sim.clock.program import Prices, Program, Span
from lockview.sim.clock.tally import Tally
from lockview.sim.clock.threads import ClockThread, ThreadPlan

FREE_OF_CHARGE = Parameters(transfer=0.0, step=0.0, exponential=False)
COSTS = {"long": 10.0, "short": 1.0}
SPANS = (Span("wait", "asks", "has"),)


def run(
    plan: WorldPlan,
    *routines: object,
    parameters: Parameters = FREE_OF_CHARGE,
    odds: dict[str, float] | None = None,
    duration: float = 1000.0,
) -> Tally:
    prices = Prices(COSTS, odds or {}, SPANS)
    plans = [
        ThreadPlan(f"t{number}", Program(routine, prices), str(number))  # type: ignore[arg-type]
        for number, routine in enumerate(routines)
    ]
    return Clock(plans, parameters, plan.locks, plan.start, spans=SPANS).run(duration)


@settings(max_examples=300, deadline=None)
@given(
    fair=st.booleans(),
    script=st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=40),
)
def test_locks_are_granted_as_the_stepper_grants_them(fair: bool, script: list[tuple[int, bool]]) -> None:
    """Who is idle asks, who holds gives up; whoever then can have the lock by ``kernel.holding`` takes it."""
    handle = Lock(0, "sem", "sem", Primitive.RWSEM, fair=fair)
    state = FREE
    waiting: dict[int, Access] = {}
    lock = ClockLock(0.0, fair=fair, sleeps=True)
    threads = [ClockThread(n, ThreadPlan(str(n), _idle(), str(n))) for n in range(6)]
    holds: dict[int, Access] = {}
    for task, exclusive in script:
        access = Access.EXCLUSIVE if exclusive else Access.SHARED
        if task in holds:
            before = holds.pop(task)
            state = released(handle, state, task, before)
            if before is Access.EXCLUSIVE:
                lock.writer = False
            else:
                lock.readers -= 1
            state = _settled(handle, state, waiting, holds)
            if not lock.readers:
                lock.granted()
        elif task not in waiting:
            after = taken(handle, state, task, access)
            got = lock.take_write() if exclusive else lock.take_read()
            assert got == (after is not None)
            if after is None:
                waiting[task] = access
                state = queued(state, task, access) if fair else state
                lock.queue.append((threads[task], exclusive))
            else:
                state, holds[task] = after, access
        assert (state.writer != NOBODY, len(state.readers)) == (lock.writer, lock.readers)
        assert set(waiting) == {thread.number for thread, _ in lock.queue}


def _settled(handle: Lock, state: HolderState, waiting: dict[int, Access], holds: dict[int, Access]) -> HolderState:
    """Everybody who waits and can have the lock now has it, in order of arrival."""
    for task, access in list(waiting.items()):
        after = taken(handle, state, task, access)
        if after is not None:
            state, holds[task] = after, access
            del waiting[task]
    return state


def _idle() -> Program:
    def routine() -> Routine[None]:
        yield Choose("nothing")

    return Program(routine, Prices({}, {}))


def test_a_line_is_a_queue() -> None:
    line = Line(2.0, far=3.0)
    assert line.moved(0.0, 0) == 2.0
    assert line.moved(1.0, 0) == 4.0
    assert line.moved(1.0, 1) == 10.0  # from the other socket
    assert line.moved(50.0, 1) == 52.0


def test_a_waiter_waits_for_the_holder() -> None:
    plan = WorldPlan()
    sem = plan.lock("sem", "sem", Primitive.RWSEM, fair=True)

    def writer() -> Routine[None]:
        yield Happened("asks")
        yield Acquire(sem)
        yield Happened("has")
        yield Spend("long")
        yield Release(sem)

    tally = run(plan, writer, writer, writer)
    assert list(tally.spans["wait"]) == [0.0, 10.0, 20.0]
    assert tally.last == 30.0
    costly = run(plan, writer, writer, parameters=FREE_OF_CHARGE._replace(transfer=1.0, wake=5.0, spinning=False))
    # 1 to take, 10 held, 1 behind the other's asking is over by then, 1 to give, 1 for the woken, 5 to wake it
    assert list(costly.spans["wait"]) == [1.0, 18.0]
    spinning = run(plan, writer, writer, parameters=FREE_OF_CHARGE._replace(transfer=1.0, wake=5.0))
    assert list(spinning.spans["wait"]) == [1.0, 15.0]


def test_readers_go_together_and_a_downgrade_lets_them_in() -> None:
    plan = WorldPlan()
    sem = plan.lock("sem", "sem", Primitive.RWSEM, fair=True)

    def writer() -> Routine[None]:
        yield Acquire(sem)
        yield Spend("long")
        yield Downgrade(sem)
        yield Spend("long")
        yield Release(sem, Access.SHARED)

    def reader() -> Routine[None]:
        yield Spend("short")
        yield Happened("asks")
        yield Acquire(sem, Access.SHARED)
        yield Happened("has")
        yield Release(sem, Access.SHARED)

    assert list(run(plan, writer, reader, reader).spans["wait"]) == [9.0, 9.0]


def test_trylocks_questions_and_grace_periods() -> None:
    plan = WorldPlan()
    mutex = plan.lock("mutex", "mutex", Primitive.MUTEX)
    rcu = plan.lock("rcu", "rcu", Primitive.RCU)

    def holder() -> Routine[None]:
        yield Acquire(mutex)
        yield Spend("long")
        yield Release(mutex)
        yield ReadLock(rcu)
        yield Spend("long")
        yield ReadUnlock(rcu)

    def other() -> Routine[None]:
        yield Spend("short")
        got = yield Acquire(mutex, trylock=True)
        yield Happened("got" if got else "missed")
        left = 20
        while left:
            yes = yield Choose("often")
            yield Happened("yes" if yes else "no")
            left -= 1
        yield Spend("long")
        yield Defer(rcu, ("free",))
        action = yield GracePeriod(rcu)
        yield Happened(action[0])

    tally = run(plan, holder, other, odds={"often": 0.7}, parameters=FREE_OF_CHARGE._replace(grace=1.0))
    assert tally.counts["missed"] == 1
    assert tally.counts["yes"] + tally.counts["no"] == 20
    assert tally.counts["yes"] > tally.counts["no"]
    assert tally.counts["free"] == 1
    assert tally.last == 20.0  # the reader that was there before is waited for
    assert not tally.stuck


def test_memory_waits_and_what_can_never_end() -> None:
    plan = WorldPlan()
    flag = plan.cell("flag", 0)

    def waiter() -> Routine[None]:
        yield Await(flag, bool)
        yield Happened("woken")

    def setter() -> Routine[None]:
        yield Read(flag)
        yield Spend("long")
        yield Write(flag, 1)

    tally = run(plan, waiter, setter)
    assert (tally.counts["woken"], tally.last, tally.stuck) == (1, 10.0, False)
    assert run(plan, waiter).stuck


@pytest.mark.parametrize("shared", [False, True])
def test_time_that_stands_still_is_noticed(shared: bool) -> None:
    plan = WorldPlan()
    mutex = plan.lock("mutex", "mutex", Primitive.MUTEX)

    def forever() -> Routine[None]:
        while True:
            if shared:
                yield Acquire(mutex)
                yield Release(mutex)
            else:
                yield Choose("again")

    with pytest.raises(ClockError, match="time stands still"):
        run(plan, forever)


def test_parameters() -> None:
    assert set(PARAMETERS) == set(Parameters._fields)
    assert checked(Parameters())
    assert checked(SMALL)
    assert with_values(Parameters(), {"pages": "8", "fair": "off", "wake": "1.5"}) == Parameters(
        pages=8, fair=False, wake=1.5
    )
    for name, value in (("wake", "x"), ("pages", "1.5"), ("aborts", "2"), ("nothing", "1"), ("fault", "nan")):
        with pytest.raises(ValueError, match=name):
            with_values(Parameters(), {name: value})


@given(aborts=st.floats(0, 1), busy=st.floats(0, 0.99))
def test_the_two_ways_to_give_up_make_the_abort_ratio(aborts: float, busy: float) -> None:
    changed, busy_lock = chances(Parameters(aborts=aborts, busy=busy)).values()
    assert 1 - (1 - changed) * (1 - busy_lock) == pytest.approx(aborts)
