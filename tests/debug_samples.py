"""Made-up deadlocks of mutexes and reports of DEPT, in the kernel's wording of several times."""

from __future__ import annotations

RT_MUTEX = """
============================================
WARNING: circular locking deadlock detected!
Not tainted
--------------------------------------------
rt-demo-0/94 is deadlocking current task rt-demo-1/96


1) rt-demo-1/96 is trying to acquire this lock:
 [00000000c0599680] {&demo->first}
.. ->owner: 00000000c7dcb912
.. held by:         rt-demo-0:   94 [00000000c7dcb910,  19]

2) rt-demo-0/94 is blocked on this lock:
 [00000000c05996b8] {&demo->second}
.. ->owner: 00000000c7df9912
.. held by:         rt-demo-1:   96 [00000000c7df9910,  19]

rt-demo-0/94's [blocked] stackdump:

Call Trace:
 __schedule+0x2e1/0x8a0
 schedule+0x44/0xb0
 __rt_mutex_slowlock+0x55/0x120
 rt_mutex_slowlock.constprop.0+0x11/0x20
 demo_second+0x10/0x30 [demo]
 kthread+0x10/0x30

rt-demo-1/96's [current] stackdump:

CPU: 1 PID: 96 Comm: rt-demo-1 Not tainted 5.10.0-rt17 #7
Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2-1 04/01/2014
Call Trace:
 dump_stack+0x6b/0x83
 rt_mutex_slowlock.constprop.0+0x11/0x20
 demo_first+0x10/0x30 [demo]
 kthread+0x10/0x30
[ turning off deadlock detection.Please report this trace. ]

"""
"""Kernels 4.12 to 5.11."""

REALTIME = """
============================================
[ BUG: circular locking deadlock detected! ]
--------------------------------------------
bash/3986 is deadlocking current task bash/10630


1) bash/10630 is trying to acquire this lock:
 [cdc048e0] {&demo->i_sem}
.. held by:              bash/ 3986 [c8c87890, 115]
... acquired at:  demo_readdir+0x53/0xa0
... trying at:   demo_open+0x53/0xa0

2) bash/3986 is blocked on this lock:
 [cf4ebc14] {drivers/demo/demo.c:31}
.. held by:              bash/10630 [cf9866c0, 115]
... acquired at:  demo_commit+0xdf/0x1ac0

------------------------------
| showing all locks held by: |  (bash/10630 [cf9866c0, 115]):
------------------------------

#001:             [cf4ebc14] {drivers/demo/demo.c:31}
... acquired at:  demo_commit+0xdf/0x1ac0

------------------------------
| showing all locks held by: |  (bash/3986 [c8c87890, 115]):
------------------------------

#001:             [cdc048e0] {&demo->i_sem}
... acquired at:  demo_readdir+0x53/0xa0

bash/3986's [blocked] stackdump:

c3873d70 00000086 c8c87890 c0560060 c04a0440 00000001 00000246 c8c87890
       c01451f9 00000001 c044f318 c044f318 00000001 00000000 24000000
Call Trace:
 [<c03930a0>] schedule+0x40/0x140 (36)
 [<c0394511>] down_write_mutex+0x1e1/0x290 (92)
 [<c031c341>] demo_commit+0x41/0x130 (36)

bash/10630's [current] stackdump:

 [<c020f0e3>] check_deadlock+0x1d3/0x270 (16)
 [<c03944bb>] down_write_mutex+0x18b/0x290 (92)
 [<c0329892>] demo_open+0x262/0x280 (80)

"""
"""The realtime patches for 2.6.10 to 2.6.17."""

MUTEX = """
============================================
[ BUG: circular locking deadlock detected! ]
--------------------------------------------

demo/42 is trying to acquire this lock:
 [dc48a9f8] {demo_init}
.. held by:             other:   41 [da07caa0, 118]
... acquired at:               other_write+0x1f5/0x19cf [demo]
... trying at:                 demo_release+0x169/0x37a [demo]
but other/41 is deadlocking current task demo/42!


other/41 is blocked on this lock:
 [dc48aa40]
.. held by:              demo:   42 [da07cab0, 118]
... acquired at:               demo_write+0x1f5/0x19cf [demo]

other/41's [blocked] stackdump:

 <c042f517> schedule+0x11b/0x135  <c042f68e> __mutex_lock_slowpath+0x15d/0x165
 <f086cc87> other_write+0x169/0x37a [demo]

demo/42's [current] stackdump:

 <c042f517> report_deadlock+0x11b/0x135  <c042f68e> check_deadlock+0x15d/0x165
 <f086cc87> demo_release+0x169/0x37a [demo]
[ turning off deadlock detection. Please report this. ]

"""
"""Kernels 2.6.16 and 2.6.17."""

RECURSION = """
==========================================
[ BUG: lock recursion deadlock detected! |
------------------------------------------
already locked:  [f7abbc94] {futex}
.. held by:            demo-3: 4595 [f7becdd0,  59]
... acquired at:               demo_wait+0x142/0x1f3
------------------------------
| showing all locks held by: |  (demo-3/4595 [f7becdd0,  59]):
------------------------------

#001:             [f7abbc94] {futex}
... acquired at:               demo_wait+0x142/0x1f3

-{current task's backtrace}----------------->
 [<c0103e04>] dump_stack+0x1e/0x20 (20)
 [<c0136bc2>] check_deadlock+0x2d7/0x334 (44)
 [<c013ebc5>] demo_wait+0x142/0x1f3 (72)

"""

WARNED = """------------[ cut here ]------------
rtmutex deadlock detected
WARNING: CPU: 2 PID: 1110 at kernel/locking/rtmutex.c:1642 __rt_mutex_slowlock_locked.constprop.0+0x128/0x160
Modules linked in: demo other
CPU: 2 PID: 1110 Comm: demo Tainted: G           O       6.1.99-rt36 #6
RIP: 0010:__rt_mutex_slowlock_locked.constprop.0+0x128/0x160
Code: 00 00 00 e8 d4 f6 ff ff
Call Trace:
 <TASK>
 rt_mutex_slowlock.constprop.0+0x11/0x20
 mutex_lock+0x78/0x90
 demo_open+0x1c0/0x4c0 [demo]
 do_dentry_open+0x1c0/0x4c0
 </TASK>
---[ end trace 0000000000000000 ]---
"""
"""Kernels since 5.15."""

HELD_AT_EXIT = """BUG: prelink/2723, lock held at task exit time!
 [df87fa58] {demo_init}
.. held by:           prelink: 2723 [ce38a0b0, 135]
... acquired at:               demo_rename+0x87/0x8e
"""

DEPT = """===================================================
DEPT: Circular dependency has been detected.
6.9.0-rc7 #145 Tainted: G        W
---------------------------------------------------
summary
---------------------------------------------------
*** DEADLOCK ***

context A
   [S] lock(&ei->demo_sem:0)
   [W] dept_page_wait_on_bit(pg_locked_map:0)
   [E] unlock(&ei->demo_sem:0)

context B
   [S] (event requestor)(pg_locked_map:0)
   [W] lock(&ei->demo_sem:0)
   [E] dept_page_clear_bit(pg_locked_map:0)

[S]: start of the event context
[W]: the wait blocked
[E]: the event not reachable
---------------------------------------------------
context A's detail
---------------------------------------------------
context A
   [S] lock(&ei->demo_sem:0)
   [W] dept_page_wait_on_bit(pg_locked_map:0)
   [E] unlock(&ei->demo_sem:0)

[S] lock(&ei->demo_sem:0):
[<ffffffff8142b68a>] demo_map+0x1da/0x6b0
stacktrace:
      demo_map+0x1da/0x6b0
      demo_writepages+0x11/0x20
      do_syscall_64+0x3d/0x90

[W] dept_page_wait_on_bit(pg_locked_map:0):
[<ffffffff812b60b5>] __filemap_get_folio+0x1da/0x6b0
stacktrace:
      __filemap_get_folio+0x1da/0x6b0
      demo_map+0x2da/0x6b0
      demo_writepages+0x11/0x20
      do_syscall_64+0x3d/0x90

[E] unlock(&ei->demo_sem:0):
(N/A)
---------------------------------------------------
context B's detail
---------------------------------------------------
context B
   [S] (event requestor)(pg_locked_map:0)
   [W] lock(&ei->demo_sem:0)
   [E] dept_page_clear_bit(pg_locked_map:0)

[S] (event requestor)(pg_locked_map:0):
stacktrace:
      filemap_add_folio+0x1/0x6b0
      demo_write_begin+0x1/0x20

[W] lock(&ei->demo_sem:0):
[<ffffffff8142b68b>] demo_block+0x1da/0x6b0
stacktrace:
      demo_block+0x1da/0x6b0
      demo_write_begin+0x2/0x20
      vfs_write+0x2/0x20

[E] dept_page_clear_bit(pg_locked_map:0):
[<ffffffff8142b68c>] demo_write_end+0x1da/0x6b0
stacktrace:
      folio_unlock+0x1da/0x6b0
      demo_write_end+0x1da/0x6b0
---------------------------------------------------
information that might be helpful
---------------------------------------------------
CPU: 1 PID: 38 Comm: sync Tainted: G        W         6.9.0-rc7 #145
Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2-1 04/01/2014
Call Trace:
 <TASK>
 dump_stack_lvl+0x44/0x57
 print_circle.cold+0x15b/0x169
 __filemap_get_folio+0x1da/0x6b0
 </TASK>
"""

DEPT_INTERRUPT = """===================================================
DEPT: Circular dependency has been detected.
5.17.0-rc1+ #1 Not tainted
---------------------------------------------------
summary
---------------------------------------------------
*** AA DEADLOCK ***

context A
    [S] __raw_spin_lock(&demo->lock:0)
        <softirq interrupt>
        [W] __raw_spin_lock(&demo->lock:0)
    [E] spin_unlock(&demo->lock:0)

or

    [S] __raw_spin_lock(&demo->lock:0)
        <hardirq interrupt>
        [W] __raw_spin_lock(&demo->lock:0)
    [E] spin_unlock(&demo->lock:0)

[S]: start of the event context
[W]: the wait blocked
[E]: the event not reachable
---------------------------------------------------
context A's detail
---------------------------------------------------
context A
    [S] __raw_spin_lock(&demo->lock:0)
        <softirq interrupt>
        [W] __raw_spin_lock(&demo->lock:0)
    [E] spin_unlock(&demo->lock:0)

or

    [S] __raw_spin_lock(&demo->lock:0)
        <hardirq interrupt>
        [W] __raw_spin_lock(&demo->lock:0)
    [E] spin_unlock(&demo->lock:0)

softirq has been enabled:
[<ffffffff810302ca>] demo_scan+0x94/0x13c

[S] __raw_spin_lock(&demo->lock:0):
[<ffffffff810302cb>] demo_scan+0x84/0x13c
stacktrace:
      demo_scan+0x84/0x13c

[W] __raw_spin_lock(&demo->lock:0) in softirq context:
[<ffffffff810302cc>] demo_timer+0x84/0x13c
stacktrace:
      demo_timer+0x84/0x13c
      run_timer_softirq+0x1/0x2

[E] spin_unlock(&demo->lock:0):
(N/A)
hardirq has been enabled:
(N/A)

[S] __raw_spin_lock(&demo->lock:0):
[<ffffffff810302cb>] demo_scan+0x84/0x13c
stacktrace:
      demo_scan+0x84/0x13c

[W] __raw_spin_lock(&demo->lock:0) in hardirq context:
[<ffffffff810302cd>] demo_irq+0x84/0x13c

[E] spin_unlock(&demo->lock:0):
(N/A)
---------------------------------------------------
information that might be helpful
---------------------------------------------------
CPU: 1 PID: 38 Comm: demo Not tainted 5.17.0-rc1+ #1
Call trace:
 dump_backtrace.part.0+0x9c/0xc4
 demo_timer+0x84/0x13c
"""
