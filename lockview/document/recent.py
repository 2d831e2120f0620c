"""The files that were opened lately: newest first, pinned ones kept whatever comes."""

from __future__ import annotations

import os
from typing import NamedTuple

MOST = 12
"""So many files are remembered, pinned ones not counted."""


class RecentFile(NamedTuple):
    """A file by its absolute path; a pinned one stays in the list until it is unpinned."""

    path: str
    pinned: bool = False

    @property
    def name(self) -> str:
        """The file name without its folder."""
        return os.path.basename(self.path)  # noqa: PTH119 - pathlib costs more at start than the whole list

    @property
    def missing(self) -> bool:
        """Whether the file is gone right now."""
        return not os.path.exists(self.path)  # noqa: PTH110


def opened(files: tuple[RecentFile, ...], path: str) -> tuple[RecentFile, ...]:
    """The list after a file was opened: it comes first, keeps its pin, and the oldest unpinned ones fall off.

    A name that is no Unicode is left out: the settings could not keep it and would name another file.
    """
    if not _is_unicode(path):
        return files
    pinned = any(file.pinned for file in files if file.path == path)
    rest = [file for file in files if file.path != path]
    kept = [RecentFile(path, pinned)]
    unpinned = 0 if pinned else 1
    for file in rest:
        unpinned += not file.pinned
        if file.pinned or unpinned <= MOST:
            kept.append(file)
    return tuple(kept)


def _is_unicode(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def with_pin(files: tuple[RecentFile, ...], path: str, pinned: bool) -> tuple[RecentFile, ...]:
    """The list with one file pinned or unpinned."""
    return tuple(file._replace(pinned=pinned) if file.path == path else file for file in files)


def without(files: tuple[RecentFile, ...], path: str) -> tuple[RecentFile, ...]:
    """The list without one file."""
    return tuple(file for file in files if file.path != path)


def without_unpinned(files: tuple[RecentFile, ...]) -> tuple[RecentFile, ...]:
    """The list cleared, except for what the user pinned."""
    return tuple(file for file in files if file.pinned)


def in_order(files: tuple[RecentFile, ...]) -> tuple[RecentFile, ...]:
    """The order in which they are shown: pinned ones first, each part newest first."""
    return (*(file for file in files if file.pinned), *(file for file in files if not file.pinned))
