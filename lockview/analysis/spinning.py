"""What a CPU spins for, as far as its stack tells: a guess from the innermost functions, never a name of a lock."""

from __future__ import annotations

from typing import NamedTuple

from lockview.analysis.functions import is_interrupt_entry, is_lock_core
from lockview.analysis.lock_graph import LockKind
from lockview.model.stacks import Frame, StackTrace

_SPINNERS: tuple[tuple[str, LockKind], ...] = (
    ("queued_spin_lock_slowpath", LockKind.SPINLOCK),
    ("native_queued_spin_lock_slowpath", LockKind.SPINLOCK),
    ("__pv_queued_spin_lock_slowpath", LockKind.SPINLOCK),
    ("__raw_callee_save___pv_queued_spin", LockKind.SPINLOCK),
    ("pv_wait_", LockKind.SPINLOCK),
    ("virt_spin_lock", LockKind.SPINLOCK),
    ("do_raw_spin_lock", LockKind.SPINLOCK),
    ("_raw_spin_lock", LockKind.SPINLOCK),
    ("__raw_spin_lock", LockKind.SPINLOCK),
    ("_spin_lock", LockKind.SPINLOCK),
    ("__spin_lock_debug", LockKind.SPINLOCK),
    ("__ticket_spin_lock", LockKind.SPINLOCK),
    ("ticket_spin_lock", LockKind.SPINLOCK),
    ("__ticket_lock_spinning", LockKind.SPINLOCK),
    ("arch_spin_lock", LockKind.SPINLOCK),
    ("arch_spin_relax", LockKind.SPINLOCK),
    ("hv_spin_lock", LockKind.SPINLOCK),
    ("queued_read_lock_slowpath", LockKind.RWLOCK),
    ("queued_write_lock_slowpath", LockKind.RWLOCK),
    ("do_raw_read_lock", LockKind.RWLOCK),
    ("do_raw_write_lock", LockKind.RWLOCK),
    ("_raw_read_lock", LockKind.RWLOCK),
    ("_raw_write_lock", LockKind.RWLOCK),
    ("__read_lock_failed", LockKind.RWLOCK),
    ("__write_lock_failed", LockKind.RWLOCK),
    ("mutex_spin_on_owner", LockKind.MUTEX),
    ("mutex_optimistic_spin", LockKind.MUTEX),
    ("rwsem_spin_on_owner", LockKind.RWSEM),
    ("rwsem_optimistic_spin", LockKind.RWSEM),
    ("osq_lock", LockKind.UNKNOWN),
    ("bit_spin_lock", LockKind.SPINLOCK),
    ("hlist_bl_lock", LockKind.SPINLOCK),
)
"""Beginnings of the names of functions that spin until a lock comes free."""
_SLEEPERS: tuple[tuple[str, LockKind], ...] = (
    ("__mutex_lock", LockKind.MUTEX),
    ("mutex_lock", LockKind.MUTEX),
    ("rwsem_down_", LockKind.RWSEM),
    ("down_read", LockKind.RWSEM),
    ("down_write", LockKind.RWSEM),
)
"""The callers of ``osq_lock``, which is the queue of both sorts; they tell which one it is."""
_ANSWERS = (
    (
        (
            "smp_call_function_",
            "csd_lock_wait",
            "__smp_call_single",
            "generic_exec_single",
            "on_each_cpu",
            "flush_tlb_",
        ),
        "another CPU to answer",
    ),
    (("multi_cpu_stop", "stop_machine_cpuslocked"), "all CPUs to stop"),
    (("synchronize_rcu_expedited", "rcu_exp_wait_wake"), "RCU readers to finish"),
)
"""Functions in which a CPU waits for others, without a lock."""
_PAUSES = (
    "__delay",
    "delay_",
    "__const_udelay",
    "__udelay",
    "rep_nop",
    "cpu_relax",
    "native_pause",
    "kvm_wait",
    "xen_",
    "pv_kick",
    "native_safe_halt",
    "__raw_callee_save",
    "smp_cond_load",
    "lock_acquire",
    "__lock_acquire",
    "lock_contended",
)
"""What stands inside of a function that spins."""
_WATCHERS = (
    "dump_stack",
    "__dump_stack",
    "show_",
    "nmi_",
    "arch_trigger_",
    "trigger_",
    "rcu_dump_",
    "print_cpu_stall",
    "print_other_cpu_stall",
    "check_cpu_stall",
    "rcu_check_callbacks",
    "rcu_pending",
    "__rcu_pending",
    "rcu_sched_clock_irq",
    "sched_show_task",
    "watchdog_",
    "softlockup_",
    "update_process_times",
    "tick_",
    "hrtimer_",
    "__hrtimer_",
    "panic",
    "default_do_nmi",
    "do_nmi",
    "exc_nmi",
    "end_repeat_nmi",
    "asm_exc_nmi",
    "__warn",
    "report_bug",
    "handle_bug",
    "warn_slowpath_",
)
"""The functions that found the stall and print it, and the timer and the NMI that lead to them."""
_BETWEEN = 3
"""So many other functions may stand between those."""


class Spinning(NamedTuple):
    """What a CPU seems to spin for.

    ``what`` says it in words. ``kind`` is that of the lock, None when it is none; ``function`` wants it, "" when the
    stack does not tell; ``spinner`` is the innermost function that tells.
    """

    what: str
    kind: LockKind | None
    function: str
    spinner: str


def spinning(stack: StackTrace) -> Spinning | None:
    """What the interrupted code spins for; None when it does something else, or when nothing tells."""
    frames = interrupted(stack)
    index = next((i for i, frame in enumerate(frames) if not _pauses(frame)), None)
    if index is None:
        return None
    for begins, words in _ANSWERS:
        if frames[index].bare_function.startswith(begins):
            outer = [frame.bare_function for frame in frames[index:] if not frame.bare_function.startswith(begins)]
            return Spinning(words, None, outer[0] if outer else "", frames[index].bare_function)
    kind = _kind(frames[index], _SPINNERS)
    if kind is None:
        return None
    for frame in frames[index + 1 :]:
        if kind is LockKind.UNKNOWN:
            kind = _kind(frame, _SPINNERS + _SLEEPERS) or kind
        if not is_lock_core(frame.bare_function) and _kind(frame, _SPINNERS) is None and not _pauses(frame):
            return Spinning(_words(kind), kind, frame.bare_function, frames[index].bare_function)
    return Spinning(_words(kind), kind, "", frames[index].bare_function)


def interrupted(stack: StackTrace) -> tuple[Frame, ...]:
    """The frames of the code that was stuck, without those of the timer or NMI that found it so."""
    frames = [frame for frame in stack.frames if frame.reliable and frame.part != "NMI"]
    frames = [frame for frame in frames if not frame.function.startswith("0x")]
    end = _first_watcher(frames)
    entered = False
    for index in range(end, len(frames)) if end else ():
        name = frames[index].bare_function
        if is_interrupt_entry(name):
            end, entered = index + 1, True
        elif name.startswith(_WATCHERS) and not entered:
            end = index + 1
        elif entered or index - end >= _BETWEEN:
            break
    return tuple(frames[end:])


def _first_watcher(frames: list[Frame]) -> int:
    """How many frames the stack of the watcher begins with: it, and the interrupted function if registers name it."""
    above = 1 if len(frames) > 1 and not frames[0].part and frames[1].part == "IRQ" else 0
    return above + 1 if frames[above : above + 1] and frames[above].bare_function.startswith(_WATCHERS) else 0


def _pauses(frame: Frame) -> bool:
    return frame.bare_function.startswith(_PAUSES)


def _kind(frame: Frame, table: tuple[tuple[str, LockKind], ...]) -> LockKind | None:
    return next((kind for begin, kind in table if frame.bare_function.startswith(begin)), None)


def _words(kind: LockKind) -> str:
    if kind is LockKind.UNKNOWN:
        return "a lock"
    return f"an {kind}" if kind in (LockKind.RWLOCK, LockKind.RWSEM) else f"a {kind}"
