"""Flushing the TLBs of other CPUs, which have to have their interrupts on to answer."""

from __future__ import annotations

from lockview.kernel.effects import Flush, Happened, Routine, Spend
from lockview.kernel.mm.objects import Mm
from lockview.kernel.system import Thread


def flush_tlb_mm_range(t: Thread, mm: Mm) -> Routine[None]:
    """Empty the TLB of every thread of the address space; returns when all have answered."""
    yield from native_flush_tlb_others(t, mm)


def native_flush_tlb_others(t: Thread, mm: Mm) -> Routine[None]:
    """By interrupts."""
    yield from smp_call_function_many(t, mm)


def smp_call_function_many(t: Thread, mm: Mm) -> Routine[None]:
    """Send them and wait."""
    threads = [thread for thread in t.kernel.threads if thread.mm is mm]
    others = tuple(thread.irqs for thread in threads if thread is not t)
    yield Flush(others, tuple(thread.tlb for thread in threads))
    yield Happened("ipi_ack", mm.mmap_sem.name)
    yield Spend("flush")
