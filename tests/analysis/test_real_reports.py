"""Every real circular report gives a graph and sentences."""

from pathlib import Path

from lockview.analysis.build import lock_graph
from lockview.analysis.explain import explain, summary
from lockview.model.reports import CircularReport
from lockview.parsing.reader import read_file


def test_real_reports(shared: Path) -> None:
    seen = 0
    for path in sorted((shared / "corpus").glob("circular-*.log")):
        for report in read_file(str(path)).reports:
            if not isinstance(report, CircularReport):
                continue
            graph = lock_graph(report)
            assert len(graph.edges) == len(report.cycle), path.name
            # A cycle of several locks takes several tasks, or lockdep would have called it recursive.
            assert len(graph.tasks) > 1 or len(graph.nodes) < 2, path.name
            names = [task.name for task in graph.tasks]
            assert len(set(names)) == len(names), path.name
            assert all(names), path.name
            assert explain(report, graph), path.name
            assert summary(report, graph), path.name
            seen += 1
    assert seen > 90
