"""A report becomes tasks that take what its edges say."""

from pathlib import Path

from hypothesis import given, settings
from lock_graphs import irq_graph
from strategies import circular_reports

from lockview.analysis.build import lock_graph
from lockview.analysis.cycles import why_no_run
from lockview.analysis.lock_graph import Relation
from lockview.model.foreign_reports import JavaDeadlockReport, JavaThread
from lockview.model.held_reports import RecursiveReport
from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import CircularReport, Report
from lockview.model.traces import Outcome
from lockview.parsing.reader import read_file
from lockview.sim.bridge import scenario_from_report
from lockview.sim.replay import Replay
from lockview.sim.scenario import Scenario
from lockview.sim.search import find_completion, find_deadlock


def test_tasks_of_the_sample(seed: Scenario) -> None:
    assert [(task.name, [(str(item.lock_class), item.edge) for item in task.acquisitions]) for task in seed.tasks] == [
        ("execve", [("&mapping->i_mmap_rwsem", None), ("&vma->vm_sequence", 0), ("&vma->vm_sequence/1", 1)]),
        ("mremap", [("&vma->vm_sequence/1", None), ("fs_reclaim", 2)]),
        ("khugepaged/43", [("fs_reclaim", None), ("&mapping->i_mmap_rwsem", 3)]),
    ]
    assert len(seed.tasks[2].acquisitions[0].stack) == 1
    assert len(seed.tasks[2].acquisitions[1].stack) == 15


def test_assumptions_of_the_sample_name_what_blocks_nobody(seed: Scenario) -> None:
    assert seed.assumptions[0].startswith("Every class blocks everybody")
    assert seed.assumptions[-1].startswith("&vma->vm_sequence, &vma->vm_sequence/1 and fs_reclaim block nobody")


def test_recursion_deadlocks_alone() -> None:
    """One task that takes a class twice waits for itself."""
    lock = HeldLock(LockClass("A"))
    report = RecursiveReport("WARNING: possible recursive locking detected", wanted=lock, held=lock)
    scenario = scenario_from_report(report, lock_graph(report))
    result = find_deadlock(scenario)
    assert result.schedule
    assert result.schedule.choices == (0, 0)
    assert find_completion(scenario).schedule is None


def test_single_dependency_has_no_run() -> None:
    """When only the new dependency is left of a report, there is nothing that could hold its task up."""
    report = RecursiveReport("WARNING: cut", wanted=HeldLock(LockClass("A")), held=HeldLock(LockClass("B")))
    assert scenario_from_report(report, lock_graph(report)) == Scenario("WARNING: cut", ())


def test_what_an_interrupt_closes_has_no_run() -> None:
    graph = irq_graph("&base->lock", "&foo->lock", "&rq->__lock")
    assert scenario_from_report(CircularReport("WARNING"), graph).tasks == ()


def _thread(name: str, wanted: str, holder: str | None) -> JavaThread:
    return JavaThread(name, wanted, "T", holder)


def test_tasks_that_wait_for_each_other_run_into_it() -> None:
    threads = (_thread("c", "0x1", "a"), _thread("a", "0x2", "b"), _thread("b", "0x1", "a"), _thread("d", "0x9", None))
    report = JavaDeadlockReport("Found one Java-level deadlock:", threads=threads)
    graph = lock_graph(report)
    scenario = scenario_from_report(report, graph)
    assert [(task.name, [str(item.lock_class) for item in task.acquisitions]) for task in scenario.tasks] == [
        ("a", ["T <0x1>", "T <0x2>"]),
        ("b", ["T <0x2>", "T <0x1>"]),
    ]
    edges = [item.edge for task in scenario.tasks for item in task.acquisitions]
    assert [graph.edges[edge].relation for edge in edges if edge is not None] == [Relation.HOLDS, Relation.WAITS] * 2
    assert scenario.assumptions[0].startswith("These tasks do wait for each other")
    check_deadlock_of(scenario)
    assert find_completion(scenario).schedule


def test_a_thread_that_waits_for_itself_is_stuck_alone() -> None:
    report = JavaDeadlockReport("Found one Java-level deadlock:", threads=(_thread("a", "0x1", "a"),))
    check_deadlock_of(scenario_from_report(report, lock_graph(report)))


def test_waiting_without_a_circle_has_no_run() -> None:
    threads = (_thread("a", "0x1", "b"), _thread("b", "0x2", "c"), _thread("c", "0x3", None))
    report = JavaDeadlockReport("Found one Java-level deadlock:", threads=threads)
    graph = lock_graph(report)
    assert scenario_from_report(report, graph).tasks == ()
    assert "no circle" in why_no_run(graph)


def check_deadlock_of(scenario: Scenario) -> None:
    """There is a way into the deadlock, and it stops every task."""
    schedule = find_deadlock(scenario).schedule
    assert schedule
    last = Replay.start(scenario, schedule).last()
    assert last.outcome is Outcome.DEADLOCK
    assert set(last.waiters) == set(range(len(scenario.tasks)))


def test_hung_tasks_of_a_real_deadlock_run_into_it(shared: Path) -> None:
    reports = read_file(str(shared / "realkernel" / "deadlock_nv.log")).reports
    scenarios = [scenario_from_report(report, lock_graph(report)) for report in reports]
    assert any(scenario.tasks for scenario in scenarios)
    for scenario in scenarios:
        if scenario.tasks:
            check_deadlock_of(scenario)


def test_empty_report_gives_an_empty_scenario() -> None:
    report = CircularReport("WARNING: cut")
    scenario = scenario_from_report(report, lock_graph(report))
    assert scenario == Scenario("WARNING: cut", ())
    assert Replay.start(scenario).outcome is Outcome.DONE
    assert find_deadlock(scenario).schedule is None


def check_deadlock(report: Report) -> None:
    """A cycle over several tasks always has a run into the deadlock and one past it."""
    graph = lock_graph(report)
    scenario = scenario_from_report(report, graph)
    result = find_deadlock(scenario, effort=20_000)
    assert (result.schedule is not None) == (
        len(graph.tasks) > 1 or any(edge.tail == edge.head for edge in graph.edges)
    )
    if result.schedule:
        last = Replay.start(scenario, result.schedule).last()
        assert last.outcome is Outcome.DEADLOCK
        assert set(last.waiters) == set(range(len(scenario.tasks)))
    done = find_completion(scenario).schedule
    if len(graph.tasks) > 1:
        assert done
        assert Replay.start(scenario, done).trace.outcome is Outcome.DONE


def test_real_reports(shared: Path) -> None:
    for path in sorted((shared / "corpus").glob("circular-*.log")):
        for report in read_file(str(path)).reports:
            check_deadlock(report)


@settings(max_examples=40, deadline=None)
@given(circular_reports())
def test_made_up_reports(report: CircularReport) -> None:
    """Reports whose classes all differ behave like a kernel's; a class twice in a chain must at least not fail."""
    classes = [edge.held for edge in report.cycle]
    if len(set(classes)) == len(classes):
        check_deadlock(report)
    else:
        find_deadlock(scenario_from_report(report, lock_graph(report)), effort=5_000)
