"""Reports without what depends on the machine: ``from report_skeletons import skeleton``."""

from __future__ import annotations

import re

_SCENARIO = ("CPU0", "----", "lock(", "local_irq_disable", "<Interrupt>")
_MACHINE = re.compile(
    r"CPU: |\d+\.\d+\.\d+|irq event stamp|(?:hard|soft)irqs last |irq event| \.\.\. key  |  \.\.\. key  |Tainted: |"
    r" +(?:lock|unlock) \(ops:"
)
_FRAME = re.compile(r" +\??\s*[\w.]+(?:\+0x[0-9a-f]+/0x[0-9a-f]+(?: \[\w+\])?| \(x\.c:\d+\))$")


def skeleton(lines: list[str]) -> list[str]:
    """The lines of a report from its first fence to its stack: no addresses, no stacks, not the kernel's name.

    A C initialiser calls mutex_A ``&mutex_A``, and mutex_X1 ``mutex``; here they are all ``mutex`` with their letter.
    """
    body = "\n".join(lines).partition("Call Trace:")[0].splitlines()
    fence = next(number for number, line in enumerate(body) if line.startswith("===="))
    return [_without_names(line) for line in body[fence:] if not _is_of_the_machine(line)]


def _is_of_the_machine(line: str) -> bool:
    if _MACHINE.match(line) or _FRAME.match(line):
        return True
    return line.startswith(" " * 7) and not any(word in line for word in _SCENARIO) and not line.strip().endswith("at:")


def _without_names(line: str) -> str:
    line = re.sub(r"(?:\b[0-9a-f]{16}\b|\[<[0-9a-f]*>\]) ?", "", line)
    line = re.sub(r"^ +\((?=.*, at: )", "(", line)
    line = re.sub(r"(?<=#\d:)  *", " ", line)
    line = re.sub(r", at: .*", ", at", line)
    line = re.sub(r"memory \S+,", "memory,", line)
    line = re.sub(r"^(double_unlock_mutex\+|unlock \(ops).*", "site", line)
    names = r"&?\b(mutex|raw_lock|lock)(_[A-DX])?\b(?![:(])"
    return re.sub(names, lambda lock: lock[1] + (lock[2] or "").replace("_X", ""), line)
