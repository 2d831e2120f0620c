"""``lockview simulate S04 --clock``: scenarios on the clock, as a table, a chart or CSV.

All that is printed is model time: the same arguments give the same bytes on every computer.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from lockview.command_line import CommandParser, write
from lockview.document.errors import UserError
from lockview.export.as_svg import svg
from lockview.export.chart_curves import (
    GAIN,
    SHOWN,
    starvation_chart,
    starvation_csv,
    starvation_table,
    storm_chart,
    storm_csv,
    storm_table,
)
from lockview.layout.charts import Chart, chart_drawing
from lockview.layout.labels import visible
from lockview.layout.theme import THEMES
from lockview.sim.clock.curves import CPUS, MODEL_TIME, Curve, Point, base_of, points
from lockview.sim.clock.engine import ClockError
from lockview.sim.clock.parameters import PARAMETERS, SMALL, Parameters, with_values
from lockview.sim.clock.starvation import CPUS as READERS
from lockview.sim.clock.starvation import DURATION as STARVING
from lockview.sim.clock.starvation import STARVATION, Starvation, starvations
from lockview.sim.clock.storms import BASE, DURATION, KERNELS, Storm

DONE, STOPPED = 0, 1
STORM, WRITER_STARVATION = "S04", "S14"
_MOST_CPUS = 1024
_LONGEST = 60_000.0
"""In milliseconds of model time."""


def run(arguments: Sequence[str]) -> int:
    """Run a scenario on the clock; returns the exit code. Raises UserError for what cannot be run."""
    options = _parser().parse_args(arguments)
    runs = {STORM: _storm, WRITER_STARVATION: _starvation}
    try:
        return runs.get(options.scenario.upper(), _scenario)(options)
    except ClockError as error:
        raise UserError(f"{options.scenario} cannot be run with these costs: {error}") from None


def _parser() -> CommandParser:
    parser = CommandParser(
        "lockview simulate S04 --clock",
        f"Runs a storm of page faults ({STORM}) or a writer among readers ({WRITER_STARVATION}) on simulated CPUs\n"
        "against a model of costs; or any other scenario once, each of its tasks on a CPU.\n"
        f"Times and rates are {MODEL_TIME}.",
    )
    parser.add_argument("scenario", metavar="SCENARIO", help="an id such as S04, or a file")
    parser.add_argument("--clock", action="store_true", required=True, help="run against the clock")
    parser.add_argument("--cpus", type=_cpus, metavar="N,N", help="how many CPUs, one thread each")
    parser.add_argument(
        "--kernel", action="append", choices=list(KERNELS), help="what to compare; may be repeated (default all)"
    )
    parser.add_argument("--show", choices=SHOWN, default="records", help="what to print and draw (default %(default)s)")
    parser.add_argument("--small", action="store_true", help="records of one page instead of 128")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", type=_setting, help="a cost; docs/clock.md has all"
    )
    parser.add_argument("--costs", action="store_true", help="print the costs that are used")
    parser.add_argument("--milliseconds", type=_duration, metavar="T", help="how much model time a point is run for")
    parser.add_argument("--seed", type=_whole, default=1, metavar="N", help="the dice (default %(default)s)")
    parser.add_argument("--csv", metavar="FILE", help="write all figures; - is standard output")
    parser.add_argument("--svg", metavar="FILE", help="write the chart; - is standard output")
    parser.add_argument("--png", metavar="FILE", help="write the chart as an image")
    parser.add_argument("--log", action="store_true", help="a logarithmic axis upwards in the chart")
    parser.add_argument("--theme", choices=sorted(THEMES), default="light", help="the colours (default light)")
    return parser


def _storm(options: argparse.Namespace) -> int:
    parameters = _parameters(options, SMALL if options.small else Parameters())
    names = list(dict.fromkeys(options.kernel or KERNELS))
    if options.show == GAIN and BASE.name not in names:
        names.insert(0, BASE.name)
    if options.costs:
        write(sys.stdout, _costs(parameters))
        return DONE
    cpus = options.cpus or CPUS
    tell = _progress(len(names) * len(cpus))
    curves = [_curve(Storm(KERNELS[name], parameters, seed=options.seed), cpus, options, tell) for name in names]
    tell("")
    table = storm_table(curves, options.show)
    if options.show == "records" and base_of(curves) and len(curves) > 1:
        table += f"\ntimes classic\n{storm_table(curves, GAIN)}"
    faults = "1 page fault" if parameters.pages == 1 else f"{parameters.pages} page faults"
    head = f"{STORM}: ebizzy storm, {faults} per record; {_shown_words(options.show)}"
    _write_all(options, f"{head}; {MODEL_TIME}\n\n{table}", storm_csv(curves), _storm_chart(curves, options))
    return DONE


def _storm_chart(curves: Sequence[Curve], options: argparse.Namespace) -> Chart:
    return storm_chart(curves, options.show, log=options.log)


def _shown_words(shown: str) -> str:
    from lockview.export.chart_curves import QUANTITIES

    return QUANTITIES[shown].title if shown in QUANTITIES else "records, as many times as classic"


def _curve(what: Storm, cpus: Sequence[int], options: argparse.Namespace, tell: Callable[[str], None]) -> Curve:
    found: list[Point] = []
    duration = options.milliseconds * 1000 if options.milliseconds else DURATION
    for point in points(what, cpus, duration):
        found.append(point)
        tell(f"{what.kernel.title}: {point.cpus} CPUs")
    return Curve(what.kernel, tuple(found))


def _starvation(options: argparse.Namespace) -> int:
    parameters = _parameters(options, STARVATION)
    if options.costs:
        write(sys.stdout, _costs(parameters))
        return DONE
    duration = options.milliseconds * 1000 if options.milliseconds else STARVING
    results: list[Starvation] = []
    tell = _progress(2)
    for result in starvations(options.cpus or READERS, parameters, duration, options.seed):
        results.append(result)
        tell(f"{result.cpus} readers")
    tell("")
    head = f"{WRITER_STARVATION}: one writer among threads that fault; waits in us; {MODEL_TIME}"
    _write_all(options, f"{head}\n\n{starvation_table(results)}", starvation_csv(results), starvation_chart(results))
    return DONE


def _scenario(options: argparse.Namespace) -> int:
    """Any other scenario, once."""
    from lockview.document.scenarios import find_scenario
    from lockview.sim.clock.scenario_runs import run_scenario
    from lockview.sim.scenarios.building import build

    for option in ("cpus", "kernel", "csv", "svg", "png", "milliseconds"):
        if getattr(options, option) is not None:
            raise UserError(f"--{option} goes with {STORM} and {WRITER_STARVATION} only")
    parameters = _parameters(options, Parameters())
    description = find_scenario(options.scenario)
    time, tally = run_scenario(build(description), parameters, options.seed)
    ends = "some tasks can never end" if tally.stuck else f"all tasks ended after {time:,.1f} us"
    lines = [f"{description.id}: {description.title}", f"{ends}, {tally.events:,} steps; {MODEL_TIME}"]
    lines += [f"{count:8,}  {what}" for what, count in sorted(tally.counts.items())]
    write(sys.stdout, "".join(f"{visible(line)}\n" for line in lines))
    return STOPPED if tally.stuck else DONE


def _write_all(options: argparse.Namespace, table: str, figures: str, chart: Chart) -> None:
    """The table goes to standard output, unless something else does."""
    if "-" not in (options.csv, options.svg, options.png):
        write(sys.stdout, table)
    if options.csv:
        _save(figures.encode(), options.csv)
    if options.svg:
        _save(svg(chart_drawing(chart), THEMES[options.theme]).encode(), options.svg)
    if options.png:
        _save(_png(chart, options.theme), options.png)


def _png(chart: Chart, theme: str) -> bytes:
    try:
        from lockview.gui import painting
    except ImportError as error:
        raise UserError(f"a PNG needs PySide6, which does not load ({error}); SVG needs nothing") from error
    painting.ensure_application()
    drawing = chart_drawing(chart, painting.font_measure(painting.system_fonts()))
    return painting.export_png(drawing, THEMES[theme], 2.0)


def _save(data: bytes, name: str) -> None:
    if name == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        return
    with open(name, "wb") as file:  # noqa: PTH123 - the name is taken literally
        file.write(data)


def _progress(total: int) -> Callable[[str], None]:
    terminal = total > 1 and sys.stderr is not None and sys.stderr.isatty()

    def tell(text: str) -> None:
        if terminal:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()

    return tell


def _costs(parameters: Parameters) -> str:
    lines = []
    for name, meaning in PARAMETERS.items():
        value = getattr(parameters, name)
        shown = {True: "on", False: "off"}[value] if isinstance(value, bool) else f"{value:g}"
        anchor = "" if meaning.anchor == "free" else f" ({meaning.anchor})"
        lines.append(f"{name:15} {shown:>8}  {meaning.meaning}{anchor}\n")
    return "".join(lines)


def _parameters(options: argparse.Namespace, usual: Parameters) -> Parameters:
    try:
        return with_values(usual, dict(options.set))
    except ValueError as error:
        raise UserError(f"--set: {error}") from None


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"{text[:60]} is not NAME=VALUE")
    return name, value


def _cpus(text: str) -> tuple[int, ...]:
    return tuple(sorted({_number(part, "a number of CPUs", 1, _MOST_CPUS) for part in text.split(",")}))


def _whole(text: str) -> int:
    return _number(text, "a seed", 0, 10**18)


def _duration(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= _LONGEST:
        raise argparse.ArgumentTypeError(f"{text[:40]} is no time between 0 and {_LONGEST:g} ms")
    return value


def _number(text: str, what: str, low: int, high: int) -> int:
    stripped = text.strip()
    if not (stripped.isascii() and stripped.isdecimal() and len(stripped) < 20 and low <= int(stripped) <= high):
        raise argparse.ArgumentTypeError(f"{text[:40]} is not {what} from {low} to {high}")
    return int(stripped)
