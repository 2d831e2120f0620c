"""A log of many reports: the worker's answer arrives bit by bit, between other turns of the event loop."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from big_logs import at
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from lockview.document.opening import document_from
from lockview.export.as_json import report_from_json
from lockview.gui import child
from lockview.gui.jobs import Jobs
from lockview.parsing.reader import read_bytes

REPORTS = 41


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.stop()


def test_the_reports_of_an_answer_come_in_order_between_turns(
    jobs: Jobs, qtbot: QtBot, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "_MOMENT", 0)
    data = b"".join(at(sample.read_bytes(), number) for number in range(REPORTS))
    path = tmp_path / "many.log"
    path.write_bytes(data)
    answers: list[Any] = []
    parts: list[tuple[int, list[Any]]] = []
    turns: list[None] = []
    timer = QTimer(interval=0)
    timer.timeout.connect(lambda: turns.append(None))
    timer.start()
    jobs.run(
        "read",
        {"path": str(path), "spool": str(tmp_path / "spool")},
        answers.append,
        pytest.fail,
        on_news=lambda reports: parts.append((len(turns), reports)),
    )
    qtbot.waitUntil(lambda: bool(answers), timeout=20_000)
    others = [report_from_json(report) for _, reports in parts for report in reports]
    document = document_from(answers[0], str(path), "", others)
    assert len(parts) > 5
    assert len({turn for turn, _ in parts}) > len(parts) // 2
    assert document.log.reports == read_bytes(data).reports
    assert [report.span for report in document.log.reports] == [report.span for report in read_bytes(data).reports]
