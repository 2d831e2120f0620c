"""Reports and stacks for the tests of this folder."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lockview.model.reports import Report
from lockview.model.stacks import Frame, StackTrace
from lockview.parsing.reader import read_file

StackMaker = Callable[[str], StackTrace]


@pytest.fixture(scope="session")
def seed(sample: Path) -> Report:
    (report,) = read_file(str(sample)).reports
    return report


@pytest.fixture(scope="session")
def stack() -> StackMaker:
    """``stack("? guess+1 < foo+1f < bar")``: frames innermost first, offsets in hexadecimal."""

    def frame(text: str) -> Frame:
        match = re.fullmatch(r"(\? )?([^+ ]+)(?:\+([0-9a-f]+))?( inlined)?", text)
        assert match
        offset = int(match[3], 16) if match[3] else None
        return Frame(
            match[2], offset, None if offset is None else 0x1000, reliable=not match[1], inlined=bool(match[4])
        )

    return lambda text: StackTrace(tuple(frame(part) for part in text.split(" < ")))
