"""The library of scenarios: each does what its file says, in every case of it, and prints the report that it names."""

from pathlib import Path

import pytest
from golden_files import check_golden

from lockview.document.errors import UserError
from lockview.document.scenarios import find_scenario, is_scenario_file, library
from lockview.export.kernel_text import kernel_text
from lockview.kernel.effects import Happened
from lockview.kernel.mm.objects import Life
from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS
from lockview.model.reports import CircularReport, Report
from lockview.parsing.reader import read_text
from lockview.sim.exploring import explore
from lockview.sim.machine import Done, Move
from lockview.sim.running import Ending
from lockview.sim.scenarios.building import build
from lockview.sim.scenarios.description import Description
from lockview.sim.scenarios.orders import step_words
from lockview.sim.simulation import Simulation, simulate

ENTRIES = library()
MAIN = {entry.id: find_scenario(entry.id) for entry in ENTRIES}
CASES = [
    pytest.param(description if case is None else description.in_case(case), id=f"{name}-{number}")
    for name, description in MAIN.items()
    for number, case in enumerate((None, *description.cases))
]
MOST_STATES = 12_000
"""Cases with more states are left to the seeds here."""
TWINLESS = ("S02", "S18")
"""S19 is the twin of S02. S18 has none: with per-VMA locks interrupts stay on."""


def chain(report: Report) -> tuple[str, ...]:
    """The classes of a circular report in acquisition order."""
    return (
        tuple(str(entry.lock_class) for entry in reversed(report.chain)) if isinstance(report, CircularReport) else ()
    )


def words(simulation: Simulation) -> list[str]:
    """What was told of a run."""
    remarks = [remark for step in simulation.run.steps for remark, _ in step.remarks]
    return [f"{remark.what} {remark.value}".strip() for remark in remarks if isinstance(remark, Happened)]


def test_all_of_them_are_there() -> None:
    names = {entry.id for entry in ENTRIES}
    assert {f"S{number:02}" for number in range(1, 29)} <= names
    assert len(names) == len(ENTRIES)
    assert all(entry.title == MAIN[entry.id].title for entry in ENTRIES)
    assert all(is_scenario_file(entry.path) for entry in ENTRIES)
    assert all(description.lesson.strip() for description in MAIN.values())


def test_they_are_found_by_id_and_by_path() -> None:
    assert find_scenario("s05") == MAIN["S05"]
    assert find_scenario(ENTRIES[0].path) == MAIN[ENTRIES[0].id]
    with pytest.raises(UserError, match="neither a file nor a scenario of the library; those are S01"):
        find_scenario("S99")


def test_what_is_wrong_in_a_file_is_said_with_its_name(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('format = "lockview.scenario 1"\nid = "mine"\ntitle = 3\n', encoding="utf-8")
    assert is_scenario_file(str(mine))
    with pytest.raises(UserError, match=r"mine\.toml, line "):
        find_scenario(str(mine))


@pytest.mark.parametrize("name", [name for name in MAIN if name not in TWINLESS])
def test_each_has_a_twin_with_locks_of_vmas(name: str) -> None:
    description = MAIN[name]
    variants = {description.variant, *(case.variant for case in description.cases)}
    assert any(Switch.VMA_LOCK in VARIANTS[variant].switches for variant in variants)


@pytest.mark.parametrize("description", CASES)
def test_the_recommended_run_does_what_the_file_says(description: Description) -> None:
    expected = description.expect
    simulation = simulate(description)
    assert simulation.ending.value == expected.run_ends
    if simulation.ending is Ending.VIOLATION:
        violation = simulation.run.steps[-1].violation
        assert violation is not None
        assert violation.invariant == expected.invariant
    assert [report.kind.value for report in simulation.reports] == ([expected.report] if expected.report else [])
    for report in simulation.reports:
        assert not expected.chain or chain(report) == expected.chain
        assert list(read_text(kernel_text(report)).reports) == [report]
    assert set(expected.happens) <= set(words(simulation))


@pytest.mark.parametrize("description", CASES)
def test_the_verdict_is_that_of_all_orders(description: Description) -> None:
    exploration = explore(build(description).machine, most=MOST_STATES)
    expected = description.expect
    if exploration.found is None:
        assert expected.verdict == "clean" or not exploration.complete
    else:
        assert expected.verdict == ("deadlock" if exploration.found.violation.invariant == "I13" else "violation")


@pytest.mark.parametrize(
    "description",
    [pytest.param(description, id=name) for name, description in MAIN.items() if description.expect.verdict == "clean"],
)
def test_dice_break_nothing(description: Description) -> None:
    for seed in range(21):
        assert simulate(description, seed=seed).ending is Ending.DONE


@pytest.mark.parametrize(
    ("name", "case", "expected"),
    [
        ("S03", "", ("&vma->vm_sequence", "&vma->vm_sequence/1", "&mapping->i_mmap_rwsem")),
        ("S01", "", ("&mapping->i_mmap_rwsem", "&vma->vm_sequence", "&vma->vm_sequence/1", "fs_reclaim")),
        ("S03", "v2", ("&mapping->i_mmap_rwsem", "&vma->vm_sequence", "&vma->vm_sequence/1", "fs_reclaim")),
        ("S22", "", ("&mapping->i_mmap_rwsem", "&vma->vm_sequence", "fs_reclaim")),
        ("S03", "v4", ("&vma->vm_sequence", "&vma->vm_sequence/1", "fs_reclaim", "&mapping->i_mmap_rwsem")),
        ("S23", "", ("&mapping->i_mmap_rwsem", "&vma->vm_sequence", "fs_reclaim")),
        ("S19", "", ("&vma->vm_lock->lock", "fs_reclaim", "&mapping->i_mmap_rwsem")),
    ],
    ids=["A", "B", "B in v2", "D", "E", "F", "G"],
)
def test_the_reports_of_the_series_come_out(name: str, case: str, expected: tuple[str, ...]) -> None:
    description = MAIN[name]
    if case:
        description = description.in_case(next(one for one in description.cases if one.title.startswith(case)))
    (report,) = simulate(description).reports
    assert chain(report) == expected


def test_the_reports_without_a_circle_come_out() -> None:
    assert [report.kind.value for report in simulate(MAIN["S24"]).reports] == ["non_static_key"]
    assert [report.kind.value for report in simulate(MAIN["S27"]).reports] == ["recursive"]


@pytest.mark.parametrize(("case", "freed"), [("v6", True), ("M29", False)])
def test_a_reference_that_is_kept_keeps_the_vma(case: str, freed: bool) -> None:
    description = MAIN["S05"]
    description = description.in_case(next(one for one in description.cases if one.title.startswith(case)))
    simulation = simulate(description)
    life = simulation.built.kernel.vmas[0].life
    assert simulation.ending is Ending.DONE
    assert (simulation.states[-1].cells[life.number] is Life.FREED) is freed


@pytest.mark.parametrize("name", list(MAIN))
def test_the_names_of_tasks_change_nothing(name: str) -> None:
    description = MAIN[name]
    first, second = simulate(description, seed=5), simulate(_renamed(description), seed=5)
    assert first.moves == second.moves
    assert first.states == second.states
    assert [report.kind for report in first.reports] == [report.kind for report in second.reports]


def _renamed(description: Description) -> Description:
    """The same with other names for its tasks."""
    names = {task.name: f"x{number}" for number, task in enumerate(description.tasks)}
    tasks = []
    for task in description.tasks:
        calls = tuple(
            call._replace(
                arguments=tuple(
                    (field, names[str(value)] if field == "task" else value) for field, value in call.arguments
                )
            )
            for call in task.calls
        )
        tasks.append(task._replace(name=names[task.name], calls=calls))
    return description._replace(tasks=tuple(tasks))


@pytest.mark.parametrize("name", list(MAIN))
def test_the_recommended_run_is_the_golden_one(name: str) -> None:
    simulation = simulate(MAIN[name])
    names = [task.name for task in MAIN[name].tasks]
    lines = [
        _line(names[move.task], move, done) for move, done in zip(simulation.moves, simulation.run.steps, strict=True)
    ]
    check_golden(f"scenarios/{name}.txt", "\n".join([*lines, simulation.ending.value]) + "\n")


def _line(task: str, move: Move, done: Done) -> str:
    """A step: the task, the innermost functions, what it does, and what comes of it."""
    assert done.effect is not None
    innermost = done.stack.frames[:2]
    outcome = f" -> {done.answer}" if isinstance(done.answer, (bool, int)) else ""
    told = "".join(f" [{remark.what} {remark.value}]" for remark, _ in done.remarks if isinstance(remark, Happened))
    broken = f" ! {done.violation.invariant}" if done.violation else ""
    chosen = f" #{move.choice}" if move.choice else ""
    step = step_words(done.effect, type(done.stack)(innermost))
    return f"{task}: {step}{chosen}{outcome}{' waits' if done.stays else ''}{told}{broken}"
