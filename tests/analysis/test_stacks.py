"""Who took the lock, what is folded, and what two stacks share."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockview.analysis.functions import entry_name, is_lock_core, is_plumbing
from lockview.analysis.kinds import acquisition_mode, lock_kind
from lockview.analysis.lock_graph import LockKind, Mode
from lockview.analysis.stacks import acquiring_index, common_suffix, folded
from lockview.analysis.tasks import entry_of, function_path
from lockview.model.locks import LockClass, WaitTypes
from lockview.model.reports import Report
from lockview.model.stacks import EMPTY_STACK, Frame, StackTrace

StackMaker = Callable[[str], StackTrace]


def test_backtrace_of_the_sample_is_folded(seed: Report) -> None:
    """The printing and locking frames are one row; guesses are rows of their own, marked."""
    assert seed.backtrace
    rows = folded(seed.backtrace.stack)
    assert (rows[0].text, rows[0].length) == ("7 lock-internal frames", 7)
    (acquires,) = [row for row in rows if row.acquires]
    assert acquires.text == "rmap_walk_file+0x5a/0x147"
    assert seed.backtrace.stack.frames[acquires.first] is acquires.frame
    assert [row.frame.function for row in rows if not row.reliable][:2] == [
        "rmap_walk_file",
        "page_vma_mapped_walk_done.isra.15",
    ]


def test_single_lock_frame_keeps_its_name(stack: StackMaker) -> None:
    rows = folded(stack("down_read+3b < taker+1"))
    assert [(row.text, row.folded) for row in rows] == [("down_read+0x3b/0x1000", False), ("taker+0x1/0x1000", False)]


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("lock_acquire+1 < down_read+1 < taker+1", 2),
        ("__lock_acquire+1 < ? guess+1 < mutex_lock_nested+1 < taker+1", 3),
        ("process_one_work+1 < worker_thread+1", 0),
        ("lock_acquire+1", None),
        ("? only+1 < ? guesses+1", None),
    ],
)
def test_frame_that_took_the_lock(stack: StackMaker, text: str, index: int | None) -> None:
    assert acquiring_index(stack(text)) == index


def test_empty_stack() -> None:
    assert acquiring_index(EMPTY_STACK) is None
    assert folded(EMPTY_STACK) == ()
    assert entry_of(EMPTY_STACK) == ""
    assert function_path(EMPTY_STACK) == ""


@given(
    st.lists(
        st.builds(
            Frame,
            st.sampled_from(["lock_acquire", "down_read", "mutex_lock", "foo", "bar"]),
            st.integers(0, 9),
            reliable=st.booleans(),
        )
    )
)
def test_rows_cover_the_stack_once(frames: list[Frame]) -> None:
    stack = StackTrace(tuple(frames))
    rows = folded(stack)
    assert [row.first for row in rows] == [sum(row.length for row in rows[:index]) for index in range(len(rows))]
    assert sum(row.length for row in rows) == len(frames)
    assert sum(row.acquires for row in rows) == (acquiring_index(stack) is not None)


def test_common_suffix(stack: StackMaker) -> None:
    one = stack("a+1 < b+1 < c+1 < d+1")
    assert common_suffix(one, stack("x+1 < b+2 < c+1 < d+1")) == 2
    assert common_suffix(one, one) == 4
    assert common_suffix(one, EMPTY_STACK) == 0


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("taker+1 < SyS_mremap+1 < entry_SYSCALL_64_fastpath+1", "mremap"),
        ("taker+1 < do_it+1 < __x64_sys_ioctl+1 < do_syscall_64+1 < entry_SYSCALL_64_after_hwframe+1", "ioctl"),
        ("taker+1 < khugepaged+1 < kthread+1 < ret_from_fork+1", "khugepaged"),
        ("taker+1 < my_work+1 < process_one_work+1 < worker_thread+1 < kthread+1", "my_work"),
        ("taker+1 < handle_mm_fault+1 < exc_page_fault+1 < asm_exc_page_fault+1", "page fault"),
        ("taker+1 < net_rx_action+1 < __do_softirq+1 < irq_exit+1 < do_syscall_64+1", "net_rx_action"),
        ("worker_thread+1 < kthread+1", ""),
    ],
)
def test_what_a_stack_starts_in(stack: StackMaker, text: str, name: str) -> None:
    assert entry_of(stack(text)) == name


def test_function_path(stack: StackMaker) -> None:
    assert function_path(stack("down_read+1 < a.isra.2+1 < b+1 < ? guess+1 < c+1 < d+1 < e+1"), 3) == "a < b < c < ..."


def test_names_of_functions() -> None:
    assert entry_name("__se_sys_mmap") == "mmap"
    assert entry_name("sys_") == "sys_"
    assert is_lock_core("_raw_spin_lock_irqsave")
    assert not is_lock_core("lock_rename")
    assert is_plumbing("kthread")
    assert not is_plumbing("kthread_stop")


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("lock_acquire+1 < down_read+1 < taker+1", Mode.SHARED),
        ("percpu_down_read+1 < __sb_start_write+1 < taker+1", Mode.SHARED),
        ("_raw_write_lock_irq+1 < taker+1", Mode.EXCLUSIVE),
        ("lock_acquire+1 < taker+1 < down_read+1", Mode.UNKNOWN),
    ],
)
def test_modes(stack: StackMaker, text: str, mode: Mode) -> None:
    assert acquisition_mode(stack(text)) is mode


@pytest.mark.parametrize(
    ("name", "text", "waits", "kind"),
    [
        ("fs_reclaim", "mutex_lock+1 < x+1", None, LockKind.MARKER),
        ("(work_completion)(&x->work)", "x+1", None, LockKind.MARKER),
        ("&x->lock", "_raw_spin_lock+1 < x+1", WaitTypes(3, 3), LockKind.SPINLOCK),
        ("&x->lock", "x+1", WaitTypes(2, 2), LockKind.SPINLOCK),
        ("&x->lock", "x+1", WaitTypes(3, 3), LockKind.UNKNOWN),
        ("&x->lock", "x+1", WaitTypes(4, 4), LockKind.MUTEX),
        ("rtnl_mutex", "x+1", None, LockKind.MUTEX),
        ("&x->some_sem", "x+1", None, LockKind.RWSEM),
        ("rcu_read_lock", "x+1", WaitTypes(1, 2), LockKind.RCU),
    ],
)
def test_kinds(stack: StackMaker, name: str, text: str, waits: WaitTypes | None, kind: LockKind) -> None:
    assert lock_kind(LockClass(name), [stack(text)], "+.+.", waits) is kind
