"""Verdicts on the command line."""

from pathlib import Path

import pytest

from lockview import cli


def test_parse_says_whether_it_can_happen(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["parse", "--verdict", str(sample)]) == 0
    out = capsys.readouterr().out
    assert "\n  as classified: cannot (" in out
    assert "\n  as lockdep believes: cannot (" in out
    assert "A gate lock that the report does not list keeps execve and mremap apart" in out
    assert "\n  with readers that wait: depends\n" in out
    assert "\n  if counters block and truncation joins: deadlocks (" in out
    assert "\n      what if: allocate with GFP_NOFS there: cannot (" in out
    assert "opens every circle (up to 3 together): 1, 2, 3, 4\n" in out


def test_names_of_a_log_cannot_draw_on_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        "WARNING: possible recursive locking detected\n"
        "sh/1 is trying to acquire lock:\n (\x1b[31m\u202eA){+.+.}, at: f+0x1/0x2\n\n"
        "but task is already holding lock:\n (\x1b[31m\u202eA){+.+.}, at: g+0x1/0x2\n"
    )
    path = tmp_path / "hostile.log"
    path.write_text(text, encoding="utf-8")
    cli.main(["parse", "--verdict", str(path)])
    assert not {"\x1b", "\u202e"} & set(capsys.readouterr().out)
