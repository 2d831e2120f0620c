"""The mail that began it all, produced from nothing: the simulated kernel runs, its validator speaks."""

from pathlib import Path

from lockview.export.kernel_text import kernel_text
from lockview.model.reports import CircularReport
from lockview.parsing.reader import read_file, read_text
from lockview.sim.scenarios.reading import read_scenario
from lockview.sim.simulation import simulate

RESOURCES = Path(__file__).parents[2] / "resources"
SAMPLE = RESOURCES / "samples" / "khugepaged-fs-reclaim.log"
SCENARIO = RESOURCES / "scenarios" / "S01-seed-2017.toml"


def simulated() -> CircularReport:
    (report,) = simulate(read_scenario(SCENARIO.read_text())).reports
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
