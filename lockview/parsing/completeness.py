"""What a circular report lacks, and which contradictions it holds, each as a sentence that names the line."""

from __future__ import annotations

from lockview.model.reports import CircularReport, HeldLocks
from lockview.model.text import NOWHERE, Span
from lockview.parsing.repairs import Repairs

_WHAT = {
    "wanted": "the lock that the task wants",
    "held": "the lock that the task holds",
    "chain": "the dependency chain down to -> #0",
    "scenario": "the scenario",
    "held-locks": "the list of held locks",
    "backtrace": "the stack backtrace",
}


def missing_parts(report: CircularReport, scenario_expected: bool) -> tuple[str, ...]:
    """The parts that a circular report always has and this one has not."""
    chain = report.chain
    there = {
        "wanted": report.wanted is not None,
        "held": report.held is not None,
        "chain": bool(chain) and chain[-1].index == 0 and len(chain) > 1,
        "scenario": bool(report.scenario) or not scenario_expected,
        "held-locks": report.held_locks is not None,
        "backtrace": report.backtrace is not None,
    }
    return tuple(part for part, found in there.items() if not found)


def check(report: CircularReport, missing: tuple[str, ...], repairs: Repairs) -> None:
    """Write down what is missing and what contradicts itself."""
    last = Span(report.span.last, report.span.last)
    for part in missing:
        where = _place_of(report, part) or last
        repairs.warn(
            f"{part}-missing", f"line {where.last}: {_WHAT[part]} should follow this line, but is missing", where
        )
    _check_chain(report, repairs)
    check_held(report.held_locks, repairs)
    _check_scenario(report, repairs)


def _place_of(report: CircularReport, part: str) -> Span:
    """The last line before the place where a missing part would stand."""
    before = {
        "wanted": (),
        "held": (report.wanted,),
        "chain": (report.wanted, report.held, *report.chain),
        "scenario": (report.wanted, report.held, *report.chain),
        "held-locks": (report.wanted, report.held, *report.chain, *report.scenario),
        "backtrace": (report.wanted, report.held, *report.chain, *report.scenario, report.held_locks),
    }[part]
    spans = [item.span for item in before if item]
    place = spans[-1] if spans else Span(report.span.first, report.span.first)
    return Span(place.last, place.last) if place else NOWHERE


def _check_chain(report: CircularReport, repairs: Repairs) -> None:
    for above, below in zip(report.chain, report.chain[1:], strict=False):
        if below.index != above.index - 1:
            repairs.warn(
                "chain-gap",
                f"line {below.span.first}: -> #{above.index - 1} was expected behind -> #{above.index}, "
                f"but -> #{below.index} follows; locks may lie between",
                Span(below.span.first, below.span.first),
            )
    for entry in report.chain:
        if not entry.stack.frames:
            repairs.note("stack-empty", f"line {entry.span.first}: -> #{entry.index} has no stack under it", entry.span)


def check_held(held: HeldLocks | None, repairs: Repairs) -> None:
    """Write down when a list of held locks has not as many entries as its head says."""
    if held is None or held.count == len(held.locks):
        return
    message = f"line {held.span.first}: the count says {held.count} held locks, {len(held.locks)} are listed"
    if held.locks:
        repairs.warn("held-count", message, held.span)
    else:
        repairs.note("held-not-listed", message + "; the kernel lists none for a running task", held.span)


def _check_scenario(report: CircularReport, repairs: Repairs) -> None:
    steps = report.scenario
    if not steps:
        return
    span = steps[0].span.joined(steps[-1].span)
    if len(steps) < 4:
        repairs.warn(
            "scenario-cut", f"lines {span.first}-{span.last}: {len(steps)} of 4 scenario steps are there", span
        )
