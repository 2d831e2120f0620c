"""All cases in the order in which the kernel runs them."""

from __future__ import annotations

from lockview.lockdep.cases import Case
from lockview.lockdep.selftest.context_families import reclaim_cases, wait_context_cases
from lockview.lockdep.selftest.irq_families import irq_cases, local_cases, queued_cases, special_cases
from lockview.lockdep.selftest.lock_families import order_cases, reader_cases, three_cases
from lockview.lockdep.selftest.ww_families import ww_cases


def selftest_cases() -> tuple[Case, ...]:
    """The 394 cases."""
    return (
        *order_cases(),
        *reader_cases(),
        *three_cases(),
        *irq_cases(),
        *ww_cases(),
        *queued_cases(),
        *reclaim_cases(),
        *wait_context_cases(),
        *local_cases(),
        *special_cases(),
    )
