"""The model for SPIN: what it says of each operation, what is refused, and that it is text of one kind only."""

import re
from functools import partial

import pytest

from lockview.document.scenarios import find_scenario
from lockview.export.promela import promela
from lockview.kernel.core.waits import new_wait_model, reader
from lockview.kernel.effects import Acquire, Add, Choose, Downgrade, Read, Release, Routine, Write
from lockview.kernel.handles import Cell, Lock
from lockview.kernel.switches import Switch
from lockview.kernel.worlds import WorldPlan
from lockview.model.locks import Access, Primitive
from lockview.sim.control_flow import control_flow
from lockview.sim.explorer.matrix import core, waiting
from lockview.sim.exploring import explore
from lockview.sim.machine import Machine, TaskPlan
from lockview.sim.scenarios.building import build


def exclusive(lock: Lock) -> Routine[None]:
    yield Acquire(lock)
    yield Release(lock)


def one(*, fair: bool, kind: Primitive = Primitive.MUTEX) -> Machine:
    plan = WorldPlan()
    lock = plan.lock("a", "&a", kind, fair=fair)
    return Machine([TaskPlan(f"t{number}", partial(exclusive, lock)) for number in range(2)], plan.start)


def proctypes(text: str) -> list[str]:
    return re.findall(r"active proctype .*?\n}\n", text, re.DOTALL)


def test_a_task_that_takes_a_mutex() -> None:
    text = promela(one(fair=False), "small")
    assert "byte lock_0_writer;\n" in text
    assert proctypes(text)[1] == (
        "active proctype task_1() /* t1 */\n"
        "{\n"
        "place_0: /* Acquire a */\n"
        "    if\n"
        "    :: d_step { lock_0_writer == 0 -> lock_0_writer = 2 }; goto place_1\n"
        "    fi;\n"
        "place_1: /* Release a */\n"
        "    if\n"
        "    :: d_step { lock_0_writer == 2 -> lock_0_writer = 0 }; goto end_2\n"
        "    :: d_step { !(lock_0_writer == 2) -> assert(false) }; goto place_1\n"
        "    fi;\n"
        "end_2:\n"
        "    false;\n"
        "}\n"
    )


def test_who_cannot_have_a_fair_lock_queues_once() -> None:
    text = promela(one(fair=True))
    assert "byte lock_0_queue[2];\n" in text
    can = "lock_0_writer == 0 && lock_0_nobody_ahead(1)"
    assert f":: d_step {{ {can} -> take_out(lock_0_queue, 2, 3); lock_0_writer = 1 }}; goto place_1\n" in text
    assert f":: d_step {{ !({can}) && !lock_0_waits(1) -> append(lock_0_queue, 2, 3) }}; goto place_0\n" in text


def shares(lock: Lock) -> Routine[None]:
    if (yield Acquire(lock, trylock=True)):
        yield Downgrade(lock)
        yield Acquire(lock, Access.RECURSIVE)
        yield Release(lock, Access.RECURSIVE)
        yield Release(lock, Access.SHARED)


def test_readers_have_as_much_room_as_they_can_need() -> None:
    plan = WorldPlan()
    lock = plan.lock("a", "&a", Primitive.RWLOCK)
    text = promela(Machine([TaskPlan("t", partial(shares, lock))], plan.start))
    assert "byte lock_0_readers[2];\n" in text
    assert "lock_0_writer = 0; append(lock_0_readers, 2, 1) }" in text
    assert "take_out(lock_0_readers, 2, 1) }; goto end_" in text
    assert "goto end_" in text.partition("place_0:")[2].partition("place_1:")[0]


def counts(cell: Cell, irqs: Cell) -> Routine[None]:
    yield Add(cell, 3)
    yield Write(cell, 1)
    is_small = (yield Read(cell)) <= 1
    if is_small:
        yield Choose("left or right", 3)
    yield Write(irqs, 0)


def test_numbers_are_told_apart_as_far_as_they_matter() -> None:
    plan = WorldPlan()
    cell, irqs = plan.cell("seq", 0), plan.cell("irqs", 1)
    machine = Machine([TaskPlan("t", partial(counts, cell, irqs))], plan.start)
    assert set(control_flow(machine).values[cell.number]) >= {0, 1, 3}
    assert explore(machine).complete
    assert promela(machine).count("d_step { skip }") == 3


def test_the_text_does_not_depend_on_what_was_explored() -> None:
    description = find_scenario("S02")
    fresh = promela(build(description, on=[Switch.M20]).machine, "S02")
    machine = build(description, on=[Switch.M20]).machine
    explore(machine)
    assert promela(machine, "S02") == fresh == promela(machine, "S02")


def test_a_spinning_reader_keeps_others_off_its_cpu() -> None:
    text = promela(waiting("mremap, reader", Switch.M21))
    assert "short at_1 = 0;\n" in text
    assert all("!(" in line and "at_1 ==" in line for line in proctypes(text)[0].splitlines() if "d_step" in line)
    assert "at_1 = 1 }" in proctypes(text)[1]
    assert "% 2 == 0 ->" in proctypes(text)[1]


def test_a_daemon_may_wait_for_ever() -> None:
    plan = WorldPlan()
    model = new_wait_model(plan)
    text = promela(Machine([TaskPlan("d", partial(reader, model), daemon=True)], plan.start))
    assert "place_" not in text


@pytest.mark.parametrize(
    "name", ["*/ assert(false) /*", "a\nb", "// \\", '#define x "', "a" * 5000, "\u202e\U0001f512"]
)
def test_names_stay_in_their_comments(name: str) -> None:
    plan = WorldPlan()
    lock = plan.lock(name, name, Primitive.MUTEX)
    text = promela(Machine([TaskPlan(name, partial(exclusive, lock))], plan.start), name)
    assert text.isascii()
    assert text.count("/*") == text.count("*/") == text.replace("/*", "*/").count("*/") / 2
    reference = Machine([TaskPlan("", partial(exclusive, lock._replace(name="", base="")))], plan.start)
    assert without_comments(text) == without_comments(promela(reference))


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


def circle(cell: Cell) -> Routine[None]:
    while True:
        yield Add(cell)


def test_what_has_no_such_form_is_refused() -> None:
    plan = WorldPlan()
    cell = plan.cell("a", 0)
    with pytest.raises(ValueError, match="round in a circle"):
        promela(Machine([TaskPlan("t", partial(circle, cell))], plan.start))
    for machine in (core("FU"), build(find_scenario("S01")).machine):
        with pytest.raises(ValueError, match=r"uses more than numbers|no plain form|values apart"):
            promela(machine)


def counts_far(cell: Cell) -> Routine[None]:
    left = 60
    while left:
        yield Add(cell)
        left -= 1


def test_counters_that_go_too_far_are_refused_soon() -> None:
    plan = WorldPlan()
    cell = plan.cell("a", 0)
    with pytest.raises(ValueError, match="more than 48 values"):
        promela(Machine([TaskPlan(f"t{number}", partial(counts_far, cell)) for number in range(3)], plan.start))
