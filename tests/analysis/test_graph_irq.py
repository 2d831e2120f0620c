"""Which stack backs which edge of an interrupt report, in every printer, and what is left of one that was cut."""

import re
from collections.abc import Callable
from dataclasses import replace

import networkx as nx
import pytest
from hypothesis import given, settings
from irq_strategies import irq_reports

from lockview.analysis.build import lock_graph
from lockview.analysis.explain import explain, summary
from lockview.analysis.lock_graph import LockGraph, Relation, Shape
from lockview.export.kernel_text import kernel_text
from lockview.model.held_reports import RecursiveReport
from lockview.model.irq_reports import ClassMention, InconsistentReport, IrqInversionReport, IrqOrderReport
from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import Report, Task
from lockview.model.stacks import Backtrace, StackTrace
from lockview.model.usages import ClassBlock, UsageRecord
from lockview.parsing.reader import read_text

StackMaker = Callable[[str], StackTrace]
SAFE, PREV, NEXT, UNSAFE = (LockClass(name) for name in ("safe", "prev", "next", "unsafe"))
TASK = Task("demo", 42)


def block(
    lock_class: LockClass, depth: int, acquired: StackTrace | None, *usages: tuple[str, StackTrace]
) -> ClassBlock:
    records = tuple(UsageRecord(state, stack) for state, stack in usages)
    return ClassBlock(lock_class, usages=records, acquired=acquired, depth=depth)


def edges(graph: LockGraph) -> dict[tuple[str, str], tuple[Relation, str]]:
    """Each edge with its relation and the outermost function of its stack."""
    found = {}
    for edge in graph.edges:
        stack = edge.dependency.stack.frames
        ends = graph.nodes[edge.tail].name, graph.nodes[edge.head].name
        found[ends] = edge.relation, stack[-1].function if stack else ""
    return found


def order(stack: StackMaker, first: str, last: str) -> IrqOrderReport:
    """The worked example: ``first`` and ``last`` are the stacks under safe and prev, "" for none."""
    return IrqOrderReport(
        "WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected",
        task=TASK,
        wanted=HeldLock(NEXT),
        held=HeldLock(PREV),
        irq="HARDIRQ",
        new_dependency=(ClassMention(PREV), ClassMention(NEXT)),
        safe=ClassMention(SAFE),
        safe_stack=stack("_raw_spin_lock < u1"),
        unsafe=ClassMention(UNSAFE),
        unsafe_stack=stack("_raw_spin_lock < u2"),
        backward=(block(SAFE, 1, stack(first) if first else None), block(PREV, 0, stack(last))),
        forward=(block(UNSAFE, 1, stack("_raw_spin_lock < t2")), block(NEXT, 0, stack("_raw_spin_lock < t0"))),
    )


PRINTERS = {"new": ("", "_raw_spin_lock < t1"), "old": ("_raw_spin_lock < t1", "_raw_spin_lock < t0")}


@pytest.mark.parametrize("printer", PRINTERS)
def test_order(printer: str, stack: StackMaker) -> None:
    graph = lock_graph(order(stack, *PRINTERS[printer]))
    assert graph.shape is Shape.CONTEXTS
    assert [node.name for node in graph.nodes] == ["next", "unsafe", "safe", "prev"]
    assert edges(graph) == {
        ("next", "unsafe"): (Relation.DEPENDENCY, "t2"),
        ("unsafe", "safe"): (Relation.INTERRUPT, ""),
        ("safe", "prev"): (Relation.DEPENDENCY, "t1"),
        ("prev", "next"): (Relation.DEPENDENCY, "t0"),
    }
    (interrupt,) = (edge for edge in graph.edges if edge.relation is Relation.INTERRUPT)
    assert [(proof.title, proof.stack.frames[-1].function) for proof in interrupt.evidence] == [
        ("became HARDIRQ-unsafe at", "u2"),
        ("became HARDIRQ-safe at", "u1"),
    ]
    (new,) = (edge for edge in graph.edges if edge.dependency.new)
    assert graph.tasks[new.task].reporting
    assert graph.tasks[new.task].name == "demo/42"


@pytest.mark.parametrize("printer", PRINTERS)
def test_order_whose_first_block_is_cut_off(printer: str, stack: StackMaker) -> None:
    """The stack of the last block tells the printer; the safe lock is tied to what is left by a path."""
    mid = LockClass("mid")
    first, last = PRINTERS[printer]
    report = order(stack, first, last)
    under_mid = stack("_raw_spin_lock < t1") if printer == "old" else stack("_raw_spin_lock < other")
    cut = replace(report, backward=(block(mid, 1, under_mid), report.backward[1]))
    found = edges(lock_graph(cut))
    assert found["safe", "mid"] == (Relation.PATH, "")
    assert found["mid", "prev"] == (Relation.DEPENDENCY, "t1")


def test_order_without_blocks_has_paths(stack: StackMaker) -> None:
    cut = replace(order(stack, *PRINTERS["new"]), backward=(), forward=())
    assert edges(lock_graph(cut)) == {
        ("next", "unsafe"): (Relation.PATH, ""),
        ("unsafe", "safe"): (Relation.INTERRUPT, ""),
        ("safe", "prev"): (Relation.PATH, ""),
        ("prev", "next"): (Relation.DEPENDENCY, ""),
    }


def inversion(stack: StackMaker, forwards: bool) -> IrqInversionReport:
    this, mid, other = (LockClass(name) for name in ("this", "mid", "other"))
    under = (
        ("_raw_spin_lock < t2", "_raw_spin_lock < t1") if forwards else ("_raw_spin_lock < t1", "_raw_spin_lock < t2")
    )
    states = ("SOFTIRQ-ON-W", "IN-SOFTIRQ-W") if forwards else ("IN-SOFTIRQ-W", "SOFTIRQ-ON-W")
    return IrqInversionReport(
        "WARNING: possible irq lock inversion dependency detected",
        task=TASK,
        irq="SOFTIRQ",
        changed=HeldLock(this),
        other=ClassMention(other),
        forwards=forwards,
        blocks=(
            block(other, 2, stack(under[0]), (states[0], stack("_raw_spin_lock < u2"))),
            block(mid, 1, stack(under[1])),
            block(this, 0, stack("_raw_spin_lock < t0"), (states[1], stack("_raw_spin_lock < u1"))),
        ),
    )


def test_inversion_forwards(stack: StackMaker) -> None:
    graph = lock_graph(inversion(stack, True))
    assert edges(graph) == {
        ("this", "mid"): (Relation.DEPENDENCY, "t1"),
        ("mid", "other"): (Relation.DEPENDENCY, "t2"),
        ("other", "this"): (Relation.INTERRUPT, ""),
    }
    assert [proof.stack.frames[-1].function for proof in graph.edges[-1].evidence] == ["u2", "u1"]


def test_inversion_backwards(stack: StackMaker) -> None:
    graph = lock_graph(inversion(stack, False))
    assert edges(graph) == {
        ("this", "other"): (Relation.INTERRUPT, ""),
        ("other", "mid"): (Relation.DEPENDENCY, "t1"),
        ("mid", "this"): (Relation.DEPENDENCY, "t2"),
    }
    assert [proof.stack.frames[-1].function for proof in graph.edges[0].evidence] == ["u1", "u2"]
    assert graph.tasks[graph.edges[0].task].name == "demo/42"


TREE = """\
=========================================================
[ INFO: possible irq lock inversion dependency detected ]
2.6.24 #3
---------------------------------------------------------
demo/42 just changed the state of lock:
 (safe){++..}, at: [<c0123456>] handler+0x1/0x2
but this lock took another, hard-irq-unsafe lock in the past:
 (grandchild){-...}

and interrupts could create inverse lock ordering between them.

other info that might help us debug this:
no locks held by demo/42.

the first lock's dependencies:
-> (safe){++..} ops: 5 {
   in-hardirq-W at:
                 [<c0123456>] u1+0x1/0x2
   initial-use  at:
                 [<c0123456>] u1+0x1/0x2
 }
 ... key      at: [<c0123456>] key+0x0/0x4
 -> (kid){-+..} ops: 2 {
    in-softirq-W at:
                   [<c0123456>] u3+0x1/0x2
  }
  ... key      at: [<c0123456>] key2+0x0/0x4
  -> (grandchild){-...} ops: 2 {
     hardirq-on-W at:
                    [<c0123456>] u2+0x1/0x2
   }
   ... key      at: [<c0123456>] key3+0x0/0x4
  ... acquired at:
   [<c0123456>] t2+0x1/0x2
 ... acquired at:
   [<c0123456>] t1+0x1/0x2
 -> (sibling){....} ops: 1 {
  }
  ... key      at: [<c0123456>] key4+0x0/0x4
 ... acquired at:
   [<c0123456>] t3+0x1/0x2

the second lock's dependencies:
-> (grandchild){-...} ops: 2 {
   hardirq-on-W at:
                  [<c0123456>] u2+0x1/0x2
 }
 ... key      at: [<c0123456>] key3+0x0/0x4

stack backtrace:
Pid: 42, comm: demo 2.6.24 #3
Call Trace:
 [<c0123456>] dump_stack+0x1/0x2
"""


@pytest.mark.parametrize("blanks", [True, False])
def test_trees_of_kernels_before_2_6_30(blanks: bool) -> None:
    """Trees nest by indentation, and by their order alone where the indentation is lost."""
    text = TREE if blanks else "".join(f"{line.strip()}\n" for line in TREE.splitlines())
    (report,) = read_text(text).reports
    assert isinstance(report, IrqInversionReport)
    assert report.reading.complete
    assert [(part.lock_class.name, part.depth) for part in report.blocks] == [
        ("safe", 0),
        ("kid", 1),
        ("grandchild", 2),
        ("sibling", 1),
    ]
    assert edges(lock_graph(report)) == {
        ("safe", "kid"): (Relation.DEPENDENCY, "t1"),
        ("kid", "grandchild"): (Relation.DEPENDENCY, "t2"),
        ("grandchild", "safe"): (Relation.INTERRUPT, ""),
    }


@pytest.mark.parametrize(
    ("old", "new", "titles"),
    [
        ("SOFTIRQ-ON-W", "IN-SOFTIRQ-W", ["SOFTIRQ-ON-W at", "IN-SOFTIRQ-W at"]),
        ("IN-SOFTIRQ-W", "SOFTIRQ-ON-W", ["SOFTIRQ-ON-W at", "IN-SOFTIRQ-W at"]),
        ("INITIAL USE", "IN-NMI", ["INITIAL USE at", "IN-NMI at"]),
    ],
)
def test_inconsistent(old: str, new: str, titles: list[str], stack: StackMaker) -> None:
    """One lock, interrupted by itself; the interrupt is the side whose state begins with IN-."""
    report = InconsistentReport(
        "WARNING: inconsistent lock state",
        task=TASK,
        wanted=HeldLock(LockClass("x")),
        old_state=old,
        new_state=new,
        registered=stack("_raw_spin_lock < before"),
        backtrace=Backtrace(stack("_raw_spin_lock < now")),
    )
    graph = lock_graph(report)
    assert edges(graph) == {("x", "x"): (Relation.INTERRUPT, "")}
    assert [proof.title for proof in graph.edges[0].evidence] == titles
    assert {proof.title: proof.stack.frames[-1].function for proof in graph.edges[0].evidence} == {
        f"{old} at": "before",
        f"{new} at": "now",
    }


def recursive(stack: StackMaker, wanted: str, held: str) -> RecursiveReport:
    lock_class = LockClass("&x->lock")
    return RecursiveReport(
        "WARNING: possible recursive locking detected",
        task=TASK,
        wanted=HeldLock(lock_class, instance=wanted),
        held=HeldLock(lock_class, instance=held),
        backtrace=Backtrace(stack("_raw_spin_lock < inner < outer")),
    )


@pytest.mark.parametrize(
    ("wanted", "held", "line", "fix"),
    [
        ("ff01", "ff01", "which it holds already", "expects the lock to be held"),
        ("ff01", "ff02", "while holding another lock of its class", "spin_lock_nested"),
        ("", "", "while holding it or another lock of its class", "one lock"),
        ("ptrval", "ptrval", "while holding it or another lock of its class", "two locks"),
    ],
)
def test_recursive(wanted: str, held: str, line: str, fix: str, stack: StackMaker) -> None:
    """Equal addresses mean one lock taken twice; different ones two locks; without addresses nobody can tell."""
    report = recursive(stack, wanted, held)
    graph = lock_graph(report)
    assert graph.shape is Shape.RING
    assert edges(graph) == {("&x->lock", "&x->lock"): (Relation.DEPENDENCY, "outer")}
    assert graph.edges[0].dependency.new
    assert summary(report, graph) == f"demo/42 wants &x->lock{', ' if 'which' in line else ' '}{line}"
    assert any(fix in sentence.text for sentence in explain(report, graph))


Ends = tuple[str, str, Relation]


def ends_of(graph: LockGraph) -> set[Ends]:
    """The edges by name, without what an instance has behind it: a cut may leave nothing that tells the two apart."""
    names = [re.sub(r" l=\d[ \d:]*$", "", node.name) for node in graph.nodes]
    return {(names[edge.tail], names[edge.head], edge.relation) for edge in graph.edges}


def check_cut(whole: LockGraph, report: Report) -> None:
    """Every edge is one of the whole report, and every path leads where its dependencies lead."""
    graph = lock_graph(report)
    explain(report, graph)
    known = ends_of(whole)
    ways = nx.DiGraph((tail, head) for tail, head, relation in known if relation is not Relation.INTERRUPT)
    reached = nx.transitive_closure(ways)
    for tail, head, relation in ends_of(graph):
        if relation is Relation.PATH:
            assert reached.has_edge(tail, head)
        else:
            assert (tail, head, relation) in known


@settings(max_examples=12, deadline=None)
@given(irq_reports())
def test_a_cut_anywhere_invents_no_edge(report: Report) -> None:
    whole = lock_graph(report)
    lines = kernel_text(report).splitlines(keepends=True)
    for cut in range(1, len(lines)):
        for part in (lines[:cut], lines[cut:]):
            for found in read_text("".join(part)).reports:
                assert found.kind is report.kind
                check_cut(whole, found)
