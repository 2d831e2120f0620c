"""What kernel function names tell: which are the lock's own code, which lead to any code at all, which take what how.

The lists hold names seen in lockdep reports from 2.6.18 to 6.x; an unknown name is taken for ordinary code.
"""

from __future__ import annotations

from lockview.analysis.lock_graph import LockKind, Mode

ACQUIRERS: tuple[tuple[str, LockKind, Mode], ...] = (
    ("mutex_lock", LockKind.MUTEX, Mode.EXCLUSIVE),
    ("__mutex_lock", LockKind.MUTEX, Mode.EXCLUSIVE),
    ("ww_mutex_lock", LockKind.MUTEX, Mode.EXCLUSIVE),
    ("__ww_mutex_lock", LockKind.MUTEX, Mode.EXCLUSIVE),
    ("rt_mutex_lock", LockKind.MUTEX, Mode.EXCLUSIVE),
    ("__rt_mutex_lock", LockKind.MUTEX, Mode.EXCLUSIVE),
    ("lock_sock", LockKind.MUTEX, Mode.EXCLUSIVE),
    ("down_read", LockKind.RWSEM, Mode.SHARED),
    ("__down_read", LockKind.RWSEM, Mode.SHARED),
    ("rwsem_down_read", LockKind.RWSEM, Mode.SHARED),
    ("percpu_down_read", LockKind.RWSEM, Mode.SHARED),
    ("__percpu_down_read", LockKind.RWSEM, Mode.SHARED),
    ("mmap_read_lock", LockKind.RWSEM, Mode.SHARED),
    ("__might_fault", LockKind.RWSEM, Mode.SHARED),
    ("might_fault", LockKind.RWSEM, Mode.SHARED),
    ("cpus_read_lock", LockKind.RWSEM, Mode.SHARED),
    ("sb_start_", LockKind.RWSEM, Mode.SHARED),
    ("__sb_start_", LockKind.RWSEM, Mode.SHARED),
    ("down_write", LockKind.RWSEM, Mode.EXCLUSIVE),
    ("__down_write", LockKind.RWSEM, Mode.EXCLUSIVE),
    ("rwsem_down_write", LockKind.RWSEM, Mode.EXCLUSIVE),
    ("percpu_down_write", LockKind.RWSEM, Mode.EXCLUSIVE),
    ("mmap_write_lock", LockKind.RWSEM, Mode.EXCLUSIVE),
    ("cpus_write_lock", LockKind.RWSEM, Mode.EXCLUSIVE),
    ("_raw_spin_lock", LockKind.SPINLOCK, Mode.EXCLUSIVE),
    ("__raw_spin_lock", LockKind.SPINLOCK, Mode.EXCLUSIVE),
    ("raw_spin_lock", LockKind.SPINLOCK, Mode.EXCLUSIVE),
    ("_spin_lock", LockKind.SPINLOCK, Mode.EXCLUSIVE),
    ("__spin_lock", LockKind.SPINLOCK, Mode.EXCLUSIVE),
    ("spin_lock", LockKind.SPINLOCK, Mode.EXCLUSIVE),
    ("rt_spin_lock", LockKind.SPINLOCK, Mode.EXCLUSIVE),
    ("_raw_read_lock", LockKind.RWLOCK, Mode.SHARED),
    ("__raw_read_lock", LockKind.RWLOCK, Mode.SHARED),
    ("_read_lock", LockKind.RWLOCK, Mode.SHARED),
    ("rt_read_lock", LockKind.RWLOCK, Mode.SHARED),
    ("_raw_write_lock", LockKind.RWLOCK, Mode.EXCLUSIVE),
    ("__raw_write_lock", LockKind.RWLOCK, Mode.EXCLUSIVE),
    ("_write_lock", LockKind.RWLOCK, Mode.EXCLUSIVE),
    ("rt_write_lock", LockKind.RWLOCK, Mode.EXCLUSIVE),
    ("write_seqcount_begin", LockKind.SEQCOUNT, Mode.EXCLUSIVE),
    ("do_write_seqcount_begin", LockKind.SEQCOUNT, Mode.EXCLUSIVE),
    ("read_seqcount_begin", LockKind.SEQCOUNT, Mode.SHARED),
    ("fs_reclaim_acquire", LockKind.MARKER, Mode.EXCLUSIVE),
    ("__fs_reclaim_acquire", LockKind.MARKER, Mode.EXCLUSIVE),
    ("rcu_read_lock", LockKind.RCU, Mode.SHARED),
    ("srcu_read_lock", LockKind.RCU, Mode.SHARED),
    ("__srcu_read_lock", LockKind.RCU, Mode.SHARED),
    ("__synchronize_srcu", LockKind.RCU, Mode.EXCLUSIVE),
    ("synchronize_srcu", LockKind.RCU, Mode.EXCLUSIVE),
    ("process_one_work", LockKind.MARKER, Mode.EXCLUSIVE),
    ("flush_work", LockKind.MARKER, Mode.EXCLUSIVE),
    ("__flush_work", LockKind.MARKER, Mode.EXCLUSIVE),
    ("kernfs_drain", LockKind.MARKER, Mode.EXCLUSIVE),
)
"""Beginnings of the names of functions that take a lock: the sort of lock, and how it is taken."""

_CORE = (
    "lock_acquire",
    "__lock_acquire",
    "lock_map_acquire",
    "lock_release",
    "validate_chain",
    "check_prev",
    "check_noncircular",
    "check_deadlock",
    "mark_lock",
    "save_trace",
    "save_stack_trace",
    "__save_stack_trace",
    "stack_trace_save",
    "arch_stack_walk",
    "print_circular_bug",
    "print_deadlock_bug",
    "print_usage_bug",
    "print_irq_inversion_bug",
    "print_bad_irq_dependency",
    "print_irq_lock_scenario",
    "valid_state",
    "check_usage",
    "check_irq_usage",
    "mark_usage",
    "print_unlock_imbalance_bug",
    "print_lock_contention_bug",
    "print_freed_lock_bug",
    "print_lock_nested_lock_not_held",
    "print_collision",
    "print_held_locks_bug",
    "debug_check_no_locks_",
    "lockdep_rcu_",
    "check_wait_context",
    "register_lock_class",
    "assign_lock_key",
    "look_up_lock_class",
    "__lock_release",
    "dump_stack",
    "__dump_stack",
    "dump_backtrace",
    "show_stack",
    "unwind_backtrace",
    "graph_unlock",
    "do_raw_spin_lock",
    "rwsem_acquire",
    "mutex_acquire",
    "rtlock_",
    "rtnl_lock",
    "srcu_lock_acquire",
    "rcu_lock_acquire",
    "write_seqlock",
    "__write_seqcount_begin",
)
_OWN_CODE = (
    "process_one_work",
    "flush_work",
    "__flush_work",
    "kernfs_drain",
    "__synchronize_srcu",
    "synchronize_srcu",
    "__might_fault",
    "might_fault",
)
_FOREIGN_CORE = (
    "pthread_",
    "__pthread_",
    "___pthread_",
    "__gthread_",
    "std::mutex::",
    "witness_",
    "rw_enter",
    "rrw_enter",
)
"""The lock's own code in user space and in BSD kernels; no function of Linux is called so."""

_CORE_PREFIXES = _CORE + _FOREIGN_CORE + tuple(name for name, _, _ in ACQUIRERS if name not in _OWN_CODE)

_PLUMBING = (
    "0x",
    "entry_",
    "system_call",
    "sysenter_",
    "ia32_",
    "do_syscall_",
    "x64_sys_call",
    "ia32_sys_call",
    "do_fast_syscall_32",
    "do_int80_",
    "do_SYSENTER_32",
    "__do_fast_syscall_32",
    "syscall_",
    "__syscall_",
    "system_call_exception",
    "exit_to_user_mode",
    "__prepare_exit_to_usermode",
    "do_notify_resume",
    "task_work_run",
    "get_signal",
    "do_signal",
    "el0_",
    "el0t_",
    "do_el0_",
    "invoke_syscall",
    "__invoke_syscall",
    "ret_fast_syscall",
    "ret_from_",
    "__ret_from_fork",
    "kernel_thread_helper",
    "kernel_thread_exit",
    "kernel_thread_starter",
    "child_rip",
    "kthread_worker_fn",
    "smpboot_thread_fn",
    "worker_thread",
    "rescuer_thread",
    "process_one_work",
    "process_scheduled_works",
    "kernel_init",
    "secondary_startup_64",
    "common_startup_64",
    "x86_64_start_",
    "start_secondary",
    "cpu_startup_entry",
    "rest_init",
    "do_idle",
    "cpuidle_idle_call",
    "cpu_idle",
    "default_idle",
    "irq_thread",
    "irq_forced_thread_fn",
    "do_basic_setup",
    "do_initcall",
    "do_pre_smp_initcalls",
    "async_run_entry_fn",
    "do_one_initcall",
    "__driver_attach",
    "run_ksoftirqd",
    "call_timer_fn",
    "__run_timer",
    "run_timer_",
    "expire_timers",
    "tasklet_action",
    "rcu_do_batch",
    "rcu_core",
    "hrtimer_interrupt",
    "__hrtimer_run_queues",
    "handle_irq",
    "__handle_irq",
    "handle_edge_irq",
    "handle_level_irq",
    "handle_fasteoi_",
    "generic_handle_",
    "__handle_domain_irq",
    "gic_handle_irq",
)
_PLUMBING_EXACT = frozenset(
    {"kthread", "start_kernel", "__cleanup_mnt", "tracesys", "verify_cpu", "execute_on_irq_stack"}
)

_INTERRUPT = (
    "asm_sysvec_",
    "sysvec_",
    "asm_common_interrupt",
    "common_interrupt",
    "__common_interrupt",
    "apic_timer_interrupt",
    "smp_apic_timer_interrupt",
    "ret_from_intr",
    "do_IRQ",
    "__do_softirq",
    "do_softirq",
    "handle_softirqs",
    "__irq_exit",
    "irq_exit",
    "call_softirq",
    "__irq_svc",
    "__irq_usr",
    "el1_irq",
    "el1_interrupt",
    "el1h_64_irq",
    "el0_irq",
)

_SYSTEM_CALL_PREFIXES = (
    "__x64_compat_sys_",
    "__ia32_compat_sys_",
    "__arm64_compat_sys_",
    "__se_compat_sys_",
    "__do_compat_sys_",
    "__x64_sys_",
    "__ia32_sys_",
    "__arm64_sys_",
    "__riscv_sys_",
    "__s390x_sys_",
    "__s390_sys_",
    "__se_sys_",
    "__do_sys_",
    "compat_SyS_",
    "C_SYSC_",
    "SyS_",
    "SYSC_",
    "compat_sys_",
    "ksys_",
    "__sys_",
    "sys_",
)

_WELL_KNOWN_ENTRIES = {
    "do_execveat_common": "execve",
    "__do_execve_file": "execve",
    "do_execve_common": "execve",
    "kernel_execve": "execve",
    "bprm_execve": "execve",
    "do_sys_open": "open",
    "do_sys_openat2": "open",
    "kernel_clone": "fork",
    "_do_fork": "fork",
    "do_fork": "fork",
    "do_exit": "exit",
    "do_group_exit": "exit",
    "asm_exc_page_fault": "page fault",
    "exc_page_fault": "page fault",
    "async_page_fault": "page fault",
    "page_fault": "page fault",
    "do_page_fault": "page fault",
    "do_user_addr_fault": "page fault",
    "do_translation_fault": "page fault",
    "do_mem_abort": "page fault",
}


def is_lock_core(function: str) -> bool:
    """Whether a bare function name is lockdep's or a locking primitive's own code, not the code that wants a lock."""
    return function.startswith(_CORE_PREFIXES)


def is_plumbing(function: str) -> bool:
    """Whether a bare function name leads to any code at all: system call entry, thread start, scheduling, init."""
    return function in _PLUMBING_EXACT or function.startswith(_PLUMBING)


def is_interrupt_entry(function: str) -> bool:
    """Whether what runs below a bare function name runs in interrupt context, apart from the interrupted task."""
    return function.startswith(_INTERRUPT)


def entry_name(function: str) -> str:
    """The name of what a bare function name is the entry of (``mremap`` for ``SyS_mremap``), else the name itself."""
    for prefix in _SYSTEM_CALL_PREFIXES:
        if function.startswith(prefix) and len(function) > len(prefix):
            return function[len(prefix) :]
    return _WELL_KNOWN_ENTRIES.get(function, function)


def acquirer_traits(function: str) -> tuple[LockKind, Mode] | None:
    """The sort of lock that a bare function name takes and how, or None when the name does not tell."""
    for prefix, kind, mode in ACQUIRERS:
        if function.startswith(prefix):
            return kind, mode
    return None
