"""The raw text of the current document."""
