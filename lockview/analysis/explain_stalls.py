"""What lockups and stalls mean, as far as they show locks, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.analysis.explain import Sentence, damage, sentence, well_known
from lockview.analysis.graph_stalls import drawn, is_stuck, stack_name
from lockview.analysis.lock_graph import LockGraph, Relation, Subject
from lockview.analysis.spinning import interrupted, spinning
from lockview.analysis.tasks import function_path
from lockview.analysis.wording import counted, listed
from lockview.model.reports import Report, ReportKind
from lockview.model.stacks import StackTrace
from lockview.model.stall_reports import StallReport

_WHAT = {
    ReportKind.SOFT_LOCKUP: "Code in the kernel kept a CPU for that long without letting another task run. "
    "Interrupts still came, or the watchdog could not have said so.",
    ReportKind.HARD_LOCKUP: "A CPU took no timer interrupt for seconds: it is stuck with interrupts off. "
    "The NMI that still comes through showed where.",
    ReportKind.RCU_STALL: "RCU waits until every CPU and task has left its read-side sections, and some did not for "
    "too long: a loop, interrupts or preemption switched off, a lock that does not come free, or no time to run.",
}
_FIXES = {
    ReportKind.SOFT_LOCKUP: "a lock whose holder is slow or stuck: find it among the other stacks. For a long loop, "
    "cond_resched where sleeping is allowed, or less work under the lock",
    ReportKind.HARD_LOCKUP: "a spinlock that an interrupt takes while its own CPU holds it, two spinlocks in both "
    "orders, or a holder that does not end: lockdep (CONFIG_PROVE_LOCKING) finds the first two before they happen",
    ReportKind.RCU_STALL: "look at the stuck CPU's stack first: a loop inside of rcu_read_lock or with preemption "
    "off, or a lock it waits for. If the grace-period thread starved, something keeps the CPUs from it",
}


def summary(report: Report, graph: LockGraph) -> str:
    """``CPU 0 is stuck for 22 s in demo/42, which seems to spin for a spinlock in foo``."""
    if not isinstance(report, StallReport):
        return report.title
    return _who(report) + _how(report) + _spins(graph)


def _who(report: StallReport) -> str:
    if report.cpus:
        cpus = [str(cpu) for cpu in report.cpus[:8]]
        more = f" and {len(report.cpus) - 8} more" if len(report.cpus) > 8 else ""
        name = f"CPU {cpus[0]}" if len(report.cpus) == 1 else f"CPUs {listed(cpus) if not more else ', '.join(cpus)}"
        return name + more
    tasks = [one.task for one in report.stacks if one.task]
    return str(report.task or (tasks[0] if len(tasks) == 1 else "a CPU or a task"))


def _how(report: StallReport) -> str:
    verb = "are" if len(report.cpus) > 1 else "is"
    if report.group is ReportKind.RCU_STALL:
        return f" {'hold' if len(report.cpus) > 1 else 'holds'} up RCU"
    words = f" {verb} stuck"
    if report.group is ReportKind.HARD_LOCKUP:
        return f"{words} with interrupts off"
    return (
        words + (f" for {report.seconds} s" if report.seconds else "") + (f" in {report.task}" if report.task else "")
    )


def _spins(graph: LockGraph) -> str:
    """What the stuck one seems to spin for."""
    for edge in graph.edges:
        if edge.relation is Relation.WAITS and edge.task >= 0 and graph.tasks[edge.task].reporting:
            return f", and seems to {_goal(graph, edge.number)}"
    return ""


def _goal(graph: LockGraph, number: int) -> str:
    edge = graph.edges[number]
    node = graph.nodes[edge.head]
    verb = "wait for" if node.subject is Subject.CONTEXT else "spin for"
    where = f" in {edge.acquirer}" if edge.acquirer and edge.acquirer not in node.name else ""
    return f"{verb} {node.name}{where}"


def explain(report: Report, graph: LockGraph) -> tuple[Sentence, ...]:
    """What is stuck, where, what the stacks show of locks, and what is only guessed."""
    if not isinstance(report, StallReport):
        return ()
    return (
        sentence(_first_word(f"{_who(report)}{_how(report)}."), report.span),
        sentence(_WHAT[report.group]),
        *_stuck(report, graph),
        *_held(report, graph),
        *_starved(report),
        *well_known(report, graph),
        sentence(f"Where to look: {_FIXES[report.group]}."),
        *damage(report, graph),
    )


def _stuck(report: StallReport, graph: LockGraph) -> Iterator[Sentence]:
    """Where each CPU is, and the guess what it spins for."""
    waits = [edge for edge in graph.edges if edge.relation is Relation.WAITS]
    for one in drawn(report):
        found = spinning(one.stack)
        path = function_path(StackTrace(interrupted(one.stack)))
        name = _first_word(stack_name(report, one))
        if found is None:
            text = f"{name} is at {path}" if path else f"{name} has no telling stack"
            yield sentence(text + ("" if path.endswith("...") else "."), one.span)
            continue
        edge = next((edge for edge in waits if edge.dependency.stack is one.stack), None)
        goal = _goal(graph, edge.number) if edge else f"spin for {found.what}"
        text = f"{name} is in {found.spinner}, so it seems to {goal}" + (f": {path}" if path else "")
        item = f"edge:{edge.number}" if edge else ""
        yield sentence(text + ("" if path.endswith("...") else "."), one.span, item=item)
    if any(spinning(one.stack) for one in drawn(report)):
        yield sentence(
            "That is a guess from the innermost function: a CPU in a lock's slow path may have been about to get it."
        )
    elif not any(is_stuck(report, one) for one in report.stacks) and report.stacks:
        yield sentence("No stack is of a CPU that is stuck.")


def _first_word(text: str) -> str:
    """Only our own words begin with a capital; a task is called what it is called."""
    return text[:1].upper() + text[1:] if text.startswith("a CPU") else text


def _held(report: StallReport, graph: LockGraph) -> Iterator[Sentence]:
    holds = [edge for edge in graph.edges if edge.relation is Relation.HOLDS]
    for edge in holds:
        yield sentence(
            f"{graph.nodes[edge.tail].name} is held by {graph.nodes[edge.head].name}, by its list of held locks.",
            edge.dependency.span,
            item=f"edge:{edge.number}",
        )
    if not holds and any(edge.relation is Relation.WAITS for edge in graph.edges):
        spans = [held.span for held in report.lists]
        yield sentence("The text does not say who has it: no list of held locks names a holder.", *spans)
    if not report.lists:
        return
    counts = [f"{held.task} holds {counted(held.count, 'lock')}" for held in report.lists[:4]]
    yield sentence(f"{listed(counts)}.", *(held.span for held in report.lists[:4]))


def _starved(report: StallReport) -> Iterator[Sentence]:
    for line in (report.title, *report.lines):
        pids = [word[1:].partition("/")[0].partition(":")[0] for word in line.split() if word[:1] == "P"]
        pids = [pid for pid in pids if pid.isascii() and pid.isdigit()]
        if pids and ("Tasks blocked on" in line or "expedited" in line):
            noun = "process" if len(pids) == 1 else "processes"
            yield sentence(f"RCU waits for the {noun} {listed(pids)}, preempted inside of a read section.", report.span)
        if " kthread starved for " in line:
            thread = line.partition(" kthread")[0]
            yield sentence(
                f"The grace-period thread {thread} itself got no time to run, so the stall may be its own.", report.span
            )
        elif line.startswith("INFO: Stall ended"):
            yield sentence("The stall was over before the stacks were printed: they may show something else.")
