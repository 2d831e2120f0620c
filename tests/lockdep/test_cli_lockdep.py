"""``lockview lockdep``: what it prints, what it returns, and what it says of files that it cannot read."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockview import __main__, cli
from lockview.export.as_json import report_from_json
from lockview.export.kernel_text import kernel_text
from lockview.lockdep.case_files import looks_like_cases, read_cases
from lockview.lockdep.cases import run
from lockview.lockdep.fields import OperationError
from lockview.lockdep.operations import _ACTIONS

INVERTED = [
    {"op": op, "kind": "mutex", "lock": lock}
    for op, lock in (
        *(("lock", "a"), ("lock", "b"), ("unlock", "b"), ("unlock", "a")),
        *(("lock", "b"), ("lock", "a"), ("unlock", "a"), ("unlock", "b")),
    )
]


def file_of(folder: Path, *cases: dict[str, Any]) -> str:
    path = folder / "cases.json"
    path.write_text(json.dumps({"cases": cases}))
    return str(path)


def test_the_self_test_prints_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lockdep", "--self-test"]) == 0
    printed = capsys.readouterr().out
    assert "                 A-B-B-A deadlock:  ok  |  ok  |  ok  |  ok  |  ok  |  ok  |  ok  |\n" in printed
    assert "Good, all 394 testcases passed! |" in printed


def test_a_list_without_families_and_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = file_of(tmp_path, {"id": "inverted", "expected": "FAILURE", "ops": INVERTED}, {"id": "empty", "ops": []})
    assert cli.main(["lockdep", name]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == ["ok      inverted  circular at ops[5]", "--      empty"]
    assert cli.main(["lockdep", name, "--splat", "--case", "inv*", "--era", "4.4"]) == 0
    printed = capsys.readouterr().out
    assert "[ INFO: possible circular locking dependency detected ]" in printed
    assert "empty" not in printed


def test_a_missed_verdict_is_told_and_returned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = file_of(tmp_path, {"id": "x", "title": "a row", "family": "mine", "expected": "SUCCESS", "ops": INVERTED})
    assert cli.main(["lockdep", name]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert "  | mine |" in printed
    assert f"{'a row':>33}:FAILED|" in printed
    assert "BUG:   1 unexpected failures (out of   1)" in printed


def test_the_json_holds_the_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = file_of(tmp_path, {"id": "inverted", "expected": "FAILURE", "ops": INVERTED})
    assert cli.main(["lockdep", "--json", name]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["format"], found["version"], found["passed"], found["missed"]) == ("lockview.lockdep", [1, 0], 1, 0)
    (case,) = found["cases"]
    assert (case["verdict"], case["at"]) == ("FAILURE", 5)
    assert kernel_text(report_from_json(case["report"])) == case["text"]


def test_rules_and_words_of_another_kernel(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lockdep", "--self-test", "--case", "mutex_in_RCU", "--list", "--era", "4.13"]) == 1
    assert cli.main(["lockdep", "--self-test", "--case", "mutex_in_RCU", "--list", "--rules", "6.12"]) == 0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hello", "holds neither cases, as JSON that begins with { or [, nor traced lock events"),
        ('{"cases": [\n{"id": "a" "b"}]}', "line 2, column 12"),
        ('{"cases": 3}', "cases: a list was expected"),
        ('[{"id": 4}]', "cases[0].id: a text was expected"),
        ('[{"id": "a", "expected": "maybe", "ops": []}]', 'cases[0].expected: "SUCCESS" or "FAILURE" was expected'),
        ('[{"id": "a", "ops": {}}]', "cases[0].ops: a list of objects was expected"),
        ('[{"id": "a", "family": 1, "ops": []}]', "cases[0].family: a text was expected"),
        ('[{"id": "a", "ops": [{"op": "lick"}]}]', 'a: ops[0].op: "lick" is not an operation'),
        ('[{"id": "a", "ops": [{"op": "lock", "lock": "m"}]}]', "a: ops[0].kind: a text was expected"),
        ('[{"id": "a", "ops": [{"op": "lock", "lock": "m", "kind": "door"}]}]', '"door" is not a lock'),
        ('[{"id": "a", "ops": [{"op": "lock", "lock": "m", "kind": "mutex", "read": 3}]}]', "ops[0].read: a whole"),
        ('[{"id": "a", "ops": [{"op": "hardirq_exit"}]}]', "ops[0].op: there is no such interrupt to leave"),
        ("[" * 100_000 + "{", "nested too deep"),
        ('[{"id": ' + "1" * 5000 + "}]", "digits"),
        ("[]", "has no case *"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str) -> None:
    path = tmp_path / "cases.json"
    path.write_text(text)
    if text.startswith("[[["):
        with pytest.raises(OperationError, match=says):
            read_cases(text.encode())
        return
    assert cli.main(["lockdep", str(path)]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


TRACE = """# tracer: nop
#
#                                _-----=> irqs-off/BH-disabled
#                               / _----=> need-resched
#                              | / _---=> hardirq/softirq
#                              || / _--=> preempt-depth
#                              ||| / _-=> migrate-disable
#                              |||| /     delay
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
""" + "".join(
    f"              sh-54      [001] .....     1.{number:06}: lock_{what}\n"
    for number, what in enumerate(
        (
            *("acquire: 00000000aa table", "acquire: 00000000bb entry", "release: 00000000bb entry"),
            *("release: 00000000aa table", "acquire: 00000000bb entry", "acquire: 00000000aa table"),
        )
    )
)


def test_a_trace_of_a_real_kernel_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "trace.txt"
    path.write_text(TRACE)
    assert cli.main(["lockdep", str(path), "--splat"]) == 0
    printed = capsys.readouterr().out
    assert "4 acquisitions in 6 events" in printed
    assert "sh/54 is trying to acquire lock:" in printed
    assert cli.main(["lockdep", str(path), "--json"]) == 0
    (trace,) = json.loads(capsys.readouterr().out)["traces"]
    assert [found["report"]["kind"] for found in trace["certain"]] == ["circular"]
    path.write_text("\n".join(TRACE.splitlines()[:-1]))
    assert cli.main(["lockdep", str(path)]) == 0
    assert "the validator says nothing" in capsys.readouterr().out


def test_a_file_or_the_self_test_is_needed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lockdep"]) == 2
    assert cli.main(["lockdep", "--self-test", file_of(tmp_path)]) == 2
    assert cli.main(["lockdep", "/nowhere/cases.json"]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_it_is_a_command_of_the_program() -> None:
    assert __main__.files_for_window(["lockdep", "x.json"]) is None


def test_names_do_no_harm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ['<img src=x>"->', "&", "%s", "\U0001f512", "‮evil", "\x1b[2J", "a\nb"]
    ops = [{"op": "lock", "kind": "mutex", "lock": name, "class": "x" * 90} for name in names]
    assert cli.main(["lockdep", file_of(tmp_path, {"id": "\x1b]0;x\x07", "ops": ops}), "--splat"]) == 0
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "‮" not in printed


def test_a_log_is_not_taken_for_cases() -> None:
    assert not looks_like_cases(b"[    0.000000] Linux version 6.12\n")
    assert looks_like_cases(b'\xef\xbb\xbf \n{"cases": []}')


FIELDS = (
    *("lock", "kind", "class", "read", "ctx", "nest_lock", "trylock", "subclass", "task", "stack", "rank", "returns"),
    *("validate", "static_key", "wait_types", "gfp", "to", "locks", "place", "function", "acquired", "ww_class"),
)
fields = st.dictionaries(
    st.sampled_from(FIELDS),
    st.one_of(
        st.sampled_from(["a", "b", "mutex", "rwlock", "spinlock", "0", "1", "-EDEADLK", "GFP_KERNEL", "t"]),
        st.integers(-1, 9),
        st.booleans(),
        st.none(),
        st.lists(st.one_of(st.sampled_from(["a", "b"]), st.integers(0, 6)), max_size=2),
    ),
)
sensible = st.fixed_dictionaries(
    {
        "op": st.sampled_from(sorted(_ACTIONS)),
        "lock": st.sampled_from("ab"),
        "kind": st.sampled_from(["mutex", "rwlock"]),
    }
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(sensible, fields).map(lambda pair: pair[0] | pair[1]), max_size=12))
def test_no_list_of_operations_does_harm(ops: list[dict[str, Any]]) -> None:
    (case,) = read_cases(json.dumps([{"id": "any", "ops": ops}]).encode())
    try:
        verdict = run(case)
    except OperationError as error:
        assert str(error).startswith("any: ops[")  # noqa: PT017 (either is right)
        return
    if verdict.report is not None:
        assert kernel_text(verdict.report)
