"""Hypothesis strategies for reports about one task and its locks, and for what lockdep says about itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from strategies import ERAS, Era, _backtraces, _comms, _frames, _held_block, _pids, _uses, lock_classes, lock_names

from lockview.model.held_reports import (
    FreedReport,
    LeftHeldReport,
    NestedReport,
    RcuReport,
    UnlockReport,
    ValidatorReport,
    WaitContextReport,
    WorkLeakReport,
)
from lockview.model.locks import HeldLock, LockClass, WaitTypes
from lockview.model.reports import HeldLocks, Report, ReportKind, Task

NEW_ERAS = tuple(era for era in ERAS if era.wait_types)
IDENT_ERAS = tuple(era for era in ERAS if era.taint)
_LINKS = (
    "hlock_id:7 -> chain_key:0123456789abcdefffff888012345678 (&x->lock){+.+.}-{4:4}, at: f+0x1/0x2",
    "class_idx:12 -> chain_key:0123456789abcdef (fs_reclaim){+.+.}",
)
_SENTENCES: dict[ReportKind, tuple[tuple[str, tuple[str, ...]], ...]] = {
    ReportKind.NON_STATIC_KEY: (
        (
            "INFO: trying to register non-static key.",
            ("the code is fine but needs lockdep annotation.", "turning off the locking correctness validator."),
        ),
        (
            "INFO: trying to register non-static key.",
            (
                "The code is fine but needs lockdep annotation, or maybe",
                "you didn't initialize this object before use?",
                "turning off the locking correctness validator.",
            ),
        ),
    ),
    ReportKind.LIMIT: (
        ("BUG: MAX_LOCKDEP_ENTRIES too low!", ("turning off the locking correctness validator.",)),
        (
            "BUG: MAX_LOCK_DEPTH too low!",
            ("turning off the locking correctness validator.", "depth: 48 max: 48!"),
        ),
    ),
    ReportKind.SELF_CHECK: (
        ("BUG: looking up invalid subclass: 8", ("turning off the locking correctness validator.",)),
        (
            "DEBUG_LOCKS_WARN_ON(lock->magic != lock)",
            ("WARNING: CPU: 1 PID: 42 at kernel/locking/mutex.c:585 __mutex_lock+0x1/0x2",),
        ),
        (
            "DEBUG_RWSEMS_WARN_ON(tmp < 0): count = 0x0, magic = 0xffff88803e77a1a8, list empty",
            ("WARNING: kernel/locking/rwsem.c:1346 at __up_read+0x3bc/0x5f8, CPU#1: demo/42",),
        ),
        *(
            (title, ("WARNING: CPU: 1 PID: 42 at kernel/locking/lockdep.c:585 lock_fn+0x1/0x2",))
            for title in (
                "releasing a pinned lock",
                "pinning an unheld lock",
                "unpinning an unheld lock",
                "pin count corrupted",
                'Looking for class "&a->lock" with key k.1, but found a different class "&b" with the same key',
                "hm#1, depth: 3 [3], 0123456789abcdef != 1123456789abcdef",
                "do not call blocking ops when !TASK_RUNNING; state=2 set at [<ffffffff81234567>] wait+0x1/0x2",
                "raw_local_irq_restore() called with IRQs enabled",
                "Voluntary context switch within RCU read-side critical section!",
            )
        ),
        ("WARNING: CPU: 0 PID: 42 at kernel/locking/lockdep.c:704 register_lock_class+0xce6/0x2650", ()),
        ("WARNING: kernel/locking/lockdep.c:704 at register_lock_class+0xce6/0x2650, CPU#1: demo/42", ()),
        (
            "WARNING: CPU: 0 PID: 42 at kernel/locking/lockdep.c:1000 check_data_structures+0x1/0x2",
            ("list entry 12 is not in any class list",),
        ),
        ("WARNING: [debug_locks && !(held != 0)] net/core/dev.c:12 at fn+0x1/0x2, CPU#0: demo/42", ()),
        (
            "WARNING: chain_key collision",
            (
                "Hash chain already cached but the contents don't match!",
                "Held locks:",
                "depth: 2 (irq_context 0)",
                _LINKS[0],
                "Locks in cached chain:",
                "depth: 1 (irq_context 0)",
                _LINKS[1],
            ),
        ),
    ),
}


@st.composite
def _tasks(draw: DrawFn, era: Era) -> Task:
    # Where no word about taint follows, a comm with blanks has no visible end in the head of the backtrace.
    return Task(draw(_comms if era.taint else _comms.filter(lambda text: " " not in text)), draw(_pids))


@st.composite
def _shared(draw: DrawFn, era: Era, task: Task) -> dict[str, Any]:
    """Identity, task, held locks and backtrace, as all these reports have them."""
    uses = [draw(_uses(era, draw(lock_classes()))) for _ in range(draw(st.integers(0, 3)))]
    uses += [HeldLock(LockClass("<RELEASED>"), released=True)] * draw(st.sampled_from([0, 0, 0, 1]))
    return {
        "kernel": era.release,
        "build": "#1743" if era.release else "",
        "taint": draw(st.sampled_from(["Not tainted", "Tainted: G W"])) if era.taint else "",
        "task": task,
        "held_locks": _held_block(task, uses),
        "backtrace": draw(_backtraces(era, task)),
    }


def _level(era: Era) -> str:
    return "BUG: " if era.title.startswith("INFO") else "WARNING: "


@st.composite
def wait_context_reports(draw: DrawFn) -> WaitContextReport:
    """``Invalid wait context``, 5.7 and later."""
    era = replace(draw(st.sampled_from(NEW_ERAS)), instance_text=False)
    task = draw(_tasks(era))
    return WaitContextReport(
        title="BUG: Invalid wait context",
        **draw(_shared(era, task)),
        wanted=draw(_uses(era, draw(lock_classes()))),
        context=draw(st.none() | st.builds(WaitTypes, st.integers(1, 5), st.integers(1, 5))),
    )


@st.composite
def nested_reports(draw: DrawFn) -> NestedReport:
    """``Nested lock was not taken``: two backtraces."""
    era = replace(draw(st.sampled_from(IDENT_ERAS)), instance_text=False)
    task = draw(_tasks(era))
    return NestedReport(
        title=_level(era) + "Nested lock was not taken",
        **draw(_shared(era, task)),
        wanted=draw(_uses(era, draw(lock_classes()))),
        # A bare name stands alone in its line, where these look like what programs put before lines.
        outer=draw(lock_names().filter(lambda name: name[0] not in ">|#[:;*+- .0123456789")),
        first_stack=draw(_backtraces(era, task)).stack,
    )


@st.composite
def unlock_reports(draw: DrawFn) -> UnlockReport:
    """``bad unlock balance`` and ``bad contention``."""
    era = replace(draw(st.sampled_from(ERAS)), instance_text=False)
    contended = draw(st.booleans())
    return UnlockReport(
        title=_level(era) + ("bad contention detected!" if contended else "bad unlock balance detected!"),
        **draw(_shared(era, draw(_tasks(era)))),
        name=draw(lock_names()),
        site=draw(_frames(era, True)),
        remark="there are no locks held!" if contended else "there are no more locks to release!",
        contended=contended,
    )


@st.composite
def freed_reports(draw: DrawFn) -> FreedReport:
    """``held lock freed!``."""
    era = replace(draw(st.sampled_from(ERAS)), instance_text=False)
    return FreedReport(
        title=_level(era) + "held lock freed!",
        **draw(_shared(era, draw(_tasks(era)))),
        freed=draw(_uses(era, draw(lock_classes()))),
        first="ffff88800082d400",
        last="ffff88800082d5ff",
    )


@st.composite
def left_held_reports(draw: DrawFn) -> LeftHeldReport:
    """Locks held at exit, in both wordings, and on return to user space, without a backtrace."""
    era = replace(draw(st.sampled_from(IDENT_ERAS)), instance_text=False)
    task = draw(_tasks(era))
    shared = draw(_shared(era, task))
    words = draw(
        st.sampled_from(
            ["lock held at task exit time!", f"{task} still has locks held!", "lock held when returning to user space!"]
        )
    )
    returning = words.endswith("user space!")
    if returning:
        shared["backtrace"] = None
    return LeftHeldReport(title=_level(era) + words, **shared, returning=returning)


@st.composite
def work_leak_reports(draw: DrawFn) -> WorkLeakReport:
    """``workqueue leaked``, in both wordings; the release stands in the backtrace only."""
    era = replace(draw(st.sampled_from([era for era in IDENT_ERAS if era.name != "2.6.18"])), instance_text=False)
    task = Task("kworker/u4:1", draw(st.integers(1, 99999)))
    counters = "preempt=0x00000000 lock=0->1 RCU=0->0"
    new = draw(st.booleans())
    title = (
        f"atomic, lock or RCU: {task.comm}[{task.pid}]" if new else f"lock or atomic: {task.comm}/0x0000a1b2/{task.pid}"
    )
    return WorkLeakReport(
        title=f"BUG: workqueue leaked {title}",
        **draw(_shared(era, task)),
        function="hci_rx_work",
        preempt=counters if new else "0x0000a1b2",
    )


@st.composite
def rcu_reports(draw: DrawFn) -> RcuReport:
    """``suspicious RCU usage``, in the wordings of its three times."""
    era = replace(draw(st.sampled_from(IDENT_ERAS)), instance_text=False)
    title = draw(
        st.sampled_from(
            [
                "INFO: suspicious rcu_dereference_check() usage.",
                "INFO: suspicious RCU usage.",
                "WARNING: suspicious RCU usage",
            ]
        )
    )
    before = draw(
        st.sampled_from([(), ("RCU used illegally from idle CPU!",), ("RCU used illegally from offline CPU!",)])
    )
    after = draw(
        st.sampled_from(
            [
                (),
                ("RCU used illegally from extended quiescent state!",),
                ("Possible false positive due to lockdep disabling via debug_locks = 0",),
            ]
        )
    )
    return RcuReport(
        title=title,
        **draw(_shared(era, draw(_tasks(era)))),
        place=draw(st.sampled_from(["net/ipv4/fib_trie.c:1756", "./include/linux/rcupdate.h:7", "a.c:1"])),
        message=draw(
            st.sampled_from(
                [
                    "suspicious rcu_dereference_check() usage!",
                    "RCU-list traversed in non-reader section!!",
                    "RCU or wq_pool_mutex should be held!",
                    "invoked rcu_dereference_check() without protection!",
                ]
            )
        ),
        remarks=(*before, *after),
        scheduler_active=draw(st.integers(0, 2)),
        debug_locks=draw(st.integers(0, 1)),
    )


@st.composite
def validator_reports(draw: DrawFn) -> ValidatorReport:
    """What lockdep says about itself."""
    era = draw(st.sampled_from([era for era in IDENT_ERAS if not era.frame_addresses]))
    group = draw(st.sampled_from(list(_SENTENCES)))
    title, lines = draw(st.sampled_from(_SENTENCES[group]))
    shared = draw(_shared(replace(era, instance_text=False), draw(_tasks(era))))
    held: HeldLocks | None = shared["held_locks"]
    if not title.endswith(("collision", "DEPTH too low!")):
        held = None
    return ValidatorReport(title=title, **shared | {"held_locks": held}, group=group, lines=lines)


def task_reports() -> st.SearchStrategy[Report]:
    """A whole report of any of these kinds, of any era that printed it."""
    return st.one_of(
        wait_context_reports(),
        nested_reports(),
        unlock_reports(),
        freed_reports(),
        left_held_reports(),
        work_leak_reports(),
        rcu_reports(),
        validator_reports(),
    )
