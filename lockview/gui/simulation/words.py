"""A simulated run in words. Pure: a run and a position in, plain sentences out; names from a file are ``visible``."""

from __future__ import annotations

from lockview.analysis.wording import counted
from lockview.document.simulated import Setup
from lockview.document.visible import visible
from lockview.kernel.effects import Choose
from lockview.kernel.variants import VARIANTS
from lockview.model.reports import Report
from lockview.sim.course import MOST_STEPS, Course
from lockview.sim.running import Ending
from lockview.sim.scenarios.orders import effect_words
from lockview.sim.world_view import waits_for


def state_words(course: Course, position: int) -> str:
    """What the step before the position did, and at the end of the run how it stopped."""
    if not position:
        return f"Before the first step: {counted(len(course.built.tasks), 'task')}."
    done = course.steps[position - 1]
    task = visible(str(course.built.tasks[course.moves[position - 1].task]))
    function = visible(done.stack.frames[0].function) if done.stack.frames else ""
    effect = visible(effect_words(done.effect)) if done.effect else ""
    joins = " and waits in the queue" if done.stays else ""
    said = f"Step {position}: {task}, {function}: {effect}{joins}."
    return f"{said} {ending_words(course)}".rstrip() if position == len(course) else said


def ending_words(course: Course) -> str:
    """How the run stopped; "" while it can go on."""
    match course.ending:
        case Ending.DONE:
            return "All tasks have finished."
        case Ending.DEADLOCK:
            return f"Deadlock: {deadlock_words(course)}."
        case Ending.VIOLATION if course.violation is not None:
            return f"{visible(course.violation.invariant)} is broken: {visible(course.violation.text)}."
        case Ending.BOUND:
            return f"Stopped after {MOST_STEPS} steps."
        case _:
            return ""


def deadlock_words(course: Course) -> str:
    """Who waits for what at the end."""
    state = course.states[-1]
    waits = ((task, waits_for(course.built, state, number)) for number, task in enumerate(course.built.tasks))
    return "; ".join(f"{visible(str(task))} {visible(why)}" for task, why in waits if why)


def next_words(course: Course, position: int, task: int) -> str:
    """What a task does next, or why it cannot."""
    state, machine = course.states[position], course.machine
    effect = machine.effect(state, task)
    if effect is None:
        return "has finished"
    stack = machine.stack(state, task)
    function = f", in {stack.frames[0].function}" if stack.frames else ""
    return visible(waits_for(course.built, state, task) or f"{effect_words(effect)}{function}")


def outcomes(course: Course, position: int, task: int) -> tuple[str, ...]:
    """The outcomes between which the user is to choose for a task's next step; () when there is no choice."""
    effect = course.machine.effect(course.states[position], task)
    if not isinstance(effect, Choose):
        return ()
    names = ("no", "yes") if effect.options == 2 else tuple(map(str, range(effect.options)))
    return tuple(f"{effect.of}: {name}" for name in names)


def report_words(report: Report) -> str:
    """What the validator has to say, in one line."""
    return f"lockdep: {visible(report.title)}"


def setup_words(setup: Setup) -> str:
    """How many switches differ from those of the variant."""
    changed = setup.switches ^ VARIANTS[setup.variant].switches
    return f"Switches ({len(changed)} changed)\N{HORIZONTAL ELLIPSIS}" if changed else "Switches\N{HORIZONTAL ELLIPSIS}"
