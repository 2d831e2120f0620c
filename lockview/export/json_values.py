"""The values of the JSON form that all kinds of reports are made of, each as a codec."""

from __future__ import annotations

from collections.abc import Mapping

from lockview.export.json_codec import (
    FLAG,
    TEXT,
    WHOLE,
    Codec,
    Entry,
    JsonFormError,
    entries,
    many,
    maybe,
    misfit,
    record,
    word,
)
from lockview.model.locks import HeldLock, LockClass, WaitTypes
from lockview.model.logs import NearMiss
from lockview.model.reports import (
    ChainEntry,
    HeldLocks,
    Operation,
    Reading,
    Report,
    ScenarioStep,
    Task,
)
from lockview.model.stacks import Backtrace, Frame, StackTrace
from lockview.model.text import NOWHERE, Problem, Severity, Span
from lockview.model.usages import IrqEvent


def _write_span(span: Span) -> object:
    return [span.first, span.last] if span else None


def _read_span(found: object) -> Span:
    if found is None:
        return NOWHERE
    if not isinstance(found, list) or len(found) != 2 or not all(type(line) is int for line in found):
        raise misfit("[first line, last line] or null", found)
    first, last = found
    if not 1 <= first <= last:
        raise JsonFormError(f"expected a first line from 1 on and a last line not before it, found {first} and {last}")
    return Span(first, last)


SPAN = Codec(_write_span, _read_span)

LOCK_CLASS = record(
    LockClass,
    {"base": TEXT, "key=key_number": WHOLE, "subclass": WHOLE},
    derived={"name": lambda lock_class: lock_class.name},
)
WAIT_TYPES = record(WaitTypes, {"outer": WHOLE, "inner": WHOLE})
FRAME = record(
    Frame,
    {
        "function": TEXT,
        "offset": maybe(WHOLE),
        "size": maybe(WHOLE),
        "module": TEXT,
        "build_id": TEXT,
        "address": TEXT,
        "reliable": FLAG,
        "part": TEXT,
        "file": TEXT,
        "line": WHOLE,
        "inlined": FLAG,
        "span": SPAN,
    },
    sparse=True,
)
STACK = record(StackTrace, {"frames": many(FRAME), "span": SPAN})
HELD_LOCK = record(
    HeldLock,
    {
        "index": maybe(WHOLE),
        "class=lock_class": LOCK_CLASS,
        "usage": TEXT,
        "wait_types": maybe(WAIT_TYPES),
        "instance": TEXT,
        "instance_text": TEXT,
        "site": maybe(FRAME),
        "released": FLAG,
        "span": SPAN,
    },
)
TASK = record(Task, {"comm": TEXT, "pid": WHOLE})
HELD_LOCKS = record(HeldLocks, {"task": TASK, "count": WHOLE, "locks": many(HELD_LOCK), "span": SPAN})
SCENARIO_STEP = record(
    ScenarioStep,
    {"cpu": WHOLE, "operation": word(Operation), "class=lock_class": maybe(LOCK_CLASS), "span": SPAN},
)
BACKTRACE = record(
    Backtrace,
    {
        "cpu": maybe(WHOLE),
        "pid": maybe(WHOLE),
        "comm": TEXT,
        "hardware": TEXT,
        "workqueue": TEXT,
        "stack": STACK,
        "span": SPAN,
    },
)
CHAIN_ENTRY = record(
    ChainEntry,
    {
        "index": WHOLE,
        "class=lock_class": LOCK_CLASS,
        "usage": TEXT,
        "wait_types": maybe(WAIT_TYPES),
        "stack": STACK,
        "span": SPAN,
    },
)
IRQ_EVENT = record(IrqEvent, {"what": TEXT, "number": WHOLE, "site": maybe(FRAME), "span": SPAN})
PROBLEM = record(Problem, {"severity": word(Severity), "code": TEXT, "message": TEXT, "span": SPAN})
NEAR_MISS = record(NearMiss, {"line": WHOLE, "text": TEXT, "reason": TEXT})

READING = entries(Reading, {"time": TEXT, "caller": TEXT, "missing": many(TEXT), "problems": many(PROBLEM)})


def report_form(kind: type[Report], codecs: Mapping[str, Codec]) -> tuple[type[Report], tuple[Entry, ...]]:
    """A kind of report: the keys that all have, with those that only this kind has between them."""
    common = {
        "title": TEXT,
        "kernel": TEXT,
        "build": TEXT,
        "taint": TEXT,
        "task": maybe(TASK),
        "wanted": maybe(HELD_LOCK),
        "held": maybe(HELD_LOCK),
    }
    after = {
        "scenario": many(SCENARIO_STEP),
        "held_locks": maybe(HELD_LOCKS),
        "backtrace": maybe(BACKTRACE),
        "span": SPAN,
    }
    return kind, entries(kind, {**common, **codecs, **after})
