"""Lock events of a trace in the text of ftrace's ``trace_pipe``.  Source: include/trace/events/lock.h."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.model.run_traces import RunEvent, RunTrace, TracedClass, TracedInstance, TracedThread

_KINDS = {
    "acquire": "lock_acquire",
    "acquired": "lock_acquired",
    "contend": "lock_contended",
    "release": "lock_release",
}
_FLAGS_KNOWN = ("irq_off", "irq_on")


def ftrace_text(trace: RunTrace) -> str:
    """One line per lock event; steps become microseconds, and locks get the addresses of their numbers.

    As in a kernel there is no event for a trylock that failed, nor for locks that lockdep does not see.
    """
    return "".join(f"{line}\n" for line in _lines(trace))


def _lines(trace: RunTrace) -> Iterator[str]:
    tasks = {thread.id: thread for thread in trace.of(TracedThread)}
    classes = {lock_class.id: lock_class for lock_class in trace.of(TracedClass)}
    addresses = {lock.id: number for number, lock in enumerate(trace.of(TracedInstance))}
    irqs_off: set[int] = set()
    unit = 1 if trace.head.clock.get("kind") == "logical" else 1000
    yield "# tracer: nop"
    yield "#"
    yield "#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION"
    for event in trace.events:
        if event.op in _FLAGS_KNOWN:
            (irqs_off.add if event.op == "irq_off" else irqs_off.discard)(event.task)
        kind = _KINDS.get(event.op)
        if kind is None or event.lock_class is None or event.out == "busy":
            continue
        lock_class = classes[event.lock_class]
        if not lock_class.annotated:
            continue
        thread = tasks[event.task]
        who = f"{thread.comm}-{thread.pid}"
        flags = event.flags or ("d...." if event.task in irqs_off else ".....")
        what = f"{_address(event.lock, addresses)} {_way(event)}{lock_class.name}"
        yield f"{who:>24} [{event.cpu:03d}] {flags} {_seconds(event.time // unit)}: {kind}: {what}"


def _address(lock: str, numbers: dict[str, int]) -> str:
    """The address that a real lock has in its name, or one for its number."""
    word = lock.partition(" ")[0]
    is_address = len(word) == 16 and set(word) <= set("0123456789abcdef")
    return word if is_address else f"{0xFFFF888000000000 + 64 * numbers[lock]:016x}"


def _way(event: RunEvent) -> str:
    """The words before the name, which only acquisitions have."""
    if event.op != "acquire":
        return ""
    return ("try " if event.trylock else "") + ("read " if event.mode in ("s", "r") else "")


def _seconds(microseconds: int) -> str:
    return f"{microseconds // 1_000_000:>5}.{microseconds % 1_000_000:06d}"
