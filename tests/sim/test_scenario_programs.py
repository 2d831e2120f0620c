"""Lock programs and orders of turns: what each line does, who hears of it, and where a task stops."""

import pytest

from lockview.model.locks import Primitive
from lockview.model.reports import CircularReport
from lockview.sim.running import Ending
from lockview.sim.scenarios.orders import Entry, read_order
from lockview.sim.scenarios.reading import read_scenario
from lockview.sim.simulation import Simulation, simulate

HEAD = 'format = "lockview.scenario 1"\nid = "mine"\ntitle = "made up"\n'


def simulated(*programs: list[str], locks: dict[str, str], head: str = "", seed: int | None = None) -> Simulation:
    """A run of tasks ``t0``, ``t1`` ... with these programs."""
    text = HEAD + head
    text += "".join(f'[[lock]]\nname = "{name}"\nkind = "{kind}"\n' for name, kind in locks.items())
    for number, lines in enumerate(programs):
        steps = ", ".join(f'"{line}"' for line in lines)
        text += f'[[task]]\nname = "t{number}"\npid = {number}\n'
        text += f'[[task.call]]\nroutine = "lock-program"\nsteps = [{steps}]\n'
    return simulate(read_scenario(text), seed=seed)


def turns(simulation: Simulation) -> str:
    """Who stepped, one digit per step."""
    return "".join(str(move.task) for move in simulation.moves)


@pytest.mark.parametrize(
    "kind", [kind for kind in Primitive if kind.value in ("mutex", "rwsem", "spinlock", "rwlock", "rt_mutex")]
)
def test_locks_of_every_kind_are_taken_and_released(kind: Primitive) -> None:
    simulation = simulated(["take a", "release a"], ["try a", "release a"], locks={"a": kind.value})
    assert simulation.ending is Ending.DONE
    assert not simulation.reports


def test_two_orders_are_a_circle_and_a_deadlock() -> None:
    programs = (["take a", "take b"], ["take b", "take a"])
    locks = {"a": "mutex", "b": "mutex"}
    simulation = simulated(*programs, locks=locks, head='order = ["t0 until take b", "t1", "t0"]\n')
    assert simulation.ending is Ending.DEADLOCK
    (report,) = simulation.reports
    assert isinstance(report, CircularReport)
    assert turns(simulation) == "01"


def test_a_lock_that_cannot_be_had_leaves_its_section_out() -> None:
    trying = ["try a", "take b", "release b", "release a", "take c", "release c"]
    locks = {"a": "mutex", "b": "mutex", "c": "mutex"}
    simulation = simulated(
        ["take a", "release a"], trying, locks=locks, head='order = ["t0 until release", "t1", "t0"]\n'
    )
    assert turns(simulation) == "01110"
    assert simulation.ending is Ending.DONE


def test_a_reader_gives_up_or_spins_while_a_writer_is_inside() -> None:
    locks = {"s": "seqcount", "a": "mutex"}
    order = 'order = ["t0 until to s", "t1", "t0"]\n'
    gives_up = simulated(["begin s", "end s"], ["check s", "take a", "release a"], locks=locks, head=order)
    assert turns(gives_up) == "010"
    spins = simulated(["begin s", "end s"], ["spin s", "take a", "release a"], locks=locks, head=order)
    assert turns(spins) == "00111"  # it cannot step while it spins


def test_a_flush_waits_for_interrupts() -> None:
    head = 'order = ["t0 until set", "t1", "t0"]\n'
    simulation = simulated(["irqs off", "irqs on"], ["flush"], locks={}, head=head)
    assert turns(simulation) == "001"


def test_a_line_depends_on_a_switch() -> None:
    program = ["when M1 take a", "when M1 release a", "unless M1 take b", "unless M1 release b"]
    locks = {"a": "mutex", "b": "mutex"}
    assert len(simulated(program, locks=locks).moves) == 2
    (first, *_) = simulated(program, locks=locks, head='on = ["M1"]\n').run.steps
    assert "'a'" in repr(first.effect)


def test_stacks_are_those_of_the_file() -> None:
    simulation = simulated(["take a in inner <- outer", "release a"], locks={"a": "mutex"})
    functions = [frame.function for frame in simulation.run.steps[0].stack.frames]
    assert functions == ["mutex_lock", "inner", "outer"]


def test_orders_name_tasks_and_where_they_stop() -> None:
    names = ("a", "a until b")
    assert read_order(["a until b", "a until x until y"], names) == (Entry(1), Entry(0, "x until y"))
    with pytest.raises(ValueError, match='"c until x": a task was expected first, one of a, a until b'):
        read_order(["c until x"], names)


def test_what_is_never_reached_lets_a_task_go_as_far_as_it_gets() -> None:
    programs = (["take a", "release a"], ["take a", "release a"])
    simulation = simulated(*programs, locks={"a": "mutex"}, head='order = ["t1 until something else", "t0"]\n')
    assert turns(simulation) == "1100"


def test_the_same_dice_make_the_same_run() -> None:
    programs = (["take a", "release a"] * 5, ["take a", "release a"] * 5)
    first = simulated(*programs, locks={"a": "mutex"}, seed=3)
    again = simulated(*programs, locks={"a": "mutex"}, seed=3)
    assert first.moves == again.moves
    assert first.states == again.states
