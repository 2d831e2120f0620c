"""What a report about interrupts means: the lock that an interrupt takes, the one that it finds held, and the order."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.analysis.explain import Sentence, damage, documented_orders, sentence, well_known
from lockview.analysis.graph_irq import mentions_of
from lockview.analysis.irq_links import is_inside
from lockview.analysis.lock_graph import LockEdge, LockGraph, LockKind, LockNode, Mode, Relation
from lockview.analysis.states import decode_state, interrupt_words
from lockview.analysis.tasks import entry_of, function_path, reporter
from lockview.analysis.usage import decode_usage
from lockview.analysis.wording import counted
from lockview.model.irq_reports import InconsistentReport, IrqInversionReport, IrqOrderReport
from lockview.model.reports import Report
from lockview.model.text import Span

_CALLS = {
    LockKind.SPINLOCK: "spin_lock",
    LockKind.UNKNOWN: "spin_lock",
    LockKind.RWLOCK: "write_lock",
    LockKind.SEQCOUNT: "write_seqlock",
}
"""The function that locks without a look at interrupts, for the kinds that have variants which keep them off."""


def summary(report: Report, graph: LockGraph) -> str:
    """The report in one line."""
    irq = interrupt_words(_irq(report))
    if isinstance(report, InconsistentReport):
        name = report.wanted.lock_class.name if report.wanted else "a lock"
        words = [word for word in map(decode_state, _states(report)) if word]
        return f"{name} is {words[0]} and also {words[1].removeprefix('taken ')}" if len(words) == 2 else report.title
    if isinstance(report, IrqInversionReport):
        changed = report.changed.lock_class.name if report.changed else "a lock"
        other = report.other.lock_class.name if report.other else "another"
        first, last = (changed, other) if report.forwards else (other, changed)
        return f"{first} is taken inside {irq}, {last} under it with them enabled"
    wanted = next((node.name for node in graph.nodes if node.wanted), "")
    held = next((node.name for node in graph.nodes if node.held), "")
    if not wanted:
        return report.title
    line = f"{reporter(report)} wants {wanted}"
    return line + (f" while holding {held}, in the reach of {irq}" if held else "")


def explain(report: Report, graph: LockGraph) -> tuple[Sentence, ...]:
    """Say what clashes, how an interrupt closes the cycle, where each use was seen, and what is done about it."""
    return (
        *_clash(report, graph),
        *(said for edge in graph.edges for said in _edge(graph, edge)),
        *_interrupt(report, graph),
        *_marks(report, graph),
        *well_known(report, graph),
        *documented_orders(graph),
        *_fix(report, graph),
        *_lacking(report),
        *damage(report, graph),
    )


def _irq(report: Report) -> str:
    if isinstance(report, IrqOrderReport | IrqInversionReport):
        return report.irq
    if isinstance(report, InconsistentReport):
        inside = next(filter(is_inside, _states(report)), "")
        return inside.upper().removeprefix("IN-").removesuffix("-W").removesuffix("-R")
    return ""


def _states(report: InconsistentReport) -> tuple[str, str]:
    return report.old_state, report.new_state


def _clash(report: Report, graph: LockGraph) -> Iterator[Sentence]:
    if isinstance(report, InconsistentReport):
        yield from _inconsistent(report)
    elif isinstance(report, IrqOrderReport):
        yield from _order(report)
    elif isinstance(report, IrqInversionReport):
        yield from _inversion(report)
    if not graph.edges:
        yield sentence("The text does not say how the locks hang together, so there is no edge to draw.")


def _inconsistent(report: InconsistentReport) -> Iterator[Sentence]:
    if report.wanted is None:
        return
    name, lock = reporter(report), report.wanted
    old, new = map(decode_state, _states(report))
    where = f" in {lock.site.bare_function}" if lock.site else ""
    if old and new:
        yield sentence(
            f"{lock.lock_class} is {new} by {name}{where}, but it was {old} before: {report.old_state} and "
            f"{report.new_state} do not go together.",
            lock.span,
            item="edge:0",
        )
    else:
        yield sentence(
            f"{name} uses {lock.lock_class}{where} in a way that does not go with an earlier use.", lock.span
        )


def _order(report: IrqOrderReport) -> Iterator[Sentence]:
    irq = interrupt_words(report.irq)
    if report.wanted and report.held:
        yield sentence(
            f"{reporter(report)} holds {report.held.lock_class} and asks for {report.wanted.lock_class}.",
            report.held.span,
            report.wanted.span,
        )
    if report.safe and report.unsafe:
        yield sentence(
            f"That joins {report.safe.lock_class}, which is taken inside {irq}, with {report.unsafe.lock_class}, "
            f"which is taken with {irq} enabled.",
            report.safe_stack.span,
            report.unsafe_stack.span,
        )


def _inversion(report: IrqInversionReport) -> Iterator[Sentence]:
    if report.changed is None:
        return
    irq, changed = interrupt_words(report.irq), report.changed
    now = f"inside {irq}" if report.forwards else f"with {irq} enabled"
    yield sentence(f"{reporter(report)} just used {changed.lock_class} {now} for the first time.", changed.span)
    if report.other and report.forwards:
        yield sentence(f"{report.other.lock_class}, which is taken under it, is also taken with {irq} enabled.")
    elif report.other:
        yield sentence(f"{report.other.lock_class}, under which it is taken, is also taken inside {irq}.")


def _edge(graph: LockGraph, edge: LockEdge) -> Iterator[Sentence]:
    dependency, item = edge.dependency, f"edge:{edge.number}"
    tail, head = graph.nodes[edge.tail].name, graph.nodes[edge.head].name
    label = f"Edge {edge.order} (new)" if dependency.new else f"Edge {edge.order}"
    if edge.relation is Relation.INTERRUPT:
        yield sentence(f"{label}: an interrupt that comes while {tail} is held may take {head}.", item=item)
        for evidence in edge.evidence:
            path = function_path(evidence.stack)
            entry = entry_of(evidence.stack)
            inside = f" (in {entry})" if entry and entry not in path else ""
            yield sentence(
                f"{label}, {evidence.title}: {path}{inside}{'' if path.endswith('...') and not inside else '.'}",
                evidence.stack.span,
                item=item,
            )
        return
    if edge.relation is Relation.PATH:
        text = f"{label}: {head} is reached from {tail} through locks that the text does not name."
        yield sentence(text, dependency.span, item=item)
        return
    path = function_path(dependency.stack)
    if not path:
        yield sentence(f"{label}: {head} was taken while {tail} was held. The text has no stack for it.", item=item)
        return
    mode = " shared" if edge.mode is Mode.SHARED else ""
    task = graph.tasks[edge.task].name
    doing = f"asks for {head}{mode} while it holds" if dependency.new else f"took {head}{mode} while it held"
    end = "" if path.endswith("...") else "."
    yield sentence(f"{label}: {task} {doing} {tail}: {path}{end}", dependency.stack.span, item=item)


def _interrupt(report: Report, graph: LockGraph) -> Iterator[Sentence]:
    """How it ends: on one CPU for one lock, on two for several."""
    edge = next((edge for edge in graph.edges if edge.relation is Relation.INTERRUPT), None)
    if edge is None:
        return
    item, tail, head = f"edge:{edge.number}", graph.nodes[edge.tail].name, graph.nodes[edge.head].name
    what = "an NMI" if "NMI" in _irq(report) else "the interrupt"
    yield sentence(
        "Lockdep saw each of these uses at some time, perhaps never together. The report does not say that anybody is "
        "stuck."
    )
    if edge.tail == edge.head:
        yield sentence(
            f"If {what} comes on the CPU that holds {tail}, it waits for a lock that only the code it interrupted can "
            "release: one CPU is enough to get stuck.",
            item=item,
        )
        return
    spans = [step.span for step in report.scenario]
    yield sentence(
        f"So one CPU may hold {tail} when {what} comes and asks for {head}, while another CPU holds {head} and waits "
        f"for {tail}: both are stuck. It takes {counted(len(graph.nodes), 'lock')} and two CPUs at the least.",
        *spans,
        item=item,
    )


def _marks(report: Report, graph: LockGraph) -> Iterator[Sentence]:
    """The usage marks of each lock, by the rules of the report's own era."""
    for node in graph.nodes:
        marks = decode_usage(node.usage, report.title, report.kernel)
        told = [words for words in marks if not words.startswith(".")]
        if told:
            spans = _lines_of(report, node)
            text = f"The marks {{{node.usage}}} of {node.name} say: {'; '.join(told)}."
            yield sentence(text, *spans[:1], item=f"lock:{node.number}")


def _lines_of(report: Report, node: LockNode) -> list[Span]:
    lines = [line for line in mentions_of(report) if line.lock_class == node.lock_class]
    spans = [getattr(line, "span", Span(0, 0)) for line in lines]
    return [Span(span.first, span.first) for span in spans if span]


def _fix(report: Report, graph: LockGraph) -> Iterator[Sentence]:
    edge = next((edge for edge in graph.edges if edge.relation is Relation.INTERRUPT), None)
    if edge is None:
        yield sentence(
            "Usual fix: keep the interrupt off wherever the lock is taken that the other use takes inside it "
            "(_irqsave, or _bh for soft interrupts), or do not take that lock inside it."
        )
        return
    node, inside = graph.nodes[edge.tail], graph.nodes[edge.head].name
    irq, item = interrupt_words(_irq(report)), f"lock:{node.number}"
    if irq == "file system reclaim":
        yield sentence(
            f"Usual fix: allocate with GFP_NOFS (or between memalloc_nofs_save and memalloc_nofs_restore) while "
            f"{node.name} is held.",
            item=item,
        )
    elif irq == "an NMI":
        yield sentence("Usual fix: nothing keeps an NMI out, so take no lock in it, or only by a trylock.", item=item)
    elif node.kind in _CALLS:
        variant = _CALLS[node.kind] + ("_bh" if irq == "soft interrupts" else "_irqsave")
        yield sentence(
            f"Usual fix: keep {irq} off wherever {node.name} is taken outside them ({variant}), or do not take "
            f"{inside} inside them.",
            item=item,
        )
    else:
        yield sentence(
            f"Usual fix: interrupts cannot be kept off around {node.name}, so break the order: do not reach it from "
            f"{inside}, or put what needs it into a work item.",
            item=item,
        )


_LACKING = {
    "states": "the sentence that names the two states",
    "registered": "the stack of the earlier use",
    "safe": "the lock that is taken inside the interrupt, or its stack",
    "unsafe": "the lock that is taken with it enabled, or its stack",
    "changed": "the lock whose state changed",
    "other": "the other lock",
    "dependencies": "the dependencies between the locks, or part of them",
}


def _lacking(report: Report) -> Iterator[Sentence]:
    for part in report.reading.missing:
        if part in _LACKING:
            yield sentence(f"The text lacks {_LACKING[part]}.")
