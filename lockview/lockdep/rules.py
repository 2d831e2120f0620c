"""What a validator knows, and how much room it has: the differences between kernels."""

from __future__ import annotations

from typing import NamedTuple

from lockview.lockdep.wording import ERAS, MODERN, Era


class Limits(NamedTuple):
    """The sizes of lockdep's tables; None is no limit.

    ``depth``: locks that a task may hold (``MAX_LOCK_DEPTH``). ``classes``, ``entries``, ``chains``:
    ``MAX_LOCKDEP_KEYS``, ``MAX_LOCKDEP_ENTRIES`` (two for each dependency), ``MAX_LOCKDEP_CHAINS``.
    """

    depth: int = 48
    classes: int | None = None
    entries: int | None = None
    chains: int | None = None


KERNEL_LIMITS = Limits(48, 8192, 32768, 65536)
"""The sizes by default. Source: kernel/locking/lockdep_internals.h; lib/Kconfig.debug."""


class Rules(NamedTuple):
    """What this validator knows.

    ``recursive_reads``: dependencies of recursive readers are kept, with their strength, and interrupts are looked at
    for readers as for writers (5.10); before, recursive readers were checked but made no dependencies.
    ``wait_types``: contexts that allow less waiting are checked (5.7). ``raw_nesting``: spinlocks wait longer than raw
    ones, as on PREEMPT_RT (CONFIG_PROVE_RAW_LOCK_NESTING, the default since 6.12). ``one_shot``: the first report turns
    it off.
    """

    era: Era = MODERN
    recursive_reads: bool = True
    wait_types: bool = True
    raw_nesting: bool = True
    one_shot: bool = True
    limits: Limits = Limits()


def rules_of(era: str) -> Rules:
    """The rules of the kernel whose words these are. Raises KeyError for a name that is not in ERAS."""
    wording = ERAS[era]
    new = wording.wait_types
    return Rules(wording, recursive_reads=new, wait_types=new, raw_nesting=wording is MODERN)
