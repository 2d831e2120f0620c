"""The man page tells of what the command line takes."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "packaging" / "lockview.1"


def test_formatter_has_no_warnings() -> None:
    if not shutil.which("groff"):
        pytest.skip("groff is not installed")
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tascii", "-z", PAGE], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""


COMMANDS: tuple[list[str], ...] = (
    [],
    ["parse"],
    ["render"],
    ["lockdep"],
    ["simulate"],
    ["simulate", "--clock"],
    ["explore"],
    ["scenarios"],
    ["variants"],
    ["check"],
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: " ".join(words) or "lockview")
def test_every_option_is_described(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lockview", *command, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    options = set(re.findall(r"--[a-z][a-z-]+", done.stdout))
    page = PAGE.read_text().replace("\\-", "-")
    assert options
    assert not command or f".BR {command[0]} " in page
    assert not [option for option in options if option not in page]
