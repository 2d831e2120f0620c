"""The searches of the validator against trying everything, on small random graphs."""

from collections.abc import Iterator
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from lockview.lockdep.locks import LockMap
from lockview.lockdep.validator import Validator
from lockview.model.locks import Access, Primitive
from lockview.model.reports import CircularReport, Report, Task

TASK = Task("task", 1)
CLASSES = 4
ACCESS = {0: Access.EXCLUSIVE, 1: Access.SHARED, 2: Access.RECURSIVE}


class Dep(NamedTuple):
    """``after`` was taken while ``before`` was held; how is lockdep's number for reading."""

    before: int
    how_before: int
    after: int
    how_after: int


deps = st.builds(
    Dep, st.integers(0, CLASSES - 1), st.integers(0, 2), st.integers(0, CLASSES - 1), st.integers(0, 2)
).filter(lambda dep: dep.before != dep.after)


def blocks(held_as: int, wanted_as: int) -> bool:
    """Whether somebody who takes a lock has to wait for one who holds it: all but recursive readers among readers."""
    return not (wanted_as == 2 and held_as != 0)


def walks(known: list[Dep], start: int, held_as: int | None) -> Iterator[tuple[int, int, int]]:
    """Every strong walk over dependencies, none twice: where it ends, how that was taken, how many steps it had.

    ``held_as`` is how the first class is taken by whoever waits for the holder that the walk begins with.
    """

    def extend(place: int, taken_as: int | None, steps: int, left: list[Dep]) -> Iterator[tuple[int, int, int]]:
        for number, dep in enumerate(left):
            if dep.before != place or (taken_as is not None and not blocks(dep.how_before, taken_as)):
                continue
            yield dep.after, dep.how_after, steps + 1
            yield from extend(dep.after, dep.how_after, steps + 1, left[:number] + left[number + 1 :])

    return extend(start, held_as, 0, known)


def shortest_cycle(known: list[Dep], new: Dep) -> int | None:
    """How many classes are on the shortest deadlock that a dependency closes; None without one."""
    found = [
        steps + 1
        for end, taken_as, steps in walks(known, new.after, new.how_after)
        if end == new.before and blocks(new.how_before, taken_as)
    ]
    return min(found, default=None)


def lock(number: int) -> LockMap:
    return LockMap(number, number, f"lock{number}", Primitive.RWLOCK)


def take_both(validator: Validator, dep: Dep) -> None:
    validator.acquire(TASK, lock(dep.before), ACCESS[dep.how_before])
    validator.acquire(TASK, lock(dep.after), ACCESS[dep.how_after])
    validator.release(TASK, lock(dep.after))
    validator.release(TASK, lock(dep.before))


@settings(max_examples=400, deadline=None)
@given(st.lists(deps, min_size=2, max_size=7, unique=True))
def test_a_cycle_is_reported_when_there_is_a_strong_one_and_the_shortest_is(steps: list[Dep]) -> None:
    validator = Validator()
    for number, dep in enumerate(steps):
        expected = shortest_cycle(steps[:number], dep)
        take_both(validator, dep)
        if expected is None:
            assert not validator.reports
            continue
        (report,) = validator.reports
        assert isinstance(report, CircularReport)
        assert len(report.chain) == expected
        return


class Use(NamedTuple):
    """A class was taken exclusively (0) or by a recursive reader (2): where, and with which interrupts on."""

    number: int
    how: int
    where: str
    on: frozenset[str] = frozenset()


NUMBERS, WAYS = st.integers(0, CLASSES - 1), st.sampled_from((0, 2))
uses = st.one_of(
    st.builds(Use, NUMBERS, WAYS, st.sampled_from(("hard", "soft"))),
    st.builds(Use, NUMBERS, WAYS, st.just("task"), st.sampled_from((frozenset({"hard"}), frozenset({"hard", "soft"})))),
)


def can_hang(known: list[Dep], seen: list[Use]) -> bool:
    """Whether an interrupt can wait for a lock that leads, by strong dependencies, to what it has interrupted."""
    for irq in (use for use in seen if use.where != "task"):
        ends = [(irq.number, irq.how), *((end, how) for end, how, _ in walks(known, irq.number, irq.how))]
        outside = [use for use in seen if irq.where in use.on]
        if any(end == use.number and blocks(use.how, how) for use in outside for end, how in ends):
            return True
    return False


def take_one(validator: Validator, use: Use) -> None:
    validator.acquire(TASK, lock(use.number), ACCESS[use.how])
    validator.release(TASK, lock(use.number))


def apply(validator: Validator, event: Dep | Use) -> None:
    """All interrupts are off but those that an event needs."""
    validator.set_softirqs(TASK, on=False)
    if isinstance(event, Use) and event.where == "task":
        validator.set_softirqs(TASK, on="soft" in event.on)
        validator.set_hardirqs(TASK, on=True)
        take_one(validator, event)
        validator.set_hardirqs(TASK, on=False)
    elif isinstance(event, Dep):
        take_both(validator, event)
    elif event.where == "hard":
        validator.enter_hardirq(TASK, threaded=True)
        take_one(validator, event)
        validator.exit_hardirq(TASK)
    else:
        validator.enter_softirq(TASK)
        take_one(validator, event)
        validator.exit_softirq(TASK)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(deps, uses), min_size=2, max_size=8, unique=True))
def test_interrupts_are_reported_when_one_can_wait_for_what_it_interrupted(events: list[Dep | Use]) -> None:
    validator = Validator()
    validator.set_hardirqs(TASK, on=False)
    known: list[Dep] = []
    seen: list[Use] = []
    for event in events:
        cycle = isinstance(event, Dep) and shortest_cycle(known, event) is not None
        if isinstance(event, Dep):
            known.append(event)
        else:
            seen.append(event)
        expected = cycle or can_hang(known, seen)
        apply(validator, event)
        assert bool(validator.reports) == expected, [report.title for report in validator.reports]
        if expected:
            return


@settings(max_examples=100, deadline=None)
@given(st.lists(deps, min_size=2, max_size=10), st.permutations(range(CLASSES)))
def test_renaming_classes_changes_nothing_but_names(steps: list[Dep], names: list[int]) -> None:
    first, second = Validator(), Validator()
    for dep in steps:
        take_both(first, dep)
        take_both(second, dep._replace(before=names[dep.before], after=names[dep.after]))
    assert [_shape(report) for report in first.reports] == [_shape(report) for report in second.reports]


def _shape(report: Report) -> tuple[str, int]:
    return report.title, len(report.chain) if isinstance(report, CircularReport) else 0
