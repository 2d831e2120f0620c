"""What a document is called where the user reads it."""

from __future__ import annotations

from lockview.document.documents import Document

STANDARD_INPUT = "-"


def display_name(document: Document) -> str:
    """Its title, the file name without its folder, ``standard input``, or what pasted text was called."""
    if document.title:
        return document.title
    if document.path:
        return document.path.rpartition("/")[2] or document.path
    return "standard input" if document.log.name == STANDARD_INPUT else document.log.name
