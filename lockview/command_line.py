"""What all commands of the command line share: how arguments are read, and how text is written."""

from __future__ import annotations

import argparse
from typing import NoReturn, TextIO

from lockview.document.errors import UserError


class CommandParser(argparse.ArgumentParser):
    """argparse with errors of one line, as the rest of the program has them."""

    def __init__(self, prog: str, description: str) -> None:
        super().__init__(
            prog, description=description, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
        )

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message}; {self.prog} --help shows how")


def write(stream: TextIO | None, text: str) -> None:
    """Write text whatever the terminal's encoding is; to nowhere when the stream was closed at the start."""
    if stream is not None:
        encoding = stream.encoding or "utf-8"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
