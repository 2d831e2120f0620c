"""Where the files that lockview ships lie: samples, icons, the desktop entry, the JSON schema.

Paths are plain strings here: the start page asks for some before the first paint, and pathlib costs more than they do.
"""

from __future__ import annotations

import os

_PACKAGE = __file__.rpartition("/document/")[0]
_FOLDERS = (f"{_PACKAGE}/resources", f"{_PACKAGE.rpartition('/')[0]}/resources")
"""Inside an installed package, and beside the package in a checkout."""


def resource(name: str) -> str:
    """The path of a shipped file or folder; ``name`` is relative, with slashes: ``icons/lock.svg``.

    Raises ValueError for a name that leads out of the folder, and FileNotFoundError when it is not there, which
    means that the installation is damaged.
    """
    if name.startswith("/") or ".." in name.split("/"):
        raise ValueError(f"not the name of a resource: {name!r}")
    for folder in _FOLDERS:
        path = f"{folder}/{name}"
        if os.access(path, os.F_OK):
            return path
    raise FileNotFoundError(f"the file {name} is missing from this installation of lockview")
