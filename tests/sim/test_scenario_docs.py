"""docs/scenarios.md says what is so: its example runs, its tables are the program's, its fields are all there."""

import re
from pathlib import Path

from lockview.kernel.routines import ROUTINES
from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS
from lockview.kernel.what_ifs import WHAT_IFS
from lockview.model.reports import CircularReport
from lockview.sim.heads import read_switches
from lockview.sim.scenarios.reading import read_scenario
from lockview.sim.simulation import simulate

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")


def rows(name: str) -> list[list[str]]:
    """The cells of a table between its marks, without the two lines of its head."""
    table = TEXT.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_the_example_runs_as_it_says() -> None:
    example = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)[0]
    description = read_scenario(example)
    simulation = simulate(description)
    assert simulation.ending.value == description.expect.run_ends
    assert not any(isinstance(report, CircularReport) for report in simulation.reports)


def test_routines_variants_and_switches_are_those_of_the_program() -> None:
    routines = {row[0].strip("`"): row for row in rows("routines")}
    assert set(routines) == set(ROUTINES)
    for name, row in routines.items():
        spec = ROUTINES[name]
        arguments = [f"`{p.name}`" if p.default is ... else f"[`{p.name}`]" for p in spec.parameters]
        assert row[1:] == [spec.meaning, ", ".join(arguments)]
    assert [row[0].strip("`") for row in rows("variants")] == list(VARIANTS)
    for name, title, switches in rows("variants"):
        variant = VARIANTS[name.strip("`")]
        assert title == variant.title
        assert set(re.findall(r"`(.*?)`", switches)) == {switch.value for switch in variant.switches}
    assert rows("switches") == [[f"`{switch}`", switch.meaning] for switch in Switch]


def test_what_ifs_are_those_of_the_program() -> None:
    assert {name: meaning for name, meaning, _ in rows("what-ifs")} == {
        f"`{name}`": what_if.meaning for name, what_if in WHAT_IFS.items()
    }
    for name, _, switches in rows("what-ifs"):
        words = tuple(re.findall(r"`(.*?)`", switches))
        assert read_switches((name.strip("`"),)) == read_switches(words)


def test_every_field_is_described() -> None:
    source = (ROOT / "lockview" / "sim" / "scenarios" / "reading.py").read_text(encoding="utf-8")
    fields = set(
        re.findall(
            r'(?:part|table)\.(?:text|name|number|flag|texts|numbers|one_of|each_of|has|parts|part)\("(\w+)"', source
        )
    )
    assert len(fields) > 30
    forms = ("`{}`", "[[{}]]", "[{}]", "[[task.{}]]")
    assert [field for field in sorted(fields) if not any(form.format(field) in TEXT for form in forms)] == []
