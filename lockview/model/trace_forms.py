"""The lines of the trace format: which fields a kind has, in which order, and what each may hold."""

from __future__ import annotations

from enum import Enum
from typing import Any, NamedTuple

from lockview.model import run_traces as values


class Shape(Enum):
    """What a field may hold; the value is how it is called in messages."""

    WHOLE = "a whole number"
    TEXT = "a text"
    FLAG = "true or false"
    WHOLES = "a list of whole numbers"
    TEXTS = "a list of texts"
    LIST = "a list"
    OBJECT = "an object"
    ANY = "a value"


class FieldForm(NamedTuple):
    """A field: its name in the line and in the value. One that is not ``needed`` is left out when it says nothing."""

    key: str
    name: str
    shape: Shape
    needed: bool


class LineForm(NamedTuple):
    """A kind of line: the type of its value and its fields, in the order in which they are written."""

    kind: str
    value: type[Any]
    fields: tuple[FieldForm, ...]


_W, _T, _F, _L, _O = Shape.WHOLE, Shape.TEXT, Shape.FLAG, Shape.LIST, Shape.OBJECT
_NAMES = {
    "class": "lock_class", "prio": "priority", "fn": "function", "off": "offset", "i": "number", "t": "time",
    "d": "length", "try": "trylock", "obj": "object", "f": "field", "val": "value", "en": "enabled", "ch": "chosen",
    "inv": "invariant", "snaps": "snapshots", "key": "has_key",
}  # fmt: skip


def _form(kind: str, value: type[Any], needed: dict[str, Shape], optional: dict[str, Shape] | None = None) -> LineForm:
    """Fields are written as they are listed here: needed ones, then optional ones."""
    fields = [FieldForm(key, _NAMES.get(key, key), shape, needed=True) for key, shape in needed.items()]
    fields += [FieldForm(key, _NAMES.get(key, key), shape, needed=False) for key, shape in (optional or {}).items()]
    return LineForm(kind, value, tuple(fields))


FORMS: dict[str, LineForm] = {
    form.kind: form
    for form in (
        _form(
            "head",
            values.Head,
            {
                "version": Shape.WHOLES,
                "program": _T,
                "scenario": _O,
                "variant": _T,
                "switches": Shape.TEXTS,
                "mode": _T,
                "scheduler": _O,
                "clock": _O,
                "cpus": _W,
            },
            {"seed": _W, "created": _T},
        ),
        _form("class", values.TracedClass, {"id": _W, "name": _T, "sub": _W, "kind": _T, "annotated": _F}, {"key": _F}),
        _form("lock", values.TracedInstance, {"id": _T, "class": _W}, {"of": _T}),
        _form("task", values.TracedThread, {"id": _W, "comm": _T, "pid": _W}, {"kind": _T, "mm": _T, "prio": _W}),
        _form("frame", values.TracedFrame, {"id": _W, "fn": _T}, {"off": _W, "size": _W, "file": _T, "line": _W}),
        _form("stack", values.TracedStack, {"id": _W, "frames": Shape.WHOLES}),
        _form(
            "ev",
            values.RunEvent,
            {"i": _W, "t": _W, "d": _W, "cpu": _W, "task": _W, "op": _T},
            {
                "lock": _T,
                "class": _W,
                "sub": _W,
                "mode": _T,
                "try": _F,
                "nest": _T,
                "out": _T,
                "obj": _T,
                "f": _T,
                "old": Shape.ANY,
                "new": Shape.ANY,
                "also": _L,
                "of": _T,
                "val": Shape.ANY,
                "fault": _W,
                "stack": _W,
                "en": Shape.WHOLES,
                "ch": _W,
                "step": _T,
                "flags": _T,
            },
        ),
        _form("snap", values.Snapshot, {"i": _W, "t": _W, "state": _O, "hash": _T}),
        _form("note", values.Note, {"i": _W, "text": _T}, {"level": _T, "ref": _T}),
        _form("report", values.Spoken, {"i": _W, "text": _T}, {"model": Shape.ANY}),
        _form("viol", values.Broken, {"i": _W, "inv": _T, "text": _T}, {"objects": Shape.TEXTS, "tasks": Shape.WHOLES}),
        _form(
            "stat",
            values.Counted,
            {"i": _W, "faults": _W, "outcomes": _O, "aborts": _O, "happened": _O, "locks": _O},
        ),
        _form("index", values.Index, {"snaps": _L, "events": _W, "tasks": _W}),
        _form("end", values.End, {"result": _T, "events": _W, "hash": _T}),
    )
}
"""By kind."""

FORM_OF: dict[type[Any], LineForm] = {form.value: form for form in FORMS.values()}
"""By the type of the value."""
