"""What ARCHITECTURE.md promises: what imports what, what ships, and the one bug of Qt that kills the program."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports
from PySide6.QtGui import QPainterPath

from lockview.document.desktop import PLACES
from lockview.document.resources import resource

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "lockview").rglob("*.py"))


def test_imports_point_down_and_only_the_window_imports_qt(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The contracts stand in pyproject.toml; lint-imports prints which import breaks which."""
    monkeypatch.chdir(ROOT)
    code = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert code == 0, capsys.readouterr().out


def test_qt_keeps_the_references_to_none() -> None:
    """PySide6 6.12.0 gave one away in each call without a result, until Python 3.11 died of it after some 7,000 calls.

    From Python 3.12 on None is immortal and the count says nothing.
    """
    path = QPainterPath()
    before = sys.getrefcount(None)
    for _ in range(1000):
        path.moveTo(1, 1)
    assert before - sys.getrefcount(None) < 50


def resources_named_in_code() -> Iterator[tuple[str, str]]:
    """The place and the name of each ``resource("name")`` in the program."""
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "resource"
                and node.args
                and isinstance(node.args[0], ast.Constant)
                and isinstance(node.args[0].value, str)
            ):
                yield f"{file.relative_to(ROOT)}:{node.lineno}", node.args[0].value


def test_every_resource_that_the_code_names_exists() -> None:
    """A misspelt name would show up only when somebody clicks on the thing that needs it."""
    named = [*resources_named_in_code(), *(("lockview/document/desktop.py", source) for source, _ in PLACES)]
    missing = [f"{place}: {name}" for place, name in named if not Path(resource(name)).is_file()]
    assert not missing


def test_no_module_is_a_drawer_for_anything() -> None:
    """Modules are named after their one subject."""
    assert not [file for file in SOURCES if file.stem in {"utils", "util", "helpers", "common", "misc"}]


def test_files_stay_readable() -> None:
    """400 lines is the aim; past 600 a file has more than one subject and is to be split."""
    assert not [f"{file.relative_to(ROOT)}" for file in SOURCES if len(file.read_text().splitlines()) > 600]
