from dataclasses import replace

import pytest
from golden_files import check_golden
from hypothesis import given, settings
from hypothesis import strategies as st
from lock_graphs import (
    HOSTILE,
    any_graphs,
    deadlock,
    irq_graph,
    ladder_graph,
    pile_up,
    plain_graph,
    report_about,
    ring_of,
    rings,
    sample_graph,
    sample_report,
    usage_graph,
)

from lockview.analysis.lock_graph import Evidence, LockGraph, Relation
from lockview.export.text_figure import text_figure
from lockview.model.reports import Task
from lockview.model.stacks import Frame, StackTrace


def figure(graph: LockGraph) -> list[str]:
    """The lines of the figure alone."""
    return text_figure(report_about(graph), graph).split("\n\n")[1].rstrip("\n").split("\n")


def test_the_sample_is_the_golden_one() -> None:
    check_golden("khugepaged.txt", text_figure(sample_report(), sample_graph(), scenario=True))


def test_two_locks_are_two_rows() -> None:
    assert figure(ring_of(["rtnl_mutex", "console"])) == [
        " +-> rtnl_mutex --+",
        " |                1",
        " 2                |",
        " +-- console <----+",
    ]


def test_a_single_lock_is_a_loop() -> None:
    assert figure(ring_of(["rtnl_mutex"])) == [
        " +-> rtnl_mutex --+",
        " |                1",
        " +----------------+",
    ]


def test_what_is_too_wide_for_rows_is_a_column() -> None:
    names = [f"&a_rather_long_name->number_{n}" for n in range(5)]
    assert figure(ring_of(names)) == [
        " +-> &a_rather_long_name->number_0",
        " |     1",
        " |     v",
        " |   &a_rather_long_name->number_1",
        " |     2",
        " |     v",
        " |   &a_rather_long_name->number_2/1",
        " 5     3",
        " |     v",
        " |   &a_rather_long_name->number_3",
        " |     4",
        " |     v",
        " +-- &a_rather_long_name->number_4#2",
    ]


def test_a_chain_with_a_missing_end_is_a_list() -> None:
    graph = ring_of(["rtnl_mutex", "console", "fs_reclaim"])
    assert figure(replace(graph, edges=graph.edges[:2])) == [
        " rtnl_mutex --1--> console",
        " console --2--> fs_reclaim/1",
    ]


def test_names_outside_ascii_are_escaped() -> None:
    text = text_figure(sample_report(), ring_of(["\N{LOCK}\u9501\x1b[2J", "fs_reclaim"]))
    assert r"\U0001f512\u9501\x1b[2J" in text


@pytest.mark.parametrize("tasks", [1, 2, 3, 4, 12])
def test_the_scenario_lets_every_task_take_and_then_wait(tasks: int) -> None:
    graph = ring_of([f"lock_{n}" for n in range(12)], tasks=tasks)
    text = text_figure(report_about(graph), graph, scenario=True)
    assert text.count("lock(") == len(graph.edges) + tasks
    assert "*** DEADLOCK ***" in text


@given(rings, st.text(max_size=120), st.booleans(), st.integers(0, 12))
@settings(max_examples=150, deadline=None)
def test_any_figure_is_ascii_and_narrow(graph: LockGraph, comm: str, scenario: bool, kept: int) -> None:
    graph = replace(graph, edges=graph.edges[:kept] or graph.edges, tasks=graph.tasks if kept == 12 else ())
    report = replace(sample_report(), task=Task(comm, 2**70), title=comm)
    text = text_figure(report, graph, scenario=scenario)
    assert text.isascii()
    for line in text.splitlines():
        assert len(line) <= 75
        assert line == line.rstrip()
        assert line.isprintable()
    orders = [str(edge.order) for edge in graph.edges]
    assert all(order in text for order in orders)


def test_a_hostile_name_is_only_text() -> None:
    assert HOSTILE in text_figure(report_about(ring_of([HOSTILE])), ring_of([HOSTILE]))


def test_an_empty_graph_gives_the_title() -> None:
    assert text_figure(sample_report(), LockGraph((), (), ())).startswith("WARNING: possible circular")


def test_what_an_interrupt_closes_is_a_ring_too() -> None:
    text = text_figure(sample_report(), irq_graph("&base->lock", "&foo->lock"))
    assert text.split("\n\n", 1)[1] == (
        " +-> &base->lock ---+\n"
        " |                  1\n"
        " 2                  |\n"
        " +-- &foo->lock <---+\n"
        "\n"
        " 1  foo  (new)\n"
        " 2  became SOFTIRQ-irq-unsafe at:\n"
        "      run_timer_softirq\n"
        "    became SOFTIRQ-irq-safe at:\n"
        "      run_timer_softirq\n"
    )
    assert " +-> &port->lock --+" in text_figure(sample_report(), usage_graph("&port->lock"))


def test_a_ladder_is_indented() -> None:
    assert figure(ladder_graph("&rq->__lock", "&p->pi_lock", "&mm->mmap_lock")) == [
        " hardirq context {2:2}",
        " +- &rq->__lock {3:3}",
        "    +- &p->pi_lock {2:2}",
        "       +- &mm->mmap_lock {3:3}  wanted",
    ]
    text = text_figure(sample_report(), ladder_graph("&rq->__lock", "&mm->mmap_lock"))
    assert "\n hardirq context --1--X &mm->mmap_lock\n" in text


def test_waiting_tasks_are_a_table() -> None:
    assert figure(pile_up(1)) == [
        " who waits        for what             held by",
        " ---------------  -------------------  ---------------",
        " writer/100       &sb->s_umount        kworker/u4:1/11",
        " kworker/u4:1/11  &journal->j_barrier  sync/41",
    ]
    assert " and 8 more" in figure(deadlock(30))


def test_where_waiting_tasks_are_is_told_once() -> None:
    graph = pile_up(1)
    stack = StackTrace(tuple(map(Frame, ("__schedule", "schedule", "__mutex_lock", "demo_write", "vfs_write"))))
    evidence = (Evidence("kworker/u4:1/11 is at", stack),)
    edges = tuple(
        replace(edge, dependency=replace(edge.dependency, stack=stack))
        if edge.relation is Relation.WAITS
        else replace(edge, evidence=evidence)
        for edge in graph.edges
    )
    text = text_figure(sample_report(), replace(graph, edges=edges))
    assert text.endswith(
        "\n writer/100       demo_write < vfs_write\n"
        " kworker/u4:1/11  demo_write < vfs_write\n"
        " sync/41          __schedule < schedule < __mutex_lock < ... < vfs_write\n"
    )


def test_plain_locks_are_lines() -> None:
    assert figure(plain_graph("a", "b", nested=False)) == [" a", " b"]


@given(any_graphs(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_shape_is_ascii_and_narrow(graph: LockGraph, scenario: bool) -> None:
    for line in text_figure(sample_report(), graph, scenario=scenario).splitlines():
        assert len(line) <= 75
        assert line.isascii()
        assert line.isprintable()
        assert line == line.rstrip()
