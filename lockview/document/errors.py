"""What the user asked for and cannot have."""

from __future__ import annotations


class UserError(Exception):
    """Its text is the sentence to show: it names the thing, the place and the way out."""


class EmptySourceError(UserError):
    """There is nothing in a file yet."""
