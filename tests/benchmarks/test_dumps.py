"""Dumps of /proc and traces, hostile ones too: four times the size against the size; in linear time the ratio is 4."""

import time

import pytest

from lockview.parsing.reader import read_bytes

EVENT = "            bash-7       [000] d..1.    10.000001: lock_acquire: 00000000deadbeef &x->lock\n"
CLASSES = (
    "all lock classes:\n00000000a1 FD:    2 BD:    1 +.+.: a\n -> [00000000b2] b\n\n"
    "00000000b2 FD:    1 BD:    2 ....: b\n\n"
)


def _seconds(data: bytes) -> float:
    start = time.perf_counter()
    read_bytes(data)
    return time.perf_counter() - start


@pytest.mark.parametrize(
    "piece",
    [
        EVENT + "CPU:0 [LOST 1 EVENTS]\n",
        CLASSES,
        CLASSES + "stray\n" * 9,
        "x: lock_acquire: y\n",
        "all lock classes:\n" + "a-1 " * 200 + "\n",
        EVENT + "\t" + "a(" * 300 + "\n",
    ],
    ids=["gaps", "classes", "ended", "mentions", "long lines", "frames"],
)
def test_growth(piece: str, request: pytest.FixtureRequest) -> None:
    data = piece.encode() * (300_000 // len(piece))
    once = min(_seconds(data) for _ in range(3))
    four = min(_seconds(data * 4) for _ in range(3))
    assert four < once * 8 + 0.2
    print(
        f"\n{request.node.name}: {once * 1000:.0f} ms, four times as long {four * 1000:.0f} ms, ratio {four / once:.1f}"
    )
