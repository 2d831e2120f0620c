"""Test cases for the validator: operations with the verdict that is expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lockview.lockdep.fields import OperationError
from lockview.lockdep.operations import Operation, Runner
from lockview.lockdep.rules import Rules
from lockview.lockdep.validator import Validator
from lockview.model.reports import Report

COLUMNS = ("spin", "wlock", "rlock", "mutex", "wsem", "rsem", "rtmutex")
"""The columns of the table: primitives, and for two of them how they are taken."""


_ROWS_OF_THEIR_OWN = frozenset(("ww", "queued_read_lock", "fs_reclaim", "wait_context", "local_lock", "special"))


class Case(NamedTuple):
    """One case. ``complains`` is what is expected of the validator; None when the case does not say.

    ``column`` is where it stands in its row of the table, ``rlock``; "" next to the one before it.
    """

    id: str
    title: str
    family: str
    complains: bool | None
    operations: tuple[Operation, ...]
    column: str = ""


class Verdict(NamedTuple):
    """What came of a case: the first report, None when the validator stayed silent. ``at`` is the operation's index."""

    case: Case
    report: Report | None = None
    at: int | None = None

    @property
    def passed(self) -> bool:
        """Whether it came out as expected; a case without expectation always passes."""
        return self.case.complains is None or self.case.complains == (self.report is not None)


def cases_from_json(data: object) -> tuple[Case, ...]:
    """The cases of a decoded file: ``{"cases": [...]}``, or the list itself.

    Raises OperationError naming the case and field that is not as expected.
    """
    entries = data.get("cases") if isinstance(data, Mapping) else data
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise OperationError('cases: a list was expected, either by itself or under "cases"')
    return tuple(_case(entry, f"cases[{number}]") for number, entry in enumerate(entries))


def run(case: Case, rules: Rules = Rules()) -> Verdict:  # noqa: B008 (immutable)
    """Run a case on a fresh validator. Raises OperationError naming the operation that cannot be carried out."""
    runner = Runner(Validator(rules))
    for number, operation in enumerate(case.operations):
        try:
            runner.apply(operation, number + 1)
        except OperationError as error:
            raise OperationError(f"{case.id}: ops[{number}].{error}") from None
        if runner.validator.reports:
            return Verdict(case, runner.validator.reports[0], number)
    return Verdict(case)


def _case(entry: object, where: str) -> Case:
    if not isinstance(entry, Mapping):
        raise OperationError(f"{where}: an object was expected")
    name = entry.get("id")
    if not isinstance(name, str):
        raise OperationError(f"{where}.id: a text was expected")
    expected = entry.get("expected")
    if expected not in (None, "SUCCESS", "FAILURE"):
        raise OperationError(f'{where}.expected: "SUCCESS" or "FAILURE" was expected')
    operations = entry.get("ops")
    if not isinstance(operations, Sequence) or not all(isinstance(operation, Mapping) for operation in operations):
        raise OperationError(f"{where}.ops: a list of objects was expected")
    family = _text(entry, "family", where)
    return Case(
        name,
        _text(entry, "title", where),
        family,
        None if expected is None else expected == "FAILURE",
        tuple(operations),
        _text(entry, "column", where) or _column(name, family),
    )


def _text(entry: Mapping[str, object], field: str, where: str) -> str:
    value = entry.get(field, "")
    if not isinstance(value, str):
        raise OperationError(f"{where}.{field}: a text was expected")
    return value


def _column(name: str, family: str) -> str:
    """The column that the name of a case tells, as the names of the kernel's cases do."""
    if family == "read_write_three":
        return "rlock"
    if family in _ROWS_OF_THEIR_OWN:
        return ""
    words = name.replace("rwsem", "rsem").split("_")
    return next((column for column in COLUMNS if column in words), "")
