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
from lockview.lockdep.rules import Rules, rules_of
from lockview.lockdep.table import summary, table
from lockview.lockdep.wording import ERAS, MODERN
from lockview.parsing.opening import read_source

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
        "(docs/lockdep-cases.md), as the kernel's own self-test is one. - is standard input.\n"
        "Exit code: 0 all as expected, 1 an expected verdict was missed, 2 a file could not be read.",
    )
    parser.add_argument("files", metavar="FILE", nargs="*", help="cases as JSON")
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


def _sources(options: argparse.Namespace) -> Iterator[tuple[str, tuple[Case, ...]]]:
    if options.self_test:
        from lockview.lockdep.selftest.all_cases import selftest_cases

        yield _SELF_TEST, selftest_cases()
    for name in options.files:
        data = b"".join(read_source(name))
        if not looks_like_cases(data):
            raise UserError(f"{name} is no list of operations: JSON that begins with {{ or [ was expected")
        try:
            yield name, read_cases(data)
        except OperationError as error:
            raise UserError(f"{name}: {error}") from None


def _run(name: str, cases: Sequence[Case], rules: Rules) -> list[Verdict]:
    try:
        return [run(case, rules) for case in cases]
    except OperationError as error:
        raise UserError(f"{name}: {error}") from None


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
            text = kernel_text(verdict.report)
            yield "\n" + "".join(f"{visible(line)}\n" for line in text.splitlines()) + "\n"
    if any(verdict.case.complains is not None for verdict in verdicts):
        yield from (line + "\n" for line in summary(verdicts))


def _line(verdict: Verdict, width: int) -> str:
    """``ok      ABBA_mutex  circular at ops[5]``."""
    word = "--" if verdict.case.complains is None else "ok" if verdict.passed else "FAILED"
    found = "" if verdict.report is None else f"{verdict.report.kind.value} at ops[{verdict.at}]"
    return f"{word:<6}  {verdict.case.id:<{width}}  {found}"


def _as_json(name: str, verdicts: Sequence[Verdict], options: argparse.Namespace) -> dict[str, object]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": name,
        "era": options.era,
        "rules": options.rules or options.era,
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


def _verdict(complains: bool | None) -> str | None:
    return None if complains is None else "FAILURE" if complains else "SUCCESS"
