"""Reading a 200 MB log that holds 20 reports, against ``grep -c 'locking dependency'`` on the same file."""

import subprocess
import sys
from pathlib import Path

import pytest
from big_logs import write_log
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
    return write_log(tmp_path_factory.mktemp("big") / "big.log", sample.read_bytes(), SIZE, REPORTS)


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
