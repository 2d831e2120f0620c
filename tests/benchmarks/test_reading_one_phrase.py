"""Reading a 200 MB log that holds 20 reports, against ``grep -c 'locking dependency'`` on the same file."""

import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

SIZE = 200_000_000
REPORTS = 20
ROUNDS = 5

READ = """
import sys
from lockview.parsing.reader import read_file
print(len(read_file(sys.argv[1]).reports))
"""


@pytest.fixture(scope="session")
def big_log(tmp_path_factory: pytest.TempPathFactory, sample: Path) -> Path:
    """A log of ordinary kernel messages with the sample at 20 places."""
    report = sample.read_bytes()
    path = tmp_path_factory.mktemp("big") / "big.log"
    block = b"".join(
        b"[%5d.%06d] usb %d-%d: new high-speed USB device number %d using xhci_hcd: status 0x%x\n"
        % (n // 100, n % 1_000_000, n % 4, n % 9, n % 128, n * 2654435761 % 2**32)
        for n in range(100_000)
    )
    with path.open("wb") as out:
        for number in range(REPORTS):
            room = SIZE // REPORTS - len(report)
            while room > 0:
                out.write(block[: min(room, len(block))])
                room -= len(block)
            # With one time stamp it would be one event, captured twice.
            out.write(b"\n" + report.replace(b"[ 2311.", b"[ %d." % (2311 + number)))
    return path


@pytest.mark.benchmark(group="200 MB log")
def test_grep(benchmark: BenchmarkFixture, big_log: Path) -> None:
    command = ["grep", "-c", "locking dependency", str(big_log)]
    count = benchmark.pedantic(subprocess.check_output, (command,), rounds=ROUNDS, warmup_rounds=1)
    assert int(count) == REPORTS


@pytest.mark.benchmark(group="200 MB log")
def test_lockview(benchmark: BenchmarkFixture, big_log: Path) -> None:
    """A whole process, start included, as grep is one."""
    command = [sys.executable, "-c", READ, str(big_log)]
    count = benchmark.pedantic(subprocess.check_output, (command,), rounds=ROUNDS, warmup_rounds=1)
    assert int(count) == REPORTS
