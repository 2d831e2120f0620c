"""The file of knowledge is what its schema says, contradicts itself nowhere, and stands in the documents."""

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockview.analysis.build import lock_graph
from lockview.analysis.documented import documented_order, placement_words, steps, verdict_words, verdicts
from lockview.analysis.explain import explain
from lockview.analysis.knowledge import (
    FORMAT,
    KIND_WORDS,
    contents,
    entries,
    kind_words,
    known,
    known_in,
    known_of,
    never_waited_for,
)
from lockview.analysis.lock_graph import LockKind, LockNode
from lockview.document.resources import resource
from lockview.model.foreign_reports import WitnessReport
from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import ChainEntry, CircularReport, Report
from lockview.model.stacks import Frame, StackTrace
from lockview.parsing.locks import lock_class

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads(Path(resource("lock-classes.schema.json")).read_text("utf-8"))


def ring(*names: str) -> CircularReport:
    """A report whose first edge goes from the first of two names to the second, and back."""
    classes = [LockClass(name) for name in names]
    stack = StackTrace((Frame("f"),))
    chain = tuple(ChainEntry(index, lock, stack=stack) for index, lock in reversed(list(enumerate(classes))))
    return CircularReport("t", wanted=HeldLock(classes[0]), held=HeldLock(classes[-1]), chain=chain)


# --- The file -------------------------------------------------------------------------------------------------------


def test_file_is_of_this_format() -> None:
    assert (contents()["format"], contents()["version"]) == FORMAT
    assert list(contents()) == SCHEMA["required"]


def test_every_entry_is_what_the_schema_says() -> None:
    schema = SCHEMA["$defs"]["class"]
    for entry in contents()["classes"]:
        assert set(schema["required"]) <= set(entry) <= set(schema["properties"]), entry["id"]
        assert entry["kinds"], entry["id"]
        assert set(entry["kinds"]) <= set(KIND_WORDS), entry["id"]
        assert all(source.strip() for source in entry["sources"]), entry["id"]
        assert entry["sources"], entry["id"]
        assert entry["protects"][0].isupper(), entry["id"]
        assert entry["protects"].endswith("."), entry["id"]
        assert isinstance(entry.get("waited_for", True), bool)
    assert set(schema["properties"]["kinds"]["items"]["enum"]) == set(KIND_WORDS)


def test_enough_classes_of_every_part_are_known() -> None:
    assert len(entries()) >= 70
    assert len({entry["id"] for entry in contents()["classes"]}) == len(contents()["classes"])
    assert len({entry.area for entry in entries().values()}) >= 20


def test_names_are_bases_and_no_two_entries_claim_one() -> None:
    names = [name for entry in entries().values() for name in entry.names]
    assert len(set(names)) == len(names)
    for name in names:
        assert name.count("*") == name.endswith("*")
        assert lock_class(name.removesuffix("*")) == LockClass(name.removesuffix("*")), name


def test_every_name_finds_its_entry() -> None:
    for entry in entries().values():
        for name in entry.names:
            assert known(LockClass(name.replace("*", "x"), 3, 1)) is entry


def test_orders_name_entries_and_sources() -> None:
    schema = SCHEMA["$defs"]["order"]
    for order in contents()["orders"]:
        assert set(order) == set(schema["properties"])
        assert order["source"]
        for chain in order["chains"]:
            assert len(chain) >= 2
            assert set(chain) <= set(entries())


def test_orders_never_contradict_each_other() -> None:
    """No class is outside itself, by whichever documents, so no two classes are outside each other."""
    for outer, inner in itertools.combinations(entries(), 2):
        assert not (documented_order(outer, inner) and documented_order(inner, outer)), (outer, inner)
    assert not any(step.inner == step.outer for found in steps().values() for step in found)


def test_document_has_every_entry() -> None:
    text = (ROOT / "docs" / "lock-classes.md").read_text("utf-8")
    for entry in entries().values():
        names = ", ".join(f"`{name}`" for name in entry.names)
        assert f"| {names} | {', '.join(entry.kinds)} | {'; '.join(entry.sources)} |" in text, entry.name
    for order in contents()["orders"]:
        for chain in order["chains"]:
            shown = " > ".join(f"`{entries()[name].names[0]}`" for name in chain)
            assert f"- {shown}" in text
        assert order["source"] in text


# --- What is made of it ---------------------------------------------------------------------------------------------


def node(name: str, kind: LockKind = LockKind.UNKNOWN) -> LockNode:
    return LockNode(0, LockClass(name), kind)


def test_a_lock_of_another_kind_is_a_namesake() -> None:
    assert known_of(node("rtnl_mutex", LockKind.MUTEX))
    assert known_of(node("rtnl_mutex"))
    assert known_of(node("rtnl_mutex", LockKind.SPINLOCK)) is None
    assert known_of(node("fs_reclaim", LockKind.MARKER))
    assert known_of(node("nobody knows this")) is None


def test_other_programs_have_locks_of_the_same_names() -> None:
    assert known_in(CircularReport("t"), node("rename_lock"))
    assert known_in(WitnessReport("t"), node("rename_lock")) is None


def test_kind_is_the_one_that_the_report_shows() -> None:
    inode = known(LockClass("&sb->s_type->i_mutex_key"))
    assert inode
    assert kind_words(inode, node("", LockKind.MUTEX)) == "Mutex"
    assert kind_words(inode, node("")) == "Reader-writer semaphore (rwsem) or mutex"


def test_markers_are_never_waited_for() -> None:
    assert never_waited_for(node("fs_reclaim"))
    assert never_waited_for(node("made_up", LockKind.SEQCOUNT))
    assert not never_waited_for(node("rtnl_mutex"))


@given(st.text(max_size=30))
def test_any_name_is_known_or_not(name: str) -> None:
    known(LockClass(name))


def test_order_is_found_over_several_documents() -> None:
    found = documented_order("sb_writers", "i_mmap")
    assert found[0].outer == "sb_writers"
    assert found[-1].inner == "i_mmap"
    assert all(before.inner == after.outer for before, after in itertools.pairwise(found))
    assert documented_order("i_mmap", "sb_writers") == ()
    assert documented_order("rtnl", "i_mmap") == ()


def test_edge_against_the_documented_order_is_named() -> None:
    report = ring("&mm->mmap_lock", "&sb->s_type->i_mutex_key")
    graph = lock_graph(report)
    told = {verdict.edge.order: verdict for verdict in verdicts(graph)}
    assert [told[order].follows for order in sorted(told)] == [False, True]
    text = "\n".join(sentence.text for sentence in explain(report, graph))
    assert (
        "Edge 1 goes against the documented order, &sb->s_type->i_mutex_key outside &mm->mmap_lock (mm/rmap.c, comment "
        '"Lock ordering in mm" (v6.12)): by that it is the odd one.'
    ) in text
    assert "no proof" in text
    assert "Edge 2 follows" not in text


def test_fixes_name_the_odd_edge_and_classes_with_a_way_of_their_own() -> None:
    report = ring("&mm->mmap_lock", "&sb->s_type->i_mutex_key")
    text = "\n".join(sentence.text for sentence in explain(report, lock_graph(report)))
    assert "Usual fixes: the circle is open when edge 1 goes." in text
    assert "With &mm->mmap_lock: copy from and to user space" in text
    queue = ring("(wq_completion)events", "made_up")
    text = "\n".join(sentence.text for sentence in explain(queue, lock_graph(queue)))
    assert "the circle is open when one of these edges goes" in text
    assert "With (wq_completion)events: flush the queue without holding" in text


def test_edges_that_follow_leave_the_others(seed: Report) -> None:
    graph = lock_graph(seed)
    text = "\n".join(sentence.text for sentence in explain(seed, graph))
    assert "Edge 4 follows the documented order, fs_reclaim outside &mapping->i_mmap_rwsem (drivers/dma-buf" in text
    assert "So the odd one is more likely among the other edges; a documented order is no proof." in text


@pytest.mark.parametrize("names", [("made_up_a", "made_up_b"), ("rtnl_mutex", "made_up"), ("rtnl_mutex", "genl_mutex")])
def test_nothing_is_said_where_no_document_speaks(names: tuple[str, str]) -> None:
    report = ring(*names)
    assert "documented order" not in "".join(sentence.text for sentence in explain(report, lock_graph(report)))


def test_verdicts_are_about_dependencies_with_their_own_names() -> None:
    graph = lock_graph(ring("&mm->mmap_sem", "&anon_vma->rwsem"))
    against = next(verdict for verdict in verdicts(graph) if not verdict.follows)
    assert "&mm->mmap_sem outside" in verdict_words(graph, against)


def test_placement_names_the_nearest() -> None:
    assert placement_words("i_mmap")[0].startswith("Taken inside mapping.invalidate_lock")
    assert placement_words("rtnl") == ()
