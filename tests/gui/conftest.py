"""What the tests of the window share: settings go to a folder of the test, never to the real home."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def config_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for the settings of one test."""
    folder = tmp_path / "config"
    monkeypatch.setenv("LOCKVIEW_CONFIG_HOME", str(folder))
    return folder
