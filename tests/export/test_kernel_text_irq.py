"""The kernel's wording of recursive and interrupt reports: reading gives back what was written."""

import json
from pathlib import Path

from hypothesis import given, settings
from irq_strategies import irq_reports

from lockview.export.as_json import report_from_json, report_to_json
from lockview.export.kernel_text import kernel_text
from lockview.export.kernel_text_irq import irq_lines
from lockview.model.reports import Report
from lockview.parsing.reader import read_file, read_text


@settings(max_examples=120, deadline=None)
@given(irq_reports())
def test_reading_gives_any_report_back(report: Report) -> None:
    text = kernel_text(report)
    assert read_text(text).reports == (report,), text


@settings(max_examples=40, deadline=None)
@given(irq_reports())
def test_reports_come_back_from_json(report: Report) -> None:
    assert report_from_json(json.loads(json.dumps(report_to_json(report)))) == report


def test_reports_of_a_real_kernel_come_back(shared: Path) -> None:
    found = 0
    for path in sorted((shared / "realkernel").glob("*.log")):
        for report in read_file(str(path)).reports:
            if irq_lines(report) is not None:
                found += 1
                assert read_text(kernel_text(report)).reports == (report,), path.name
    assert found >= 10
