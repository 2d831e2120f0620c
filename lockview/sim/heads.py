"""The first line of a simulated run's trace, and the way back from a trace to the run."""

from __future__ import annotations

import json
from functools import cache
from typing import NamedTuple

from lockview import __version__
from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS, Variant
from lockview.kernel.what_ifs import WHAT_IFS
from lockview.model.run_traces import Head, Json, RunTrace
from lockview.sim.machine import Move
from lockview.sim.recorded_values import digest
from lockview.sim.recording import cpus_of
from lockview.sim.scenarios.building import Built
from lockview.sim.scenarios.description import Description

OFF = "no-"
"""Before the name of a switch: turned off."""


class Chosen(NamedTuple):
    """Who chose the steps: the recommended run, a schedule, or the dice of a seed."""

    scheduler: str
    seed: int | None = None


def head_of(built: Built, chosen: Chosen, cpus: int | None = None) -> Head:
    """What a trace says first about a run."""
    description = built.description
    return Head(
        f"lockview {__version__}",
        {
            "id": description.id,
            "title": description.title,
            "sha256": checksum(description),
            "params": {},
        },
        built.kernel.variant.name,
        switch_words(built),
        "step",
        {"name": chosen.scheduler, "params": {}},
        {"unit": "ns", "kind": "logical"},
        len(set(cpus_of(built.machine))) if cpus is None else cpus,
        chosen.seed,
    )


def switch_words(built: Built) -> tuple[str, ...]:
    """How a kernel differs from its variant."""
    own, usual = built.kernel.switches, built.kernel.variant.switches
    turned_on = tuple(switch.value for switch in Switch if switch in own - usual)
    return turned_on + tuple(f"{OFF}{switch.value}" for switch in Switch if switch in usual - own)


def read_switches(words: tuple[str, ...]) -> tuple[tuple[Switch, ...], tuple[Switch, ...]]:
    """The switches that such words turn on and off. Raises ValueError naming one that is not known."""
    known = _known()
    turned_on: list[Switch] = []
    turned_off: list[Switch] = []
    for word in words:
        low = word.lower()
        if low in known:
            on, off = known[low]
        elif low.startswith(OFF) and low.removeprefix(OFF) in known:
            off, on = known[low.removeprefix(OFF)]
        else:
            names = ", ".join((*Switch, *WHAT_IFS))
            raise ValueError(f'"{word}" is no switch; known: {names}, each also with "{OFF}" before it')
        turned_on += on
        turned_off += off
    return tuple(turned_on), tuple(turned_off)


@cache
def _known() -> dict[str, tuple[tuple[Switch, ...], tuple[Switch, ...]]]:
    """What each name in small letters turns on, and off."""
    what_ifs = {name.lower(): (what_if.on, what_if.off) for name, what_if in WHAT_IFS.items()}
    return {switch.value.lower(): ((switch,), ()) for switch in Switch} | what_ifs


class Recipe(NamedTuple):
    """All that is needed to run a trace's run again; the scenario has to be the same."""

    variant: Variant
    on: tuple[Switch, ...]
    off: tuple[Switch, ...]
    moves: tuple[Move, ...]
    chosen: Chosen


def recipe(trace: RunTrace) -> Recipe:
    """What a trace says about how it was made. Raises ValueError for a variant or a switch that is not known."""
    head = trace.head
    if head.variant not in VARIANTS:
        raise ValueError(f'"{head.variant}" is no kernel; known: {", ".join(VARIANTS)}')
    on, off = read_switches(head.switches)
    chosen = Chosen(str(head.scheduler.get("name", "")), head.seed)
    return Recipe(VARIANTS[head.variant], on, off, tuple(Move(*choice) for choice in trace.choices), chosen)


def is_same_scenario(head: Head, description: Description) -> bool:
    """Whether a trace is one of this very scenario."""
    return head.scenario.get("sha256") == checksum(description)


def checksum(description: Description) -> str:
    """What tells scenarios apart, whatever their files look like."""
    return digest(_canonical(description))


def _canonical(description: Description) -> str:
    """A scenario as text that does not depend on how its file was laid out."""
    tasks = tuple(
        task._replace(calls=tuple(call._replace(line=0) for call in task.calls)) for task in description.tasks
    )
    value: Json = description._replace(tasks=tasks)
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))
