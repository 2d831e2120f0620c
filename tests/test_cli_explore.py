"""``lockview explore``: what it prints, writes and returns."""

import json
from pathlib import Path

import pytest

from lockview import cli
from lockview.parsing.trace_lines import read_trace

Capture = pytest.CaptureFixture[str]
SAMPLE = Path(__file__).resolve().parent.parent / "resources/samples/khugepaged-fs-reclaim.log"


def explored(capsys: Capture, *arguments: str | Path, code: int = 0) -> str:
    assert cli.main(["explore", *map(str, arguments)]) == code
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


def error_of(capsys: Capture, *arguments: str | Path) -> str:
    """The one line that every error is."""
    assert cli.main(["explore", *map(str, arguments)]) == 2
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    return printed.removeprefix("lockview: ").rstrip("\n")


def test_a_deadlock(capsys: Capture) -> None:
    out = explored(capsys, "S18", code=1)
    assert "verdict: deadlocks\n" in out
    assert "searched: exhaustive, 12 states, 14 transitions\n" in out
    assert "found: I13, nobody can go on; 3 steps, 1 preemption\n" in out
    assert "schedule: lv1:S18:Ax2B:" in out
    assert "  Without M4 (the page table lock is waited for with interrupts off) the same steps do no harm.\n" in out
    assert "assumed:\n  steps are seen by all CPUs in one order" in out


@pytest.mark.parametrize("strategy", ["exhaustive", "preemptions", "dpor"])
def test_no_deadlock_under_these_rules(capsys: Capture, strategy: str) -> None:
    out = explored(capsys, "S18", "--switch", "no-M4", "--strategy", strategy)
    assert "verdict: cannot under these rules\n" in out
    assert f"searched: {strategy}, " in out


def test_not_decided(capsys: Capture) -> None:
    out = explored(capsys, "S02", "--bound", "100", code=3)
    assert "verdict: not decided (there are more than 100 states)\n" in out
    out = explored(capsys, "S18", "--switch", "no-M4", "--strategy", "pct", "--bound", "20", code=3)
    assert "verdict: not decided (20 runs are not all)\n" in out
    assert "chance: a run finds a bug of depth 3 with a chance of at least 1/" in out


def test_a_broken_invariant_as_json_and_as_a_trace(capsys: Capture, tmp_path: Path) -> None:
    trace = tmp_path / "found.jsonl"
    value = json.loads(
        explored(capsys, "S05", "--switch", "M5", "--strategy", "preemptions", "--json", "-o", trace, code=1)
    )
    assert value["verdict"] == "violates"
    assert value["found"]["invariant"] == "I4"
    assert value["found"]["preemptions"] == 1
    read = read_trace(trace.read_bytes())
    assert [list(choice) for choice in read.choices] == value["found"]["moves"]
    schedule = value["found"]["schedule"]
    again = json.loads(explored(capsys, "S05", "--switch", "M5", "--schedule", schedule, "--json", code=1))
    assert again["found"] == value["found"]
    out = explored(capsys, "S05", "--schedule", schedule, code=3)
    assert "verdict: not decided (this is one run among many)\n" in out


def test_schedules_that_do_not_fit(capsys: Capture) -> None:
    schedule = json.loads(explored(capsys, "S18", "--json", code=1))["found"]["schedule"]
    assert "the schedule is one of S18" in error_of(capsys, "S05", "--schedule", schedule)
    assert "checksum" in error_of(capsys, "S18", "--schedule", schedule[:-1] + "x")
    assert 'begins with "lv1:"' in error_of(capsys, "S18", "--schedule", "A")


def test_a_search_goes_on_from_its_checkpoint(capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "checkpoint"
    whole = json.loads(explored(capsys, "S18", "--switch", "no-M4", "--json"))
    out = explored(capsys, "S18", "--switch", "no-M4", "--checkpoint", file, "--bound", "10", code=3)
    assert "more than 10 states" in out
    assert json.loads(explored(capsys, "S18", "--switch", "no-M4", "--checkpoint", file, "--json")) == whole
    assert "of another scenario, or of another kernel" in error_of(capsys, "S18", "--checkpoint", file)
    assert "exhaustive only" in error_of(capsys, "S18", "--checkpoint", file, "--strategy", "dpor")


def test_a_report_in_a_log(capsys: Capture, tmp_path: Path) -> None:
    out = explored(capsys, SAMPLE)
    assert "\nas classified: cannot" in out
    value = json.loads(explored(capsys, SAMPLE, "--json"))
    assert [verdict["name"] for verdict in value["verdicts"]][:2] == ["as classified", "as lockdep believes"]
    assert "--report takes 1 to 1" in error_of(capsys, SAMPLE, "--report", "2")
    empty = tmp_path / "empty.log"
    empty.write_text("nothing\n")
    assert "holds no report, and is no scenario" in error_of(capsys, empty)


def test_what_lockdep_says_is_told_besides(capsys: Capture) -> None:
    out = explored(capsys, "S01", "--bound", "50", code=3)
    assert "\nlockdep: WARNING: possible circular locking dependency detected; lv1:S01:A" in out
    assert json.loads(explored(capsys, "S01", "--bound", "50", "--json", code=3))["lockdep"]["seed"] is None
    assert "\nlockdep: says nothing in 20 runs\n" in explored(capsys, "S18", code=1)


def test_the_table_of_mistakes(capsys: Capture) -> None:
    out = explored(capsys, "--matrix")
    assert out.endswith("65 rows, 0 differences\n")
    assert "M24                      I13, 3 steps, 1 preemption\n" in out


def test_what_cannot_be_explored(capsys: Capture) -> None:
    assert "SCENARIO or FILE was expected" in error_of(capsys)
    assert "neither a file nor a scenario" in error_of(capsys, "S99")
    assert "is no switch" in error_of(capsys, "S18", "--switch", "Q1")
    assert "is no whole number" in error_of(capsys, "S18", "--bound", "-1")
