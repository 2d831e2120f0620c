"""``lockview simulate --clock`` as a user runs it."""

from pathlib import Path

import pytest

from lockview import cli

NOTHING_COSTS = [
    word
    for name in ("user", "mmap", "munmap", "zap", "fault", "attempt", "section", "transfer")
    for word in ("--set", f"{name}=0")
]
QUICK = ["simulate", "S04", "--clock", "--cpus", "1,2", "--milliseconds", "2", "--set", "pages=4"]


def printed(arguments: list[str], capsys: pytest.CaptureFixture[str], code: int = 0) -> str:
    assert cli.main(arguments) == code
    out, err = capsys.readouterr()
    assert err == "" if code == 0 else out == ""
    return out if code == 0 else err


def test_a_table_in_model_time(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(QUICK, capsys)
    assert "model time, not measured" in out.splitlines()[0]
    for name in ("classic", "SPF v2", "SPF v11", "per-VMA locks, own VMAs", "per-VMA locks, one VMA", "times classic"):
        assert name in out
    assert printed(QUICK, capsys) == out
    assert printed([*QUICK, "--seed", "2"], capsys) != out


@pytest.mark.usefixtures("qapp")
def test_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures, picture, image = (tmp_path / name for name in ("a.csv", "a.svg", "a.png"))
    arguments = [*QUICK, "--kernel", "spf-v2", "--show", "gain", "--csv", str(figures), "--svg", str(picture)]
    printed([*arguments, "--png", str(image), "--theme", "dark"], capsys)
    assert figures.read_text().startswith("kernel,cpus,model_records_per_s")
    assert len(figures.read_text().splitlines()) == 5  # the gain needs the classic kernel too
    assert "model time, not measured" in picture.read_text()
    assert image.read_bytes().startswith(b"\x89PNG")


def test_standard_output_is_for_one_thing(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed([*QUICK, "--kernel", "classic", "--csv", "-"], capsys).startswith("kernel,cpus,")


def test_starvation(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(["simulate", "s14", "--clock", "--cpus", "2,4", "--milliseconds", "3"], capsys)
    assert out.count("unfair") == 2
    assert "model time" in out


def test_any_other_scenario_runs_once(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(["simulate", "S05", "--clock"], capsys)
    assert "all tasks ended after" in out
    assert "model time" in out


def test_costs(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(["simulate", "S04", "--clock", "--costs", "--set", "wake=10"], capsys)
    assert "waking a sleeper, us" in out
    assert next(line for line in out.splitlines() if line.startswith("wake")).split()[1] == "10"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cpus", "0"], "0 is not a number of CPUs from 1 to 1024"),
        (["--set", "wake"], "wake is not NAME=VALUE"),
        (["--set", "wake=fast"], "wake must be a number, not fast"),
        (["--set", "sleep=1"], "there is no parameter sleep"),
        (["--set", "aborts=2"], "aborts must be 0 to 1, not 2"),
        (["--milliseconds", "-1"], "no time between"),
        (["--kernel", "new"], "invalid choice"),
        (["--cpus", "1", "--small", *NOTHING_COSTS], "time stands still"),
    ],
)
def test_what_is_wrong_is_named(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    err = printed(["simulate", "S04", "--clock", *arguments], capsys, code=2)
    assert words in err
    assert err.count("\n") == 1
