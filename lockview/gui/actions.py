"""Everything the user can do, as one table. Menus, tool bar, shortcuts, the help sheet and the tests are made from it.

A row says what it needs (``enabled``, a predicate on ``UiState``) and what it does (``run``, given the window).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lockview.gui.window import MainWindow


class UiState(NamedTuple):
    """What decides whether an action makes sense right now."""

    document: bool = False
    """A document is selected."""
    reloadable: bool = False
    """It came from a file, and is not being followed."""
    followable: bool = False
    """It came from a file, or is a pipe that is read."""
    following: bool = False
    """What is written to it is shown at once."""
    report: bool = False
    """One of its reports is selected."""
    simulation: bool = False
    """A scenario is shown, not one of the reports of its run."""
    picture: bool = False
    """That report has something to draw."""
    links: bool = False
    """Its picture has edges."""
    cycle: bool = False
    """Its dependencies close a cycle, so that there is something to replay."""
    ring: bool = True
    """Its natural picture is a ring."""
    edge: bool = False
    """An edge is selected, so there is a stack."""
    frame: bool = False
    """A frame of that stack is selected."""
    earlier_report: bool = False
    later_report: bool = False
    working: bool = False
    """Work that can be cancelled is shown in the status bar."""
    view: str = "ring"
    theme: str = "system"


def always(_: UiState) -> bool:
    """For actions that need nothing."""
    return True


def needs_report(state: UiState) -> bool:
    """For actions on the selected report."""
    return state.report


def needs_picture(state: UiState) -> bool:
    """For actions on the picture."""
    return state.picture


def needs_links(state: UiState) -> bool:
    """For actions on what joins the locks of the picture."""
    return state.links


def needs_cycle(state: UiState) -> bool:
    """For actions on the replay."""
    return state.cycle


def needs_run(state: UiState) -> bool:
    """For actions on what can be played: the replay of a report, or a scenario."""
    return state.cycle or state.simulation


class ActionSpec(NamedTuple):
    """One row. ``menu`` is a path such as ``File/Export as``; a new ``group`` in a menu draws a line above itself.

    ``checked`` makes it a choice that shows its state. ``hint`` is the status tip and, in the tool bar, the tool tip.
    """

    name: str
    menu: str
    title: str
    run: Callable[[MainWindow], object]
    shortcuts: tuple[str, ...] = ()
    enabled: Callable[[UiState], bool] = always
    hint: str = ""
    group: int = 0
    checked: Callable[[UiState], bool] | None = None
    short: str = ""
    """The title in the tool bar, when the full one is too long."""
    title_of: Callable[[UiState], str] | None = None
    """The title, where it depends on what is shown."""


FORMATS = (
    ("png", "PNG image", "A picture in pixels"),
    ("svg", "SVG drawing", "A drawing that scales, with its text as text"),
    ("pdf", "PDF document", "A drawing on a page"),
    ("dot", "DOT graph", "For Graphviz"),
    ("mermaid", "Mermaid graph", "For Markdown pages"),
    ("text", "Text figure", "At most 75 columns, for a mail or a commit message"),
    ("json", "JSON", "Everything that was read, in the documented form"),
)
VIEWS = (
    ("ring", "Ring", "The picture that fits the report, for a cycle a ring with the wanted lock on top"),
    ("layered", "Layers", "The locks in layers, top to bottom"),
    ("lanes", "Lanes", "One lane for each task that the cycle needs"),
)
THEME_TITLES = (
    ("system", "As the desktop"),
    ("light", "Light"),
    ("dark", "Dark"),
    ("high-contrast", "High contrast"),
)


def _export(name: str, title: str, hint: str) -> ActionSpec:
    return ActionSpec(
        f"export-{name}",
        "File/Export as",
        f"{title}...",
        lambda window: window.export(name),
        ("Ctrl+E",) if name == "svg" else (),
        needs_report if name in ("json", "text") else needs_picture,
        hint,
    )


def _copy(name: str, title: str, hint: str) -> ActionSpec:
    return ActionSpec(
        f"copy-{name}",
        "Edit/Copy the figure as",
        title,
        lambda window: window.copy_as(name),
        ("Ctrl+Alt+C",) if name == "text" else (),
        needs_report if name in ("json", "text") else needs_picture,
        hint,
    )


def _view(number: int, name: str, title: str, hint: str) -> ActionSpec:
    return ActionSpec(
        f"view-{name}",
        "View",
        title,
        lambda window: window.set_view(name),
        (f"Ctrl+{number}",),
        needs_cycle if name == "lanes" else needs_picture,
        hint,
        1,
        lambda state: state.view == name,
        title_of=_diagram_title if name == "ring" else None,
    )


def _diagram_title(state: UiState) -> str:
    return "Ring" if state.ring else "Diagram"


def _theme(name: str, title: str) -> ActionSpec:
    return ActionSpec(
        f"theme-{name}",
        "View/Theme",
        title,
        lambda window: window.choose_theme(name),
        group=4,
        checked=lambda state: state.theme == name,
    )


ACTIONS = (
    ActionSpec(
        "open", "File", "Open...", lambda w: w.ask_for_files(), ("Ctrl+O",), hint="Open kernel logs, mails or consoles"
    ),
    ActionSpec(
        "open-folder",
        "File",
        "Open a folder...",
        lambda w: w.ask_for_folder(),
        ("Ctrl+Shift+O",),
        hint="Read all logs below a folder, the pieces of rotated ones as one",
    ),
    ActionSpec(
        "open-sample",
        "File",
        "Open the sample",
        lambda w: w.open_sample(),
        hint="A real report that comes with lockview",
    ),
    ActionSpec(
        "reload",
        "File",
        "Reload",
        lambda w: w.reload(),
        ("F5",),
        lambda state: state.reloadable,
        "Read the file again",
        group=2,
    ),
    ActionSpec(
        "follow",
        "File",
        "Follow",
        lambda w: w.follow(),
        ("Ctrl+L",),
        lambda state: state.followable,
        "Show what is written to the log from now on, and announce new reports",
        group=2,
        checked=lambda state: state.following,
    ),
    ActionSpec(
        "close", "File", "Close", lambda w: w.close_document(), ("Ctrl+W",), lambda state: state.document, group=2
    ),
    ActionSpec(
        "stop",
        "File",
        "Stop reading",
        lambda w: w.cancel_work(),
        ("Esc",),
        lambda state: state.working,
        "Cancel the work that the status bar shows",
        group=2,
    ),
    *(_export(*row) for row in FORMATS),
    ActionSpec("quit", "File", "Quit", lambda w: w.close(), ("Ctrl+Q",), group=5),
    ActionSpec(
        "paste",
        "Edit",
        "Paste as a document",
        lambda w: w.paste(),
        ("Ctrl+V",),
        hint="Read a report from the clipboard",
    ),
    ActionSpec(
        "copy-frame",
        "Edit",
        "Copy the frame",
        lambda w: w.copy_frame(),
        enabled=lambda state: state.frame,
        group=1,
    ),
    ActionSpec(
        "copy-stack",
        "Edit",
        "Copy the stack",
        lambda w: w.copy_stack(),
        ("Ctrl+Shift+C",),
        lambda state: state.edge,
        group=1,
    ),
    *(_copy(*row) for row in FORMATS),
    *(_view(number, *row) for number, row in enumerate(VIEWS, 1)),
    ActionSpec(
        "fit", "View", "Fit", lambda w: w.graph.fit(), ("Ctrl+0",), needs_picture, "Show the whole picture", group=2
    ),
    ActionSpec(
        "zoom-in", "View", "Zoom in", lambda w: w.graph.zoom(1.25), ("Ctrl++", "Ctrl+="), needs_picture, group=2
    ),
    ActionSpec("zoom-out", "View", "Zoom out", lambda w: w.graph.zoom(0.8), ("Ctrl+-",), needs_picture, group=2),
    *(_theme(*row) for row in THEME_TITLES),
    ActionSpec("reset-layout", "View", "Reset the layout", lambda w: w.reset_layout(), group=6),
    ActionSpec(
        "previous-report",
        "Go",
        "Previous report",
        lambda w: w.step_report(-1),
        ("Alt+Up",),
        lambda state: state.earlier_report,
        short="\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK} Report",
    ),
    ActionSpec(
        "next-report",
        "Go",
        "Next report",
        lambda w: w.step_report(1),
        ("Alt+Down",),
        lambda state: state.later_report,
        short="Report \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
    ),
    ActionSpec("walk-back", "Go", "Back along the cycle", lambda w: w.graph.walk(-1), ("[",), needs_links, group=1),
    ActionSpec("walk", "Go", "On along the cycle", lambda w: w.graph.walk(1), ("]",), needs_links, group=1),
    ActionSpec(
        "compare",
        "Go",
        "Compare with another report...",
        lambda w: w.compare(),
        ("Ctrl+D",),
        needs_report,
        "Two reports side by side, with what differs marked",
        group=2,
    ),
    ActionSpec(
        "clock",
        "Go",
        "Curves of the page fault storm...",
        lambda w: w.show_clock(),
        hint="How kernels with and without speculative page faults scale, in model time",
        group=2,
    ),
    ActionSpec("replay-first", "Replay", "To the start", lambda w: w.player.first(), ("<",), needs_run),
    ActionSpec("replay-back", "Replay", "One step back", lambda w: w.player.back(), (",",), needs_run),
    ActionSpec("replay-play", "Replay", "Play or pause", lambda w: w.player.toggle_play(), ("P",), needs_run),
    ActionSpec("replay-forward", "Replay", "One step on", lambda w: w.player.forward(), (".",), needs_run),
    ActionSpec("replay-last", "Replay", "To the end", lambda w: w.player.last(), (">",), needs_run),
    ActionSpec(
        "replay-deadlock",
        "Replay",
        "Into the deadlock",
        lambda w: w.replay.deadlock(),
        enabled=needs_cycle,
        hint="A schedule in which every task ends up waiting",
        group=1,
    ),
    ActionSpec(
        "replay-avoid",
        "Replay",
        "Past the deadlock",
        lambda w: w.replay.avoid(),
        enabled=needs_cycle,
        hint="A schedule in which every task comes through",
        group=1,
    ),
    ActionSpec("shortcuts", "Help", "Keyboard shortcuts", lambda w: w.show_shortcuts(), ("F1",)),
    ActionSpec("about", "Help", "About lockview", lambda w: w.show_about(), group=1),
)
"""In menu order."""

TOOL_BAR = (
    ("open",),
    ("previous-report", "next-report"),
    ("view-ring", "view-layered", "view-lanes"),
    ("fit",),
    ("follow",),
)
"""Names of actions, in groups that a hairline parts."""

MENUS = ("File", "Edit", "View", "Go", "Replay", "Help")
