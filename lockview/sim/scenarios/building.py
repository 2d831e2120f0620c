"""From a description to a machine: objects made, routines bound, tasks ready to step."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, NamedTuple, TypeGuard, TypeVar

from lockview.kernel.entry import Call
from lockview.kernel.handles import Lock
from lockview.kernel.lock_programs import read_callers, read_program
from lockview.kernel.mm.objects import ENTRIES, NO_PMD, AnonVma, File, Flags, Mm
from lockview.kernel.routines import ROUTINES, Kind, Parameter, one_after_the_other
from lockview.kernel.switches import Switch
from lockview.kernel.system import Kernel, Thread
from lockview.kernel.variants import VARIANTS, Variant
from lockview.model.locks import Primitive
from lockview.model.reports import Task
from lockview.sim.machine import Machine, TaskPlan
from lockview.sim.scenarios.description import CallPart, Description, TaskPart

_T = TypeVar("_T")

_LETTERS = {
    "r": Flags.READ,
    "w": Flags.WRITE,
    "x": Flags.EXEC,
    "s": Flags.SHARED,
    "g": Flags.GROWSDOWN,
    "l": Flags.LOCKED,
    "u": Flags.UFFD,
    "h": Flags.HUGE,
}


_BORDERS = ("end", "span_end", "old", "new")
"""Arguments that may name the page behind the last one."""


class Built(NamedTuple):
    """A scenario that can run: the kernel with its objects, the machine over it, and who its tasks are."""

    description: Description
    kernel: Kernel
    machine: Machine
    tasks: tuple[Task, ...]


def rights(letters: str) -> Flags:
    """``rwx`` and its like as flags. Raises ValueError naming a letter that means nothing."""
    flags = Flags(0)
    for letter in letters:
        if letter not in _LETTERS:
            raise ValueError(f'"{letter}" is no right; {", ".join(_LETTERS)} are')
        flags |= _LETTERS[letter]
    return flags


def build(
    description: Description,
    variant: Variant | None = None,
    on: Iterable[Switch] = (),
    off: Iterable[Switch] = (),
) -> Built:
    """Make a scenario ready to run: under its own variant and switches, or others.

    Raises ValueError naming a part that refers to what is not there.
    """
    chosen = variant or _named(VARIANTS, description.variant, "variant")
    turned_on = {*map(Switch, description.on), *on} - set(off)
    turned_off = {*map(Switch, description.off), *off} - set(on)
    kernel = Kernel(chosen, turned_on, turned_off)
    builder = _Builder(kernel, {part.name: number for number, part in enumerate(description.tasks)})
    builder.make_objects(description)
    plans = [builder.plan(part) for part in description.tasks]
    tasks = tuple(Task(part.name, part.pid) for part in description.tasks)
    return Built(description, kernel, Machine(plans, kernel.plan.start), tasks)


class _Builder:
    """Holds what the names of a description stand for."""

    def __init__(self, kernel: Kernel, tasks: dict[str, int]) -> None:
        self.kernel = kernel
        self.tasks = tasks
        self.mms: dict[str, Mm] = {}
        self.files: dict[str, File] = {}
        self.anon_vmas: dict[str, AnonVma] = {}
        self.locks: dict[str, Lock] = {}

    def make_objects(self, description: Description) -> None:
        kernel = self.kernel
        for mm_part in description.mms:
            self.mms[mm_part.name] = kernel.new_mm(mm_part.pages)
        for file_part in description.files:
            file = self.files[file_part.name] = kernel.new_file(file_part.size, has_ops=file_part.has_ops)
            cache = tuple((page, kernel.new_cached_frame().number) for page in file_part.cached)
            kernel.plan.begin(file.cache, cache)
            kernel.plan.begin(file.f_count, int(file_part.open))
        for lock_part in description.locks:
            lock = kernel.plan.lock(
                lock_part.name,
                lock_part.lock_class,
                Primitive(lock_part.kind),
                key=lock_part.key,
                fair=lock_part.fair and not kernel.has(Switch.UNFAIR_RWSEM),
                annotated=lock_part.kind != Primitive.BIT,
            )
            self.locks[lock_part.name] = lock if lock_part.initialised else lock._replace(key="")
        for vma_part in description.vmas:
            anon = self.anon_vmas.setdefault(vma_part.anon, kernel.new_anon_vma()) if vma_part.anon else None
            kernel.new_vma(
                _named(self.mms, vma_part.mm, "mm"),
                vma_part.start,
                vma_part.end,
                rights(vma_part.rights),
                file=_named(self.files, vma_part.file, "file") if vma_part.file else None,
                pgoff=vma_part.pgoff,
                anon_vma=anon,
            )
        for pages_part in description.pages:
            mm = _named(self.mms, pages_part.mm, "mm")
            for place in range(pages_part.start // ENTRIES, -(-pages_part.end // ENTRIES)):
                if kernel.plan.first(mm.pmds[place]) == NO_PMD:
                    kernel.new_table(mm, place)
            for page in pages_part.mapped:
                kernel.map_page(mm, page, kernel.new_frame(), writable=pages_part.writable)
        for _ in range(description.pool.vmas):
            kernel.new_vma()
        for _ in range(description.pool.tables):
            kernel.new_table()
        for _ in range(description.pool.frames):
            kernel.new_frame()

    def plan(self, part: TaskPart) -> TaskPlan:
        mm = _named(self.mms, part.mm, "mm") if part.mm else None
        thread = self.kernel.new_thread(part.name, part.pid, mm)
        thread.may_reclaim = part.may_reclaim
        calls = tuple(self._call(thread, call) for call in part.calls)
        routine = partial(one_after_the_other, calls)
        name = f"{part.name}/{part.pid}"
        return TaskPlan(name, routine, part.cpu, part.priority, part.daemon, part.arrives)

    def _call(self, thread: Thread, part: CallPart) -> Call:
        try:
            return self._bound(thread, part)
        except ValueError as error:
            where = f"line {part.line}: " if part.line else ""
            raise ValueError(f"{where}{part.routine}: {error}") from None

    def _bound(self, thread: Thread, part: CallPart) -> Call:
        spec = _named(ROUTINES, part.routine, "routine")
        if spec.needs_mm and thread.mm is None:
            raise ValueError(f"task {thread.comm} has no address space to do it in")
        given = dict(part.arguments)
        values = {parameter.name: self._value(parameter, given) for parameter in spec.parameters}
        _refuse_outside(spec.parameters, values, _pages_of(thread, values.values()))
        unknown = given.keys() - values.keys()
        if unknown:
            raise ValueError(f"{min(unknown)} is no argument of it")
        return spec.start(thread, values)

    def _value(self, parameter: Parameter, given: dict[str, object]) -> Any:
        if parameter.name not in given:
            if parameter.default is ...:
                raise ValueError(f"{parameter.name} is missing")
            return parameter.default
        value = given[parameter.name]
        match parameter.kind:
            case Kind.FILE if isinstance(value, str):
                return _named(self.files, value, "file")
            case Kind.MM if isinstance(value, str):
                return _named(self.mms, value, "mm")
            case Kind.TASK if isinstance(value, str):
                return _named(self.tasks, value, "task")
            case Kind.RIGHTS if isinstance(value, str):
                return rights(value)
            case Kind.FLAG if isinstance(value, bool):
                return value
            case Kind.PROGRAM if isinstance(value, list) and all(isinstance(line, str) for line in value):
                return read_program(value, self._lock)
            case Kind.CALLERS if isinstance(value, str):
                return read_callers(value)
            case Kind.PAGE | Kind.TABLE | Kind.NUMBER if _is_number(value):
                return value
            case kind:
                raise ValueError(f"{parameter.name} is to be a {kind}")

    def _lock(self, name: str) -> Lock:
        """A lock of the scenario, or one of the kernel's own objects: ``mm:0.mmap_sem``, ``fs_reclaim``."""
        if name == "fs_reclaim":
            return self.kernel.fs_reclaim
        own = {lock.name: lock for lock in self.kernel.plan.locks.values()}
        return self.locks[name] if name in self.locks else _named(own, name, "lock")


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31


def _refuse_outside(parameters: Iterable[Parameter], values: dict[str, Any], pages: int) -> None:
    """Raise ValueError for a page that is not there, for an empty range, and for one moved to where it does not fit."""
    for parameter in parameters:
        if parameter.kind is Kind.PAGE and values[parameter.name] >= pages + (parameter.name in _BORDERS):
            raise ValueError(f"{parameter.name} lies outside of the {pages} pages that there are")
        if parameter.kind is Kind.TABLE and values[parameter.name] * ENTRIES >= pages:
            raise ValueError(f"{parameter.name}: there is room for {pages // ENTRIES} page tables")
    start, end, to = values.get("start", 0), values.get("end"), values.get("to", 0)
    if end is not None and end <= start:
        raise ValueError("end: a page behind start was expected")
    if end is not None and to + end - start > pages:
        raise ValueError(f"to: the pages would lie outside of the {pages} pages that there are")


def _pages_of(thread: Thread, values: Iterable[object]) -> int:
    """How many pages there are where a routine works: in the address space or file that it is given, or its own."""
    pages = len(thread.mm.pmds) * ENTRIES if thread.mm else 0
    for value in values:
        if isinstance(value, Mm):
            return len(value.pmds) * ENTRIES
        if isinstance(value, File) and thread.mm is None:
            pages = thread.kernel.plan.first(value.size)
    return pages


def _named(things: dict[str, _T], name: str, what: str) -> _T:
    if name not in things:
        known = ", ".join(things) or "there is none"
        raise ValueError(f'{what}: "{name}" is not there; known: {known}')
    return things[name]
