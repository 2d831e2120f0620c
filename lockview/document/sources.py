"""Which logs there are: the files below a folder, and the pieces of a log that was rotated, oldest first."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from lockview.document.errors import UserError

MOST_FILES = 100_000
"""So many files of a folder are read; the rest is named as left out."""


class Folder(NamedTuple):
    """The files below a folder, sorted by path. ``left_out`` counts what was too much or could not be listed."""

    files: list[str]
    left_out: int


def files_below(folder: str, most: int = MOST_FILES) -> Folder:
    """The regular files below a folder, hidden ones and links to folders left out.

    UserError when the folder itself cannot be listed.
    """
    failures: list[OSError] = []
    files: list[str] = []
    left_out = 0
    for path, folders, names in os.walk(folder, onerror=failures.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found = sorted(os.path.join(path, name) for name in names if not name.startswith("."))  # noqa: PTH118
        found = [name for name in found if os.path.isfile(name)]  # noqa: PTH113 - a pipe would never end
        left_out += max(len(files) + len(found) - most, 0)
        files += found[: most - len(files)]
    if failures and failures[0].filename == folder:
        raise UserError(f"the folder {folder} cannot be listed: {failures[0].strerror}")
    return Folder(sorted(files), left_out + len(failures))


def joined_rotations(files: Iterable[str]) -> list[tuple[str, ...]]:
    """The files grouped to logs: ``kern.log.2.gz``, ``kern.log.1`` and ``kern.log`` are one, in this order.

    Pieces are joined only when the log itself (``kern.log``) is there too. A log stands where its first file stood.
    """
    files = list(dict.fromkeys(files))
    there = set(files)
    logs: dict[str, list[tuple[int, str]]] = {}
    for file in files:
        base, age = _rotation(file)
        if age is not None and base in there:
            logs.setdefault(base, []).append((age, file))
        else:
            logs.setdefault(file, []).append((0, file))
    return [tuple(file for _, file in sorted(pieces, key=lambda piece: -piece[0])) for pieces in logs.values()]


def _rotation(file: str) -> tuple[str, int | None]:
    """The path of the log that a file is a piece of, and how old the piece is; None when its name says nothing."""
    name = re.sub(r"\.(?:gz|xz|bz2|zst)$", "", file)
    numbered = re.fullmatch(r"(.{1,4000})\.(\d{1,4})", name, re.DOTALL)
    if numbered:
        return numbered[1], int(numbered[2]) + 1
    dated = re.fullmatch(r"(.{1,4000})-(20\d{6})(?:-(\d{1,10}))?", name, re.DOTALL)
    if dated:
        return dated[1], 10**19 - int(dated[2]) * 10**10 - int(dated[3] or 0)
    return name, None
