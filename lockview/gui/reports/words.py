"""A report in a few words, for a row of the list."""

from __future__ import annotations

from lockview.model.reports import Report

DOT = " \N{MIDDLE DOT} "


def report_name(report: Report) -> str:
    """What tells one report from the next at a glance: the lock that was wanted."""
    if report.wanted is not None:
        return report.wanted.lock_class.name
    if report.cycle:
        return report.cycle[0].held.name
    return report.title


def report_facts(report: Report) -> str:
    """Kind, task and time, as far as they are known."""
    task = str(report.task) if report.task else ""
    return DOT.join(part for part in (report.kind.value.replace("_", " "), task, report.reading.time) if part)


def report_mark(report: Report) -> str:
    """Whether something is missing or damaged."""
    return "" if report.reading.complete else "incomplete"


def report_tip(report: Report) -> str:
    """The title as printed, where it stands, and what is missing."""
    lines = [report.title]
    if report.span:
        lines.append(f"lines {report.span.first} to {report.span.last}")
    if report.kernel:
        lines.append(f"kernel {report.kernel}")
    if report.reading.missing:
        lines.append(f"missing: {', '.join(report.reading.missing)}")
    return "\n".join(lines)
