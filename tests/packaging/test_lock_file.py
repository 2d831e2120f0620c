"""requirements.lock gives everybody the same packages, whichever mirror they come from."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LOCK = (ROOT / "requirements.lock").read_text()
PINS = re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)(.*?)(?=^[a-z]|\Z)", LOCK, re.MULTILINE | re.DOTALL)


def test_every_package_is_pinned_with_its_hashes() -> None:
    assert len(PINS) > 20
    assert not [name for name, _, rest in PINS if "--hash=sha256:" not in rest]


def test_no_place_to_download_from_is_named() -> None:
    assert not re.search(r"https?:|--(extra-)?index-url|--find-links", LOCK)


def test_qt_is_the_version_that_keeps_python_3_11_alive() -> None:
    """See test_architecture: 6.12.0 passes short tests and aborts in use."""
    assert ("pyside6-essentials", "6.11.3") in [(name, version) for name, version, _ in PINS]


def test_all_that_is_declared_is_pinned() -> None:
    declared = re.findall(r'^    "([A-Za-z0-9-]+)[><=!]', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert declared
    assert {name.lower() for name in declared} <= {name for name, _, _ in PINS}
