"""What is there when the picture is first painted: counted, because each module and class costs a part of the start.

Times are measured by ``tests/benchmarks/test_start.py``; this keeps what they depend on.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

PROGRAM = """
import enum, json, sys
from lockview import app
look_for_libraries = app._libraries_are_there

def kinds(kind):
    return 1 + sum(kinds(below) for below in type.__subclasses__(kind))

def told(window):
    from PySide6.QtWidgets import QApplication, QWidget
    print(json.dumps([modules_then(), kinds(enum.Enum), len(window.findChildren(QWidget))]))
    QApplication.quit()

def modules_then():
    return [name for name in sys.modules if name != "json" and not name.startswith("json.")]

def hooked():
    there = look_for_libraries()
    from lockview.gui.window import MainWindow
    MainWindow.finish = told
    return there

app._libraries_are_there = hooked
app.main(sys.argv[1:])
"""
LATE = (
    *(f"lockview.gui.{name}" for name in ("actions", "child", "details", "docks", "drops", "export", "help", "late")),
    *(f"lockview.gui.{name}" for name in ("log", "menus", "messages", "recent_menu", "replay", "reports", "rows")),
    *(f"lockview.gui.{name}" for name in ("start", "status", "streams", "tool_bar")),
    *(f"lockview.{name}" for name in ("analysis.explain", "cli", "export", "kernel", "sim", "worker")),
    *(f"lockview.model.{name}" for name in ("traces", "held_reports", "irq_reports", "wait_reports")),
    *(f"lockview.layout.{name}" for name in ("graphviz", "lanes", "layered")),
    *("networkx", "pygraphviz", "multiprocessing", "xml"),
)


class FirstPaint(NamedTuple):
    """Modules in the order of their import, how many enums there are, and how many widgets the window holds."""

    modules: list[str]
    enums: int
    widgets: int


@pytest.fixture(scope="module")
def first_paint(tmp_path_factory: pytest.TempPathFactory) -> FirstPaint:
    sample = Path(__file__).parents[2] / "resources" / "samples" / "khugepaged-fs-reclaim.log"
    settings = {"QT_QPA_PLATFORM": "offscreen", "LOCKVIEW_CONFIG_HOME": str(tmp_path_factory.mktemp("config"))}
    command = [sys.executable, "-c", PROGRAM, str(sample)]
    out = subprocess.check_output(command, env=os.environ | settings, stderr=subprocess.DEVNULL, text=True)
    return FirstPaint(*json.loads(out))


def test_what_the_picture_does_not_need_is_imported_after_it(first_paint: FirstPaint) -> None:
    early = [name for name in first_paint.modules if any(f"{name}.".startswith(f"{late}.") for late in LATE)]
    assert early == []


def test_few_modules_are_ours(first_paint: FirstPaint) -> None:
    ours = [name for name in first_paint.modules if name.startswith("lockview")]
    assert len(ours) <= 92, "each module that is imported before the first paint delays it by a third of a millisecond"


def test_what_needs_no_qt_comes_before_qt(first_paint: FirstPaint) -> None:
    """PySide looks through the source of everything that is imported after it."""
    names = first_paint.modules
    after = [name for name in names[names.index("PySide6") :] if name.startswith("lockview")]
    needless = [name for name in after if not name.startswith("lockview.gui")]
    assert len(needless) <= 4, f"app._import_without_qt could import {needless}"


def test_few_enums_are_made(first_paint: FirstPaint) -> None:
    """PySide makes them with the class that they belong to; one careless call makes all that widgets have."""
    assert first_paint.enums <= 230


def test_the_window_holds_the_picture_alone(first_paint: FirstPaint) -> None:
    assert first_paint.widgets <= 12
