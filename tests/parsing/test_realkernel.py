"""Boots of a real 6.12 kernel: the circular reports are read without a problem, and nothing else is taken for one."""

import re
from pathlib import Path

from lockview.model.reports import CircularReport
from lockview.parsing.reader import read_file


def expected(readme: str) -> dict[str, list[int]]:
    """The title lines of the circular reports of each log, as its README lists them."""
    found: dict[str, list[int]] = {}
    name = ""
    for line in readme.splitlines():
        if line.startswith("### "):
            name = line[4:].strip()
        match = re.match(r"- line (\d+): \*\*circular\*\*", line)
        if match:
            found.setdefault(name, []).append(int(match[1]))
    return found


def test_circular_reports_are_read_without_problems(shared: Path) -> None:
    folder = shared / "realkernel"
    titles = expected((folder / "README.md").read_text())
    assert sum(map(len, titles.values())) >= 13
    for path in sorted(folder.glob("*.log")):
        log = read_file(str(path))
        circular = [report for report in log.reports if isinstance(report, CircularReport)]
        assert [report.span.first for report in circular] == titles.get(path.name, []), path.name
        for report in circular:
            assert report.reading.complete
            assert report.reading.problems == (), path.name
            assert [step.wanted for step in report.cycle][-1] == report.wanted.lock_class if report.wanted else False
            assert not any(step.inferred for step in report.cycle)


def test_the_decoded_log_gives_the_same_cycle(shared: Path) -> None:
    """decode_stacktrace.sh turns offsets into file and line; functions and classes stay."""
    (plain,) = read_file(str(shared / "realkernel" / "ring7.log")).reports
    (decoded,) = read_file(str(shared / "realkernel" / "decoded" / "ring7.txt")).reports
    assert isinstance(plain, CircularReport)
    assert isinstance(decoded, CircularReport)
    assert [[frame.function for frame in step.stack] for step in decoded.cycle] == [
        [frame.function for frame in step.stack] for step in plain.cycle
    ]
    assert decoded.scenario == plain.scenario
    assert decoded.chain[0].stack.frames[0].file
