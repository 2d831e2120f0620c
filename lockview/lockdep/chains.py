"""Chains: the locks that were held together in one context, oldest first, each known by a number.

The kernel hashes them (``iterate_chain_key``) and may confuse two; a number stands for exactly one chain.
Source: ``lookup_chain_cache_add``, kernel/locking/lockdep.c.
"""

from __future__ import annotations

_CONTEXTS = 4


class Chains:
    """The chains that were seen, and which of them have been validated."""

    def __init__(self) -> None:
        self.validated: set[int] = set()
        self._numbers: dict[tuple[int, int], int] = {}

    @staticmethod
    def empty(irq_context: int) -> int:
        """The chain of no locks in a context."""
        return irq_context

    def longer(self, chain: int, link: int) -> int:
        """The chain with one lock more; ``link`` says of which class and how taken."""
        key = (chain, link)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._numbers) + _CONTEXTS
        return number
