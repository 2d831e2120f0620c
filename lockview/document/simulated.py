"""A scenario that is open: how it is to run, the run so far, and the document that its reports make.

What the embedded validator says is written as the kernel would print it and read back, so its reports have lines like
those of any log.
"""

from __future__ import annotations

from typing import NamedTuple

from lockview.document.documents import Document
from lockview.document.errors import UserError
from lockview.document.scenarios import open_scenario
from lockview.export.kernel_text import kernel_text
from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS
from lockview.model.logs import Log
from lockview.parsing.reader import read_bytes
from lockview.parsing.source_lines import SourceLines
from lockview.sim.course import Course
from lockview.sim.machine import State
from lockview.sim.running import Choose, by_dice, in_order
from lockview.sim.scenarios.building import build
from lockview.sim.scenarios.description import Description
from lockview.sim.simulation import recommended

RECOMMENDED, DICE, BY_HAND = "recommended", "dice", "by hand"
MAIL = "S01"
"""The scenario that reproduces the bundled sample."""


class Setup(NamedTuple):
    """How a scenario is to run. ``switches`` are all that are on; ``case`` numbers its cases, -1 for the main one."""

    variant: str
    switches: frozenset[Switch]
    case: int = -1
    way: str = RECOMMENDED
    seed: int = 1


class Simulated:
    """An open scenario. ``position`` is the step that is looked at: so many have been made before."""

    def __init__(self, description: Description) -> None:
        self.description = description
        self.setup = setup_of(description)
        self.course = Course(build(description))
        self.position = 0

    @property
    def is_of_the_mail(self) -> bool:
        """Whether the bundled sample is what its report is to be compared with."""
        return self.description.id == MAIL

    @property
    def state(self) -> State:
        """The state that is looked at."""
        return self.course.states[self.position]

    def prepare(self, setup: Setup) -> Choose | None:
        """Start afresh in another way; who is to choose the steps, None when it is the user.

        UserError when the scenario cannot be built for that kernel.
        """
        described = self.description
        if 0 <= setup.case < len(described.cases):
            described = described.in_case(described.cases[setup.case])
        try:
            built = build(described, VARIANTS[setup.variant], setup.switches, set(Switch) - setup.switches)
        except ValueError as error:
            raise UserError(f"The scenario does not fit this kernel: {error}.") from error
        self.setup, self.course, self.position = setup, Course(built), 0
        if setup.way == BY_HAND:
            return None
        return by_dice(setup.seed) if setup.way == DICE else recommended(built)

    def going_on(self) -> Choose:
        """The choices of a run that goes on from where it is, each task as far as it gets."""
        return in_order(range(len(self.course.built.tasks)))


def setup_of(description: Description, case: int = -1) -> Setup:
    """How a scenario, or one of its cases, says itself that it is to run."""
    part = description.cases[case] if case >= 0 else description
    switches = (VARIANTS[part.variant].switches | {*map(Switch, part.on)}) - {*map(Switch, part.off)}
    return Setup(part.variant, frozenset(switches), case)


def read_scenario_document(path: str) -> Document:
    """The scenario in a file as a document. UserError names what is wrong in it, and where."""
    return scenario_document(open_scenario(path), path)


def read_scenario_text(data: bytes, name: str) -> Document:
    """The scenario in text that comes from no file, as a document. UserError as for a file."""
    from lockview.sim.scenarios.reading import read_scenario_bytes
    from lockview.sim.scenarios.tables import ScenarioError

    try:
        return scenario_document(read_scenario_bytes(data))
    except ScenarioError as error:
        raise UserError(f"{name}, {error}.") from error


def scenario_document(description: Description, path: str = "") -> Document:
    """A document of a scenario that has not run yet."""
    title = " ".join(part for part in (description.id, description.title) if part)
    return Document(Log(path or title), [], path, title=title, simulated=Simulated(description))


def with_its_reports(document: Document) -> Document:
    """The document with all that the validator has said in its run so far."""
    simulated = document.simulated
    assert simulated is not None
    text = "".join(kernel_text(report) for report in simulated.course.reports)
    if not text:
        return Document(Log(document.log.name), [], document.path, title=document.title, simulated=simulated)
    data = text.encode("utf-8", "replace")
    log = read_bytes(data, document.log.name)
    return Document(log, SourceLines(data), document.path, title=document.title, simulated=simulated)


def own_source(file: str) -> str:
    """The text of one of our own routines' files, as a frame names it; "" when it is not there."""
    import pkgutil

    package, _, name = file.partition("/")
    if package != "lockview" or not name.startswith("kernel/") or ".." in name.split("/"):
        return ""
    try:
        return (pkgutil.get_data(package, name) or b"").decode("utf-8", "replace")
    except OSError:
        return ""
