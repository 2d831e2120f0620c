"""What sleeping in atomic context and spinlock complaints mean, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from lockview.analysis.explain import Sentence, damage, sentence, well_known
from lockview.analysis.graph_atomic import culprits, lock_label, sleeping_place, sound
from lockview.analysis.lock_graph import LockGraph
from lockview.analysis.preemption import preempt_words
from lockview.analysis.tasks import function_path, reporter
from lockview.analysis.usage import has_raw_nesting
from lockview.analysis.wording import listed
from lockview.model.held_reports import AtomicReport
from lockview.model.reports import Report
from lockview.model.stacks import StackTrace
from lockview.model.text import Span
from lockview.model.wait_reports import SpinReport

_COMPLAINTS = {
    "bad magic": "the memory holds no lock: it was never initialised, was freed, or was overwritten",
    "recursion": "the task asks for a spinlock that it holds already, so it spins for itself for ever",
    "cpu recursion": "this CPU holds the lock already, so nobody is left to release it",
    "already unlocked": "the lock was released although nobody holds it",
    "wrong owner": "the lock was released by another task than the one that took it",
    "wrong CPU": "the lock was released on another CPU than the one that took it",
    "trylock failure on UP": "a trylock failed on a machine with one CPU, where nobody else can hold the lock",
    "lockup suspected": "the lock did not come free for seconds: its owner is stuck, or waits for this CPU",
    "lockup": "the lock did not come free for seconds: its owner is stuck, or waits for this CPU",
}


def summary(report: Report, graph: LockGraph) -> str:  # noqa: ARG001 - as in every family
    """``sh/54 may sleep at mm/slub.c:1595 in atomic context``, ``cat/7: spinlock recursion on init_mm+0x3c``."""
    if isinstance(report, AtomicReport) and report.assumed:
        return f"{reporter(report)} is not in the context that it should be in: {sleeping_place(report)}"
    if isinstance(report, AtomicReport):
        did = "calls the scheduler" if report.scheduling else f"may {sleeping_place(report)}"
        locks = [lock.lock_class.name for lock in culprits(report)]
        return f"{reporter(report)} {did} in atomic context" + (f", holding {listed(locks[:3])}" if locks else "")
    if isinstance(report, SpinReport):
        sort = "rwlock" if report.rwlock else "spinlock"
        owned = report.owner and sound(report) and report.complaint != "already unlocked"
        owner = f", owned by {report.owner}" if owned else ""
        return f"{reporter(report)}: {sort} {report.complaint} on {lock_label(report)}{owner}"
    return report.title


def explain(report: Report, graph: LockGraph) -> tuple[Sentence, ...]:
    """What was done, why that is forbidden here, since when, and how it is usually mended."""
    if isinstance(report, AtomicReport) and report.assumed:
        return (*_assumed(report), *_counts(report), *well_known(report, graph), *damage(report, graph))
    if isinstance(report, AtomicReport):
        return (
            *_slept(report),
            *_why_atomic(report),
            *_counts(report),
            *_since(report),
            *well_known(report, graph),
            *_mend_sleep(report),
            *damage(report, graph),
        )
    if isinstance(report, SpinReport):
        return (*_complaint(report), *_owner(report), *_mend_spin(report), *damage(report, graph))
    return ()


def _slept(report: AtomicReport) -> Iterator[Sentence]:
    path = _path(report.backtrace.stack) if report.backtrace else ""
    name = reporter(report)
    spans = [report.backtrace.span] if report.backtrace else []
    if report.scheduling:
        text = f"{name} called the scheduler although it must not give up its CPU here"
    else:
        text = f"{name} reached {report.place}, which may sleep, where no task may sleep"
    yield sentence(text + (f": {path}" if path else "") + ("" if path.endswith("...") else "."), report.span, *spans)


def _assumed(report: AtomicReport) -> Iterator[Sentence]:
    """The contrary of the others: the code counts on not being interrupted or moved, and can be."""
    path = _path(report.backtrace.stack) if report.backtrace else ""
    text = f"{summary(report, LockGraph((), (), ()))}" + (f": {path}" if path else "")
    spans = [report.backtrace.span] if report.backtrace else []
    yield sentence(text + ("" if path.endswith("...") else "."), report.span, *spans)
    if report.assumed == "atomic":
        yield sentence(
            "The code counts on running without a break, and here the scheduler may take its CPU away. Usual fixes: "
            "take the spinlock or call preempt_disable in the caller, or use data that is not per CPU."
        )
    else:
        yield sentence(
            "The code counts on staying on its CPU, and here the scheduler may move it. Usual fixes: migrate_disable "
            "or preempt_disable in the caller."
        )


_CHECKS = (
    "__might_",
    "___might_",
    "__schedule_bug",
    "__cant_",
    "__schedule",
    "schedule",
    "preempt_schedule",
    "dump_stack",
    "show_",
)


def _path(stack: StackTrace) -> str:
    """The calls that led here, without those of the check itself."""
    frames = stack.frames
    checks = [index for index, frame in enumerate(frames[:12]) if frame.bare_function.startswith(_CHECKS)]
    return function_path(StackTrace(frames[checks[-1] + 1 :] if checks else frames))


def _why_atomic(report: AtomicReport) -> Iterator[Sentence]:
    locks = culprits(report)
    if not locks:
        if report.lockdep_off:
            yield sentence("Lockdep was off, so the held locks are not listed.")
        elif report.held_locks and report.held_locks.locks:
            yield sentence(
                "None of the held locks forbids to sleep, so something else does: preemption, interrupts or RCU.",
                report.held_locks.span,
            )
        return
    for lock in locks[:4]:
        where = f", taken in {lock.site.bare_function}" if lock.site else ""
        name = lock.lock_class.name
        why = (
            "a read-side section of RCU" if name.startswith("rcu_read_lock") else "a lock under which no task may sleep"
        )
        number = report.held_locks.locks.index(lock) if report.held_locks else 0
        yield sentence(f"It holds {name}{where}: {why}.", lock.span, item=f"lock:{number}")
    if has_raw_nesting(report) is None and all(lock.wait_types and lock.wait_types.inner == 3 for lock in locks):
        yield sentence("Whether these spin is a guess: the wait type 3 means a spinlock only with raw nesting proved.")


def _counts(report: AtomicReport) -> Iterator[Sentence]:
    """What the printed counters say."""
    facts = dict(report.facts)
    count = facts.get("preempt_count", "")
    told = preempt_words(count)
    if told:
        yield sentence(f"preempt_count {count}: {listed(told)}.", _first_lines(report))
    if facts.get("irqs_disabled()", "0") != "0":
        yield sentence("Interrupts are off on this CPU.", _first_lines(report))
    depth = [(value, expected) for (name, value), (_, expected) in pairwise(report.facts) if name == "RCU nest depth"]
    if depth and depth[0][0] != depth[0][1]:
        text = f"RCU nest depth {depth[0][0]}, expected {depth[0][1]}: it is inside rcu_read_lock."
        yield sentence(text, _first_lines(report))
    if facts.get("non_block", "0") != "0":
        yield sentence("It is in a section that promised not to block (non_block_start).", _first_lines(report))


def _first_lines(report: AtomicReport) -> Span:
    return Span(report.span.first, min(report.span.first + 3, report.span.last)) if report.span else report.span


def _since(report: AtomicReport) -> Iterator[Sentence]:
    if report.disabled_at and not report.disabled_at.function.startswith("0x"):
        yield sentence(f"Preemption was switched off in {report.disabled_at.bare_function}.", report.disabled_at.span)


def _mend_sleep(report: AtomicReport) -> Iterator[Sentence]:
    text = "Usual fixes: do the sleeping part before taking the lock or after releasing it"
    if "spinlock_rt" in report.place or "rtmutex" in report.place:
        text += ", or make the inner lock a raw spinlock: on PREEMPT_RT an ordinary spinlock sleeps"
    else:
        text += ", pass GFP_ATOMIC or GFP_NOWAIT if it allocates, hand it to a work item, or use a mutex instead"
    yield sentence(f"{text}.")


def _complaint(report: SpinReport) -> Iterator[Sentence]:
    cpu = f" on CPU {report.cpu}" if report.cpu is not None else ""
    what = _COMPLAINTS.get(report.complaint, "a check of the lock failed")
    yield sentence(f"{summary(report, LockGraph((), (), ()))}{cpu}: {what}.", report.span)
    if "magic" not in report.complaint and not sound(report):
        yield sentence(
            f"The magic number {report.magic} is not that of a lock, so its owner means nothing.", report.span
        )


def _owner(report: SpinReport) -> Iterator[Sentence]:
    if report.owner is None or not sound(report):
        return
    where = f", which took it on CPU {report.owner_cpu}" if report.owner_cpu is not None else ""
    if report.complaint == "already unlocked":
        yield sentence(f"The last owner was {report.owner}{where}.", report.span)
        return
    if report.task and report.owner.pid == report.task.pid and "recursion" in report.complaint:
        yield sentence(f"The owner is {report.owner} itself{where}: a real deadlock of one task.", report.span)
    else:
        yield sentence(f"The owner is {report.owner}{where}.", report.span)


def _mend_spin(report: SpinReport) -> Iterator[Sentence]:
    if not sound(report):
        text = "initialise the lock (spin_lock_init) before its first use, and look for a use after free with KASAN"
    elif "recursion" in report.complaint:
        text = (
            "split the function in one that takes the lock and one that expects it held; use spin_lock_irqsave if an "
            "interrupt took it again"
        )
    elif "lockup" in report.complaint:
        text = "look at the stack of the owner's CPU, which the kernel prints next: it is what does not end"
    else:
        text = "pair every unlock with one lock in the same task, also on the ways out after an error"
    yield sentence(f"Usual fixes: {text}.")
