"""``lockview explore --promela``: what is written, and what is refused."""

from pathlib import Path

import pytest

from lockview import cli
from lockview.document.scenarios import find_scenario
from lockview.export.promela import promela
from lockview.sim.scenarios.building import build

Capture = pytest.CaptureFixture[str]
SAMPLE = Path(__file__).resolve().parent.parent / "resources/samples/khugepaged-fs-reclaim.log"


def run(*arguments: str | Path) -> int:
    return cli.main(["explore", *map(str, arguments)])


def test_a_scenario_is_written_and_explored(tmp_path: Path, capsys: Capture) -> None:
    assert run("S19", "--promela", tmp_path / "model.pml") == 1
    assert "verdict: deadlocks" in capsys.readouterr().out
    scenario = find_scenario("S19")
    expected = promela(build(scenario).machine, f"{scenario.id}: {scenario.title}")
    assert (tmp_path / "model.pml").read_text() == expected


def test_so_are_the_tasks_of_a_report(tmp_path: Path, capsys: Capture) -> None:
    assert run(SAMPLE, "--promela", tmp_path / "model.pml") == 0
    assert "cannot" in capsys.readouterr().out
    assert "active proctype task_2()" in (tmp_path / "model.pml").read_text()


def test_what_cannot_be_written_is_said_in_one_line(tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "model.pml"
    assert run("S01", "--promela", out) == 2
    assert "no form in Promela, which is for lock programs" in capsys.readouterr().err
    assert not out.exists()
    copy = tmp_path / "copy.log"
    copy.write_bytes(SAMPLE.read_bytes())
    assert run(copy, "--promela", copy) == 2
    assert "give another file" in capsys.readouterr().err
    assert copy.read_bytes() == SAMPLE.read_bytes()
