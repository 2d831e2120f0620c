"""The sentences about the sample, and about reports that lack something."""

from dataclasses import replace

from lockview.analysis.build import lock_graph
from lockview.analysis.explain import explain, summary
from lockview.analysis.knowledge import known
from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import CircularReport, Reading, Report
from lockview.model.text import Problem, Severity, Span


def test_summary_of_the_sample(seed: Report) -> None:
    assert summary(seed, lock_graph(seed)) == "khugepaged/43 wants &mapping->i_mmap_rwsem while holding fs_reclaim"


def test_sample_in_words(seed: Report) -> None:
    sentences = explain(seed, lock_graph(seed))
    text = "\n".join(sentence.text for sentence in sentences)
    for part in (
        "khugepaged/43 holds fs_reclaim and asks for &mapping->i_mmap_rwsem in rmap_walk_file.",
        "the new dependency closes a cycle of 4 locks.",
        "Edge 1: execve took &vma->vm_sequence while it held &mapping->i_mmap_rwsem: __vma_adjust < __split_vma",
        "Edge 4 (new): khugepaged/43 asks for &mapping->i_mmap_rwsem shared while it holds fs_reclaim:",
        "It takes 3 tasks to get stuck this way: execve (edges 1 and 2), mremap (edge 3) and khugepaged/43 (edge 4).",
        "Edges 1 and 2 are one task: one run of __vma_adjust made both.",
        "leaves out &vma->vm_sequence and stands for 3 tasks.",
        "fs_reclaim: a marker, no lock:",
        "&vma->vm_sequence: a sequence counter",
        "&vma->vm_sequence, &vma->vm_sequence/1 and fs_reclaim block nobody",
    ):
        assert part in text


def test_sentences_know_their_lines_and_things(seed: Report) -> None:
    """Each sentence about an edge or a lock leads to lines inside the report and to that edge or lock."""
    graph = lock_graph(seed)
    sentences = explain(seed, graph)
    items = {sentence.item for sentence in sentences}
    assert {f"edge:{edge.number}" for edge in graph.edges} <= items
    for sentence in sentences:
        assert all(span.first in seed.span and span.last in seed.span for span in sentence.spans)
        assert sentence.spans or not sentence.item


def test_two_lock_cycle_is_shown_whole(seed: Report) -> None:
    assert isinstance(seed, CircularReport)
    short = replace(
        seed,
        chain=tuple(entry for entry in seed.chain if entry.index < 2),
        held=HeldLock(LockClass("&vma->vm_sequence")),
    )
    graph = lock_graph(short)
    sentences = [sentence.text for sentence in explain(short, graph)]
    assert any("before &vma->vm_sequence: the new dependency closes a cycle of 2 locks" in text for text in sentences)


def test_damage_is_said(seed: Report) -> None:
    problem = Problem(Severity.WARNING, "cut", "line 3: the text ends here", Span(3, 3))
    missing = Problem(Severity.WARNING, "backtrace-missing", "line 3: the backtrace is missing", Span(3, 3))
    note = Problem(Severity.NOTE, "repair", "line 4: repaired")
    damaged = replace(seed, reading=Reading(missing=("backtrace", "chain"), problems=(missing, problem, note)))
    sentences = explain(damaged, lock_graph(damaged))
    texts = [sentence.text for sentence in sentences]
    assert "The text lacks the backtrace, or part of it. The cycle does not depend on it." in texts
    assert any("other locks may lie between" in text for text in texts)
    assert sentences[-1].text == "Line 3: the text ends here."
    assert sentences[-1].spans == (Span(3, 3),)
    assert not any("repaired" in text or "backtrace is missing" in text for text in texts)


def test_recursion_and_remains() -> None:
    lock = HeldLock(LockClass("A"))
    recursive = Report("WARNING: possible recursive locking detected", wanted=lock, held=lock)
    assert "asks for A again" in explain(recursive, lock_graph(recursive))[0].text
    lone = Report("WARNING: cut", held=lock)
    assert explain(lone, lock_graph(lone))[0].text.startswith("the reporting task holds A.")
    bare = CircularReport("WARNING: cut")
    assert summary(bare, lock_graph(bare)) == "WARNING: cut"
    assert explain(bare, lock_graph(bare))


def test_known_classes() -> None:
    for name in ("fs_reclaim", "(work_completion)(&x->work)", "sk_lock-AF_INET6", "&rq->__lock", "sb_writers"):
        assert known(LockClass(name, key_number=3)), name
    assert known(LockClass("&x->lock")) is None
