"""Lines of ten megabytes that look like something: the time is that of reading, not of the line's square."""

import time

import pytest

from lockview.parsing.reader import read_bytes


@pytest.mark.parametrize(
    "filler",
    [
        b"a",
        b"a ",
        b"(",
        b"-> #1 (",
        b"lock(",
        b"[ 1.000001] ",
        b"> ",
        b"? ",
        b"<IRQ> ",
        b"0x1 ",
        b"f+0x1/0x2 ",
        b"(a){+.+.} ",
    ],
)
def test_a_line_of_ten_megabytes_is_quick(filler: bytes) -> None:
    body = filler * (10_000_000 // len(filler))
    begun = time.process_time()
    read_bytes(b"WARNING: possible circular locking dependency detected\n" + body + b"\n-> #1 (x){+.+.}:\n")
    seconds = time.process_time() - begun
    assert seconds < 20
    print(f"\n{filler!r}: {seconds:.2f} s")
