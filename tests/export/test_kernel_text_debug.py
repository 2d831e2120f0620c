"""Deadlocks of mutexes and reports of DEPT in the kernel's words are read back as they were, and so from JSON."""

from debug_strategies import debug_reports
from hypothesis import given, settings

from lockview.analysis.build import lock_graph
from lockview.analysis.explain import explain, summary
from lockview.export.as_json import report_from_json, report_to_json
from lockview.export.kernel_text import kernel_text
from lockview.model.reports import Report
from lockview.parsing.reader import read_text


@settings(max_examples=200, deadline=None)
@given(debug_reports())
def test_what_is_written_is_read_back(report: Report) -> None:
    (read,) = read_text(kernel_text(report)).reports
    assert read == report
    assert read.reading.complete


@settings(max_examples=60, deadline=None)
@given(debug_reports())
def test_json_keeps_them(report: Report) -> None:
    assert report_from_json(report_to_json(report)) == report


@settings(max_examples=60, deadline=None)
@given(debug_reports())
def test_each_has_a_picture_and_sentences(report: Report) -> None:
    graph = lock_graph(report)
    assert graph.edges
    assert summary(report, graph)
    assert explain(report, graph)
