"""How circles of lock orders are usually broken, by what the locks in them are."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.analysis.documented import verdicts
from lockview.analysis.explain import Sentence, sentence
from lockview.analysis.knowledge import known_of
from lockview.analysis.lock_graph import LockGraph
from lockview.analysis.wording import listed

_BY_ENTRY = {
    "fs_reclaim": "allocate under the other locks with GFP_NOFS or GFP_NOIO (memalloc_nofs_save covers whole calls), "
    "or before they are taken",
    "kernfs_active": "remove the file after the lock is released that its operations take, or let a write remove "
    "its own file with sysfs_remove_file_self",
    "rtnl": "do not wait under rtnl_mutex for work that takes it; in sysfs use rtnl_trylock and restart_syscall",
    "mmap_lock": "copy from and to user space before the lock that page faults need, or with page faults disabled",
    "console_sem": "print later (printk_deferred) where locks of the scheduler or of a console are held",
    "run_queue": "wake tasks after the lock is released that the scheduler needs",
    "cpu_hotplug": "take cpus_read_lock first, outside of everything, and inside it the _cpuslocked variants",
}
_BY_KIND = {
    "work-queue": "flush the queue without holding a lock that its work items take",
    "work-item": "flush or cancel the work item without holding a lock that it takes, or use cancel_work, "
    "which does not wait",
    "completion": "wait for the completion without holding a lock that is needed to complete it",
    "reference-count": "freeze or wait for the last user without holding a lock that users take",
}
"""What to do about classes that are no locks, but for which tasks wait."""


_MOST_NAMED = 5
"""So many edges are named that go against a documented order."""


def cycle_fixes(graph: LockGraph) -> Iterator[Sentence]:
    """What usually helps: first in general, then for each class that calls for a way of its own."""
    if len(graph.edges) < 2:
        yield sentence(
            "Usual fixes: take locks in one order everywhere, or release the first before the second is taken."
        )
        return
    against = [verdict.edge for verdict in verdicts(graph) if not verdict.follows]
    which = "one of these edges"
    if 0 < len(against) <= _MOST_NAMED:
        numbers = listed([str(edge.order) for edge in against])
        which = f"edge {numbers}" if len(against) == 1 else f"one of the edges {numbers}"
    yield sentence(
        f"Usual fixes: the circle is open when {which} goes. Take the two locks in the other order, release the first "
        "before the second is taken, use a trylock that gives up, or hand what needs the second to a work item. Only "
        "where the locks can never be the same does a class of its own (lockdep_set_class) or a nesting level help.",
    )
    said = set()
    for node in graph.nodes:
        entry = known_of(node)
        hints = [_BY_ENTRY.get(entry.name), *(_BY_KIND.get(kind) for kind in entry.kinds)] if entry else []
        hint = next((hint for hint in hints if hint), "")
        if hint and hint not in said:
            said.add(hint)
            taken = next(edge.dependency.span for edge in graph.edges if node.number in (edge.head, edge.tail))
            yield sentence(f"With {node.name}: {hint}.", taken, item=f"lock:{node.number}" if taken else "")
