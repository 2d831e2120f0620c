"""The kernel's wording of lockups and stalls: reading gives back what was written, and so does JSON."""

import json

from hypothesis import given, settings
from stall_strategies import stall_reports

from lockview.export.as_json import report_from_json, report_to_json
from lockview.export.kernel_text import kernel_text
from lockview.model.stall_reports import StallReport
from lockview.parsing.reader import read_text


@settings(max_examples=150, deadline=None)
@given(stall_reports())
def test_reading_gives_a_stall_back(report: StallReport) -> None:
    text = kernel_text(report)
    assert read_text(text).reports == (report,), text


@settings(max_examples=60, deadline=None)
@given(stall_reports())
def test_json_gives_a_stall_back(report: StallReport) -> None:
    assert report_from_json(json.loads(json.dumps(report_to_json(report)))) == report
