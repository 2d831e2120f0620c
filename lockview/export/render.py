"""A report as a picture: the one way from a report to a drawing or to a file, for the window and the command line."""

from __future__ import annotations

from lockview.analysis.lock_graph import LockGraph
from lockview.layout.drawing import Drawing, Measure, estimated_width
from lockview.model.reports import Report
from lockview.model.traces import Trace

VIEWS = ("ring", "layered", "lanes")


def drawing_for(
    report: Report,
    graph: LockGraph,
    view: str = "ring",
    measure: Measure = estimated_width,
    trace: Trace | None = None,
) -> Drawing:
    """Draw a report. ``ring`` is its natural picture, a ring only where it is about a cycle.

    ``lanes`` shows ``trace``; without one, the shortest run found into the deadlock, or a sentence when there is none.

    Raises ValueError for an unknown view.
    """
    if view == "lanes":
        return _lanes(report, graph, measure, trace)
    from lockview.layout.picture import picture

    if view == "ring":
        from lockview.layout.diagrams import diagram

        return picture(graph, diagram(graph, measure), measure)
    if view == "layered":
        from lockview.layout.layered import layered
        from lockview.layout.placement import sizes_of

        return picture(graph, layered(graph, sizes_of(graph, measure)), measure)
    raise ValueError(f"the view should be one of {', '.join(VIEWS)}, not {view!r}")


def _lanes(report: Report, graph: LockGraph, measure: Measure, trace: Trace | None) -> Drawing:
    from lockview.layout.lanes import lanes

    if trace is not None:
        return lanes(trace, measure)
    from lockview.analysis.cycles import has_cycle, why_no_run

    if not has_cycle(graph):
        from lockview.layout.picture import in_words

        return in_words(why_no_run(graph), measure)
    from lockview.model.traces import Schedule
    from lockview.sim.bridge import scenario_from_report
    from lockview.sim.replay import Replay
    from lockview.sim.search import completing_schedule, deadlock_schedule, point_of_no_return

    scenario = scenario_from_report(report, graph)
    schedule = deadlock_schedule(scenario) or completing_schedule(scenario) or Schedule()
    no_return = point_of_no_return(scenario, schedule)
    return lanes(Replay.start(scenario, schedule).trace, measure, no_return=no_return)


def render(report: Report, graph: LockGraph, fmt: str, *, view: str = "ring", theme: str = "light") -> bytes:
    """The bytes of a file: ``svg``, ``dot``, ``mermaid`` (or ``mmd``), ``text`` (or ``txt``) or ``json``, in UTF-8.

    ``view`` and ``theme`` matter for ``svg`` only. Raises ValueError for an unknown format, view or theme.
    """
    return _rendered(report, graph, fmt, view, theme).encode("utf-8")


def _rendered(report: Report, graph: LockGraph, fmt: str, view: str, theme: str) -> str:
    if fmt == "svg":
        from lockview.export.as_svg import svg
        from lockview.layout.theme import THEMES

        if theme not in THEMES:
            raise ValueError(f"the theme should be one of {', '.join(THEMES)}, not {theme!r}")
        return svg(drawing_for(report, graph, view), THEMES[theme])
    if fmt == "dot":
        from lockview.export.as_dot import dot

        return dot(graph, report)
    if fmt in ("mermaid", "mmd"):
        from lockview.export.as_mermaid import mermaid

        return mermaid(graph, report)
    if fmt in ("text", "txt"):
        from lockview.export.text_figure import text_figure

        return text_figure(report, graph)
    if fmt == "json":
        from lockview.export.as_json import dumps
        from lockview.model.logs import Log

        return dumps([Log("", reports=(report,))])
    raise ValueError(f"the format should be one of svg, dot, mermaid, text, json, not {fmt!r}")
