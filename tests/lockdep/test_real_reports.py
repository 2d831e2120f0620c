"""What the validator says of what a real kernel did, against what that kernel printed, line by line."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from report_skeletons import skeleton

from lockview.export.kernel_text import kernel_text
from lockview.lockdep.locks import LockMap
from lockview.lockdep.validator import Validator
from lockview.model.locks import Primitive
from lockview.model.reports import Task
from lockview.model.stacks import Frame, StackTrace
from lockview.parsing.reader import read_text

SHELL = Task("sh", 54)
IDLE = Task("swapper/0", 0)
QUEUE = LockMap("queue", "queue", "queue_lock", Primitive.SPINLOCK)
OTHER_POOL = LockMap("other pool", "other pool", "pool_lock", Primitive.SPINLOCK)
POOL = LockMap("pool", "pool", "pool_lock", Primitive.SPINLOCK)
HARDWARE = LockMap("hw", "hw", "hw_lock", Primitive.RAW_SPINLOCK)
TIMER = LockMap("timer", "timer", "(&queue_timer)", Primitive.MARKER)
SECTION = LockMap("sequence", "sequence", "&vma->vm_sequence", Primitive.SEQCOUNT)
RECLAIM = LockMap("reclaim", "reclaim", "fs_reclaim", Primitive.MARKER)
MAPPING = LockMap("mapping", "mapping", "&vma->i_mmap_rwsem", Primitive.RWSEM)


def stack(function: str) -> StackTrace:
    return StackTrace((Frame(function, file="x.c", line=1),))


def take(validator: Validator, task: Task, *locks: LockMap, subclass: int = 0) -> None:
    for lock in locks:
        validator.acquire(task, lock, subclass=subclass if lock is SECTION else 0, stack=stack(f"take_{lock.instance}"))


def drop(validator: Validator, task: Task, *locks: LockMap) -> None:
    for lock in locks:
        validator.release(task, lock)


def pool_by_itself(validator: Validator) -> None:
    take(validator, SHELL, OTHER_POOL)
    drop(validator, SHELL, OTHER_POOL)
    take(validator, SHELL, POOL)
    drop(validator, SHELL, POOL)


def in_timer(validator: Validator) -> None:
    validator.set_softirqs(IDLE, on=False)
    validator.enter_softirq(IDLE)
    take(validator, IDLE, TIMER, QUEUE)


def refill(validator: Validator) -> None:
    task = Task("queue-refill", 55)
    validator.set_softirqs(task, on=False)
    take(validator, task, QUEUE, POOL)
    drop(validator, task, POOL, QUEUE)


def safe_to_unsafe(validator: Validator) -> None:
    pool_by_itself(validator)
    in_timer(validator)
    drop(validator, IDLE, QUEUE, TIMER)
    refill(validator)


def inversion(validator: Validator) -> None:
    take(validator, SHELL, OTHER_POOL)
    drop(validator, SHELL, OTHER_POOL)
    refill(validator)
    take(validator, SHELL, POOL)
    drop(validator, SHELL, POOL)
    in_timer(validator)


def hard_timer(validator: Validator) -> None:
    idle = Task("swapper/1", 0)
    take(validator, SHELL, HARDWARE)
    drop(validator, SHELL, HARDWARE)
    validator.set_hardirqs(idle, on=False)
    validator.enter_hardirq(idle)
    take(validator, idle, HARDWARE)


def nested_sections(validator: Validator) -> None:
    for task, locks in (
        (Task("pf-move", 55), (SECTION, RECLAIM)),
        (Task("pf-reclaim", 56), (RECLAIM, MAPPING)),
        (Task("pf-unmap", 57), (MAPPING, SECTION)),
    ):
        take(validator, task, *locks, subclass=1)
        drop(validator, task, *reversed(locks))


@pytest.mark.parametrize(
    ("log", "happens"),
    [
        ("softirq_safe_unsafe", safe_to_unsafe),
        ("softirq_inversion", inversion),
        ("hrtimer", hard_timer),
        ("spf_nested", nested_sections),
    ],
)
def test_the_report_of_a_real_kernel(shared: Path, log: str, happens: Callable[[Validator], None]) -> None:
    path = shared / "realkernel" / f"{log}.log"
    if not path.exists():
        pytest.skip("the logs of a real kernel are not here")
    lines = [re.sub(r"^\[ *\d+\.\d+\] ?", "", line) for line in path.read_text(errors="replace").splitlines()]
    (printed,) = read_text("\n".join(lines)).reports
    validator = Validator()
    happens(validator)
    (ours,) = validator.reports
    real = lines[printed.span.first - 2 : printed.span.last]
    assert skeleton(kernel_text(ours).splitlines()) == skeleton(real)
