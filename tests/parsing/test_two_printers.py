"""Two reports printed at the same time, line by line in any order: with caller ids both come back, without no lie."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from irq_strategies import irq_reports
from kernel_samples import SAMPLES
from strategies import circular_reports
from task_strategies import task_reports

from lockview.analysis.build import lock_graph
from lockview.export.kernel_text import kernel_text
from lockview.model.reports import Report
from lockview.model.text import Severity
from lockview.parsing.reader import read_text

KINDS = (
    "circular",
    "recursive",
    "inconsistent",
    "irq_unsafe_order",
    "irq_inversion",
    "wait_context",
    "nested_not_taken",
    "bad_unlock",
    "bad_contention",
    "held_freed",
    "held_exit",
    "workqueue_leak",
    "rcu_suspicious",
    "sleep_atomic",
    "sched_atomic",
    "non_static_key",
    "limit",
    "spinlock_bug",
)
OTHER_NAMES = (
    ("demo/42", "peer/77"),
    ("demo[42]", "peer[77]"),
    ("PID: 42 Comm: demo", "PID: 77 Comm: peer"),
    ("pid: 42, name: demo", "pid: 77, name: peer"),
    ("&(&mid->", "&(&between->"),
    ("taker", "fetcher"),
    ("holder", "keeper"),
    *((f"&{name}->", f"&{name}_2->") for name in ("want", "outer", "mid", "safe", "fs", "inner", "raw", "timer")),
)

Edges = set[tuple[str, str, str]]


def of_another_task(text: str) -> str:
    for name, other in OTHER_NAMES:
        text = text.replace(name, other)
    return text


def mixed(one: str, other: str, dice: random.Random, run: int, callers: tuple[str, str] = ("", "")) -> str:
    """The lines of both, in runs of up to ``run`` lines, with the stamps of one clock."""
    left = [[(caller, line) for line in text.splitlines()] for caller, text in zip(callers, (one, other), strict=True)]
    out: list[tuple[str, str]] = []
    while any(left):
        lines = left[dice.random() < 0.5]
        count = dice.randint(1, run)
        out += lines[:count]
        del lines[:count]
    return "".join(f"[  100.{number:06d}]{caller} {line}\n" for number, (caller, line) in enumerate(out))


def edges(report: Report) -> Edges:
    graph = lock_graph(report)
    return {
        (edge.relation.value, graph.nodes[edge.tail].name, graph.nodes[edge.head].name)
        for edge in graph.edges
        if not edge.dependency.inferred
    }


def check(one: str, other: str, text: str) -> None:
    """Each report is as it was, or says that it is not; no edge is made of two halves."""
    whole = (*read_text(one).reports, *read_text(other).reports)
    true: Edges = set().union(*map(edges, whole))
    for report in read_text(text).reports:
        assert edges(report) <= true, text
        assert report in whole or report.reading.problems, text


@pytest.mark.parametrize("kind", KINDS)
def test_without_caller_ids_nothing_is_invented(kind: str) -> None:
    dice = random.Random(kind)
    for number, other in enumerate(KINDS):
        one, two = SAMPLES[kind], of_another_task(SAMPLES[other])
        check(one, two, mixed(one, two, dice, (1, 3, 8)[number % 3]))


@pytest.mark.parametrize("kind", KINDS)
def test_with_caller_ids_both_come_back(kind: str) -> None:
    dice = random.Random(kind)
    for other in KINDS:
        one, two = SAMPLES[kind], of_another_task(SAMPLES[other])
        log = read_text(mixed(one, two, dice, 3, ("[   T42]", "[   T77]")))
        assert sorted(log.reports, key=kernel_text) == sorted(
            (*read_text(one).reports, *read_text(two).reports), key=kernel_text
        )
        assert all(report.reading.complete for report in log.reports)


def test_reports_with_nothing_in_common_come_back_without_caller_ids() -> None:
    """An RCU complaint in the middle of a chain: no line could be of both."""
    rcu = of_another_task(SAMPLES["rcu_suspicious"]).partition("stack backtrace:")[0]
    lines = SAMPLES["circular"].splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.startswith("-> #1"))
    (whole,) = read_text(SAMPLES["circular"]).reports
    first, second = read_text("".join([*lines[:at], rcu, *lines[at:]])).reports
    assert whole in (first, second)
    for report in (first, second):
        (note,) = (problem for problem in report.reading.problems if problem.code == "printers-mixed")
        assert note.severity is Severity.NOTE
        assert "was printed at the same time" in note.message


def test_what_could_be_of_either_is_left_out_and_told() -> None:
    one, two = SAMPLES["circular"], of_another_task(SAMPLES["circular"])
    text = "".join(f"{a}\n{b}\n" for a, b in zip(one.splitlines(), two.splitlines(), strict=True))
    log = read_text(text)
    assert [report.task and report.task.pid for report in log.reports] == [77, 42]
    for report in log.reports:
        assert not report.reading.complete
        assert any(problem.code == "printers-mixed" for problem in report.reading.problems)
    check(one, two, text)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    circular_reports() | irq_reports() | task_reports(),
    circular_reports() | irq_reports() | task_reports(),
    st.randoms(use_true_random=False),
)
def test_any_two_reports_with_caller_ids(one: Report, other: Report, dice: random.Random) -> None:
    texts = kernel_text(one), kernel_text(other)
    log = read_text(mixed(*texts, dice, 4, ("[    T1]", "[    C2]")))
    assert sorted(log.reports, key=kernel_text) == sorted(
        (*read_text(texts[0]).reports, *read_text(texts[1]).reports), key=kernel_text
    )
