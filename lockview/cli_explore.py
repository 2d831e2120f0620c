"""``lockview explore``: every order of the steps of a scenario, or of the tasks of a report, is tried.

Exit codes: 0 nothing can go wrong under these rules, 1 it can, 3 not decided, 2 it could not be run.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from lockview.command_line import CommandParser, write
from lockview.document.errors import UserError
from lockview.document.scenarios import find_scenario, is_scenario_file, library
from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS, Variant
from lockview.layout.labels import visible
from lockview.sim.explorer.checkpoints import read_checkpoint, write_checkpoint
from lockview.sim.explorer.lockdep_runs import MOST_RUNS, Spoke, first_report
from lockview.sim.explorer.outcomes import ASSUMPTIONS, Outcome, Verdict
from lockview.sim.explorer.strategies import STRATEGIES, Bounds, along, finished
from lockview.sim.exploring import BreadthFirst, Progress
from lockview.sim.heads import Chosen, head_of, read_switches, switch_words
from lockview.sim.scenarios.building import Built, build
from lockview.sim.scenarios.description import Description
from lockview.sim.schedule_text import read_schedule, write_schedule
from lockview.sim.simulation import simulate
from lockview.sim.telling import told, told_without

CANNOT, CAN, UNDECIDED = 0, 1, 3
_CODES = {Verdict.CANNOT: CANNOT, Verdict.UNDECIDED: UNDECIDED}
_BOUNDS = {
    "exhaustive": "states",
    "preemptions": "preemptions",
    "dpor": "executions",
    "pct": "runs",
    "random": "runs",
}
"""What ``--bound`` means for each strategy."""


def run(arguments: Sequence[str]) -> int:
    """Explore; returns the exit code. Raises UserError for what cannot be explored."""
    options = _parser().parse_args(arguments)
    if options.matrix:
        return _matrix(as_json=options.json)
    if options.target is None:
        raise UserError("a SCENARIO or FILE was expected; lockview explore --help shows how")
    if _is_scenario(options.target):
        return _scenario(options)
    from lockview.cli_report import report_verdicts_of

    return report_verdicts_of(options.target, options.report, as_json=options.json, model=options.promela or "")


def _parser() -> CommandParser:
    parser = CommandParser(
        "lockview explore",
        "Tries every order of the steps of a SCENARIO (lockview scenarios), or of the tasks of a report in FILE.\n"
        "Exit code: 0 nothing can go wrong under these rules, 1 it can, 3 not decided, 2 it could not be run.",
    )
    parser.add_argument("target", metavar="SCENARIO|FILE", nargs="?", help="an id such as S18, a scenario, or a log")
    parser.add_argument("--report", type=int, default=1, metavar="N", help="the N-th report of FILE (default 1)")
    parser.add_argument("--variant", choices=list(VARIANTS), metavar="KERNEL", help=f"one of {', '.join(VARIANTS)}")
    parser.add_argument(
        "--switch", action="append", default=[], metavar="S", help="turn a difference on, such as M5; no-S turns it off"
    )
    parser.add_argument("--strategy", choices=list(STRATEGIES), default="exhaustive", help="default %(default)s")
    bounds = ", ".join(f"{what} of {name}" for name, what in _BOUNDS.items())
    parser.add_argument("--bound", type=_number, metavar="N", help=f"how far to go: {bounds}")
    parser.add_argument("--depth", type=_number, default=3, metavar="D", help="depth of pct (default %(default)s)")
    parser.add_argument("--seed", type=_number, default=0, metavar="N", help="of pct and random (default 0)")
    parser.add_argument("--schedule", metavar="TEXT", help="run only this schedule, as explore prints it")
    parser.add_argument("--nearest", action="store_true", help="where the schedule does not fit take the nearest step")
    parser.add_argument("--checkpoint", metavar="FILE", help="keep an unfinished exhaustive search, and go on with it")
    parser.add_argument("-o", dest="out", metavar="OUT", help="write the counterexample as a trace")
    parser.add_argument("--promela", metavar="OUT", help="write a lock program as a model for SPIN, too")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--matrix", action="store_true", help="the table of mistakes: expected, found, differences")
    return parser


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 12:
        raise argparse.ArgumentTypeError(f"{text[:40]} is no whole number of at most 12 digits")
    return int(text)


def _is_scenario(target: str) -> bool:
    named = any(entry.id.lower() == target.lower() for entry in library())
    return named or not os.path.exists(target) or is_scenario_file(target)  # noqa: PTH110


# --- a scenario -------------------------------------------------------------------------------------------------


class _Kernel(NamedTuple):
    """The kernel that a scenario is to run on."""

    variant: Variant | None
    on: tuple[Switch, ...]
    off: tuple[Switch, ...]


def _scenario(options: argparse.Namespace) -> int:
    description = find_scenario(options.target)
    _refuse(options)
    try:
        kernel = _Kernel(VARIANTS[options.variant] if options.variant else None, *read_switches(tuple(options.switch)))
        built = build(description, kernel.variant, kernel.on, kernel.off)
        if options.promela:
            from lockview.cli_report import write_model

            write_model(built.machine, f"{description.id}: {description.title}", options.promela)
        outcome = _explored(built, options)
    except ValueError as error:
        raise UserError(f"{description.id} cannot be explored that way: {error}") from None
    if outcome.found is not None and options.out:
        simulation = simulate(
            description, variant=kernel.variant, on=kernel.on, off=kernel.off, moves=outcome.found.moves
        )
        from lockview.export.recorded_runs import trace_of

        Path(options.out).write_bytes(trace_of(simulation, Chosen("schedule")))
    sentences = tuple(_sentences(description, kernel, built, outcome))
    spoke = first_report(description, *kernel)
    form = _as_json if options.json else _as_text
    write(sys.stdout, form(built, outcome, sentences, spoke))
    return _CODES.get(outcome.verdict, CAN)


def _refuse(options: argparse.Namespace) -> None:
    if options.checkpoint and options.strategy != "exhaustive":
        raise UserError("--checkpoint goes with --strategy exhaustive only")
    for name in (options.out, options.checkpoint, options.promela):
        if name and os.path.exists(name) and is_scenario_file(name):  # noqa: PTH110
            raise UserError(f"{name} is a scenario; give another file to write")


def _explored(built: Built, options: argparse.Namespace) -> Outcome:
    machine = built.machine
    if options.schedule is not None:
        shared = read_schedule(options.schedule)
        if shared.scenario and shared.scenario != built.description.id:
            raise ValueError(f"the schedule is one of {shared.scenario}")
        return along(machine, shared.moves, nearest=options.nearest)
    bounds = Bounds(depth=max(options.depth, 1), seed=options.seed)
    if options.bound is not None:
        bounds = bounds._replace(**{_BOUNDS[options.strategy]: options.bound})
    with _watching() as watch:
        if options.checkpoint:
            return _with_checkpoint(built, bounds, Path(options.checkpoint), watch)
        return STRATEGIES[options.strategy](machine, bounds, watch.hear)


def _with_checkpoint(built: Built, bounds: Bounds, file: Path, watch: _Watching) -> Outcome:
    """Go on with the search that is in the file; leave it there when it stays undecided."""
    head = head_of(built, Chosen("explore"))
    model = f"{head.scenario['sha256']} {head.variant} {' '.join(head.switches)}"
    search = BreadthFirst(built.machine)
    if file.exists():
        try:
            search = read_checkpoint(file.read_bytes(), built.machine, model)
        except ValueError as error:
            raise UserError(f"{file}: {error}") from None
    outcome = finished(built.machine, search, bounds, watch.hear)
    if outcome.verdict is Verdict.UNDECIDED:
        file.write_bytes(write_checkpoint(search, model))
    return outcome


class _Watching:
    """Tells a terminal how far a search is, and stops it when the user interrupts."""

    def __init__(self) -> None:
        self._terminal = sys.stderr is not None and sys.stderr.isatty()
        self._begin = monotonic()
        self._told = self._begin
        self.interrupted = False

    def hear(self, progress: Progress) -> bool:
        now = monotonic()
        if self._terminal and now - self._told > 0.2:
            self._told = now
            rate = round(progress.transitions / (now - self._begin))
            bound = f", {progress.bound} preemptions" if progress.bound is not None else ""
            seen = f"{progress.states:,} states" if progress.states else f"{progress.executions:,} executions"
            self.tell(f"{seen}, {progress.transitions:,} transitions{bound}, {rate:,}/s")
        return not self.interrupted

    def tell(self, text: str) -> None:
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()


@contextmanager
def _watching() -> Iterator[_Watching]:
    """Ends a search at a whole step when the user interrupts, so that what it saw can be told and kept."""
    watch = _Watching()

    def stop(_number: int, _frame: object) -> None:
        watch.interrupted = True

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield watch
    finally:
        signal.signal(signal.SIGINT, before)
        watch.tell("")


# --- what is printed --------------------------------------------------------------------------------------------


def _sentences(description: Description, kernel: _Kernel, built: Built, outcome: Outcome) -> Iterator[str]:
    if outcome.found is None:
        return
    yield from told(built.machine, outcome.found)
    mistakes = [switch for switch in Switch if switch.is_mistake and switch in built.kernel.switches]
    without = []
    for switch in mistakes:
        on = [other for other in kernel.on if other is not switch]
        without.append((switch, build(description, kernel.variant, on, (*kernel.off, switch)).machine))
    yield from told_without(without, outcome.found)


def _as_text(built: Built, outcome: Outcome, sentences: Sequence[str], spoke: Spoke | None) -> str:
    return "".join(f"{visible(line)}\n" for line in _lines(built, outcome, sentences, spoke))


def _lines(built: Built, outcome: Outcome, sentences: Sequence[str], spoke: Spoke | None) -> Iterator[str]:
    description, found = built.description, outcome.found
    switches = " ".join(switch_words(built))
    yield f"{description.id}: {description.title}"
    yield f"kernel: {built.kernel.variant.name}{f' with {switches}' if switches else ''}"
    grounds = f" ({outcome.stopped_by})" if outcome.verdict is Verdict.UNDECIDED else ""
    yield f"verdict: {outcome.verdict}{grounds}"
    yield f"searched: {_searched(outcome)}"
    if found is not None:
        yield f"found: {found.violation.invariant}, {found.violation.text}; {_size(outcome)}"
        yield f"schedule: {write_schedule(found.moves, description.id)}"
        yield from (f"  {sentence}" for sentence in sentences)
    if outcome.promise:
        yield f"chance: {outcome.promise}"
    if spoke is None:
        yield f"lockdep: says nothing in {MOST_RUNS} runs"
    else:
        yield f"lockdep: {spoke.report.title}; {write_schedule(spoke.moves, description.id)}"
    yield "assumed:"
    yield from (f"  {assumption}" for assumption in _assumed(built))


def _assumed(built: Built) -> tuple[str, ...]:
    unfair = built.kernel.has(Switch.UNFAIR_RWSEM)
    queues = "whoever comes may take it when it is free" if unfair else "whoever comes later waits behind"
    return (*ASSUMPTIONS, f"a semaphore that others wait for: {queues}")


def _searched(outcome: Outcome) -> str:
    counts = ((outcome.states, "states"), (outcome.executions, "executions"), (outcome.transitions, "transitions"))
    seen = ", ".join(f"{count:,} {what}" for count, what in counts if count)
    return f"{outcome.strategy}, {seen}" if seen else outcome.strategy


def _size(outcome: Outcome) -> str:
    if outcome.found is None:
        return ""
    count = outcome.found.preemptions or 0
    return f"{len(outcome.found.moves)} steps, {count} preemption{'' if count == 1 else 's'}"


def _as_json(built: Built, outcome: Outcome, sentences: Sequence[str], spoke: Spoke | None) -> str:
    import json

    found = outcome.found
    value = {
        "scenario": built.description.id,
        "variant": built.kernel.variant.name,
        "switches": list(switch_words(built)),
        "strategy": outcome.strategy,
        "verdict": outcome.verdict.value,
        "stopped_by": outcome.stopped_by if outcome.verdict is Verdict.UNDECIDED else "",
        "states": outcome.states,
        "transitions": outcome.transitions,
        "executions": outcome.executions,
        "promise": outcome.promise,
        "assumptions": list(_assumed(built)),
        "lockdep": None if spoke is None else _spoken(built, spoke),
    }
    if found is not None:
        value["found"] = {
            "invariant": found.violation.invariant,
            "text": found.violation.text,
            "steps": len(found.moves),
            "preemptions": found.preemptions,
            "moves": [list(move) for move in found.moves],
            "schedule": write_schedule(found.moves, built.description.id),
            "told": list(sentences),
        }
    return json.dumps(value) + "\n"


def _spoken(built: Built, spoke: Spoke) -> dict[str, object]:
    return {
        "title": spoke.report.title,
        "seed": spoke.seed,
        "schedule": write_schedule(spoke.moves, built.description.id),
    }


def _matrix(*, as_json: bool) -> int:
    """The table of mistakes; 0 when it has no differences, else 1."""
    from lockview.sim.explorer.matrix import compared

    different = count = 0
    for row in compared():
        count += 1
        differs = row.expected != row.found
        different += differs
        if as_json:
            import json

            write(sys.stdout, json.dumps(row._asdict()) + "\n")
        else:
            write(sys.stdout, f"{row.name:<24} {row.found}{f'  (expected: {row.expected})' if differs else ''}\n")
        sys.stdout.flush()
    if not as_json:
        write(sys.stdout, f"{count} rows, {different} differences\n")
    return CAN if different else CANNOT
