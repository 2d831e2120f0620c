"""Scenario files: TOML, checked field by field. docs/scenarios.md describes the format.

A file that cannot be understood is refused with the line and the field, and what was expected there.
"""

from __future__ import annotations

from functools import partial

from lockview.kernel.routines import ROUTINES
from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS
from lockview.model.locks import Primitive
from lockview.model.reports import ReportKind
from lockview.sim.running import Ending
from lockview.sim.scenarios.building import build, rights
from lockview.sim.scenarios.description import (
    CallPart,
    Case,
    Description,
    Expectation,
    FilePart,
    LockPart,
    MmPart,
    PagesPart,
    Pool,
    Schedule,
    TaskPart,
    VmaPart,
)
from lockview.sim.scenarios.orders import read_order
from lockview.sim.scenarios.tables import ScenarioError, Table

FORMAT = "lockview.scenario 1"
"""The first field of every scenario file."""

MOST_BYTES = 200_000
"""A larger file is no scenario."""

_MOST_PAGES = 64
_MOST_POOL = 64
_VERDICTS = ("clean", "deadlock", "violation")


def read_scenario_bytes(data: bytes) -> Description:
    """The scenario in a file's bytes. Raises ScenarioError when it cannot run as it stands."""
    try:
        return read_scenario(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ScenarioError(f"line {line}: UTF-8 was expected") from None


def read_scenario(text: str) -> Description:
    """The scenario in a file's text. Raises ScenarioError when it cannot run as it stands."""
    description = parse_scenario(text)
    try:
        build(description)
        for case in description.cases:
            build(description.in_case(case))
    except ValueError as error:
        raise ScenarioError(str(error)) from None
    return description


def parse_scenario(text: str) -> Description:
    """The same without trying whether its routines can be called. Raises ScenarioError."""
    import tomllib

    if len(text) > MOST_BYTES:
        raise ScenarioError(f"the file is too large to be a scenario: at most {MOST_BYTES} characters were expected")
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise ScenarioError("no valid TOML: it is nested too deeply") from None
    except ValueError as error:
        raise ScenarioError(f"no valid TOML: {error}") from None
    table = Table(text, data, "")
    if table.text("format") != FORMAT:
        raise table.wrong("format", f'"{FORMAT}" was expected')
    return _description(table)


def _description(table: Table) -> Description:
    variant = table.one_of("variant", VARIANTS, "spf-v2")
    mms = table.parts("mm", lambda part: MmPart(part.name("name"), part.number("pages", 4, _MOST_PAGES)))
    files = table.parts("file", _file)
    pages = {mm.name: mm.pages for mm in mms}
    tasks = _tasks(table, tuple(pages))
    names = tuple(task.name for task in tasks)
    schedule = _schedule(table, names)
    vmas = table.parts("vma", partial(_vma, pages, tuple(file.name for file in files)))
    _refuse_overlaps(table, vmas)
    description = Description(
        table.name("id"),
        table.name("title"),
        table.text("lesson", ""),
        variant,
        table.each_of("on", tuple(Switch)),
        table.each_of("off", tuple(Switch)),
        mms,
        files,
        table.parts("lock", _lock),
        vmas,
        table.parts("pages", partial(_pages, pages)),
        _pool(table),
        tasks,
        schedule,
        _expectation(table),
        table.parts("case", partial(_case, variant, schedule, names)),
    )
    table.finish()
    return description


def _file(part: Table) -> FilePart:
    size = part.number("size", 4, _MOST_PAGES)
    cached = part.numbers("cached", size)
    return FilePart(part.name("name"), size, cached, part.flag("has_ops", True), part.flag("open", True))


def _lock(part: Table) -> LockPart:
    name = part.name("name")
    return LockPart(
        name,
        part.name("class") if part.has("class") else name,
        part.one_of("kind", tuple(Primitive), Primitive.MUTEX),
        part.text("key", ""),
        part.flag("fair", False),
        part.flag("initialised", True),
    )


def _vma(mms: dict[str, int], files: tuple[str, ...], part: Table) -> VmaPart:
    mm = part.one_of("mm", mms)
    start, end = _range(part, mms[mm])
    letters = part.text("rights", "rw")
    try:
        rights(letters)
    except ValueError as error:
        raise part.wrong("rights", str(error)) from None
    file = part.one_of("file", files) if part.has("file") else ""
    return VmaPart(mm, start, end, letters, file, part.number("pgoff", 0, _MOST_PAGES), part.text("anon", ""))


def _refuse_overlaps(table: Table, vmas: tuple[VmaPart, ...]) -> None:
    for number, vma in enumerate(vmas):
        for other in vmas[:number]:
            if vma.mm == other.mm and vma.start < other.end and other.start < vma.end:
                raise table.wrong("vma", f"{other.start} to {other.end} and {vma.start} to {vma.end} overlap")


def _pages(mms: dict[str, int], part: Table) -> PagesPart:
    mm = part.one_of("mm", mms)
    start, end = _range(part, mms[mm])
    mapped = part.numbers("mapped", mms[mm])
    if not all(start <= page < end for page in mapped):
        raise part.wrong("mapped", f"pages from {start} to {end - 1} were expected")
    return PagesPart(mm, start, end, mapped, part.flag("writable", True))


def _range(part: Table, pages: int) -> tuple[int, int]:
    start, end = part.number("start", None, pages), part.number("end", None, pages)
    if end <= start:
        raise part.wrong("end", "a page behind start was expected")
    return start, end


def _pool(table: Table) -> Pool:
    part = table.part("pool")
    if part is None:
        return Pool()
    numbers = [part.number(field, default, _MOST_POOL) for field, default in Pool()._asdict().items()]
    part.finish()
    return Pool(*numbers)


def _tasks(table: Table, mms: tuple[str, ...]) -> tuple[TaskPart, ...]:
    tasks = table.parts("task", partial(_task, mms))
    if not tasks:
        raise table.wrong("task", "at least one task was expected")
    names = [task.name for task in tasks]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise table.wrong("task", f'the name "{twice}" is there twice')
    return tasks


def _task(mms: tuple[str, ...], part: Table) -> TaskPart:
    return TaskPart(
        part.name("name"),
        part.number("pid"),
        part.parts("call", _call),
        part.one_of("mm", mms) if part.has("mm") else "",
        part.flag("may_reclaim", False),
        part.number("cpu") if part.has("cpu") else None,
        part.number("priority", 0),
        part.flag("daemon", False),
        part.flag("arrives", False),
    )


def _call(part: Table) -> CallPart:
    return CallPart(part.one_of("routine", ROUTINES), part.rest(), part.line)


def _schedule(table: Table, names: tuple[str, ...], default: Schedule | None = None) -> Schedule:
    """The fields of a recommended run; ``default`` when there is none of them."""
    fields = ("order", "schedule", "choice", "choices")
    if default is not None and not any(table.has(field) for field in fields):
        return default
    order = table.texts("order")
    try:
        read_order(order, names)
    except ValueError as error:
        raise table.wrong("order", str(error)) from None
    answers = table.part("choices")
    choices: tuple[tuple[str, int], ...] = ()
    if answers is not None:
        choices = tuple((question, answers.number(question)) for question in answers.fields)
    return Schedule(order, table.numbers("schedule", len(names)), table.number("choice", 1), choices)


def _case(variant: str, schedule: Schedule, names: tuple[str, ...], part: Table) -> Case:
    return Case(
        part.name("title"),
        part.one_of("variant", VARIANTS, variant),
        part.each_of("on", tuple(Switch)),
        part.each_of("off", tuple(Switch)),
        _schedule(part, names, schedule),
        _expectation(part),
    )


def _expectation(table: Table) -> Expectation:
    part = table.part("expect")
    if part is None:
        return Expectation()
    expectation = Expectation(
        part.one_of("verdict", _VERDICTS, "clean"),
        part.text("invariant", ""),
        _or_empty(part, "report", tuple(ReportKind)),
        part.texts("chain"),
        _or_empty(part, "ending", tuple(Ending)),
        part.texts("happens"),
    )
    part.finish()
    return expectation


def _or_empty(part: Table, field: str, known: tuple[str, ...]) -> str:
    return part.one_of(field, known) if part.has(field) else ""
