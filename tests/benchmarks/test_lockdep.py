"""Checks per second of the validator on 5,000 classes, against a search of the graph for every new dependency."""

import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest

from lockview.lockdep.locks import LockMap
from lockview.lockdep.validator import Validator
from lockview.model.locks import Primitive
from lockview.model.reports import Task

CLASSES, NESTINGS, DEPTH, INTERRUPTS, LAST = 5_000, 4_000, 5, 50, 200
TASK = Task("task", 1)
LOCKS = [LockMap(number, number, f"lock{number}", Primitive.SPINLOCK) for number in range(CLASSES)]


def nestings(seed: int) -> list[list[int]]:
    """Random nestings that respect one random order of all classes."""
    dice = random.Random(seed)
    order = list(range(CLASSES))
    dice.shuffle(order)
    return [[order[place] for place in sorted(dice.sample(range(CLASSES), DEPTH))] for _ in range(NESTINGS)]


def take_all(validator: Validator, steps: Sequence[Sequence[int]]) -> None:
    for step in steps:
        for number in step:
            validator.acquire(TASK, LOCKS[number])
        for number in reversed(step):
            validator.release(TASK, LOCKS[number])


def graph_of(steps: Sequence[Sequence[int]]) -> dict[int, set[int]]:
    after: dict[int, set[int]] = {}
    for step in steps:
        for before, wanted in pairwise(step):
            after.setdefault(before, set()).add(wanted)
    return after


def search_always(after: dict[int, set[int]], steps: Sequence[Sequence[int]]) -> int:
    """What has to be done at least without a cache of chains or levels: one search for each dependency."""
    cycles = 0
    for step in steps:
        for before, wanted in pairwise(step):
            queue, seen = deque((wanted,)), {wanted}
            while queue:
                for other in after.get(queue.popleft(), ()):
                    if other not in seen:
                        seen.add(other)
                        queue.append(other)
            cycles += before in seen
    return cycles


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@pytest.mark.parametrize("with_interrupts", [False, True], ids=["tasks", "interrupts"])
def test_new_and_known_chains(with_interrupts: bool) -> None:
    steps = nestings(seed=1)
    validator = Validator()
    if with_interrupts:
        validator.set_hardirqs(TASK, on=False)
        validator.enter_hardirq(TASK, threaded=True)
        for number in range(INTERRUPTS):
            take_all(validator, [[number]])
        validator.exit_hardirq(TASK)
    first, last = steps[:-LAST], steps[-LAST:]
    take_all(validator, first)
    new = LAST * DEPTH / seconds(lambda: take_all(validator, last))
    known = NESTINGS * DEPTH / seconds(lambda: take_all(validator, steps))
    graph = graph_of(first)
    searching = LAST * (DEPTH - 1) / seconds(lambda: search_always(graph, last))
    print(f"\nnew chains {new:,.0f}/s, known {known:,.0f}/s, a search each {searching:,.0f}/s")
    print(f"  known to new {known / new:.1f}, new to searching {new / searching:.1f}")
    assert not validator.reports
    assert validator.classes.dependencies > 15_000
    assert known > 1.5 * new
    assert new > 3 * searching
