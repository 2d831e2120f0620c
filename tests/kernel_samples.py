"""One made-up report of each kind in the kernel's wording: ``from kernel_samples import SAMPLES, lines_of``.

Blanks and blank lines are those of the kernel; a blank line and the one below it are one printk record.
"""

from __future__ import annotations

from debug_samples import DEPT, RT_MUTEX
from layouts import Lines

_IDENT = "6.12.0-rc1+ #7 Not tainted"
_CPU = "CPU: 1 UID: 0 PID: 42 Comm: demo Not tainted 6.12.0-rc1+ #7"
_HEAD = f"{_CPU}\nHardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2-1 04/01/2014\n"
_TRACE = f"""{_HEAD}Call Trace:
 <TASK>
 dump_stack_lvl+0x81/0xe0
 __lock_acquire+0xae1/0x1ff0
 lock_acquire+0xba/0x2d0
 ? taker+0x5/0x20 [demo_mod]
 taker+0x1c/0x40 [demo_mod]
 do_syscall_64+0x5d/0x90
 entry_SYSCALL_64_after_hwframe+0x76/0x7e
 </TASK>
"""
_BACKTRACE = f"\nstack backtrace:\n{_TRACE}"
_HELD = """1 lock held by demo/42:
 #0: ffff888012345600 (&outer->lock){+.+.}-{4:4}, at: holder+0x1c/0x40
"""
_STACK = """                    lock_acquire+0xba/0x2d0
                    _raw_spin_lock+0x2b/0x40
                    {0}+0x1c/0x40
                    start_kernel+0x3a/0x4f0
"""


def _block(lock: str, indent: str = "", acquired: str = "") -> str:
    """The usages of a class, as print_lock_class_header prints them."""
    text = f"""{indent}-> {lock} {{
{indent}   HARDIRQ-ON-W at:
{_STACK.format("first_user")}{indent}   INITIAL USE at:
{_STACK.format("early_user")}{indent} }}
{indent} ... key      at: [<ffffffff82345678>] __key.4+0x0/0x40
"""
    return text + (f"{indent} ... acquired at:\n{_frames(acquired)}\n" if acquired else "")


def _frames(*names: str) -> str:
    return "".join(f"   {name}+0x1c/0x40\n" for name in ("lock_acquire", "_raw_spin_lock", *names))


def _banner(title: str, level: str = "WARNING: ") -> str:
    words = f"{level}{title}" if level != "BUG" else f"[ BUG: {title} ]"
    fence = "=" * len(words)
    return f"\n{fence}\n{words}\n{_IDENT}\n{fence.replace('=', '-')}\n"


CIRCULAR = f"""{_banner("possible circular locking dependency detected")}demo/42 is trying to acquire lock:
ffff888012345678 (&want->lock){{+.+.}}-{{4:4}}, at: taker+0x1c/0x40

but task is already holding lock:
ffff888012345600 (&outer->lock){{+.+.}}-{{4:4}}, at: holder+0x1c/0x40

which lock already depends on the new lock.


the existing dependency chain (in reverse order) is:

-> #2 (&outer->lock){{+.+.}}-{{4:4}}:
       lock_acquire+0xba/0x2d0
       __mutex_lock+0xba/0xd30
       outer_under_middle+0x1c/0x40

-> #1 (&(&mid->lock)->rlock#2/1){{....}}-{{3:3}}:
       lock_acquire+0xba/0x2d0
       _raw_spin_lock+0x2b/0x40
       middle_under_want+0x1c/0x40

-> #0 (&want->lock){{+.+.}}-{{4:4}}:
       __lock_acquire+0xae1/0x1ff0
       lock_acquire+0xba/0x2d0
       taker+0x1c/0x40 [demo_mod]

other info that might help us debug this:

Chain exists of:
  &want->lock --> &(&mid->lock)->rlock#2/1 --> &outer->lock

 Possible unsafe locking scenario:

       CPU0                    CPU1
       ----                    ----
  lock(&outer->lock);
                               lock(&(&mid->lock)->rlock#2/1);
                               lock(&outer->lock);
  lock(&want->lock);

 *** DEADLOCK ***

{_HELD}{_BACKTRACE}"""

RECURSIVE = f"""{_banner("possible recursive locking detected")}demo/42 is trying to acquire lock:
ffff888012345678 (&outer->lock){{+.+.}}-{{4:4}}, at: taker+0x1c/0x40

but task is already holding lock:
ffff888012345600 (&outer->lock){{+.+.}}-{{4:4}}, at: holder+0x1c/0x40

other info that might help us debug this:
 Possible unsafe locking scenario:

       CPU0
       ----
  lock(&outer->lock);
  lock(&outer->lock);

 *** DEADLOCK ***

 May be due to missing lock nesting notation

{_HELD}{_BACKTRACE}"""

INCONSISTENT = f"""{_banner("inconsistent lock state")}inconsistent {{SOFTIRQ-ON-W}} -> {{IN-SOFTIRQ-W}} usage.
demo/42 [HC0[0]:SC1[1]:HE1:SE0] takes:
ffff888012345678 (&timer->lock){{+.?.}}-{{3:3}}, at: taker+0x1c/0x40
{{SOFTIRQ-ON-W}} state was registered at:
  lock_acquire+0xba/0x2d0
  _raw_spin_lock+0x2b/0x40
  process_context+0x1c/0x40
irq event stamp: 12132
hardirqs last  enabled at (12132): [<ffffffff81558cb6>] _raw_spin_unlock_irq+0x28/0x50
hardirqs last disabled at (12131): [<ffffffff815589f2>] _raw_spin_lock_irq+0x42/0x50
softirqs last  enabled at (12122): [<ffffffff8105d3e0>] irq_exit_rcu+0x9b/0xc0
softirqs last disabled at (12129): [<ffffffff8105d3e0>] irq_exit_rcu+0x9b/0xc0

other info that might help us debug this:
 Possible unsafe locking scenario:

       CPU0
       ----
  lock(&timer->lock);
  <Interrupt>
    lock(&timer->lock);

 *** DEADLOCK ***

{_HELD}{_BACKTRACE}"""

_INTERRUPT = """ Possible interrupt unsafe locking scenario:

       CPU0                    CPU1
       ----                    ----
  lock(&fs->lock);
                               local_irq_disable();
                               lock(&safe->lock);
                               lock(&mid->lock);
  <Interrupt>
    lock(&safe->lock);

 *** DEADLOCK ***

"""
_SAFE, _MID, _UNSAFE = (
    f"(&{name}->lock){{{marks}}}-{{3:3}}" for name, marks in (("safe", "+.-."), ("mid", "...."), ("fs", "+.+."))
)

IRQ_ORDER = f"""{_banner("SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected")}\
demo/42 [HC0[0]:SC0[2]:HE1:SE0] is trying to acquire:
ffff888012345678 {_UNSAFE}, at: taker+0x1c/0x40

and this task is already holding:
ffff888012345600 {_MID}, at: holder+0x1c/0x40
which would create a new lock dependency:
 {_MID} -> {_UNSAFE}

but this new dependency connects a SOFTIRQ-irq-safe lock:
 {_SAFE}

... which became SOFTIRQ-irq-safe at:
{_frames("poll")}
to a SOFTIRQ-irq-unsafe lock:
 {_UNSAFE}

... which became SOFTIRQ-irq-unsafe at:
...
{_frames("ctx_open")}
other info that might help us debug this:

Chain exists of:
  &safe->lock --> &mid->lock --> &fs->lock

{_INTERRUPT}1 lock held by demo/42:
 #0: ffff888012345600 {_MID}, at: holder+0x1c/0x40

the dependencies between SOFTIRQ-irq-safe lock and the holding lock:
{_block(_SAFE, " ")}{_block(_MID, "", "prep")}
the dependencies between the lock to be acquired and SOFTIRQ-irq-unsafe lock:
{_block(_UNSAFE, "", "taker")}{_BACKTRACE}"""

IRQ_INVERSION = f"""{_banner("possible irq lock inversion dependency detected")}\
demo/42 just changed the state of lock:
ffff888012345678 {_SAFE}, at: taker+0x1c/0x40
but this lock took another, SOFTIRQ-unsafe lock in the past:
 {_UNSAFE}


and interrupts could create inverse lock ordering between them.


other info that might help us debug this:
Chain exists of:
  &safe->lock --> &mid->lock --> &fs->lock

{_INTERRUPT}no locks held by demo/42.

the shortest dependencies between 2nd lock and 1st lock:
{_block(_UNSAFE, "  ", "send_sigio")}{_block(_MID, " ", "kill_fasync")}{_block(_SAFE, "", "taker")}{_BACKTRACE}"""

WAIT_CONTEXT = f"""{_banner("Invalid wait context", "BUG")}demo/42 is trying to lock:
ffff888012345678 (&want->lock){{+.+.}}-{{4:4}}, at: taker+0x1c/0x40
other info that might help us debug this:
context-{{5:5}}
2 locks held by demo/42:
 #0: ffff888012345600 (&outer->lock){{+.+.}}-{{4:4}}, at: holder+0x1c/0x40
 #1: ffff888012345610 (&raw->lock){{....}}-{{2:2}}, at: second+0x1c/0x40
stack backtrace:
{_TRACE}"""

NESTED = f"""{_banner("Nested lock was not taken")}demo/42 is trying to lock:
ffff888012345678 (&inner->lock){{+.+.}}-{{4:4}}, at: taker+0x1c/0x40

but this task is not holding:
ww_class_acquire
{_BACKTRACE}
other info that might help us debug this:
{_HELD}{_BACKTRACE}"""

_RELEASE = """demo/42 is trying to {0} lock (&want->lock) at:
[<ffffffff81234567>] taker+0x1c/0x40
but there are no {1}!

other info that might help us debug this:
"""
UNLOCK = (
    _banner("bad unlock balance detected!") + _RELEASE.format("release", "more locks to release") + _HELD + _BACKTRACE
)
CONTENTION = _banner("bad contention detected!") + _RELEASE.format("contend", "locks held") + _HELD + _BACKTRACE

FREED = f"""{_banner("held lock freed!")}\
demo/42 is freeing memory ffff888012345000-ffff888012345fff, with a lock still held there!
ffff888012345600 (&outer->lock){{+.+.}}-{{4:4}}, at: holder+0x1c/0x40
{_HELD}{_BACKTRACE}"""

EXIT = f"{_banner('demo/42 still has locks held!')}{_HELD}{_BACKTRACE}"

USER_RETURN = f"""{_banner("lock held when returning to user space!")}\
demo/42 is leaving the kernel with locks still held!
{_HELD}"""

WORK_LEAK = f"""BUG: workqueue leaked atomic, lock or RCU: demo[42]
     preempt=0x00000000 lock=0->1 RCU=0->0 workfn=rx_work
{_HELD}{_TRACE}"""

RCU = f"""
=============================
WARNING: suspicious RCU usage
{_IDENT}
-----------------------------
net/ipv4/fib_trie.c:1756 suspicious rcu_dereference_check() usage!

other info that might help us debug this:


rcu_scheduler_active = 2, debug_locks = 1
{_HELD}{_BACKTRACE}"""

SLEEP = f"""BUG: sleeping function called from invalid context at kernel/locking/mutex.c:575
in_atomic(): 1, irqs_disabled(): 0, non_block: 0, pid: 42, name: demo
preempt_count: 201, expected: 0
RCU nest depth: 0, expected: 0
{_HELD}Preemption disabled at:
[<ffffffff81234567>] holder+0x1c/0x40
{_TRACE}"""

SCHED = f"""BUG: scheduling while atomic: demo/42/0x00000002
{_HELD}Modules linked in: demo_mod
Preemption disabled at:
[<ffffffff81234567>] holder+0x1c/0x40
{_TRACE}"""

NON_STATIC_KEY = f"""INFO: trying to register non-static key.
The code is fine but needs lockdep annotation, or maybe
you didn't initialize this object before use?
turning off the locking correctness validator.
{_TRACE}"""

LIMIT = f"""BUG: MAX_LOCKDEP_ENTRIES too low!
turning off the locking correctness validator.
{_TRACE}"""

SELF_CHECK = f"""------------[ cut here ]------------
DEBUG_LOCKS_WARN_ON(lock->magic != lock)
WARNING: CPU: 1 PID: 42 at kernel/locking/mutex.c:585 __mutex_lock+0x1c/0xd30
Modules linked in: demo_mod
{_TRACE}---[ end trace 0000000000000000 ]---
"""

SPINLOCK = f"""BUG: spinlock bad magic on CPU#1, demo/42
 lock: 0xffff888012345678, .magic: 00000000, .owner: other/77, .owner_cpu: 3
{_TRACE}"""

RWLOCK = f"""BUG: rwlock bad magic on CPU#1, demo/42, ffff888012345678
{_TRACE}"""

HUNG_TASK = """INFO: task demo:42 blocked for more than 122 seconds.
      Not tainted 6.12.0-rc1+ #7
"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.
task:demo            state:D stack:0     pid:42    tgid:42    ppid:1      flags:0x00004000
Call Trace:
 <TASK>
 __schedule+0x3f5/0xb60
 schedule+0x27/0xd0
 __mutex_lock+0x5c3/0xd30
 taker+0x1c/0x40
 do_syscall_64+0x5d/0x90
 </TASK>
INFO: task demo:42 is blocked on a mutex likely owned by task owner:43.
task:owner           state:S stack:0     pid:43    tgid:43    ppid:1      flags:0x00004000
Call Trace:
 <TASK>
 __schedule+0x3f5/0xb60
 schedule_timeout+0x11c/0x160
 holder+0x1c/0x40
 </TASK>

Showing all locks held in the system:
1 lock held by owner/43:
 #0: ffff888012345678 (&want->lock){+.+.}-{4:4}, at: holder+0x1c/0x40
2 locks held by demo/42:
 #0: ffff888012345600 (&outer->lock){+.+.}-{4:4}, at: first+0x1c/0x40
 #1: ffff888012345678 (&want->lock){+.+.}-{4:4}, at: taker+0x1c/0x40

=============================================

"""

LOCKS_DUMP = "sysrq: Show Locks Held\n" + HUNG_TASK[HUNG_TASK.index("\nShowing") :]

SAMPLES = {
    "circular": CIRCULAR,
    "recursive": RECURSIVE,
    "inconsistent": INCONSISTENT,
    "irq_unsafe_order": IRQ_ORDER,
    "irq_inversion": IRQ_INVERSION,
    "wait_context": WAIT_CONTEXT,
    "nested_not_taken": NESTED,
    "bad_unlock": UNLOCK,
    "bad_contention": CONTENTION,
    "held_freed": FREED,
    "held_exit": EXIT,
    "held_return_user": USER_RETURN,
    "workqueue_leak": WORK_LEAK,
    "rcu_suspicious": RCU,
    "sleep_atomic": SLEEP,
    "sched_atomic": SCHED,
    "non_static_key": NON_STATIC_KEY,
    "limit": LIMIT,
    "self_check": SELF_CHECK,
    "spinlock_bug": SPINLOCK,
    "rwlock_bug": RWLOCK,
    "hung_task": HUNG_TASK,
    "locks_dump": LOCKS_DUMP,
    "mutex_deadlock": RT_MUTEX,
    "dept_circular": DEPT,
}
"""By the value of their kind."""


def lines_of(text: str, seconds: int = 2311) -> Lines:
    """The lines with the stamps of a kernel; a blank line and the one below it are one record."""
    lines: Lines = []
    for number, line in enumerate(text.splitlines()):
        begun = bool(lines) and not lines[-1][1] and bool(lines[-1][0])
        lines.append(("" if begun and line else f"{seconds}.{315400 + number}", line))
    return lines
