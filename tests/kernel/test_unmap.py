"""munmap alone: what is left of the VMA, its pages, its page table and its lock, in every variant."""

from typing import Any

import pytest

from lockview.kernel.effects import Routine
from lockview.kernel.locks.rcu import next_callback
from lockview.kernel.mm.objects import NO_PMD, Flags, Life
from lockview.kernel.mm.unmap import __free_vma, vm_munmap
from lockview.kernel.system import Kernel, Thread
from lockview.kernel.variants import VARIANTS
from lockview.sim.machine import Machine, State, TaskPlan


def grace_periods(t: Thread) -> Routine[Any]:
    domain = t.kernel.vma_srcu
    while True:
        _, number = yield from next_callback(domain)
        yield from __free_vma(t, t.kernel.vmas[number])


def run_out(machine: Machine) -> State:
    state = machine.start
    while moves := machine.moves(state):
        done = machine.step(state, moves[0])
        assert done.violation is None, done
        state = done.state
    return state


@pytest.mark.parametrize("name", ["classic", "spf-v2"])
def test_munmap_leaves_nothing_behind(name: str) -> None:
    kernel = Kernel(VARIANTS[name])
    mm = kernel.new_mm()
    file = kernel.new_file()
    vma = kernel.new_vma(mm, 0, 2, Flags.READ, file=file)
    table = kernel.new_table(mm, 0)
    frame = kernel.new_frame()
    kernel.map_page(mm, 0, frame)
    thread = kernel.new_thread("worker", 101, mm)
    daemon = kernel.new_thread("kworker", 5)
    machine = Machine(
        [
            TaskPlan("worker/101", lambda: vm_munmap(thread, mm, 0, 2)),
            TaskPlan("kworker/5", lambda: grace_periods(daemon), daemon=True),
        ],
        kernel.plan.start,
    )
    cells = run_out(machine).cells
    assert cells[mm.tree.number] == ()
    assert cells[vma.life.number] is Life.FREED
    assert cells[table.life.number] is Life.FREED
    assert cells[mm.pmds[0].number] == NO_PMD
    assert cells[frame.life.number] is Life.UNBORN
    assert cells[frame.mapcount.number] == 0
    assert cells[file.vmas.number] == ()
    assert cells[file.f_count.number] == 1
    assert cells[vma.vm_sequence.cell] % 2 == 0
    assert not any(lock for lock in (cells[mm.mmap_sem.cell].writer + 1, cells[file.i_mmap_rwsem.cell].writer + 1))


def test_a_partial_munmap_splits_the_vma() -> None:
    kernel = Kernel()
    mm = kernel.new_mm(4)
    vma = kernel.new_vma(mm, 0, 4)
    kernel.new_vma()
    kernel.new_vma()
    thread = kernel.new_thread("worker", 101, mm)
    machine = Machine([TaskPlan("worker/101", lambda: vm_munmap(thread, mm, 1, 2))], kernel.plan.start)
    cells = run_out(machine).cells
    left = [(cells[kernel.vmas[n].start.number], cells[kernel.vmas[n].end.number]) for n in cells[mm.tree.number]]
    assert left == [(0, 1), (2, 4)]
    assert cells[vma.end.number] == 1
