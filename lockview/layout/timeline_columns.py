"""A timeline as JSON between two processes: its columns as text of bytes, since a million numbers take too long."""

from __future__ import annotations

from array import array
from base64 import b64decode, b64encode
from typing import Any

from lockview.layout.timeline import Stretches, Timeline

_ROW = ("starts", "ends", "locks", "waits")


def packed_column(column: array[int]) -> list[str]:
    """A column: the sort of its numbers, and their bytes in the order of this machine."""
    return [column.typecode, b64encode(column).decode("ascii")]


def unpacked_column(packed: list[str]) -> array[int]:
    """The column that ``packed_column`` gave."""
    return array(packed[0], b64decode(packed[1]))


def packed(timeline: Timeline) -> dict[str, Any]:
    """All of a timeline."""
    lanes = [[[packed_column(getattr(row, name)) for name in _ROW] for row in lane] for lane in timeline.lanes]
    return timeline._asdict() | {"lanes": lanes, "arrows": [packed_column(column) for column in timeline.arrows]}


def unpacked(values: dict[str, Any]) -> Timeline:
    """The timeline that ``packed`` gave."""
    return Timeline(
        tuple(values["tasks"]),
        tuple(values["locks"]),
        tuple(tuple(_row(columns) for columns in lane) for lane in values["lanes"]),
        tuple(values["hidden"]),
        tuple(map(unpacked_column, values["arrows"])),
        values["end"],
    )


def _row(columns: list[list[str]]) -> Stretches:
    row = Stretches()
    for name, column in zip(_ROW, columns, strict=True):
        setattr(row, name, unpacked_column(column))
    row.sum_up()
    return row
