"""Saving and copying the picture of the selected report, by the same renderer as ``lockview render``."""

from __future__ import annotations

import atexit
import os
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QIODevice, QMimeData, QSaveFile
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from lockview.document.documents import Document, OpenReport
from lockview.document.errors import UserError
from lockview.gui.actions import FORMATS
from lockview.gui.painting import Fonts, export_pdf, export_png, font_measure
from lockview.gui.theme import Appearance
from lockview.gui.workspace import Workspace
from lockview.layout.drawing import Drawing
from lockview.layout.labels import visible
from lockview.layout.theme import THEMES

ENDINGS = {"mermaid": "mmd", "text": "txt"}
"""File name endings of the formats that are not called like theirs."""
MIME_TYPES = {"svg": "image/svg+xml", "pdf": "application/pdf"}
SCALES = (1, 2, 4)
USUAL_SCALE = 2
_LONGEST_STEM = 80


def export_report(
    parent: QWidget,
    workspace: Workspace,
    appearance: Appearance,
    fmt: str,
    view: str,
    drawing: Drawing | None = None,
) -> str:
    """Ask for a file name and save the selected report there, whole or not at all.

    ``drawing`` is what a picture shows, when that is not what the command line would draw. Returns a sentence that
    says what was done, "" when the user changed their mind. Raises UserError when it could not be done.
    """
    document, report = _selected(workspace)
    path, scale = _ask(parent, document, report, fmt)
    if not path:
        return ""
    if document.path and _same_file(Path(path), Path(document.path)):
        raise UserError(f"{visible(path)} is the log itself; choose another name.")
    save(path, content(document, report, appearance, fmt, view, scale, drawing))
    return f"Saved {visible(path)}."


def copy_report(
    workspace: Workspace, appearance: Appearance, fmt: str, view: str, drawing: Drawing | None = None
) -> str:
    """Put the selected report on the clipboard; arguments and result as for ``export_report``."""
    document, report = _selected(workspace)
    data = content(document, report, appearance, fmt, view, USUAL_SCALE, drawing)
    mime = QMimeData()
    if fmt == "png":
        mime.setImageData(QImage.fromData(data))
    elif fmt in MIME_TYPES:
        mime.setData(MIME_TYPES[fmt], data)
    if fmt not in ("png", "pdf"):
        mime.setText(data.decode("utf-8"))
    clipboard = QGuiApplication.clipboard()
    clipboard.setMimeData(mime)
    if not clipboard.ownsClipboard():
        # WORKAROUND: platforms that share no clipboard, such as offscreen, delete its data after Python is gone; if
        # Python made them, that crashes.
        atexit.register(_forget_copy)
    return f"Copied the {_title(fmt)}."


def _forget_copy() -> None:
    if QGuiApplication.instance() is not None:
        QGuiApplication.clipboard().clear()


def content(
    document: Document,
    report: OpenReport,
    appearance: Appearance,
    fmt: str,
    view: str,
    scale: float = 1.0,
    drawing: Drawing | None = None,
) -> bytes:
    """The bytes of the file, the same that ``lockview render --theme NAME`` writes, unless ``drawing`` is given.

    The theme is the window's by name, without what it borrows from the desktop. Raises UserError.
    """
    if not report.graph.nodes and fmt not in ("json", "text"):
        raise UserError("This report names no locks, so there is nothing to draw; JSON holds all that was read.")
    theme = THEMES[appearance.theme.name]
    if fmt in ("png", "pdf"):
        from lockview.export.render import drawing_for

        fonts = Fonts(appearance.ui_font, appearance.fixed_font)
        picture = drawing or drawing_for(report.report, report.graph, view, font_measure(fonts))
        try:
            return export_png(picture, theme, scale, fonts) if fmt == "png" else export_pdf(picture, theme, fonts)
        except ValueError as error:
            raise UserError(f"{error}.") from error
    if fmt == "json":
        from lockview.export.as_json import dumps

        return dumps([replace(document.log, reports=(report.report,))]).encode()
    if fmt == "svg" and drawing is not None:
        from lockview.export.as_svg import svg

        return svg(drawing, theme, font_measure(Fonts(appearance.ui_font, appearance.fixed_font))).encode()
    from lockview.export.render import render

    return render(report.report, report.graph, fmt, view=view, theme=theme.name)


def save(path: str, data: bytes) -> None:
    """Write a file so that it is never half there. Raises UserError, which names the file and the reason."""
    file = QSaveFile(path)
    if file.open(QIODevice.OpenModeFlag.WriteOnly):
        file.write(data)
        if file.commit():
            return
    raise UserError(f"{visible(path)} could not be written: {file.errorString()}.")


def suggested_name(report: OpenReport, fmt: str) -> str:
    """A file name that tells the report: its kind, its task and the lock that was wanted."""
    parts = [report.report.kind.value]
    if report.report.task:
        parts.append(report.report.task.comm)
    if report.report.wanted:
        parts.append(report.report.wanted.lock_class.name.rpartition("->")[2])
    stem = "-".join(filter(None, (_plain(part) for part in parts)))[:_LONGEST_STEM].rstrip("-_.")
    return f"{stem}.{ENDINGS.get(fmt, fmt)}"


def _plain(part: str) -> str:
    """The part with what shells and file systems take amiss left out; no leading dot or dash."""
    kept = (char if char.isascii() and (char.isalnum() or char in "_.-") else "_" for char in part)
    return "".join(kept).strip("_.-")


def _ask(parent: QWidget, document: Document, report: OpenReport, fmt: str) -> tuple[str, float]:
    """The chosen path, "" for none, and the scale, which for a PNG is chosen with the file type."""
    ending = ENDINGS.get(fmt, fmt)
    folder = Path(document.path).resolve().parent if document.path else Path.home()
    if not os.access(folder, os.W_OK):
        folder = Path.home()
    filters = [f"{_title(fmt)} (*.{ending})"]
    if fmt == "png":
        filters = [f"{_title(fmt)}, {scale} times the size (*.png)" for scale in SCALES]
    usual = filters[SCALES.index(USUAL_SCALE)] if fmt == "png" else filters[0]
    path, chosen = QFileDialog.getSaveFileName(
        parent,
        f"Export as {_title(fmt)}",
        str(folder / suggested_name(report, fmt)),
        ";;".join(filters),
        usual,
    )
    if path and not Path(path).suffix:
        path += f".{ending}"
    scale = SCALES[filters.index(chosen)] if chosen in filters and fmt == "png" else USUAL_SCALE
    return path, float(scale)


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # one of them does not exist
        return False


def _selected(workspace: Workspace) -> tuple[Document, OpenReport]:
    document, report = workspace.document, workspace.report
    if document is None or report is None:
        raise UserError("There is no report to export; open a log that holds one.")
    return document, report


def _title(fmt: str) -> str:
    return next((title for name, title, _ in FORMATS if name == fmt), fmt)
