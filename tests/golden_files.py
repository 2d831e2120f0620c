"""Golden files: ``from golden_files import check_golden``; LOCKVIEW_UPDATE_GOLDEN=1 rewrites them."""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).resolve().parent / "golden"


def check_golden(name: str, text: str) -> None:
    """Compare a text with ``tests/golden/NAME``; look at the difference before updating it."""
    path = GOLDEN / name
    if os.environ.get("LOCKVIEW_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, f"{path} differs; LOCKVIEW_UPDATE_GOLDEN=1 rewrites it"
