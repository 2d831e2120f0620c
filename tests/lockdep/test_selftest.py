"""The kernel's own test of its validator: every case, with the verdict and the kind of report of the real kernel."""

import json
from pathlib import Path

import pytest

from lockview.export.kernel_text import kernel_text
from lockview.lockdep.cases import Case, cases_from_json, run
from lockview.lockdep.validator import Rules
from lockview.lockdep.wording import ERAS
from lockview.parsing.reader import read_text

KINDS = {
    "recursive": "recursive",
    "circular": "circular",
    "inconsistent": "inconsistent",
    "bad-unlock": "bad_unlock",
    "held-freed": "held_freed",
    "irq-inversion": "irq_inversion",
    "irq-order": "irq_unsafe_order",
    "wait-context": "wait_context",
    "nest-lock": "nested_not_taken",
    "debug-locks-warn": "self_check",
    None: None,
}


@pytest.fixture(scope="module")
def selftest(shared: Path) -> list[tuple[Case, str | None]]:
    path = shared / "selftest-cases.json"
    if not path.exists():
        pytest.skip("the self-test cases are not here")
    data = json.loads(path.read_text())
    return [(case, entry["kernel_report"]) for case, entry in zip(cases_from_json(data), data["cases"], strict=True)]


def test_every_case_has_its_verdict(selftest: list[tuple[Case, str | None]]) -> None:
    wrong = [case.id for case, _ in selftest if not run(case).passed]
    assert not wrong


def test_every_report_is_of_the_kind_that_the_kernel_printed(selftest: list[tuple[Case, str | None]]) -> None:
    wrong = []
    for case, printed in selftest:
        if printed == "not captured":
            continue
        report = run(case).report
        kind = report.kind.value if report else None
        if kind != KINDS[printed]:
            wrong.append((case.id, printed, kind))
    assert not wrong


@pytest.mark.parametrize("era", sorted(ERAS))
def test_every_report_is_read_back_from_its_text(selftest: list[tuple[Case, str | None]], era: str) -> None:
    for case, _ in selftest:
        report = run(case, Rules(ERAS[era])).report
        if report is None:
            continue
        read = read_text(kernel_text(report)).reports
        assert list(read) == [report], case.id
