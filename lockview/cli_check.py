"""``lockview check``: traces of simulated runs and of real kernels, checked, looked into, and written in other forms.

Exit codes: 0 nothing is wrong with it, 1 the validator found something in it, 2 it could not be read.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence

from lockview.command_line import CommandParser, write
from lockview.document.errors import UserError
from lockview.export.kernel_text import kernel_text
from lockview.export.run_forms import FORMS, run_sink
from lockview.export.trace_lines import canonical, trace_bytes, written
from lockview.layout.labels import visible
from lockview.lockdep.offline import Findings, check
from lockview.model.lock_events import EventStream
from lockview.model.run_traces import Broken, RunTrace, Spoken, TracedThread
from lockview.parsing.opening import read_source
from lockview.parsing.reader import read_bytes
from lockview.parsing.trace_gzip import unpacked
from lockview.parsing.trace_lines import TraceError, is_trace, read_trace
from lockview.parsing.trace_states import TraceStates
from lockview.sim.heads import recipe
from lockview.sim.importing import imported
from lockview.sim.rehearing import reheard
from lockview.sim.simulation import rules_for

CLEAN, FOUND = 0, 1


def check_trace(arguments: Sequence[str]) -> int:
    """Run the command; returns the exit code. Raises UserError for what is no trace."""
    options = _parser().parse_args(arguments)
    data = b"".join(read_source(options.file))
    text = unpacked(data)
    if is_trace(text):
        return _simulated(text, options)
    streams = read_bytes(data, options.file).event_streams
    if not streams:
        raise UserError(f"{options.file} is neither a trace of lockview nor one of lock events of ftrace or perf")
    return _real(streams[0], options)


def _parser() -> CommandParser:
    parser = CommandParser(
        "lockview check",
        "Checks a trace: one that lockview simulate wrote, or lock events of a real kernel (ftrace, trace-cmd,\n"
        "perf script), past which the validator is run. - is standard input.\n"
        "Exit code: 0 nothing found, 1 the validator found something, 2 it is no trace, or a broken one.",
    )
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--at", type=int, metavar="N", help="print what every cell holds after event N")
    parser.add_argument("--splat", action="store_true", help="print what was found as the kernel does")
    parser.add_argument("-o", dest="out", metavar="OUT", help="write it in another form; - is standard output")
    parser.add_argument("--format", choices=FORMS, default="jsonl", help="that form (default %(default)s)")
    return parser


def _simulated(data: bytes, options: argparse.Namespace) -> int:
    try:
        found = read_trace(data)
        states = TraceStates(data)
        if options.at is not None:
            state = states.at(options.at)
            write(sys.stdout, "".join(f"{visible(name)} = {canonical(value)}\n" for name, value in state.items()))
            return CLEAN
        states.check()
    except TraceError as error:
        raise UserError(f"{options.file}: {error}") from None
    spoken: tuple[Spoken, ...] = tuple(found.of(Spoken))
    _hear_again(found, [record.text for record in spoken], options.file)
    if options.out is not None:
        _convert(trace_bytes(found), options)
    if options.out != "-":
        lines = _splats(record.text for record in spoken) if options.splat else _summary(found)
        write(sys.stdout, "".join(visible(line) + "\n" for line in lines))
    return FOUND if spoken else CLEAN


def _hear_again(found: RunTrace, texts: list[str], name: str) -> None:
    """Run the validator over the events: it has to say what it said when they happened. UserError if it does not."""
    if found.head.mode == "import":
        return
    try:
        made = recipe(found)
    except ValueError as error:
        raise UserError(f"{name}: {error}") from None
    switches = (made.variant.switches | frozenset(made.on)) - frozenset(made.off)
    again = list(map(kernel_text, reheard(found, rules_for(switches))))
    if found.end is None:  # the report of its last event may have been cut off
        again = again[: len(texts)]
    if again != texts:
        raise UserError(f"{name}: its reports are not those that its events lead to")


def _real(stream: EventStream, options: argparse.Namespace) -> int:
    if options.at is not None:
        raise UserError(f"{options.file}: --at needs a trace of a simulated run; a real kernel's has no states")
    findings = check(stream)
    if options.out is not None:
        _convert(written(imported(stream, options.file.rpartition("/")[2]), "done"), options)
    if options.out != "-":
        reports = (*findings.certain, *findings.by_name)
        lines = _splats(map(kernel_text, reports)) if options.splat else finding_lines(stream, findings)
        write(sys.stdout, "".join(visible(line) + "\n" for line in lines))
    return FOUND if findings.certain else CLEAN


def _convert(data: bytes, options: argparse.Namespace) -> None:
    if options.out == "-":
        sys.stdout.flush()
        with run_sink(options.format, sys.stdout.buffer.write) as sink:
            sink(data)
        sys.stdout.buffer.flush()
        return
    if options.file != "-" and os.path.exists(options.out) and os.path.samefile(options.out, options.file):  # noqa: PTH110, PTH121
        raise UserError(f"{options.out} is the trace itself; give another file to write")
    with (
        open(options.out, "wb") as file,  # noqa: PTH123 - the name is taken literally
        run_sink(options.format, file.write, packed=options.out.endswith(".gz")) as sink,
    ):
        for line in data.splitlines(keepends=True):
            sink(line)


def _splats(texts: Iterable[str]) -> Iterator[str]:
    return (line for text in texts for line in text.splitlines())


def _summary(found: RunTrace) -> Iterator[str]:
    head, end = found.head, found.end
    yield ": ".join(str(head.scenario[key]) for key in ("id", "title") if head.scenario.get(key))
    if head.variant:
        yield f"kernel: {' '.join((head.variant, *head.switches))}"
    tasks = ", ".join(f"{thread.comm}/{thread.pid}" for thread in found.of(TracedThread))
    yield f"tasks: {tasks}"
    yield f"events: {len(found.events):,}, {end.result if end else 'cut'}; every old value fits"
    for broken in found.of(Broken):
        yield f"violation: {broken.invariant} at event {broken.number}: {broken.text}"
    for spoken in found.of(Spoken):
        title = next((line for line in spoken.text.splitlines() if line.strip("=- \t")), "")
        yield f"report: {title}, at event {spoken.number}; --splat prints it"
    yield from found.remarks


def finding_lines(stream: EventStream, findings: Findings) -> Iterator[str]:
    """What the validator says of a real kernel's trace, and what it could not say."""
    yield f"events: {stream.count:,}, {findings.checked:,} acquisitions checked"
    for word, reports in (("found", findings.certain), ("possible", findings.by_name)):
        for report in reports:
            yield f"{word}: {report.title}; --splat prints it"
    if findings.by_name:
        yield "possible: it is so if all locks of one name are of one class, which a trace does not tell"
    if findings.nested:
        yield f"not judged: {findings.nested:,} acquisitions under another lock of the same name"
    if findings.gaps:
        yield f"gaps: events were lost in {findings.gaps:,} places; what was held there is not known"
    if not findings.contexts:
        yield "interrupts: this trace does not tell them apart, so orders may be those of an interrupt"
    if stream.count > len(stream.events):
        yield f"not looked at: all but the first {len(stream.events):,} events"
