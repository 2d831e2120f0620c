"""SPIN on the exported models: as many states, transitions and deadlocks as our own search, and how long both take.

SPIN counts the transition into the first state too. Skipped where ``spin`` or ``gcc`` are not installed.
"""

import random
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import pytest

from lockview.document.scenarios import find_scenario, library, open_scenario
from lockview.export.promela import promela
from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS
from lockview.parsing.reader import read_file
from lockview.sim.explorer.matrix import waiting
from lockview.sim.exploring import explore
from lockview.sim.machine import Machine
from lockview.sim.scenarios.building import build
from lockview.sim.scenarios.description import Description
from lockview.sim.scenarios.reading import read_scenario
from lockview.sim.transitions import Transitions
from lockview.sim.verdicts import NamedVerdict, report_verdicts

S = Switch
SAMPLE = Path(__file__).resolve().parents[2] / "resources/samples/khugepaged-fs-reclaim.log"

pytestmark = pytest.mark.skipif(
    not (shutil.which("spin") and shutil.which("gcc")), reason="needs spin and gcc (Debian packages of these names)"
)


class Counts(NamedTuple):
    """All that can be reached; ``errors`` are states in which nobody can go on, and misuses of locks."""

    states: int
    transitions: int
    errors: int


def ours(machine: Machine) -> Counts:
    """The whole graph of states: the search goes on behind a deadlock."""
    graph = Transitions(machine)
    order = [graph.start]
    seen = {graph.start}
    transitions = errors = 0
    for packed in order:
        steps = graph.of(packed)
        transitions += len(steps)
        errors += not steps and not graph.is_done(packed)
        for _, after, violation in steps:
            errors += violation is not None
            if violation is None and after not in seen:
                seen.add(after)
                order.append(after)
    return Counts(len(seen), transitions, errors)


def output_of(text: str, folder: Path, *options: str) -> str:
    """What the checker that SPIN makes of a model prints."""
    (folder / "model.pml").write_text(text)
    run = partial(subprocess.run, cwd=folder, capture_output=True, text=True, check=True, timeout=300)
    made = run(["spin", "-a", "model.pml"])
    assert not made.stdout.strip(), made.stdout
    run(["gcc", "-O2", "-w", "-DSAFETY", "-DNOREDUCE", "-o", "pan", "pan.c"])
    return run(["./pan", "-m1000000", *options]).stdout


def spins(text: str, folder: Path) -> Counts:
    """What SPIN counts, its reductions off, when it goes on behind each find."""
    printed = output_of(text, folder, "-c0")
    assert "max search depth too small" not in printed

    def number(pattern: str) -> int:
        match = re.search(pattern, printed)
        assert match, printed
        return int(match[1])

    return Counts(number(r"(\d+) states, stored"), number(r"(\d+) transitions") - 1, number(r"errors: (\d+)"))


def agree(machine: Machine, folder: Path, name: str) -> None:
    found, expected = ours(machine), spins(promela(machine, name), folder)
    print(f"{name}: {found.states:,} states, {found.transitions:,} transitions, {found.errors} errors")
    assert found == expected


def lock_only() -> Iterator[tuple[str, Callable[[], Machine]]]:
    """Every scenario of the library with each of its cases, as far as it does nothing but lock."""
    for entry in library():
        scenario = open_scenario(entry.path)
        if not all(call.routine == "lock-program" for task in scenario.tasks for call in task.calls):
            continue
        yield scenario.id, partial(machine_of, scenario)
        for case in scenario.cases:
            on, off = case.on, tuple(set(scenario.on) - set(case.on)) + case.off
            yield f"{scenario.id}, {case.title}", partial(machine_of, scenario, case.variant, on, off)


def machine_of(
    scenario: Description, variant: str = "", on: tuple[str, ...] = (), off: tuple[str, ...] = ()
) -> Machine:
    return build(scenario, VARIANTS[variant] if variant else None, map(Switch, on), map(Switch, off)).machine


SCENARIOS = dict(lock_only())
REDUCED = {
    "S01, its locks": partial(waiting, "exec, mremap, khugepaged"),
    "S01, its locks, M23": partial(waiting, "exec, mremap, khugepaged", S.M23),
    "and truncation, M23": partial(waiting, "exec, mremap, khugepaged, truncate", S.M23),
    "M18": partial(waiting, "mremap, truncate, reader", S.M18),
    "M19": partial(waiting, "mremap, truncate, reader", S.M19, S.UNFAIR_RWSEM),
    "M20": partial(waiting, "mremap, truncate, reader", S.M20),
    "M20 unfair": partial(waiting, "mremap, truncate, reader", S.M20, S.UNFAIR_RWSEM),
    "M21": partial(waiting, "mremap, reader", S.M21),
}


def test_there_are_scenarios_of_locks_only() -> None:
    assert {"S02", "S18", "S19", "S27"} <= SCENARIOS.keys()


@pytest.mark.parametrize("name", [*SCENARIOS, *REDUCED])
def test_spin_sees_what_we_see(name: str, tmp_path: Path) -> None:
    agree((SCENARIOS | REDUCED)[name](), tmp_path, name)


def test_readings_of_the_report(tmp_path: Path) -> None:
    verdicts = report_verdicts(read_file(str(SAMPLE)).reports[0])
    for number, verdict in enumerate(described(verdicts)):
        assert verdict.description is not None
        folder = tmp_path / str(number)
        folder.mkdir()
        agree(build(verdict.description).machine, folder, verdict.name)


def described(verdicts: tuple[NamedVerdict, ...]) -> Iterator[NamedVerdict]:
    for verdict in verdicts:
        if verdict.description is not None:
            yield verdict
        yield from described(verdict.cases)


# --- programs by the dice -----------------------------------------------------------------------------------------

KINDS = {"a": "mutex", "b": "rwsem", "c": "rwlock", "d": "spinlock"}


def made_up(seed: int) -> Machine:
    """Two to four tasks over locks, a counter and interrupts, some on one CPU; now and then one misuses a lock."""
    dice = random.Random(seed)
    text = 'format = "lockview.scenario 1"\nid = "mine"\ntitle = "made up"\n'
    for name, kind in KINDS.items():
        fair = "true" if kind in ("rwsem", "rwlock") and dice.random() < 0.7 else "false"
        text += f'[[lock]]\nname = "{name}"\nkind = "{kind}"\nfair = {fair}\n'
    text += '[[lock]]\nname = "s"\nkind = "seqcount"\n'
    for number in range(dice.randint(2, 4)):
        lines = ", ".join(f'"{line}"' for line in program(dice))
        cpu = dice.choice(("", "", f"cpu = 0\npriority = {number}\narrives = {str(number > 0).lower()}\n"))
        text += f'[[task]]\nname = "t{number}"\npid = {number}\n{cpu}'
        text += f'[[task.call]]\nroutine = "lock-program"\nsteps = [{lines}]\n'
    return build(read_scenario(text)).machine


def program(dice: random.Random) -> Iterator[str]:
    held: list[str] = []
    for lock in dice.sample(sorted(KINDS), dice.randint(1, 3)):
        shared = KINDS[lock] in ("rwsem", "rwlock") and dice.random() < 0.5
        yield f"{dice.choice(('take', 'take', 'try'))} {lock}{dice.choice((' shared', ' recursive')) if shared else ''}"
        held.append(lock)
        yield from dice.choice(
            (["begin s", "end s"], ["check s"], ["spin s"], ["irqs off", "flush", "irqs on"], [], [])
        )
    if dice.random() < 0.1:
        held.append(held[0])
    for lock in reversed(held):
        yield f"release {lock}"


@pytest.mark.parametrize("seed", range(16))
def test_programs_by_the_dice(seed: int, tmp_path: Path) -> None:
    agree(made_up(seed), tmp_path, f"dice {seed}")


# --- a broken exporter must be caught -----------------------------------------------------------------------------

BROKEN = {
    "writers pass the queue": ("S02", (S.M20,), r"_nobody_ahead\(me\) .*", "_nobody_ahead(me) true"),
    "readers pass the queue": ("S02", (S.M20,), r"_no_writer_ahead\(me\) .*", "_no_writer_ahead(me) true"),
    "a writer does not mind readers": ("S02", (), r" && lock_\d_readers\[0\] == 0", ""),
    "nobody queues": ("S02", (), r"append\(lock_\d_queue, \d, \d+\)", "skip"),
    "who got the lock stays queued": ("S02", (), r"take_out\(lock_\d_queue, \d, \d+\); ", ""),
    "a lock is never given up": ("S19", (), r"-> lock_0_writer = 0", "-> skip"),
    "a counter is not raised": ("S02", (S.M18,), r"cell_(\d) = cell_\1 \+ 1", "skip"),
    "a flush waits for nobody": ("S18", (), r"(place_\d+: /\* Flush[^:]*::) d_step {[^}]*}", r"\1 d_step { skip }"),
    "a CPU is for all": ("S02", (S.M21,), r"!\((at_5 == \d|\(at_5 [^>]*?\))\)", "true"),
    "the end is no end": ("S18", (), r"end_", "place_"),
    "a step is two": ("S19", (), r"d_step { (.*?) -> ", r"atomic { true }; d_step { \1 -> "),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_exporter_is_caught(name: str, tmp_path: Path) -> None:
    scenario, on, pattern, instead = BROKEN[name]
    machine = build(find_scenario(scenario), on=on).machine
    text = promela(machine)
    broken = re.sub(pattern, instead, text)
    assert broken != text
    assert spins(broken, tmp_path) != ours(machine)


# --- time ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCENARIOS)
def test_to_a_verdict_not_slower_than_spin(name: str, tmp_path: Path) -> None:
    """From the scenario to the first find, or none: ours against generating, compiling and running SPIN's checker."""
    begin = perf_counter()
    found = explore(SCENARIOS[name]()).found
    mine = perf_counter() - begin
    begin = perf_counter()
    printed = output_of(promela(SCENARIOS[name]()), tmp_path)
    other = perf_counter() - begin
    print(f"{name}: {mine * 1e3:.0f} ms, SPIN {other * 1e3:.0f} ms: {other / mine:.0f} times as fast")
    assert ("errors: 0" not in printed) is (found is not None)
    assert mine <= other
