"""The rules of every lock: who gets in, who waits, in which order, what the search finds and what lockdep hears."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import pytest

from lockview.kernel.effects import Look, Routine
from lockview.kernel.handles import Lock
from lockview.kernel.locks.completion import (
    complete,
    complete_all,
    reinit_completion,
    try_wait_for_completion,
    wait_for_completion,
)
from lockview.kernel.locks.contexts import (
    hardirq,
    local_bh_disable,
    local_bh_enable,
    local_irq_disable,
    local_irq_enable,
    smp_call_function_single,
    softirq,
)
from lockview.kernel.locks.local_lock import local_lock, local_unlock
from lockview.kernel.locks.mutex import (
    mutex_lock,
    mutex_lock_nest_lock,
    mutex_lock_nested,
    mutex_trylock,
    mutex_unlock,
    rt_mutex_lock,
    rt_mutex_unlock,
)
from lockview.kernel.locks.pagelock import lock_page, trylock_page, unlock_page, wait_on_page_locked
from lockview.kernel.locks.percpu_rwsem import (
    percpu_down_read,
    percpu_down_read_trylock,
    percpu_down_write,
    percpu_up_read,
    percpu_up_write,
)
from lockview.kernel.locks.rwlock import read_lock, read_unlock, write_lock, write_trylock, write_unlock
from lockview.kernel.locks.seqcount import raw_seqcount_begin, read_seqcount_retry
from lockview.kernel.locks.seqlock import Seqlock, read_seqbegin, read_seqretry, write_seqlock, write_sequnlock
from lockview.kernel.locks.spinlock import (
    spin_lock,
    spin_lock_bh,
    spin_lock_irqsave,
    spin_unlock,
    spin_unlock_bh,
    spin_unlock_irqrestore,
)
from lockview.kernel.locks.workqueue import (
    IDLE,
    Work,
    cancel_work_sync,
    flush_work,
    queue_work,
    worker_thread,
)
from lockview.kernel.locks.ww_mutex import (
    EALREADY,
    EDEADLK,
    WwClass,
    WwMutex,
    new_ww_class,
    new_ww_mutex,
    ww_acquire_fini,
    ww_acquire_init,
    ww_mutex_lock,
    ww_mutex_trylock,
    ww_mutex_unlock,
)
from lockview.kernel.worlds import WorldPlan
from lockview.lockdep.validator import Validator
from lockview.model.locks import Primitive
from lockview.model.reports import Report, ReportKind, Task
from lockview.sim.exploring import explore
from lockview.sim.listening import Listener
from lockview.sim.machine import Machine, Move, State, TaskPlan
from lockview.sim.running import Ending, along, in_order
from lockview.sim.running import run as run_machine

Body = Callable[[], Routine[Any]]


class Lab:
    """A plan for a few locks and tasks; an interrupt belongs to the task whose CPU it shares."""

    def __init__(self) -> None:
        self.plan = WorldPlan()
        self.irqs = self.plan.cell("irqs", 1)
        self.softirqs = self.plan.cell("softirqs", 1)
        self._tasks: list[TaskPlan] = []
        self._who: list[Task] = []

    def lock(self, name: str, primitive: Primitive, *, fair: bool = False, annotated: bool = True) -> Lock:
        return self.plan.lock(name, name, primitive, fair=fair, annotated=annotated)

    def task(self, body: Body, *, daemon: bool = False, cpu: int | None = None) -> None:
        number = len(self._tasks)
        self._tasks.append(TaskPlan(f"task{number}", body, cpu=cpu, daemon=daemon))
        self._who.append(Task(f"task{number}", 100 + number))

    def interrupt(self, body: Body, of: int = 0) -> None:
        self._tasks[of] = self._tasks[of]._replace(cpu=of)
        self._tasks.append(TaskPlan("irq", body, cpu=of, priority=len(self._tasks), daemon=True, arrives=True))
        self._who.append(self._who[of])

    def machine(self) -> Machine:
        return Machine(self._tasks, self.plan.start)

    def steps(self, *order: int) -> tuple[Machine, State]:
        machine = self.machine()
        state = machine.start
        for task in order:
            state = machine.step(state, Move(task)).state
        return machine, state

    def enabled(self, *order: int) -> tuple[int, ...]:
        machine, state = self.steps(*order)
        return machine.enabled(state)

    def deadlocks(self) -> bool:
        found = explore(self.machine()).found
        assert found is None or found.violation.invariant == "I13", found
        return found is not None

    def heard(self, *order: int) -> list[Report]:
        """What lockdep says when the tasks run one after the other, in that order."""
        machine = self.machine()
        listener = Listener(machine, self._who, Validator())
        listener.start()
        run_machine(machine, in_order(order or range(len(self._tasks))), hear=listener.hear)
        return listener.reports

    def heard_along(self, *order: int) -> list[Report]:
        machine = self.machine()
        listener = Listener(machine, self._who, Validator())
        listener.start()
        run_machine(machine, along(Move(task) for task in order), hear=listener.hear)
        return listener.reports


Take = Callable[[Lock], Routine[Any]]


def holding(*locks: tuple[Lock, Take, Take]) -> Body:
    """Take locks in order, give them up in reverse."""

    def body() -> Routine[None]:
        left = locks
        while left:
            yield from left[0][1](left[0][0])
            left = left[1:]
        left = locks
        while left:
            yield from left[-1][2](left[-1][0])
            left = left[:-1]

    return body


def woken(body: Body) -> Body:
    """The same after being woken, as the first step."""

    def later() -> Routine[None]:
        yield Look(())
        yield from body()

    return later


def kinds(reports: Iterable[Report]) -> list[ReportKind]:
    return [report.kind for report in reports]


# --- Exclusive locks --------------------------------------------------------------------------------------------------

EXCLUSIVE = {
    "spinlock": (Primitive.SPINLOCK, spin_lock, spin_unlock),
    "raw spinlock": (Primitive.RAW_SPINLOCK, spin_lock, spin_unlock),
    "rwlock": (Primitive.RWLOCK, write_lock, write_unlock),
    "mutex": (Primitive.MUTEX, mutex_lock, mutex_unlock),
    "rt_mutex": (Primitive.RT_MUTEX, rt_mutex_lock, rt_mutex_unlock),
    "percpu_rwsem": (Primitive.RWSEM, percpu_down_write, percpu_up_write),
}


@pytest.mark.parametrize("name", EXCLUSIVE)
def test_one_holder_at_a_time(name: str) -> None:
    primitive, take, give = EXCLUSIVE[name]
    lab = Lab()
    lock = lab.lock("lock", primitive)
    for _ in range(2):
        lab.task(holding((lock, take, give)))
    assert lab.enabled(0) == (0,)
    assert lab.enabled(0, 0) == (1,)
    assert not lab.deadlocks()


@pytest.mark.parametrize("name", EXCLUSIVE)
def test_opposite_orders_deadlock_and_lockdep_says_so(name: str) -> None:
    primitive, take, give = EXCLUSIVE[name]
    lab = Lab()
    first, second = lab.lock("first", primitive), lab.lock("second", primitive)
    lab.task(holding((first, take, give), (second, take, give)))
    lab.task(holding((second, take, give), (first, take, give)))
    assert lab.deadlocks()
    assert kinds(lab.heard()) == [ReportKind.CIRCULAR]


def test_a_fair_lock_is_had_in_the_order_of_coming() -> None:
    lab = Lab()
    lock = lab.lock("lock", Primitive.MUTEX, fair=True)
    for _ in range(3):
        lab.task(holding((lock, mutex_lock, mutex_unlock)))
    assert lab.enabled(0, 2, 1, 0) == (2,)


def test_a_trylock_makes_no_order_towards_itself() -> None:
    lab = Lab()
    first, second = lab.lock("first", Primitive.MUTEX), lab.lock("second", Primitive.MUTEX)
    lab.task(holding((first, mutex_lock, mutex_unlock), (second, mutex_trylock, mutex_unlock)))
    lab.task(holding((second, mutex_lock, mutex_unlock), (first, mutex_lock, mutex_unlock)))
    assert lab.heard() == []


def two_of_a_class() -> tuple[Lab, Lock, Lock, Lock]:
    lab = Lab()
    first, second = (lab.plan.lock(name, "class", Primitive.MUTEX) for name in ("first", "second"))
    return lab, first, second, lab.lock("outer", Primitive.MUTEX)


def test_two_mutexes_of_a_class_need_a_subclass_or_a_lock_around_them() -> None:
    lab, first, second, _ = two_of_a_class()
    lab.task(holding((first, mutex_lock, mutex_unlock), (second, mutex_lock, mutex_unlock)))
    assert kinds(lab.heard()) == [ReportKind.RECURSIVE]
    lab, first, second, _ = two_of_a_class()
    nested = partial(mutex_lock_nested, subclass=1)
    lab.task(holding((first, mutex_lock, mutex_unlock), (second, nested, mutex_unlock)))
    assert lab.heard() == []
    lab, first, second, outer = two_of_a_class()
    under = partial(mutex_lock_nest_lock, nest=outer)
    lab.task(holding((outer, mutex_lock, mutex_unlock), (first, under, mutex_unlock), (second, under, mutex_unlock)))
    assert lab.heard() == []


# --- Readers and writers ----------------------------------------------------------------------------------------------


def test_a_waiting_writer_holds_up_readers_but_not_those_in_interrupts() -> None:
    lab = Lab()
    lock = lab.lock("lock", Primitive.RWLOCK, fair=True)
    reader = holding((lock, read_lock, read_unlock))
    lab.task(reader)
    lab.task(holding((lock, write_lock, write_unlock)))
    lab.task(reader)
    lab.task(holding((lock, partial(read_lock, in_interrupt=True), read_unlock)))
    assert lab.enabled(0, 1) == (0, 2, 3)  # task 2 can come, and joins the queue
    assert lab.enabled(0, 1, 2) == (0, 3)
    assert lab.enabled(0, 1, 2, 0) == (1, 3)
    assert not lab.deadlocks()


@pytest.mark.parametrize("in_interrupt", [False, True])
def test_reading_twice_with_a_writer_between(in_interrupt: bool) -> None:
    lab = Lab()
    lock = lab.lock("lock", Primitive.RWLOCK, fair=True)
    again = partial(read_lock, in_interrupt=in_interrupt)
    lab.task(holding((lock, read_lock, read_unlock), (lock, again, read_unlock)))
    lab.task(holding((lock, write_lock, write_unlock)))
    assert lab.deadlocks() is not in_interrupt
    assert kinds(lab.heard(0)) == ([] if in_interrupt else [ReportKind.RECURSIVE])


def test_rwlock_trylocks() -> None:
    lab = Lab()
    lock = lab.lock("lock", Primitive.RWLOCK, fair=True)
    got: list[bool] = []

    def trying() -> Routine[None]:
        answer = yield from write_trylock(lock)
        got.append(answer)

    lab.task(holding((lock, read_lock, read_unlock)))
    lab.task(trying)
    lab.steps(0, 1)
    lab.steps(1)
    assert got == [False, True]


def test_a_percpu_rwsem_lets_no_reader_past_its_writer() -> None:
    lab = Lab()
    sem = lab.lock("sem", Primitive.RWSEM, fair=True)
    lab.task(holding((sem, percpu_down_read, percpu_up_read)))
    lab.task(holding((sem, percpu_down_write, percpu_up_write)))
    got: list[bool] = []

    def trying() -> Routine[None]:
        answer = yield from percpu_down_read_trylock(sem)
        got.append(answer)

    lab.task(trying)
    lab.steps(0, 1, 2)
    lab.steps(0, 2)
    assert got == [False, True]


# --- Interrupts -------------------------------------------------------------------------------------------------------


def test_a_lock_taken_in_an_interrupt_needs_interrupts_off() -> None:
    lab = Lab()
    lock = lab.lock("lock", Primitive.SPINLOCK)
    in_irq = holding((lock, spin_lock, spin_unlock))
    lab.task(in_irq)
    lab.interrupt(partial(hardirq, lab.irqs, in_irq))
    assert lab.deadlocks()
    assert kinds(lab.heard(0, 1)) == [ReportKind.INCONSISTENT]
    lab = Lab()
    lock = lab.lock("lock", Primitive.SPINLOCK)

    def safely() -> Routine[None]:
        flags = yield from spin_lock_irqsave(lock, lab.irqs)
        yield from spin_unlock_irqrestore(lock, lab.irqs, flags)

    lab.task(safely)
    lab.interrupt(partial(hardirq, lab.irqs, in_irq))
    assert not lab.deadlocks()
    assert lab.heard(0, 1) == []
    assert lab.heard(1, 0) == []


def test_irqsave_nests() -> None:
    lab = Lab()
    first, second = lab.lock("first", Primitive.SPINLOCK), lab.lock("second", Primitive.SPINLOCK)

    def body() -> Routine[None]:
        outer = yield from spin_lock_irqsave(first, lab.irqs)
        inner = yield from spin_lock_irqsave(second, lab.irqs)
        yield from spin_unlock_irqrestore(second, lab.irqs, inner)
        yield from spin_unlock_irqrestore(first, lab.irqs, outer)

    lab.task(body)
    machine = lab.machine()
    states = [step.state.cells[lab.irqs.number] for step in run_machine(machine, in_order((0,))).steps]
    assert states == [0, 0, 0, 0, 0, 0, 1]


def test_a_lock_taken_in_a_soft_interrupt_needs_those_off() -> None:
    lab = Lab()
    lock = lab.lock("lock", Primitive.SPINLOCK)
    in_softirq = holding((lock, spin_lock, spin_unlock))
    lab.task(in_softirq)
    lab.interrupt(partial(softirq, lab.irqs, lab.softirqs, in_softirq))
    assert lab.deadlocks()
    assert kinds(lab.heard(0, 1)) == [ReportKind.INCONSISTENT]
    lab = Lab()
    lock = lab.lock("lock", Primitive.SPINLOCK)
    take = partial(spin_lock_bh, softirqs=lab.softirqs)
    lab.task(holding((lock, take, partial(spin_unlock_bh, softirqs=lab.softirqs))))
    lab.interrupt(partial(softirq, lab.irqs, lab.softirqs, in_softirq))
    assert not lab.deadlocks()
    assert lab.heard(0, 1) == []


def test_bottom_halves_nest() -> None:
    lab = Lab()

    def body() -> Routine[None]:
        yield from local_bh_disable(lab.softirqs)
        yield from local_bh_disable(lab.softirqs)
        yield from local_bh_enable(lab.softirqs)
        yield from local_bh_enable(lab.softirqs)

    lab.task(body)
    lab.interrupt(partial(softirq, lab.irqs, lab.softirqs, holding()))
    assert [1 in lab.enabled(*(0,) * done) for done in range(5)] == [True, False, False, False, True]


def test_an_interrupt_runs_before_the_task_goes_on() -> None:
    lab = Lab()
    lock = lab.lock("lock", Primitive.SPINLOCK)
    body = holding((lock, spin_lock, spin_unlock))
    lab.task(body)
    lab.interrupt(partial(hardirq, lab.irqs, body))
    assert lab.enabled() == (0, 1)
    assert lab.enabled(1) == (1,)
    assert lab.enabled(1, 1, 1, 1) == (0,)


def test_a_cpu_with_interrupts_off_answers_nobody() -> None:
    lab = Lab()
    lock = lab.lock("lock", Primitive.SPINLOCK)

    def asking() -> Routine[None]:
        yield from spin_lock(lock)
        yield from smp_call_function_single(lab.irqs)
        yield from spin_unlock(lock)

    def deaf() -> Routine[None]:
        yield from local_irq_disable(lab.irqs)
        yield from spin_lock(lock)
        yield from spin_unlock(lock)
        yield from local_irq_enable(lab.irqs)

    lab.task(asking)
    lab.task(deaf)
    assert lab.deadlocks()
    assert lab.heard() == []


def test_who_spins_keeps_its_cpu() -> None:
    lab = Lab()
    lock = lab.lock("lock", Primitive.SPINLOCK)
    body = holding((lock, spin_lock, spin_unlock))
    tasks = [TaskPlan("low", body, cpu=0), TaskPlan("high", woken(body), cpu=0, priority=1, arrives=True)]
    found = explore(Machine(tasks, lab.plan.start)).found
    assert found is not None
    mutex = lab.lock("mutex", Primitive.MUTEX)
    sleeping = holding((mutex, mutex_lock, mutex_unlock))
    tasks = [tasks[0]._replace(routine=sleeping), tasks[1]._replace(routine=woken(sleeping))]
    assert explore(Machine(tasks, lab.plan.start)).found is None


# --- ww_mutexes -------------------------------------------------------------------------------------------------------


def backing_off(first: WwMutex, second: WwMutex, me: int, told: list[tuple[int, int]]) -> Routine[None]:
    """Take two in a context; told to give up, do so and begin with the other."""
    context = yield from ww_acquire_init(first.ww_class)
    yield from ww_mutex_lock(first, context, me)
    while (yield from ww_mutex_lock(second, context, me)) == EDEADLK:
        told.append((me, context.stamp))
        yield from ww_mutex_unlock(first, me)
        first, second = second, first
        yield from ww_mutex_lock(first, context, me)
    yield from ww_mutex_unlock(second, me)
    yield from ww_mutex_unlock(first, me)
    yield from ww_acquire_fini(context)


def ww_lab(*, wait_die: bool) -> tuple[Lab, WwClass, WwMutex, WwMutex]:
    lab = Lab()
    ww_class = new_ww_class(lab.plan, "class", wait_die=wait_die)
    return lab, ww_class, new_ww_mutex(lab.plan, ww_class, "A"), new_ww_mutex(lab.plan, ww_class, "B")


@pytest.mark.parametrize("wait_die", [False, True])
def test_contexts_resolve_opposite_orders(wait_die: bool) -> None:
    lab, _, first, second = ww_lab(wait_die=wait_die)
    told: list[tuple[int, int]] = []
    lab.task(partial(backing_off, first, second, 0, told))
    lab.task(partial(backing_off, second, first, 1, told))
    result = explore(lab.machine())
    assert result.complete
    assert result.found is None
    assert {stamp for _, stamp in told} == {2}, "only the younger context is told to give up"
    assert lab.heard() == []
    assert lab.heard_along(0, 1, 0, 1, 0, 1) == []


def test_without_contexts_they_are_mutexes() -> None:
    lab, _, first, second = ww_lab(wait_die=False)

    def body(one: WwMutex, other: WwMutex, me: int) -> Routine[None]:
        yield from ww_mutex_lock(one, None, me)
        yield from ww_mutex_lock(other, None, me)
        yield from ww_mutex_unlock(other, me)
        yield from ww_mutex_unlock(one, me)

    lab.task(partial(body, first, second, 0))
    lab.task(partial(body, second, first, 1))
    assert lab.deadlocks()
    assert kinds(lab.heard()) == [ReportKind.RECURSIVE]


def test_a_context_is_told_what_it_has_already() -> None:
    lab, ww_class, first, _ = ww_lab(wait_die=False)
    answers: list[int] = []

    def body() -> Routine[None]:
        context = yield from ww_acquire_init(ww_class)
        answer = yield from ww_mutex_lock(first, context, 0)
        again = yield from ww_mutex_lock(first, context, 0)
        trying = yield from ww_mutex_trylock(first, context, 0)
        answers.extend((answer, again, trying))
        yield from ww_mutex_unlock(first, 0)
        yield from ww_acquire_fini(context)

    lab.task(body)
    assert lab.heard() == []
    assert answers[:3] == [0, EALREADY, False]


def test_the_oldest_context_waits_in_front() -> None:
    lab, ww_class, first, _ = ww_lab(wait_die=False)

    def body(me: int) -> Routine[None]:
        context = yield from ww_acquire_init(ww_class)
        yield from ww_mutex_lock(first, context, me)
        yield from ww_mutex_unlock(first, me)
        yield from ww_acquire_fini(context)

    for number in range(3):
        lab.task(partial(body, number))
    # stamps 1, 2, 3 in the order of tasks 2, 1, 0; the youngest has it, the others wait
    assert lab.enabled(2, 1, 0, 0, 1, 2) == (0,)
    assert lab.enabled(2, 1, 0, 0, 1, 2, 0) == (0, 2)


def test_a_context_that_holds_something_must_not_end() -> None:
    lab, ww_class, first, _ = ww_lab(wait_die=False)

    def body() -> Routine[None]:
        context = yield from ww_acquire_init(ww_class)
        yield from ww_mutex_lock(first, context, 0)
        yield from ww_acquire_fini(context)

    lab.task(body)
    result = run_machine(lab.machine(), in_order((0,)))
    assert result.ending is Ending.VIOLATION


# --- Waiting without a lock -------------------------------------------------------------------------------------------


def test_a_completion_lets_one_go_each_time() -> None:
    lab = Lab()
    done = lab.plan.cell("done", 0)
    lab.task(partial(wait_for_completion, done))
    lab.task(partial(wait_for_completion, done))
    lab.task(partial(complete, done))
    assert lab.enabled() == (2,)
    assert lab.enabled(2, 0) == ()
    assert lab.deadlocks()
    lab.task(partial(complete_all, done))
    assert lab.enabled(3, 0) == (1, 2)
    assert not lab.deadlocks()


def test_a_completion_can_be_tried_and_used_again() -> None:
    lab = Lab()
    done = lab.plan.cell("done", 0)
    got: list[bool] = []

    def body() -> Routine[None]:
        yield from complete(done)
        got.append((yield from try_wait_for_completion(done)))
        got.append((yield from try_wait_for_completion(done)))
        yield from complete_all(done)
        yield from reinit_completion(done)
        got.append((yield from try_wait_for_completion(done)))

    lab.task(body)
    run_machine(lab.machine(), in_order((0,)))
    assert got == [True, False, False]


def test_lockdep_does_not_see_page_locks() -> None:
    lab = Lab()
    page = lab.lock("page", Primitive.BIT, annotated=False)
    mutex = lab.lock("mutex", Primitive.MUTEX)
    lab.task(holding((page, lock_page, unlock_page), (mutex, mutex_lock, mutex_unlock)))
    lab.task(holding((mutex, mutex_lock, mutex_unlock), (page, lock_page, unlock_page)))
    assert lab.deadlocks()
    assert lab.heard() == []


def test_pages_can_be_waited_for_and_tried() -> None:
    lab = Lab()
    page = lab.lock("page", Primitive.BIT, annotated=False)
    got: list[bool] = []

    def trying() -> Routine[None]:
        answer = yield from trylock_page(page)
        got.append(answer)

    lab.task(holding((page, lock_page, unlock_page)))
    lab.task(partial(wait_on_page_locked, page))
    lab.task(trying)
    assert lab.enabled(0) == (0, 2)
    assert lab.enabled(0, 0) == (1, 2)
    lab.steps(0, 2)
    assert got[-1] is False


def work_lab(*, function_locks: bool) -> tuple[Lab, Work, Lock]:
    lab = Lab()
    mutex = lab.lock("mutex", Primitive.MUTEX)
    function = holding((mutex, mutex_lock, mutex_unlock)) if function_locks else holding()
    queue = lab.lock("(wq_completion)events", Primitive.MARKER)
    item = lab.lock("(work_completion)(&work)", Primitive.MARKER)
    return lab, Work(queue, item, lab.plan.cell("work", IDLE), function), mutex


@pytest.mark.parametrize("function_locks", [False, True])
def test_flushing_work_under_a_lock_that_it_takes(function_locks: bool) -> None:
    lab, work, mutex = work_lab(function_locks=function_locks)

    def flushing() -> Routine[None]:
        yield from queue_work(work)
        yield from mutex_lock(mutex)
        yield from flush_work(work)
        yield from mutex_unlock(mutex)

    lab.task(flushing)
    lab.task(partial(worker_thread, work), daemon=True)
    assert lab.deadlocks() is function_locks
    assert kinds(lab.heard(1, 0)) == ([ReportKind.CIRCULAR] if function_locks else [])


def test_work_can_be_queued_again_and_cancelled() -> None:
    lab, work, _ = work_lab(function_locks=False)
    got: list[bool] = []

    def body() -> Routine[None]:
        got.append((yield from queue_work(work)))
        got.append((yield from queue_work(work)))
        got.append((yield from cancel_work_sync(work)))
        got.append((yield from cancel_work_sync(work)))

    lab.task(body)
    result = run_machine(lab.machine(), in_order((0,)))
    assert result.ending is Ending.DONE
    assert got == [True, False, True, False]


# --- Counters and statements ------------------------------------------------------------------------------------------


def test_a_seqlock_makes_readers_look_again_and_writers_wait() -> None:
    lab = Lab()
    seqlock = Seqlock(lab.lock("seq", Primitive.SEQCOUNT), lab.lock("lock", Primitive.SPINLOCK))
    retries: list[bool] = []

    def writer() -> Routine[None]:
        yield from write_seqlock(seqlock)
        yield from write_sequnlock(seqlock)

    def reader() -> Routine[None]:
        start = yield from read_seqbegin(seqlock)
        retries.append((yield from read_seqretry(seqlock, start)))

    lab.task(writer)
    lab.task(writer)
    lab.task(reader)
    assert lab.enabled(0) == (0, 2)
    assert lab.enabled(0, 0) == (0,)
    lab.steps(2, 0, 0, 2)
    lab.steps(2, 2)
    assert retries == [True, False]
    assert not lab.deadlocks()


def test_a_reader_that_gives_up_never_waits() -> None:
    lab = Lab()
    seqlock = Seqlock(lab.lock("seq", Primitive.SEQCOUNT), lab.lock("lock", Primitive.SPINLOCK))
    retries: list[bool] = []

    def writer() -> Routine[None]:
        yield from write_seqlock(seqlock)
        yield from write_sequnlock(seqlock)

    def reader() -> Routine[None]:
        start = yield from raw_seqcount_begin(seqlock.seqcount)
        retries.append((yield from read_seqcount_retry(seqlock.seqcount, start)))

    lab.task(writer)
    lab.task(reader)
    lab.steps(0, 0, 1, 1)
    assert retries == [True]


def test_a_reader_in_an_interrupt_of_the_writer_spins_for_ever() -> None:
    lab = Lab()
    seqlock = Seqlock(lab.lock("seq", Primitive.SEQCOUNT), lab.lock("lock", Primitive.SPINLOCK))

    def writer() -> Routine[None]:
        yield from write_seqlock(seqlock)
        yield from write_sequnlock(seqlock)

    def reader() -> Routine[None]:
        yield from read_seqbegin(seqlock)

    lab.task(writer)
    lab.interrupt(partial(hardirq, lab.irqs, reader))
    assert lab.deadlocks()
    assert kinds(lab.heard(0, 1)) == [ReportKind.INCONSISTENT]


def test_nobody_waits_for_a_local_lock_but_its_order_counts() -> None:
    lab = Lab()
    local = lab.lock("local", Primitive.LOCAL_LOCK)
    lock = lab.lock("lock", Primitive.SPINLOCK)
    lab.task(holding((local, local_lock, local_unlock), (lock, spin_lock, spin_unlock)))
    lab.task(holding((lock, spin_lock, spin_unlock), (local, local_lock, local_unlock)))
    assert not lab.deadlocks()
    assert kinds(lab.heard()) == [ReportKind.CIRCULAR]
