"""The two runs that the panel can look for: into the deadlock, and past it from wherever the user is."""

from __future__ import annotations

from lockview.model.traces import Schedule
from lockview.sim.replay import Replay
from lockview.sim.scenario import Scenario
from lockview.sim.search import completing_schedule, deadlock_schedule, point_of_no_return


def run_into_deadlock(scenario: Scenario) -> Replay | None:
    """The shortest run into a deadlock that was found, watched from its start; None when none was found."""
    schedule = deadlock_schedule(scenario)
    return Replay.start(scenario, schedule) if schedule is not None else None


def run_past_deadlock(replay: Replay) -> Replay | None:
    """A run that finishes, watched from where it leaves the given one; None when none was found.

    It keeps as many of the steps done so far as can be kept: past the point of no return it goes back before it.
    """
    done = Schedule(replay.schedule.choices[: replay.position])
    too_late = point_of_no_return(replay.scenario, done)
    keep = len(done.choices) if too_late is None else too_late - 1
    if keep < 0:
        return None
    schedule = completing_schedule(replay.scenario, Schedule(done.choices[:keep]))
    return Replay.start(replay.scenario, schedule).to(keep) if schedule is not None else None


def any_run(scenario: Scenario) -> Replay:
    """What there is to watch before the user asks for anything: into the deadlock, else a run that finishes."""
    found = run_into_deadlock(scenario)
    if found is not None:
        return found
    return Replay.start(scenario, completing_schedule(scenario) or Schedule())
