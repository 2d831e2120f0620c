"""Runs of simulated kernels as traces: written while they go, or afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lockview.export.as_json import report_to_json
from lockview.export.kernel_text import kernel_text
from lockview.export.trace_lines import TraceWriter, Write, written
from lockview.model.reports import Report
from lockview.model.run_traces import Record, Spoken
from lockview.sim.heads import Chosen, head_of
from lockview.sim.machine import Done, Move
from lockview.sim.recording import Recorder, records
from lockview.sim.scenarios.building import Built
from lockview.sim.simulation import Simulation


class RunWriter:
    """Writes the trace of a run while it goes: give it to ``simulate`` as ``watch``, and call ``finish`` afterwards.

    What is written is a trace at any moment, only without an end.
    """

    def __init__(self, write: Write, chosen: Chosen) -> None:
        self._writer = TraceWriter(write)
        self._chosen = chosen
        self._recorder: Recorder | None = None
        self.steps = 0
        """How many steps were written."""

    def begin(self, built: Built) -> None:
        """Write what comes before the first step."""
        self._recorder = Recorder(built, head_of(built, self._chosen), spoken)
        self._add(self._recorder.opening())

    def hear(self, move: Move, done: Done, reports: Sequence[Report]) -> None:
        """Write a step."""
        if self._recorder is not None:
            self._add(self._recorder.step(move, done, reports))
        self.steps += 1

    def finish(self, result: str) -> None:
        """Write what comes after the last step; ``result`` says how the run stopped."""
        if self._recorder is not None:
            self._add(self._recorder.closing(result))
            self._writer.finish(result)

    def _add(self, some: Iterable[Record]) -> None:
        for record in some:
            self._writer.add(record)


def trace_of(simulation: Simulation, chosen: Chosen) -> bytes:
    """The whole trace of a finished run."""
    head = head_of(simulation.built, chosen)
    return written(records(simulation, head, spoken), simulation.ending.value)


def spoken(number: int, report: Report) -> Spoken:
    """A report of the embedded validator as a line of a trace."""
    return Spoken(number, kernel_text(report), report_to_json(report))
