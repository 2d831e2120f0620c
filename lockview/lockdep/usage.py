"""Usage states of a class: in which interrupts it was taken, and with which interrupts on.

Source: lockdep_internals.h and lockdep_states.h, kernel/locking, 6.12. A state is a bit number: interrupt kind times
four, plus READ for shared acquisitions, plus ENABLED for "taken with these interrupts on".
"""

from __future__ import annotations

from collections.abc import Iterator

READ = 1
ENABLED = 2
HARDIRQ = 0
SOFTIRQ = 4
IRQ_STATES = 8
USED = 8
"""Taken at all."""
USED_READ = 9
"""Taken shared at all (5.10)."""

_WRITES = 0b0101_0101
_READS = 0b1010_1010
_IN_IRQ = 0b0011_0011
_ENABLED_IRQ = 0b1100_1100


def mask(state: int) -> int:
    """The bit of one state."""
    return 1 << state


def opposite(state: int) -> int:
    """The write state that a state conflicts with: used in an interrupt against taken with it on."""
    return (state ^ ENABLED) & ~READ


def used_in(states: int) -> int:
    """The states that are about use in interrupts."""
    return states & _IN_IRQ


def enabled(states: int) -> int:
    """The states that are about interrupts that were on."""
    return states & _ENABLED_IRQ


def writes(states: int) -> int:
    """The states of exclusive acquisitions in interrupts or with them on."""
    return states & _WRITES


def conflicting(states: int) -> int:
    """Everything that conflicts with any of the states across two classes: the other direction, read or write.

    Source: ``exclusive_mask`` and ``original_mask``, kernel/locking/lockdep.c, since 5.10.
    """
    other = (states & _IN_IRQ) << 2 | (states & _ENABLED_IRQ) >> 2
    return other | (other & _READS) >> 1 | (other & _WRITES) << 1


def each(states: int) -> Iterator[int]:
    """The states in a mask that are about interrupts, in order."""
    return (state for state in range(IRQ_STATES) if states & mask(state))


def marks(states: int) -> str:
    """The four characters between the braces: hardirq write, hardirq read, softirq write, softirq read.

    Source: ``get_usage_chars``.
    """
    return "".join(_mark(states, state) for state in (HARDIRQ, HARDIRQ | READ, SOFTIRQ, SOFTIRQ | READ))


def _mark(states: int, state: int) -> str:
    inside, outside = bool(states & mask(state)), bool(states & mask(state | ENABLED))
    return {(False, False): ".", (False, True): "+", (True, False): "-", (True, True): "?"}[inside, outside]


def word(state: int) -> str:
    """``IN-HARDIRQ-W``, ``SOFTIRQ-ON-R``: the word that a report prints for a state."""
    if state >= USED:
        return "INITIAL READ USE" if state & READ else "INITIAL USE"
    irq = "SOFTIRQ" if state & SOFTIRQ else "HARDIRQ"
    access = "R" if state & READ else "W"
    return f"{irq}-ON-{access}" if state & ENABLED else f"IN-{irq}-{access}"


def irq_name(state: int) -> str:
    """``HARDIRQ``, ``SOFTIRQ-READ``: how titles name the interrupt of a state. Source: ``state_name``."""
    return ("SOFTIRQ" if state & SOFTIRQ else "HARDIRQ") + ("-READ" if state & READ else "")
