"""What all tests share: where the material beside the project lies, and the gui marker."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# A red run of CI must mean the change, not the dice; new examples are looked for in every other run.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real reports and labels that lies beside a checkout; tests that need it skip without it."""
    folder = Path(os.environ.get("LOCKVIEW_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"the folder of shared test material is absent: {folder}")
    return folder


@pytest.fixture(scope="session")
def sample() -> Path:
    """The bundled sample log."""
    return ROOT / "resources" / "samples" / "khugepaged-fs-reclaim.log"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses a Qt application, so that ``-m "not gui"`` is always right."""
    for item in items:
        if {"qapp", "qtbot"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("gui")
