"""The menu entry, file types, icons and software-centre page of lockview in the data folder of the user.

All names begin with the application's id, so taking the files away needs no record of what was put there. The files
themselves are resources; only the command of the menu entry is filled in.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from lockview.document.errors import UserError
from lockview.document.resources import resource

APP_ID = "io.github.lockview.Lockview"

ENTRY = f"applications/{APP_ID}.desktop"

PLACES = (
    (f"desktop/{APP_ID}.desktop", ENTRY),
    (f"desktop/{APP_ID}.mime.xml", f"mime/packages/{APP_ID}.xml"),
    (f"desktop/{APP_ID}.metainfo.xml", f"metainfo/{APP_ID}.metainfo.xml"),
    (f"icons/{APP_ID}.svg", f"icons/hicolor/scalable/apps/{APP_ID}.svg"),
    (f"icons/{APP_ID}-symbolic.svg", f"icons/hicolor/symbolic/apps/{APP_ID}-symbolic.svg"),
)
"""Each file: the name of the resource, and where it goes below the data folder."""


class Database(NamedTuple):
    """What desktops look things up in: made by ``program`` from the files in ``sources``.

    ``made`` are the files it makes in ``folder``, and ``made_folders`` the folders that our own types get there.
    """

    program: str
    folder: str
    sources: str
    made: tuple[str, ...]
    made_folders: tuple[str, ...] = ()


DATABASES = (
    Database(
        "update-mime-database",
        "mime",
        "mime/packages",
        (
            *("XMLnamespaces", "aliases", "generic-icons", "globs", "globs2", "icons", "magic", "mime.cache"),
            *("subclasses", "treemagic", "types", "version"),
        ),
        ("text", "application"),
    ),
    Database("update-desktop-database", "applications", "applications", ("mimeinfo.cache",)),
)

TIME_LIMIT_S = 20


def install(data_home: str | None = None) -> tuple[str, ...]:
    """Write the files and refresh the databases of the desktop.

    ``data_home`` is the data folder, by default that of the user (``XDG_DATA_HOME``). Returns one line for each file
    written, then one for each database that could not be refreshed, with the reason: that is no failure, since the
    desktop refreshes them itself sooner or later. Raises UserError when a file cannot be written.
    """
    home = _data_home(data_home)
    lines = []
    for source, place in PLACES:
        target = home / place
        content = Path(resource(source)).read_bytes()
        if place == ENTRY:
            content = _with_command(content.decode(), _running_command()).encode()
        _write(target, content)
        lines.append(str(target))
    return (*lines, *_refresh(home))


def uninstall(data_home: str | None = None) -> tuple[str, ...]:
    """Remove what ``install`` wrote, and the folders and databases that hold nothing else.

    Returns one line for each file removed, then the databases that could not be refreshed, as ``install`` does.
    Nothing installed is no error. Raises UserError when a file cannot be removed.
    """
    home = _data_home(data_home)
    lines = []
    for _, place in PLACES:
        target = home / place
        try:
            target.unlink()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise UserError(f"{target} cannot be removed: {error.strerror}.") from error
        lines.append(str(target))
    if not lines:
        return ()
    problems = _refresh(home)
    _remove_empty(home)
    return (*lines, *problems)


def exec_value(command: Iterable[str]) -> str:
    """A command as the value of ``Exec=``: each word quoted, then the escapes of any value of a desktop entry.

    Source: Desktop Entry Specification 1.5, "The Exec key" and "Possible value types".
    """
    return _value(" ".join(_quoted(word) for word in command))


def _value(text: str) -> str:
    for char, escape in (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(char, escape)
    return text


def _quoted(word: str) -> str:
    if word and all(char.isalnum() or char in "-_./+:@," for char in word):
        return word
    inside = "".join(f"\\{char}" if char in '"`$\\' else char for char in word)
    return '"' + inside.replace("%", "%%") + '"'


def _with_command(entry: str, command: tuple[str, ...]) -> str:
    """The entry with the full command in place of the name; desktops hide it once the program is gone (TryExec)."""
    # WORKAROUND: GLib looks for the program before it turns %% into %, finds none and ignores the entry.
    started = ("/usr/bin/env", *command) if "%" in command[0] else command
    full = f"TryExec={_value(command[0])}\nExec={exec_value(started)} %F\n"
    return entry.replace("Exec=lockview %F\n", full, 1)


def _running_command() -> tuple[str, ...]:
    """The command that starts this very installation, whatever the search path says later."""
    script = Path(sys.executable).with_name("lockview")
    return (str(script),) if os.access(script, os.X_OK) else (sys.executable, "-m", "lockview")


def _data_home(data_home: str | None) -> Path:
    """The folder asked for, else that of the user; the base directory specification has relative values ignored."""
    if data_home is not None:
        return Path(data_home)
    named = os.environ.get("XDG_DATA_HOME", "")
    return Path(named) if named.startswith("/") else Path.home() / ".local" / "share"


def _write(target: Path, content: bytes) -> None:
    unfinished = target.with_name(f"{target.name}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)
        unfinished.replace(target)
    except OSError as error:
        raise UserError(f"{target} cannot be written: {error.strerror}.") from error


def _refresh(home: Path) -> list[str]:
    """Have the databases made anew; one line with the reason for each that was not."""
    with contextlib.suppress(OSError):
        # A cache of icons that is older than this folder is not believed.
        os.utime(home / "icons" / "hicolor")
    return [
        f"{database.program} {problem}; the desktop will notice the change later"
        for database in DATABASES
        if (home / database.folder).is_dir() and (problem := _run(database.program, home / database.folder))
    ]


def _run(program: str, folder: Path) -> str:
    """Run a program on a folder; "" or why that failed."""
    import subprocess

    try:
        done = subprocess.run(
            [program, str(folder)], stdin=subprocess.DEVNULL, capture_output=True, timeout=TIME_LIMIT_S, check=False
        )
    except FileNotFoundError:
        return "is not installed"
    except subprocess.TimeoutExpired:
        return f"took longer than {TIME_LIMIT_S} seconds"
    except OSError as error:
        return f"did not start: {error.strerror}"
    return f"ended with code {done.returncode}" if done.returncode else ""


def _remove_empty(home: Path) -> None:
    """Remove the databases that are made from no file any more, then the folders that are empty."""
    for database in DATABASES:
        folder, sources = home / database.folder, home / database.sources
        with contextlib.suppress(OSError):
            if any(path.name not in database.made for path in sources.iterdir()):
                continue
        for name in database.made:
            with contextlib.suppress(OSError):
                (folder / name).unlink()
        for name in database.made_folders:
            with contextlib.suppress(OSError):
                (folder / name).rmdir()
    for _, place in PLACES:
        for folder in list((home / place).relative_to(home).parents)[:-1]:
            with contextlib.suppress(OSError):
                (home / folder).rmdir()
