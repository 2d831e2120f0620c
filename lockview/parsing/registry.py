"""The report families that can be read. A new family is one module and one row here."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lockview.parsing.circular import CircularReader
from lockview.parsing.lines import Stream
from lockview.parsing.sections import ReportReader, Title

ReaderMaker = Callable[[Stream, Title | None, int, int], ReportReader]


class Family(NamedTuple):
    """One report family.

    ``titles`` are the words of its title line, ``signs`` further words that no other family prints: they tell a report
    whose top is cut off. ``anchors`` are literal bytes of which one stands in every report of the family that is plain
    text; large sources are searched for them, around ``LEADS`` only where they are ``led``. ``weak_anchors`` stand in
    for them where damage hit these, in small sources. ``reader`` makes the reader of a stretch of a stream. ``whole``
    is a pattern of the title around its words, for titles that name a task or a place; without one a title is its
    words and the level before them.
    """

    name: str
    titles: tuple[str, ...]
    signs: tuple[str, ...]
    anchors: tuple[bytes, ...]
    weak_anchors: tuple[bytes, ...]
    reader: ReaderMaker
    whole: str = ""
    led: bool = True


LEADS = (b"WARNING: ", b"INFO: ", b"BUG: ")
"""What a kernel prints before the words of a title, or in the line after them."""


def _on_use(module: str, name: str) -> ReaderMaker:
    """A reader that is imported only when there is something for it to read: the first paint needs none but one."""

    def make(stream: Stream, title: Title | None, start: int, end: int) -> ReportReader:
        from importlib import import_module

        maker: ReaderMaker = getattr(import_module(f"lockview.parsing.{module}"), name)
        return maker(stream, title, start, end)

    return make


FAMILIES: tuple[Family, ...] = (
    Family(
        name="circular locking dependency",
        titles=("possible circular locking dependency detected", "possible circular locking deadlock detected!"),
        signs=(
            "which lock already depends on the new lock",
            "the existing dependency chain (in reverse order)",
            "-> #",
        ),
        anchors=(b"ing dependency",),
        weak_anchors=(b"circular locking", b"circular=20", b"depends on the new lock", b"-> #", b"-&gt; #", b"base64"),
        reader=CircularReader,
        led=False,
    ),
    Family(
        name="recursive locking",
        titles=("possible recursive locking detected",),
        signs=("May be due to missing lock nesting notation",),
        anchors=(b"recursive locking",),
        weak_anchors=(b"possible recursive", b"lock nesting notation"),
        reader=_on_use("recursive", "RecursiveReader"),
    ),
    Family(
        name="inconsistent lock state",
        titles=("inconsistent lock state",),
        signs=("} state was registered at:", "} usage."),
        anchors=(b"inconsistent lock state",),
        weak_anchors=(b"inconsistent {", b"state was registered"),
        reader=_on_use("inconsistent", "InconsistentReader"),
    ),
    Family(
        name="irq lock inversion",
        titles=("possible irq lock inversion dependency detected",),
        signs=("and interrupts could create inverse lock ordering",),
        anchors=(b"lock inversion dep",),
        weak_anchors=(b"irq lock inversion", b"inverse lock ordering"),
        reader=_on_use("irq_inversion", "IrqInversionReader"),
    ),
    Family(
        name="irq-safe before irq-unsafe",
        titles=("-unsafe lock order detected",),
        signs=("but this new dependency connects a", "which would create a new lock dependency:"),
        anchors=(b"-unsafe lock order",),
        weak_anchors=(b"this new dependency connects", b"lock order detected"),
        reader=_on_use("irq_order", "IrqOrderReader"),
        whole=r"(?:(?:WARNING|INFO|BUG): ?)?[A-Za-z_-]{4,16}-safe -> [A-Za-z_-]{4,16}-unsafe lock order detected",
    ),
    Family(
        name="invalid wait context",
        titles=("Invalid wait context",),
        signs=("context-{",),
        anchors=(b"Invalid wait context",),
        weak_anchors=(b"is trying to lock:",),
        reader=_on_use("wait_context", "WaitContextReader"),
    ),
    Family(
        name="nested lock not taken",
        titles=("Nested lock was not taken",),
        signs=("but this task is not holding:",),
        anchors=(b"Nested lock was not taken",),
        weak_anchors=(),
        reader=_on_use("wait_context", "NestedReader"),
    ),
    Family(
        name="bad unlock balance",
        titles=("bad unlock balance detected!", "bad contention detected!"),
        signs=(" is trying to release lock (", " is trying to contend lock ("),
        anchors=(b"bad unlock balance", b"bad contention det"),
        weak_anchors=(b"is trying to release lock",),
        reader=_on_use("unbalanced", "UnlockReader"),
    ),
    Family(
        name="held lock freed",
        titles=("held lock freed!",),
        signs=(" is freeing memory ",),
        anchors=(b"held lock freed!",),
        weak_anchors=(b"a lock still held there",),
        reader=_on_use("unbalanced", "FreedReader"),
    ),
    Family(
        name="locks held at exit",
        titles=("still has locks held!", "BUG: lock held at task exit time!", "WARNING: lock held at task exit time!"),
        signs=(" is exiting with locks still held!",),
        anchors=(b"still has locks held!", b"lock held at task exit"),
        weak_anchors=(),
        reader=_on_use("unbalanced", "ExitReader"),
    ),
    Family(
        name="locks held on return to user space",
        titles=("lock held when returning to user space!",),
        signs=(" is leaving the kernel with locks still held!",),
        anchors=(b"lock held when returning",),
        weak_anchors=(b"is leaving the kernel with",),
        reader=_on_use("unbalanced", "ReturnReader"),
    ),
    Family(
        name="locks left by a work item",
        titles=("BUG: workqueue leaked lock or atomic:", "BUG: workqueue leaked atomic, lock or RCU:"),
        signs=(),
        anchors=(b"workqueue leaked ",),
        weak_anchors=(),
        reader=_on_use("unbalanced", "WorkLeakReader"),
    ),
    Family(
        name="suspicious RCU usage",
        titles=(
            "suspicious RCU usage",
            "INFO: suspicious rcu_dereference_check() usage.",
            "BUG: Unsafe rcu_dereference_check() usage!",
        ),
        signs=("rcu_scheduler_active = ", " suspicious rcu_dereference_check() usage!"),
        anchors=(
            b"suspicious RCU usage",
            b"suspicious rcu_dereference_check() usage.",
            b"Unsafe rcu_dereference_check() usage!",
        ),
        weak_anchors=(b"rcu_scheduler_active =", b"suspicious rcu_dereference"),
        reader=_on_use("rcu_usage", "RcuReader"),
    ),
    Family(
        name="lock key that is not static",
        titles=("trying to register non-static key.",),
        signs=(),
        anchors=(b"register non-static key",),
        weak_anchors=(),
        reader=_on_use("validator", "NonStaticReader"),
    ),
    Family(
        name="tables of lockdep that are full",
        titles=(
            "MAX_LOCKDEP_ENTRIES too low!",
            "MAX_LOCKDEP_CHAINS too low!",
            "MAX_LOCKDEP_CHAIN_HLOCKS too low!",
            "MAX_LOCKDEP_KEYS too low!",
            "MAX_LOCKDEP_SUBCLASSES too low!",
            "MAX_LOCK_DEPTH too low!",
            "MAX_STACK_TRACE_ENTRIES too low!",
        ),
        signs=(),
        anchors=(b" too low!",),
        weak_anchors=(),
        reader=_on_use("validator", "LimitReader"),
    ),
    Family(
        name="invalid lock subclass",
        titles=("looking up invalid subclass:",),
        signs=(),
        anchors=(b"looking up invalid subclass",),
        weak_anchors=(),
        reader=_on_use("validator", "SubclassReader"),
    ),
    Family(
        name="lock key that is not registered",
        titles=("has not been registered!", "not in .data!"),
        signs=(),
        anchors=(b"has not been registered!", b"not in .data!"),
        weak_anchors=(),
        reader=_on_use("validator", "KeyReader"),
    ),
    Family(
        name="collision of lock chains",
        titles=("chain_key collision",),
        signs=(),
        anchors=(b"chain_key collision",),
        weak_anchors=(),
        reader=_on_use("validator", "CollisionReader"),
        led=False,
    ),
    Family(
        name="a check of lockdep itself",
        titles=(
            "DEBUG_LOCKS_WARN_ON(",
            "DEBUG_RWSEMS_WARN_ON(",
            "lockdep bfs error:",
            "releasing a pinned lock",
            "pinning an unheld lock",
            "unpinning an unpinned lock",
            "pin count corrupted",
            "downgrading a read lock",
            'Looking for class "',
            "Detected use-after-free of lock class ",
            "do not call blocking ops when !TASK_RUNNING",
            "raw_local_irq_restore() called with IRQs enabled",
            "oluntary context switch within RCU read-side critical section!",
            "WARNING: [debug_locks && !(",
        ),
        signs=(),
        anchors=(
            b"LOCKS_WARN_ON(",
            b"RWSEMS_WARN_ON(",
            b"lockdep bfs error:",
            b"releasing a pinned lock",
            b"pinning an unheld lock",
            b"unpinning an un",
            b"pin count corrupted",
            b"downgrading a read lock",
            b"Looking for class",
            b"use-after-free of lock class",
            b"do not call blocking ops",
            b"raw_local_irq_restore() called",
            b"oluntary context switch within RCU",
            b"[debug_locks && !(",
        ),
        weak_anchors=(),
        reader=_on_use("validator", "WarnReader"),
    ),
    Family(
        name="a chain of held locks that changed",
        titles=("hm#",),
        signs=(),
        anchors=(b"hm#",),
        weak_anchors=(),
        reader=_on_use("validator", "WarnReader"),
        whole=r"hm#\d{1,3}, depth: \d{1,3} \[\d{1,3}\], [0-9a-f]{16} != [0-9a-f]{16}",
    ),
    Family(
        name="a check of lockdep without words",
        titles=(" at kernel/locking/lockdep.c:", " at kernel/lockdep.c:", "WARNING: kernel/locking/lockdep.c:"),
        signs=(),
        anchors=(b"at kernel/locking/lockdep.c:", b"at kernel/lockdep.c:", b"WARNING: kernel/locking/lockdep.c:"),
        weak_anchors=(),
        reader=_on_use("validator", "SilentWarnReader"),
        whole=(
            r"(?:(?<!not in \.data! )(?<!not been registered! )-{12}\[ cut here \]-{3,20} |\A)"
            r"WARNING: (?:(?:CPU: \d{1,5} PID: \d{1,10} )?at kernel/(?:locking/)?"
            r"lockdep\.c:\d{1,7} \S{1,250}(?= |$)|kernel/locking/lockdep\.c:\d{1,7} at \S{1,250}, CPU#\d{1,5}: "
            r".{1,64}?/\d{1,10}(?= |$))(?! (?:DEBUG_LOCKS|releasing a|unpinning|pinning|pin count|downgrading|"
            r"Looking for|Detected use|lockdep bfs|hm#|Can't find a lock))"
        ),
    ),
    Family(
        name="deadlock of mutexes",
        titles=(
            "circular locking deadlock detected!",
            "lock recursion deadlock detected!",
            "infinite lock dependency detected!?",
            "rtmutex deadlock detected",
        ),
        signs=(),
        anchors=(b"deadlock detected", b"infinite lock dep"),
        weak_anchors=(b"is deadlocking current",),
        reader=_on_use("rtmutex_reader", "MutexDeadlockReader"),
        whole=(
            r"(?:\[ )?(?:(?:BUG|WARNING): )?(?:(?<!possible )circular locking deadlock detected!"
            r"|lock recursion deadlock detected!|infinite lock dependency detected!\?)(?: [\]|])?"
            r"|rtmutex deadlock detected"
        ),
    ),
    Family(
        name="mutex held at exit",
        titles=(", lock held at task exit time!",),
        signs=(),
        anchors=(b"lock held at task exit",),
        weak_anchors=(),
        reader=_on_use("rtmutex_reader", "DebugExitReader"),
    ),
    Family(
        name="too long a chain of rt_mutexes",
        titles=("Maximum lock depth ",),
        signs=(),
        anchors=(b"Maximum lock depth ",),
        weak_anchors=(),
        reader=_on_use("rtmutex_limits", "LockDepthReader"),
        whole=r"Maximum lock depth \d{1,10} reached task: (?:(?!task: ).){1,64}? \(\d{1,10}\)",
    ),
    Family(
        name="modeset lock without backoff",
        titles=("attempting to lock a contended lock without backoff:",),
        signs=(),
        anchors=(b"contended lock without backoff",),
        weak_anchors=(),
        reader=_on_use("rtmutex_limits", "BackoffReader"),
    ),
    Family(
        name="circular dependency of waits and events",
        titles=("DEPT: Circular dependency has been detected.", "Dept: Circular dependency has been detected."),
        signs=(),
        anchors=(b"DEPT: ",),
        weak_anchors=(b"Dept: Circular",),
        reader=_on_use("dept_reader", "DeptReader"),
        led=False,
    ),
    Family(
        name="resources of DEPT that run out",
        titles=("DEPT_INFO_ONCE: ",),
        signs=(),
        anchors=(b"DEPT_INFO_ONCE: ",),
        weak_anchors=(),
        reader=_on_use("dept_reader", "DeptLimitReader"),
        whole=r"DEPT_INFO_ONCE: -{5,80} Some of D(?:EPT|ept) internal resources are run out\.",
    ),
    Family(
        name="a check of DEPT itself",
        titles=("DEPT_WARN_ON: ", "DEPT_WARN_ON_ONCE: ", "DEPT_WARN_ONCE: ", "DEPT_WARN: ", "DEPT_STOP: "),
        signs=(),
        anchors=(b"DEPT_WARN", b"DEPT_STOP: "),
        weak_anchors=(),
        reader=_on_use("validator", "WarnReader"),
    ),
    Family(
        name="hung task",
        titles=(" blocked for more than ", " blocked in I/O wait for more than "),
        signs=(),
        anchors=(b"INFO: task ",),
        weak_anchors=(b"blocked for more than", b"INFO:=20task"),
        reader=_on_use("hung_tasks", "HungTaskReader"),
        whole=(
            r"INFO: task (?:(?!INFO: ).){1,64}?:\d{1,10} blocked (?:in I/O wait )?for more than \d{1,10} seconds?\.?"
        ),
    ),
    Family(
        name="list of all locks",
        titles=("Showing all locks held in the system",),
        signs=(),
        anchors=(b"Showing all locks held",),
        weak_anchors=(),
        reader=_on_use("all_locks", "AllLocksReader"),
        whole=r"Showing all locks held in the system:",
        led=False,
    ),
    Family(
        name="sleeping or scheduling in atomic context",
        titles=(
            "sleeping function called from invalid context at",
            "BUG: scheduling while atomic: ",
            "BUG: scheduling in a non-blocking section: ",
            "BUG: assuming atomic context at ",
            "BUG: assuming non migratable context at ",
        ),
        signs=(),
        anchors=(
            b"BUG: sleeping function",
            b"BUG: scheduling while",
            b"BUG: scheduling in a non-blocking",
            b"BUG: assuming atomic",
            b"BUG: assuming non migr",
        ),
        weak_anchors=(b"sleeping function called", b"BUG:=20s"),
        reader=_on_use("atomic", "AtomicReader"),
        whole=(
            r"(?:BUG|Debug): sleeping function called from invalid context at [^\s:]{1,200}:\d{1,7}"
            r"|BUG: scheduling while atomic: .{1,64}?/(?:\d{1,10}/0x[0-9a-f]{1,16}|0x[0-9a-f]{1,16}/\d{1,10})"
            r"|BUG: scheduling in a non-blocking section: .{1,64}?/\d{1,10}/-?\d{1,10}(?= |$)"
            r"|BUG: assuming (?:atomic|non migratable) context at [^\s:]{1,200}:\d{1,7}"
        ),
    ),
    Family(
        name="soft lockup or stall of RCU",
        titles=(
            "BUG: soft lockup ",
            "detected stalls on ",
            "detected stall on CPU",
            "detected expedited stalls",
            "RCU detected CPU",
        ),
        signs=(),
        anchors=(b"soft lockup ", b"detected stall", b"detected expedited stalls", b"RCU detected CPU"),
        weak_anchors=(),
        reader=_on_use("stalls", "StallReader"),
        whole=(
            r"(?:watchdog: )?BUG: soft lockup (?:- |detected on )CPU#\d{1,5}(?: stuck for \d{1,10}s)?!"
            r"(?: ?\[.{1,64}?:\d{1,10}\])?"
            r"|(?:rcu: )?INFO: (?:\w{1,40} (?:self-)?detected (?:expedited )?stalls? on "
            r"(?:CPUs/tasks|CPU \d{1,5}|CPU|tasks)|RCU detected CPU (?:\d{1,5} stall|stalls))(?: ?:)?"
            r"(?: ?\{[^{}]{0,400}\})?(?: (?:\d{1,5} ){1,64}(?=\())?"
            r"(?: ?\((?:detected by \d{1,5}, )?t=[^()]{1,200}\))?(?: \d{1,20} jiffies s: \d{1,20} root: \S{1,60})?"
        ),
    ),
    Family(
        name="hard lockup",
        titles=("hard LOCKUP",),
        signs=(),
        anchors=(b"hard LOCKUP",),
        weak_anchors=(),
        reader=_on_use("stalls", "StallReader"),
        whole=(
            r"(?:NMI )?(?:watchdog: )?(?:Watchdog detected hard LOCKUP on cpu ?\d{1,5}"
            r"|CPU \d{1,5} (?:self-detected hard LOCKUP @ \S{1,250}|detected hard LOCKUP on other CPUs [\d,-]{1,200}))"
        ),
        led=False,
    ),
    Family(
        name="spinlock or rwlock complaint",
        titles=("BUG: spinlock ", "BUG: rwlock ", "-lock lockup on CPU#"),
        signs=(),
        anchors=(b"BUG: spinlock ", b"BUG: rwlock ", b"-lock lockup on CPU#"),
        weak_anchors=(b"BUG:=20spinlock", b"BUG:=20rwlock"),
        reader=_on_use("spin", "SpinReader"),
        whole=(
            r"BUG: (?:(?:spinlock|rwlock) [a-zA-Z -]{3,40}?|(?:read|write)-lock lockup) on CPU#\d{1,5}"
            r"(?:, .{1,64}?/\d{1,10}(?=,| |$)(?:, ?(?:0x)?[0-9a-f]{8,16}(?= |$))?)?"
        ),
    ),
    Family(
        name="lock order inversion of ThreadSanitizer",
        titles=("WARNING: ThreadSanitizer: lock-order-inversion (potential deadlock)",),
        signs=(),
        anchors=(b"lock-order-inversion",),
        weak_anchors=(),
        reader=_on_use("dialects.tsan", "TsanReader"),
    ),
    Family(
        name="lock order violated, of Helgrind",
        titles=(': lock order "0x',),
        signs=(),
        anchors=(b"lock order ",),
        weak_anchors=(),
        reader=_on_use("dialects.helgrind", "HelgrindReader"),
        led=False,
    ),
    Family(
        name="lock order reversal of BSD",
        titles=("lock order reversal:", "lock order reversal 1st 0x"),
        signs=(),
        anchors=(b"lock order ",),
        weak_anchors=(),
        reader=_on_use("dialects.witness", "WitnessReader"),
        led=False,
    ),
    Family(
        name="Java-level deadlock",
        titles=("Found one Java-level deadlock:",),
        signs=(),
        anchors=(b"Java-level deadlock",),
        weak_anchors=(),
        reader=_on_use("dialects.jstack", "JstackReader"),
        led=False,
    ),
    Family(
        name="thread dump of the Java machine",
        titles=("Full thread dump ",),
        signs=(),
        anchors=(b"Full thread dump ",),
        weak_anchors=(),
        reader=_on_use("dialects.thread_dump", "ThreadDumpReader"),
        whole=r"Full thread dump .{1,160}?:(?= |$)",
        led=False,
    ),
)
