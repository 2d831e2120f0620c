"""Reports of every shape in the window: picked, walked along, copied and read, with and without something to replay."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from lock_graphs import any_graphs, deadlock, irq_graph, ladder_graph, plain_graph, usage_graph
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from lockview.analysis.lock_graph import LockGraph
from lockview.document.documents import Document, OpenReport
from lockview.document.selection import Selection
from lockview.export.render import VIEWS
from lockview.gui.details.lock_rows import lock_rows
from lockview.gui.details.stack_rows import edge_rows
from lockview.gui.details.why import kernel_names
from lockview.gui.graph.menu import words_of
from lockview.gui.graph.panel import GraphPanel
from lockview.gui.theme import Appearance
from lockview.gui.window import MainWindow
from lockview.gui.workspace import Workspace
from lockview.model.logs import Log
from lockview.model.reports import CircularReport

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)

SHAPES = {
    "contexts": irq_graph("&base->lock", "&foo->lock", "&rq->__lock"),
    "usage": usage_graph("&port->lock"),
    "ladder": ladder_graph("&rq->__lock", "&p->pi_lock", "&mm->mmap_lock"),
    "wait-for": deadlock(12),
    "plain": plain_graph("a", "b"),
    "nothing": LockGraph((), (), ()),
}


def opened(workspace: Workspace, graph: LockGraph) -> None:
    """Open a document whose one report has this graph."""
    report = CircularReport(title="")
    document = Document(Log("made", reports=(report,)), [""])
    document.reports = [OpenReport(report, graph)]
    workspace.add(document)


@pytest.fixture
def panel(qtbot: QtBot) -> GraphPanel:
    made = GraphPanel(Workspace(), Appearance("light"))
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show()
    return made


@pytest.mark.parametrize("name", SHAPES)
def test_each_shape_in_the_whole_window(name: str, make_window: Callable[..., MainWindow], qtbot: QtBot) -> None:
    window, graph = make_window(), SHAPES[name]
    opened(window.workspace, graph)
    window.docks.bring_up("replay")
    for view in VIEWS:
        window.set_view(view)
        for item in [f"lock:{node.number}" for node in graph.nodes] + [f"edge:{e.number}" for e in graph.edges]:
            window.workspace.select_item(item)
        window.graph.walk(1)
        window.copy_as("text")
    state = window.state
    runs = name == "wait-for"  # its two tasks wait for each other
    assert (state.picture, state.links, state.cycle) == (bool(graph.nodes), bool(graph.edges), runs)
    assert window.board.action("view-lanes").isEnabled() is runs
    assert window.board.action("replay-play").isEnabled() is runs
    assert window.board.action("view-ring").text() == ("Ring" if name == "nothing" else "Diagram")
    assert window.board.action("view-ring").isEnabled() is bool(graph.nodes)
    assert ("nothing to replay" in window.replay.state.text) is not runs
    assert QGuiApplication.clipboard().text()


def test_lanes_of_what_is_no_cycle_are_words(panel: GraphPanel) -> None:
    opened(panel._workspace, SHAPES["contexts"])
    assert panel.status == "Diagram"
    assert panel.view.drawing.title == "Locks in task and interrupt context"
    panel.set_view("lanes")
    assert "closed by an interrupt" in panel.view.note
    panel.set_view("ring")
    assert panel.view.note == ""


def test_an_interrupt_edge_shows_the_stacks_that_back_it() -> None:
    graph = SHAPES["contexts"]
    rows = [row.text for row in edge_rows(CircularReport(""), graph, len(graph.edges) - 1)]
    assert rows[0] == "&rq->__lock \u2192 &base->lock"
    assert "Became SOFTIRQ-irq-unsafe at" in rows
    assert "run_timer_softirq" in rows


def test_tasks_and_contexts_have_a_page_too() -> None:
    rows = [row.spoken() for row in lock_rows(CircularReport(""), SHAPES["wait-for"], 0)]
    assert rows[:2] == ["one/1", "Kind Task"]
    assert any("one/1 \u2192 &b->lock waits" in row for row in rows)
    assert lock_rows(CircularReport(""), SHAPES["ladder"], 0)[1].text.startswith("Context")


@given(any_graphs())
@settings(max_examples=80, deadline=None)
def test_the_pages_of_any_graph_can_be_read(graph: LockGraph) -> None:
    report = CircularReport("")
    for node in graph.nodes:
        for row in lock_rows(report, graph, node.number):
            assert row.spoken().isprintable() or "\u2028" in row.text
        assert words_of(graph, f"lock:{node.number}") == node.name
    for edge in graph.edges:
        assert [row.spoken() for row in edge_rows(report, graph, edge.number)]
        assert " -> " in words_of(graph, f"edge:{edge.number}")
    assert kernel_names(report, graph) is not None


def test_any_graph_is_shown_in_every_view(panel: GraphPanel) -> None:
    @given(any_graphs())
    @settings(max_examples=25, deadline=None)
    def check(graph: LockGraph) -> None:
        opened(panel._workspace, graph)
        for view in ("ring", "lanes"):
            panel.set_view(view)
            for item in ("lock:0", "edge:0", ""):
                panel._workspace.select(Selection(panel._workspace.selection.document, 0, item))
            assert panel.view.accessibleDescription()

    check()
