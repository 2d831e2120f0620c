"""Opening things: files, folders, pipes and pasted text become documents, or a message that says why not.

Small files are read at once; big ones one after the other by the worker, with progress. Nothing that fails here touches
the documents that are open.
"""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from lockview.document import opening
from lockview.document.documents import Document
from lockview.document.errors import EmptySourceError, UserError
from lockview.document.names import STANDARD_INPUT
from lockview.gui.errands import Errand, take_reports
from lockview.gui.jobs import Jobs
from lockview.gui.plain import shown
from lockview.gui.workspace import Workspace
from lockview.model.logs import Log
from lockview.model.reports import Report

if TYPE_CHECKING:
    from lockview.gui.following import Following, Followings
    from lockview.gui.streams import Stream

FEW = 4
"""So many files are opened before anything else happens; each takes some milliseconds."""
CLIPBOARD = "clipboard"
"""What messages about pasting are about."""


class Opener(QObject):
    """``opened`` carries the path of a file that was opened, ``trouble`` a ``Message``."""

    opened = Signal(str)
    trouble = Signal(object)  # Message
    settled = Signal(str)
    """A path about which there is nothing to complain any more."""
    followed = Signal()
    """Another document is followed or none is any more, or one has grown."""

    def __init__(self, workspace: Workspace, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._jobs = jobs
        self._waiting: deque[Errand] = deque()
        self._pasted = 0
        self._folder = ""
        self._spooled = 0
        self._followings: Followings | None = None
        self._live: dict[Stream, Following] = {}

    def open_paths(self, paths: Sequence[str]) -> None:
        """Open files, folders and pipes, many of them bit by bit; the first that becomes a document is selected."""
        select = True
        for path in paths[:FEW]:
            if self._open_path(path, select):
                select = False
        if len(paths) > FEW:
            from lockview.gui.many import Many

            work = Many(paths[FEW:], self._open_path, select, self)
            work.ended.connect(work.deleteLater)
            self._jobs.watch(work)

    def open_text(self, text: str, name: str = "") -> None:
        """Open text that was pasted or dropped as a scratch document."""
        if not text.strip():
            self._complain("There is no text on the clipboard. Copy a report first, then paste it.", CLIPBOARD)
            return
        self.settled.emit(CLIPBOARD)
        if not name:
            self._pasted += 1
            name = f"Pasted text {self._pasted}"
        self.open_bytes(text.encode("utf-8", "replace"), name)

    def open_bytes(self, data: bytes, name: str) -> None:
        """Open what is in memory; when it is big or compressed the worker reads it from a file."""
        if opening.SCENARIO in data[: opening.HEAD] and self._take_scenario(data, name):
            return
        if len(data) <= opening.SMALL and not opening.is_packed(data[: opening.HEAD]):
            self._try(name, lambda: self._place(opening.document_of(data, name), None, True))
        else:
            self._try(name, lambda: self._keep(data, name))

    def read_stream(self, fd: int, path: str) -> None:
        """Read standard input or a pipe while the window lives; its end, or the user, ends it."""
        from lockview.gui.streams import Stream

        stream = Stream(fd, path or STANDARD_INPUT, self._spool, self)
        stream.arrived.connect(self._take_stream)
        stream.kept.connect(self._take_kept)
        stream.broke.connect(self._lose_stream)
        stream.went_on.connect(self._show_stream)
        stream.unfit.connect(self._hide_stream)
        stream.finished.connect(self._finish_stream)
        stream.over.connect(stream.deleteLater)
        self._jobs.watch(stream)

    def _take_stream(self, name: str, data: bytes) -> None:
        self.open_bytes(data, name)

    def _take_kept(self, name: str, path: str) -> None:
        self._try(name, lambda: self._queue(Errand(path, self._spool(), "", name)))

    def _lose_stream(self, name: str, sentence: str) -> None:
        self._complain(sentence, name)

    def _show_stream(self, name: str, path: str) -> None:
        """A pipe goes on: show what has come so far, and what comes."""
        stream = self._sending_stream()
        document = Document(Log(name), [], growing=True)
        self._workspace.add(document, select=self._workspace.document is None)
        self._live[stream] = self._made_followings().follow(document, path, "")

    def _hide_stream(self, _: str) -> None:
        """It turns out that a pipe can be read only when it has ended."""
        stream = self._sending_stream()
        following = self._live.pop(stream)
        self._workspace.close(next(n for n, d in enumerate(self._workspace.documents) if d is following.document))
        self._jobs.watch(stream)

    def _finish_stream(self) -> None:
        following = self._live.pop(self._sending_stream(), None)
        if following is not None:
            following.finish_up()

    def _sending_stream(self) -> Stream:
        from lockview.gui.streams import Stream

        stream = self.sender()
        assert isinstance(stream, Stream)
        return stream

    # -- following

    def following_of(self, document: Document | None) -> Following | None:
        """How a document is followed; None when it is not."""
        return self._followings.of(document) if self._followings is not None else None

    def toggle_following(self, document: Document) -> None:
        """Follow a document's file, or a file or pipe no longer. UserError when it cannot be followed."""
        from lockview.gui.following import why_not

        following = self.following_of(document)
        if following is not None:
            self._leave(following)
        elif why := why_not(document):
            raise UserError(why)
        else:
            self._made_followings().follow(document, document.path, self._spool())

    def _leave(self, following: Following) -> None:
        stream = next((stream for stream, known in self._live.items() if known is following), None)
        if stream is not None:
            stream.cancel()
        else:
            following.stop()

    def _made_followings(self) -> Followings:
        if self._followings is None:
            from lockview.gui.following import Followings

            self._followings = Followings(self._workspace, self._jobs, self)
            self._followings.trouble.connect(self.trouble)
            self._followings.changed.connect(self.followed)
            self._followings.left.connect(self._leave_stream)
        return self._followings

    def _leave_stream(self, following: Following) -> None:
        """The document of a pipe was closed: nobody wants the rest."""
        for stream, known in tuple(self._live.items()):
            if known is following:
                del self._live[stream]
                stream.cancel()

    def reload(self, document: Document) -> None:
        """Read a document's file again and show it in the same place."""
        path = document.path
        if not path:
            self._complain("Pasted text has no file to read again. Paste it once more instead.", "reload")
            return
        self._try(path, lambda: self._read(path, document, select=False))

    def forget_spool(self) -> None:
        """Remove the copies that were made for the worker."""
        if self._folder:
            import shutil

            shutil.rmtree(self._folder, ignore_errors=True)

    # -- ways to a document

    def _open_path(self, path: str, select: bool) -> bool:
        """Whether something is opened, now or soon."""
        if path == STANDARD_INPUT:
            self.read_stream(0, "")
            return False
        place = os.path.abspath(path)  # noqa: PTH100
        return self._try(place, lambda: self._begin(place, select))

    def _begin(self, path: str, select: bool) -> None:
        known = next((document for document in self._workspace.documents if document.path == path), None)
        place = opening.look_at(path)
        if place.kind is opening.Kind.FOLDER:
            self._read_folder(path, select)
        elif place.kind is opening.Kind.STREAM:
            self.read_stream(opening.open_stream(path), path)
        else:
            self._read(path, known, select)

    def _read(self, path: str, replaces: Document | None, select: bool) -> None:
        place = opening.look_at(path)
        if opening.may_be_scenario(path) and self._read_scenario(path, replaces, select):
            return
        if opening.may_be_trace(path):
            self._read_trace(path, place.size, replaces, select)
            return
        if replaces is not None and replaces.pieces:
            self._queue(Errand(path, self._spool(), path, "", replaces, select, replaces.pieces))
        elif opening.quick_to_read(path, place.size):
            try:
                document = opening.read_small(path)
            except EmptySourceError as error:
                self._offer_to_wait(path, str(error))
            else:
                self._place(document, replaces, select)
        else:
            self._queue(Errand(path, self._spool(), path, "", replaces, select))

    def _read_trace(self, path: str, size: int, replaces: Document | None, select: bool) -> None:
        from lockview.gui.trace_reading import read_trace_file

        def show(document: Document) -> None:
            self._try(path, lambda: self._place(document, replaces, select))

        read_trace_file(self._jobs, path, size, show, lambda sentence: self._complain(sentence, path))

    def _read_scenario(self, path: str, replaces: Document | None, select: bool) -> bool:
        """Whether a file is a scenario; then it is open."""
        from lockview.document.scenarios import is_scenario_file

        if not is_scenario_file(path):
            return False
        from lockview.document.simulated import read_scenario_document

        self._place(read_scenario_document(path), replaces, select)
        return True

    def _take_scenario(self, data: bytes, name: str) -> bool:
        """The same for text that comes from no file."""
        from lockview.document.scenarios import is_scenario_data

        if not is_scenario_data(data[: opening.HEAD]):
            return False
        from lockview.document.simulated import read_scenario_text

        self._try(name, lambda: self._place(read_scenario_text(data, name), None, True))
        return True

    def _offer_to_wait(self, path: str, sentence: str) -> None:
        """Nothing is in a file: perhaps something will be."""
        from lockview.gui.messages import Message, Way

        self.trouble.emit(Message(shown(sentence), ways=(Way("Follow it", lambda: self._wait_for(path)),), topic=path))

    def _wait_for(self, path: str) -> None:
        document = Document(Log(path), [], path)
        self._workspace.add(document)
        self._try(path, lambda: self.toggle_following(document))

    def _read_folder(self, path: str, select: bool) -> None:
        from lockview.gui.folders import FolderReading

        reading = FolderReading(self._workspace, path, select, self)
        reading.trouble.connect(self.trouble)
        reading.ended.connect(reading.deleteLater)
        reading.start(self._jobs, self._spool())

    def _place(self, document: Document, replaces: Document | None, select: bool) -> None:
        documents = self._workspace.documents
        number = next((number for number, known in enumerate(documents) if known is replaces), -1)
        if number >= 0:
            document.title, document.pieces = documents[number].title, documents[number].pieces
            self._workspace.replace(number, document)
            if select:
                self._workspace.select_document(number)
        else:
            self._workspace.add(document, select)
        topic = document.path or document.log.name
        self.settled.emit(topic)
        if document.path:
            self.opened.emit(document.path)
        if damage := opening.incomplete(document):
            from lockview.gui.messages import Message
            from lockview.model.text import Severity

            self.trouble.emit(Message(shown(damage), Severity.WARNING, (), topic))

    # -- the worker

    def _queue(self, errand: Errand) -> None:
        self._waiting.append(errand)
        if len(self._waiting) == 1:
            self._run_next()

    def _run_next(self) -> None:
        errand = self._waiting[0]
        others: list[Report] = []
        job = self._jobs.run(
            "read",
            {"path": errand.source, "spool": errand.spool, "pieces": errand.pieces},
            lambda answer: self._receive(errand, answer, others),
            lambda sentence: self._fail(errand, sentence),
            title=f"Reading {errand.path.rpartition('/')[2] or errand.name}",
            on_news=lambda reports: take_reports(others, reports),
        )
        job.ended.connect(self._finish)

    def _fail(self, errand: Errand, sentence: str) -> None:
        """Say what went wrong; of a copy that the user knows nothing of, in the name of what it is a copy of."""
        if not errand.path:
            name = "Standard input" if errand.name == STANDARD_INPUT else errand.name
            sentence = sentence.replace(errand.source, name)
        self._complain(sentence, errand.path or errand.name)

    def _receive(self, errand: Errand, answer: dict[str, Any], others: list[Report]) -> None:
        self._try(
            errand.path or errand.name,
            lambda: self._place(
                opening.document_from(answer, errand.path, errand.name, others), errand.replaces, errand.select
            ),
        )

    def _finish(self) -> None:
        errand = self._waiting.popleft()
        # The document holds its text open, so the names can go: nothing stays behind, whatever ends the program.
        for copy in (errand.spool, "" if errand.path else errand.source):
            with contextlib.suppress(OSError):
                os.unlink(copy)  # noqa: PTH108
        if self._waiting:
            self._run_next()

    def _keep(self, data: bytes, name: str) -> None:
        """Have the worker read what is in memory, from a copy in a file."""
        source = self._spool()
        try:
            with open(source, "wb") as file:  # noqa: PTH123
                file.write(data)
        except OSError as error:
            raise UserError(opening.no_room(source, error)) from error
        self._queue(Errand(source, self._spool(), "", name))

    def _spool(self) -> str:
        """A new file name in a folder that only this user can read. UserError when there can be none."""
        import tempfile

        if not self._folder:
            try:
                self._folder = tempfile.mkdtemp(prefix="lockview-")
            except OSError as error:
                raise UserError(opening.no_room(error.filename or "", error)) from error
        self._spooled += 1
        return f"{self._folder}/{self._spooled}"

    # -- complaints

    def _try(self, topic: str, act: Callable[[], None]) -> bool:
        try:
            act()
        except UserError as error:
            self._complain(str(error), topic)
            return False
        return True

    def _complain(self, sentence: str, topic: str) -> None:
        from lockview.gui.messages import Message

        self.trouble.emit(Message(shown(sentence), topic=topic))
