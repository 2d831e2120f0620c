"""A trace in the JSON that Chrome's tracing page and Perfetto read: tasks, CPUs and locks as three processes.

Times are microseconds with three digits. Source: "Trace Event Format", the Chromium project.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lockview.export.chrome_stacks import CallStacks, StackFrames
from lockview.export.trace_lines import canonical
from lockview.model.run_traces import (
    Broken,
    Json,
    RunEvent,
    RunTrace,
    Spoken,
    TracedInstance,
    TracedThread,
)

TASKS, CPUS, LOCKS = 1, 2, 3
"""The numbers of the three processes."""

_PROCESSES = {TASKS: "tasks", CPUS: "cpus", LOCKS: "locks"}
_GOT = frozenset(("got", "ok", "wake"))


def chrome_trace(trace: RunTrace) -> str:
    """The whole file, in ASCII; one event per line."""
    made = _Made(trace)
    for record in trace.records:
        match record:
            case RunEvent():
                made.event(record)
            case Broken():
                made.mark("violation", record.invariant, record.text)
            case Spoken():
                title = next((line for line in record.text.splitlines() if line.strip("=- \t")), "report")
                made.mark("report", "lockdep", title)
            case _:
                pass
    made.finish()
    lines = ",\n".join(made.lines)
    other = canonical(made.other_data())
    frames = canonical(made.frames.table)
    return f'{{"traceEvents":[\n{lines}\n],\n"displayTimeUnit":"ns",\n"stackFrames":{frames},\n"otherData":{other}}}\n'


class _Hold(NamedTuple):
    since: int
    mode: str
    number: int


class _Run(NamedTuple):
    task: int
    since: int
    until: int


class _Made:
    """The events so far, and what is open: calls, holds, waits, and the turn of a task on a CPU."""

    def __init__(self, trace: RunTrace) -> None:
        self._trace = trace
        self.lines: list[str] = []
        self.frames = StackFrames(trace.records)
        self._calls = CallStacks(self.frames)
        self._tasks = {thread.id: thread for thread in trace.of(TracedThread)}
        self._locks = {lock.id: number for number, lock in enumerate(trace.of(TracedInstance))}
        self._holds: dict[tuple[int, str], list[_Hold]] = {}
        self._hold_count = self._flows = 0
        self._waits: dict[tuple[int, str], int] = {}
        self._released: dict[str, tuple[int, int]] = {}
        self._runs: dict[int, _Run] = {}
        self._sections: set[str] = set()
        self._now = 0
        self._names()

    def other_data(self) -> dict[str, Json]:
        """What the trace says about the run."""
        head = self._trace.head
        end = self._trace.end
        return {
            "program": head.program, "scenario": head.scenario, "variant": head.variant,
            "switches": head.switches, "mode": head.mode, "scheduler": head.scheduler, "clock": head.clock,
            "seed": head.seed, "result": end.result if end else None,
        }  # fmt: skip

    def event(self, event: RunEvent) -> None:
        """What an event of the trace is here."""
        self._now = event.time
        self._call(event)
        if event.length and event.chosen is not None:
            self._turn(event)
        match event.op:
            case "acquire" | "acquired" | "srcu_lock" if event.out in _GOT:
                self._got(event)
            case "contend":
                self._waits[event.task, event.lock] = event.time
            case "release" | "srcu_unlock":
                self._gave(event)
            case "seq_begin" | "seq_end":
                self._section(event)
            case "fault_begin" | "fault_end":
                phase = "b" if event.op == "fault_begin" else "e"
                name = event.of or "fault"
                self._put(event.time, phase, TASKS, event.task, name, cat="fault", id=event.fault, args=_outcome(event))
            case "spf_abort":
                self._put(event.time, "i", TASKS, event.task, event.out, cat="abort", s="t")
            case _:
                pass

    def mark(self, category: str, name: str, text: str) -> None:
        """Something that concerns all."""
        self._put(self._now, "i", TASKS, 0, f"{category}: {name}", cat=category, s="g", args={"text": text})

    def finish(self) -> None:
        """End what is still open."""
        stop = self._now + 1
        for task in self._tasks:
            self._ends(stop, task, self._calls.leave(task))
        for (task, lock), since in self._waits.items():
            self._wait(task, lock, since, stop)
        for (task, lock), holds in self._holds.items():
            for hold in reversed(holds):
                self._held(task, lock, hold, stop)
        for cpu, run in self._runs.items():
            self._ran(cpu, run)
        for name in sorted(self._sections):
            self._put(stop, "e", TASKS, 0, name, cat="section", id=name)

    # --- Tasks --------------------------------------------------------------------------------------------------

    def _names(self) -> None:
        for pid, name in _PROCESSES.items():
            self._put(0, "M", pid, 0, "process_name", args={"name": name})
        for order, (task, thread) in enumerate(self._tasks.items()):
            self._thread(TASKS, task, f"{thread.comm}/{thread.pid}", order)
        for cpu in range(self._trace.head.cpus):
            self._thread(CPUS, cpu, f"cpu {cpu}", cpu)
        for lock, number in self._locks.items():
            self._thread(LOCKS, number, lock, number)

    def _thread(self, pid: int, tid: int, name: str, order: int) -> None:
        self._put(0, "M", pid, tid, "thread_name", args={"name": name})
        self._put(0, "M", pid, tid, "thread_sort_index", args={"sort_index": order})

    def _call(self, event: RunEvent) -> None:
        """Return from functions and enter others, so that the task's calls are those of the event's stack."""
        if event.op == "exit":
            self._ends(event.time, event.task, self._calls.leave(event.task))
        elif event.stack is not None:
            left, entered = self._calls.move(event.task, event.stack)
            self._ends(event.time, event.task, left)
            for name in entered:
                self._put(event.time, "B", TASKS, event.task, name, cat="call")

    def _ends(self, time: int, task: int, names: Iterable[str]) -> None:
        for name in names:
            self._put(time, "E", TASKS, task, name, cat="call")

    def _turn(self, event: RunEvent) -> None:
        run = self._runs.get(event.cpu)
        if run is not None and run.task == event.task and run.until == event.time:
            self._runs[event.cpu] = run._replace(until=event.time + event.length)
            return
        if run is not None:
            self._ran(event.cpu, run)
        self._runs[event.cpu] = _Run(event.task, event.time, event.time + event.length)

    def _ran(self, cpu: int, run: _Run) -> None:
        thread = self._tasks[run.task]
        name = f"{thread.comm}/{thread.pid}"
        self._put(run.since, "X", CPUS, cpu, name, cat="running", dur=run.until - run.since)

    # --- Locks --------------------------------------------------------------------------------------------------

    def _got(self, event: RunEvent) -> None:
        key = (event.task, event.lock)
        since = self._waits.pop(key, None)
        if since is not None:
            self._wait(*key, since, event.time)
            self._woken(event)
        hold = _Hold(event.time, event.mode, self._hold_count)
        self._hold_count += 1
        self._holds.setdefault(key, []).append(hold)
        self._of_task("b", event.time, key, hold, event.stack)
        if hold.mode != "x":
            self._shared("b", event.time, key, hold)

    def _gave(self, event: RunEvent) -> None:
        key = (event.task, event.lock)
        holds = self._holds.get(key)
        if holds:
            self._held(*key, holds.pop(), event.time + event.length)
        self._released[event.lock] = (event.task, event.time)

    def _held(self, task: int, lock: str, hold: _Hold, until: int) -> None:
        key = (task, lock)
        self._of_task("e", until, key, hold, None)
        if hold.mode != "x":
            self._shared("e", until, key, hold)
            return
        thread = self._tasks[task]
        name = f"{thread.comm}/{thread.pid}"
        self._put(hold.since, "X", LOCKS, self._locks[lock], name, cat="hold", dur=until - hold.since)

    def _of_task(self, phase: str, time: int, key: tuple[int, str], hold: _Hold, stack: int | None) -> None:
        task, lock = key
        where = {} if stack is None else {"sf": self.frames.of_stack(stack)}
        self._put(
            time, phase, TASKS, task, lock, cat="lock", id=self._locks[lock], scope=f"task {task}",
            args={"mode": hold.mode}, **where,
        )  # fmt: skip

    def _shared(self, phase: str, time: int, key: tuple[int, str], hold: _Hold) -> None:
        task, lock = key
        thread = self._tasks[task]
        name = f"{thread.comm}/{thread.pid}"
        self._put(time, phase, LOCKS, self._locks[lock], name, cat="shared", id=hold.number)

    def _wait(self, task: int, lock: str, since: int, until: int) -> None:
        self._put(
            since, "X", TASKS, task, f"wait {lock}", cat="wait", dur=max(until - since, 0), cname="terrible"
        )  # fmt: skip

    def _woken(self, event: RunEvent) -> None:
        """An arrow from the release that let a waiter go on."""
        released = self._released.get(event.lock)
        if released is None:
            return
        task, time = released
        self._put(time, "s", TASKS, task, "wake", cat="wake", id=self._flows)
        self._put(event.time, "f", TASKS, event.task, "wake", cat="wake", id=self._flows, bp="e")
        self._flows += 1

    def _section(self, event: RunEvent) -> None:
        name = f"{event.object} {event.field}".strip()
        begins = event.op == "seq_begin"
        if begins is not (name in self._sections):
            (self._sections.add if begins else self._sections.discard)(name)
            self._put(event.time, "b" if begins else "e", TASKS, event.task, name, cat="section", id=name)
        if type(event.new) is int:
            label = f"{event.object} seq" if event.object else event.field
            self._put(event.time, "C", TASKS, event.task, label, args={"value": event.new})

    def _put(self, time: int, phase: str, pid: int, tid: int, name: str, **more: Json) -> None:
        fields: dict[str, Json] = {"ph": phase, "pid": pid, "tid": tid, "name": name}
        duration = more.pop("dur", None)
        fields.update({key: value for key, value in more.items() if value is not None})
        times = f'{{"ts":{_microseconds(time)},'
        if duration is not None:
            times += f'"dur":{_microseconds(duration)},'
        self.lines.append(times + canonical(fields)[1:])


def _outcome(event: RunEvent) -> dict[str, Json] | None:
    return {"outcome": event.out} if event.out else None


def _microseconds(time: int) -> str:
    return f"{time // 1000}.{time % 1000:03d}"
