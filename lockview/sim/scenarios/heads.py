"""Telling scenario files from others by how they begin, without reading them."""

from __future__ import annotations

import re


def is_scenario(text: str) -> bool:
    """Whether a text says that it is a scenario file, right or wrong ones alike."""
    return re.search(r'^[ \t]*format[ \t]*=[ \t]*"lockview\.scenario', text[:4096], re.MULTILINE) is not None
