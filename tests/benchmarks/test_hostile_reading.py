"""Floods of what a report is made of, without being one: twice the source takes twice the time, and not much of it.

The time of each is compared with that of real reports of the same size, read in the same run.
"""

import itertools
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lockview.parsing.reader import read_bytes
from lockview.parsing.registry import FAMILIES

SIZE = 1_000_000
TITLE = b"WARNING: possible circular locking dependency detected\n"
ENTRY = b"-> #1 (&demo->lock){+.+.}-{3:3}:\n"
HELD = b" #0: ffff888012345678 (&demo->lock){+.+.}-{3:3}, at: f+0x1/0x2\n"
TITLES = "".join(f"{title}\n" for family in FAMILIES for title in family.titles).encode()

Source = Callable[[int, bytes], bytes]


def cut(lines: Iterator[bytes], size: int) -> bytes:
    """So many bytes of lines."""
    taken = []
    while size > 0:
        taken.append(next(lines))
        size -= len(taken[-1])
    return b"".join(taken)


def flood(*lines: bytes) -> Source:
    return lambda size, _: cut(itertools.cycle(lines), size)


def printers(size: int, _: bytes) -> bytes:
    """Each line of a printer of its own, every ninth a title."""
    stamped = (
        b"[%5d.%06d][T%5d] %s" % (n // 100, n, n * 7919 % 99_991, ENTRY if n % 9 else TITLE) for n in itertools.count()
    )
    return cut(stamped, size)


def shuffled(size: int, report: bytes) -> bytes:
    """Lines of a real report in no order."""
    order = random.Random(1)
    lines = report.splitlines(keepends=True)
    return cut((order.choice(lines) for _ in itertools.count()), size)


SOURCES: dict[str, Source] = {
    "every title, no body": flood(TITLES),
    "every title in one line": flood(TITLES.replace(b"\n", b" ")),
    "titles with a task": flood(TITLE, b"demo/1 is trying to acquire lock:\n"),
    "chain entries": flood(TITLE, *[ENTRY] * 200_000),
    "chain entries without lock": flood(TITLE, *[b"-> #1 (\n"] * 200_000),
    "chain entries without title": flood(ENTRY),
    "frames": flood(TITLE, *[b"       lock_acquire+0xd1/0x2d0\n"] * 200_000),
    "guessed frames": flood(TITLE, *[b" ? lock_acquire+0xd1/0x2d0 [demo]\n"] * 200_000),
    "held entries": flood(TITLE, *[HELD] * 200_000),
    "held lists": flood(b"Showing all locks held in the system:\n", b"1 lock held by demo/1:\n", HELD),
    "hung tasks": flood(b"INFO: task demo:1 blocked for more than 120 seconds.\n"),
    "operations": flood(TITLE, *[b"  lock(&demo->lock);\n"] * 200_000),
    "long lines": flood(TITLE, *[b"x" * 3_000 + b" f+0x1/0x2\n"] * 2_000),
    "long names": flood(TITLE, *[b"(&" + b"demo->" * 200 + b"\n"] * 2_000),
    "many printers": printers,
    "shuffled lines": shuffled,
}


def seconds(data: bytes) -> float:
    begun = time.process_time()
    read_bytes(data)
    return time.process_time() - begun


@pytest.mark.parametrize("name", SOURCES)
def test_a_flood(name: str, sample: Path) -> None:
    """One that is not linear would take four times as long for twice the source."""
    report = sample.read_bytes()
    read_bytes(report)
    once, twice = (min(seconds(SOURCES[name](size, report)) for _ in range(2)) for size in (SIZE // 2, SIZE))
    reports = seconds(report * (SIZE // len(report)))
    print(
        f"\n{name}: {once * 1000:.0f} and {twice * 1000:.0f} ms for 0.5 and 1 MB, ratio {twice / once:.1f}; "
        f"{twice / reports:.1f} times as long as 1 MB of reports"
    )
    assert twice < 3 * once + 0.2
    assert twice < 20 * reports
