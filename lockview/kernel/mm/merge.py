"""Merging a range with the VMAs beside it instead of giving it one of its own: ``vma_merge`` of mm/mmap.c (4.13)."""

from __future__ import annotations

from typing import NamedTuple

from lockview.kernel.effects import Look, Routine
from lockview.kernel.inlining import inlined
from lockview.kernel.mm.adjust import __vma_adjust
from lockview.kernel.mm.objects import NONE, Flags, Mm, Vma
from lockview.kernel.system import Thread


class Kind(NamedTuple):
    """What two ranges must have in common. ``file`` is a number, ``pgoff`` its page at which the range starts."""

    flags: Flags
    file: int = NONE
    pgoff: int = 0
    policy: str = ""


class Extent(NamedTuple):
    """A VMA as it was when it was looked at."""

    vma: Vma
    start: int
    end: int
    kind: Kind
    anon_vma: int


def vma_merge(t: Thread, mm: Mm, start: int, end: int, kind: Kind, anon_vma: int = NONE) -> Routine[Vma | None]:
    """Have neighbours take the pages from ``start`` up to ``end``, which are free or belong to one VMA.

    Answers the VMA that has them afterwards, None when no neighbour is of that kind. mmap_sem is held exclusively. A
    neighbour that is swallowed is freed; the numbers below are the cases that mm/mmap.c draws.
    """
    before, area, after = yield from neighbours(t, mm, start, end)
    below = before is not None and before.end == start and _continues(before, kind, start, anon_vma)
    above = after is not None and after.start == end and _continues(after, kind, start, anon_vma)
    if before is not None and below:
        if after is not None and above and _same_reverse_map(before, after):
            if area is not None and area.end == end:  # case 6: the area goes, then the one behind it
                yield from __vma_adjust(t, mm, before.vma, NONE, end, remove=True)
            yield from __vma_adjust(t, mm, before.vma, NONE, after.end, remove=True)  # case 1
        elif area is None:  # case 2
            yield from __vma_adjust(t, mm, before.vma, NONE, end)
        elif area.end == end:  # case 7
            yield from __vma_adjust(t, mm, before.vma, NONE, end, remove=True)
        else:  # case 5
            yield from __vma_adjust(t, mm, before.vma, NONE, end, next_start=end)
        return before.vma
    if after is None or not above:
        return None
    if area is None:  # case 3
        yield from __vma_adjust(t, mm, after.vma, start, NONE)
        return after.vma
    if area.start < start:  # case 4
        yield from __vma_adjust(t, mm, area.vma, NONE, start, next_start=start)
        return after.vma
    yield from __vma_adjust(t, mm, area.vma, NONE, NONE, next_start=start, remove=True)  # case 8
    return after.vma


@inlined
def neighbours(t: Thread, mm: Mm, start: int, end: int) -> Routine[tuple[Extent | None, Extent | None, Extent | None]]:
    """The VMA before a range, the one that has it, and the one behind it; None where there is none."""
    cells = tuple(
        cell
        for vma in t.kernel.vmas
        for cell in (vma.start, vma.end, vma.flags, vma.file, vma.pgoff, vma.policy, vma.anon_vma)
    )
    tree, *fields = yield Look((mm.tree, *cells))
    extents = tuple(_extent(t.kernel.vmas[number], tuple(fields[7 * number : 7 * number + 7])) for number in tree)
    del tree, fields
    before = next((extent for extent in reversed(extents) if extent.end <= start), None)
    area = next((extent for extent in extents if extent.start < end and extent.end > start), None)
    after = next((extent for extent in extents if extent.start >= end), None)
    return before, area, after


def _extent(vma: Vma, fields: tuple[object, ...]) -> Extent:
    start, end, flags, file, pgoff, policy, anon_vma = fields
    return Extent(vma, start, end, Kind(flags, file, pgoff, policy), anon_vma)  # type: ignore[arg-type]


def _continues(extent: Extent, kind: Kind, start: int, anon_vma: int) -> bool:
    """Whether a VMA and a range that starts at ``start`` could be one."""
    theirs = extent.kind
    if (theirs.flags, theirs.file, theirs.policy) != (kind.flags, kind.file, kind.policy):
        return False
    if kind.file != NONE and theirs.pgoff - extent.start != kind.pgoff - start:
        return False
    return NONE in (extent.anon_vma, anon_vma) or extent.anon_vma == anon_vma


def _same_reverse_map(before: Extent, after: Extent) -> bool:
    return NONE in (before.anon_vma, after.anon_vma) or before.anon_vma == after.anon_vma
