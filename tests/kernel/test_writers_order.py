"""All writers take their locks in one order: the validator that hears them all finds no circle in a sound kernel."""

from typing import Any

import pytest
from writing import Writing

from lockview.kernel.mm.objects import Flags
from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS
from lockview.lockdep.rules import Rules
from lockview.lockdep.validator import Validator
from lockview.lockdep.wording import ERAS, MODERN
from lockview.model.reports import CircularReport, Report, Task
from lockview.sim.listening import Listener
from lockview.sim.running import in_order, run

CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("mmap", {"start": 8, "end": 9, "rights": Flags.READ, "file": 0}),
    ("munmap", {"start": 3, "end": 7}),
    ("mremap", {"start": 6, "end": 8, "to": 2}),
    ("mprotect", {"start": 0, "end": 5, "rights": Flags.READ}),
    ("brk", {"old": 8, "new": 9, "locked": True}),
    ("mlock", {"start": 1, "end": 5}),
    ("madvise-dontneed", {"start": 1, "end": 7}),
    ("punch-hole", {"start": 6, "end": 8}),
    ("fork", {}),
    ("exit", {}),
    ("exec", {"file": 0, "start": 0, "end": 1, "span_end": 2, "stack": 8}),
    ("truncate", {"file": 1, "size": 0}),
    ("oom-reap", {}),
    ("numa-scan", {"start": 0, "end": 4}),
    ("mbind", {"start": 1, "end": 8}),
    ("uffd-register", {"start": 0, "end": 3}),
    ("clear-refs", {}),
    ("khugepaged-collapse", {"place": 0}),
    ("khugepaged-shmem", {"index": 0, "file": 1}),
    ("migrate", {"page": 0}),
    ("migrate", {"page": 6}),
    ("fault", {"page": 5, "write": False}),
    ("fault", {"page": 8}),
)


def heard(variant: str) -> list[Report]:
    """What a validator says that hears every call, first without and then with reclaim."""
    modern = Switch.MODERN_NAMES in VARIANTS[variant].switches
    rules = Rules(MODERN) if modern else Rules(ERAS["4.13"], recursive_reads=False, wait_types=False)
    validator = Validator(rules)
    for reclaims in (False, True):
        for call in CALLS:
            writing = Writing(variant)
            writing.thread.may_reclaim = reclaims
            machine = writing.machine(writing.resolved(call))
            listener = Listener(machine, [Task("worker", 101), Task("kworker", 5)], validator)
            listener.start()
            run(machine, in_order([0, 1], choice=int(reclaims)), hear=listener.hear)
    return validator.reports


@pytest.mark.parametrize("variant", ["classic", "android-5.10", "pvl-6.4", "pvl-6.12", "ref-6.15"])
def test_no_circle(variant: str) -> None:
    assert heard(variant) == []


@pytest.mark.parametrize("variant", ["spf-rfc3", "spf-v2", "spf-v4", "spf-v11", "spf-v12"])
def test_annotated_sections_make_one(variant: str) -> None:
    (report,) = heard(variant)
    assert isinstance(report, CircularReport)
    assert "&vma->vm_sequence" in [str(entry.lock_class) for entry in report.chain]
