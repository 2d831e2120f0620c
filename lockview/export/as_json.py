"""The JSON form of logs and reports, in which other programs and lockview's own processes receive them.

The form is versioned, described in ``docs/json-format.md`` and, for machines, in
``resources/lockview-log.schema.json``. It holds everything that the model holds, line spans and reading notes
included: reading what was written gives an equal log, and the fields that equality passes over are the same too.

A new kind of report is one entry of ``REPORTS``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lockview.export.json_codec import (
    TEXT,
    WHOLE,
    Codec,
    JsonFormError,
    entries,
    many,
    misfit,
    read_entries,
    word,
    write_entries,
)
from lockview.export.json_debug import DEBUG_FORMS
from lockview.export.json_dumps import EVENT_STREAM, ORDERS, TABLE
from lockview.export.json_foreign import FOREIGN_REPORTS
from lockview.export.json_irq import IRQ_FORMS
from lockview.export.json_stalls import STALL_FORMS
from lockview.export.json_tasks import TASK_FORMS
from lockview.export.json_values import (
    CHAIN_ENTRY,
    LOCK_CLASS,
    NEAR_MISS,
    PROBLEM,
    READING,
    SPAN,
    report_form,
)
from lockview.export.json_waits import WAIT_FORMS
from lockview.model.logs import Log
from lockview.model.reports import CircularReport, Dependency, Reading, Report, ReportKind

__all__ = ["FORMAT", "VERSION", "JsonFormError", "dumps", "loads"]
__all__ += ["log_from_json", "log_to_json", "report_from_json", "report_to_json"]

FORMAT = "lockview.log"
VERSION = (1, 0)
"""Major and minor. A new key raises the minor number; a change that breaks readers raises the major one."""


def _write_dependency(dependency: Dependency) -> dict[str, object]:
    """A dependency without its stack, which stands in the chain entry with the same index."""
    return {
        "held": LOCK_CLASS.write(dependency.held),
        "wanted": LOCK_CLASS.write(dependency.wanted),
        "index": dependency.index,
        "new": dependency.new,
        "inferred": dependency.inferred,
        "span": SPAN.write(dependency.span),
    }


REPORTS = {
    ReportKind.CIRCULAR: report_form(CircularReport, {"chain": many(CHAIN_ENTRY), "chain_exists": many(LOCK_CLASS)}),
    **IRQ_FORMS,
    **WAIT_FORMS,
    **TASK_FORMS,
    **DEBUG_FORMS,
    **STALL_FORMS,
    **FOREIGN_REPORTS,
}


def report_to_json(report: Report) -> dict[str, object]:
    """A report as an object.

    ``complete``, ``cycle``, the ``name`` of classes and all ``..._words`` are computed, all else is stored.
    """
    from lockview.export.json_words import add_words

    _, made = REPORTS[report.kind]
    written = {
        "kind": report.kind.value,
        **write_entries(READING, report.reading),
        "complete": report.reading.complete,
        **write_entries(made, report),
        "cycle": [_write_dependency(dependency) for dependency in report.cycle],
    }
    add_words(written, report)
    return written


def report_from_json(found: object) -> Report:
    """The report of an object; raises JsonFormError with the path of what does not fit."""
    if not isinstance(found, dict):
        raise misfit("an object", found)
    try:
        kind = word(ReportKind).read(found.get("kind"))
    except JsonFormError as error:
        raise error.inside("kind") from None
    cls, made = REPORTS[kind]
    return cls(reading=Reading(**read_entries(READING, found)), **read_entries(made, found))


LOG = entries(
    Log,
    {
        "name": TEXT,
        "lines": WHOLE,
        "size": WHOLE,
        "wrappers": many(TEXT),
        "reports": many(Codec(report_to_json, report_from_json)),
        "near_misses": many(NEAR_MISS),
        "problems": many(PROBLEM),
        "orders": many(ORDERS),
        "tables": many(TABLE),
        "event_streams": many(EVENT_STREAM),
    },
)


def log_to_json(log: Log) -> dict[str, object]:
    """A log as an object that names its format and version."""
    return {"format": FORMAT, "version": list(VERSION), **write_entries(LOG, log)}


def log_from_json(found: object) -> Log:
    """The log of an object; raises JsonFormError, also for another format or a later major version."""
    if not isinstance(found, dict):
        raise misfit("an object", found)
    if found.get("format") != FORMAT:
        raise misfit(f'"{FORMAT}"', found.get("format")).inside("format")
    version = found.get("version")
    if not isinstance(version, list) or len(version) != 2 or not all(type(number) is int for number in version):
        raise misfit("[major, minor]", version).inside("version")
    if version[0] != VERSION[0]:
        raise JsonFormError(f"expected major version {VERSION[0]}, found {version[0]}").inside("version")
    return Log(**read_entries(LOG, found))


def dumps(logs: Iterable[Log]) -> str:
    """Logs as text: one line of ASCII per log, so that it can be cut into lines and sent through any pipe."""
    import json

    return "".join(json.dumps(log_to_json(log), ensure_ascii=True) + "\n" for log in logs)


def loads(text: str) -> tuple[Log, ...]:
    """The logs of a text that ``dumps`` made, however its white space was changed since.

    Raises JsonFormError: with the line and column for text that is no JSON, else with the path of what does not fit,
    after ``log 2:`` when there are several logs.
    """
    values = list(_values(text))
    logs = []
    for number, value in enumerate(values, 1):
        try:
            logs.append(log_from_json(value))
        except JsonFormError as error:
            raise JsonFormError(f"log {number}: {error}" if len(values) > 1 else str(error)) from None
    return tuple(logs)


def _values(text: str) -> Iterator[Any]:
    """The JSON values of a text, one after the other."""
    import json

    decoder = json.JSONDecoder()
    place, end = 0, len(text)
    while True:
        while place < end and text[place] in " \t\r\n":
            place += 1
        if place == end:
            return
        try:
            value, place = decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            raise JsonFormError(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
        except RecursionError:
            raise JsonFormError("the JSON is nested too deeply") from None
        except ValueError:
            raise JsonFormError("the JSON holds a number that is too long") from None
        yield value
