from dataclasses import replace

import pytest
from golden_files import check_golden
from hypothesis import given, settings
from hypothesis import strategies as st
from lock_graphs import HOSTILE, report_about, ring_of, rings, sample_graph, sample_report

from lockview.analysis.lock_graph import LockGraph
from lockview.export.text_figure import text_figure
from lockview.model.reports import Task


def figure(graph: LockGraph) -> list[str]:
    """The lines of the figure alone."""
    return text_figure(report_about(graph), graph).split("\n\n")[1].split("\n")


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
