"""``lockview simulate`` and ``lockview scenarios``: runs of the simulated kernel, and what there is to run.

Exit codes of a run: 0 all tasks ended, 1 it stopped otherwise, 2 it could not be run, 130 it was interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple

from lockview.command_line import CommandParser, write
from lockview.document.errors import UserError
from lockview.document.scenarios import find_scenario, library, open_scenario
from lockview.export.kernel_text import kernel_text
from lockview.export.recorded_runs import RunWriter
from lockview.export.run_forms import FORMS, run_sink
from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS, Variant
from lockview.layout.labels import visible
from lockview.model.reports import Report
from lockview.parsing.opening import read_source
from lockview.parsing.trace_gzip import unpacked
from lockview.parsing.trace_lines import TraceError, is_trace, read_trace
from lockview.sim.heads import Chosen, is_same_scenario, read_switches, recipe
from lockview.sim.machine import Done, Move
from lockview.sim.running import Ending
from lockview.sim.scenarios.building import Built
from lockview.sim.scenarios.description import Description, Expectation
from lockview.sim.simulation import Simulation, simulate

DONE, STOPPED, INTERRUPTED = 0, 1, 130
_TELL_EVERY = 500
_LONGEST_SCHEDULE = 1 << 20


def scenarios(arguments: Sequence[str]) -> int:
    """List the library; returns the exit code."""
    parser = CommandParser("lockview scenarios", "Lists the scenarios that lockview simulate runs.")
    parser.add_argument("--json", action="store_true", help="as JSON, one line each")
    options = parser.parse_args(arguments)
    entries = [open_scenario(entry.path) for entry in library()]
    if options.json:
        write(sys.stdout, "".join(_entry_as_json(entry) + "\n" for entry in entries))
        return DONE
    width = max((len(entry.variant) for entry in entries), default=0)
    for entry in entries:
        line = f"{entry.id:<5} {entry.variant:<{width}}  {entry.title} ({expected_words(entry.expect)})"
        write(sys.stdout, visible(line) + "\n")
    return DONE


def expected_words(expect: Expectation) -> str:
    """What is to come of a scenario, in a few words."""
    words = expect.verdict if not expect.invariant else f"{expect.verdict} of {expect.invariant}"
    return f"{words}, {expect.report} report" if expect.report else words


def _entry_as_json(entry: Description) -> str:
    import json

    expect = entry.expect
    return json.dumps(
        {
            "id": entry.id,
            "title": entry.title,
            "variant": entry.variant,
            "verdict": expect.verdict,
            "invariant": expect.invariant,
            "report": expect.report,
            "chain": list(expect.chain),
            "cases": [
                {"title": case.title, "variant": case.variant, "on": list(case.on), "off": list(case.off),
                 "verdict": case.expect.verdict, "report": case.expect.report}
                for case in entry.cases
            ],
        }
    )  # fmt: skip


# --- simulate ---------------------------------------------------------------------------------------------------


def run(arguments: Sequence[str]) -> int:
    """Run a scenario; returns the exit code. Raises UserError for what cannot be run."""
    options = _parser().parse_args(arguments)
    description = find_scenario(options.scenario)
    _refuse_overwriting(options)
    plan = _plan(options, description)
    if options.out is None:
        return _without_trace(description, plan, splat=options.splat)
    with _output(options.out) as file:
        return _with_trace(description, plan, file, options)


def _parser() -> CommandParser:
    parser = CommandParser(
        "lockview simulate",
        "Runs a SCENARIO on the simulated kernel: one of the library (lockview scenarios) or a file.\n"
        "Without --seed or --schedule it runs as recommended. The same arguments give the same bytes.\n"
        "With --clock it gives throughput in model time: lockview simulate --clock --help.\n"
        "Exit code: 0 all tasks ended, 1 it stopped otherwise, 2 it could not be run, 130 it was interrupted.",
    )
    parser.add_argument("scenario", metavar="SCENARIO", help="an id such as S01, or a file")
    parser.add_argument("--variant", choices=list(VARIANTS), metavar="KERNEL", help=f"one of {', '.join(VARIANTS)}")
    parser.add_argument(
        "--switch",
        action="append",
        default=[],
        metavar="S",
        help="turn a difference on, such as M5; no-S turns it off; lockview variants --switches lists them",
    )
    order = parser.add_mutually_exclusive_group()
    order.add_argument(
        "--schedule", metavar="FILE", help="who steps when: the numbers of tasks, or a trace, whose run is repeated"
    )
    order.add_argument("--seed", type=_seed, metavar="N", help="throw dice")
    parser.add_argument("-o", dest="out", metavar="OUT", help="write the trace; - is standard output; may end in .gz")
    parser.add_argument("--format", choices=FORMS, default="jsonl", help="the form of the trace (default %(default)s)")
    parser.add_argument("--splat", action="store_true", help="print the lock reports as the kernel does")
    return parser


def _seed(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{text[:40]} is no whole number of at most 18 digits")
    return int(text)


class _Plan(NamedTuple):
    """How a scenario is to be run."""

    variant: Variant | None
    on: tuple[Switch, ...]
    off: tuple[Switch, ...]
    moves: tuple[Move, ...] | None
    chosen: Chosen


def _plan(options: argparse.Namespace, description: Description) -> _Plan:
    variant = VARIANTS[options.variant] if options.variant else None
    try:
        on, off = read_switches(tuple(options.switch))
        if options.schedule is None:
            chosen = Chosen("recommended" if options.seed is None else "dice", options.seed)
            return _Plan(variant, on, off, None, chosen)
        data = unpacked(b"".join(read_source(options.schedule)))
        if not is_trace(data):
            return _Plan(variant, on, off, _read_moves(data), Chosen("schedule"))
        trace = read_trace(data)
        if not is_same_scenario(trace.head, description):
            raise ValueError("it is a trace of another scenario, or of another version of this one")
        old = recipe(trace)
        return _Plan(variant or old.variant, (*old.on, *on), (*old.off, *off), old.moves, old.chosen)
    except (TraceError, ValueError) as error:
        where = f"{options.schedule}: " if options.schedule else ""
        raise UserError(f"{where}{error}") from None


def _read_moves(data: bytes) -> tuple[Move, ...]:
    """``0 0 1:1 2``: tasks by number, with the answer where the step leaves one open."""
    if len(data) > _LONGEST_SCHEDULE:
        raise ValueError(f"a schedule of at most {_LONGEST_SCHEDULE} bytes was expected")
    moves = []
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        for word in line.partition("#")[0].replace(",", " ").split():
            task, _, choice = word.partition(":")
            if not (task.isdecimal() and (choice or "0").isdecimal() and len(word) < 20):
                raise ValueError(f'line {number}: "{word[:40]}" is neither TASK nor TASK:ANSWER, both numbers')
            moves.append(Move(int(task), int(choice or 0)))
    return tuple(moves)


class _Progress:
    """Passes a run on to its writer, and tells a terminal how far it is."""

    def __init__(self, inner: RunWriter | None) -> None:
        self._inner = inner
        self._tell = _terminal()
        self._steps = 0

    def begin(self, built: Built) -> None:
        if self._inner is not None:
            self._inner.begin(built)

    def hear(self, move: Move, done: Done, reports: Sequence[Report]) -> None:
        if self._inner is not None:
            self._inner.hear(move, done, reports)
        self._steps += 1
        if self._steps % _TELL_EVERY == 0:
            self._tell(f"{self._steps:,} steps")

    def over(self) -> None:
        """Take the line away."""
        self._tell("")


def _terminal() -> Callable[[str], None]:
    terminal = sys.stderr is not None and sys.stderr.isatty()

    def tell(text: str) -> None:
        if terminal:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()

    return tell


def _simulated(description: Description, plan: _Plan, progress: _Progress) -> Simulation:
    try:
        return simulate(
            description,
            variant=plan.variant,
            on=plan.on,
            off=plan.off,
            moves=plan.moves,
            seed=plan.chosen.seed if plan.moves is None else None,
            watch=progress,
        )
    except ValueError as error:
        raise UserError(f"{description.id} cannot be run that way: {error}") from None
    finally:
        progress.over()


def _without_trace(description: Description, plan: _Plan, *, splat: bool) -> int:
    simulation = _simulated(description, plan, _Progress(None))
    write(sys.stdout, _splats(simulation) if splat else _summary(simulation))
    return _code(simulation)


def _with_trace(description: Description, plan: _Plan, file: BinaryIO, options: argparse.Namespace) -> int:
    with run_sink(options.format, file.write, packed=options.out.endswith(".gz")) as sink:
        writer = RunWriter(sink, plan.chosen)
        try:
            simulation = _simulated(description, plan, _Progress(writer))
        except KeyboardInterrupt:
            writer.finish("cancelled")
            return INTERRUPTED
        writer.finish(simulation.ending.value)
    if options.out != "-":
        write(sys.stdout, _splats(simulation) if options.splat else _summary(simulation))
    return _code(simulation)


def _code(simulation: Simulation) -> int:
    return DONE if simulation.ending is Ending.DONE else STOPPED


def _splats(simulation: Simulation) -> str:
    return "\n".join(
        "".join(f"{visible(line)}\n" for line in kernel_text(report).splitlines()) for report in simulation.reports
    )


def _summary(simulation: Simulation) -> str:
    return "".join(visible(line) + "\n" for line in _summary_lines(simulation))


def _summary_lines(simulation: Simulation) -> Iterator[str]:
    description, kernel = simulation.built.description, simulation.built.kernel
    yield f"{description.id}: {description.title}"
    yield f"kernel: {kernel.variant.name} ({kernel.variant.title})"
    yield f"run: {len(simulation.moves):,} steps, {simulation.ending.value}"
    steps = simulation.run.steps
    if steps and steps[-1].violation is not None:
        yield f"violation: {steps[-1].violation.invariant}: {steps[-1].violation.text}"
    for number, report in simulation.spoke.items():
        yield f"report: {report.title}, at step {number}; --splat prints it"


@contextmanager
def _output(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with open(name, "wb") as file:  # noqa: PTH123 - the name is taken literally
        yield file


def _refuse_overwriting(options: argparse.Namespace) -> None:
    out = options.out
    if out is None or out == "-" or not os.path.exists(out):  # noqa: PTH110
        return
    for source in (options.scenario, options.schedule):
        if source and os.path.exists(source) and os.path.samefile(out, source):  # noqa: PTH110, PTH121
            raise UserError(f"{out} is what the run is read from; give another file to write")
