"""Where words stand that damage broke apart: wrapped in the middle of a title, squeezed together, spread by quotes.

Only small sources that hold no whole word are searched so, for it takes a copy.
"""

from __future__ import annotations

from collections.abc import Sequence

from lockview.parsing.envelopes import needs_all
from lockview.parsing.searching import searcher

_BETWEEN = b" \t\r\n>\0"
"""What a wrap, a quote or a lost blank puts into words or takes from them."""
_STEP = 4 << 10
_SHORTEST = 8
"""A literal that is shorter without its blanks tells nothing."""


def broken_words(data: bytes, literals: Sequence[bytes]) -> list[int]:
    """About where one of the literals stands but for blanks, line ends and quote marks in it, in order.

    An offset is that of the block of 4 kB in which the words end. Where fragments of records cut words in any way,
    all of the source may hold some: 0.
    """
    if needs_all(data):
        return [0]
    squeezed = (literal.translate(None, _BETWEEN) for literal in literals)
    found = searcher(tuple(literal for literal in squeezed if len(literal) >= _SHORTEST))
    plain = data.replace(b"=\n", b"").replace(b"=20", b"") if b"=\n" in data else data
    offsets: list[int] = []
    before = b""
    if not found.offsets(plain.translate(None, _BETWEEN)):
        return offsets
    for start in range(0, len(plain), _STEP):
        block = before + plain[start : start + _STEP].translate(None, _BETWEEN)
        if found.offsets(block):
            offsets.append(start)
        before = block[1 - found.longest :]
    return offsets
