"""``lockview variants``: the simulated kernels, what sets two of them apart, and all switches."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence

from lockview.command_line import CommandParser, write
from lockview.document.errors import UserError
from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS, Variant, difference
from lockview.kernel.what_ifs import WHAT_IFS, WhatIf
from lockview.sim.heads import OFF


def run(arguments: Sequence[str]) -> int:
    """Print what was asked for; returns the exit code. Raises UserError for a kernel that there is not."""
    parser = CommandParser(
        "lockview variants",
        "Lists the kernels that lockview simulate can run; the switches of one KERNEL; or the difference\n"
        "between two: + is a switch that only the second has, - one that only the first has.",
    )
    parser.add_argument("kernels", metavar="KERNEL", nargs="*", help="none, one or two of them")
    parser.add_argument("--switches", action="store_true", help="list all switches instead")
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(arguments)
    if len(options.kernels) > 2 or (options.switches and options.kernels):
        raise UserError("at most two kernels can be compared, and none with --switches; lockview variants --help")
    kernels = [_kernel(name) for name in options.kernels]
    value = _switches() if options.switches else _compared(kernels)
    write(sys.stdout, json.dumps(value) + "\n" if options.json else "".join(_lines(kernels, value)))
    return 0


def _kernel(name: str) -> Variant:
    if name.lower() not in VARIANTS:
        raise UserError(f'"{name}" is no kernel; known: {", ".join(VARIANTS)}')
    return VARIANTS[name.lower()]


def _compared(kernels: Sequence[Variant]) -> dict[str, dict[str, str]]:
    match kernels:
        case [first, second]:
            gone, new = difference(first, second)
            return {"-": _meanings(gone), "+": _meanings(new)}
        case [kernel]:
            return {"": _meanings(switch for switch in Switch if switch in kernel.switches)}
        case _:
            return {"": {variant.name: variant.title for variant in VARIANTS.values()}}


def _meanings(switches: Iterable[Switch]) -> dict[str, str]:
    return {switch.value: switch.meaning for switch in switches}


def _switches() -> dict[str, dict[str, str]]:
    what_ifs = {name: f"{what_if.meaning} ({words_of(what_if)})" for name, what_if in WHAT_IFS.items()}
    return {"": _meanings(Switch) | what_ifs}


def words_of(what_if: WhatIf) -> str:
    """The switches that a what-if stands for, as one would write them."""
    return ", ".join((*what_if.on, *(f"{OFF}{switch}" for switch in what_if.off)))


def _lines(kernels: Sequence[Variant], value: dict[str, dict[str, str]]) -> Iterator[str]:
    for kernel in kernels:
        yield f"{kernel.name}: {kernel.title}\n"
    width = max((len(name) for part in value.values() for name in part), default=0)
    for sign, part in value.items():
        for name, meaning in part.items():
            yield f"{sign or ' '} {name:<{width}}  {meaning}\n"
    if width == 0:
        yield "no difference\n" if len(kernels) == 2 else "no switches\n"
