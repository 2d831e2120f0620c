"""``lockview variants``: the kernels, what sets two apart, and the switches of the mutation matrix."""

import json

import pytest

from lockview import cli
from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS, difference
from lockview.sim.heads import read_switches

Capture = pytest.CaptureFixture[str]


def out_of(capsys: Capture, *arguments: str) -> str:
    assert cli.main(["variants", *arguments]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


def test_all_kernels_are_listed(capsys: Capture) -> None:
    lines = out_of(capsys).splitlines()
    assert [line.split()[0] for line in lines] == list(VARIANTS)
    assert all(variant.title in line for line, variant in zip(lines, VARIANTS.values(), strict=True))


def test_the_switches_of_one_kernel(capsys: Capture) -> None:
    first, *lines = out_of(capsys, "SPF-v2").splitlines()
    assert first == "spf-v2: speculative page faults v2, as posted in August 2017"
    assert {line.split()[0] for line in lines} == {"speculation", "srcu-vmas"}
    assert out_of(capsys, "classic").splitlines()[1] == "no switches"


@pytest.mark.parametrize("first", ["spf-v2", "spf-v11", "pvl-6.4", "classic"])
@pytest.mark.parametrize("second", ["spf-v4", "android-5.10", "ref-6.15"])
def test_the_difference_makes_the_second_of_the_first(capsys: Capture, first: str, second: str) -> None:
    switches = set(VARIANTS[first].switches)
    for line in out_of(capsys, first, second).splitlines()[2:]:
        sign, name, meaning = line.split(maxsplit=2)
        assert meaning == Switch(name).meaning
        (switches.add if sign == "+" else switches.remove)(Switch(name))
    assert switches == VARIANTS[second].switches


def test_kernels_that_differ_in_name_only(capsys: Capture) -> None:
    assert out_of(capsys, "spf-v2", "spf-v3").splitlines()[2:] == ["no difference"]


def test_as_json(capsys: Capture) -> None:
    value = json.loads(out_of(capsys, "spf-v4", "spf-v6", "--json"))
    gone, new = difference(VARIANTS["spf-v4"], VARIANTS["spf-v6"])
    assert (list(value["-"]), list(value["+"])) == ([*gone], [*new])


def test_every_switch_of_the_matrix_has_a_name(capsys: Capture) -> None:
    named = {line.split()[0] for line in out_of(capsys, "--switches").splitlines()}
    mistakes = {f"M{n}" for n in range(1, 31)} | {f"V{n}" for n in range(1, 8)} | {f"X{n}" for n in range(1, 5)}
    assert mistakes <= named
    for name in named:
        on, off = read_switches((name,))
        assert on or off
        assert read_switches((f"no-{name}",)) == (off, on)


@pytest.mark.parametrize("arguments", [["spf-v99"], ["a", "b", "c"], ["spf-v2", "--switches"]])
def test_what_there_is_not_is_said_in_one_line(capsys: Capture, arguments: list[str]) -> None:
    assert cli.main(["variants", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
