"""The list of system libraries and the line that installs them."""

import os
from pathlib import Path

import pytest

from lockview.document import system_libraries
from lockview.document.system_libraries import ENSUREPIP, LIBRARIES, install_hint, library_in, missing_libraries, needs


def a_path_with(folder: Path, *programs: str) -> dict[str, str]:
    """An environment in which only these programs are found; each answers nothing."""
    for program in programs:
        file = folder / program
        file.write_text("#!/bin/sh\n")
        file.chmod(0o755)
    return {"PATH": str(folder)}


@pytest.fixture
def as_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


def test_a_machine_that_runs_the_tests_has_what_a_picture_needs() -> None:
    assert missing_libraries(("any",)) == ()


def test_an_absent_library_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = system_libraries.Library("libabsent-of-all.so.7", ("libabsent7",), "libabsent", "x11")
    monkeypatch.setattr(system_libraries, "LIBRARIES", (*LIBRARIES, absent))
    assert missing_libraries(("x11",))[-1] == "libabsent-of-all.so.7"
    assert "libabsent-of-all.so.7" not in missing_libraries(("any",))


def test_the_display_decides_what_is_needed() -> None:
    assert needs({}) == {"any"}
    assert needs({"DISPLAY": ":0"}) == {"any", "x11"}
    assert needs({"DISPLAY": "", "WAYLAND_DISPLAY": "wayland-0"}) == {"any", "wayland"}


@pytest.mark.usefixtures("as_user")
def test_debian_before_its_first_update_gets_the_names_that_every_release_takes(tmp_path: Path) -> None:
    line = install_hint(("libglib-2.0.so.0", ENSUREPIP), a_path_with(tmp_path, "apt-get", "apt-cache"))
    assert line == (
        "sudo apt-get update && sudo apt-get install -y --no-install-recommends"
        " python3-venv libglib2.0-0 fonts-dejavu-core"
    )


@pytest.mark.usefixtures("as_user")
def test_the_renamed_package_is_taken_where_apt_knows_it(tmp_path: Path) -> None:
    environ = a_path_with(tmp_path, "apt-get", "apt-cache")
    (tmp_path / "apt-cache").write_text("#!/bin/sh\necho 'Package: libglib2.0-0t64'\n")
    assert " libglib2.0-0t64 " in install_hint(("libglib-2.0.so.0",), environ)


def test_root_needs_no_sudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    line = install_hint(("libGL.so.1", "libxcb-shape.so.0"), a_path_with(tmp_path, "dnf"))
    assert line == "dnf install -y --setopt=install_weak_deps=False libglvnd-glx libxcb dejavu-sans-fonts"


def test_elsewhere_the_libraries_are_named(tmp_path: Path) -> None:
    assert install_hint(("libGL.so.1",), a_path_with(tmp_path)).endswith("libGL.so.1")


def test_a_library_of_no_known_package_is_named_rather_than_left_out(tmp_path: Path) -> None:
    assert install_hint(("libother.so.3",), a_path_with(tmp_path, "apt-get")).endswith("libother.so.3")


def test_nothing_missing_gives_no_line() -> None:
    assert install_hint(()) == ""


def test_the_library_is_read_out_of_the_loaders_message() -> None:
    message = "libEGL.so.1: cannot open shared object file: No such file or directory"
    assert library_in(message) == "libEGL.so.1"
    assert library_in("cannot import name 'QtWidgets' from 'PySide6'") is None
