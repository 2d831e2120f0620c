"""The validator, fed by hand: what it says, who it names, and which stacks it shows."""

from itertools import pairwise

import pytest

from lockview.export.kernel_text import kernel_text
from lockview.lockdep.locks import LockMap
from lockview.lockdep.validator import MAX_DEPTH, Rules, Validator
from lockview.lockdep.wording import ERAS
from lockview.model.locks import Access, Primitive
from lockview.model.reports import CircularReport, Report, ReportKind, Task
from lockview.model.stacks import Frame, StackTrace
from lockview.parsing.reader import read_text

FIRST = Task("first", 1)
SECOND = Task("second", 2)


def lock(name: str, primitive: Primitive = Primitive.MUTEX, **more: bool) -> LockMap:
    return LockMap(name, name, name, primitive, None, **more)


def stack(*functions: str) -> StackTrace:
    return StackTrace(tuple(Frame(function, file="x.c", line=1) for function in functions))


def nest(validator: Validator, task: Task, *names: str) -> None:
    for name in names:
        validator.acquire(task, lock(name), stack=stack(f"take_{name}", *(f"call_{other}" for other in names)))
    for name in reversed(names):
        validator.release(task, lock(name))


def only(validator: Validator) -> Report:
    (report,) = validator.reports
    assert list(read_text(kernel_text(report)).reports) == [report]
    return report


@pytest.mark.parametrize("length", [2, 3, 4, 7])
def test_a_ring_of_locks_is_reported_with_every_stack(length: int) -> None:
    names = [chr(ord("a") + number) for number in range(length)]
    validator = Validator()
    for before, after in pairwise(names):
        nest(validator, FIRST, before, after)
    nest(validator, SECOND, names[-1], names[0])
    report = only(validator)
    assert isinstance(report, CircularReport)
    assert [entry.lock_class.base for entry in report.chain] == names[::-1]
    assert [entry.stack.frames[0].function for entry in report.chain] == [f"take_{name}" for name in names[::-1]]
    assert [(edge.held.base, edge.wanted.base) for edge in report.cycle] == [*pairwise(names), (names[-1], names[0])]
    assert report.task == SECOND


def test_the_shortest_cycle_is_the_one_that_is_reported() -> None:
    validator = Validator()
    nest(validator, FIRST, "a", "b")
    nest(validator, FIRST, "b", "c")
    nest(validator, FIRST, "c", "d")
    nest(validator, FIRST, "a", "d")
    nest(validator, SECOND, "d", "a")
    report = only(validator)
    assert isinstance(report, CircularReport)
    assert [entry.lock_class.base for entry in report.chain] == ["d", "a"]


def test_it_speaks_once() -> None:
    validator = Validator()
    nest(validator, FIRST, "a", "b")
    nest(validator, FIRST, "b", "a")
    nest(validator, FIRST, "c", "d")
    nest(validator, FIRST, "d", "c")
    assert len(validator.reports) == 1
    assert not validator.is_on


def test_it_goes_on_when_told_to() -> None:
    validator = Validator(Rules(one_shot=False))
    for names in (("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")):
        for name in names:
            validator.acquire(FIRST, lock(name))
        for held in [*validator.task(FIRST).held]:
            validator.release(FIRST, held.lock)
    assert [report.kind for report in validator.reports] == [ReportKind.CIRCULAR, ReportKind.CIRCULAR]


def test_a_trylock_makes_no_dependency_on_itself_but_one_from_itself() -> None:
    validator = Validator()
    nest(validator, FIRST, "a", "b")
    validator.acquire(SECOND, lock("b"))
    validator.acquire(SECOND, lock("a"), trylock=True)
    assert not validator.reports
    validator.acquire(SECOND, lock("c"))
    validator.release(SECOND, lock("c"))
    assert {edge.other for edge in validator.classes.all[1].after.values()} == {2}
    assert {edge.other for edge in validator.classes.all[0].after.values()} == {1, 2}


def test_a_subclass_is_a_class_of_its_own() -> None:
    validator = Validator()
    key = LockMap("parent", "inode", "&inode->lock")
    validator.acquire(FIRST, key)
    validator.acquire(FIRST, key._replace(instance="child"), subclass=1)
    assert not validator.reports
    assert [info.name.name for info in validator.classes.all] == ["&inode->lock", "&inode->lock/1"]


def test_keys_of_one_name_are_numbered() -> None:
    validator = Validator()
    for number in range(3):
        validator.acquire(FIRST, LockMap(number, ("key", number), "&lock"))
    assert [info.name.name for info in validator.classes.all] == ["&lock", "&lock#2", "&lock#3"]


def test_older_rules_keep_no_dependency_of_recursive_readers() -> None:
    for recursive_reads, reports in ((True, 1), (False, 0)):
        validator = Validator(Rules(recursive_reads=recursive_reads))
        for first, second in (("a", "b"), ("b", "a")):
            validator.acquire(FIRST, lock(first, Primitive.RWLOCK))
            validator.acquire(FIRST, lock(second, Primitive.RWLOCK), Access.RECURSIVE)
            validator.release(FIRST, lock(second, Primitive.RWLOCK))
            validator.release(FIRST, lock(first, Primitive.RWLOCK))
        assert len(validator.reports) == reports


def test_a_lock_without_a_key_is_told() -> None:
    validator = Validator()
    validator.acquire(FIRST, lock("a", has_static_key=False), stack=stack("take", "call"))
    assert only(validator).kind is ReportKind.NON_STATIC_KEY


def test_locks_held_at_exit_and_on_return_are_told() -> None:
    for returning, kind in ((False, ReportKind.EXIT), (True, ReportKind.USER_RETURN)):
        validator = Validator()
        validator.acquire(FIRST, lock("a"), stack=stack("take"))
        (validator.return_to_user if returning else validator.exit_task)(FIRST, stack=stack("leave"))
        assert only(validator).kind is kind


def test_too_many_locks_are_told() -> None:
    validator = Validator()
    for number in range(MAX_DEPTH + 1):
        validator.acquire(FIRST, lock(f"lock{number}"), stack=stack("take"))
    assert only(validator).kind is ReportKind.LIMIT


@pytest.mark.parametrize("era", sorted(ERAS))
def test_each_era_has_its_words(era: str) -> None:
    validator = Validator(Rules(ERAS[era]))
    nest(validator, FIRST, "a", "b")
    nest(validator, FIRST, "b", "a")
    title = only(validator).title
    assert title.startswith("INFO" if era == "4.4" else "WARNING")
