"""``lockview lockdep``: the validator by itself, over lists of operations and over traces of a real kernel.

Exit codes: 0 everything came out as expected, 1 an expected verdict was missed, 2 a file could not be read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from lockview.command_line import CommandParser, write
from lockview.document.errors import UserError
from lockview.export.as_json import report_to_json
from lockview.export.kernel_text import kernel_text
from lockview.layout.labels import visible
from lockview.lockdep.case_files import looks_like_cases, read_cases
from lockview.lockdep.cases import Case, Verdict, run
from lockview.lockdep.fields import OperationError
from lockview.lockdep.offline import Findings, check
from lockview.lockdep.rules import Rules, rules_of
from lockview.lockdep.table import summary, table
from lockview.lockdep.wording import ERAS, MODERN
from lockview.model.lock_events import EventStream
from lockview.model.logs import Log
from lockview.model.reports import Report
from lockview.parsing.opening import read_source
from lockview.parsing.reader import read_bytes

EXPECTED, MISSED = 0, 1
FORMAT = "lockview.lockdep"
VERSION = (1, 0)
_SELF_TEST = "the self-test"


def lockdep(arguments: Sequence[str]) -> int:
    """Run the command; returns the exit code. Raises UserError for what cannot be read."""
    options = _parser().parse_args(arguments)
    if bool(options.files) == options.self_test:
        raise UserError("either a FILE or --self-test is needed; lockview lockdep --help shows how")
    rules = rules_of(options.rules or options.era)._replace(era=ERAS[options.era])
    codes = []
    for name, cases in _sources(options):
        if isinstance(cases, Log):
            write(sys.stdout, "".join(_traces(cases, rules, options)))
            codes.append(EXPECTED)
            continue
        chosen = [case for case in cases if fnmatchcase(case.id, options.case)]
        if not chosen:
            raise UserError(f"{name} has no case {options.case}")
        verdicts = _run(name, chosen, rules)
        write(sys.stdout, "".join(_printed(name, verdicts, options)))
        codes.append(EXPECTED if all(verdict.passed for verdict in verdicts) else MISSED)
    return max(codes)


def _parser() -> CommandParser:
    parser = CommandParser(
        "lockview lockdep",
        "Runs the lock validator over each FILE and prints what it says: a list of operations\n"
        "(docs/lockdep-cases.md), as the kernel's own self-test is one, or a trace of the lock events\n"
        "of a real kernel (ftrace, trace-cmd, perf script). - is standard input.\n"
        "Exit code: 0 all as expected, 1 an expected verdict was missed, 2 a file could not be read.",
    )
    parser.add_argument("files", metavar="FILE", nargs="*", help="cases as JSON, or a trace; traces may be compressed")
    parser.add_argument("--self-test", action="store_true", help="run the 394 cases of the kernel's self-test")
    parser.add_argument("--case", default="*", metavar="ID", help="only cases of this name; * and ? stand for others")
    forms = parser.add_mutually_exclusive_group()
    for option, words in (
        ("table", "the table that the kernel prints at boot; otherwise used when all cases have a family"),
        ("list", "one line for each case"),
        ("splat", "one line for each case, and its report as the kernel prints it"),
        ("json", "everything, one line of JSON per FILE"),
    ):
        forms.add_argument(f"--{option}", action="store_const", const=option, dest="form", help=words)
    parser.add_argument("--era", choices=list(ERAS), default=MODERN.name, help="whose words (default %(default)s)")
    parser.add_argument("--rules", choices=list(ERAS), help="whose rules (default: those of the era)")
    return parser


def _sources(options: argparse.Namespace) -> Iterator[tuple[str, tuple[Case, ...] | Log]]:
    """Each source: its cases, or the log with the traces in it."""
    if options.self_test:
        from lockview.lockdep.selftest.all_cases import selftest_cases

        yield _SELF_TEST, selftest_cases()
    for name in options.files:
        data = b"".join(read_source(name))
        if not looks_like_cases(data):
            log = read_bytes(data, name)
            if not log.event_streams:
                raise UserError(f"{name} holds neither cases, as JSON that begins with {{ or [, nor traced lock events")
            yield name, log
            continue
        try:
            yield name, read_cases(data)
        except OperationError as error:
            raise UserError(f"{name}: {error}") from None


def _run(name: str, cases: Sequence[Case], rules: Rules) -> list[Verdict]:
    try:
        return [run(case, rules) for case in cases]
    except OperationError as error:
        raise UserError(f"{name}: {error}") from None


def _traces(log: Log, rules: Rules, options: argparse.Namespace) -> Iterator[str]:
    """What comes of the traces of a log."""
    if options.form == "json":
        traces = [_trace_as_json(stream, rules) for stream in log.event_streams]
        yield json.dumps({**_head(log.name, options), "traces": traces}) + "\n"
        return
    for stream in log.event_streams:
        found = check(stream, rules)
        part = f" of {stream.count:,}" if len(stream.events) < stream.count else ""
        sizes = f"{found.checked:,} acquisitions in {len(stream.events):,}{part} events"
        yield visible(f"{log.name}: {sizes}") + "\n"
        yield from (f"  {line}\n" for line in _doubts(found))
        for words, reports in (("", found.certain), (" if locks of one name are of one class", found.by_name)):
            for report in reports:
                yield visible(f"  {report.kind.value}{words}: {report.title}") + "\n"
                if options.form == "splat":
                    yield _text(report)
        if found.checked and not (found.certain or found.by_name):
            yield "  the validator says nothing\n"


def _doubts(found: Findings) -> Iterator[str]:
    """What a trace did not say, so that it was not checked."""
    if not found.checked:
        yield "none of them is a lock_acquire event, so there was nothing to check"
        return
    if found.nested:
        yield f"{found.nested:,} were taken under another lock of their name and not judged"
    if found.gaps:
        yield f"at {found.gaps:,} places events were lost, and with them who held what"
    if not found.contexts:
        yield "it does not tell interrupts apart from the tasks that they interrupted"


def _trace_as_json(stream: EventStream, rules: Rules) -> dict[str, object]:
    found = check(stream, rules)
    return {
        "events": len(stream.events),
        "count": stream.count,
        "checked": found.checked,
        "nested": found.nested,
        "gaps": found.gaps,
        "contexts": found.contexts,
        "certain": [_report_as_json(report) for report in found.certain],
        "by_name": [_report_as_json(report) for report in found.by_name],
    }


def _report_as_json(report: Report) -> dict[str, object]:
    return {"report": report_to_json(report), "text": kernel_text(report)}


def _text(report: Report) -> str:
    """A report as the kernel prints it, between blank lines, harmless on a terminal."""
    return "\n" + "".join(f"{visible(line)}\n" for line in kernel_text(report).splitlines()) + "\n"


def _printed(name: str, verdicts: Sequence[Verdict], options: argparse.Namespace) -> Iterator[str]:
    form = options.form or ("table" if all(verdict.case.family for verdict in verdicts) else "list")
    if form == "json":
        yield json.dumps(_as_json(name, verdicts, options)) + "\n"
        return
    if form == "table":
        yield from (visible(line) + "\n" for line in table(verdicts))
        return
    width = max(len(verdict.case.id) for verdict in verdicts)
    for verdict in verdicts:
        yield visible(_line(verdict, min(width, 60))).rstrip() + "\n"
        if form == "splat" and verdict.report is not None:
            yield _text(verdict.report)
    if any(verdict.case.complains is not None for verdict in verdicts):
        yield from (line + "\n" for line in summary(verdicts))


def _line(verdict: Verdict, width: int) -> str:
    """``ok      ABBA_mutex  circular at ops[5]``."""
    word = "--" if verdict.case.complains is None else "ok" if verdict.passed else "FAILED"
    found = "" if verdict.report is None else f"{verdict.report.kind.value} at ops[{verdict.at}]"
    return f"{word:<6}  {verdict.case.id:<{width}}  {found}"


def _as_json(name: str, verdicts: Sequence[Verdict], options: argparse.Namespace) -> dict[str, object]:
    return {
        **_head(name, options),
        "passed": sum(verdict.passed for verdict in verdicts),
        "missed": sum(not verdict.passed for verdict in verdicts),
        "cases": [
            {
                "id": verdict.case.id,
                "title": verdict.case.title,
                "family": verdict.case.family,
                "expected": _verdict(verdict.case.complains),
                "verdict": _verdict(verdict.report is not None),
                "passed": verdict.passed,
                "at": verdict.at,
                "report": None if verdict.report is None else report_to_json(verdict.report),
                "text": None if verdict.report is None else kernel_text(verdict.report),
            }
            for verdict in verdicts
        ],
    }


def _head(name: str, options: argparse.Namespace) -> dict[str, object]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": name,
        "era": options.era,
        "rules": options.rules or options.era,
    }


def _verdict(complains: bool | None) -> str | None:
    return None if complains is None else "FAILURE" if complains else "SUCCESS"
