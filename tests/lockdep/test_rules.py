"""Single rules of the validator, those that no case of the self-test asks for."""

from pathlib import Path

import pytest

from lockview.lockdep.locks import LockMap, Wait
from lockview.lockdep.operations import _ACTIONS
from lockview.lockdep.rules import KERNEL_LIMITS, Limits, Rules, rules_of
from lockview.lockdep.validator import Validator
from lockview.lockdep.wording import ERAS
from lockview.model.held_reports import RecursiveReport, ValidatorReport
from lockview.model.locks import Access, Primitive, WaitTypes
from lockview.model.reports import CircularReport, Operation, ReportKind, Task
from lockview.model.stacks import Frame, StackTrace

TASK = Task("task", 1)
OTHER = Task("other", 2)


def lock(name: str, primitive: Primitive = Primitive.MUTEX, key: str = "") -> LockMap:
    return LockMap(name, key or name, key or name, primitive)


def stack(name: str) -> StackTrace:
    return StackTrace((Frame(name, file="x.c", line=1),))


def nest(validator: Validator, *locks: LockMap, task: Task = TASK) -> None:
    for one in locks:
        validator.acquire(task, one, stack=stack(f"take_{one.name}"))
    for one in reversed(locks):
        validator.release(task, one)


def titles(validator: Validator) -> list[str]:
    return [report.title for report in validator.reports]


# --- Limits -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "table", "at"),
    [
        (Limits(classes=3), "KEYS", 3),
        (Limits(entries=4), "ENTRIES", 3),  # two dependencies
        (Limits(chains=4), "CHAINS", 4),
    ],
)
def test_full_tables_are_told(limits: Limits, table: str, at: int) -> None:
    validator = Validator(Rules(limits=limits))
    for number in range(at):
        assert not validator.reports
        validator.acquire(TASK, lock(f"lock{number}"))
    validator.acquire(TASK, lock("one more"))
    assert titles(validator) == [f"BUG: MAX_LOCKDEP_{table} too low!"]
    assert validator.reports[0].kind is ReportKind.LIMIT


def test_known_dependencies_need_no_room() -> None:
    validator = Validator(Rules(limits=Limits(entries=2)))
    nest(validator, lock("a"), lock("b"))
    validator.acquire(TASK, lock("a"))
    validator.acquire(TASK, lock("b"), Access.SHARED)
    assert not validator.reports


def test_the_kernel_has_limits_and_depth_is_always_one() -> None:
    assert KERNEL_LIMITS.depth == Limits().depth == 48
    validator = Validator(Rules(limits=Limits(depth=2)))
    validator.acquire(TASK, lock("a"))
    validator.acquire(TASK, lock("b"))
    (report,) = validator.reports
    assert isinstance(report, ValidatorReport)
    assert report.lines[-1] == "depth: 2 max: 2!"


# --- Nest locks -------------------------------------------------------------------------------------------------


def test_locks_under_one_nest_lock_are_one_entry_with_references() -> None:
    validator = Validator()
    outer = lock("outer")
    validator.acquire(TASK, outer)
    for number in range(3):
        validator.acquire(TASK, lock(f"inner{number}", key="inner"), nest=outer)
    held = validator.task(TASK).held
    assert [(entry.info.name.name, entry.references) for entry in held] == [("outer", 0), ("inner", 3)]
    for number in (1, 0, 2):
        validator.release(TASK, lock(f"inner{number}", key="inner"))
    assert [entry.info.name.name for entry in held] == ["outer"]
    assert not validator.reports


def test_a_nest_lock_must_be_held_and_is_released_last() -> None:
    validator = Validator()
    validator.acquire(TASK, lock("outer"))
    validator.acquire(TASK, lock("inner"), nest=lock("outer"))
    validator.release(TASK, lock("outer"))
    assert validator.reports[0].kind is ReportKind.NESTED


# --- Held locks that change -------------------------------------------------------------------------------------


def test_a_downgrade_makes_a_reader_and_is_validated_again() -> None:
    validator = Validator()
    sem = lock("sem", Primitive.RWSEM)
    validator.acquire(TASK, sem)
    validator.downgrade(TASK, sem)
    assert validator.task(TASK).held[0].access is Access.SHARED
    assert validator.classes.all[0].marks == "++++"
    validator.release(TASK, sem)
    validator.downgrade(TASK, sem)
    assert validator.reports[0].kind is ReportKind.BAD_UNLOCK


def test_a_lock_that_changes_its_class_gives_its_new_name_to_dependencies() -> None:
    validator = Validator()
    validator.acquire(TASK, lock("page"))
    validator.acquire(TASK, lock("inode"))
    validator.set_class(TASK, lock("page"), lock("huge page"))
    names = {
        info.name.name: {validator.classes.all[edge].name.name for edge in info.after} for info in validator.classes.all
    }
    assert names == {"page": {"inode"}, "inode": set(), "huge page": {"inode"}}


def test_locks_that_are_taken_again_after_a_release_keep_their_order() -> None:
    validator = Validator()
    for name in "abc":
        validator.acquire(TASK, lock(name))
    validator.release(TASK, lock("a"))
    assert [entry.info.name.name for entry in validator.task(TASK).held] == ["b", "c"]
    assert set(validator.classes.all[0].after) == {1}
    validator.release(TASK, lock("b"))
    validator.release(TASK, lock("c"))
    assert not validator.reports


def test_pins_count_and_warnings_leave_it_on() -> None:
    validator = Validator()
    rq = lock("rq", Primitive.RAW_SPINLOCK)
    validator.acquire(TASK, rq)
    validator.pin(TASK, rq)
    validator.pin(TASK, rq)
    validator.pin(TASK, rq, on=False)
    validator.pin(TASK, rq, on=False)
    assert not validator.reports
    validator.pin(TASK, rq, on=False, stack=stack("unpin"))
    assert titles(validator) == ["unpinning an unpinned lock"]
    assert validator.is_on
    validator.release(TASK, rq)
    validator.pin(TASK, rq, on=False, stack=stack("unpin"))
    assert titles(validator)[1:] == ["unpinning an unheld lock"]


# --- Waiting without taking -------------------------------------------------------------------------------------


def test_sync_closes_cycles_but_is_never_held() -> None:
    validator = Validator()
    work, mutex = lock("work", Primitive.MARKER), lock("mutex")
    nest(validator, work, mutex)
    validator.acquire(OTHER, mutex)
    validator.acquire(OTHER, work, sync=True)
    (report,) = validator.reports
    assert isinstance(report, CircularReport)
    assert report.scenario[-1].operation is Operation.SYNC
    assert [entry.lock.name for entry in validator.task(OTHER).held] == ["mutex"]


def test_sync_leaves_no_mark_of_enabled_interrupts() -> None:
    validator = Validator()
    validator.acquire(TASK, lock("work", Primitive.MARKER), sync=True)
    assert validator.classes.all[0].marks == "...."
    assert not validator.task(TASK).held


# --- Comparison functions ---------------------------------------------------------------------------------------


def ranked(rank: int) -> LockMap:
    return LockMap(rank, "node", "node", Primitive.RWSEM, rank=rank)


def test_a_comparison_function_allows_one_order() -> None:
    validator = Validator()
    for rank in (1, 2, 5):
        validator.acquire(TASK, ranked(rank))
    assert not validator.reports


@pytest.mark.parametrize(("second", "returns"), [(1, 1), (3, 0)])
def test_a_comparison_function_forbids_the_other(second: int, returns: int) -> None:
    validator = Validator()
    validator.acquire(TASK, ranked(3))
    validator.acquire(TASK, ranked(second)._replace(instance="second"))
    (report,) = validator.reports
    assert isinstance(report, RecursiveReport)
    assert report.comparison == returns


# --- Contexts ---------------------------------------------------------------------------------------------------


def test_dependencies_do_not_cross_into_an_interrupt() -> None:
    validator = Validator()
    outer, inner = lock("outer", Primitive.SPINLOCK), lock("inner", Primitive.SPINLOCK)
    validator.acquire(TASK, outer)
    validator.set_hardirqs(TASK, on=False)
    validator.enter_hardirq(TASK, threaded=True)
    validator.acquire(TASK, inner)
    assert not validator.classes.dependencies
    validator.release(TASK, outer)
    assert validator.reports[0].kind is ReportKind.BAD_UNLOCK


def test_a_map_may_override_what_its_surroundings_allow() -> None:
    validator = Validator()
    allowing = LockMap(
        "allowing", "allowing", "allowing", Primitive.MARKER, WaitTypes(Wait.SLEEP, Wait.SLEEP), overrides_wait=True
    )
    validator.acquire(TASK, lock("raw", Primitive.RAW_SPINLOCK))
    validator.acquire(TASK, allowing, trylock=True)
    validator.acquire(TASK, lock("mutex"))
    assert not validator.reports


def test_a_trylock_is_not_asked_how_long_it_would_wait() -> None:
    validator = Validator()
    validator.acquire(TASK, lock("raw", Primitive.RAW_SPINLOCK))
    validator.acquire(TASK, lock("mutex"), trylock=True)
    assert not validator.reports


@pytest.mark.parametrize(("era", "waits", "complains"), [("5.10", (3, 3), False), ("6.12", (4, 4), True)])
def test_spinlocks_are_raw_without_raw_lock_nesting(era: str, waits: tuple[int, int], complains: bool) -> None:
    validator = Validator(rules_of(era))
    validator.acquire(TASK, lock("raw", Primitive.RAW_SPINLOCK))
    validator.acquire(TASK, lock("spin", Primitive.SPINLOCK))
    assert bool(validator.reports) == complains
    validator = Validator(rules_of(era))
    validator.acquire(TASK, lock("raw", Primitive.RAW_SPINLOCK))
    validator.acquire(TASK, lock("mutex"))
    (report,) = validator.reports
    assert report.wanted is not None
    assert report.wanted.wait_types == WaitTypes(*waits)


# --- Older kernels ----------------------------------------------------------------------------------------------


def test_older_kernels_checked_recursive_readers_against_writers() -> None:
    """No dependency of a reader was kept, but a reader that closes a cycle of writers was told."""
    validator = Validator(rules_of("4.13"))
    a, b = lock("a", Primitive.RWLOCK), lock("b", Primitive.RWLOCK)
    nest(validator, a, b)
    validator.acquire(TASK, b)
    validator.acquire(TASK, a, Access.RECURSIVE)
    assert validator.reports[0].kind is ReportKind.CIRCULAR


def test_older_kernels_kept_one_state_of_use() -> None:
    for era, states in (("4.13", 1 << 8), ("6.12", 1 << 9)):
        validator = Validator(rules_of(era))
        validator.set_hardirqs(TASK, on=False)
        validator.acquire(TASK, lock("a", Primitive.RWLOCK), Access.RECURSIVE)
        assert validator.classes.all[0].usage == states


def test_every_era_has_rules() -> None:
    assert [rules_of(era).recursive_reads for era in ERAS] == [False, False, True, True]


# --- Speaking on ------------------------------------------------------------------------------------------------


def test_what_was_reported_is_held_all_the_same() -> None:
    validator = Validator(Rules(one_shot=False))
    nest(validator, lock("a"), lock("b"))
    nest(validator, lock("b"), lock("a"))
    nest(validator, lock("b"), lock("a"))
    assert [report.kind for report in validator.reports] == [ReportKind.CIRCULAR]
    nest(validator, lock("c"), lock("b"), lock("a"))
    assert len(validator.reports) == 2, "another chain, the same cycle"
    assert not validator.task(TASK).held


def test_protection_of_rcu_pointers() -> None:
    validator = Validator()
    validator.dereference(TASK, "a.c:1", "suspicious rcu_dereference_check() usage!", stack=stack("use"))
    assert [report.kind for report in validator.reports] == [ReportKind.RCU]
    validator.acquire(TASK, LockMap("rcu", "rcu", "rcu_read_lock", Primitive.RCU, validated=False), Access.RECURSIVE)
    validator.dereference(TASK, "a.c:1", "suspicious rcu_dereference_check() usage!", stack=stack("use"))
    assert len(validator.reports) == 1
    assert validator.is_on


def test_the_manual_names_every_operation() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "lockdep-cases.md").read_text()
    unnamed = {name for name in _ACTIONS if f"`{name}`" not in manual}
    assert unnamed == {f"rcu_read_{verb}_{flavour}" for verb in ("lock", "unlock") for flavour in ("bh", "sched")}
