"""The thread that collapses small pages into huge ones, as in mm/khugepaged.c."""

from __future__ import annotations

from lockview.kernel.effects import Routine
from lockview.kernel.mm.allocation import alloc_page
from lockview.kernel.system import Thread


def khugepaged(t: Thread) -> Routine[None]:
    """Allocate the huge page before anything is locked; this may have to reclaim."""
    yield from khugepaged_alloc_page(t)


def khugepaged_alloc_page(t: Thread) -> Routine[int]:
    """The page to collapse into."""
    return (yield from alloc_page(t))
