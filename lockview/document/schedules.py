"""Schedules as lines of text that people send each other: written of a run, and followed in another one."""

from __future__ import annotations

from lockview.document.errors import UserError
from lockview.document.simulated import BY_HAND, Simulated
from lockview.sim.schedule_text import read_schedule, why_not, write_schedule


def schedule_of(simulated: Simulated) -> str:
    """The line that tells the steps of a run."""
    return write_schedule(simulated.course.moves, simulated.description.id)


def follow_schedule(simulated: Simulated, text: str) -> str:
    """Run along such a line, with the kernel that is chosen, as far as it fits; where and why it does not, else "".

    UserError, with nothing run, when the line is none or damaged, or of another scenario.
    """
    try:
        shared = read_schedule(text)
    except ValueError as error:
        raise UserError(f"This is no schedule: {error}.") from error
    own = simulated.description.id
    if shared.scenario and shared.scenario != own:
        raise UserError(f"This schedule is of scenario {shared.scenario}, not of {own or 'this one'}.")
    simulated.prepare(simulated.setup._replace(way=BY_HAND))
    course, said = simulated.course, ""
    for number, move in enumerate(shared.moves, 1):
        if course.ending is not None or move not in course.machine.moves(course.states[-1]):
            reason = "the run is over" if course.ending else why_not(course.machine, course.states[-1], move)
            said = f"The schedule fits up to step {number - 1} of {len(shared.moves)}; at step {number} {reason}."
            break
        course.step(move)
    simulated.position = len(course)
    return said
