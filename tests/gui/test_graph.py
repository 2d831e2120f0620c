"""The panel of the graph on the bundled sample: selection both ways, views, replay, words for those who cannot see."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from lockview.document.documents import Document
from lockview.gui.graph.items import label_area
from lockview.gui.graph.panel import BY_GRAPHVIZ, BY_US, NO_CYCLE, NOTHING_OPEN, GraphPanel
from lockview.gui.jobs import Jobs
from lockview.gui.theme import Appearance
from lockview.gui.workspace import Workspace
from lockview.layout.drawing import Drawing, Rectangle, Role, Text
from lockview.layout.drawing import Path as DrawnPath
from lockview.model.locks import HeldLock, LockClass
from lockview.model.logs import Log
from lockview.model.reports import ChainEntry, CircularReport, Task
from lockview.parsing.reader import read_text
from lockview.sim.replay import Replay
from lockview.sim.search import deadlock_schedule

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CYCLE = ["&mapping->i_mmap_rwsem", "&vma->vm_sequence", "&vma->vm_sequence/1", "fs_reclaim"]


@pytest.fixture
def workspace(sample: Path) -> Workspace:
    text = sample.read_text()
    made = Workspace()
    made.add(Document(read_text(text), text.splitlines(), str(sample)))
    return made


@pytest.fixture
def jobs(qapp: object) -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.stop()


@pytest.fixture
def panel(qtbot: QtBot, workspace: Workspace, jobs: Jobs) -> GraphPanel:
    return shown(qtbot, workspace, jobs)


def shown(qtbot: QtBot, workspace: Workspace, jobs: Jobs, theme: str = "light") -> GraphPanel:
    panel = GraphPanel(workspace, Appearance(theme), jobs)
    qtbot.addWidget(panel)
    panel.resize(900, 600)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def names(drawing: Drawing) -> list[str]:
    return [group.name for group in drawing.groups if group.name]


def middle(panel: GraphPanel, name: str) -> QPoint:
    """A point of the view on the thing: a node's middle, an edge's number."""
    item = panel.view.item_named(name)
    assert item is not None
    boxes = [shape.box for shape in item.shown.shapes if isinstance(shape, Rectangle)]
    return panel.view.mapFromScene(*boxes[0].centre)


def accented(panel: GraphPanel) -> set[str]:
    """The groups that are drawn as selected or hovered."""
    return {
        group.name
        for group in panel.view.drawing.groups
        for shape in group.shapes
        if not isinstance(shape, Text) and shape.style.stroke == Role.ACCENT
    } - {""}


def texts(panel: GraphPanel) -> str:
    return "\n".join(s.text for g in panel.view.drawing.groups for s in g.shapes if isinstance(s, Text))


def circular(*lock_names: str) -> CircularReport:
    """A report of a cycle without stacks."""
    classes = [LockClass(name) for name in lock_names]
    chain = tuple(ChainEntry(index, lock) for index, lock in reversed(list(enumerate(classes))))
    wanted, held = HeldLock(classes[0]), HeldLock(classes[-1])
    return CircularReport(
        "possible circular locking dependency detected", task=Task("cat", 1), wanted=wanted, held=held, chain=chain
    )


def opened(*reports: CircularReport) -> Workspace:
    made = Workspace()
    made.add(Document(Log("made", reports=reports), []))
    return made


def test_the_ring_of_the_sample(panel: GraphPanel) -> None:
    assert names(panel.view.drawing) == [f"edge:{n}" for n in range(4)] + [f"lock:{n}" for n in range(4)]
    assert panel.view_name == "ring"
    places = [middle(panel, f"lock:{n}") for n in range(4)]
    assert places[0].y() < places[1].y() < places[2].y()
    assert places[3].x() < places[0].x() < places[1].x()
    for number in range(3):
        assert CYCLE[number].removesuffix("/1") in texts(panel)


@pytest.mark.parametrize("name", ["edge:0", "edge:3", "lock:2"])
def test_a_click_selects_and_is_shown(panel: GraphPanel, workspace: Workspace, name: str) -> None:
    QTest.mouseClick(panel.view.viewport(), LEFT, NONE, middle(panel, name))
    assert workspace.selection.item == name
    assert accented(panel) == {name}
    QTest.mouseClick(panel.view.viewport(), LEFT, NONE, QPoint(3, 3))
    assert workspace.selection.item == ""
    assert accented(panel) == set()


def test_a_click_on_the_line_itself_selects_the_edge(panel: GraphPanel, workspace: Workspace) -> None:
    item = panel.view.item_named("edge:1")
    assert item is not None
    line = next(shape for shape in item.shown.shapes if isinstance(shape, DrawnPath) and not shape.closed)
    start, end = line.pieces[0], line.pieces[1]
    QTest.mouseClick(panel.view.viewport(), LEFT, NONE, panel.view.mapFromScene(end.x, end.y))
    assert workspace.selection.item == "edge:1", (start, end)


def test_a_selection_from_elsewhere_is_shown_and_scrolled_to(panel: GraphPanel, workspace: Workspace) -> None:
    panel.zoom(8.0)
    workspace.select_item("lock:3")
    assert accented(panel) == {"lock:3"}
    item = panel.view.item_named("lock:3")
    assert item is not None
    sight = panel.view.mapToScene(panel.view.viewport().rect()).boundingRect()
    assert sight.intersects(label_area(item.shown))


def test_brackets_walk_the_cycle_and_escape_clears(panel: GraphPanel, workspace: Workspace) -> None:
    heard = []
    for key in [Qt.Key.Key_BracketRight] * 5 + [Qt.Key.Key_BracketLeft] * 2:
        QTest.keyClick(panel.view, key)
        heard.append(workspace.selection.item)
    assert heard == ["edge:0", "edge:1", "edge:2", "edge:3", "edge:0", "edge:3", "edge:2"]
    QTest.keyClick(panel.view, Qt.Key.Key_Escape)
    assert workspace.selection.item == ""


@pytest.mark.parametrize(
    ("start", "step", "end"), [("lock:1", 1, "edge:1"), ("lock:1", -1, "edge:0"), ("lock:0", -1, "edge:3")]
)
def test_a_walk_from_a_lock_takes_the_edge_beside_it(
    panel: GraphPanel, workspace: Workspace, start: str, step: int, end: str
) -> None:
    workspace.select_item(start)
    panel.walk(step)
    assert workspace.selection.item == end


def test_hover_highlights_and_leaves_no_trace(panel: GraphPanel, workspace: Workspace) -> None:
    before = panel.view.drawing
    panel.view.hovered.emit("edge:2")
    assert accented(panel) == {"edge:2"}
    assert workspace.selection.item == ""
    panel.view.hovered.emit("")
    assert panel.view.drawing == before


def test_the_tip_of_a_lock_decodes_its_usage(panel: GraphPanel) -> None:
    item = panel.view.item_named("lock:3")
    assert item is not None
    lines = panel.view.tip_of(item.shown).splitlines()
    assert lines[0].startswith("fs_reclaim, context marker")
    assert len(lines) == 6
    assert lines[5].startswith("A marker, no lock")
    assert "hard interrupts" in lines[1]


def test_a_replay_shows_holders_and_waiters(panel: GraphPanel, workspace: Workspace) -> None:
    report = workspace.report
    assert report is not None
    schedule = deadlock_schedule(report.scenario)
    assert schedule is not None
    before = panel.view.drawing
    replay = Replay.start(report.scenario, schedule)
    workspace.show_replay(replay.first())
    free = texts(panel)
    workspace.show_replay(replay.last())
    hatched = {
        g.name for g in panel.view.drawing.groups for s in g.shapes if isinstance(s, Rectangle) and s.style.hatch
    }
    assert len(hatched) == 3
    assert texts(panel) != free
    workspace.show_replay(None)
    assert panel.view.drawing == before


def test_lanes_show_the_way_into_the_deadlock_and_pick_edges(panel: GraphPanel, workspace: Workspace) -> None:
    panel.set_view("lanes")
    assert [name for name in names(panel.view.drawing) if name.startswith("task")] == ["task:0", "task:1", "task:2"]
    assert "deadlock" in texts(panel)
    workspace.select_item("edge:3")
    (chosen,) = accented(panel)
    assert chosen.startswith("event:")
    panel.view.picked.emit("event:1")
    assert workspace.selection.item == "edge:0"
    assert accented(panel) == {"event:1"}
    panel.view.picked.emit("task:2")
    assert workspace.selection.item == "edge:3"


def test_picking_a_step_of_a_watched_run_goes_there(panel: GraphPanel, workspace: Workspace) -> None:
    report = workspace.report
    assert report is not None
    workspace.show_replay(Replay.start(report.scenario, deadlock_schedule(report.scenario) or pytest.fail("none")))
    panel.set_view("lanes")
    panel.view.picked.emit("event:2")
    assert workspace.replay is not None
    assert workspace.replay.position == 3


def test_layers_are_ours_at_once_and_then_graphviz_s(qtbot: QtBot, panel: GraphPanel) -> None:
    panel.set_view("layered")
    assert panel.status.startswith(BY_US)
    ours = panel.view.drawing
    assert names(ours) == [f"edge:{n}" for n in range(4)] + [f"lock:{n}" for n in range(4)]
    qtbot.waitUntil(lambda: panel.status == BY_GRAPHVIZ, timeout=10_000)
    assert panel.view.drawing != ours
    panel.set_view("ring")
    panel.set_view("layered")
    assert panel.status == BY_GRAPHVIZ


@pytest.mark.parametrize("answer", [None, {}, {"nodes": [], "edges": []}, {"nodes": [["x", 1]] * 4, "edges": [[]] * 4}])
def test_an_answer_that_is_no_layout_leaves_ours(panel: GraphPanel, workspace: Workspace, answer: object) -> None:
    panel.set_view("layered")
    assert workspace.report is not None
    panel._take_layout(workspace.report.graph, answer)
    assert panel.status.startswith(f"{BY_US}. Graphviz: ")


def test_a_worker_that_dies_leaves_ours_and_says_so(
    qtbot: QtBot, panel: GraphPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash = [sys.executable, "-c", "import os; os.abort()"]
    monkeypatch.setattr("lockview.gui.child.worker_command", lambda: crash)
    panel.set_view("layered")
    ours = panel.view.drawing
    qtbot.waitUntil(lambda: "crashed" in panel.status, timeout=10_000)
    assert panel.status.startswith(BY_US)
    assert panel.view.drawing == ours


def test_a_worker_that_hangs_is_stopped(qtbot: QtBot, panel: GraphPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    hang = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr("lockview.gui.child.worker_command", lambda: hang)
    monkeypatch.setattr("lockview.gui.graph.panel.GRAPHVIZ_LIMIT_MS", 200)
    panel.set_view("layered")
    qtbot.waitUntil(lambda: "stopped after" in panel.status, timeout=10_000)


def test_an_unknown_view_changes_nothing(qtbot: QtBot, panel: GraphPanel) -> None:
    with qtbot.assertNotEmitted(panel.view_changed):
        panel.set_view("spiral")
        panel.set_view("ring")
    assert panel.view_name == "ring"


def test_the_picture_is_told_in_words(panel: GraphPanel, workspace: Workspace) -> None:
    assert panel.view.accessibleName()
    words = panel.view.accessibleDescription()
    assert " -> ".join([*CYCLE, CYCLE[0]]) in words
    workspace.select_item("edge:3")
    words = panel.view.accessibleDescription()
    assert "Selected: 4: khugepaged/43 holds fs_reclaim and takes &mapping->i_mmap_rwsem" in words


def test_nothing_open_says_how_to_begin(qtbot: QtBot, jobs: Jobs) -> None:
    panel = shown(qtbot, Workspace(), jobs)
    assert panel.view.note == NOTHING_OPEN == panel.view.accessibleDescription()
    for work in (panel.fit, lambda: panel.walk(1), lambda: panel.zoom(2.0), lambda: panel.set_view("lanes")):
        work()
    assert panel.view.grab().toImage() != GraphPanel(Workspace(), Appearance("dark"), jobs).view.grab().toImage()


def test_a_report_without_locks_says_so(qtbot: QtBot, jobs: Jobs) -> None:
    panel = shown(qtbot, opened(CircularReport("cut short")), jobs)
    assert panel.view.note == NO_CYCLE
    for name in ("lanes", "layered", "ring"):
        panel.set_view(name)
    panel.walk(1)
    assert panel.view.drawing.groups == ()


def test_another_report_starts_whole_and_keeps_the_view(qtbot: QtBot, workspace: Workspace, jobs: Jobs) -> None:
    panel = shown(qtbot, workspace, jobs)
    panel.set_view("lanes")
    panel.zoom(5.0)
    workspace.add(Document(Log("other", reports=(circular("a", "b"),)), []))
    assert panel.view_name == "lanes"
    bounds = panel.view.drawing.bounds
    assert panel.view.scale_factor <= panel.view.viewport().width() / bounds.width


def test_a_change_of_appearance_is_followed(panel: GraphPanel) -> None:
    panel._appearance.choose("dark")
    image = panel.view.grab().toImage()
    assert image.pixelColor(2, 2).name() == panel._appearance.theme.colours[Role.BACKGROUND]
    assert image.pixelColor(2, 2).lightness() < 60


HOSTILE = ['<img src=x>"->', "&", "%s%n", "\u202ekcol\u202c", "\U0001f512 lock", "x" * 90, "a\nb", "\ud800", "lock:0"]


@pytest.mark.parametrize("view", ["ring", "layered", "lanes"])
def test_hostile_names_do_no_harm(qtbot: QtBot, jobs: Jobs, view: str) -> None:
    panel = shown(qtbot, opened(circular(*HOSTILE)), jobs)
    panel.set_view(view)
    assert not panel.view.grab().toImage().isNull()
    for name in names(panel.view.drawing):
        panel.view.picked.emit(name)
        item = panel.view.item_named(name)
        assert item is not None
        panel.view.tip_of(item.shown)
    assert all(char.isprintable() for char in texts(panel).replace("\n", ""))


@pytest.mark.parametrize("count", [1, 2, 3, 7, 12])
def test_cycles_of_any_length_are_drawn_in_every_view(qtbot: QtBot, jobs: Jobs, count: int) -> None:
    report = circular(*(f"&object->lock_{number}" for number in range(count)))
    panel = shown(qtbot, opened(report), jobs)
    for view in ("ring", "layered", "lanes"):
        panel.set_view(view)
        assert panel.view.drawing.groups
        panel.view.grab()


def test_the_menu_copies_the_name(panel: GraphPanel, workspace: Workspace) -> None:
    from lockview.gui.graph.menu import graph_menu

    assert workspace.report is not None
    menu = graph_menu(panel, workspace.report.graph, "edge:3")
    first = menu.actions()[0]
    assert first.text() == "Copy fs_reclaim -> &&mapping->i_mmap_rwsem"
    first.trigger()
    assert QGuiApplication.clipboard().text() == "fs_reclaim -> &mapping->i_mmap_rwsem"
    titles = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert titles[1:] == ["Copy the figure as", "Export as", "Fit"]
    assert all(isinstance(action.menu(), QMenu) for action in menu.actions()[2:4])


def test_the_first_picture_needs_no_other_view(sample: Path) -> None:
    code = (
        "import sys\n"
        "from PySide6.QtWidgets import QApplication\n"
        "app = QApplication([])\n"
        "before = set(sys.modules)\n"
        "from lockview.gui.graph.panel import GraphPanel\n"
        "from lockview.gui.theme import Appearance\n"
        "from lockview.gui.workspace import Workspace\n"
        "from lockview.document.documents import Document\n"
        "from lockview.parsing.reader import read_text\n"
        f"text = open({str(sample)!r}).read()\n"
        "workspace = Workspace()\n"
        "workspace.add(Document(read_text(text), text.splitlines()))\n"
        "panel = GraphPanel(workspace, Appearance('light'))\n"
        "panel.grab()\n"
        "late = ('layout.lanes', 'layout.layered', 'layout.graphviz', 'gui.jobs', 'gui.export', 'export.render')\n"
        "print([name for name in late if 'lockview.' + name in sys.modules])\n"
        "heavy = {'json', 'argparse', 'pathlib', 'networkx', 'pygraphviz'}\n"
        "print(sorted(heavy & set(sys.modules) - before))\n"
    )
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["[]", "[]"], done.stderr
