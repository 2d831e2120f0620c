"""The JSON form keeps everything, says what is wrong with a bad one, and is what its schema says."""

import copy
import json
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from full_values import full
from hypothesis import given, settings
from strategies import circular_reports, logs

from lockview.export.as_json import (
    REPORTS,
    JsonFormError,
    dumps,
    loads,
    log_from_json,
    log_to_json,
    report_from_json,
    report_to_json,
)
from lockview.model.lock_events import EventStream
from lockview.model.locks import HeldLock, LockClass, WaitTypes
from lockview.model.logs import Log, NearMiss
from lockview.model.orders import LockOrders
from lockview.model.reports import (
    ChainEntry,
    CircularReport,
    HeldLocks,
    Operation,
    Reading,
    ReportKind,
    ScenarioStep,
    Task,
)
from lockview.model.stacks import Backtrace, Frame, StackTrace
from lockview.model.statistics import Table
from lockview.model.text import Problem, Severity, Span

SCHEMA = Path(__file__).parents[2] / "resources" / "lockview-log.schema.json"


def everything(value: Any) -> Any:
    """A value as plain data, with the fields that equality passes over."""
    if is_dataclass(value):
        return [type(value).__name__, *(everything(getattr(value, field.name)) for field in fields(value))]
    if isinstance(value, tuple):
        return [everything(part) for part in value]
    return value


def full_log() -> Log:
    """A log in which no field has its default value."""
    frame = Frame("f.isra.0", 1, 2, "mod", "b1d", "ffff", False, "IRQ", "a.c", 7, True, Span(9, 9))
    held_class, wanted_class = LockClass("b", 2, 1), LockClass("&a->b", 3, 2)
    waits = WaitTypes(2, 3)
    held = HeldLock(held_class, "+.+.", waits, "ffff8880", " l=0", frame, 0, True, Span(8, 8))
    stack = StackTrace((frame,), Span(9, 9))
    chain = (ChainEntry(1, held_class, "....", waits, stack, Span(7, 9)), ChainEntry(0, wanted_class, "+...", waits))
    problem = Problem(Severity.WARNING, "cut", "line 3: cut off", Span(3, 3))
    report = CircularReport(
        title="WARNING: possible circular locking dependency detected",
        kernel="6.12.0",
        build="#7",
        taint="Not tainted",
        task=Task("demo", 42),
        wanted=held,
        held=held,
        scenario=(ScenarioStep(1, Operation.RLOCK, held_class, Span(5, 5)), ScenarioStep(1, Operation.INTERRUPT)),
        held_locks=HeldLocks(Task("demo", 42), 2, (held,), Span(6, 8)),
        backtrace=Backtrace(stack, 3, 42, "demo", "QEMU", "events f", Span(10, 12)),
        reading=Reading("12.5", "T42", ("scenario",), (problem,)),
        span=Span(1, 12),
        chain=chain,
        chain_exists=(held_class,),
    )
    others = {kind: None for kind, _ in REPORTS.values() if kind is not CircularReport}
    return Log(
        "a.log",
        (report, *map(full, others)),
        (problem,),
        (NearMiss(4, "-> #", "no class"),),
        ("gzip",),
        99,
        1000,
        (full(LockOrders),),
        (full(Table),),
        (full(EventStream),),
    )


@settings(max_examples=60, deadline=None)
@given(logs())
def test_every_field_of_any_log_comes_back(log: Log) -> None:
    (back,) = loads(dumps([log]))
    assert back == log
    assert everything(back) == everything(log)


@settings(max_examples=30, deadline=None)
@given(circular_reports())
def test_reports_come_back(report: CircularReport) -> None:
    assert report_from_json(json.loads(json.dumps(report_to_json(report)))) == report


def test_all_fields_are_written() -> None:
    """A field that was added to the model and not to the form would be lost on its way from the worker."""
    log = full_log()
    assert everything(loads(dumps([log]))[0]) == everything(log)

    def check(value: Any) -> None:
        if isinstance(value, tuple):
            for part in value[:1]:
                check(part)
        elif is_dataclass(value):
            for field in fields(value):
                part = getattr(value, field.name)
                assert part != field.default, f"{type(value).__name__}.{field.name} is not tried"
                check(part)

    check(log)


def test_text_is_one_ascii_line_per_log() -> None:
    text = dumps([Log("one \N{LOCK}"), Log("two\n")])
    assert text.isascii()
    assert text.count("\n") == 2
    assert [log.name for log in loads(text)] == ["one \N{LOCK}", "two\n"]


def test_text_may_be_indented() -> None:
    text = json.dumps(log_to_json(full_log()), indent=4)
    assert loads("\n" + text + "\n" + text + " ") == (full_log(), full_log())
    assert loads(" \n") == ()


def test_cycle_refers_to_the_chain_for_its_stacks() -> None:
    report = report_to_json(full_log().reports[0])
    assert report["cycle"] == [
        {
            "held": {"base": "&a->b", "key": 3, "subclass": 2, "name": "&a->b#3/2"},
            "wanted": {"base": "b", "key": 2, "subclass": 1, "name": "b#2/1"},
            "index": 1,
            "new": False,
            "inferred": False,
            "span": [7, 9],
        },
        {
            "held": {"base": "b", "key": 2, "subclass": 1, "name": "b#2/1"},
            "wanted": {"base": "&a->b", "key": 3, "subclass": 2, "name": "&a->b#3/2"},
            "index": 0,
            "new": True,
            "inferred": True,
            "span": None,
        },
    ]


def test_frames_leave_out_what_is_ordinary() -> None:
    report = replace(full_log().reports[0], wanted=HeldLock(LockClass("a"), site=Frame("f", 0, 2)))
    wanted: Any = report_to_json(report)["wanted"]
    assert wanted["site"] == {"function": "f", "offset": 0, "size": 2}


def test_later_minor_versions_are_read() -> None:
    value = log_to_json(full_log())
    value["version"] = [1, 7]
    value["weather"] = {"sunny": True}
    assert log_from_json(value) == full_log()


def test_optional_keys_may_be_absent() -> None:
    value = {"format": "lockview.log", "version": [1, 0], "name": "x", "reports": [{"kind": "circular", "title": "t"}]}
    assert log_from_json(value) == Log("x", (CircularReport("t"),))


def _changed(path: list[Any], value: object) -> object:
    whole = copy.deepcopy(log_to_json(full_log()))
    part: Any = whole
    for step in path[:-1]:
        part = part[step]
    if value is ...:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return whole


CHAIN = ["reports", 0, "chain"]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ([*CHAIN, 1, "index"], "x", 'reports[0].chain[1].index: expected a whole number, found "x"'),
        ([*CHAIN, 1, "index"], True, "reports[0].chain[1].index: expected a whole number, found true"),
        ([*CHAIN, 1, "index"], 1.0, "reports[0].chain[1].index: expected a whole number, found 1.0"),
        ([*CHAIN, 0, "class", "base"], ..., 'reports[0].chain[0].class: the key "base" is missing'),
        ([*CHAIN, 0, "stack", "frames"], {}, "reports[0].chain[0].stack.frames: expected a list, found an object"),
        (
            [*CHAIN, 0, "stack", "frames", 0],
            [],
            "reports[0].chain[0].stack.frames[0]: expected an object, found a list",
        ),
        (["reports", 0, "title"], None, "reports[0].title: expected a string, found null"),
        (["reports", 0, "title"], ..., 'reports[0]: the key "title" is missing'),
        (["reports", 0, "kind"], "square", f'reports[0].kind: expected one of {", ".join(ReportKind)}, found "square"'),
        (["reports", 0, "kind"], ..., "reports[0].kind: expected a string, found null"),
        (["reports", 0, "kind"], ["circular"], "reports[0].kind: expected a string, found a list"),
        (["reports", 0], 3, "reports[0]: expected an object, found 3"),
        (["reports", 0, "held", "released"], 1, "reports[0].held.released: expected true or false, found 1"),
        (["reports", 0, "span"], [3], "reports[0].span: expected [first line, last line] or null, found a list"),
        (
            ["reports", 0, "span"],
            [3, 2],
            "reports[0].span: expected a first line from 1 on and a last line not before it, found 3 and 2",
        ),
        (["wrappers"], "gzip", 'wrappers: expected a list, found "gzip"'),
        (["name"], 2.5, "name: expected a string, found 2.5"),
        (["lines"], "y" * 500, 'lines: expected a whole number, found "' + "y" * 56 + "..."),
        (["format"], "gpx", 'format: expected "lockview.log", found "gpx"'),
        (["format"], ..., 'format: expected "lockview.log", found null'),
        (["version"], [2, 0], "version: expected major version 1, found 2"),
        (["version"], "1.0", 'version: expected [major, minor], found "1.0"'),
    ],
)
def test_misfits_are_named_with_their_path(path: list[Any], value: object, message: str) -> None:
    with pytest.raises(JsonFormError) as caught:
        log_from_json(_changed(path, value))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "line 1, column 2: Expecting property name enclosed in double quotes"),
        ("\n]", "line 2, column 1: Expecting value"),
        ("3", "expected an object, found 3"),
        ("[" * 200_000, "the JSON is nested too deeply"),
        ("1" * 5000, "the JSON holds a number that is too long"),
        ("NaN", "expected an object, found NaN"),
    ],
)
def test_broken_text_is_named_with_its_place(text: str, message: str) -> None:
    with pytest.raises(JsonFormError) as caught:
        loads(text)
    assert str(caught.value) == message


def test_the_wrong_log_of_several_is_named() -> None:
    with pytest.raises(JsonFormError, match=r"^log 2: name: expected a string, found 1$"):
        loads(dumps([Log("a")]) + '{"format": "lockview.log", "version": [1, 0], "name": 1}')


# --- The schema -------------------------------------------------------------------------------------------------

TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": float, "boolean": bool}
TYPES["null"] = type(None)


class Checker:
    """As much of JSON Schema as the published schema uses; unlike it, strict about keys that no schema names."""

    def __init__(self) -> None:
        self.schema = json.loads(SCHEMA.read_text("utf-8"))
        self.seen: set[str] = set()

    def misfits(self, value: Any, schema: dict[str, Any], at: str) -> list[str]:
        """What does not fit, as sentences; collects the paths of all keys of the schema that were met."""
        if "$ref" in schema:
            name = schema["$ref"].removeprefix("#/$defs/")
            return self.misfits(value, self.schema["$defs"][name], name)
        if "anyOf" in schema:
            return min((self.misfits(value, option, at) for option in schema["anyOf"]), key=len)
        found = self._scalar_misfits(value, schema, at)
        if isinstance(value, dict) and not found:
            found += self._object_misfits(value, schema, at)
        if isinstance(value, list) and not found:
            parts = schema.get("prefixItems") or [schema["items"]] * len(value)
            for part, inner in zip(value, parts, strict=True):
                found += self.misfits(part, inner, at)
        return found

    def _scalar_misfits(self, value: Any, schema: dict[str, Any], at: str) -> list[str]:
        found = []
        types = schema.get("type", [])
        types = [types] if isinstance(types, str) else types
        if types and type(value) not in [TYPES[name] for name in types]:
            found.append(f"{at}: {value!r} is not {types}")
        if "const" in schema and value != schema["const"]:
            found.append(f"{at}: {value!r} is not {schema['const']!r}")
        if "enum" in schema and value not in schema["enum"]:
            found.append(f"{at}: {value!r} is none of {schema['enum']}")
        if "minimum" in schema and not found and value < schema["minimum"]:
            found.append(f"{at}: {value!r} is too small")
        if isinstance(value, list) and not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 9e9):
            found.append(f"{at}: a list of {len(value)}")
        return found

    def _object_misfits(self, value: dict[str, Any], schema: dict[str, Any], at: str) -> list[str]:
        properties, required = dict(schema["properties"]), list(schema.get("required", []))
        for option in schema.get("oneOf", []):
            kind = self.schema["$defs"][option["$ref"].removeprefix("#/$defs/")]
            if kind["properties"]["kind"]["const"] == value["kind"]:
                properties = {**kind["properties"], **properties}
                required += kind["required"]
        found = [f"{at}: no {key}" for key in required if key not in value]
        found += [f"{at}: unknown {key}" for key in value if key not in properties]
        for key in value.keys() & properties.keys():
            self.seen.add(f"{at}.{key}")
            found += self.misfits(value[key], properties[key], f"{at}.{key}")
        return found

    def keys(self) -> set[str]:
        """All keys that the schema names, where ``seen`` would collect them."""
        found = {f"log.{key}" for key in self.schema["properties"]}
        kinds = {option["$ref"].rpartition("/")[2] for option in self.schema["$defs"]["report"]["oneOf"]}
        for name, schema in self.schema["$defs"].items():
            at = "report" if name in kinds else name
            for option in (schema, *schema.get("anyOf", [])):
                found |= {f"{at}.{key}" for key in option.get("properties", {})}
        return found


def test_schema_describes_what_is_written() -> None:
    checker = Checker()
    assert checker.misfits(log_to_json(full_log()), checker.schema, "log") == []
    assert checker.seen == checker.keys(), "keys that the schema names and no writer writes"


def test_schema_requires_what_is_always_written() -> None:
    checker = Checker()
    bare = Log("x", (CircularReport("t", wanted=HeldLock(LockClass("a"), site=Frame("f"))),))
    assert checker.misfits(log_to_json(bare), checker.schema, "log") == []


@settings(max_examples=30, deadline=None)
@given(logs())
def test_schema_fits_any_log(log: Log) -> None:
    checker = Checker()
    assert checker.misfits(log_to_json(log), checker.schema, "log") == []


def test_schema_enumerations_are_those_of_the_model() -> None:
    definitions = json.loads(SCHEMA.read_text("utf-8"))["$defs"]
    assert definitions["problem"]["properties"]["severity"]["enum"] == list(Severity)
    assert definitions["scenario_step"]["properties"]["operation"]["enum"] == list(Operation)
    kinds = [definitions[option["$ref"].rpartition("/")[2]] for option in definitions["report"]["oneOf"]]
    assert [kind["properties"]["kind"]["const"] for kind in kinds] == definitions["report"]["properties"]["kind"][
        "enum"
    ]


def test_checker_finds_misfits() -> None:
    """The schema tests are worth nothing with a checker that accepts everything."""
    checker = Checker()
    value = log_to_json(full_log())
    reports: Any = value["reports"]
    reports[0]["chain"][0]["index"] = "1"
    reports[0]["chain"][0]["colour"] = "red"
    del reports[0]["chain_exists"]
    found = checker.misfits(value, checker.schema, "log")
    assert sorted(found) == [
        "chain_entry.index: '1' is not ['integer']",
        "chain_entry: unknown colour",
        "report: no chain_exists",
    ]
