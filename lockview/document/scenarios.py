"""Scenarios as the user meets them: the library that lockview ships, by id, and files of one's own, by path."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from lockview.document.errors import UserError
from lockview.document.resources import resource

if TYPE_CHECKING:
    from lockview.sim.scenarios.description import Description

FOLDER = "scenarios"
SUFFIX = ".toml"
_HEAD = 4096


class LibraryEntry(NamedTuple):
    """A scenario of the library: enough to list and to open it."""

    id: str
    title: str
    path: str


def library() -> tuple[LibraryEntry, ...]:
    """The scenarios that lockview ships, by id. Only the beginning of each file is read."""
    folder = resource(FOLDER)
    entries = []
    for name in sorted(os.listdir(folder)):  # noqa: PTH208
        if name.endswith(SUFFIX):
            path = f"{folder}/{name}"
            fields = _first_fields(path)
            entries.append(LibraryEntry(fields.get("id", ""), fields.get("title", ""), path))
    return tuple(entries)


def find_scenario(name: str) -> Description:
    """A scenario of the library by its id, in any case, or else a file by its path. UserError when there is none."""
    for entry in library():
        if entry.id.lower() == name.lower():
            return open_scenario(entry.path)
    if not os.path.exists(name):  # noqa: PTH110 - as in document.opening
        known = ", ".join(entry.id for entry in library())
        raise UserError(f"{name} is neither a file nor a scenario of the library; those are {known}.")
    return open_scenario(name)


def open_scenario(path: str) -> Description:
    """The scenario in a file. UserError names the file, the line and the field, and what was expected there."""
    from lockview.sim.scenarios.reading import MOST_BYTES, read_scenario_bytes
    from lockview.sim.scenarios.tables import ScenarioError

    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return read_scenario_bytes(file.read(4 * MOST_BYTES))
    except ScenarioError as error:
        raise UserError(f"{path}, {error}.") from error
    except ValueError as error:
        raise UserError("The file name holds a NUL character; no file can have that name.") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error


def is_scenario_file(path: str) -> bool:
    """Whether a file says that it is a scenario, right or wrong ones alike."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            head = file.read(_HEAD)
    except (OSError, ValueError):
        return False
    return is_scenario_data(head)


def is_scenario_data(head: bytes) -> bool:
    """The same for the beginning of a file."""
    from lockview.sim.scenarios.heads import is_scenario

    return b"lockview.scenario" in head and is_scenario(head.decode("utf-8-sig", "replace"))


def _first_fields(path: str) -> dict[str, str]:
    """The one-line texts that stand before the first table of a shipped file."""
    fields = {}
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        for line in file:
            if line.startswith("["):
                break
            field, equals, value = line.partition(" = ")
            if equals and value.startswith('"') and value.rstrip().endswith('"') and not value.startswith('"""'):
                fields[field.strip()] = value.strip()[1:-1]
    return fields
