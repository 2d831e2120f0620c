"""A log as ``lockview parse`` prints it: in a few lines, with all sentences, or as JSON."""

from __future__ import annotations

from lockview.model.logs import Log

SUMMARY, EXPLAINED, JSON = "summary", "explained", "json"
"""The forms."""


def printed(log: Log, form: str) -> str:
    """The text of a log in one of the forms; it ends in a newline."""
    if form == JSON:
        from lockview.export.as_json import dumps

        return dumps([log])
    from lockview.export.summary import summary

    return summary(log, explained=form == EXPLAINED)
