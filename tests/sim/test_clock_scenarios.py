"""The routines of kernel/mm, step by step, under the clock; and the lonely writer of S14."""

from __future__ import annotations

import pytest

from lockview.document.scenarios import library, open_scenario
from lockview.kernel.mm.outcomes import Outcome
from lockview.kernel.variants import VARIANTS
from lockview.sim.clock.limits import drain, fair_wait, record_time, unfair_wait
from lockview.sim.clock.parameters import Parameters
from lockview.sim.clock.scenario_runs import run_scenario
from lockview.sim.clock.starvation import STARVATION, starvation
from lockview.sim.clock.storms import BASE, KERNELS
from lockview.sim.scenarios.building import build
from lockview.sim.scenarios.description import CallPart, Description, MmPart, Pool, TaskPart

PAGES = 4
FIXED = Parameters(exponential=False, pages=PAGES, user=0.0)


def storm(threads: int, records: int = 1) -> Description:
    """The storm in the routines of kernel/mm: each thread maps pages of its own, stores to each, unmaps them."""
    tasks = [
        TaskPart(f"storm{number}", 100 + number, _calls(PAGES * number) * records, mm="mm") for number in range(threads)
    ]
    tasks.append(TaskPart("rcu", 1, (CallPart("grace-periods"),), daemon=True))
    pool = Pool(threads * records + 2, PAGES * threads * records + 2, PAGES * threads * records + 2)
    return Description("X", "storm", mms=(MmPart("mm", PAGES * threads),), pool=pool, tasks=tuple(tasks))


def _calls(start: int) -> tuple[CallPart, ...]:
    span = (("start", start), ("end", start + PAGES))
    touch = tuple(CallPart("store", (("page", page),)) for page in range(start, start + PAGES))
    return (CallPart("mmap", span), *touch, CallPart("munmap", span))


@pytest.mark.parametrize("variant", ["classic", "spf-v2", "spf-v11", "pvl-6.12", "ref-6.15"])
@pytest.mark.parametrize("threads", [1, 3])
def test_the_fine_grained_storm(variant: str, threads: int) -> None:
    run = run_scenario(build(storm(threads), VARIANTS[variant]), FIXED)
    counts = run.tally.counts
    assert not run.tally.stuck
    assert sum(counts[f"fault_end: {how}"] for how in Outcome if how.is_served) == threads * PAGES
    assert run.tally.latency("fault").times == threads * PAGES
    speculative = counts[f"fault_end: {Outcome.SERVED_SPF}"]
    assert bool(speculative) == (variant != "classic" and (variant, threads) != ("spf-v11", 1))
    again = run_scenario(build(storm(threads), VARIANTS[variant]), FIXED)
    assert (again.time, again.tally.counts) == (run.time, counts)


def test_it_is_shorter_by_what_the_storm_calls_holding() -> None:
    """A record is made of the same faults; mmap and munmap are steps here instead of one long hold."""
    alone = run_scenario(build(storm(1), VARIANTS["classic"]), FIXED).time
    coarse = record_time(FIXED, speculative=False)
    faults = PAGES * (FIXED.fault + 2 * FIXED.transfer)
    assert faults < alone < coarse + FIXED.flush
    three = run_scenario(build(storm(3), VARIANTS["classic"]), FIXED).time
    assert alone < three < 3 * alone


def test_every_scenario_of_the_library_runs_on_the_clock() -> None:
    for entry in library():
        run = run_scenario(build(open_scenario(entry.path)), Parameters())
        assert run.tally.events > 0, entry.id
        assert run.time >= 0, entry.id


# --- S14 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("readers", [1, 4, 16])
def test_a_fair_writer_waits_for_one_drain(readers: int) -> None:
    found = starvation(readers, fair=True, duration=100_000)
    assert found.wait.mean == pytest.approx(fair_wait(STARVATION, readers), rel=0.15)
    assert found.wait.mean <= drain(STARVATION, readers) + readers * 2 * STARVATION.transfer
    assert found.worst < STARVATION.fault * 20
    assert found.wait.median <= found.wait.p90 <= found.wait.p99 <= found.wait.longest


@pytest.mark.parametrize("readers", [2, 4, 6])
def test_an_unfair_writer_waits_for_an_empty_moment(readers: int) -> None:
    slow = STARVATION._replace(transfer=0.0)
    found = starvation(readers, fair=False, parameters=slow, duration=300_000)
    assert found.wait.mean == pytest.approx(unfair_wait(slow, readers), rel=0.15)


def test_an_unfair_writer_starves_among_many() -> None:
    fair, unfair = (starvation(20, fair=fair, duration=30_000) for fair in (True, False))
    assert unfair.load > 1
    assert fair.wait.times > 300
    assert unfair.wait.times <= 2
    assert unfair.worst > 1000 * fair.wait.mean
    assert unfair_wait(STARVATION, 20) > 20_000


def test_without_the_lock_there_is_nobody_to_wait_for() -> None:
    quiet = starvation(16, fair=False, parameters=STARVATION._replace(aborts=0.0), kernel=KERNELS["spf-v2"])
    assert quiet.worst < 1
    some = starvation(16, fair=True, kernel=KERNELS["spf-v2"])
    assert some.wait.mean < 0.2 * starvation(16, fair=True, kernel=BASE).wait.mean
