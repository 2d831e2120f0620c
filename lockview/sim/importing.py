"""Lock events of a real kernel as the lines of a trace, so that they can be looked at like a simulated run.

An acquisition that had to wait is ``acquire`` (wait), ``contend``, ``acquired``. Classes have no subclasses here, since
ftrace prints none, and nothing is said of who could have run instead.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockview import __version__
from lockview.model.lock_events import EventStream, LockEvent, LockEventKind
from lockview.model.run_traces import Head, Note, Record, RunEvent, TracedThread
from lockview.sim.introductions import Introductions

_KINDS = LockEventKind
_WAITS = (_KINDS.CONTENDED, _KINDS.CONTENTION_BEGIN)
_ENDS_WAIT = (_KINDS.ACQUIRED, _KINDS.CONTENTION_END)


def imported(stream: EventStream, name: str) -> Iterator[Record]:
    """The lines of a stream, but for the last two, which only the writer knows. ``name`` says where it is from."""
    cpus = max((event.cpu for event in stream.events), default=0) + 1
    clock = {"unit": "ns", "kind": "real"}
    yield Head(
        f"lockview {__version__}",
        {"id": "", "title": name, "sha256": "", "params": {}},
        "", (), "import", {"name": "", "params": {}}, clock, cpus,
    )  # fmt: skip
    for number, task in enumerate(stream.tasks):
        comm = task.name if task.cpu is None else f"swapper/{task.cpu}"
        yield TracedThread(number, comm, max(task.pid, 0), "kernel" if task.cpu is not None else "")
    yield from _Import(stream).lines()


class _Import:
    """The events one after the other; per task the lock that it asked for last, and whether it waits for it."""

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream
        self._introduced = Introductions()
        self._names: dict[str, str] = {}
        self._asked: dict[int, LockEvent] = {}
        self._waits: set[int] = set()
        self._count = 0

    def lines(self) -> Iterator[Record]:
        contended = _contended(self._stream.events)
        gaps = list(self._stream.gaps)
        for number, event in enumerate(self._stream.events):
            while gaps and gaps[0].before <= number:
                gap = gaps.pop(0)
                yield Note(self._count - 1, f"{gap.count} events of CPU {gap.cpu} are missing here", "lost")
            yield from self._event(event, waits=number in contended)

    def _event(self, event: LockEvent, *, waits: bool) -> Iterator[Record]:
        task = event.task
        if event.kind in _WAITS:
            if task in self._asked and task not in self._waits:
                self._waits.add(task)
                yield from self._line(event, self._asked[task], "contend")
            return
        if task in self._waits:
            self._waits.discard(task)
            yield from self._line(event, self._asked[task], "acquired", "wake")
        if event.kind in _ENDS_WAIT:
            return
        if event.kind is _KINDS.ACQUIRE:
            self._asked[task] = event
            yield from self._line(event, event, "acquire", "wait" if waits else "got")
        else:
            self._asked.pop(task, None)
            yield from self._line(event, event, "release")

    def _line(self, event: LockEvent, of: LockEvent, op: str, out: str = "") -> Iterator[Record]:
        """An event that concerns the lock of another one, or its own."""
        lock_class = self._introduced.lock_class(of.name, of.name)
        lock = self._introduced.lock(self._lock_name(of), lock_class)
        stack = self._introduced.stack(event.stack)
        yield from self._introduced.news
        yield RunEvent(
            self._count, nanoseconds(event.time), 0, event.cpu, event.task, op,
            lock=lock, lock_class=lock_class, sub=0, mode="" if op == "release" else "s" if of.shared else "x",
            trylock=of.trylock if op == "acquire" else None, out=out, stack=stack, flags=event.flags,
        )  # fmt: skip
        self._count += 1

    def _lock_name(self, event: LockEvent) -> str:
        """Its address; with its name where another lock was at that address before."""
        pointer = event.pointer or event.name
        first = self._names.setdefault(pointer, event.name)
        return pointer if first == event.name else f"{pointer} {event.name}"


def _contended(events: tuple[LockEvent, ...]) -> set[int]:
    """The acquisitions whose task is said to wait by its next event."""
    asked: dict[int, int] = {}
    found = set()
    for number, event in enumerate(events):
        if event.kind in _WAITS and event.task in asked:
            found.add(asked[event.task])
        asked.pop(event.task, None)
        if event.kind is _KINDS.ACQUIRE:
            asked[event.task] = number
    return found


def nanoseconds(seconds: str) -> int:
    """The time that a tracer printed as seconds."""
    whole, _, part = seconds.partition(".")
    return int(whole) * 1_000_000_000 + int(f"{part:0<9}"[:9])
