"""Every token that lockdep prints has words of its own, by the rules of its report."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_samples import SAMPLES

from lockview.analysis.line_words import line_words
from lockview.analysis.preemption import preempt_words
from lockview.model.held_reports import WaitContextReport
from lockview.model.locks import WaitTypes
from lockview.model.reports import CircularReport
from lockview.parsing.reader import read_text

NEW = CircularReport("WARNING: possible circular locking dependency detected")
OLD = CircularReport("[ INFO: possible circular locking dependency detected ]")


def test_marks_wait_types_and_suffixes() -> None:
    words = line_words(" #0: ffff888012345678 (&type->i_mutex_dir_key#3/1){+.+.}-{4:4}, at: f+0x1/0x2", NEW)
    assert words[0] == "#3: number 3 of the classes with this name in this boot"
    assert words[1] == "/1: subclass 1, a lock taken while one of the same class is held"
    assert words[2] == "+ hard interrupts, exclusive: taken with them enabled"
    assert words[-1] == "wait type 4: a lock that sleeps (mutex, rwsem)"


def test_marks_of_another_era() -> None:
    assert line_words(" (a){-+..}, at: f", OLD)[0] == "- hard interrupts, exclusive: taken with them enabled"
    assert line_words("-> #1 (&a->b){+.+.+.}:", OLD)[4] == "+ file system reclaim, exclusive: held where it may start"


def test_where_interrupts_stand() -> None:
    assert line_words("demo/42 [HC0[0]:SC1[2]:HE0:SE1] takes:", NEW) == (
        "HC0[0]: not inside a hard interrupt (count 0)",
        "SC1[2]: inside a soft interrupt (count 2)",
        "HE0: hard interrupts are off",
        "SE1: soft interrupts are enabled",
    )


def test_contexts() -> None:
    report = WaitContextReport("t", context=WaitTypes(5, 5))
    assert "task context" in line_words("context-{5:5}", report)[0]
    assert "up to 2" in line_words("context-{2:2}", NEW)[0]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("preempt_count: 1, expected: 0", "preempt_count 1: preemption is off (1)"),
        ("BUG: scheduling while atomic: demo/42/0x00000102", "preempt_count 0x00000102: preemption is off (2) and"),
        (
            "BUG: workqueue leaked lock or atomic: kworker/0:1/0x00000001/42",
            "preempt_count 0x00000001: preemption is off",
        ),
        ("     preempt=0x00000000 lock=0->1 RCU=0->0 workfn=f", "preempt_count 0x00000000: no field of it is set"),
        ("RCU nest depth: 1, expected: 0", "RCU nest depth 1: inside rcu_read_lock; the code expects 0"),
        ("irq event stamp: 12345", "irq event stamp: this task has switched interrupts on or off 12345 times so far"),
        ("hardirqs last  enabled at (12343): [<ffffffff81234567>] f+0x1/0x2", "(12343): the number of that switch"),
        ("{SOFTIRQ-ON-W} state was registered at:", "SOFTIRQ-ON-W: taken with soft interrupts enabled"),
        ("   IN-HARDIRQ-W at:", "IN-HARDIRQ-W: taken inside hard interrupts"),
        ("   INITIAL USE at:", "INITIAL USE: taken for the first time"),
        ("   in-softirq-W at:", "in-softirq-W: taken inside soft interrupts"),
        ("a SOFTIRQ-irq-unsafe lock:", "SOFTIRQ-irq-unsafe: taken with soft interrupts enabled"),
        ("WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected", "HARDIRQ-safe: taken inside hard interrupts"),
    ],
)
def test_tokens_have_words(line: str, words: str) -> None:
    assert line_words(line, NEW)[0].startswith(words)


def test_preempt_count_field_by_field() -> None:
    assert preempt_words("110203") == [
        "preemption is off (3)",
        "softirqs are off or running (2)",
        "a hardirq is running",
        "an NMI is running",
    ]
    assert "below zero" in preempt_words("ffffffff")[0]
    assert preempt_words("0x0") == preempt_words("hello") == []


TOKENS = re.compile(r"\{[.+?-]{4,6}\}|\[HC\d|preempt_count:|irq event stamp|irqs last|-ON-[RW]|IN-\w+IRQ-|context-\{")


@pytest.mark.parametrize("kind", SAMPLES)
def test_no_token_of_any_kind_is_left_without_words(kind: str) -> None:
    text = SAMPLES[kind]
    report = read_text(text).reports[0]
    for line in text.splitlines():
        if TOKENS.search(line):
            assert line_words(line, report), line


@given(st.text(max_size=80) | st.text(alphabet="{}[]()+-.?:/#0123456789HCSEIN RW", max_size=80))
def test_any_line_gives_plain_words(line: str) -> None:
    assert all(isinstance(words, str) and words for words in line_words(line, NEW))
