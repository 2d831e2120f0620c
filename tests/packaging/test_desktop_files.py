"""The desktop entry, file types, software-centre page and icons are what the desktops' own tools accept."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import lockview

ROOT = Path(__file__).resolve().parent.parent.parent
DESKTOP = ROOT / "resources" / "desktop"
ICONS = ROOT / "resources" / "icons"
APP_ID = "io.github.lockview.Lockview"
MIME = {"m": "http://www.freedesktop.org/standards/shared-mime-info"}


def check_with(program: str, *arguments: str | Path) -> None:
    """Run a checker, or skip where it is not installed."""
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def entry() -> dict[str, str]:
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(DESKTOP / f"{APP_ID}.desktop")
    return dict(parser["Desktop Entry"])


def test_desktop_entry_is_valid() -> None:
    check_with("desktop-file-validate", DESKTOP / f"{APP_ID}.desktop")


def test_software_centre_page_is_valid() -> None:
    check_with("appstreamcli", "validate", "--no-net", DESKTOP / f"{APP_ID}.metainfo.xml")


@pytest.mark.parametrize(
    "file", [*DESKTOP.glob("*.xml"), *(ROOT / "resources").rglob("*.svg")], ids=lambda file: file.name
)
def test_xml_is_well_formed(file: Path) -> None:
    ET.parse(file)


def test_types_are_the_same_everywhere() -> None:
    described = {kind.get("type") for kind in ET.parse(DESKTOP / f"{APP_ID}.mime.xml").findall("m:mime-type", MIME)}
    provided = {kind.text for kind in ET.parse(DESKTOP / f"{APP_ID}.metainfo.xml").iter("mediatype")}
    opened = set(entry()["MimeType"].rstrip(";").split(";"))
    assert described == provided == opened


def test_plain_text_is_left_to_the_editor() -> None:
    assert "text/plain" not in entry()["MimeType"]


def test_sample_is_recognised_by_what_is_in_it(sample: Path) -> None:
    """Desktops look at the first 4 KiB only."""
    start = sample.read_bytes()[:4096]
    matches = ET.parse(DESKTOP / f"{APP_ID}.mime.xml").iterfind(".//m:match", MIME)
    assert any(match.get("value", "").encode() in start for match in matches)


def test_icon_is_there_in_both_kinds() -> None:
    assert entry()["Icon"] == APP_ID
    assert (ICONS / f"{APP_ID}.svg").is_file()
    assert (ICONS / f"{APP_ID}-symbolic.svg").is_file()


def test_version_is_the_same_everywhere() -> None:
    newest = next(ET.parse(DESKTOP / f"{APP_ID}.metainfo.xml").iter("release")).get("version")
    in_page = re.search(r'"lockview ([0-9.]+)"', (ROOT / "packaging" / "lockview.1").read_text())
    assert newest == lockview.__version__
    assert in_page
    assert in_page[1] == lockview.__version__
