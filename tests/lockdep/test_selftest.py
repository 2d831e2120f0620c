"""The kernel's test of its validator: our writing of it, the cases as data, and what a real kernel printed."""

import json
import re
from pathlib import Path

import pytest
from report_skeletons import skeleton

from lockview.export.kernel_text import kernel_text
from lockview.lockdep.cases import Case, cases_from_json, run
from lockview.lockdep.rules import Rules, rules_of
from lockview.lockdep.selftest.all_cases import selftest_cases
from lockview.lockdep.table import table
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
def sample(shared: Path) -> list[tuple[Case, str | None]]:
    path = shared / "selftest-cases.json"
    if not path.exists():
        pytest.skip("the self-test cases are not here")
    data = json.loads(path.read_text())
    return [(case, entry["kernel_report"]) for case, entry in zip(cases_from_json(data), data["cases"], strict=True)]


def test_all_cases_are_there_and_have_their_verdicts() -> None:
    verdicts = [run(case) for case in selftest_cases()]
    assert len({verdict.case.id for verdict in verdicts}) == 394
    assert not [verdict.case.id for verdict in verdicts if not verdict.passed]


def test_our_writing_agrees_with_the_sample_operation_by_operation(sample: list[tuple[Case, str | None]]) -> None:
    ours = {case.id: case for case in selftest_cases()}
    assert not [case.id for case, _ in sample if ours[case.id]._replace(column="") != case._replace(column="")]


def test_the_sample_goes_into_the_same_columns(sample: list[tuple[Case, str | None]]) -> None:
    ours = {case.id: case.column for case in selftest_cases()}
    assert not [case.id for case, _ in sample if ours[case.id] != case.column]


def test_every_report_is_of_the_kind_that_the_kernel_printed(sample: list[tuple[Case, str | None]]) -> None:
    wrong = []
    for case, printed in sample:
        if printed == "not captured":
            continue
        report = run(case).report
        kind = report.kind.value if report else None
        if kind != KINDS[printed]:
            wrong.append((case.id, printed, kind))
    assert not wrong


@pytest.mark.parametrize("era", sorted(ERAS))
def test_every_report_is_read_back_from_its_text(era: str) -> None:
    for case in selftest_cases():
        report = run(case, Rules(ERAS[era])).report
        if report is not None:
            assert list(read_text(kernel_text(report)).reports) == [report], case.id


def test_the_table_is_the_one_that_a_real_kernel_prints(shared: Path) -> None:
    log = shared / "realkernel" / "ring7.log"
    if not log.exists():
        pytest.skip("no log of a boot with the self-test is here")
    lines = [re.sub(r"^\[ *\d+\.\d+\] ", "", line) for line in log.read_text(errors="replace").splitlines()]
    first = lines.index("-" * 24)
    last = next(number for number, line in enumerate(lines) if "testcases passed" in line) + 1
    assert list(table([run(case) for case in selftest_cases()])) == lines[first : last + 1]


_MUTEX_CASES = (
    *("AA_mutex", "ABBA_mutex", "ABBCCA_mutex", "ABCABC_mutex", "ABBCCDDA_mutex", "ABCDBDDA_mutex", "ABCDBCDA_mutex"),
    *("double_unlock_mutex", "init_held_mutex"),
    *("mutex_in_HARDIRQ", "mutex_in_NOTTHREADED_HARDIRQ", "mutex_in_SOFTIRQ"),
    *("mutex_in_RCU", "mutex_in_RCU_BH", "mutex_in_RCU_SCHED", "mutex_in_raw_spinlock", "mutex_in_spinlock"),
)
"""Those whose reports a kernel prints with debug_locks_verbose=4, in order."""


def test_reports_are_those_of_a_real_kernel_line_by_line(shared: Path) -> None:
    """But for addresses, stacks, and the names that a C initialiser gives to locks."""
    log = shared / "realkernel" / "selftest_verbose.log"
    if not log.exists():
        pytest.skip("no log with the reports of the self-test is here")
    lines = [re.sub(r"^\[ *\d+\.\d+\] ?", "", line) for line in log.read_text(errors="replace").splitlines()]
    printed = read_text("\n".join(lines)).reports
    cases = {case.id: case for case in selftest_cases()}
    assert len(printed) == len(_MUTEX_CASES)
    for name, report in zip(_MUTEX_CASES, printed, strict=True):
        ours = run(cases[name]).report
        assert ours is not None
        real = lines[report.span.first - 2 : report.span.last]  # with the fence above the title
        assert skeleton(kernel_text(ours).splitlines()) == skeleton(real), name


def test_older_rules_miss_what_older_kernels_missed() -> None:
    """4.13 knew no wait types and kept no dependencies of recursive readers."""
    rules = rules_of("4.13")
    missed = {case.family for case in selftest_cases() if not run(case, rules).passed}
    readers = {"mixed_ABBA", "read_write_three", "irq_read_recursion2", "irq_read_recursion3", "queued_read_lock"}
    assert missed == {"wait_context", *readers}
