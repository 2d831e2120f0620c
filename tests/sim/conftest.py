"""Scenarios for the tests of this folder."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lockview.analysis.build import lock_graph
from lockview.model.locks import LockClass
from lockview.parsing.reader import read_file
from lockview.sim.bridge import scenario_from_report
from lockview.sim.scenario import Acquisition, Scenario, ScenarioTask

ScenarioMaker = Callable[..., Scenario]


@pytest.fixture(scope="session")
def seed(sample: Path) -> Scenario:
    (report,) = read_file(str(sample)).reports
    return scenario_from_report(report, lock_graph(report))


@pytest.fixture(scope="session")
def scenario() -> ScenarioMaker:
    """``scenario("AB", "BA")``: one task per word, one lock per letter, taken in order."""

    def make(*words: str) -> Scenario:
        tasks = tuple(
            ScenarioTask(f"task {number}", tuple(Acquisition(LockClass(letter)) for letter in word))
            for number, word in enumerate(words)
        )
        return Scenario("made up", tasks)

    return make
