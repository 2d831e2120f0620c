"""An unfinished search in a file, to go on with later: how each state was first met, nothing that depends on this run.

Text: a line of JSON, then for each state after the first a line with the number of the state before it, the task and
the answer of the step between; at last a checksum.
"""

from __future__ import annotations

import json
from itertools import islice
from zlib import crc32

from lockview.sim.exploring import BreadthFirst
from lockview.sim.machine import Machine, Move

_FORMAT = "lockview.exploration 1"
MOST_BYTES = 1 << 28


def write_checkpoint(search: BreadthFirst, model: str) -> bytes:
    """All that a search knows. ``model`` names what it searches: the same text is asked for when it is read."""
    numbers = {packed: number for number, packed in enumerate(search.order)}
    head = {"format": _FORMAT, "model": model, "head": search.head, "transitions": search.transitions}
    lines = [json.dumps(head)]
    for packed in islice(search.order, 1, None):
        came = search.came[packed]
        if came is not None:
            before, move = came
            lines.append(f"{numbers[before]} {move.task} {move.choice}")
    body = ("\n".join(lines) + "\n").encode()
    return body + _checksum(body) + b"\n"


def read_checkpoint(data: bytes, machine: Machine, model: str) -> BreadthFirst:
    """The search, ready to go on. Raises ValueError saying what is wrong with the file, or that it is of another."""
    if len(data) > MOST_BYTES:
        raise ValueError(f"a file of at most {MOST_BYTES:,} bytes was expected")
    body, _, checksum = data.rstrip(b"\n").rpartition(b"\n")
    lines = body.decode("utf-8", "replace").split("\n")
    head = _head(lines[0])
    if _checksum(body + b"\n") != checksum:
        raise ValueError("it is damaged or cut off: its checksum is that of another")
    if head["model"] != model:
        raise ValueError("it is of another scenario, or of another kernel")
    search = BreadthFirst(machine)
    for number, line in enumerate(lines[1:], 2):
        _meet(search, number, line)
    search.head, search.transitions = int(head["head"]), int(head["transitions"])
    return search


def _checksum(body: bytes) -> bytes:
    return f"{crc32(body):08x}".encode()


def _head(line: str) -> dict[str, str]:
    try:
        head = json.loads(line)
    except (ValueError, RecursionError):
        head = None
    if not isinstance(head, dict) or head.get("format") != _FORMAT:
        raise ValueError(f'line 1: a line with "format": "{_FORMAT}" was expected')
    return head


def _meet(search: BreadthFirst, number: int, line: str) -> None:
    """Add a state to those that were met."""
    words = line.split(" ")
    if len(words) == 3 and all(word.isdecimal() for word in words):
        before, task, choice = map(int, words)
        steps = search.graph.of(search.order[before]) if before < len(search.order) else []
        for move, after, violation in steps:
            if move == (task, choice) and violation is None and after not in search.came:
                search.came[after] = (search.order[before], Move(task, choice))
                search.order.append(after)
                return
    raise ValueError(f"line {number}: a step to a new state was expected; this version searches differently")
