"""What is known about well-known lock classes: what they protect, and whether anybody ever waits for them.

Only what the named source file says; names are those that lockdep prints. Imported when a sentence is asked for.
"""

from __future__ import annotations

from typing import NamedTuple

from lockview.analysis.lock_graph import LockKind, LockNode
from lockview.model.locks import LockClass


class Knowledge(NamedTuple):
    """One or two sentences about a class, and the file that declares it.

    ``waited_for`` is False for classes on which no task ever waits, although lockdep treats them as locks.
    """

    text: str
    source: str
    waited_for: bool = True


def known(lock_class: LockClass) -> Knowledge | None:
    """What is known about a class; None for most."""
    base = lock_class.base
    exact = _EXACT.get(base)
    if exact:
        return exact
    return next((entry for prefixes, entry in _BEGINNINGS if base.startswith(prefixes)), None)


def never_waited_for(node: LockNode) -> bool:
    """Whether a class is known to block nobody, though lockdep treats it as a lock."""
    entry = known(node.lock_class)
    return not entry.waited_for if entry else node.kind is LockKind.SEQCOUNT


_WORKQUEUE = "kernel/workqueue.c"
_MM_TYPES = "include/linux/mm_types.h"
_SUPER = "fs/super.c"

_MMAP_LOCK = Knowledge(
    "It protects the memory areas of one address space: page faults take it shared, mmap, munmap and mremap "
    "exclusively.",
    _MM_TYPES,
)
_RUN_QUEUE = Knowledge(
    "The lock of one CPU's run queue, a raw spinlock. Waking a task takes it, so nearly everything may, printk "
    "included.",
    "kernel/sched/sched.h",
)
_RCU = Knowledge(
    "An RCU read section. It waits for nobody; only functions such as synchronize_rcu wait for it to end.",
    "include/linux/rcupdate.h",
)
_ACTIVE = Knowledge(
    "No lock but the count of users of a sysfs or cgroup file: each operation on the file holds it, "
    "and removing the file waits until all have ended.",
    "fs/kernfs/dir.c",
)
_NOTIFIER = Knowledge(
    "A marker, no lock: it stands for the start of an MMU notifier call, so that lockdep learns what such calls may "
    "take. Nobody waits for it.",
    "mm/mmu_notifier.c",
    waited_for=False,
)
_HOTPLUG = Knowledge(
    "It keeps CPUs from coming and going: readers hold it shared, bringing a CPU up or down takes it exclusively.",
    "kernel/cpu.c",
)

_EXACT = {
    "fs_reclaim": Knowledge(
        "A marker, no lock: code that reclaims memory holds it, and every allocation that may start to reclaim takes "
        "it for a moment, so that lockdep learns which locks reclaim needs. Nobody waits for it.",
        "mm/page_alloc.c",
        waited_for=False,
    ),
    "&vma->vm_sequence": Knowledge(
        "A sequence counter of one memory area, from the speculative page fault patches. A writer makes it odd and "
        "then even again and waits for nobody; a reader that sees it change gives up or tries again.",
        "include/linux/mm_types.h with those patches",
        waited_for=False,
    ),
    "&mm->mmap_sem": _MMAP_LOCK,
    "&mm->mmap_lock": _MMAP_LOCK,
    "mmap_lock": _MMAP_LOCK,
    "&mapping->i_mmap_rwsem": Knowledge(
        "It protects the list of memory areas that map a file: reclaim takes it shared to find them (rmap), "
        "and adding, changing or removing such an area takes it exclusively.",
        "include/linux/fs.h",
    ),
    "&mapping->i_mmap_mutex": Knowledge(
        "It protects the list of memory areas that map a file; since 3.19 it is &mapping->i_mmap_rwsem.",
        "include/linux/fs.h",
    ),
    "&anon_vma->rwsem": Knowledge(
        "It protects the memory areas that may map one group of anonymous pages; reclaim takes it to find them (rmap).",
        "include/linux/rmap.h",
    ),
    "mmu_notifier_invalidate_range_start": _NOTIFIER,
    "__mmu_notifier_invalidate_range_start_map": _NOTIFIER,
    "rtnl_mutex": Knowledge(
        "The one mutex of network configuration: devices, addresses and routes change under it.",
        "net/core/rtnetlink.c",
    ),
    "pernet_ops_rwsem": Knowledge(
        "It protects the list of things that are set up for each network namespace.", "net/core/net_namespace.c"
    ),
    "genl_mutex": Knowledge("It serialises generic netlink.", "net/netlink/genetlink.c"),
    "cpu_hotplug_lock": _HOTPLUG,
    "cpu_hotplug_lock.rw_sem": _HOTPLUG,
    "console_lock": Knowledge(
        "It stands for the semaphore console_sem, which serialises the consoles.", "kernel/printk/printk.c"
    ),
    "(console_sem).lock": Knowledge(
        "The spinlock inside the semaphore console_sem; every printk that may print to a console takes it.",
        "kernel/printk/printk.c",
    ),
    "console_owner": Knowledge(
        "A marker, no lock: it says that this CPU prints to the consoles. Another CPU that wants to print may spin "
        "until it hands over.",
        "kernel/printk/printk.c",
    ),
    "kn->active": _ACTIVE,
    "kn->count": _ACTIVE,
    "&rq->lock": _RUN_QUEUE,
    "&rq->__lock": _RUN_QUEUE,
    "&p->pi_lock": Knowledge("A raw spinlock of one task; waking the task takes it.", "include/linux/sched.h"),
    "tasklist_lock": Knowledge("It protects the list of all tasks and their family ties.", "kernel/fork.c"),
    "rcu_read_lock": _RCU,
    "rcu_read_lock_bh": _RCU,
    "rcu_read_lock_sched": _RCU,
    "jbd2_handle": Knowledge(
        "No lock but an open handle on a journal transaction; starting one may wait until a commit makes room, "
        "and a commit waits for all handles.",
        "fs/jbd2/transaction.c",
    ),
    "cgroup_mutex": Knowledge("The main mutex of control groups.", "kernel/cgroup/cgroup.c"),
    "text_mutex": Knowledge("It serialises changes to the kernel's own code.", "kernel/extable.c"),
    "slab_mutex": Knowledge("It protects the list of slab caches.", "mm/slab_common.c"),
    "event_mutex": Knowledge("It serialises changes to trace events.", "kernel/trace/trace_events.c"),
    "&p->lock": Knowledge("The mutex of one open seq_file, as in /proc; a read holds it throughout.", "fs/seq_file.c"),
    "&pipe->mutex": Knowledge("The mutex of one pipe.", "fs/pipe.c"),
    "&disk->open_mutex": Knowledge("It serialises opening and closing of one disk.", "include/linux/blkdev.h"),
}

_BEGINNINGS: tuple[tuple[str | tuple[str, ...], Knowledge], ...] = (
    (
        "(wq_completion)",
        Knowledge(
            "No lock but a work queue: a worker holds it while it runs an item of the queue, and flushing the queue "
            "waits until its items have run.",
            _WORKQUEUE,
        ),
    ),
    (
        ("(work_completion)", "((work_completion)"),
        Knowledge(
            "No lock but a work item: a worker holds it while it runs the item, and flushing or cancelling the item "
            "waits until it has run.",
            _WORKQUEUE,
        ),
    ),
    (
        "(complete)",
        Knowledge(
            "No lock but a completion: who waits for it is held up until it is completed.", "include/linux/completion.h"
        ),
    ),
    (
        "&q->q_usage_counter",
        Knowledge(
            "No lock but the count of users of a block queue: requests hold it, and freezing the queue waits for them.",
            "block/blk-core.c",
        ),
    ),
    (
        ("sb_writers", "sb_pagefaults", "sb_internal"),
        Knowledge(
            "It keeps a file system from being frozen: who changes the file system holds it shared, and freezing waits "
            "for all of them.",
            _SUPER,
        ),
    ),
    ("&type->s_umount_key", Knowledge("It keeps a file system from being unmounted, remounted or frozen.", _SUPER)),
    (
        ("&sb->s_type->i_mutex_key", "&type->i_mutex_dir_key"),
        Knowledge(
            "The lock of one inode, a mutex before 4.7 and a rwsem since; a directory's has a class of its own.",
            "fs/inode.c",
        ),
    ),
    (
        "sk_lock-AF_",
        Knowledge("Ownership of one socket, as lock_sock takes it; a task may sleep for it.", "net/core/sock.c"),
    ),
    ("slock-AF_", Knowledge("The spinlock of one socket.", "net/core/sock.c")),
)
