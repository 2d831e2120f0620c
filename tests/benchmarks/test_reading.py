"""Reading: a 1 GB log against grep, growing sources, hostile ones, many logs, and reports per second."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from big_logs import at, write_log

from lockview.document.many_logs import printed_logs
from lockview.export.printed import SUMMARY
from lockview.parsing.reader import read_bytes
from lockview.parsing.registry import FAMILIES

SIZE = 1_000_000_000
REPORTS = 50
ROUNDS = 3
MOST_OF_GREP = 1.1
MOST_MEMORY = 200 << 20
LOGS = 10_000

READ = """
import sys
from lockview.parsing.reader import read_file
print(len(read_file(sys.argv[1]).reports))
"""


@pytest.fixture(scope="session")
def big_log(tmp_path_factory: pytest.TempPathFactory, sample: Path) -> Path:
    """A log of ordinary kernel messages with the sample at 50 places."""
    return write_log(tmp_path_factory.mktemp("big") / "big.log", sample.read_bytes(), SIZE, REPORTS)


def timed(command: list[str]) -> tuple[float, bytes]:
    begun = time.perf_counter()
    output = subprocess.check_output(command)
    return time.perf_counter() - begun, output


def test_a_large_log_is_read_as_quickly_as_grep_finds_the_titles(big_log: Path, tmp_path: Path) -> None:
    """Whole processes, start included, by turns; the best of each counts, for other programs may be running."""
    titles = tmp_path / "titles"
    titles.write_text("".join(f"{title}\n" for family in FAMILIES for title in family.titles))
    grep = ["grep", "-c", "-F", "-f", str(titles), str(big_log)]
    read = [sys.executable, "-c", READ, str(big_log)]
    times: dict[str, list[float]] = {"grep": [], "lockview": []}
    for _ in range(ROUNDS):
        for name, command in (("grep", grep), ("lockview", read)):
            seconds, output = timed(command)
            assert int(output) == REPORTS
            times[name].append(seconds)
    ratio = min(times["lockview"]) / min(times["grep"])
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10
    print(f"\n1 GB: grep {min(times['grep']):.2f} s, lockview {min(times['lockview']):.2f} s, ratio {ratio:.2f}")
    print(f"largest process: {memory >> 20} MB")
    assert ratio <= MOST_OF_GREP
    assert memory <= MOST_MEMORY


def noise(size: int) -> bytes:
    line = b"[    1.000001] usb 1-1: new device\n"
    return line * (size // len(line))


def filled(filler: bytes) -> Callable[[int], bytes]:
    title = b"WARNING: possible circular locking dependency detected\n"
    return lambda size: title + filler * (size // len(filler)) + b"\n-> #1 (x){+.+.}:\n"


SOURCES = {
    "noise": noise,
    "blanks": filled(b" "),
    "one word": filled(b"a"),
    "words": filled(b"a "),
    "brackets": filled(b"("),
    "chain entries": filled(b"-> #1 ("),
    "lines of chain entries": filled(b"-> #1 (\n"),
    "locks": filled(b"(a){+.+.} "),
    "lines of locks": filled(b"(a){+.+.}\n"),
    "operations": filled(b"lock("),
    "stamps": filled(b"[ 1.000001] "),
    "quotes": filled(b"> "),
    "frames": filled(b"f+0x1/0x2\n"),
    "titles": filled(b"possible circular locking dependency detected "),
    "open JSON": filled(b'{"MESSAGE": "a"},'),
    "JSON records": filled(b'{"MESSAGE": "a"}\n'),
    "escapes": filled(b"=3D=\n"),
    "entities": filled(b"&amp;amp;"),
    "backspaces": filled(b"a\b\b"),
    "tags": filled(b"<span a"),
    "fragments": filled(b"4,1,1,c,ncfrag=0/9;x\n"),
    "doubled titles": filled(b"possible circular locking dependency detected\n"),
}


@pytest.mark.parametrize("name", SOURCES)
def test_twice_the_source_takes_twice_the_time(name: str) -> None:
    """One that is not linear would take four times as long."""
    read_bytes(SOURCES[name](10_000))
    seconds = []
    for size in (500_000, 1_000_000, 2_000_000):
        data = SOURCES[name](size)
        begun = time.process_time()
        read_bytes(data)
        seconds.append(time.process_time() - begun)
    print(f"\n{name}: " + ", ".join(f"{second * 1000:.0f}" for second in seconds) + " ms for 0.5, 1 and 2 MB")
    assert seconds[2] < 3 * seconds[1] + 0.1


def test_reports_per_second(sample: Path) -> None:
    report = sample.read_bytes()
    data = b"".join(at(report, number) for number in range(500))
    begun = time.process_time()
    log = read_bytes(data)
    seconds = time.process_time() - begun
    assert len(log.reports) == 500
    print(f"\n{500 / seconds:.0f} reports per second on one core, {seconds * 2:.2f} ms each")


def test_a_folder_is_read_on_all_cores(tmp_path: Path, sample: Path) -> None:
    report = sample.read_bytes()
    for number in range(LOGS):
        (tmp_path / f"{number:05}.log").write_bytes(noise(20_000) + at(report, number))
    logs = [(str(path),) for path in sorted(tmp_path.iterdir())]
    seconds = {}
    for processes in (1, 0):
        begun = time.perf_counter()
        assert sum(printed.reports for printed in printed_logs(logs, SUMMARY, (), processes)) == LOGS
        seconds[processes] = time.perf_counter() - begun
    cores = len(os.sched_getaffinity(0))
    print(f"\n{LOGS} logs: {seconds[1]:.1f} s in one process, {seconds[0]:.1f} s in {cores}")
    assert seconds[0] < seconds[1]
