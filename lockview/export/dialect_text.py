"""Reports of other programs in their own words: the inverse of reading, ``read(write(report)) == report``."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.model.foreign_reports import HelgrindReport, JavaDeadlockReport, TsanReport, WitnessReport
from lockview.model.reports import Report


def foreign_lines(report: Report) -> Iterator[str] | None:
    """The lines of a report of this family; None for any other."""
    match report:
        case TsanReport():
            from lockview.export.dialect_text_tsan import tsan_lines

            return tsan_lines(report)
        case HelgrindReport():
            from lockview.export.dialect_text_helgrind import helgrind_lines

            return helgrind_lines(report)
        case WitnessReport():
            from lockview.export.dialect_text_witness import witness_lines

            return witness_lines(report)
        case JavaDeadlockReport():
            from lockview.export.dialect_text_java import java_lines

            return java_lines(report)
        case _:
            return None
