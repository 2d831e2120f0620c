"""The command line: exit codes, one line per error, nothing printed raw, and no window unless it is asked for."""

import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lockview import __main__, __version__, cli
from lockview.document.errors import UserError
from lockview.export.as_json import loads
from lockview.export.render import VIEWS
from lockview.parsing.reader import read_file

ROOT = Path(__file__).resolve().parent.parent
TITLE = "WARNING: possible circular locking dependency detected"


def run(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "lockview", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, input=stdin, capture_output=True, timeout=60)


def one_line(text: str) -> str:
    """The one line that every error is."""
    assert text.count("\n") == 1
    assert text.startswith("lockview: ")
    return text.removeprefix("lockview: ").rstrip("\n")


@pytest.fixture
def no_report(tmp_path: Path) -> Path:
    path = tmp_path / "boot.log"
    path.write_text(f"[    1.000000] usb 1-1: new device\n[    2.000000] {TITLE}\n")
    return path


# --- Which way the arguments go ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        ([], []),
        (["a.log"], ["a.log"]),
        (["-"], ["-"]),
        (["a.log", "parse"], ["a.log", "parse"]),
        (["./parse"], ["./parse"]),
        (["--", "parse", "--version"], ["parse", "--version"]),
        (["parse"], None),
        (["render", "x"], None),
        (["--version"], None),
        (["a.log", "--help"], None),
    ],
)
def test_files_open_the_window_and_the_rest_does_not(arguments: list[str], files: list[str] | None) -> None:
    assert __main__.files_for_window(arguments) == files


def test_the_command_line_loads_no_qt(sample: Path) -> None:
    """Reading a log on a server must not need the libraries of a desktop."""
    code = (
        "import sys; from lockview import cli; code = cli.main(['parse', sys.argv[1]]);"
        "sys.exit(code or any(name.startswith(('PySide6', 'networkx', 'pygraphviz')) for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(sample)], cwd=ROOT, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_plain_files_do_not_load_the_option_parser() -> None:
    code = (
        "import sys; from lockview import __main__ as m; assert m.files_for_window(['a.log']) == ['a.log'];"
        "assert not {'argparse', 'lockview.cli', 'lockview.app', 'json'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


# --- parse ------------------------------------------------------------------------------------------------------


def test_parse_says_what_a_report_means(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["parse", str(sample)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert f"{sample}: 1 report in " in out
    assert f"\nline 2: {TITLE}\n  khugepaged/43 wants &mapping->i_mmap_rwsem while holding fs_reclaim\n" in out
    assert "  cycle &mapping->i_mmap_rwsem -> &vma->vm_sequence -> &vma->vm_sequence/1 -> fs_reclaim -> &mapping" in out
    assert "\n  at 2311.315401\n" in out


def test_parse_explain_says_what_the_window_says(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["parse", "--explain", str(sample)]) == 0
    out = capsys.readouterr().out
    assert "  - It takes 3 tasks to get stuck this way" in out
    assert "  - Edge 4 follows the documented order, fs_reclaim outside &mapping->i_mmap_rwsem" in out
    assert "  - Usual fixes: the circle is open when" in out
    assert cli.main(["parse", "--explain", str(sample.parent)]) == 0
    assert "Usual fixes" in capsys.readouterr().out
    assert cli.main(["parse", "--explain", "--json", str(sample)]) == 2
    assert "not allowed with" in one_line(capsys.readouterr().err)


def test_parse_json_gives_all_that_was_read(sample: Path) -> None:
    done = run("parse", "--json", sample)
    assert (done.returncode, done.stderr) == (0, b"")
    assert loads(done.stdout.decode()) == (read_file(str(sample)),)


def test_seed_mail_in_json(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole mail, prose and damage included, gives what its log says."""
    assert cli.main(["parse", "--json", str(shared / "samples" / "seed-mail.txt")]) == 0
    (report,) = json.loads(capsys.readouterr().out)["reports"]
    assert report["task"] == {"comm": "khugepaged", "pid": 43}
    assert report["kernel"] == "4.13.0-rc5-next-20170817-dbg-00039-gaf11d7500492-dirty"
    assert [(entry["index"], len(entry["stack"]["frames"])) for entry in report["chain"]] == [
        (3, 8),
        (2, 13),
        (1, 13),
        (0, 15),
    ]
    assert [edge["held"]["name"] for edge in report["cycle"]] == [
        "&mapping->i_mmap_rwsem",
        "&vma->vm_sequence",
        "&vma->vm_sequence/1",
        "fs_reclaim",
    ]
    assert [edge["index"] for edge in report["cycle"]] == [1, 2, 3, 0]
    assert [(step["cpu"], step["class"]["name"]) for step in report["scenario"]] == [
        (0, "fs_reclaim"),
        (1, "&vma->vm_sequence/1"),
        (1, "fs_reclaim"),
        (0, "&mapping->i_mmap_rwsem"),
    ]
    assert report["held_locks"]["count"] == 1


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_parse_reads_standard_input(sample: Path, name: str) -> None:
    done = run("parse", name, stdin=gzip.compress(sample.read_bytes()))
    assert done.returncode == 0
    assert TITLE.encode() in done.stdout


def test_parse_of_nothing_says_what_was_looked_for(no_report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["parse", str(no_report)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0].startswith(f"lockview: {no_report}: no lock report in 2 lines; looked for ")
    assert '"possible circular locking dependency detected"' in lines[0]
    assert len(lines[0]) < 300 + len(str(no_report))
    assert lines[1].startswith(f"lockview: {no_report}:2: ")
    assert TITLE in lines[1]


def test_parse_of_an_empty_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    assert cli.main(["parse", str(empty)]) == 1
    assert one_line(capsys.readouterr().err).startswith(f"{empty}: the source is empty")


def test_parse_of_what_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = f"{tmp_path}/missing.log"
    assert cli.main(["parse", path]) == 2
    assert path in one_line(capsys.readouterr().err)


def test_parse_goes_on_after_a_source_that_cannot_be_read(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["parse", "--json", "/nowhere/a.log", str(sample)]) == 2
    out, err = capsys.readouterr()
    assert len(loads(out)) == 1
    one_line(err)


def test_parse_of_several_finds_some(sample: Path, no_report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["parse", "--json", str(no_report), str(sample)]) == 0
    assert [len(log.reports) for log in loads(capsys.readouterr().out)] == [0, 1]


def test_nothing_from_a_log_reaches_the_terminal_raw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A log must not be able to clear the screen, set the title or reverse the text after it."""
    path = tmp_path / "evil\x1b[2J.log"
    evil = "evil\x1b]0;x\x07\N{RIGHT-TO-LEFT OVERRIDE}lock"
    path.write_text(
        f"{TITLE}\ndemo/1 is trying to acquire lock:\n ({evil}){{+.+.}}, at: f+0x1/0x2\n"
        f"but task is already holding lock:\n (b){{+.+.}}, at: g+0x1/0x2\n-> #1 (b){{+.+.}}:\n g+0x1/0x2\n"
        f"-> #0 ({evil}){{+.+.}}:\n f+0x1/0x2\n-> #9 ({evil}\n"
    )
    cli.main(["parse", str(path)])
    cli.main(["parse", str(tmp_path / "\x1b[2J")])
    out, err = capsys.readouterr()
    assert "demo/1 wants" in out
    assert {char for char in out + err if not char.isprintable()} == {"\n"}


# --- parse of folders and of growing logs -----------------------------------------------------------------------


def _folder(tmp_path: Path, sample: Path, logs: int) -> Path:
    folder = tmp_path / "logs"
    (folder / "deeper").mkdir(parents=True)
    for number in range(logs):
        (folder / "deeper" / f"boot-{number:02}.log").write_text(f"[    1.000000] boot {number}\n")
    (folder / "a.log").write_bytes(sample.read_bytes())
    (folder / ".hidden").write_bytes(sample.read_bytes())
    return folder


@pytest.mark.parametrize("logs", [3, 60])
def test_parse_of_a_folder_reads_all_below_it(
    logs: int, tmp_path: Path, sample: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Many are read by several processes; what is printed is the same, and in order."""
    folder = _folder(tmp_path, sample, logs)
    (folder / "deeper" / "z.log").write_bytes(sample.read_bytes())
    assert cli.main(["parse", str(folder)]) == 0
    out, err = capfd.readouterr()
    assert out.index(f"{folder}/a.log: 1 report in ") < out.index(f"{folder}/deeper/z.log: 1 report in ")
    assert one_line(err) == f"2 reports in {logs + 2} logs below {folder}"
    assert cli.main(["parse", "--json", str(folder)]) == 0
    assert len(loads(capfd.readouterr().out)) == logs + 2


def test_parse_of_a_folder_without_reports(tmp_path: Path, no_report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["parse", str(tmp_path)]) == 1
    err = capsys.readouterr().err
    assert f"{no_report}:2: " in err
    assert err.endswith(f"lockview: 0 reports in 1 logs below {tmp_path}\n")


def test_pieces_of_a_rotated_log_are_one_log(tmp_path: Path, sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A report that lies over the rotation is whole, and its lines count through all pieces."""
    lines = sample.read_bytes().splitlines(keepends=True)
    (tmp_path / "kern.log.2.gz").write_bytes(gzip.compress(b"[    1.000000] old\n" * 5))
    (tmp_path / "kern.log.1").write_bytes(b"".join(lines[:50]))
    (tmp_path / "kern.log").write_bytes(b"".join(lines[50:]))
    for arguments in ([str(tmp_path)], [str(tmp_path / name) for name in ("kern.log", "kern.log.1", "kern.log.2.gz")]):
        assert cli.main(["parse", "--json", *arguments]) == 0
        (log,) = loads(capsys.readouterr().out)
        assert log.name == str(tmp_path / "kern.log")
        assert log.reports == read_file(str(sample)).reports
        assert log.reports[0].reading.complete
        assert log.reports[0].span.first == 7
        assert [problem.message for problem in log.problems] == [
            f"lines 1-5 are those of {tmp_path}/kern.log.2.gz",
            f"lines 6-55 are those of {tmp_path}/kern.log.1",
            f"lines 56-{log.lines} are those of {tmp_path}/kern.log",
        ]


def test_follow_prints_each_report_once_it_is_over(sample: Path) -> None:
    text = sample.read_bytes()
    command = [sys.executable, "-m", "lockview", "parse", "--follow", "--json", "-"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(text[:3000])
        process.stdin.flush()
        process.stdin.write(text[3000:] + b"[ 2312.000000] noise\n" * 20)
        process.stdin.flush()
        (first,) = loads(process.stdout.readline().decode())
        process.stdin.write(text.replace(b"[ 2311.", b"[ 2313."))
        process.stdin.close()
        (second,) = loads(process.stdout.readline().decode())
        assert process.wait(30) == 0
    assert first.reports == second.reports == read_file(str(sample)).reports
    assert second.reports[0].span.first > first.reports[0].span.last


# --- render -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.svg", b"<svg"),
        ("a.dot", b"digraph"),
        ("a.mmd", b""),
        ("a.txt", b""),
        ("a.json", b'{"format": "lockview.log"'),
        ("a.PNG", b"\x89PNG"),
        ("a.pdf", b"%PDF"),
    ],
)
def test_render_by_ending(name: str, start: bytes, sample: Path, tmp_path: Path) -> None:
    out = tmp_path / name
    assert cli.main(["render", str(sample), "-o", str(out)]) == 0
    data = out.read_bytes()
    assert start in data[:200]
    assert len(data) > 200


@pytest.mark.parametrize("view", VIEWS)
def test_render_views(view: str, sample: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert cli.main(["render", str(sample), "-o", "-", "--format", "svg", "--view", view, "--theme", "dark"]) == 0
    assert b"vm_sequence" in capsysbinary.readouterr().out


def test_render_needs_no_display(sample: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.png"
    environment = {key: value for key, value in os.environ.items() if "DISPLAY" not in key and key != "QT_QPA_PLATFORM"}
    command = [sys.executable, "-m", "lockview", "render", str(sample), "-o", str(out), "--scale", "2"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert out.read_bytes().startswith(b"\x89PNG")


def test_render_chooses_a_report(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two = tmp_path / "two.log"
    two.write_bytes(sample.read_bytes() + b"\n" + sample.read_bytes().replace(b"khugepaged/43", b"other/7"))
    assert cli.main(["render", str(two), "-o", "-", "--format", "json", "--report", "2"]) == 0
    (log,) = loads(capsys.readouterr().out)
    assert [str(report.task) for report in log.reports] == ["other/7"]
    assert cli.main(["render", str(two), "-o", "-", "--format", "txt", "--report", "3"]) == 2
    assert one_line(capsys.readouterr().err) == f"{two} has no report 3: --report takes 1 to 2"


def test_render_of_a_log_without_report(no_report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["render", str(no_report), "-o", str(tmp_path / "a.svg")]) == 1
    assert "no lock report" in capsys.readouterr().err
    assert not (tmp_path / "a.svg").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-o", "a.gif"], "a.gif does not end in .svg, .png"),
        (["-o", "svg"], "svg does not end in"),
        (["-o", "-"], "--format is needed"),
        ([], "the following arguments are required: -o"),
        (["-o", "a.svg", "--view", "spiral"], "invalid choice: 'spiral'"),
        (["-o", "a.svg", "--report", "x"], "invalid int value: 'x'"),
        (["-o", "/nowhere/a.svg"], "/nowhere/a.svg: No such file or directory"),
        (["-o", "a.png", "--scale", "nan"], "the scale must be a positive number"),
        (["-o", "a.png", "--scale", "1000"], "too large"),
    ],
)
def test_render_mistakes(
    arguments: list[str],
    words: str,
    sample: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["render", str(sample), *arguments]) == 2
    assert words in one_line(capsys.readouterr().err)


def test_render_never_overwrites_the_log(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log.txt"
    log.write_bytes(sample.read_bytes())
    (tmp_path / "link.txt").symlink_to(log)
    assert cli.main(["render", str(log), "-o", str(tmp_path / "link.txt")]) == 2
    assert "is the log itself" in one_line(capsys.readouterr().err)
    assert log.read_bytes() == sample.read_bytes()


# --- Options ----------------------------------------------------------------------------------------------------


def test_version_and_help() -> None:
    assert run("--version").stdout.decode() == f"lockview {__version__}\n"
    for arguments in (["--help"], ["parse", "--help"], ["render", "--help"]):
        done = run(*arguments)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.startswith(b"usage: lockview")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--colour"], "unrecognized arguments: --colour; lockview --help shows how"),
        (["a.log", "--install-desktop"], "options and files do not go together"),
        (["--install-desktop", "--uninstall-desktop"], "not allowed with argument"),
        (["parse"], "the following arguments are required: FILE; lockview parse --help shows how"),
        (["parse", "--js", "x"], "unrecognized arguments: --js"),
    ],
)
def test_usage_errors(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments) == 2
    assert words in one_line(capsys.readouterr().err)


def test_desktop_entry_comes_and_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert cli.main(["--install-desktop"]) == 0
    assert f"{tmp_path}/applications/" in capsys.readouterr().out
    assert list(tmp_path.rglob("*.desktop"))
    assert cli.main(["--uninstall-desktop"]) == 0
    assert not list(tmp_path.rglob("*.desktop"))


# --- When things go wrong ---------------------------------------------------------------------------------------


def test_a_reader_that_goes_away_is_no_error(sample: Path) -> None:
    command = [sys.executable, "-m", "lockview", "parse", "--json", *[str(sample)] * 9]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


def test_a_full_disk_is_one_line(sample: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "lockview", "parse", str(sample)]
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 2
    assert one_line(done.stderr.decode()) == "standard output: No space left on device"


def test_interrupt_ends_quietly() -> None:
    code = (
        "import os, signal, sys; from lockview import cli;"
        "cli.read_file = lambda name: os.kill(os.getpid(), signal.SIGINT);"
        "sys.exit(cli.main(['parse', 'x']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (128 + signal.SIGINT, b"")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UserError("no such luck"), "no such luck"),
        (MemoryError(), "not enough memory"),
        (KeyError("x"), "this is a bug of lockview, please report it: KeyError: 'x' ("),
    ],
)
def test_errors_are_one_line(
    error: Exception, words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> None:
        raise error

    monkeypatch.setattr(cli, "read_file", fail)
    assert cli.main(["parse", "x"]) == 2
    assert words in one_line(capsys.readouterr().err)
