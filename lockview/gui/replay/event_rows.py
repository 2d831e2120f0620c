"""The steps of a run as rows: those done in full, those to come in outline."""

from __future__ import annotations

from lockview.gui.replay.words import event_words
from lockview.gui.rows.row import Kind, Row
from lockview.layout.drawing import Role
from lockview.sim.replay import Replay

_PREFIX = "event:"


def event_rows(replay: Replay) -> tuple[Row, ...]:
    """One row per step of the schedule; a row's item is the name that the step has in the drawing of lanes."""
    return tuple(
        Row(
            Kind.STEP,
            event_words(replay, event),
            label=str(event.index + 1),
            dim=event.index >= replay.position,
            role=Role.task(event.task),
            item=f"{_PREFIX}{event.index}",
        )
        for event in replay.trace.events
    )


def position_of(item: str) -> int | None:
    """The position right after the step that an item names."""
    number = item.removeprefix(_PREFIX)
    return int(number) + 1 if item.startswith(_PREFIX) and number.isdecimal() else None
