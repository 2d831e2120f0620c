"""The validator over traces of real kernels: it finds what they show, and nothing that lost events only suggest."""

from pathlib import Path

import pytest
from run_traces import SCENARIOS, run_of, trace_read

from lockview.export.ftrace_text import ftrace_text
from lockview.export.trace_lines import written
from lockview.lockdep.offline import Findings, check
from lockview.model.lock_events import EventStream, LockEventKind
from lockview.model.reports import CircularReport, ReportKind
from lockview.model.run_traces import Note, RunTrace
from lockview.parsing.reader import read_file, read_text
from lockview.parsing.trace_lines import read_trace
from lockview.sim.importing import imported

HEAD = "# tracer: nop\n"


def stream_of(*lines: str) -> EventStream:
    """A trace of lines ``task cpu flags event pointer words``, or of gaps ``LOST cpu``."""
    text = HEAD
    for number, line in enumerate(lines):
        if line.startswith("LOST"):
            text += f"CPU:{line.split()[1]} [LOST 12 EVENTS]\n"
            continue
        task, cpu, flags, event, pointer, words = line.split(maxsplit=5)
        pid = sum(map(ord, task))
        where = f"{task}-{pid} [{int(cpu):03d}] {flags} 1.{number:06d}"
        text += f"  {where}: lock_{event}: {pointer:0>16} {words}\n"
    (stream,) = read_text(text).event_streams
    return stream


def kinds(findings: Findings) -> list[ReportKind]:
    return [report.kind for report in findings.certain]


AB = ("t 0 ..... acquire aa A", "t 0 ..... acquire bb B", "t 0 ..... release bb B", "t 0 ..... release aa A")
BA = ("u 1 ..... acquire bb B", "u 1 ..... acquire aa A", "u 1 ..... release aa A", "u 1 ..... release bb B")


def test_two_orders_are_a_circle() -> None:
    assert kinds(check(stream_of(*AB, *BA))) == [ReportKind.CIRCULAR]


def test_one_order_is_none() -> None:
    assert check(stream_of(*AB, *AB)) == Findings((), (), 4, 0, 0, contexts=True)


def test_other_locks_of_the_same_names_make_it_only_possible() -> None:
    others = [line.replace("bb", "b2").replace("aa", "a2") for line in BA]
    findings = check(stream_of(*AB, *others))
    assert findings.certain == ()
    assert [report.kind for report in findings.by_name] == [ReportKind.CIRCULAR]


def test_a_trylock_or_a_reader_makes_no_circle() -> None:
    tried = [line.replace("acquire aa A", "acquire aa try A") for line in BA]
    assert kinds(check(stream_of(*AB, *tried))) == []
    read = [line.replace("acquire aa A", "acquire aa read A") for line in (*AB, *BA)]
    assert kinds(check(stream_of(*read))) == []


def test_nested_locks_of_one_name_are_not_judged() -> None:
    findings = check(stream_of("t 0 ..... acquire a1 A", "t 0 ..... acquire a2 A"))
    assert (findings.certain, findings.by_name, findings.nested) == ((), (), 1)


def test_a_lock_taken_twice_by_one_task_is_recursive() -> None:
    assert kinds(check(stream_of("t 0 ..... acquire aa A", "t 0 ..... acquire aa A"))) == [ReportKind.RECURSIVE]


def test_a_release_of_what_was_taken_before_the_trace_is_nothing() -> None:
    assert kinds(check(stream_of("t 0 ..... release aa A", *AB))) == []


def test_lost_events_make_nobody_hold_anything() -> None:
    """Without the gap in mind it would look as if B were still held when A is taken."""
    lost = ("u 1 ..... acquire bb B", "LOST 1", "u 1 ..... acquire aa A")
    assert kinds(check(stream_of(*AB, *lost))) == []
    kept = ("u 1 ..... acquire bb B", "u 1 ..... acquire aa A")
    assert kinds(check(stream_of(*AB, *kept))) == [ReportKind.CIRCULAR]


def test_a_task_that_moved_through_a_gap_of_another_cpu_holds_nothing_either() -> None:
    """On CPU 1 events were lost while ``u`` was on it for a moment; the gap is printed only when CPU 1 goes on."""
    moved = (
        "w 1 ..... acquire cc C",
        "u 0 ..... acquire bb B",
        "u 0 ..... acquire aa A",
        "LOST 1",
        "w 1 ..... release cc C",
    )
    assert kinds(check(stream_of(*AB, *moved))) == []


def test_a_circle_after_a_gap_is_found() -> None:
    assert kinds(check(stream_of("w 1 ..... acquire cc C", "LOST 1", *AB, *BA))) == [ReportKind.CIRCULAR]


@pytest.mark.parametrize("flags", ["d.h1.", "d.H1."])
def test_a_lock_of_interrupts_that_is_taken_with_them_on(flags: str) -> None:
    stream = stream_of(
        "t 0 ...1. acquire aa A", "t 0 ...1. release aa A", f"t 0 {flags} acquire aa A", f"t 0 {flags} release aa A"
    )
    assert kinds(check(stream)) == [ReportKind.INCONSISTENT]


def test_a_lock_of_interrupts_that_is_taken_with_them_off_is_right() -> None:
    stream = stream_of(
        "t 0 d..1. acquire aa A", "t 0 d..1. release aa A", "t 0 d.h1. acquire aa A", "t 0 d.h1. release aa A"
    )
    assert kinds(check(stream)) == []


def test_an_interrupt_does_not_order_locks_after_those_of_its_task() -> None:
    inside = ("t 0 ..... acquire aa A", "t 0 d.h1. acquire bb B", "t 0 d.h1. release bb B", "t 0 ..... release aa A")
    other = ("u 1 d..1. acquire bb B", "u 1 d..1. acquire aa A", "u 1 d..1. release aa A", "u 1 d..1. release bb B")
    assert ReportKind.CIRCULAR not in kinds(check(stream_of(*inside, *other)))


def test_soft_interrupts_are_judged_only_where_the_trace_tells_when_they_are_off() -> None:
    quiet = ("t 0 ...1. acquire aa A", "t 0 ...1. release aa A", "t 0 ..s1. acquire aa A", "t 0 ..s1. release aa A")
    assert kinds(check(stream_of(*quiet))) == []
    telling = ("u 1 b..1. acquire cc C", "u 1 b..1. release cc C", *quiet)
    assert kinds(check(stream_of(*telling))) == [ReportKind.INCONSISTENT]
    right = ("t 0 b..1. acquire aa A", "t 0 b..1. release aa A", "t 0 ..s1. acquire aa A", "t 0 ..s1. release aa A")
    assert kinds(check(stream_of(*right))) == []


def test_a_trace_without_flags_says_so() -> None:
    text = "".join(
        f"  t  10 [000]  1.{number:06d}: lock:lock_{event}: 0xffff888000000010 A\n"
        for number, event in enumerate(("acquire", "release"))
    )
    (stream,) = read_text(text).event_streams
    assert not check(stream).contexts


def test_the_capture_of_a_real_kernel_holds_what_that_kernel_reported(shared: Path) -> None:
    """The kernel of the capture printed this very report, of the same two locks, by the same task."""
    (stream,) = read_file(str(shared / "realkernel" / "ftrace.trace_lock.txt")).event_streams
    findings = check(stream)
    assert (findings.checked, findings.nested, findings.gaps) == (4343, 2, 0)
    assert findings.by_name == ()
    (ours,) = findings.certain
    theirs = next(
        report
        for report in read_file(str(shared / "realkernel" / "ftrace.log")).reports
        if isinstance(report, CircularReport)
    )
    assert isinstance(ours, CircularReport)
    assert ours.task == theirs.task
    assert [entry.lock_class for entry in ours.chain] == [entry.lock_class for entry in theirs.chain]
    assert ours.wanted
    assert theirs.wanted
    assert ours.wanted.lock_class == theirs.wanted.lock_class


@pytest.mark.parametrize("name", sorted(path.name.partition("-")[0] for path in SCENARIOS.glob("*.toml")))
def test_a_simulated_run_as_ftrace_would_see_it(name: str) -> None:
    """Of subclasses and keys nothing is left, so circles are found at least by name, and nothing else is made up."""
    reports = run_of(name).reports
    streams = read_text(ftrace_text(trace_read(name))).event_streams
    found = {report.kind for stream in streams for part in check(stream)[:2] for report in part}
    circular = {report.kind for report in reports} & {ReportKind.CIRCULAR}
    assert found == circular


# --- The same as a trace of lockview ----------------------------------------------------------------------------


def as_trace(stream: EventStream) -> RunTrace:
    return read_trace(written(imported(stream, "capture"), "done"))


def test_a_wait_is_asked_for_waited_and_woken() -> None:
    trace = as_trace(
        stream_of(
            "t 0 ..... acquire aa A", "u 1 ..... acquire aa A", "u 1 ..... contended aa A", "t 0 ..... release aa A",
            "u 1 ..... acquired aa A",
        )
    )  # fmt: skip
    assert [(event.op, event.out) for event in trace.events] == [
        ("acquire", "got"),
        ("acquire", "wait"),
        ("contend", ""),
        ("release", ""),
        ("acquired", "wake"),
    ]


def test_a_wait_whose_end_is_missing_ends_at_the_next_event_of_its_task() -> None:
    trace = as_trace(stream_of("u 1 ..... acquire aa A", "u 1 ..... contended aa A", "u 1 ..... acquire bb B"))
    assert [event.op for event in trace.events] == ["acquire", "contend", "acquired", "acquire"]


def test_a_gap_is_noted_where_it_is() -> None:
    (note,) = as_trace(stream_of(*AB, "LOST 0", *AB)).of(Note)
    assert (note.number, note.text, note.level) == (3, "12 events of CPU 0 are missing here", "lost")


def test_a_capture_comes_back_as_the_same_text(shared: Path) -> None:
    (stream,) = read_file(str(shared / "realkernel" / "ftrace.trace_lock.txt")).event_streams
    (again,) = read_text(ftrace_text(as_trace(stream))).event_streams
    assert lock_events(again) == lock_events(stream)


def lock_events(stream: EventStream) -> list[tuple[object, ...]]:
    return [
        (event.kind, event.time, event.cpu, event.flags, event.pointer, event.name, event.trylock, event.shared)
        for event in stream.events
        if event.kind in (LockEventKind.ACQUIRE, LockEventKind.RELEASE)
    ]
