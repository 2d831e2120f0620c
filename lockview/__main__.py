"""``lockview`` and ``python -m lockview``: plain file names open the window, everything else is the command line's."""

from __future__ import annotations

import sys

COMMANDS = ("parse", "render", "lockdep", "simulate", "scenarios", "variants", "explore", "check")
"""A file of such a name opens as ``./parse``."""


def main() -> int:
    """Run the program; returns the exit code."""
    arguments = sys.argv[1:]
    files = files_for_window(arguments)
    if files is None:
        from lockview import cli

        return cli.main(arguments)
    from lockview import app

    try:
        return app.main(files)
    except KeyboardInterrupt:
        return 130


def files_for_window(arguments: list[str]) -> list[str] | None:
    """The files to open, or None when the arguments hold a command or an option. ``--`` ends the options."""
    if arguments[:1] == ["--"]:
        return arguments[1:]
    if arguments[:1] and arguments[0] in COMMANDS:
        return None
    if any(argument.startswith("-") and argument != "-" for argument in arguments):
        return None
    return arguments


if __name__ == "__main__":
    sys.exit(main())
