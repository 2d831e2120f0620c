"""The shared libraries of the system that Qt and pygraphviz load, their packages, and the line that installs these.

This is the one list: the set-up script asks it (``python -m lockview.document.system_libraries``) before it installs
anything, and the program asks it when a library turns out to be missing. Standard library only, and cheap to call.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Library(NamedTuple):
    """A shared object and its package. ``needed_for`` is ``any``, ``x11`` or ``wayland``.

    ``apt`` lists names in the order to try: the 64-bit time transition of Debian 13 and Ubuntu 24.04 renamed some.
    """

    soname: str
    apt: tuple[str, ...]
    dnf: str
    needed_for: str = "any"


LIBRARIES = (
    Library("libGL.so.1", ("libgl1",), "libglvnd-glx"),
    Library("libEGL.so.1", ("libegl1",), "libglvnd-egl"),
    Library("libglib-2.0.so.0", ("libglib2.0-0t64", "libglib2.0-0"), "glib2"),
    Library("libdbus-1.so.3", ("libdbus-1-3",), "dbus-libs"),
    Library("libfontconfig.so.1", ("libfontconfig1",), "fontconfig"),
    Library("libfreetype.so.6", ("libfreetype6",), "freetype"),
    Library("libX11.so.6", ("libx11-6",), "libX11"),
    Library("libXext.so.6", ("libxext6",), "libXext"),
    Library("libXrender.so.1", ("libxrender1",), "libXrender"),
    Library("libxkbcommon.so.0", ("libxkbcommon0",), "libxkbcommon"),
    Library("libX11-xcb.so.1", ("libx11-xcb1",), "libX11-xcb", "x11"),
    Library("libxcb-cursor.so.0", ("libxcb-cursor0",), "xcb-util-cursor", "x11"),
    Library("libxcb-icccm.so.4", ("libxcb-icccm4",), "xcb-util-wm", "x11"),
    Library("libxcb-image.so.0", ("libxcb-image0",), "xcb-util-image", "x11"),
    Library("libxcb-keysyms.so.1", ("libxcb-keysyms1",), "xcb-util-keysyms", "x11"),
    Library("libxcb-render-util.so.0", ("libxcb-render-util0",), "xcb-util-renderutil", "x11"),
    Library("libxcb-shape.so.0", ("libxcb-shape0",), "libxcb", "x11"),
    Library("libxkbcommon-x11.so.0", ("libxkbcommon-x11-0",), "libxkbcommon-x11", "x11"),
    Library("libwayland-cursor.so.0", ("libwayland-cursor0",), "libwayland-cursor", "wayland"),
)

FONT_PACKAGE = {"apt-get": "fonts-dejavu-core", "dnf": "dejavu-sans-fonts"}
"""Qt brings no font of its own: without one it draws no text at all. Installed along with any missing library."""

ENSUREPIP = "ensurepip"
"""Stands in a list of missing things for the module that Debian and Ubuntu leave out of their Python."""


def needs(environ: Mapping[str, str]) -> frozenset[str]:
    """What a program started with these variables needs libraries for: ``any`` and its kind of display."""
    wanted = {"any"}
    if environ.get("DISPLAY"):
        wanted.add("x11")
    if environ.get("WAYLAND_DISPLAY"):
        wanted.add("wayland")
    return frozenset(wanted)


def missing_libraries(needed_for: Iterable[str] = ("any", "x11")) -> tuple[str, ...]:
    """The sonames that the loader does not find, in the order of ``LIBRARIES``.

    Where libraries usually lie a look at the folder is enough (20 us); only what is not there is tried in earnest.
    """
    wanted = frozenset(needed_for)
    return tuple(lib.soname for lib in LIBRARIES if lib.needed_for in wanted and not _is_present(lib.soname))


def install_hint(missing: Iterable[str], environ: Mapping[str, str] = os.environ) -> str:
    """One shell line that installs what is missing, with sudo unless root; without a known package manager a sentence.

    ``missing`` holds sonames (the package is known for those in ``LIBRARIES``) and ``ENSUREPIP``. Empty when there is
    nothing to install.
    """
    import shutil

    wanted = tuple(dict.fromkeys(missing))
    path = environ.get("PATH", os.defpath)
    sudo = "" if os.geteuid() == 0 else "sudo "
    if shutil.which("apt-get", path=path) and (packages := _apt_packages(wanted, path)):
        return f"{sudo}apt-get update && {sudo}apt-get install -y --no-install-recommends {' '.join(packages)}"
    if shutil.which("dnf", path=path) and (packages := _dnf_packages(wanted)):
        return f"{sudo}dnf install -y --setopt=install_weak_deps=False {' '.join(packages)}"
    return f"install the packages of your system that hold {' '.join(wanted)}" if wanted else ""


def library_in(message: str) -> str | None:
    """The soname that an ImportError of the loader names, as in ``libGL.so.1: cannot open shared object file: ...``."""
    name, colon, _ = message.partition(": cannot open shared object file")
    return name.rpartition(" ")[2] if colon and ".so" in name else None


def _is_present(soname: str) -> bool:
    for folder in (f"/usr/lib/{os.uname().machine}-linux-gnu", "/usr/lib64"):
        if os.access(f"{folder}/{soname}", os.R_OK):
            return True
    import ctypes

    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def _apt_packages(missing: tuple[str, ...], path: str) -> list[str]:
    """One package for each thing that is missing: the first of its names that this release knows, else the last."""
    choices = [lib.apt for lib in LIBRARIES if lib.soname in missing]
    if choices:
        choices.append((FONT_PACKAGE["apt-get"],))
    if ENSUREPIP in missing:
        choices.insert(0, (f"python{sys.version_info.major}.{sys.version_info.minor}-venv", "python3-venv"))
    known = _known_to_apt([name for names in choices if len(names) > 1 for name in names], path)
    return [next((name for name in names[:-1] if name in known), names[-1]) for names in choices]


def _known_to_apt(names: list[str], path: str) -> frozenset[str]:
    """Which names are packages here. None are before the first ``apt-get update``, or when apt does not answer."""
    import subprocess

    if not names:
        return frozenset()
    try:
        answer = subprocess.run(
            ["apt-cache", "show", "--no-all-versions", *names],  # noqa: S607 - found in the caller's PATH
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            env={"PATH": path, "LC_ALL": "C"},
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return frozenset()
    return frozenset(line[len("Package: ") :] for line in answer.splitlines() if line.startswith("Package: "))


def _dnf_packages(missing: tuple[str, ...]) -> list[str]:
    packages = [lib.dnf for lib in LIBRARIES if lib.soname in missing]
    if packages:
        packages.append(FONT_PACKAGE["dnf"])
    if ENSUREPIP in missing:
        packages.insert(0, "python3-libs")
    return packages


def _main() -> int:
    """Print the line that installs what this machine lacks to set lockview up; exit code 1 when there is one.

    Root is spared a second round when an X display comes later: it gets those libraries at once.
    """
    from importlib.util import find_spec

    missing = missing_libraries(needs(os.environ) | ({"x11"} if os.geteuid() == 0 else set()))
    if find_spec("ensurepip") is None:
        missing = (ENSUREPIP, *missing)
    hint = install_hint(missing)
    if hint:
        sys.stdout.write(hint + "\n")
    return 1 if hint else 0


if __name__ == "__main__":
    sys.exit(_main())
