"""A moment of a recorded run in words and rows: the event, its call stack, and what each task holds and waits for.

Pure: a run and a position in, sentences and rows out.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockview.analysis.wording import counted, listed
from lockview.document.traced import TracedRun
from lockview.document.visible import visible
from lockview.gui.rows.row import Kind, Row
from lockview.layout.drawing import Role
from lockview.layout.timeline import NOBODY

MOST_TASKS = 100
"""So many tasks that hold something are listed."""
MOST_LOCKS = 12
ENDINGS = {"deadlock": "Deadlock: nobody can go on.", "violation": "An invariant is broken.", "done": "All have ended."}


def event_words(run: TracedRun, position: int) -> str:
    """What the event before a position did."""
    if not position:
        return f"Before the first event: {counted(len(run.task_names), 'task')}, {counted(run.length, 'event')}."
    number = position - 1
    task, lock = visible(run.task_names[run.task(number)]), visible(run.lock(number))
    words = " ".join(part for part in (task, visible(run.operation(number)).replace("_", " "), lock) if part)
    ending = f" {ENDINGS.get(run.result, '')}" if position == run.length else ""
    when = (
        f"after {run.time(number):,} steps" if run.unit == "steps" else f"at {run.time(number):,} {visible(run.unit)}"
    )
    return f"Event {position}, {when}: {words}.{ending}".rstrip()


def moment_rows(run: TracedRun, position: int) -> tuple[Row, ...]:
    """The call stack of the event before a position, and what is held and waited for then."""
    return (*_stack_rows(run, position), *_held_rows(run, position))


def _stack_rows(run: TracedRun, position: int) -> Iterator[Row]:
    if not position:
        return
    task = run.task(position - 1)
    name = visible(run.task_names[task])
    yield Row(Kind.HEADING, name, right="made this event", role=Role.task(task), fixed=((0, len(name)),))
    for number, (function, place) in enumerate(run.stack(position - 1)):
        where = visible(place.rpartition("/")[2])
        yield Row(Kind.FRAME, visible(function), right=where, strong=not number, item="stack", frame=number)


def _held_rows(run: TracedRun, position: int) -> Iterator[Row]:
    listing = 0
    for task, lane in enumerate(run.timeline.lanes):
        held: list[str] = []
        wanted: list[str] = []
        for row in lane:
            stretch = row.at(position - 1)
            if stretch != NOBODY:
                (wanted if row.waits[stretch] else held).append(visible(run.timeline.locks[row.locks[stretch]]))
        if not (held or wanted) or listing == MOST_TASKS:
            continue
        listing += 1
        said = [
            f"{verb} {listed(locks[:MOST_LOCKS])}" for verb, locks in (("holds", held), ("waits for", wanted)) if locks
        ]
        yield Row(Kind.FACT, " and ".join(said), label=visible(run.task_names[task]))
