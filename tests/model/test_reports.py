"""The cycle of a circular report, whole and damaged; the names of lock classes; spans."""

from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import ChainEntry, CircularReport, Reading
from lockview.model.stacks import Frame, StackTrace
from lockview.model.text import NOWHERE, Problem, Severity, Span

A, B, C, D = (LockClass(name) for name in "abcd")
STACK = StackTrace((Frame("take"),))


def report(
    *chain: tuple[int, LockClass], wanted: LockClass | None = A, held: LockClass | None = None
) -> CircularReport:
    return CircularReport(
        title="WARNING: possible circular locking dependency detected",
        chain=tuple(ChainEntry(index, lock, stack=STACK) for index, lock in chain),
        wanted=HeldLock(wanted) if wanted else None,
        held=HeldLock(held) if held else None,
    )


def test_the_cycle_starts_at_the_wanted_lock_and_ends_with_the_new_dependency() -> None:
    cycle = report((3, D), (2, C), (1, B), (0, A), held=D).cycle
    assert [(edge.held, edge.wanted, edge.index) for edge in cycle] == [(A, B, 1), (B, C, 2), (C, D, 3), (D, A, 0)]
    assert [edge.new for edge in cycle] == [False, False, False, True]
    assert not any(edge.inferred for edge in cycle)


def test_a_missing_last_entry_is_taken_from_the_wanted_lock() -> None:
    cycle = report((2, C), (1, B), held=C).cycle
    assert [(edge.held, edge.wanted) for edge in cycle] == [(A, B), (B, C), (C, A)]
    assert cycle[-1].new
    assert cycle[-1].inferred


def test_a_gap_in_the_numbering_makes_an_inferred_dependency() -> None:
    cycle = report((4, D), (2, C), (1, B), (0, A), held=D).cycle
    assert [edge.inferred for edge in cycle] == [False, False, True, False]


def test_two_lock_lines_alone_give_the_attempted_dependency_only() -> None:
    cycle = report(held=D).cycle
    assert [(edge.held, edge.wanted) for edge in cycle if edge.new] == [(D, A)]
    assert all(edge.inferred for edge in cycle)


def test_nothing_to_draw_without_locks() -> None:
    assert report(wanted=None).cycle == ()
    assert report(wanted=A).cycle == ()


def test_the_name_of_a_class_is_the_kernels() -> None:
    assert LockClass("&type->i_mutex_dir_key", 3, 1).name == "&type->i_mutex_dir_key#3/1"
    assert LockClass("fs_reclaim").name == "fs_reclaim"
    assert str(LockClass("key", 1, 2)) == "key/2"


def test_where_and_how_it_was_read_is_not_part_of_a_report() -> None:
    read = Frame("take", 1, 2, span=Span(4, 4))
    assert read == Frame("take", 1, 2)
    assert CircularReport(title="t", reading=Reading(time="1.0")) == CircularReport(title="t")


def test_notes_leave_a_report_complete_and_damage_does_not() -> None:
    note = Problem(Severity.NOTE, "scenario-columns-lost", "columns were lost")
    assert Reading(problems=(note,)).complete
    assert not Reading(problems=(Problem(Severity.WARNING, "gap", "lines are missing"),)).complete
    assert not Reading(missing=("backtrace",)).complete


def test_spans_join_and_know_when_they_are_nowhere() -> None:
    assert Span(3, 5).joined(Span(9, 9)) == Span(3, 9)
    assert NOWHERE.joined(Span(2, 2)) == Span(2, 2)
    assert Span(2, 2).joined(NOWHERE) == Span(2, 2)
    assert not NOWHERE
    assert 4 in Span(3, 5)


def test_compiler_suffixes_do_not_belong_to_the_function() -> None:
    assert Frame("print_circular_bug.isra.39", 0x1C7, 0x1D4).bare_function == "print_circular_bug"
    assert Frame(".foo").bare_function == ".foo"
    assert str(Frame("kthread", 0xFB, 0x103)) == "kthread+0xfb/0x103"
    assert str(Frame("kthread")) == "kthread"
