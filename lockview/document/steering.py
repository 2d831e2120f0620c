"""A recorded run of a scenario made again, so that another way can be taken at any of its steps."""

from __future__ import annotations

from bisect import bisect_left

from lockview.document.documents import Document
from lockview.document.errors import UserError
from lockview.document.scenarios import library, open_scenario
from lockview.document.simulated import BY_HAND, Setup, scenario_document, with_its_reports
from lockview.document.traced import Source, TracedRun
from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS
from lockview.sim.heads import checksum, read_switches
from lockview.sim.machine import Move
from lockview.sim.scenarios.description import Description


def steered_document(run: TracedRun, position: int) -> Document:
    """The scenario of a run as a document, run as the trace says, at the step that event ``position`` belongs to.

    UserError when the library has not that very scenario or the kernel is not known, and when a step does not fit.
    """
    source = run.source
    if source is None:
        raise UserError("This run is of a real kernel; there is nothing that could be made again.")
    description = _description_of(source)
    document = scenario_document(description)
    simulated = document.simulated
    assert simulated is not None
    simulated.prepare(Setup(source.variant, _switches_of(source), way=BY_HAND))
    for number, choice in enumerate(source.choices):
        try:
            simulated.course.step(Move(*choice))
        except (ValueError, IndexError) as error:
            raise UserError(f"Step {number + 1} of the trace does not fit the scenario: {error}.") from error
    simulated.position = bisect_left(source.steps, position)
    return with_its_reports(document)


def _description_of(source: Source) -> Description:
    """The scenario, or that case of it, that was run."""
    path = next((entry.path for entry in library() if source.scenario and entry.id == source.scenario), "")
    if path:
        whole = open_scenario(path)
        for description in (whole, *(whole.in_case(case) for case in whole.cases)):
            if checksum(description) == source.sha256:
                return description
    raise UserError("The library has not the very scenario of which this trace is; open the scenario's own file.")


def _switches_of(source: Source) -> frozenset[Switch]:
    if source.variant not in VARIANTS:
        raise UserError(f"{source.variant} is no kernel; known: {', '.join(VARIANTS)}.")
    try:
        on, off = read_switches(source.switches)
    except ValueError as error:
        raise UserError(f"The kernel of this trace is not known: {error}.") from error
    return (VARIANTS[source.variant].switches | frozenset(on)) - frozenset(off)
