"""What the verdicts say of the seed, of small graphs, of interrupts and of real reports."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from strategies import circular_reports

from lockview.analysis.build import lock_graph
from lockview.analysis.lock_graph import LockGraph, Relation
from lockview.model.held_reports import RecursiveReport
from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import CircularReport
from lockview.parsing.reader import read_file
from lockview.sim.bridge_roles import contracted, recorded_roles
from lockview.sim.bridge_scenario import Reading, describe
from lockview.sim.running import along, run
from lockview.sim.scenarios.building import build
from lockview.sim.verdicts import Answer, NamedVerdict, graph_verdicts, report_verdicts


@pytest.fixture(scope="module")
def seed_graph(sample: Path) -> LockGraph:
    (report,) = read_file(str(sample)).reports
    return lock_graph(report)


@pytest.fixture(scope="module")
def seed_verdicts(seed_graph: LockGraph) -> tuple[NamedVerdict, ...]:
    return graph_verdicts(seed_graph)


def replays(verdict: NamedVerdict) -> bool:
    """Whether the schedule of a verdict ends in the deadlock that it speaks of."""
    assert verdict.description is not None
    machine = build(verdict.description).machine
    result = run(machine, along(verdict.moves))
    return machine.is_deadlock(result.steps[-1].state)


def test_marker_of_the_seed_is_contracted(seed_graph: LockGraph) -> None:
    """Two tasks are left: mremap reclaims by itself, khugepaged only showed what reclaim does (rules B3 and B4)."""
    roles = contracted(seed_graph, recorded_roles(seed_graph))
    taken = [(role.name, [seed_graph.nodes[take.node].name for take in role.takes]) for role in roles]
    assert taken == [
        ("execve", ["&mapping->i_mmap_rwsem", "&vma->vm_sequence", "&vma->vm_sequence/1"]),
        ("mremap", ["&vma->vm_sequence/1", "fs_reclaim", "&mapping->i_mmap_rwsem"]),
    ]
    assert roles[1].takes[-1].shared


def test_gate_of_the_seed_is_found_although_not_listed(seed_graph: LockGraph) -> None:
    """Rule B5."""
    roles = recorded_roles(seed_graph)
    gates = {role.name: [(hold.lock, hold.exclusive) for hold in role.known] for role in roles}
    assert ("mmap_sem", True) in gates["execve"]
    assert ("mmap_sem", True) in gates["mremap"]
    assert gates["khugepaged/43"] == []
    description = describe(seed_graph, roles, Reading.EVERY_NODE)
    assert [part.name for part in description.locks if part.lock_class == "&mm->mmap_sem"] == ["gate"]


def test_seed_as_classified(seed_verdicts: tuple[NamedVerdict, ...]) -> None:
    verdict = seed_verdicts[0]
    assert (verdict.name, verdict.answer) == ("as classified", Answer.CANNOT)
    assert "Nobody waits for &vma->vm_sequence, &vma->vm_sequence/1 and fs_reclaim" in verdict.reason
    assert verdict.states > 40


def test_seed_as_lockdep_believes(seed_verdicts: tuple[NamedVerdict, ...]) -> None:
    """The gate lock is the reason: without it the same tasks deadlock."""
    verdict = seed_verdicts[1]
    assert (verdict.name, verdict.answer) == ("as lockdep believes", Answer.CANNOT)
    assert "keeps execve and mremap apart: both hold mmap_sem" in verdict.reason
    (ungated,) = verdict.cases
    assert ungated.answer is Answer.DEADLOCKS
    assert "khugepaged/43 waits for &mapping->i_mmap_rwsem" in ungated.steps
    assert replays(ungated)


def test_seed_with_readers_that_wait(seed_verdicts: tuple[NamedVerdict, ...]) -> None:
    """M18 to M21 of the specification of the series."""
    verdict = seed_verdicts[2]
    assert (verdict.name, verdict.answer) == ("with readers that wait", Answer.DEPENDS)
    answers = [(case.name.rpartition(" ")[2], case.answer) for case in verdict.cases]
    deadlocks = Answer.DEADLOCKS
    assert answers == [("(M18)", Answer.CANNOT), ("(M19)", deadlocks), ("(M20)", deadlocks), ("(M21)", deadlocks)]
    assert all(replays(case) for case in verdict.cases if case.moves)


def test_seed_when_truncation_joins(seed_verdicts: tuple[NamedVerdict, ...]) -> None:
    """M24: three acquisitions are enough."""
    verdict = seed_verdicts[3]
    assert (verdict.name, verdict.answer) == ("if counters block and truncation joins", Answer.DEADLOCKS)
    acquisitions = {step for step in verdict.steps if " takes " in step}
    assert acquisitions == {
        "mremap takes &mm->mmap_sem",
        "mremap takes &vma->vm_sequence/1",
        "truncation takes &mapping->i_mmap_rwsem",
    }
    assert replays(verdict)


def test_two_real_locks_deadlock_in_every_reading() -> None:
    lock = HeldLock(LockClass("A"))
    report = RecursiveReport("WARNING: possible recursive locking detected", wanted=lock, held=lock)
    verdicts = report_verdicts(report)
    assert [verdict.answer for verdict in verdicts[:3]] == [Answer.DEADLOCKS] * 3
    assert all(map(replays, verdicts[:3]))


def test_bound_is_said_or_a_deadlock_shown(seed_graph: LockGraph) -> None:
    verdict = graph_verdicts(seed_graph, most=10)[0]
    assert verdict.answer is Answer.NOT_DECIDED
    assert "10 states" in verdict.reason


def test_no_circle_is_said() -> None:
    report = RecursiveReport("WARNING: cut", wanted=HeldLock(LockClass("A")), held=HeldLock(LockClass("B")))
    assert {verdict.answer for verdict in report_verdicts(report)} == {Answer.NOTHING}


@settings(max_examples=40, deadline=None)
@given(circular_reports())
def test_made_up_reports(report: CircularReport) -> None:
    """Whatever the names, every deadlock that is told can be run, and every answer has its reason."""
    for verdict in report_verdicts(report, most=2_000):
        for one in (verdict, *verdict.cases):
            assert replays(one) if one.moves else one.reason or one.cases or one.answer is Answer.CANNOT


def test_real_reports(shared: Path) -> None:
    """Interrupts included: who is not interrupted in a deadlock of locks that spin would be a wrong answer."""
    seen: dict[str, int] = {}
    for path in sorted((shared / "corpus").glob("*.log")):
        for report in read_file(str(path)).reports[:2]:
            graph = lock_graph(report)
            verdicts = graph_verdicts(graph)
            assert len(verdicts) >= 3, path.name
            shown = [verdict for verdict in verdicts if verdict.moves]
            assert all(map(replays, shown)), path.name
            if any(edge.relation is Relation.INTERRUPT for edge in graph.edges):
                assert verdicts[1].answer is Answer.DEADLOCKS, path.name
                seen["interrupt"] = seen.get("interrupt", 0) + 1
            seen[report.kind] = seen.get(report.kind, 0) + 1
    assert seen["interrupt"] > 30
    assert seen["circular"] > 90
