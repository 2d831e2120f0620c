"""The words in the JSON form are those of the window, by the rules of the report's own era, and are not read back."""

import json
from typing import Any

from hypothesis import given, settings
from strategies import circular_reports

from lockview.analysis.usage import decode_usage
from lockview.export.as_json import report_from_json, report_to_json
from lockview.model.irq_reports import IrqInversionReport
from lockview.model.locks import HeldLock, LockClass, WaitTypes
from lockview.model.reports import CircularReport
from lockview.model.usages import ClassBlock, UsageRecord


def written(title: str, usage: str, wait_types: WaitTypes | None = None, wanted: str = "a") -> Any:
    lock = HeldLock(LockClass(wanted), usage, wait_types)
    return report_to_json(CircularReport(title, wanted=lock))["wanted"]


def test_marks_mean_what_they_meant_in_their_era() -> None:
    new = written("WARNING: possible circular locking dependency detected", "-+..")
    old = written("[ INFO: possible circular locking dependency detected ]", "-+..")
    assert new["usage_words"][0] == "- hard interrupts, exclusive: taken inside one"
    assert old["usage_words"][0] == "- hard interrupts, exclusive: taken with them enabled"
    assert old["usage_words"][1].startswith("+ soft interrupts, exclusive")


def test_wait_types_by_how_the_kernel_was_built() -> None:
    assert written("t", "+.+.", WaitTypes(4, 4))["wait_words"] == ["wait type 4: a lock that sleeps (mutex, rwsem)"]
    assert "else" in written("t", "....", WaitTypes(3, 3))["wait_words"][0]
    assert len(written("t", "....", WaitTypes(1, 2))["wait_words"]) == 2


def test_what_was_not_printed_has_no_words() -> None:
    found = written("t", "")
    assert (found["usage_words"], found["wait_words"]) == ([], [])


def test_states_have_words() -> None:
    block = ClassBlock(LockClass("a"), "-.-.", usages=(UsageRecord("IN-SOFTIRQ-W"), UsageRecord("made up")))
    report: Any = report_to_json(IrqInversionReport("t", blocks=(block,)))
    assert [use["state_words"] for use in report["blocks"][0]["usages"]] == ["taken inside soft interrupts", ""]
    assert len(report["blocks"][0]["usage_words"]) == 4


@settings(max_examples=30, deadline=None)
@given(circular_reports())
def test_words_are_not_read_back(report: CircularReport) -> None:
    form: Any = json.loads(json.dumps(report_to_json(report)))
    for entry in form["chain"]:
        assert tuple(entry["usage_words"]) == decode_usage(entry["usage"], report.title, report.kernel)
        entry["usage_words"] = ["something else"]
    assert report_from_json(form) == report
