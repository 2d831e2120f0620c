"""The program as a process: it opens what it is given, stays, and leaves in order."""

import os
import subprocess
import sys
from pathlib import Path

DRIVER = """
import sys
from PySide6.QtCore import QTimer
from lockview import app
from lockview.gui.window import MainWindow

catch_bugs = MainWindow.catch_bugs

def catch_and_go(window):  # when everything is there, once
    catch_bugs(window)
    if {bug}:
        QTimer.singleShot(0, lambda: [][1])
    QTimer.singleShot(200, window.close)

MainWindow.catch_bugs = catch_and_go
code = app.main(sys.argv[1:])
print("left with", code)
sys.exit(code)
"""


def _run(folder: Path, *files: str, bug: bool = False, text: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "LOCKVIEW_CONFIG_HOME": str(folder / "config")}
    command = [sys.executable, "-c", DRIVER.format(bug=bug), *files]
    return subprocess.run(command, input=text, capture_output=True, text=True, env=environment, timeout=60, check=False)


def _complaints(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if "This plugin does not support" not in line]


def test_the_sample_opens_and_the_program_leaves_in_order(tmp_path: Path, sample: Path) -> None:
    done = _run(tmp_path, str(sample))
    assert done.stdout == "left with 0\n"
    assert done.returncode == 0
    assert _complaints(done) == []
    assert (tmp_path / "config" / "lockview.ini").is_file()


def test_a_bug_does_not_end_the_program(tmp_path: Path, sample: Path) -> None:
    done = _run(tmp_path, "-", bug=True, text=sample.read_text())
    assert done.stdout == "left with 0\n"
    assert "IndexError" in done.stderr


def test_without_a_display_one_line_says_so(tmp_path: Path, sample: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment |= {"QT_QPA_PLATFORM": "xcb", "LOCKVIEW_CONFIG_HOME": str(tmp_path / "config")}
    done = subprocess.run(
        [sys.executable, "-m", "lockview", str(sample)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "lockview render FILE -o OUT.png" in done.stderr
