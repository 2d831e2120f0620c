"""All strategies say the same: of the core models, and of small random programs, where every order can be tried."""

from functools import partial
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockview.document.scenarios import find_scenario, library
from lockview.kernel.effects import (
    Acquire,
    Add,
    Await,
    Check,
    Choose,
    Defer,
    Flush,
    GracePeriod,
    IrqDisable,
    IrqEnable,
    Read,
    ReadLock,
    ReadUnlock,
    Release,
    Routine,
    Write,
)
from lockview.kernel.handles import Cell, Lock
from lockview.kernel.switches import Switch
from lockview.kernel.worlds import WorldPlan
from lockview.model.locks import Access, Primitive
from lockview.sim.explorer.checkpoints import read_checkpoint, write_checkpoint
from lockview.sim.explorer.matrix import FOUND, NOTHING, Row, core, counted
from lockview.sim.explorer.minimising import minimised, preemptions_of
from lockview.sim.explorer.outcomes import Outcome, Verdict
from lockview.sim.explorer.source_sets import SourceSets
from lockview.sim.explorer.strategies import STRATEGIES, Bounds, along, by_preemptions, exhaustive, finished, reduced
from lockview.sim.explorer.waiting import circle
from lockview.sim.explorer.walks import longest_of, pct_bound, pct_walks, random_walks
from lockview.sim.exploring import DEADLOCK, BreadthFirst, Progress, explore
from lockview.sim.machine import Machine, TaskPlan
from lockview.sim.scenarios.building import build
from lockview.sim.scenarios.description import Description
from lockview.sim.schedule_text import replay
from lockview.sim.telling import fatal_window, point_of_no_return, told, told_without
from lockview.sim.transitions import Transitions

UNBOUNDED = Bounds()
LONG_FOR_REDUCTION = ("F, F, U", "M14'")
"""Tens of thousands of executions."""


def shows(machine: Machine, outcome: Outcome) -> bool:
    """Whether the schedule of a find leads to what it says."""
    assert outcome.found is not None
    run = replay(machine, outcome.found.moves)
    if run.divergences or len(run.moves) != len(outcome.found.moves):
        return False
    if outcome.found.violation == DEADLOCK:
        return machine.is_deadlock(run.state) or bool(circle(machine, run.state))
    return run.steps[-1].violation == outcome.found.violation


# --- the core models --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", FOUND, ids=lambda row: row.name)
def test_reduction_finds_each_mistake(row: Row) -> None:
    machine = row.machine()
    outcome = reduced(machine, UNBOUNDED)
    assert outcome.verdict is (Verdict.DEADLOCKS if row.invariant == "I13" else Verdict.VIOLATES)
    assert shows(machine, outcome)


@pytest.mark.parametrize("name", [name for name in NOTHING if name not in LONG_FOR_REDUCTION])
def test_reduction_finds_nothing_where_nothing_is(name: str) -> None:
    outcome = reduced(NOTHING[name][0](), UNBOUNDED)
    assert outcome.verdict is Verdict.CANNOT
    assert outcome.executions < 1_000


def test_reduction_runs_few_of_the_executions() -> None:
    """183,946 complete interleavings of F and U."""
    result = SourceSets(core("FU")).run()
    assert (result.executions, result.asleep, result.transitions) == (89, 0, 915)


@pytest.mark.parametrize("name", ["random", "pct"])
def test_dice_decide_nothing_but_by_a_find(name: str) -> None:
    bounds = Bounds(runs=100)
    quiet = STRATEGIES[name](core("FU"), bounds, None)
    assert quiet.verdict is Verdict.UNDECIDED
    assert quiet.stopped_by == "100 runs are not all"
    machine = core("FU", Switch.M2)
    outcome = STRATEGIES[name](machine, Bounds(runs=3_000), None)
    assert outcome.verdict is Verdict.VIOLATES
    assert shows(machine, outcome)


def test_searches_say_what_stopped_them() -> None:
    machine = core("FU")
    assert exhaustive(machine, Bounds(states=10)).stopped_by == "there are more than 10 states"
    assert reduced(machine, Bounds(executions=5)).stopped_by == "5 executions are not all"
    assert "more than 1 preemptions were left out" in by_preemptions(machine, Bounds(preemptions=1)).stopped_by
    assert reduced(core("FF", Switch.PTL_LOOP), Bounds(executions=300)).verdict is Verdict.UNDECIDED
    for strategy in STRATEGIES.values():
        stopped = strategy(core("FFU"), UNBOUNDED, lambda _progress: False)
        assert (stopped.verdict, stopped.stopped_by) == (Verdict.UNDECIDED, "it was stopped")


def test_searches_tell_how_far_they_are() -> None:
    heard: list[Progress] = []

    def watch(progress: Progress) -> bool:
        heard.append(progress)
        return len(heard) < 3

    for strategy in (exhaustive, by_preemptions, reduced):
        heard.clear()
        strategy(core("FFU"), UNBOUNDED, watch)
        assert len(heard) == 3
        assert heard[0].transitions < heard[1].transitions < heard[2].transitions


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_search_goes_on_as_if_it_had_not_been_interrupted(stop: int) -> None:
    whole = exhaustive(core("FFU"), UNBOUNDED)
    search = BreadthFirst(core("FFU"))
    calls = iter(range(stop))
    finished(core("FFU"), search, UNBOUNDED, lambda _progress: next(calls, None) is not None)
    data = write_checkpoint(search, "FFU")
    machine = core("FFU")
    resumed = read_checkpoint(data, machine, "FFU")
    assert (resumed.head, resumed.transitions, len(resumed.order)) == (
        search.head,
        search.transitions,
        len(search.order),
    )
    assert finished(machine, resumed, UNBOUNDED) == whole


def test_a_checkpoint_that_does_not_fit_says_so() -> None:
    data = write_checkpoint(BreadthFirst(core("FU")), "FU")
    bad: list[tuple[bytes, str]] = [
        (b"", "line 1"),
        (b"[]\n", "line 1"),
        (data[:-2], "checksum"),
        (data.replace(b'"FU"', b'"FM"'), "checksum"),
    ]
    for some, message in bad:
        with pytest.raises(ValueError, match=message):
            read_checkpoint(some, core("FU"), "FU")
    with pytest.raises(ValueError, match="another scenario"):
        read_checkpoint(data, core("FU"), "FM")
    search = BreadthFirst(core("FU"))
    search.search(10)
    with pytest.raises(ValueError, match="line 2: a step to a new state was expected"):
        read_checkpoint(write_checkpoint(search, "FU"), Machine((), ()), "FU")


def test_pct_keeps_its_promise() -> None:
    """Hits of 200 runs are no fewer than a binomial of the promised chance allows in 99.9 of 100 cases."""
    for mistake, depth in ((Switch.M2, 2), (Switch.M30, 2), (Switch.M29, 1)):
        graph = Transitions(core("FU", mistake))
        steps = longest_of(graph)
        bound = pct_bound(len(graph.machine.tasks), steps, depth)
        hits = sum(pct_walks(graph, depth, seed, 1, steps=steps).found is not None for seed in range(200))
        below = sum(comb(200, count) * bound**count * (1 - bound) ** (200 - count) for count in range(hits + 1))
        assert below > 0.001
        assert hits


def test_what_dice_find_is_made_small() -> None:
    for seed in range(5):
        machine = core("FU", Switch.M1)
        found = random_walks(Transitions(machine), seed, 5_000).found
        assert found is not None
        small = minimised(machine, found)
        assert small.preemptions == preemptions_of(machine, small.moves)
        assert small.preemptions <= preemptions_of(machine, found.moves)
        assert len(small.moves) <= len(found.moves)
        assert shows(machine, Outcome("random", small))


# --- the library ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("description", [find_scenario(entry.id) for entry in library()], ids=lambda entry: entry.id)
def test_searches_of_the_library_say_what_it_says(description: Description) -> None:
    """Within small bounds: where a search decides it is right, where it finds something the schedule shows it."""
    expected = {"deadlock": Verdict.DEADLOCKS, "violation": Verdict.VIOLATES, "clean": Verdict.CANNOT}
    for name in STRATEGIES:
        machine = build(description).machine
        outcome = STRATEGIES[name](machine, Bounds(states=5_000, executions=40, runs=5), None)
        assert outcome.verdict in (Verdict.UNDECIDED, expected[description.expect.verdict])
        assert outcome.found is None or shows(machine, outcome)


# --- small programs ---------------------------------------------------------------------------------------------

Op = tuple[str, int]
_OPS = ("take", "share", "try", "read", "write", "add", "await", "choose", "off", "on", "flush", "enter", "leave")


class World:
    """Two locks, two cells, the interrupts of three CPUs and a domain of readers."""

    def __init__(self, *, fair: bool) -> None:
        self.plan = plan = WorldPlan()
        self.locks = tuple(plan.lock(name, name, Primitive.RWSEM, fair=fair) for name in "AB")
        self.cells = tuple(plan.cell(name, 0) for name in "xy")
        self.irqs = tuple(plan.cell(f"irqs:{cpu}", 1) for cpu in range(3))
        self.domain = plan.lock("srcu", "srcu", Primitive.SRCU)


def program(world: World, me: int, ops: tuple[Op, ...]) -> Routine[None]:
    """Do the operations; what is still held is given up at the end, in reverse."""
    held: tuple[Release | ReadUnlock, ...] = ()
    place = 0
    while place < len(ops):
        op, which = ops[place]
        lock, cell, place = world.locks[which], world.cells[which], place + 1
        if op in ("take", "share", "try"):
            access = Access.SHARED if op == "share" else Access.EXCLUSIVE
            got = yield Acquire(lock, access, trylock=op == "try")
            if op != "try" or got:
                held = (*held, Release(lock, access))
            del got
        else:
            yield from _plain(world, me, op, cell)
            if op == "enter":
                held = (*held, ReadUnlock(world.domain))
    while held:
        yield held[-1]
        held = held[:-1]


def _plain(world: World, me: int, op: str, cell: Cell) -> Routine[None]:
    if op == "read":
        yield Read(cell)
        yield Check("I", (cell,), _is_small, "x is three")
    elif op == "write":
        yield Write(cell, 1)
    elif op == "add":
        yield Add(cell)
    elif op == "await":
        yield Await(cell, bool)
    elif op == "choose":
        if (yield Choose("which")):
            yield Add(cell)
    elif op == "off":
        yield IrqDisable(world.irqs[me])
    elif op == "on":
        yield IrqEnable(world.irqs[me])
    elif op == "flush":
        yield Flush(tuple(irqs for cpu, irqs in enumerate(world.irqs) if cpu != me))
    elif op == "enter":
        yield ReadLock(world.domain)
    elif op == "leave":
        yield Defer(world.domain, ("free",))
        yield GracePeriod(world.domain)


def _is_small(value: int) -> bool:
    return value < 2


_TASKS = st.lists(
    st.lists(st.tuples(st.sampled_from(_OPS), st.integers(0, 1)), max_size=3).map(tuple), min_size=1, max_size=3
)
_PLACES = st.sampled_from(((None, 0), (0, 0), (0, 1)))
"""Which CPU and which priority."""


def machine_of(
    tasks: list[tuple[Op, ...]], places: list[tuple[int | None, int]], *, fair: bool, arrives: bool = False
) -> Machine:
    world = World(fair=fair)
    plans = [
        TaskPlan(f"task {me}", partial(program, world, me, ops), cpu, priority, arrives=arrives and priority > 0)
        for me, (ops, (cpu, priority)) in enumerate(zip(tasks, places, strict=False))
    ]
    return Machine(plans, world.plan.start)


@settings(max_examples=100, deadline=None)
@given(_TASKS, st.lists(_PLACES, min_size=3, max_size=3), st.booleans(), st.booleans())
def test_all_strategies_agree(
    tasks: list[tuple[Op, ...]], places: list[tuple[int | None, int]], fair: bool, arrives: bool
) -> None:
    def fresh() -> Machine:
        return machine_of(tasks, places, fair=fair, arrives=arrives)

    expected = explore(fresh()).found
    for name in ("exhaustive", "preemptions", "dpor"):
        outcome = STRATEGIES[name](fresh(), Bounds(executions=500), None)
        if outcome.verdict is Verdict.UNDECIDED and name == "dpor":
            continue
        assert (outcome.found is not None) is (expected is not None)
        assert outcome.found is None or shows(fresh(), outcome)
    for name in ("pct", "random"):
        outcome = STRATEGIES[name](fresh(), Bounds(runs=20), None)
        assert outcome.found is None or (expected is not None and shows(fresh(), outcome))


@settings(max_examples=50, deadline=None)
@given(_TASKS, st.booleans())
def test_reduction_finds_deadlocks(tasks: list[tuple[Op, ...]], fair: bool) -> None:
    """Deadlocks also where no check would end the search before."""
    plain = [tuple(op for op in ops if op[0] != "read") for ops in tasks]
    machine = machine_of(plain, [(None, 0)] * 3, fair=fair)
    result = SourceSets(machine).run(500)
    assert not result.complete or (explore(machine).found is None) is (result.found is None)


# --- what can be counted by hand --------------------------------------------------------------------------------


def counting(cell: Cell, steps: int) -> Routine[None]:
    left = steps
    while left:
        yield Add(cell)
        left -= 1


def once(cell: Cell, *, writes: bool) -> Routine[None]:
    yield Write(cell, 1) if writes else Read(cell)


@pytest.mark.parametrize(("tasks", "steps"), [(1, 5), (2, 3), (3, 2), (4, 2)])
def test_independent_tasks_have_one_execution(tasks: int, steps: int) -> None:
    plan = WorldPlan()
    bodies = [partial(counting, plan.cell(f"cell:{number}", 0), steps) for number in range(tasks)]
    machine = Machine([TaskPlan("task", body) for body in bodies], plan.start)
    assert SourceSets(machine).run()[:2] == (1, 0)
    assert explore(machine).states == (steps + 1) ** tasks


@pytest.mark.parametrize("readers", [1, 2, 3, 4])
def test_readers_and_a_writer(readers: int) -> None:
    """Each reader sees the old value or the new one: so many traces, and no more executions."""
    plan = WorldPlan()
    cell = plan.cell("x", 0)
    tasks = [TaskPlan("reader", partial(once, cell, writes=False)) for _ in range(readers)]
    machine = Machine([*tasks, TaskPlan("writer", partial(once, cell, writes=True))], plan.start)
    result = SourceSets(machine).run()
    assert result.executions == 2**readers


def blinking(cell: Cell) -> Routine[None]:
    yield Write(cell, 1)
    yield Write(cell, 0)


def noticing(cell: Cell, seen: Cell) -> Routine[None]:
    yield Await(cell, bool)
    yield Write(seen, 1)
    yield Check("I", (seen,), _is_nothing, "it was seen")


def _is_nothing(value: int) -> bool:
    return not value


def test_a_daemon_that_missed_its_moment_races_too() -> None:
    plan = WorldPlan()
    cell, seen = plan.cell("x", 0), plan.cell("seen", 0)
    daemon = TaskPlan("daemon", partial(noticing, cell, seen), daemon=True)
    machine = Machine((TaskPlan("task", partial(blinking, cell)), daemon), plan.start)
    assert reduced(machine, UNBOUNDED).verdict is exhaustive(machine, UNBOUNDED).verdict is Verdict.VIOLATES


def test_an_idle_task_multiplies_nothing() -> None:
    machine = counted()
    own = TaskPlan("idle", partial(counting, Cell(len(machine.start.cells), "own"), 3))
    busier = Machine((*machine.tasks, own), (*machine.start.cells, 0))
    assert SourceSets(busier).run().executions == SourceSets(machine).run().executions


# --- who waits for whom -----------------------------------------------------------------------------------------


def crossed(first: Lock, second: Lock) -> Routine[None]:
    yield Acquire(first)
    yield Acquire(second)
    yield Release(second)
    yield Release(first)


def spinning(cell: Cell) -> Routine[None]:
    value = 0
    while True:
        yield Write(cell, value)
        value = 1 - value


def test_a_circle_among_some_while_others_go_on() -> None:
    plan = WorldPlan()
    one, two = (plan.lock(name, name, Primitive.MUTEX) for name in "AB")
    machine = Machine(
        (
            TaskPlan("first", partial(crossed, one, two)),
            TaskPlan("second", partial(crossed, two, one)),
            TaskPlan("busy", partial(spinning, plan.cell("x", 0))),
        ),
        plan.start,
    )
    assert explore(machine).found is None
    outcome = exhaustive(machine, UNBOUNDED)
    assert outcome.verdict is Verdict.DEADLOCKS
    assert outcome.found is not None
    assert [move.task for move in outcome.found.moves] == [0, 1]
    assert circle(machine, replay(machine, outcome.found.moves).state) == (0, 1)


# --- in sentences -----------------------------------------------------------------------------------------------


def test_a_counterexample_is_told() -> None:
    machine = core("FU", Switch.M4, Switch.FLUSH_UNDER_PTL)
    outcome = by_preemptions(machine, UNBOUNDED)
    assert outcome.found is not None
    sentences = told(machine, outcome.found)
    assert sentences[0].startswith("F (steps 1 to 9): enter the SRCU section")
    assert sentences[-1] == "The change from F to U is fatal after any of the steps 8 to 9 of F."
    assert "U waits: munmap: flush other CPUs." in sentences
    assert point_of_no_return(machine, outcome.found.moves) == 13
    without = [(Switch.M4, core("FU", Switch.FLUSH_UNDER_PTL))]
    assert list(told_without(without, outcome.found)) == [
        f"Without M4 ({Switch.M4.meaning}) the same steps do no harm."
    ]


def test_the_window_is_the_one_of_the_check_that_is_missing() -> None:
    machine = core("FU", Switch.M1)
    found = by_preemptions(machine, UNBOUNDED).found
    assert found is not None
    assert fatal_window(machine, found) == (0, 1, 9, 9)


def test_no_step_of_a_task_that_waits_is_in_the_window() -> None:
    machine = build(find_scenario("S19")).machine
    found = explore(machine).found
    assert found is not None
    window = fatal_window(machine, found)
    assert window is not None
    assert window.last <= sum(move.task == window.task for move in found.moves)


def test_one_run_decides_nothing() -> None:
    machine = core("FU")
    outcome = along(machine, explore(core("FU", Switch.M2)).found.moves)  # type: ignore[union-attr]
    assert outcome.verdict is Verdict.UNDECIDED
