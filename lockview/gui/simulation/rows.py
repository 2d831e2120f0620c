"""The rows of a simulated run: the call stack of each task, the world, and the steps.

Pure: a run and a position in, rows out. What the last step changed in the world is marked.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockview.document.visible import visible
from lockview.gui.rows.row import Kind, Row
from lockview.gui.simulation.words import next_words
from lockview.layout.drawing import Role
from lockview.model.stacks import Frame, StackTrace
from lockview.sim.course import Course
from lockview.sim.scenarios.orders import effect_words
from lockview.sim.world_view import Holder, LockView, VmaView, WorldView, world_view

CHANGED = "changed"
TOLD = {
    "fault_end": "Faults",
    "spf_abort": "Speculation gave up, by trace point",
    "spf_abort_reason": "Speculation gave up, by reason",
    "vma_lock": "Per-VMA lock events",
}
"""What is counted, by the word of the trace."""


def stack_rows(course: Course, position: int) -> tuple[Row, ...]:
    """The call stack of each task at a position, innermost first; the last step's task is marked."""
    return tuple(row for number in range(len(course.built.tasks)) for row in _stack_of(course, position, number))


def _stack_of(course: Course, position: int, number: int) -> Iterator[Row]:
    stepped = position > 0 and course.moves[position - 1].task == number
    name = visible(str(course.built.tasks[number]))
    said = "made this step" if stepped else ""
    yield Row(Kind.HEADING, name, right=said, role=Role.task(number), fixed=((0, len(name)),))
    stack = course.steps[position - 1].stack if stepped else course.machine.stack(course.states[position], number)
    if stack.frames:
        yield from frame_rows(stack, number)
    else:
        yield Row(Kind.NOTE, next_words(course, position, number).capitalize() + ".", dim=True)


def frames_at(course: Course, position: int, task: int) -> tuple[Frame, ...]:
    """The frames of a task as ``stack_rows`` lists them."""
    if position and course.moves[position - 1].task == task:
        return course.steps[position - 1].stack.frames
    return course.machine.stack(course.states[position], task).frames


def frame_rows(stack: StackTrace, task: int) -> Iterator[Row]:
    """The frames of a simulated stack; each leads to its line in our own source."""
    for number, frame in enumerate(stack.frames):
        place = f"{frame.file.rpartition('/')[2]}:{frame.line}" if frame.file else ""
        yield Row(
            Kind.FRAME, visible(frame.function), right=visible(place), strong=not number, item=f"{task}", frame=number
        )


def step_rows(course: Course) -> tuple[Row, ...]:
    """All steps of a run, in order."""
    return tuple(_step(course, number) for number in range(len(course)))


def _step(course: Course, number: int) -> Row:
    done, task = course.steps[number], course.moves[number].task
    function = done.stack.frames[0].function if done.stack.frames else ""
    words = f"{function}: {effect_words(done.effect)}" if done.effect else function
    spoke = "lockdep speaks \N{MIDDLE DOT} " if number in course.spoke else ""
    return Row(
        Kind.STEP, visible(spoke + words), label=str(number + 1), role=Role.task(task), dim=done.stays, item=f"{number}"
    )


def world_rows(course: Course, position: int) -> tuple[Row, ...]:
    """The world at a position, with what the last step changed marked, and what has happened so far counted."""
    rows = tuple(_world(course, world_view(course.built, course.states[position])))
    if position:
        before = set(_world(course, world_view(course.built, course.states[position - 1])))
        rows = tuple(row if row in before else _marked(row) for row in rows)
    return (*rows, *_counts(course, position))


def _marked(row: Row) -> Row:
    return row._replace(strong=True, role=Role.ACCENT, chip=CHANGED) if row.kind == Kind.FRAME else row


def _world(course: Course, world: WorldView) -> Iterator[Row]:
    names = [visible(str(task)) for task in course.built.tasks]
    yield Row(Kind.HEADING, "Locks held and wanted")
    for lock in world.locks:
        yield from _lock(lock, names)
    if not world.locks:
        yield Row(Kind.NOTE, "Nobody holds a lock.", dim=True)
    for mm in world.mms:
        counters = f"mm_seq {mm.sequence}" + (f", mm_lock_seq {mm.lock_seq}" if mm.lock_seq != 1 else "")
        yield Row(Kind.HEADING, f"Address space {mm.name}", right=counters)
        for vma in mm.vmas:
            yield _vma(vma)
        if not mm.vmas:
            yield Row(Kind.NOTE, "Nothing is mapped.", dim=True)
    if world.loose:
        yield Row(Kind.HEADING, "VMAs in no tree")
        for vma in world.loose:
            yield _vma(vma)
    yield from _memory(world)
    yield from _domains(world, names)
    yield from _cpus(world, names)


def _lock(lock: LockView, names: list[str]) -> Iterator[Row]:
    yield _line(lock.name, lock.lock_class)
    for word, those in (("held by", lock.holders), ("wanted by", lock.waiters)):
        for holder in those:
            yield _line(f"  {word} {_who(holder, names)}", role=Role.task(holder.task))


def _who(holder: Holder, names: list[str]) -> str:
    return f"{names[holder.task]}{' (shared)' if holder.shared else ''}"


def _vma(vma: VmaView) -> Row:
    state = "" if vma.linked else f" {vma.life}"
    counter = f"seq {vma.sequence}{' ODD' if vma.odd else ''}"
    locked = f", lock_seq {vma.lock_seq}" if vma.lock_seq else ""
    return _line(
        f"{vma.name} {vma.start}-{vma.end} {vma.rights}{state}", f"{counter}{locked}", detail=f" {vma.backing}"
    )


def _memory(world: WorldView) -> Iterator[Row]:
    if world.tables:
        yield Row(Kind.HEADING, "Page tables")
    for table in world.tables:
        yield _line(f"{table.name} {table.covers or table.life}", " | ".join(table.entries))
    if world.frames:
        yield Row(Kind.HEADING, "Frames")
    for frame in world.frames:
        yield _line(f"{frame.name} {frame.life}", f"refs {frame.refs}, mapped {frame.mapcount}")


def _domains(world: WorldView, names: list[str]) -> Iterator[Row]:
    yield Row(Kind.HEADING, "Read sections and callbacks")
    for domain in world.domains:
        readers = ", ".join(names[task] for task in domain.readers) or "no reader"
        yield _line(domain.name, readers)
        for action, left in domain.callbacks:
            waits = f"waits for {', '.join(names[task] for task in left)}" if left else "ready"
            yield _line(f"  {visible(action)}", waits)


def _cpus(world: WorldView, names: list[str]) -> Iterator[Row]:
    yield Row(Kind.HEADING, "CPUs")
    for cpu in world.cpus:
        off = [word for word, on in (("interrupts off", cpu.irqs), ("softirqs off", cpu.softirqs)) if not on]
        tlb = f"TLB {', '.join(cpu.tlb)}" if cpu.tlb else "TLB empty"
        yield _line(names[cpu.task], ", ".join((*off, tlb)), role=Role.task(cpu.task))


def _counts(course: Course, position: int) -> Iterator[Row]:
    counts = course.counts(position)
    for word, title in TOLD.items():
        those = sorted((value, count) for (what, value), count in counts.items() if what == word)
        if those:
            yield Row(Kind.HEADING, title)
        for value, count in those:
            yield _line(str(value), str(count))


def _line(text: str, right: str = "", *, detail: str = "", role: str = "") -> Row:
    return Row(Kind.FRAME, visible(text), detail=visible(detail).rstrip(), right=visible(right), role=role)
