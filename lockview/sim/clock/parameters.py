"""What things cost on the clock, in microseconds of model time; with the published figure that each is anchored to.

All figures are choices of a model. What comes out of them is model time and says nothing about a machine that was not
asked; only shapes and ratios are compared with what was published.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from lockview.kernel.storm import BUSY, CHANGED


class Parameters(NamedTuple):
    """Times in microseconds, ratios between 0 and 1, counts. ``PARAMETERS`` says what each means."""

    fault: float = 2.0
    attempt: float = 0.1
    transfer: float = 0.15
    ref_transfer: float = 0.11
    mmap: float = 2.0
    munmap: float = 8.0
    zap: float = 0.15
    pages: int = 128
    user: float = 20.0
    aborts: float = 0.02
    busy: float = 0.15
    wake: float = 0.0
    spinning: bool = True
    spin_transfers: int = 3
    fair: bool = True
    section: float = 0.02
    grace: float = 10_000.0
    callback: float = 1.0
    pause: float = 0.0
    interval: float = 100.0
    cores: int = 0
    smt: float = 0.6
    socket: int = 0
    numa: float = 1.0
    step: float = 0.01
    copy: float = 0.5
    io: float = 100.0
    flush: float = 2.0
    exponential: bool = True

    def scaled(self, factor: float) -> Parameters:
        """The same with all times multiplied."""
        names = zip(self._fields, self, strict=True)
        return Parameters._make(value * factor if name in TIMES else value for name, value in names)


SMALL = Parameters(pages=1, munmap=3.0, user=5.0)
"""A record of one page, which is what the published rows of ``ebizzy -mTRp`` come to."""


class Meaning(NamedTuple):
    """A parameter: its letter, what it is, how far it may go, where its default comes from."""

    symbol: str
    meaning: str
    low: float
    high: float
    anchor: str = "free"


PARAMETERS: dict[str, Meaning] = {
    "fault": Meaning("tf", "serving a fault, zeroing of the page included, us", 0, 100, "pft: 507,566 faults/s alone"),
    "attempt": Meaning("ts", "extra work of a speculative try, us", 0, 10, "page_fault3: -20 % of a 0.5 to 1 us fault"),
    "transfer": Meaning("b", "moving the cache line of a contended word, us", 0, 10, "pft: 303 ns per fault at 48"),
    "ref_transfer": Meaning("b'", "the same for a reference count, us", 0, 10, "pft with a count: 217 ns per fault"),
    "mmap": Meaning("hm", "mmap holds mmap_sem for, us", 0, 1000),
    "munmap": Meaning("hu", "munmap holds mmap_sem for, us", 0, 1000),
    "zap": Meaning("hz", "and for each page of it, us", 0, 100),
    "pages": Meaning("P", "faults per record", 0, 1024, "ebizzy: 114 to 126 (4 KiB pages), 8 (64 KiB), 0.9 (-mTRp)"),
    "user": Meaning("u", "work in user space per record, us", 0, 100_000),
    "aborts": Meaning("a", "speculative faults that give up in v2", 0, 1, "v8 to v12: 0.4 to 22 %"),
    "busy": Meaning("q", "of these, for a busy page table lock", 0, 0.999, "v10: 15 % on x86, 69 % on POWER8"),
    "wake": Meaning("w", "waking a sleeper, us", 0, 1000, "0: waiters spin; 1 to 50: they sleep"),
    "spinning": Meaning("", "a writer spins while another writer runs", 0, 1, "rwsem_optimistic_spin"),
    "spin_transfers": Meaning("", "line transfers until a spinner has the lock", 0, 10, "fitted: see docs/clock.md"),
    "fair": Meaning("", "readers queue behind a waiting writer", 0, 1, "kernel/locking/rwsem.c"),
    "section": Meaning("tw", "opening and closing a write section, us", 0, 10, "brk1, mmap1: -5 to -18 %"),
    "grace": Meaning("", "a grace period, us", 0, 10_000_000, "SRCU: some 10 ms"),
    "callback": Meaning("", "freeing a VMA after it, us", 0, 1000),
    "pause": Meaning("", "between two faults of a thread that only faults, us", 0, 1_000_000),
    "interval": Meaning("", "between two mmaps of the lonely writer, us", 0, 1_000_000),
    "cores": Meaning("", "cores; more CPUs than that share them, 0: no CPU shares its core", 0, 4096),
    "smt": Meaning("", "speed of a CPU that shares its core", 0.1, 1, "0.6 is usual"),
    "socket": Meaning("", "CPUs per socket, 0: one socket", 0, 4096),
    "numa": Meaning("", "a transfer from another socket takes longer by", 1, 20, "2 to 3"),
    "step": Meaning("", "a step of the fine-grained routines on memory, us", 0, 10),
    "copy": Meaning("", "copying a page, us", 0, 100),
    "io": Meaning("", "reading a page from a disk, us", 0, 100_000),
    "flush": Meaning("", "flushing the TLBs of other CPUs, us", 0, 1000),
    "exponential": Meaning("", "service times vary (exponentially); else they are fixed", 0, 1),
}

TIMES = (
    "fault", "attempt", "transfer", "ref_transfer", "mmap", "munmap", "zap", "user", "wake", "section", "grace",
    "callback", "pause", "interval", "step", "copy", "io", "flush",
)  # fmt: skip
"""The parameters that are times."""


def checked(parameters: Parameters) -> Parameters:
    """The same parameters. Raises ValueError naming one that is out of its range."""
    for name, meaning in PARAMETERS.items():
        value = getattr(parameters, name)
        if not (math.isfinite(value) and meaning.low <= value <= meaning.high):
            raise ValueError(f"{name} must be {meaning.low:g} to {meaning.high:g}, not {value:g}")
    return parameters


def with_values(parameters: Parameters, values: dict[str, str]) -> Parameters:
    """The parameters with others in their place, given as text.

    Raises ValueError naming a parameter that there is none of, or a value that it cannot have.
    """
    changed: dict[str, Any] = {}
    for name, text in values.items():
        if name not in PARAMETERS:
            raise ValueError(f"there is no parameter {name}; there are {', '.join(PARAMETERS)}")
        changed[name] = _value(name, text, type(getattr(parameters, name)))
    return checked(parameters._replace(**changed))


def _value(name: str, text: str, kind: type) -> float:
    try:
        if kind is bool:
            return {"on": True, "off": False, "1": True, "0": False}[text]
        return int(text) if kind is int else float(text)
    except (KeyError, ValueError):
        expected = {bool: "on or off", int: "a whole number"}.get(kind, "a number")
        raise ValueError(f"{name} must be {expected}, not {text}") from None


def service(parameters: Parameters) -> dict[str, float]:
    """The mean time of each ``Spend``, by its name."""
    p = parameters
    names = ("user", "mmap", "munmap", "zap", "fault", "attempt", "section", "callback", "pause", "interval")
    costs: dict[str, float] = {name: getattr(p, name) for name in names}
    return costs | {"page": p.fault, "copy": p.copy, "io": p.io, "flush": p.flush, "move": p.zap}


def chances(parameters: Parameters) -> dict[str, float]:
    """How likely 1 is as the answer of each ``Choose``, by its question. Together the two make ``aborts``."""
    busy = parameters.busy * parameters.aborts
    return {CHANGED: (parameters.aborts - busy) / (1 - busy), BUSY: busy}
