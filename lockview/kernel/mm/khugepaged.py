"""The thread that collapses small pages into huge ones, as in mm/khugepaged.c."""

from __future__ import annotations

from lockview.kernel.effects import Routine, Write
from lockview.kernel.mm.allocation import alloc_page
from lockview.kernel.mm.objects import NONE, Life
from lockview.kernel.system import Thread


def khugepaged(t: Thread) -> Routine[None]:
    """Allocate the huge page before anything is locked, which may have to reclaim; find nothing to collapse."""
    huge = yield from khugepaged_alloc_page(t)
    if huge != NONE:
        yield Write(t.kernel.frames[huge].life, Life.UNBORN)


def khugepaged_alloc_page(t: Thread) -> Routine[int]:
    """The page to collapse into."""
    return (yield from alloc_page(t))
