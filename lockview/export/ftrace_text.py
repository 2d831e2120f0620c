"""Lock events of a trace in the text of ftrace's ``trace_pipe``.  Source: include/trace/events/lock.h."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.model.run_traces import RunEvent, RunTrace, TracedClass, TracedInstance, TracedThread

_KINDS = {
    "acquire": "lock_acquire",
    "acquired": "lock_acquired",
    "contend": "lock_contended",
    "release": "lock_release",
    "srcu_lock": "lock_acquire",
    "srcu_unlock": "lock_release",
}


def ftrace_text(trace: RunTrace) -> str:
    """One line per lock event; steps become microseconds, and locks get the addresses of their numbers.

    As in a kernel there is no event for a trylock that failed, nor for locks that lockdep does not see.
    """
    return "".join(f"{line}\n" for line in _lines(trace))


def _lines(trace: RunTrace) -> Iterator[str]:
    tasks = {thread.id: thread for thread in trace.of(TracedThread)}
    classes = {lock_class.id: lock_class for lock_class in trace.of(TracedClass)}
    addresses = {lock.id: number for number, lock in enumerate(trace.of(TracedInstance))}
    contexts = _Contexts()
    unit = 1 if trace.head.clock.get("kind") == "logical" else 1000
    yield "# tracer: nop"
    yield "#"
    yield "#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION"
    for event in trace.events:
        contexts.take(event)
        kind = _KINDS.get(event.op)
        if kind is None or event.lock_class is None or event.out == "busy":
            continue
        lock_class = classes[event.lock_class]
        if not lock_class.annotated:
            continue
        thread = tasks[event.task]
        who = f"{_one_line(thread.comm)}-{thread.pid}"
        flags = event.flags or contexts.flags(event.task)
        what = f"{_address(event.lock, addresses)} {_way(event)}{_one_line(lock_class.name)}"
        yield f"{who:>24} [{event.cpu:03d}] {flags} {_seconds(event.time // unit)}: {kind}: {what}"


def _one_line(name: str) -> str:
    """A name as it may stand in a line of text."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)


class _Contexts:
    """What each task has turned off, and whether it is an interrupt."""

    def __init__(self) -> None:
        self._irqs_off: set[int] = set()
        self._bh_off: set[int] = set()
        self._inside: dict[int, str] = {}

    def take(self, event: RunEvent) -> None:
        """Follow an event."""
        task = event.task
        match event.op:
            case "irq_off" | "hardirq_disable":
                self._irqs_off.add(task)
            case "irq_on" | "hardirq_enable":
                self._irqs_off.discard(task)
            case "softirq_disable":
                self._bh_off.add(task)
            case "softirq_enable":
                self._bh_off.discard(task)
            case "hardirq_enter" | "softirq_enter":
                self._inside[task] = event.op[0]
            case "hardirq_exit" | "softirq_exit":
                self._inside.pop(task, None)
            case _:
                pass

    def flags(self, task: int) -> str:
        """The letters of ``trace_print_lat_fmt``, kernel/trace/trace_output.c, 6.12; counts are not known."""
        inside = self._inside.get(task, ".")
        off = task in self._irqs_off or inside == "h"
        bottom = task in self._bh_off
        first = "D" if off and bottom else "d" if off else "b" if bottom else "."
        return f"{first}.{inside}.."


def _address(lock: str, numbers: dict[str, int]) -> str:
    """The address that a real lock has in its name, or one for its number."""
    word = lock.partition(" ")[0]
    is_address = len(word) == 16 and set(word) <= set("0123456789abcdef")
    return word if is_address else f"{0xFFFF888000000000 + 64 * numbers[lock]:016x}"


def _way(event: RunEvent) -> str:
    """The words before the name, which only acquisitions have."""
    if _KINDS[event.op] != "lock_acquire":
        return ""
    return ("try " if event.trylock else "") + ("read " if event.mode in ("s", "r") else "")


def _seconds(microseconds: int) -> str:
    return f"{microseconds // 1_000_000:>5}.{microseconds % 1_000_000:06d}"
