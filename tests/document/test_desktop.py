"""Putting lockview into the menus of the user, and taking it out again."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lockview.document.desktop import APP_ID, ENTRY, PLACES, exec_value, install, uninstall
from lockview.document.errors import UserError


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_what_is_installed_is_taken_away_without_a_trace(tmp_path: Path) -> None:
    written = install(str(tmp_path))
    assert written[: len(PLACES)] == tuple(str(tmp_path / place) for _, place in PLACES)
    assert all((tmp_path / place).is_file() for _, place in PLACES)
    removed = uninstall(str(tmp_path))
    assert removed[: len(PLACES)] == written[: len(PLACES)]
    assert files_below(tmp_path) == set()


def test_what_others_installed_stays(tmp_path: Path) -> None:
    for name in ("applications/other.desktop", "icons/hicolor/scalable/apps/other.svg", "metainfo/other.metainfo.xml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    before = files_below(tmp_path)
    install(str(tmp_path))
    install(str(tmp_path))
    uninstall(str(tmp_path))
    assert files_below(tmp_path) - {"applications/mimeinfo.cache"} == before


def test_taking_away_what_is_not_there_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "applications").mkdir()
    assert uninstall(str(tmp_path)) == ()
    assert files_below(tmp_path) == {"applications"}


def test_the_data_folder_of_the_user_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    install()
    assert (tmp_path / "data" / ENTRY).is_file()
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    install()
    assert (tmp_path / "home" / ".local" / "share" / ENTRY).is_file()


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "applications").write_text("a file where a folder has to be")
    with pytest.raises(UserError, match="applications"):
        install(str(tmp_path))


def test_absent_programs_are_told_and_do_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    lines = install(str(tmp_path))
    assert [line for line in lines[len(PLACES) :] if "is not installed" in line]
    uninstall(str(tmp_path))
    assert files_below(tmp_path) == set()


@pytest.mark.parametrize(("folder", "before"), [('my $odd` "place" \\', ""), ("100% my place", "/usr/bin/env ")])
def test_the_entry_starts_this_installation(
    folder: str, before: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / folder / "lockview"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program.with_name("python3")))
    install(str(tmp_path / "data"))
    entry = (tmp_path / "data" / ENTRY).read_text()
    value = re.search("^Exec=(.*)$", entry, re.MULTILINE)
    assert value
    quoted = re.fullmatch(before + r'"((?:[^"\\]|\\.)*)" %F', value[1].replace(r"\\", "\\"))
    assert quoted
    assert re.sub(r"\\(.)", r"\1", quoted[1]).replace("%%", "%") == str(program)
    assert "\nTryExec=" in entry
    if shutil.which("desktop-file-validate"):
        subprocess.run(["desktop-file-validate", tmp_path / "data" / ENTRY], check=True)


def test_quoting_follows_the_specification() -> None:
    assert exec_value(["/usr/bin/lockview"]) == "/usr/bin/lockview"
    assert exec_value(["/a b/lockview", "-m"]) == '"/a b/lockview" -m'
    assert exec_value(["a$b"]) == r'"a\\$b"'
    assert exec_value(["a\\b"]) == r'"a\\\\b"'
    assert exec_value(["50%"]) == '"50%%"'
    assert exec_value(["a\nb"]) == r'"a\nb"'


def test_every_file_carries_the_id() -> None:
    assert all(APP_ID in place for _, place in PLACES)
