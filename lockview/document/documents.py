"""Open documents: a source that was read, its text, and the derived values of each report, computed once on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lockview.analysis.build import lock_graph
from lockview.analysis.lock_graph import LockGraph
from lockview.model.logs import Log
from lockview.model.reports import Report

if TYPE_CHECKING:
    from lockview.document.simulated import Simulated
    from lockview.document.traced import TracedRun
    from lockview.sim.scenario import Scenario


@dataclass(slots=True)
class OpenReport:
    """A report and what is derived from it. Reports are immutable, so nothing here ever goes stale."""

    report: Report
    _graph: LockGraph | None = None
    _scenario: Scenario | None = None

    @property
    def graph(self) -> LockGraph:
        """The lock graph of the report."""
        if self._graph is None:
            self._graph = lock_graph(self.report)
        return self._graph

    @property
    def scenario(self) -> Scenario:
        """The report as a scenario that can be replayed, in lockdep's reading: every class blocks."""
        if self._scenario is None:
            from lockview.sim.bridge import scenario_from_report

            self._scenario = scenario_from_report(self.report, self.graph)
        return self._scenario


@dataclass(slots=True)
class Document:
    """One open source. ``path`` is "" for pasted text; ``lines`` is the raw text, line n at index n - 1.

    While it is ``growing``, lines and reports are added; those that are there stay where they are. ``pieces`` are the
    files of a rotated log, oldest first, ``path`` being the newest; ``title`` is what it is called where the name of
    its file does not tell enough. ``simulated`` is the scenario whose run made the text and its reports; ``traced``
    is a run that was recorded.
    """

    log: Log
    lines: Sequence[str]
    path: str = ""
    reports: list[OpenReport] = field(default_factory=list)
    growing: bool = False
    pieces: tuple[str, ...] = ()
    title: str = ""
    simulated: Simulated | None = None
    traced: TracedRun | None = None

    def __post_init__(self) -> None:
        self.reports = [OpenReport(report) for report in self.log.reports]


def lines_of_older_pieces(document: Document) -> int:
    """How many lines of a rotated log are not those of its newest piece."""
    if not document.pieces:
        return 0
    notes = [problem for problem in document.log.problems if problem.code == "log-piece"]
    if not notes or not notes[-1].message.endswith(f" those of {document.path}"):
        return len(document.lines)  # the newest piece was empty
    return notes[-1].span.first - 1
