"""Where in a source of any size reports may be: compiled search over blocks of bytes, never a loop over lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def offsets(block: bytes, anchors: Iterable[bytes]) -> Iterator[int]:
    """The offsets in a block at which one of the anchors stands, in no order."""
    for anchor in anchors:
        position = block.find(anchor)
        while position >= 0:
            yield position
            position = block.find(anchor, position + len(anchor))
