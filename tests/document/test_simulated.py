"""Scenarios as open documents: what ran is text like any log."""

from pathlib import Path

import pytest

from lockview.document.errors import UserError
from lockview.document.simulated import (
    BY_HAND,
    DICE,
    Setup,
    Simulated,
    read_scenario_document,
    setup_of,
    with_its_reports,
)
from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS

SCENARIOS = Path(__file__).parents[2] / "resources" / "scenarios"
SEED = str(SCENARIOS / "S01-seed-2017.toml")


def run(simulated: Simulated, setup: Setup) -> None:
    choose = simulated.prepare(setup)
    assert choose is not None
    assert not simulated.course.advance(choose, 1e9)


def test_reports_have_lines_and_are_those_of_the_run() -> None:
    document = read_scenario_document(SEED)
    assert document.simulated is not None
    assert document.title == "S01 khugepaged against mremap, as reported"
    run(document.simulated, document.simulated.setup)
    ran = with_its_reports(document)
    (opened,) = ran.reports
    assert (opened.report,) == document.simulated.course.reports
    assert "possible circular" in ran.lines[opened.report.span.first - 1]
    assert ran.simulated is document.simulated
    assert ran.path == SEED


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_scenario_of_the_library_runs_as_a_document(path: Path) -> None:
    """In all its cases, and by hand not at all."""
    document = read_scenario_document(str(path))
    simulated = document.simulated
    assert simulated is not None
    for case in range(-1, len(simulated.description.cases)):
        run(simulated, setup_of(simulated.description, case))
        assert simulated.course.ending is not None
        assert tuple(opened.report for opened in with_its_reports(document).reports) == simulated.course.reports
    assert simulated.prepare(simulated.setup._replace(way=BY_HAND)) is None
    assert len(simulated.course) == 0


def test_the_chosen_switches_are_the_kernels() -> None:
    """Whatever the scenario itself turns on or off."""
    document = read_scenario_document(str(next(SCENARIOS.glob("S19-*.toml"))))
    simulated = document.simulated
    assert simulated is not None
    for switches in (frozenset[Switch](), frozenset({Switch.M9}), VARIANTS["spf-v2"].switches):
        simulated.prepare(Setup("spf-v2", switches))
        assert simulated.course.built.kernel.switches == switches


def test_dice_are_the_seeds() -> None:
    document = read_scenario_document(SEED)
    simulated = document.simulated
    assert simulated is not None
    moves = []
    for seed in (5, 5, 6):
        run(simulated, simulated.setup._replace(way=DICE, seed=seed))
        moves.append(simulated.course.moves)
    assert moves[0] == moves[1] != moves[2]


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('format = "lockview.scenario 1"\nid = 3\n')
    with pytest.raises(UserError, match=r"x\.toml, line 1: task: at least one task"):
        read_scenario_document(str(path))
