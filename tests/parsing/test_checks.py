"""What lockdep and the scheduler check of themselves: the WARN's banner above its text, below it, or alone."""

import pytest

from lockview.analysis.build import lock_graph
from lockview.analysis.explain import explain, summary
from lockview.export.kernel_text import kernel_text
from lockview.model.held_reports import AtomicReport, ValidatorReport
from lockview.model.reports import Report, ReportKind, Task
from lockview.parsing.reader import read_text

TAIL = """CPU: 0 PID: 42 Comm: demo Not tainted 6.1.0 #1
Call Trace:
 <TASK>
 inner+0x1/0x2
 taker+0x1/0x2
 </TASK>
---[ end trace 0000000000000000 ]---
"""
FENCE = "------------[ cut here ]------------\n"
BANNER = "WARNING: CPU: 0 PID: 42 at kernel/locking/lockdep.c:704 checker+0xce6/0x2650"
WORDS = [
    "releasing a pinned lock",
    "pinning an unheld lock",
    "unpinning an unheld lock",
    "unpinning an unpinned lock",
    "pin count corrupted",
    "downgrading a read lock",
    'Looking for class "&a->lock" with key __key.1, but found a different class "&b->lock" with the same key',
    "Detected use-after-free of lock class ffffffff81234567/&x->lock",
    "hm#1, depth: 3 [3], 0123456789abcdef != 1123456789abcdef",
    "do not call blocking ops when !TASK_RUNNING; state=2 set at [<ffffffff81234567>] prepare_to_wait+0x1/0x2",
    "raw_local_irq_restore() called with IRQs enabled",
    "Voluntary context switch within RCU read-side critical section!",
    "DEBUG_LOCKS_WARN_ON(!current->hardirqs_enabled)",
    "lockdep bfs error:-1",
]


def one(text: str) -> Report:
    (report,) = read_text(text).reports
    return report


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("above", [True, False])
def test_text_and_banner_are_one_report(words: str, above: bool) -> None:
    """Until 4.10 the banner stands above the text, with empty brackets at its end."""
    lines = [f"{BANNER}()", words] if above else [words, BANNER]
    report = one(FENCE + "\n".join(lines) + "\n" + TAIL)
    assert isinstance(report, ValidatorReport)
    assert report.kind is ReportKind.SELF_CHECK
    assert report.title == words
    assert report.task == Task("demo", 42)
    assert [frame.function for frame in report.backtrace.stack] == ["inner", "taker"] if report.backtrace else False
    assert report.reading.complete
    assert read_text(kernel_text(report)).reports == (report,)
    graph = lock_graph(report)
    assert summary(report, graph)
    assert explain(report, graph)


@pytest.mark.parametrize(
    "banner",
    [
        BANNER,
        "WARNING: at kernel/lockdep.c:704 checker+0xce6/0x2650()",
        "WARNING: kernel/locking/lockdep.c:704 at checker+0xce6/0x2650, CPU#0: demo/42",
        "WARNING: [debug_locks && !(lock_is_held(&(l)->dep_map) != 0)] net/a.c:12 at needs+0x1/0x2, CPU#0: demo/42",
    ],
)
@pytest.mark.parametrize("before", ["", "some line\n" + FENCE])
def test_a_banner_without_text(banner: str, before: str) -> None:
    report = one(f"{before}{banner}\nModules linked in:\n{TAIL}")
    assert report.title == banner
    assert report.reading.complete
    assert read_text(kernel_text(report)).reports == (report,)
    assert explain(report, lock_graph(report))


def test_a_warning_of_other_code_is_none() -> None:
    other = BANNER.replace("kernel/locking/lockdep.c", "kernel/events/core.c")
    assert read_text(f"{FENCE}{other}\n{TAIL}").reports == ()
    assert read_text(f"fn+0x1/0x2 kernel/locking/lockdep.c:704\n{TAIL}").reports == ()


def test_the_warn_behind_a_key_belongs_to_it() -> None:
    report = one(f"BUG: key ffff888012345678 not in .data!\n{FENCE}{BANNER}\n{TAIL}")
    assert report.title == "BUG: key ffff888012345678 not in .data!"


def test_lists_that_do_not_add_up() -> None:
    report = one(f"list entry 12 is not in any class list\n{FENCE}{BANNER}\n{TAIL}")
    assert isinstance(report, ValidatorReport)
    assert report.lines == ("list entry 12 is not in any class list",)


def test_the_reason_below_a_warn() -> None:
    words = "DEBUG_LOCKS_WARN_ON(!current->hardirqs_enabled)"
    tail = TAIL.replace(" </TASK>\n", "").replace(" <TASK>\n", "")
    report = one(f"{FENCE}{words}\n{BANNER}\n{tail}possible reason: unannotated irqs-off.\nirq event stamp: 1\n")
    assert isinstance(report, ValidatorReport)
    assert "possible reason: unannotated irqs-off." in report.lines


@pytest.mark.parametrize(
    ("title", "facts", "assumed", "kind"),
    [
        (
            "BUG: assuming atomic context at kernel/a.c:12",
            "in_atomic(): 0, irqs_disabled(): 0, pid: 42, name: my demo",
            "atomic",
            ReportKind.NOT_ATOMIC,
        ),
        (
            "BUG: assuming non migratable context at kernel/a.c:12",
            "in_atomic(): 0, irqs_disabled(): 0, migration_disabled() 0 pid: 42, name: my demo",
            "non migratable",
            ReportKind.NOT_ATOMIC,
        ),
        ("BUG: scheduling in a non-blocking section: my demo/42/1", "", "", ReportKind.SCHED),
    ],
)
def test_contexts(title: str, facts: str, assumed: str, kind: ReportKind) -> None:
    lines = [title, facts, "1 lock held by my demo/42:", " #0: ffff888012345600 (&m){+.+.}-{4:4}, at: first+0x1/0x2"]
    report = one("\n".join(filter(None, lines)) + "\n" + TAIL.replace("Comm: demo", "Comm: my demo"))
    assert isinstance(report, AtomicReport)
    assert report.kind is kind
    assert report.assumed == assumed
    assert report.task == Task("my demo", 42)
    assert report.held_locks
    assert read_text(kernel_text(report)).reports == (report,)
    told = " ".join(sentence.text for sentence in explain(report, lock_graph(report)))
    assert ("should be in" in told) == bool(assumed)
