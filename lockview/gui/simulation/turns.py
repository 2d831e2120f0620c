"""Whose turn it is: the buttons of the tasks at a moment of a simulated run."""

from __future__ import annotations

from lockview.document.visible import visible
from lockview.gui.replay.task_buttons import TaskButtons
from lockview.gui.simulation.words import next_words
from lockview.sim.course import Course


def show_turns(buttons: TaskButtons, course: Course, position: int) -> bool:
    """Let each button say what its task does next, and whether it can; whether there are more or fewer buttons now."""
    enabled = course.machine.enabled(course.states[position])
    planned = course.moves[position].task if position < len(course) else -1
    broken = course.violation is not None and position == len(course)
    changed = buttons.set_count(len(course.built.tasks))
    for number, button in enumerate(buttons.buttons):
        name, words = visible(str(course.built.tasks[number])), next_words(course, position, number)
        button.show_words(name, words, planned=number == planned, able=number in enabled and not broken)
    return changed
