"""Process start to the first painted graph of the sample, and memory with it open, against a window with one label.

The two kinds of window take turns, so that a busy spell of the machine hits both.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

DRIVERS = Path(__file__).parent / "drivers"
ROUNDS = 15


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return os.environ | {"QT_QPA_PLATFORM": "offscreen", "LOCKVIEW_CONFIG_HOME": str(tmp_path)}


def taking_turns(first: Callable[[], float], second: Callable[[], float]) -> tuple[float, float]:
    """Medians of both, after one round that only warms the file cache."""
    first(), second()
    pairs = [(first(), second()) for _ in range(ROUNDS)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def test_first_paint(environment: dict[str, str], sample: Path, record_property: Callable[[str, object], None]) -> None:
    def seconds(*command: str) -> float:
        begun = time.monotonic()
        painted = subprocess.check_output([sys.executable, *command], env=environment, stderr=subprocess.DEVNULL)
        return float(painted) - begun

    bare, window = taking_turns(
        lambda: seconds(str(DRIVERS / "bare_window.py")),
        lambda: seconds(str(DRIVERS / "sample_window.py"), str(sample)),
    )
    print(f"\nfirst paint: bare {bare * 1000:.0f} ms, sample {window * 1000:.0f} ms, ratio {window / bare:.2f}")
    record_property("ratio", window / bare)


def test_memory(environment: dict[str, str], sample: Path, record_property: Callable[[str, object], None]) -> None:
    def kilobytes(*command: str) -> float:
        run = [sys.executable, *command, "stay"]
        return float(subprocess.check_output(run, env=environment, stderr=subprocess.DEVNULL))

    bare, window = taking_turns(
        lambda: kilobytes(str(DRIVERS / "bare_window.py")),
        lambda: kilobytes(str(DRIVERS / "sample_window.py"), str(sample)),
    )
    print(f"\nmemory: bare {bare / 1024:.0f} MB, sample {window / 1024:.0f} MB, ratio {window / bare:.2f}")
    record_property("ratio", window / bare)
