"""Saving and copying from the window: the same bytes as the command line, whole files, clear refusals."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from lockview import cli
from lockview.document.documents import Document
from lockview.document.errors import UserError
from lockview.gui import export
from lockview.gui.actions import FORMATS
from lockview.gui.export import content, copy_report, export_report, save, suggested_name
from lockview.gui.graph.panel import GraphPanel
from lockview.gui.theme import Appearance
from lockview.gui.workspace import Workspace
from lockview.model.locks import HeldLock, LockClass
from lockview.model.logs import Log
from lockview.model.reports import CircularReport, Task
from lockview.parsing.reader import read_file, read_text
from lockview.sim.replay import Replay
from lockview.sim.search import deadlock_schedule

TEXT_FORMATS = ("svg", "dot", "mermaid", "text", "json")
ALL = tuple(name for name, _, _ in FORMATS)


@pytest.fixture
def log_file(sample: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "boot.log"
    copy.write_bytes(sample.read_bytes())
    return copy


@pytest.fixture
def workspace(qapp: object, log_file: Path) -> Workspace:
    made = Workspace()
    made.add(Document(read_file(str(log_file)), log_file.read_text().splitlines(), str(log_file)))
    return made


@pytest.fixture
def appearance(qapp: object) -> Appearance:
    return Appearance("light")


class Asked:
    """Stands in for the file dialog; remembers what it was asked."""

    def __init__(self, answer: str, chosen: int = 0) -> None:
        self.answer, self.chosen = answer, chosen
        self.directory, self.filters = "", ""

    def __call__(self, _: object, title: str, directory: str, filters: str, usual: str) -> tuple[str, str]:
        self.directory, self.filters = directory, filters
        return self.answer, filters.split(";;")[self.chosen]


def answering(monkeypatch: pytest.MonkeyPatch, answer: Path | str, chosen: int = 0) -> Asked:
    asked = Asked(str(answer), chosen)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", asked)
    return asked


@pytest.mark.parametrize("view", ["ring", "layered", "lanes"])
@pytest.mark.parametrize("fmt", TEXT_FORMATS)
def test_the_window_and_the_command_line_write_the_same_bytes(
    workspace: Workspace,
    appearance: Appearance,
    log_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fmt: str,
    view: str,
) -> None:
    ending = export.ENDINGS.get(fmt, fmt)
    by_window, by_command = tmp_path / f"window.{ending}", tmp_path / f"command.{ending}"
    answering(monkeypatch, by_window)
    assert export_report(QWidget(), workspace, appearance, fmt, view) == f"Saved {by_window}."
    assert cli.main(["render", str(log_file), "-o", str(by_command), "--view", view]) == 0
    assert by_window.read_bytes() == by_command.read_bytes()


@pytest.mark.parametrize("theme", ["dark", "high-contrast"])
def test_the_theme_of_the_window_is_the_theme_of_the_command_line(
    workspace: Workspace, log_file: Path, tmp_path: Path, theme: str
) -> None:
    out = tmp_path / "command.svg"
    assert cli.main(["render", str(log_file), "-o", str(out), "--theme", theme]) == 0
    assert workspace.document is not None
    assert workspace.report is not None
    data = content(workspace.document, workspace.report, Appearance(theme), "svg", "ring")
    assert data == out.read_bytes()


@pytest.mark.parametrize(("chosen", "scale"), [(0, 1), (1, 2), (2, 4)])
def test_a_png_has_the_chosen_size(
    workspace: Workspace,
    appearance: Appearance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    chosen: int,
    scale: int,
) -> None:
    sizes = []
    for number in (0, chosen):
        answering(monkeypatch, tmp_path / f"{number}.png", number)
        export_report(QWidget(), workspace, appearance, "png", "ring")
        sizes.append(QImage(str(tmp_path / f"{number}.png")).width())
    assert sizes[1] == pytest.approx(scale * sizes[0], abs=scale)


def test_a_pdf_is_saved(
    workspace: Workspace, appearance: Appearance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, tmp_path / "cycle")
    export_report(QWidget(), workspace, appearance, "pdf", "ring")
    assert (tmp_path / "cycle.pdf").read_bytes().startswith(b"%PDF")


def test_the_dialog_starts_beside_the_log_with_a_telling_name(
    workspace: Workspace, appearance: Appearance, log_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answering(monkeypatch, "")
    assert export_report(QWidget(), workspace, appearance, "text", "ring") == ""
    assert Path(asked.directory) == log_file.parent / "circular-khugepaged-i_mmap_rwsem.txt"
    assert asked.filters == "Text figure (*.txt)"


@pytest.mark.parametrize("name", ["../../etc/passwd", "-rf ~", "\u202e\x00\n", "a" * 300, "$(reboot)", ".."])
def test_a_suggested_name_is_a_plain_file_name(name: str) -> None:
    from lockview.document.documents import OpenReport

    report = CircularReport("t", task=Task(name, 1), wanted=HeldLock(LockClass(name)))
    suggested = suggested_name(OpenReport(report), "svg")
    assert suggested.startswith("circular")
    assert suggested.endswith(".svg")
    assert len(suggested) < 100
    assert all(char.isascii() and (char.isalnum() or char in "_.-") for char in suggested)


def test_the_log_itself_is_never_overwritten(
    workspace: Workspace, appearance: Appearance, log_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = log_file.read_bytes()
    answering(monkeypatch, log_file)
    with pytest.raises(UserError, match="is the log itself"):
        export_report(QWidget(), workspace, appearance, "svg", "ring")
    assert log_file.read_bytes() == before


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    for place in (tmp_path / "absent" / "x.svg", tmp_path):
        with pytest.raises(UserError, match=rf"{place} could not be written: \S+"):
            save(str(place), b"x")
    assert list(tmp_path.iterdir()) == []


def test_saving_replaces_the_whole_file(tmp_path: Path) -> None:
    target = tmp_path / "x.svg"
    target.write_bytes(b"old" * 1000)
    save(str(target), b"new")
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("fmt", ALL)
def test_every_format_can_be_copied(workspace: Workspace, appearance: Appearance, fmt: str) -> None:
    assert copy_report(workspace, appearance, fmt, "ring").startswith("Copied the ")
    mime = QGuiApplication.clipboard().mimeData()
    if fmt == "png":
        assert mime.hasImage()
        assert not QGuiApplication.clipboard().image().isNull()
    elif fmt == "pdf":
        assert bytes(mime.data("application/pdf").data()).startswith(b"%PDF")
    else:
        assert "i_mmap_rwsem" in mime.text()
    if fmt == "svg":
        assert bytes(mime.data("image/svg+xml").data()).decode() == mime.text()


@pytest.mark.parametrize("fmt", ALL)
def test_without_a_report_there_is_nothing_to_export(qapp: object, appearance: Appearance, fmt: str) -> None:
    with pytest.raises(UserError, match="no report"):
        copy_report(Workspace(), appearance, fmt, "ring")


@pytest.mark.parametrize("fmt", ["png", "pdf", "svg", "dot", "mermaid"])
def test_without_locks_there_is_nothing_to_draw(qapp: object, appearance: Appearance, fmt: str) -> None:
    workspace = Workspace()
    workspace.add(Document(Log("cut", reports=(CircularReport("cut"),)), []))
    with pytest.raises(UserError, match="nothing to draw"):
        copy_report(workspace, appearance, fmt, "ring")
    assert copy_report(workspace, appearance, "json", "ring")


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_the_panel_saves_what_it_shows_of_a_replay(
    qtbot: QtBot, workspace: Workspace, appearance: Appearance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = GraphPanel(workspace, appearance)
    qtbot.addWidget(panel)
    report = workspace.report
    assert report is not None
    schedule = deadlock_schedule(report.scenario)
    assert schedule is not None
    workspace.show_replay(Replay.start(report.scenario, schedule).last())
    workspace.select_item("edge:1")
    answering(monkeypatch, tmp_path / "x.svg")
    with qtbot.waitSignal(panel.succeeded):
        panel.export("svg")
    written = (tmp_path / "x.svg").read_text()
    assert "waited for by" in written or "waits" in written
    assert appearance.theme.colours["accent"] not in written


def test_the_panel_tells_what_went_wrong(
    qtbot: QtBot, workspace: Workspace, appearance: Appearance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = GraphPanel(workspace, appearance)
    qtbot.addWidget(panel)
    answering(monkeypatch, tmp_path / "absent" / "x.svg")
    with qtbot.waitSignal(panel.failed) as caught:
        panel.export("svg")
    assert "could not be written" in caught.args[0]


def test_pasted_text_is_saved_at_home(
    qapp: object, appearance: Appearance, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    workspace = Workspace()
    text = sample.read_text()
    workspace.add(Document(read_text(text), text.splitlines()))
    asked = answering(monkeypatch, "")
    export_report(QWidget(), workspace, appearance, "svg", "ring")
    assert Path(asked.directory).parent == tmp_path


@pytest.mark.parametrize("fmt", ["png", "svg", "text"])
def test_a_program_that_copied_leaves_in_order(fmt: str, log_file: Path) -> None:
    code = (
        "import sys; from PySide6.QtWidgets import QApplication; app = QApplication([]);"
        "from lockview.document.opening import read_small; from lockview.gui.export import copy_report;"
        "from lockview.gui.theme import Appearance; from lockview.gui.workspace import Workspace;"
        "workspace = Workspace(); workspace.add(read_small(sys.argv[1]));"
        "copy_report(workspace, Appearance('light'), sys.argv[2], 'ring')"
    )
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(log_file), fmt], env=environment, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0
