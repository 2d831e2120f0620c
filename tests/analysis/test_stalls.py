"""What the stacks of lockups and stalls show of locks, and what they do not."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from stall_strategies import stall_reports

from lockview.analysis.build import lock_graph
from lockview.analysis.explain import explain, summary
from lockview.analysis.lock_graph import LockKind, Relation, Shape, Subject
from lockview.analysis.spinning import interrupted, spinning
from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import HeldLocks, ReportKind, Task
from lockview.model.stacks import Frame, StackTrace
from lockview.model.stall_reports import StallReport, StallStack


def stack(*functions: str, part: str = "") -> StackTrace:
    return StackTrace(tuple(Frame(function, 1, 2, part=part) for function in functions))


SPINNING = stack("native_queued_spin_lock_slowpath", "_raw_spin_lock", "taker", "outer")


@pytest.mark.parametrize(
    ("functions", "kind", "function"),
    [
        (("native_queued_spin_lock_slowpath", "_raw_spin_lock", "taker"), LockKind.SPINLOCK, "taker"),
        (("kvm_wait", "__pv_queued_spin_lock_slowpath", "do_raw_spin_lock", "taker"), LockKind.SPINLOCK, "taker"),
        (("delay_tsc", "__delay", "do_raw_spin_lock", "_raw_spin_lock_irqsave", "taker"), LockKind.SPINLOCK, "taker"),
        (("queued_write_lock_slowpath", "_raw_write_lock_irq", "taker"), LockKind.RWLOCK, "taker"),
        (("osq_lock", "__mutex_lock", "taker"), LockKind.MUTEX, "taker"),
        (
            ("osq_lock", "rwsem_optimistic_spin", "rwsem_down_write_slowpath", "down_write", "taker"),
            LockKind.RWSEM,
            "taker",
        ),
        (("osq_lock",), LockKind.UNKNOWN, ""),
        (("smp_call_function_many_cond", "on_each_cpu_cond_mask", "flush_it"), None, "flush_it"),
    ],
)
def test_what_a_cpu_spins_for(functions: tuple[str, ...], kind: LockKind | None, function: str) -> None:
    found = spinning(stack(*functions))
    assert found
    assert (found.kind, found.function) == (kind, function)


@pytest.mark.parametrize(
    "functions",
    [
        ("_raw_spin_unlock_irqrestore", "taker"),
        ("loop_for_ever", "native_queued_spin_lock_slowpath", "_raw_spin_lock"),
        ("mutex_unlock", "taker"),
        (),
    ],
)
def test_what_is_no_spinning(functions: tuple[str, ...]) -> None:
    assert spinning(stack(*functions)) is None


def test_the_timer_that_found_it_is_passed_over() -> None:
    frames = (
        *stack("rcu_sched_clock_irq", "update_process_times", "tick_sched_timer", "hrtimer_interrupt", part="IRQ"),
        *stack("asm_sysvec_apic_timer_interrupt", *(frame.function for frame in SPINNING), part="TASK"),
    )
    assert [frame.function for frame in interrupted(StackTrace(frames))] == [frame.function for frame in SPINNING]


def test_a_timer_that_spins_itself_is_not_passed_over() -> None:
    found = spinning(stack("native_queued_spin_lock_slowpath", "_raw_spin_lock", "timer_fn", "hrtimer_interrupt"))
    assert found
    assert found.function == "timer_fn"


def lockup(*stacks: StallStack, lists: tuple[HeldLocks, ...] = ()) -> StallReport:
    return StallReport(
        "watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [a:1]",
        task=Task("a", 1),
        group=ReportKind.SOFT_LOCKUP,
        cpus=(0,),
        seconds=22,
        stacks=stacks,
        lists=lists,
    )


WAITER = StallStack("", 0, Task("a", 1), stack=SPINNING)
HOLDER = StallStack("NMI backtrace for cpu 1", 1, Task("b", 2), stack=stack("working", "outer"))


def test_the_guess_is_marked_and_no_holder_is_invented() -> None:
    report = lockup(WAITER, HOLDER)
    graph = lock_graph(report)
    assert graph.shape is Shape.WAIT_FOR
    (edge,) = graph.edges
    assert edge.relation is Relation.WAITS
    assert edge.dependency.inferred
    assert edge.evidence[0].title == "seems to spin in native_queued_spin_lock_slowpath (a guess)"
    assert [node.name for node in graph.nodes] == ["a/1 on CPU 0", "a spinlock wanted in taker"]
    assert summary(report, graph) == "CPU 0 is stuck for 22 s in a/1, and seems to spin for a spinlock wanted in taker"
    told = " ".join(sentence.text for sentence in explain(report, graph))
    assert "does not say who has it" in told


def test_two_cpus_in_one_function_are_not_said_to_want_one_lock() -> None:
    other = StallStack("NMI backtrace for cpu 1", 1, Task("b", 2), stack=SPINNING)
    graph = lock_graph(lockup(WAITER, other))
    assert len({edge.head for edge in graph.edges}) == 2


def held(task: Task, *locks: HeldLock) -> HeldLocks:
    return HeldLocks(task, len(locks), tuple(replace(lock, index=index) for index, lock in enumerate(locks)))


def test_lists_name_the_lock_and_its_holder() -> None:
    lock = HeldLock(LockClass("&x->lock"), "....", instance="ffff888012345678", site=Frame("taker", 1, 2))
    newer = HeldLock(LockClass("&y->lock"), "....", instance="ffff888012345600", site=Frame("working", 1, 2))
    lists = (held(Task("a", 1), lock), held(Task("b", 2), lock, newer))
    report = lockup(WAITER, HOLDER, lists=lists)
    graph = lock_graph(report)
    assert [(graph.nodes[e.tail].name, e.relation, graph.nodes[e.head].name) for e in graph.edges] == [
        ("a/1 on CPU 0", Relation.WAITS, "&x->lock"),
        ("&x->lock", Relation.HOLDS, "b/2 on CPU 1"),
    ]
    assert any("&x->lock is held by b/2 on CPU 1" in sentence.text for sentence in explain(report, graph))


def test_waiting_for_another_cpu_is_no_lock() -> None:
    one = replace(WAITER, stack=stack("smp_call_function_single", "flush_it"))
    graph = lock_graph(lockup(one))
    assert graph.nodes[graph.edges[0].head].subject is Subject.CONTEXT


@settings(max_examples=60, deadline=None)
@given(stall_reports())
def test_graph_and_sentences_fit_together(report: StallReport) -> None:
    graph = lock_graph(report)
    assert [node.number for node in graph.nodes] == list(range(len(graph.nodes)))
    assert all(max(edge.tail, edge.head) < len(graph.nodes) for edge in graph.edges)
    for sentence in explain(report, graph):
        assert "None" not in sentence.text
        assert not sentence.item or int(sentence.item.partition(":")[2]) < len(graph.edges)
