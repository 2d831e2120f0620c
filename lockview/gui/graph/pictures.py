"""From a report to the drawing of one of its views. Placements are kept, so that marks change without a new layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lockview.analysis.lock_graph import LockGraph
from lockview.document.documents import OpenReport
from lockview.gui.painting import Fonts, font_measure
from lockview.layout.diagrams import diagram
from lockview.layout.drawing import Drawing
from lockview.layout.picture import Marks, picture
from lockview.layout.placement import Placement, sizes_of

if TYPE_CHECKING:
    from lockview.sim.replay import Replay

RING, LAYERED, LANES = "ring", "layered", "lanes"
VIEWS = (RING, LAYERED, LANES)


class Pictures:
    """Draws one report at a time in one set of fonts."""

    def __init__(self, fonts: Fonts) -> None:
        self.measure = font_measure(fonts)
        self._graph: LockGraph | None = None
        self._placements: dict[str, Placement] = {}
        self._improved = False
        self._run: Replay | None = None

    def drawing(self, report: OpenReport, view: str, marks: Marks, replay: Replay | None) -> Drawing:
        """The drawing of a report in a view."""
        self._turn_to(report.graph)
        if view == LANES:
            return self._lanes(report, marks, replay)
        if view not in self._placements:
            self._placements[view] = self._placed(report.graph, view)
        return picture(report.graph, self._placements[view], self.measure, marks)

    def improved(self, graph: LockGraph) -> bool:
        """Whether the layered view of this graph is laid out by Graphviz already."""
        return graph is self._graph and self._improved

    def graphviz_request(self, graph: LockGraph) -> dict[str, object]:
        """What the child process needs to lay out the layered view."""
        from lockview.layout.graphviz import request_for

        return request_for(graph, sizes_of(graph, self.measure))

    def take(self, graph: LockGraph, result: object) -> bool:
        """Use the child's answer for the layered view; False when another graph is shown by now.

        Raises ValueError, which names what is wrong, when the answer is no layout of this graph.
        """
        from lockview.layout.graphviz import placement_from

        if graph is not self._graph:
            return False
        self._placements[LAYERED] = placement_from(graph, sizes_of(graph, self.measure), result)
        self._improved = True
        return True

    def run_of(self, report: OpenReport, replay: Replay | None) -> Replay:
        """The run that the lanes show: the watched one, else the shortest found into the deadlock."""
        self._turn_to(report.graph)
        if replay is not None:
            return replay
        if self._run is None:
            from lockview.gui.replay.runs import any_run

            self._run = any_run(report.scenario)
        return self._run

    def _lanes(self, report: OpenReport, marks: Marks, replay: Replay | None) -> Drawing:
        from lockview.gui.graph.lane_items import with_marks
        from lockview.layout.lanes import lanes
        from lockview.sim.search import point_of_no_return

        run = self.run_of(report, replay)
        too_late = point_of_no_return(run.scenario, run.schedule)
        drawing = lanes(run.trace, self.measure, replay.position if replay else None, too_late)
        return with_marks(drawing, report.graph, run, marks)

    def _turn_to(self, graph: LockGraph) -> None:
        if graph is not self._graph:
            self._graph, self._placements, self._improved, self._run = graph, {}, False, None

    def _placed(self, graph: LockGraph, view: str) -> Placement:
        if view == RING:
            return diagram(graph, self.measure)
        from lockview.layout.layered import layered

        return layered(graph, sizes_of(graph, self.measure))


def marks_of(graph: LockGraph, selected: str, hovered: str, replay: Replay | None) -> Marks:
    """What is selected, under the pointer, and held and waited for at this step of the replay."""
    if replay is None:
        return Marks(selected, hovered)
    holders = ((graph.node(lock), task) for lock, task in replay.holders.items())
    waiters = ((graph.node(lock), task) for task, lock in replay.waiters.items())
    return Marks(
        selected,
        hovered,
        tuple((node.number, task) for node, task in holders if node),
        tuple((node.number, task) for node, task in waiters if node),
        replaying=True,
    )
