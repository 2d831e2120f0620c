"""The mail that began it all, produced from nothing: the simulated kernel runs, its validator speaks."""

from functools import partial
from pathlib import Path

from lockview.export.kernel_text import kernel_text
from lockview.kernel.entry import kthread, ret_from_fork, system_call
from lockview.kernel.mm.exec import kernel_init
from lockview.kernel.mm.khugepaged import khugepaged
from lockview.kernel.mm.mremap import SyS_mremap
from lockview.kernel.system import Kernel
from lockview.lockdep.validator import Rules, Validator
from lockview.lockdep.wording import ERAS
from lockview.model.reports import CircularReport, Task
from lockview.parsing.reader import read_file, read_text
from lockview.sim.listening import Listener
from lockview.sim.machine import Machine, TaskPlan
from lockview.sim.running import in_order, run

SAMPLE = Path(__file__).parents[2] / "resources" / "samples" / "khugepaged-fs-reclaim.log"


def simulated() -> CircularReport:
    kernel = Kernel()
    library = kernel.new_file()
    init_mm, mm = kernel.new_mm(8), kernel.new_mm(8)
    kernel.new_vma(init_mm, 6, 8)
    kernel.new_vma(mm, 0, 2)
    kernel.new_table(mm, 0)
    for _ in range(4):
        kernel.new_vma()
        kernel.new_table()
        kernel.new_frame()
    cached = kernel.new_frame()
    kernel.plan.begin(library.cache, ((0, cached.number),))
    init = kernel.new_thread("swapper/0", 1, init_mm)
    worker = kernel.new_thread("worker", 101, mm)
    collapser = kernel.new_thread("khugepaged", 43)
    collapser.may_reclaim = True
    execs = partial(kernel_init, init, init_mm, library, 0, 2, 4)
    moves = partial(SyS_mremap, worker, mm, 0, 2, 4)
    collapses = partial(kthread, partial(khugepaged, collapser))
    machine = Machine(
        [
            TaskPlan("swapper/0", partial(ret_from_fork, execs)),
            TaskPlan("worker", partial(system_call, worker, moves)),
            TaskPlan("khugepaged", partial(ret_from_fork, collapses)),
        ],
        kernel.plan.start,
    )
    rules = Rules(ERAS["4.13"], recursive_reads=False, wait_types=False)
    tasks = [Task("swapper/0", 1), Task("worker", 101), Task("khugepaged", 43)]
    listener = Listener(machine, tasks, Validator(rules))
    listener.start()
    run(machine, in_order((0, 1, 2), choice=1), hear=listener.hear)
    (report,) = listener.reports
    assert isinstance(report, CircularReport)
    return report


def test_the_report_is_that_of_the_mail() -> None:
    ours = simulated()
    (seed,) = read_file(str(SAMPLE)).reports
    assert isinstance(seed, CircularReport)
    assert ours.kind is seed.kind
    assert ours.task == seed.task
    assert ours.title == seed.title
    assert ours.wanted
    assert seed.wanted
    assert ours.held
    assert seed.held
    assert ours.wanted.lock_class == seed.wanted.lock_class
    assert ours.held.lock_class == seed.held.lock_class
    assert [entry.lock_class for entry in ours.chain] == [entry.lock_class for entry in seed.chain]
    assert ours.chain_exists == seed.chain_exists
    assert ours.scenario == seed.scenario
    for mine, theirs in zip(ours.chain, seed.chain, strict=True):
        modelled = [frame.bare_function for frame in theirs.stack.frames if frame.bare_function != "lock_acquire"]
        assert [frame.function for frame in mine.stack.frames] == modelled


def test_its_text_is_read_back() -> None:
    ours = simulated()
    assert list(read_text(kernel_text(ours)).reports) == [ours]
