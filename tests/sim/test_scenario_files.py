"""Scenario files: what is accepted, and that whatever is wrong is named with its line and field."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockview.sim.scenarios.description import Description
from lockview.sim.scenarios.heads import is_scenario
from lockview.sim.scenarios.reading import MOST_BYTES, read_scenario, read_scenario_bytes
from lockview.sim.scenarios.tables import ScenarioError
from lockview.sim.simulation import simulate

LIBRARY = Path(__file__).parents[2] / "resources" / "scenarios"
TEXTS = [path.read_text(encoding="utf-8") for path in sorted(LIBRARY.glob("*.toml"))]

SMALL = """\
format = "lockview.scenario 1"
id = "mine"
title = "a lock"

[[mm]]
name = "app"
pages = 4

[[vma]]
mm = "app"
start = 0
end = 2

[[lock]]
name = "a"

[[task]]
name = "one"
pid = 1
mm = "app"

[[task.call]]
routine = "lock-program"
steps = ["take a", "release a"]
"""


def message(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        read_scenario(text)
    return str(caught.value)


def test_a_small_one_is_read() -> None:
    description = read_scenario(SMALL)
    assert description.tasks[0].calls[0].routine == "lock-program"
    assert description.locks[0].lock_class == "a"
    assert is_scenario(SMALL)
    assert read_scenario_bytes(b"\xef\xbb\xbf" + SMALL.encode()) == description


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("scenario 1", "scenario 2", ["line 1: format", '"lockview.scenario 1" was expected']),
        ('id = "mine"\n', "", ["id: a text was expected, but it is missing"]),
        ('title = "a lock"', 'title = ""', ["line 3: title", "1 to 90"]),
        ('title = "a lock"', 'title = "a\\nlock"', ["line 3: title", "printable"]),
        ("pages = 4", "pages = 4000", ["line 7: mm.pages", "from 0 to 64"]),
        ("pages = 4", "pages = true", ["line 7: mm.pages", "number"]),
        ("pages = 4", "pages = 4\ncolour = 3", ["line 8: mm.colour: there is no such field here"]),
        ("end = 2", "end = 0", ["line 12: vma.end: a page behind start was expected"]),
        ("end = 2", "end = 5", ["line 12: vma.end", "from 0 to 4"]),
        ("end = 2", 'end = 2\nrights = "q"', ["line 13: vma.rights", '"q" is no right']),
        ("end = 2", 'end = 2\n[[vma]]\nmm = "app"\nstart = 1\nend = 3', ["vma: 0 to 2 and 1 to 3 overlap"]),
        ('[[vma]]\nmm = "app"', '[[vma]]\nmm = "other"', ["line 10: vma.mm", "one of app was expected"]),
        ('name = "a"', 'name = "a"\nkind = "door"', ["line 16: lock.kind", "mutex"]),
        ("[[task]]", "[task]", ["tables [[task]] were expected"]),
        ('[[task]]\nname = "one"', '[[task]]\nname = ""', ["line 18: task.name"]),
        ('routine = "lock-program"', 'routine = "sleep"', ["line 23: task.call.routine", "munmap"]),
        ('"take a"', '"take b"', ["line 22: lock-program", '"take b": lock: "b" is not there']),
        ('"take a"', '"grab a"', ["line 22", '"grab a": one of take, try, release']),
        ('"take a"', '"begin a"', ["a is a mutex; begin is not for it"]),
        ('"take a"', '"take a /9"', ['"/9" is not understood behind take a']),
        ('"take a"', '"when M99 take a"', ["a switch was expected behind when"]),
        ('"take a"', '"take a in 1st"', ['"1st" is no name of a function']),
        ('steps = ["take a", "release a"]', "steps = 1", ["steps is to be a list of lock operations"]),
        ('steps = ["take a", "release a"]', "", ["lock-program: steps is missing"]),
        ('id = "mine"', 'id = "mine"\norder = ["two"]', ["line 3: order", "a task was expected first, one of one"]),
        ('id = "mine"', 'id = "mine"\nvariant = "spf-v99"', ["line 3: variant", "spf-v2"]),
        ('id = "mine"', 'id = "mine"\non = ["M99"]', ["line 3: on", '"M99" is not known']),
        ('id = "mine"', 'id = "mine"\nschedule = [0, 1]', ["line 3: schedule", "from 0 to 0"]),
        ('id = "mine"', "id = mine", ["no valid TOML", "line 2"]),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, words: list[str]) -> None:
    assert old in SMALL
    text = message(SMALL.replace(old, new, 1))
    for word in words:
        assert word in text


def test_pages_lie_inside_of_the_address_space() -> None:
    other = '[[task.call]]\nroutine = "munmap"\nstart = 0\nend = 9\n'
    assert "munmap: end lies outside of the 4 pages" in message(SMALL + other)
    other = '[[task.call]]\nroutine = "store"\npage = 4\n'
    assert "store: page lies outside of the 4 pages" in message(SMALL + other)
    other = '[[task.call]]\nroutine = "mremap"\nstart = 0\nend = 2\nto = 3\n'
    assert "mremap" in message(SMALL + other)


def test_a_kernel_thread_has_no_address_space() -> None:
    other = '[[task]]\nname = "k"\npid = 2\n[[task.call]]\nroutine = "store"\npage = 0\n'
    assert "store: task k has no address space" in message(SMALL + other)


def test_what_is_no_text_is_refused_with_its_line() -> None:
    with pytest.raises(ScenarioError, match="line 2: UTF-8 was expected"):
        read_scenario_bytes(b"format = 1\n\xff\n")


def test_large_and_deep_files_are_refused() -> None:
    assert "too large" in message("#" * (MOST_BYTES + 1))
    assert "no valid TOML" in message("a = " + "[" * 50_000)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    _read_or_refused(data)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(TEXTS), st.data())
def test_damaged_files_are_read_or_refused(text: str, data: st.DataObject) -> None:
    """A line of one file that goes missing, is doubled, or stands in another file; a value that changes."""
    lines = text.split("\n")
    place = data.draw(st.integers(0, len(lines) - 1))
    other = data.draw(st.sampled_from(TEXTS)).split("\n")
    change = data.draw(st.sampled_from(["drop", "double", "borrow", "value", "cut"]))
    if change == "drop":
        del lines[place]
    elif change == "double":
        lines.insert(place, lines[place])
    elif change == "borrow":
        lines.insert(place, data.draw(st.sampled_from(other)))
    elif change == "value":
        value = data.draw(
            st.sampled_from(["-1", "0", "3", "70", '"x"', "[]", "[1, -2]", "true", "1.5", "1979-05-27", "{}"])
        )
        lines[place] = f"{lines[place].partition(' = ')[0]} = {value}"
    else:
        lines = [*lines[:place], lines[place][: data.draw(st.integers(0, 40))]]
    description = _read_or_refused("\n".join(lines).encode())
    if description is not None:
        simulate(description, seed=0)


def _read_or_refused(data: bytes) -> Description | None:
    try:
        return read_scenario_bytes(data)
    except ScenarioError:
        return None
