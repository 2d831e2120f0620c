"""The command line without a window: ``parse``, ``render`` and the options.

Exit codes: 0 something was found, 1 nothing was, 2 something could not be read or written or the command was wrong.
Errors are one line each on standard error. Whatever comes from a log is printed without its control characters.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from lockview import __version__
from lockview.command_line import CommandParser, write
from lockview.document.errors import UserError
from lockview.export.printed import EXPLAINED, JSON, SUMMARY, VERDICTS, printed
from lockview.layout.labels import visible
from lockview.layout.theme import THEMES
from lockview.model.logs import Log
from lockview.model.reports import Report
from lockview.parsing.opening import SourceError
from lockview.parsing.reader import read_file
from lockview.parsing.registry import FAMILIES

FOUND, NOTHING, FAILED, INTERRUPTED, NOBODY_READS = 0, 1, 2, 130, 141

FORMATS = ("svg", "png", "pdf", "dot", "mmd", "txt", "json")
"""The forms of ``render``; each is also the ending of file names that asks for it."""


def main(arguments: Sequence[str]) -> int:
    """Run a command or option; returns the exit code, or raises SystemExit(0) after ``--help`` and ``--version``."""
    if sys.stdout is None:
        return _complain("standard output is closed")
    try:
        code = _run(list(arguments))
        sys.stdout.flush()
    except (UserError, SourceError) as error:
        return _complain(str(error))
    except BrokenPipeError:
        _settle_stdout()
        return NOBODY_READS
    except OSError as error:
        _settle_stdout()
        reason = error.strerror or str(error)
        return _complain(f"{error.filename}: {reason}" if error.filename else f"standard output: {reason}")
    except MemoryError:
        return _complain("this computer has not enough memory for this source")
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # a bug; a traceback would help the user less than its last line
        return _complain(_bug(error))
    return code


def _run(arguments: list[str]) -> int:
    match arguments:
        case ["parse", *rest]:
            return _parse(rest)
        case ["render", *rest]:
            return _render(rest)
        case ["lockdep", *rest]:
            from lockview.cli_lockdep import lockdep

            return lockdep(rest)
        case ["check", *rest]:
            from lockview.cli_check import check_trace

            return check_trace(rest)
        case ["explore", *rest]:
            from lockview import cli_explore

            return cli_explore.run(rest)
        case ["simulate" | "scenarios" as command, *rest]:
            if command == "simulate" and "--clock" in rest:
                from lockview import cli_clock

                return cli_clock.run(rest)
            from lockview import cli_simulate

            return cli_simulate.run(rest) if command == "simulate" else cli_simulate.scenarios(rest)
        case ["variants", *rest]:
            from lockview import cli_variants

            return cli_variants.run(rest)
        case _:
            return _options(arguments)


def _complain(sentence: str) -> int:
    write(sys.stderr, f"lockview: {visible(sentence)}\n")
    return FAILED


def _bug(error: Exception) -> str:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" ({place.tb_frame.f_code.co_filename}:{place.tb_lineno})" if place else ""
    return f"this is a bug of lockview, please report it: {type(error).__name__}: {error}{where}"


def _settle_stdout() -> None:
    """Give up what cannot be written: Python would try again at exit, and complain."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


# --- Options ----------------------------------------------------------------------------------------------------


def _options(arguments: list[str]) -> int:
    parser = CommandParser(
        "lockview",
        "Draws the lock reports of the Linux kernel, shows the stack behind each dependency\n"
        "and replays the deadlock.\n\n"
        "  lockview [FILE...]               open the window; - is standard input\n"
        "  lockview parse FILE...           print what was found; a FILE may be a folder\n"
        "  lockview parse --follow FILE     print each report of a growing log\n"
        "  lockview render FILE -o OUT      draw a report into a file\n"
        "  lockview lockdep FILE            run the validator over lists of operations\n"
        "  lockview simulate SCENARIO       run a scenario on a simulated kernel\n"
        "  lockview scenarios               list those that there are\n"
        "  lockview explore SCENARIO|FILE   find out whether it can really deadlock\n"
        "  lockview variants [A [B]]        list the kernels, or how two differ\n"
        "  lockview check FILE              check a trace; past one of a real kernel the validator is run\n\n"
        "A file named like a command opens as ./parse. Each command has its own --help.",
    )
    parser.usage = "lockview [FILE...]"
    parser.add_argument("files", metavar="FILE", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--version", action="version", version=f"lockview {__version__}")
    desktop = parser.add_mutually_exclusive_group()
    desktop.add_argument("--install-desktop", action="store_true", help="put lockview into the menus of the desktop")
    desktop.add_argument("--uninstall-desktop", action="store_true", help="take it out again")
    options = parser.parse_args(arguments)
    if options.files:
        parser.error(f"options and files do not go together (a file named {options.files[0]} goes after --)")
    from lockview.document import desktop as entry

    for line in entry.uninstall() if options.uninstall_desktop else entry.install():
        write(sys.stdout, visible(line) + "\n")
    return FOUND


# --- parse ------------------------------------------------------------------------------------------------------


def _parse(arguments: list[str]) -> int:
    parser = CommandParser(
        "lockview parse",
        "Prints what is found in each FILE; - is standard input. Of a folder all files below it are read, on all\n"
        "cores; the pieces of a rotated log (kern.log.2.gz kern.log.1 kern.log) are read as one.\n"
        "Exit code: 0 reports, lock orders, tables or traces were found, 1 none were, 2 a source could not be read.",
    )
    parser.add_argument(
        "files", metavar="FILE", nargs="+", help="a log, a mail, a console capture or a folder; may be compressed"
    )
    forms = parser.add_mutually_exclusive_group()
    forms.set_defaults(form=SUMMARY)
    for option, form, words in (
        ("--explain", EXPLAINED, "say of each report in plain sentences what it means and what is usually done"),
        ("--verdict", VERDICTS, "try every order of the steps: can it happen, how, and which edge is the wrong one"),
        ("--json", JSON, "everything that was read, one line per log"),
    ):
        forms.add_argument(option, action="store_const", dest="form", const=form, help=words)
    parser.add_argument(
        "--follow",
        action="store_true",
        help="go on with what is appended to FILE, and print each report when it is over",
    )
    options = parser.parse_args(arguments)
    if options.follow:
        if len(options.files) > 1:
            parser.error("--follow takes one FILE")
        return _follow(options.files[0], options.form)
    codes = [_parse_group(logs, options.form) for logs in _log_groups(options.files)]
    return FAILED if FAILED in codes else min(codes)


def _log_groups(files: Sequence[str]) -> Iterator[_Logs]:
    """The logs to read: those of the files given, and those of each folder by itself."""
    from lockview.document.sources import files_below, joined_rotations

    plain = [file for file in files if not os.path.isdir(file)]  # noqa: PTH112
    for pieces in joined_rotations(plain):
        yield _Logs([pieces])
    for folder in dict.fromkeys(file for file in files if os.path.isdir(file)):  # noqa: PTH112
        found = files_below(folder)
        yield _Logs(joined_rotations(found.files), folder, found.left_out)


class _Logs(NamedTuple):
    """Logs, each as the paths of its pieces. ``folder`` is "" for one that was named itself."""

    logs: list[tuple[str, ...]]
    folder: str = ""
    left_out: int = 0


def _parse_group(group: _Logs, form: str) -> int:
    if group.folder:
        return _parse_folder(group, form)
    from lockview.document.many_logs import read_log

    try:
        log = read_log(group.logs[0], read_file)
    except SourceError as error:
        return _complain(str(error))
    if form == JSON or log.holds_anything:
        write(sys.stdout, printed(log, form))
    return FOUND if log.holds_anything else _say_nothing_found(log)


def _parse_folder(group: _Logs, form: str) -> int:
    """Read many logs on all cores. Those that hold no report and nothing like one are only counted."""
    from lockview.document.many_logs import printed_logs

    read = reports = found = failed = 0
    tell = _progress(len(group.logs))
    for one in printed_logs(group.logs, form, _looked_for()):
        read += 1
        reports += one.reports
        found += one.found
        failed += one.failed
        if one.out or one.err:
            tell("")
        write(sys.stdout, one.out)
        write(sys.stderr, one.err)
        tell(f"{read:,} of {len(group.logs):,} logs, {reports:,} reports")
    tell("")
    left_out = f", {group.left_out:,} files or folders left out" if group.left_out else ""
    total = f"{reports:,} reports in {read:,} logs below {group.folder}{left_out}"
    write(sys.stderr, f"lockview: {visible(total)}\n")
    return FAILED if failed else FOUND if found else NOTHING


def _progress(total: int) -> Callable[[str], None]:
    """Prints where a long run is, on one line that the next one overwrites; only a terminal is told."""
    terminal = total > 1 and sys.stderr is not None and sys.stderr.isatty()

    def tell(text: str) -> None:
        if terminal:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    return tell


# --- parse --follow ---------------------------------------------------------------------------------------------


def _follow(name: str, form: str) -> int:
    """Print each report of a growing source once it is over; ends with the pipe, or when the user interrupts."""
    from lockview.document.following import SETTLED, Follower, Tail

    tail, follower = Tail(name), Follower(name)
    found = False
    try:
        while True:
            piece = tail.look(SETTLED)
            reports = follower.restart() if piece.restarted else []
            if piece.data:
                reports += follower.feed(piece.data)
            elif not piece.restarted:
                reports += follower.settle()
            for report in reports:
                _print_followed(Log(name, (report,), lines=follower.lines), form)
            found = found or bool(reports)
            if piece.ended:
                return FOUND if found else NOTHING
    finally:
        tail.close()


def _print_followed(log: Log, form: str) -> None:
    write(sys.stdout, printed(log, form) + ("" if form == JSON else "\n"))
    sys.stdout.flush()


def _say_nothing_found(log: Log) -> int:
    from lockview.export.summary import nothing_found

    write(sys.stderr, nothing_found(log, _looked_for()))
    return NOTHING


def _looked_for() -> tuple[str, ...]:
    return tuple(words for family in FAMILIES for words in family.titles)


# --- render -----------------------------------------------------------------------------------------------------


def _render(arguments: list[str]) -> int:
    from lockview.export.render import VIEWS

    parser = CommandParser(
        "lockview render",
        "Draws a report of FILE into a file. No display is needed.\n"
        "Exit code: 0 drawn, 1 FILE holds no report, 2 it could not be read or drawn.",
    )
    parser.add_argument("file", metavar="FILE", help="a log, a mail or a console capture; - is standard input")
    parser.add_argument("-o", dest="out", metavar="OUT", required=True, help="the file to write; - is standard output")
    parser.add_argument("--format", choices=FORMATS, help="the form; otherwise the ending of OUT names it")
    parser.add_argument("--report", type=int, default=1, metavar="N", help="the N-th report of FILE (default 1)")
    parser.add_argument(
        "--view",
        choices=VIEWS,
        default="ring",
        help="how to draw it: ring is what fits the report (default), else layers or lanes of a cycle",
    )
    parser.add_argument("--theme", choices=sorted(THEMES), default="light", help="the colours (default light)")
    parser.add_argument("--scale", type=float, default=1.0, metavar="S", help="size of a PNG (default 1)")
    options = parser.parse_args(arguments)
    form = options.format or _ending(options.out)
    if form not in FORMATS:
        parser.error(f"{options.out} does not end in .{', .'.join(FORMATS)}, so --format is needed")
    _check_output(options.out, form, options.file)
    log = read_file(options.file)
    if not log.reports:
        return _say_nothing_found(log)
    if not 1 <= options.report <= len(log.reports):
        raise UserError(f"{options.file} has no report {options.report}: --report takes 1 to {len(log.reports)}")
    report = log.reports[options.report - 1]
    if form == "json":
        from lockview.export.as_json import dumps

        picture = dumps([replace(log, reports=(report,))]).encode()
    else:
        picture = _picture(report, form, options.view, options.theme, options.scale)
    _save(picture, options.out)
    return FOUND


def _ending(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return ending.lower() if stem and dot else ""


def _check_output(out: str, form: str, source: str) -> None:
    """Refuse what would destroy the log or the terminal before anything is read."""
    if out == "-":
        if form in ("png", "pdf") and sys.stdout.isatty():
            raise UserError(f"a {form.upper()} is no text for a terminal; send it through a pipe or give a file")
    elif source != "-" and os.path.exists(out) and os.path.exists(source) and os.path.samefile(out, source):  # noqa: PTH110, PTH121
        raise UserError(f"{out} is the log itself; give another file to write")


def _picture(report: Report, form: str, view: str, theme: str, scale: float) -> bytes:
    from lockview.analysis.build import lock_graph
    from lockview.export.render import drawing_for, render

    graph = lock_graph(report)
    if form not in ("png", "pdf"):
        return render(report, graph, form, view=view, theme=theme)
    try:
        from lockview.gui import painting
    except ImportError as error:
        raise UserError(_missing_library(form, error)) from error
    painting.ensure_application()
    drawing = drawing_for(report, graph, view, painting.font_measure(painting.system_fonts()))
    try:
        if form == "pdf":
            return painting.export_pdf(drawing, THEMES[theme])
        return painting.export_png(drawing, THEMES[theme], scale)
    except ValueError as error:
        raise UserError(str(error)) from error


def _missing_library(form: str, error: ImportError) -> str:
    from lockview.document.system_libraries import install_hint, library_in, missing_libraries

    library = library_in(str(error))
    if library is None:
        return f"a {form.upper()} needs PySide6, which does not load ({error}); SVG needs nothing"
    hint = install_hint({library, *missing_libraries(("any",))})
    return f"a {form.upper()} needs the library {library}, which is missing; SVG needs nothing; to install it: {hint}"


def _save(picture: bytes, out: str) -> None:
    if out == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(picture)
        sys.stdout.buffer.flush()
    else:
        with open(out, "wb") as file:  # noqa: PTH123 - the name is taken literally
            file.write(picture)
