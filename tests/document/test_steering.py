"""Recorded runs of scenarios, made again."""

from pathlib import Path
from typing import Any

import pytest

from lockview import cli_simulate
from lockview.document.errors import UserError
from lockview.document.steering import steered_document
from lockview.document.traced import TracedRun, read_traced


@pytest.fixture(params=["S01", "S19"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> TracedRun:
    path = tmp_path / "run.jsonl"
    cli_simulate.run([request.param, "-o", str(path)])
    return read_traced(str(path))


def test_the_same_steps_are_made(run: TracedRun) -> None:
    assert run.source is not None
    places = []
    for position in (0, run.length // 2, run.length):
        simulated = steered_document(run, position).simulated
        assert simulated is not None
        assert tuple((move.task, move.choice) for move in simulated.course.moves) == run.source.choices
        places.append(simulated.position)
    assert places[0] == 0
    assert places[0] < places[1] < places[2] == len(run.source.choices)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sha256": "0"}, "very scenario"),
        ({"scenario": "S99"}, "very scenario"),
        ({"variant": "none"}, "is no kernel"),
        ({"switches": ("Q9",)}, "is not known"),
        ({"choices": ((7, 0),)}, "Step 1 of the trace"),
    ],
)
def test_what_does_not_fit_is_said(run: TracedRun, change: dict[str, Any], words: str) -> None:
    assert run.source is not None
    with pytest.raises(UserError, match=words):
        steered_document(run._replace(source=run.source._replace(**change)), 1)


def test_a_real_kernel_cannot_be_steered(run: TracedRun) -> None:
    with pytest.raises(UserError, match="real kernel"):
        steered_document(run._replace(source=None), 1)
