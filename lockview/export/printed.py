"""A log as ``lockview parse`` prints it: in a few lines, with all sentences, with verdicts, or as JSON."""

from __future__ import annotations

from lockview.model.logs import Log

SUMMARY, EXPLAINED, VERDICTS, JSON = "summary", "explained", "verdicts", "json"
"""The forms."""


def printed(log: Log, form: str) -> str:
    """The text of a log in one of the forms; it ends in a newline."""
    if form == JSON:
        from lockview.export.as_json import dumps

        return dumps([log])
    if form == VERDICTS:
        from lockview.export.verdict_text import verdict_text

        return verdict_text(log)
    from lockview.export.summary import summary

    return summary(log, explained=form == EXPLAINED)
