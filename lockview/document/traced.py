"""A run that was recorded, ready to be looked at: its events in columns, its lanes, and the call stacks.

It comes from a trace of lockview, of a simulated run or a counterexample, or from lock events of a real kernel.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from lockview.document.documents import Document
from lockview.document.errors import UserError
from lockview.layout.timeline import Timeline, TimelineMaker
from lockview.model.logs import Log
from lockview.model.run_traces import (
    End,
    Head,
    Record,
    RunEvent,
    TracedClass,
    TracedFrame,
    TracedInstance,
    TracedStack,
    TracedThread,
)
from lockview.model.traces import EventKind

if TYPE_CHECKING:
    from lockview.model.lock_events import EventStream

NONE = -1
_COLUMNS = ("tasks", "ops", "locks", "stacks", "times")
_TAKES = {"acquire": EventKind.ACQUIRE, "acquired": EventKind.ACQUIRE, "srcu_lock": EventKind.ACQUIRE}
_GIVES = ("release", "srcu_unlock")
_SECTIONS = {"seq_begin": EventKind.ACQUIRE, "seq_end": EventKind.RELEASE}


class Source(NamedTuple):
    """The scenario of a run by its id and checksum, the kernel, and the (task, outcome) of each step.

    ``steps`` are the numbers of the events that were steps.
    """

    scenario: str
    sha256: str
    variant: str
    switches: tuple[str, ...]
    choices: tuple[tuple[int, int], ...]
    steps: tuple[int, ...]


class TracedRun(NamedTuple):
    """``events`` are the columns task, operation, lock, stack and time, NONE where there is none.

    ``words`` are the operations, with their outcome; ``stacks`` hold (function, place) pairs, innermost first. Times
    are as ``unit`` says. ``source`` tells how a simulated run can be made again; None for others. ``lines`` are those
    of the log in which the events stood, if they were in one.
    """

    title: str
    result: str
    unit: str
    remarks: tuple[str, ...]
    task_names: tuple[str, ...]
    lock_names: tuple[str, ...]
    words: tuple[str, ...]
    stacks: tuple[tuple[tuple[str, str], ...], ...]
    events: tuple[array[int], ...]
    timeline: Timeline
    source: Source | None = None
    lines: tuple[int, ...] = ()

    @property
    def length(self) -> int:
        """How many events there are."""
        return len(self.events[0])

    def task(self, event: int) -> int:
        """The task of an event."""
        return self.events[0][event]

    def operation(self, event: int) -> str:
        """What an event did, and what came of it."""
        return self.words[self.events[1][event]]

    def lock(self, event: int) -> str:
        """The lock that an event was about; "" for none."""
        number = self.events[2][event]
        return self.lock_names[number] if number != NONE else ""

    def stack(self, event: int) -> tuple[tuple[str, str], ...]:
        """The call stack of an event, innermost first."""
        number = self.events[3][event]
        return self.stacks[number] if number != NONE else ()

    def time(self, event: int) -> int:
        """When an event was."""
        return self.events[4][event]


class _Maker:
    """Takes the records of a trace one after the other."""

    def __init__(self) -> None:
        self.title = self.result = self.unit = ""
        self.head: Head | None = None
        self.classes: dict[int, str] = {}
        self.lock_names: dict[str, str] = {}
        self.choices: list[tuple[int, int]] = []
        self.steps: list[int] = []
        self.tasks: dict[int, int] = {}
        self.names: list[str] = []
        self.locks: dict[str, int] = {}
        self.words: dict[str, int] = {}
        self.frames: dict[int, tuple[str, str]] = {}
        self.stacks: dict[int, int] = {}
        self.stack_values: list[tuple[tuple[str, str], ...]] = []
        self.columns = tuple(array("q") for _ in _COLUMNS)
        self.sections: set[tuple[int, str]] = set()
        self.changes: list[tuple[int, int, EventKind, str]] = []

    def take(self, record: Record) -> None:
        match record:
            case RunEvent():
                self._event(record)
            case Head(scenario=scenario, clock=clock):
                self.head = record
                self.title = " ".join(str(scenario.get(key, "")) for key in ("id", "title")).strip()
                self.unit = "steps" if clock.get("kind") == "logical" else str(clock.get("unit", ""))
            case TracedClass(id=number, name=name):
                self.classes[number] = name
            case TracedInstance(id=instance, lock_class=lock_class):
                self._name_lock(instance, self.classes[lock_class])
            case TracedThread(id=number, comm=comm, pid=pid):
                self.tasks[number] = len(self.names)
                self.names.append(f"{comm}/{pid}")
            case TracedFrame(id=number, function=function, file=file, line=line):
                self.frames[number] = (function, f"{file}:{line}" if file else "")
            case TracedStack(id=number, frames=frames):
                self.stacks[number] = len(self.stack_values)
                self.stack_values.append(tuple(self.frames[frame] for frame in frames))
            case End(result=result):
                self.result = result
            case _:
                pass

    def _name_lock(self, instance: str, name: str) -> None:
        """Locks of a real kernel are addresses; they are called by their class as well."""
        address = instance.partition(" ")[0]
        real = self.head is not None and self.head.mode == "import"
        self.lock_names[instance] = f"{name} {address}" if real and name != instance else instance

    def _event(self, event: RunEvent) -> None:
        if event.chosen is not None:
            outcome = event.value if event.op == "choice" and isinstance(event.value, int) else 0
            self.choices.append((event.enabled[event.chosen], outcome))
            self.steps.append(event.number)
        task = self.tasks[event.task]
        said = " ".join(part for part in (event.op, event.out) if part)
        name = self.lock_names.get(event.lock, event.lock)
        lock = self.locks.setdefault(name, len(self.locks)) if name else NONE
        stack = self.stacks[event.stack] if event.stack is not None else NONE
        word = self.words.setdefault(said, len(self.words))
        for column, value in zip(self.columns, (task, word, lock, stack, event.time), strict=True):
            column.append(value)
        self._change(event, task)

    def _change(self, event: RunEvent, task: int) -> None:
        """What an event changed in the lanes. What lockdep is told of a section that is shown already is left out."""
        kind, name = _SECTIONS.get(event.op), f"{event.object}.{event.field}"
        if kind is None:
            kind, name = _kind(event), self.lock_names.get(event.lock, event.lock)
            if event.out == "ok" and (task, name) in self.sections:
                return
        elif kind is EventKind.ACQUIRE:
            self.sections.add((task, name))
        else:
            self.sections.discard((task, name))
        if kind is not None:
            self.changes.append((len(self.columns[0]) - 1, task, kind, name))

    def made(self, title: str, remarks: tuple[str, ...]) -> TracedRun:
        timeline = TimelineMaker(tuple(self.names))
        for change in self.changes:
            timeline.change(*change)
        return TracedRun(
            self.title or title, self.result, self.unit, remarks, tuple(self.names), tuple(self.locks),
            tuple(self.words), tuple(self.stack_values), self.columns, timeline.made(len(self.columns[0])),
            self._source(),
        )  # fmt: skip

    def _source(self) -> Source | None:
        head = self.head
        if head is None or head.mode == "import" or not self.choices:
            return None
        scenario, checksum = (str(head.scenario.get(key, "")) for key in ("id", "sha256"))
        return Source(scenario, checksum, head.variant, head.switches, tuple(self.choices), tuple(self.steps))


def _kind(event: RunEvent) -> EventKind | None:
    if event.op in _TAKES:
        return {"wait": EventKind.WAIT, "busy": None}.get(event.out, _TAKES[event.op])
    return EventKind.RELEASE if event.op in _GIVES else None


def traced_run(records: Iterable[Record], title: str = "", remarks: tuple[str, ...] = ()) -> TracedRun:
    """The run that the records of a checked trace tell."""
    maker = _Maker()
    for record in records:
        maker.take(record)
    return maker.made(title, remarks)


def captured_run(stream: EventStream, title: str) -> TracedRun:
    """Lock events of a real kernel as a run."""
    from lockview.sim.importing import imported

    records = tuple(imported(stream, title))
    return traced_run(records, title)._replace(lines=_lines_of(records, stream))


def _lines_of(records: Iterable[Record], stream: EventStream) -> tuple[int, ...]:
    """The lines of the events: both are in one order, and an event of the stream makes none, one or two of the run."""
    from lockview.sim.importing import nanoseconds

    times = [(nanoseconds(event.time), event.task) for event in stream.events]
    place, lines = 0, []
    for record in records:
        if isinstance(record, RunEvent):
            place = times.index((record.time, record.task), place)
            lines.append(stream.events[place].line)
    return tuple(lines)


def read_traced(path: str) -> TracedRun:
    """Read a trace from a file. UserError names the line that is wrong, and what was expected there."""
    from lockview.parsing.trace_gzip import unpacked
    from lockview.parsing.trace_lines import TraceError, read_trace

    try:
        with open(path, "rb") as file:  # noqa: PTH123
            trace = read_trace(unpacked(file.read()))
    except TraceError as error:
        raise UserError(f"{path}: {error}.") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error
    return traced_run(chain((trace.head,), trace.records), path.rpartition("/")[2], trace.remarks)


def traced_of(document: Document) -> TracedRun | None:
    """The recorded run that a document shows: a trace, or the lock events in a log without reports."""
    if document.traced is None and not document.growing and not document.reports and document.log.event_streams:
        document.traced = captured_run(document.log.event_streams[0], document.log.name.rpartition("/")[2])
    return document.traced


def traced_document(run: TracedRun, path: str) -> Document:
    """A document that shows a recorded run."""
    return Document(Log(path), [], path, title=run.title, traced=run)


def to_json(run: TracedRun) -> dict[str, Any]:
    """A run as the worker sends it."""
    from lockview.layout.timeline_columns import packed, packed_column

    values = run._asdict()
    return values | {"events": [packed_column(column) for column in run.events], "timeline": packed(run.timeline)}


def from_json(values: dict[str, Any]) -> TracedRun:
    """The run that ``to_json`` described."""
    from lockview.layout.timeline_columns import unpacked, unpacked_column

    stacks = tuple(tuple((function, place) for function, place in stack) for stack in values["stacks"])
    events = tuple(map(unpacked_column, values["events"]))
    names = {name: tuple(values[name]) for name in ("remarks", "task_names", "lock_names", "words")}
    lines = tuple(values["lines"])
    timeline, source = unpacked(values["timeline"]), values["source"]
    if source is not None:
        scenario, sha256, variant, switches, choices, steps = source
        moves = tuple((task, outcome) for task, outcome in choices)
        source = Source(scenario, sha256, variant, tuple(switches), moves, tuple(steps))
    return TracedRun(
        **(
            values
            | names
            | {"stacks": stacks, "events": events, "timeline": timeline, "source": source, "lines": lines}
        )
    )
