"""``lockview simulate``, ``scenarios`` and ``check``: what they print, write and return."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lockview import __main__, cli
from lockview.document.scenarios import library
from lockview.export.recorded_runs import RunWriter
from lockview.export.trace_lines import trace_bytes
from lockview.model.run_traces import Broken, Spoken
from lockview.model.trace_forms import FORMS
from lockview.parsing.reader import read_file, read_text
from lockview.parsing.trace_gzip import unpacked
from lockview.parsing.trace_lines import read_trace
from lockview.parsing.trace_states import TraceStates

ROOT = Path(__file__).resolve().parent.parent
Capture = pytest.CaptureFixture[str]


def out_of(capsys: Capture, *arguments: str | Path, code: int = 0) -> str:
    assert cli.main(list(map(str, arguments))) == code
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


def error_of(capsys: Capture, *arguments: str | Path) -> str:
    """The one line that every error is."""
    assert cli.main(list(map(str, arguments))) == 2
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    return printed.removeprefix("lockview: ").rstrip("\n")


@pytest.mark.parametrize("command", ["simulate", "scenarios", "check"])
def test_the_commands_open_no_window(command: str) -> None:
    assert __main__.files_for_window([command, "S01"]) is None
    assert __main__.files_for_window([f"./{command}"]) == [f"./{command}"]


def test_scenarios_lists_the_library(capsys: Capture) -> None:
    lines = out_of(capsys, "scenarios").splitlines()
    assert [line.split()[0] for line in lines] == [entry.id for entry in library()]
    assert "S01 " in lines[0]
    assert lines[0].endswith("khugepaged against mremap, as reported (clean, circular report)")
    entries = [json.loads(line) for line in out_of(capsys, "scenarios", "--json").splitlines()]
    assert [entry["id"] for entry in entries] == [entry.id for entry in library()]
    assert entries[0]["report"] == "circular"


def test_simulate_says_what_came_of_it(capsys: Capture) -> None:
    printed = out_of(capsys, "simulate", "s01")
    assert printed.startswith("S01: khugepaged against mremap, as reported\nkernel: spf-v2 (")
    assert "steps, done\n" in printed
    assert "report: WARNING: possible circular locking dependency detected, at step " in printed
    assert "deadlock" in out_of(capsys, "simulate", "S18", code=1)


def test_splat_prints_what_the_kernel_would(capsys: Capture) -> None:
    (report,) = read_text(out_of(capsys, "simulate", "S01", "--splat")).reports
    (seed,) = read_file(str(ROOT / "resources" / "samples" / "khugepaged-fs-reclaim.log")).reports
    assert [edge.wanted for edge in report.cycle] == [edge.wanted for edge in seed.cycle]
    assert report.task == seed.task


def test_the_same_arguments_write_the_same_bytes(tmp_path: Path, capsys: Capture) -> None:
    written = []
    for name in ("a.jsonl", "b.jsonl", "c.jsonl.gz"):
        out_of(capsys, "simulate", "S02", "--seed", "5", "-o", tmp_path / name, "--switch", "m18")
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1] == unpacked(written[2])
    head = read_trace(written[0]).head
    assert (head.seed, head.switches, head.scheduler["name"]) == (5, ("M18",), "dice")


def test_a_trace_is_a_schedule(tmp_path: Path, capsys: Capture) -> None:
    """Variant, switches and seed are in it: nothing else has to be said to get the same bytes."""
    first, again = tmp_path / "first.jsonl.gz", tmp_path / "again.jsonl.gz"
    options = ("--variant", "spf-v4", "--switch", "M2", "--switch", "no-raw-adjust", "--seed", "8")
    cli.main(list(map(str, ("simulate", "S05", *options, "-o", first))))
    cli.main(list(map(str, ("simulate", "S05", "--schedule", first, "-o", again))))
    capsys.readouterr()
    assert again.read_bytes() == first.read_bytes()
    assert "trace of another scenario" in error_of(capsys, "simulate", "S02", "--schedule", first)
    assert "give another file" in error_of(capsys, "simulate", "S05", "--schedule", first, "-o", first)


def test_a_schedule_of_numbers(tmp_path: Path, capsys: Capture) -> None:
    schedule = tmp_path / "schedule"
    schedule.write_text("0 0 # two steps\n0\n")
    assert "3 steps, bound" in out_of(capsys, "simulate", "S18", "--schedule", schedule, code=1)
    schedule.write_text("0 nobody")
    assert 'line 1: "nobody" is neither TASK nor TASK:ANSWER' in error_of(
        capsys, "simulate", "S18", "--schedule", schedule
    )
    schedule.write_text("77")
    assert "step 0: task 77 cannot step" in error_of(capsys, "simulate", "S18", "--schedule", schedule)


def test_an_interrupted_run_leaves_a_whole_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hear = RunWriter.hear

    def interrupted(self: RunWriter, *arguments: object) -> None:
        hear(self, *arguments)  # type: ignore[arg-type]
        if self.steps == 20:
            raise KeyboardInterrupt

    monkeypatch.setattr(RunWriter, "hear", interrupted)
    out = tmp_path / "cut.jsonl"
    assert cli.main(["simulate", "S01", "-o", str(out)]) == 130
    trace = read_trace(out.read_bytes())
    assert trace.remarks == ()
    assert trace.end
    assert trace.end.result == "cancelled"
    assert len(trace.choices) == 20
    assert TraceStates(out.read_bytes()).check() == len(trace.events)


def test_errors_are_one_line(capsys: Capture) -> None:
    assert "neither a file nor a scenario" in error_of(capsys, "simulate", "S99")
    assert '"M99" is no switch' in error_of(capsys, "simulate", "S01", "--switch", "M99")
    assert "x is no whole number" in error_of(capsys, "simulate", "S01", "--seed", "x")
    assert "not allowed with" in error_of(capsys, "simulate", "S01", "--seed", "1", "--schedule", "f")
    assert "does not exist" in error_of(capsys, "check", "/nowhere/at/all")
    assert "is neither a trace of lockview" in error_of(capsys, "check", ROOT / "README.md")


def test_the_trace_goes_through_a_pipe() -> None:
    command = [sys.executable, "-m", "lockview", "simulate", "S01", "-o", "-"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, env=dict(os.environ, PYTHONHASHSEED="7"))
    assert (done.returncode, done.stderr) == (0, b"")
    other = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, env=dict(os.environ, PYTHONHASHSEED="8"))
    assert done.stdout == other.stdout
    assert trace_bytes(read_trace(done.stdout)) == done.stdout


def test_other_forms(tmp_path: Path, capsys: Capture) -> None:
    cli.main(["simulate", "S02", "-o", str(tmp_path / "t.json"), "--format", "chrome"])
    assert json.loads((tmp_path / "t.json").read_text())["otherData"]["scenario"]["id"] == "S02"
    cli.main(["simulate", "S02", "-o", str(tmp_path / "t.txt"), "--format", "ftrace"])
    (stream,) = read_file(str(tmp_path / "t.txt")).event_streams
    assert {task.name for task in stream.tasks} >= {"khugepaged", "truncate"}
    capsys.readouterr()


# --- check ------------------------------------------------------------------------------------------------------


def test_check_looks_through_a_trace(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "t.jsonl"
    out_of(capsys, "simulate", "S01", "-o", path)
    trace = read_trace(path.read_bytes())
    printed = out_of(capsys, "check", path, code=1)
    assert f"events: {len(trace.events)}, done; every old value fits\n" in printed
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"khugepaged/43 is trying", b"khugepaged/44 is trying"))
    assert "its reports are not those that its events lead to" in error_of(capsys, "check", path)
    path.write_bytes(whole)
    assert "mm:0.mmap_sem = [-1,[],[]]\n" in out_of(capsys, "check", path, "--at", "-1")
    path.write_bytes(path.read_bytes()[:30_000])
    assert "The end of this trace is missing" in out_of(capsys, "check", path)
    path.write_bytes(path.read_bytes().replace(b'"old":[-1,[],[]]', b'"old":[4,[],[]]', 1))
    assert ": old: mm:0.mmap_sem is [-1, [], []] here, not [4, [], []]" in error_of(capsys, "check", path)


def test_check_runs_the_validator_over_a_real_trace(shared: Path, tmp_path: Path, capsys: Capture) -> None:
    capture = shared / "realkernel" / "ftrace.trace_lock.txt"
    printed = out_of(capsys, "check", capture, code=1)
    assert "events: 8,716, 4,343 acquisitions checked\nfound: WARNING: possible circular" in printed
    (report,) = read_text(out_of(capsys, "check", capture, "--splat", code=1)).reports
    assert [edge.wanted.name for edge in report.cycle] == ["&ent->lock", "&tbl->lock"]
    packed = tmp_path / "t.jsonl.gz"
    out_of(capsys, "check", capture, "-o", packed, code=1)
    assert "done; every old value fits" in out_of(capsys, "check", packed)


def test_parse_finds_the_report_in_a_trace(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "t.jsonl.gz"
    out_of(capsys, "simulate", "S01", "-o", path)
    (spoken,) = read_trace(unpacked(path.read_bytes())).of(Spoken)
    assert read_file(str(path)).reports == read_text(spoken.text).reports
    assert not list(read_trace(unpacked(path.read_bytes())).of(Broken))


def test_the_document_names_every_field() -> None:
    text = (ROOT / "docs" / "trace-format.md").read_text()
    for form in FORMS.values():
        assert f"`{form.kind}`" in text
        for field in form.fields:
            assert f"`{field.key}`" in text, (form.kind, field.key)
