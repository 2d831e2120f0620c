"""Cases about wound/wait mutexes: their contexts, giving way, and mixing them with others."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.lockdep.cases import Case
from lockview.lockdep.selftest.pieces import SPIN, Ops, joined

_MUTEX = {"kind": "ww_mutex", "class": "ww_lockdep_mutex"}


def _lock(lock: str, context: str | None = None, returns: str = "0", *, slow: bool = False) -> Ops:
    name = "ww_mutex_lock_slow" if slow else "ww_mutex_lock"
    return ({"op": name, **_MUTEX, "lock": lock, "ctx": context, "returns": returns},)


def _try(lock: str, returns: str = "1") -> Ops:
    return ({"op": "ww_mutex_trylock", **_MUTEX, "lock": lock, "returns": returns},)


def _unlock(*locks: str) -> Ops:
    return tuple({"op": "ww_mutex_unlock", **_MUTEX, "lock": lock} for lock in locks)


def _base(name: str, lock: str, **more: object) -> Ops:
    """The mutex inside the ww_mutex, used as any other."""
    return ({"op": name, **_MUTEX, "lock": lock, **more},)


def _base_pair(lock: str, **more: object) -> Ops:
    return joined(_base("lock", lock, **more), _base("unlock", lock))


def _context(*steps: str, name: str = "t") -> Ops:
    return tuple({"op": f"ww_acquire_{step}", "ctx": name} for step in steps)


def _set(**fields: object) -> Ops:
    """What only a test does: write into the structures."""
    return ({"op": "ww_set", **fields},)


def _case(name: str, title: str, complains: bool, *ops: Ops) -> Case:
    return Case(f"ww_test_{name}", title, "ww", complains, joined(*ops))


def ww_cases() -> Iterator[Case]:
    """All of them, in the order of the table."""
    yield from _interface()
    yield from _contexts()
    yield from _mismatches()
    yield from _giving_way()
    nest: Ops = SPIN.take("A", nest_lock="&o", nest_class="ww_lockdep_mutex")
    yield _case("spin_nest_unlocked", "spinlock nest unlocked", True, nest, SPIN.drop("A"))
    under_x = {"nest_lock": "&lock_X1"}
    yield _case(
        "spin_nest_lock",
        "spinlock nest test",
        False,
        joined(SPIN.take("X1"), SPIN.take("Y1", **under_x), SPIN.take("A"), SPIN.take("Y2", **under_x)),
        joined(SPIN.drop("A"), SPIN.drop("Y2"), SPIN.drop("Y1"), SPIN.drop("X1")),
    )
    yield from _mixing()
    yield from _under_spinlocks()


def _interface() -> Iterator[Case]:
    title = "ww api failures"
    yield _case(
        "fail_acquire",
        title,
        False,
        joined(_context("init"), _lock("o", "t"), _lock("o", "t", "-EALREADY"), _try("o", "0")),
        joined(_lock("o", "t2", "-EDEADLK"), _unlock("o"), _try("o"), _unlock("o")),
    )
    yield _case(
        "normal",
        title,
        False,
        joined(_base_pair("o"), _base_pair("o"), _base_pair("o"), _base_pair("o", trylock=True)),
        joined(_base("lock", "o"), _base("trylock_failed", "o"), _base("unlock", "o")),
        joined(_context("init"), _base_pair("o", nest_lock="&t")),
    )
    yield _case("unneeded_slow", title, True, _context("init"), _lock("o", "t", slow=True))


def _contexts() -> Iterator[Case]:
    begin = _context("init")
    mixing, finishing = "ww contexts mixing", "finishing ww context"
    yield _case("two_contexts", mixing, True, begin, _context("init", name="t2"))
    yield _case("diff_class", mixing, True, begin, _set(ctx="t", ww_class=None), _lock("o", "t"))
    yield _case("context_done_twice", finishing, True, begin, _context("done", "done", "fini"))
    yield _case("context_unlock_twice", finishing, True, begin, _context("done", "fini", "fini"))
    yield _case("context_fini_early", finishing, True, begin, _lock("o", "t"), _context("done", "fini"))
    yield _case("context_lock_after_done", finishing, True, begin, _context("done"), _lock("o", "t"))


def _mismatches() -> Iterator[Case]:
    title, begin = "locking mismatches", _context("init")
    yield _case("object_unlock_twice", title, True, _lock("o"), _unlock("o", "o"))
    unbalanced = joined(_set(ctx="t", acquired=0), _unlock("o"), _context("fini"))
    yield _case("object_lock_unbalanced", title, True, begin, _lock("o", "t"), unbalanced)
    yield _case("object_lock_stale_context", title, True, begin, _set(lock="o", ctx="t2"), _lock("o", "t"))


def _taken_by_other(lock: str) -> Ops:
    """Another context seems to hold it, and the validator knows nothing of it."""
    return joined(_base("lock", lock), _set(lock=lock, ctx="t2"), _base("dep_map_release", lock))


def _given_back(lock: str) -> Ops:
    return joined(
        _set(lock=lock, ctx=None), _base("dep_map_acquire", lock, read=0, trylock=True), _base("unlock", lock)
    )


def _giving_way() -> Iterator[Case]:
    """After -EDEADLK a context must drop everything, and then take the contended lock first."""
    title = "EDEADLK handling"
    refused = joined(_taken_by_other("o2"), _context("init"), _lock("o", "t"), _lock("o2", "t", "-EDEADLK"))
    refused_twice = joined(_taken_by_other("o2"), _taken_by_other("o3"), refused[3:])
    for slow, ending in ((False, ""), (True, "_slow")):
        again = _lock("o2", "t", slow=slow)
        yield _case(f"edeadlk_normal{ending}", title, False, refused, _given_back("o2"), _unlock("o"), again)
    for slow, ending in ((False, ""), (True, "_slow")):
        again = _lock("o2", "t", slow=slow)
        yield _case(f"edeadlk_no_unlock{ending}", title, True, refused, _given_back("o2"), again)
    for slow, ending in ((False, ""), (True, "_slow")):
        yield _case(f"edeadlk_acquire_more{ending}", title, True, refused, _lock("o3", "t", slow=slow))
    for slow, ending in ((False, ""), (True, "_slow")):
        more = _lock("o3", "t", "-EDEADLK", slow=slow)
        yield _case(f"edeadlk_acquire_more_edeadlk{ending}", title, True, refused_twice, more)
    for slow, ending in ((False, ""), (True, "_slow")):
        wrong = _lock("o3", "t", slow=slow)
        yield _case(f"edeadlk_acquire_wrong{ending}", title, True, refused, _unlock("o"), wrong)


def _mixing() -> Iterator[Case]:
    """A lock taken in one way, then another in the same or another way."""
    begin, both = _context("init"), _unlock("o2", "o")
    of_context = joined(begin, _lock("o", "t"))
    yield _case("context_block", "context", True, of_context, _lock("o2"))
    yield _case("context_try", "context", False, of_context, _try("o2"), both)
    yield _case("context_context", "context", False, of_context, _lock("o2", "t"), both)
    yield _case("try_block", "try", True, _try("o"), _lock("o2"), both)
    yield _case("try_try", "try", False, _try("o"), _try("o2"), both)
    yield _case("try_context", "try", True, _try("o"), begin, _lock("o2", "t"))
    yield _case("block_block", "block", True, _lock("o"), _lock("o2"))
    yield _case("block_try", "block", False, _lock("o"), _try("o2"))
    yield _case("block_context", "block", True, _lock("o"), begin, _lock("o2", "t"))


def _under_spinlocks() -> Iterator[Case]:
    spin, drop = SPIN.pair("A"), _unlock("o")
    for name, complains, begin, take in (
        ("block", True, (), _lock("o")),
        ("try", False, (), _try("o")),
        ("context", True, _context("init"), _lock("o", "t")),
    ):
        ops = joined(spin, begin, take, spin, drop, SPIN.take("A"), take, drop, SPIN.drop("A"))
        yield _case(f"spin_{name}", "spinlock", complains, ops)
