"""Work in child processes: answers, progress, cancelling, crashes, time limits, and the newest request winning."""

import contextlib
import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QProcess
from pytestqt.qtbot import QtBot

from lockview.export.as_json import log_from_json
from lockview.gui.child import worker_command
from lockview.gui.jobs import Jobs, Work
from lockview.gui.status import StatusBar
from lockview.gui.streams import Stream
from lockview.worker import frame, frames_in

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.stop()


@settings(max_examples=50, deadline=None)
@given(st.lists(JSON, max_size=5), st.integers(1, 7))
def test_frames_come_back_however_they_are_cut(values: list[Any], step: int) -> None:
    data = b"".join(frame(value) for value in values)
    buffer, found = bytearray(), []
    for start in range(0, len(data), step):
        buffer += data[start : start + step]
        found += frames_in(buffer)
    assert found == values
    assert not buffer


def test_an_absurd_length_is_not_waited_for() -> None:
    with pytest.raises(ValueError, match="frame of"):
        frames_in(bytearray(b"\xff\xff\xff\xff"))


def test_a_file_is_read_with_progress(jobs: Jobs, qtbot: QtBot, sample: Path, tmp_path: Path) -> None:
    answers: list[Any] = []
    steps: list[tuple[int, int]] = []
    packed = tmp_path / "log.gz"
    packed.write_bytes(gzip.compress(sample.read_bytes()))
    spool = tmp_path / "spool"
    jobs.run(
        "read",
        {"path": str(packed), "spool": str(spool)},
        answers.append,
        pytest.fail,
        lambda done, total: steps.append((done, total)),
    )
    qtbot.waitUntil(lambda: bool(answers), timeout=10_000)
    log = log_from_json(answers[0]["log"])
    assert [report.kind for report in log.reports] == ["circular"]
    assert answers[0]["text"] == str(spool)
    assert spool.read_bytes() == sample.read_bytes()
    assert steps[-1][0] == steps[-1][1] == packed.stat().st_size
    qtbot.waitUntil(lambda: not jobs.running)


def test_a_failure_is_a_sentence(jobs: Jobs, qtbot: QtBot, tmp_path: Path) -> None:
    failures: list[str] = []
    jobs.run("read", {"path": str(tmp_path / "none"), "spool": ""}, pytest.fail, failures.append)
    qtbot.waitUntil(lambda: bool(failures), timeout=10_000)
    assert "does not exist" in failures[0]


def test_a_crash_is_one_failed_job(jobs: Jobs, qtbot: QtBot, tmp_path: Path) -> None:
    failures: list[str] = []
    job = jobs.run("read", {"path": _endless(tmp_path), "spool": ""}, pytest.fail, failures.append, title="Reading x")
    process = job.findChild(QProcess)
    assert process is not None
    qtbot.waitUntil(lambda: process.state() == QProcess.ProcessState.Running)
    os.kill(process.processId(), 9)
    qtbot.waitUntil(lambda: bool(failures), timeout=10_000)
    assert failures[0].startswith("Reading x: the worker process crashed")
    assert jobs.running == ()


def test_a_bug_in_the_worker_is_named(jobs: Jobs, qtbot: QtBot) -> None:
    failures: list[str] = []
    jobs.run("layered", {"no": "graph"}, pytest.fail, failures.append, title="Graphviz")
    qtbot.waitUntil(lambda: bool(failures), timeout=10_000)
    assert "KeyError" in failures[0]


def test_the_time_limit_stops_a_job(jobs: Jobs, qtbot: QtBot, tmp_path: Path) -> None:
    failures: list[str] = []
    jobs.run(
        "read",
        {"path": _endless(tmp_path), "spool": ""},
        pytest.fail,
        failures.append,
        timeout_ms=150,
        title="Reading x",
    )
    qtbot.waitUntil(lambda: bool(failures), timeout=10_000)
    assert failures == ["Reading x: stopped after 0.15 s."]


def test_the_newest_request_wins(jobs: Jobs, qtbot: QtBot, sample: Path, tmp_path: Path) -> None:
    answers: list[Any] = []
    first = jobs.run("read", {"path": _endless(tmp_path), "spool": ""}, pytest.fail, pytest.fail)
    cancelled: list[bool] = []
    first.cancelled.connect(lambda: cancelled.append(True))
    jobs.run("read", {"path": str(sample), "spool": ""}, answers.append, pytest.fail)
    assert cancelled == [True]
    qtbot.waitUntil(lambda: bool(answers), timeout=10_000)
    assert not jobs.running


def test_cancelling_is_silent(jobs: Jobs, qtbot: QtBot, tmp_path: Path) -> None:
    job = jobs.run("read", {"path": _endless(tmp_path), "spool": ""}, pytest.fail, pytest.fail)
    with qtbot.waitSignal(job.ended):
        job.cancel()
    job.cancel()
    assert jobs.running == ()


def test_the_worker_runs_the_code_of_this_process(tmp_path: Path) -> None:
    """Also from another folder and with a hostile PYTHONPATH, from a checkout as from a wheel."""
    (tmp_path / "lockview.py").write_text("raise SystemExit('the wrong package')")
    command = worker_command()
    assert command[0] == sys.executable
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        command,
        input=frame({"job": "none", "payload": None}),
        capture_output=True,
        cwd=tmp_path,
        env=environment,
        check=True,
    )
    assert frames_in(bytearray(done.stdout)) == [{"failed": "The worker knows no job named 'none'."}]


def test_work_that_lasts_is_shown_and_can_be_cancelled(qtbot: QtBot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    work = _Work("Reading <b>big</b>.log", None)
    bar.watch(work)
    assert not bar.working
    qtbot.waitUntil(lambda: bar.working, timeout=3000)
    work.progress.emit(5 << 40, 10 << 40)
    view = bar._works[0]
    assert (view.bar.value(), view.bar.maximum()) == (500, 1000)
    assert view.title.text() == "Reading <b>big</b>.log"
    view.button.click()
    assert work.was_cancelled
    work.ended.emit()
    assert not bar.working


def test_work_that_is_soon_done_is_never_shown(qtbot: QtBot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    work = _Work("quick", None)
    bar.watch(work)
    work.ended.emit()
    qtbot.wait(300)
    assert not bar.working


def test_a_pipe_is_read_while_the_window_lives(qtbot: QtBot) -> None:
    reading, writing = os.pipe()
    stream = Stream(reading, "-", _no_file)
    got: list[bytes] = []
    stream.arrived.connect(lambda _, data: got.append(data))
    os.write(writing, b"one ")
    qtbot.wait(20)
    os.write(writing, b"two")
    os.close(writing)
    qtbot.waitUntil(lambda: bool(got))
    assert got == [b"one two"]


def test_a_pipe_that_never_ends_can_be_left(qtbot: QtBot) -> None:
    reading, writing = os.pipe()
    stream = Stream(reading, "-", _no_file)
    got: list[bytes] = []
    stream.arrived.connect(lambda _, data: got.append(data))
    with qtbot.waitSignal(stream.progress):
        os.write(writing, b"so far")
    stream.cancel()
    os.close(writing)
    assert got == [b"so far"]


def test_much_from_a_pipe_goes_to_a_file(qtbot: QtBot, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    stream = Stream(reading, "-", lambda: str(tmp_path / "copy"))
    data = bytes(range(256)) * 2048
    with ThreadPoolExecutor() as pool, qtbot.waitSignal(stream.kept) as kept:
        pool.submit(_pour, writing, data)
    assert kept.args == ["-", str(tmp_path / "copy")]
    assert (tmp_path / "copy").read_bytes() == data


def test_a_pipe_that_finds_no_room_breaks_with_a_sentence(qtbot: QtBot, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    stream = Stream(reading, "-", lambda: str(tmp_path / "no folder" / "copy"))
    with ThreadPoolExecutor() as pool, qtbot.waitSignals([stream.broke, stream.ended]):
        stream.broke.connect(lambda _, sentence: said.append(sentence))
        said: list[str] = []
        pool.submit(_pour, writing, b"x" * (1 << 20))
    assert "No such file or directory" in said[0]


def _pour(fd: int, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), os.fdopen(fd, "wb") as file:
        file.write(data)


def _no_file() -> str:
    raise AssertionError("so little needs no file")


class _Work(Work):
    was_cancelled = False

    def cancel(self) -> None:
        self.was_cancelled = True


def _endless(folder: Path) -> str:
    """A pipe that nobody writes to: whoever opens it waits."""
    path = folder / "endless"
    if not path.exists():
        os.mkfifo(path)
    return str(path)
