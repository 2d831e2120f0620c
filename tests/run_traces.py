"""Traces of small runs, for the tests of everything that is done with traces."""

from functools import cache
from pathlib import Path

from lockview.export.recorded_runs import trace_of
from lockview.model.run_traces import RunTrace
from lockview.parsing.trace_lines import read_trace
from lockview.sim.heads import Chosen
from lockview.sim.scenarios.description import Description
from lockview.sim.scenarios.reading import read_scenario
from lockview.sim.simulation import Simulation, simulate

SCENARIOS = Path(__file__).parent.parent / "resources" / "scenarios"


@cache
def scenario(name: str) -> Description:
    """A scenario of the library by the beginning of its file's name."""
    (path,) = SCENARIOS.glob(f"{name}-*.toml")
    return read_scenario(path.read_text())


def run_of(name: str, seed: int | None = None) -> Simulation:
    """A run of it: the recommended one, or one by the dice."""
    return simulate(scenario(name), seed=seed)


@cache
def trace_bytes_of(name: str, seed: int | None = None) -> bytes:
    """The trace of such a run."""
    chosen = Chosen("recommended" if seed is None else "dice", seed)
    return trace_of(run_of(name, seed), chosen)


def trace_read(name: str, seed: int | None = None) -> RunTrace:
    """The same, read back."""
    return read_trace(trace_bytes_of(name, seed))
