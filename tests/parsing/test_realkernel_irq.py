"""Boots of a real 6.12 kernel: recursive and interrupt reports are read without a problem, no other as one."""

import re
from pathlib import Path

from lockview.analysis.build import lock_graph
from lockview.analysis.lock_graph import Relation
from lockview.model.reports import ReportKind
from lockview.parsing.reader import read_file

KINDS = {
    "recursive": ReportKind.RECURSIVE,
    "inconsistent": ReportKind.INCONSISTENT,
    "irq-order": ReportKind.IRQ_ORDER,
    "irq-inversion": ReportKind.IRQ_INVERSION,
}


def expected(readme: str) -> dict[str, list[tuple[int, ReportKind]]]:
    """The title lines and kinds of each log, as its README lists them."""
    found: dict[str, list[tuple[int, ReportKind]]] = {}
    name = ""
    for line in readme.splitlines():
        if line.startswith("### "):
            name = line[4:].strip()
        match = re.match(r"- line (\d+): \*\*([a-z-]+)\*\*", line)
        if match and match[2] in KINDS:
            found.setdefault(name, []).append((int(match[1]), KINDS[match[2]]))
    return found


def test_reports_are_read_without_problems(shared: Path) -> None:
    folder = shared / "realkernel"
    titles = expected((folder / "README.md").read_text())
    assert sum(map(len, titles.values())) >= 10
    for path in sorted(folder.glob("*.log")):
        found = [report for report in read_file(str(path)).reports if report.kind in KINDS.values()]
        assert [(report.span.first, report.kind) for report in found] == titles.get(path.name, []), path.name
        for report in found:
            assert report.reading.complete
            assert report.reading.problems == (), path.name
            graph = lock_graph(report)
            assert graph.edges
            assert not any(edge.dependency.inferred for edge in graph.edges)
            proofs = [edge.evidence for edge in graph.edges if edge.relation is Relation.INTERRUPT]
            assert [len(proof) for proof in proofs] == ([] if report.kind is ReportKind.RECURSIVE else [2])


def test_the_decoded_logs_name_the_same_functions(shared: Path) -> None:
    """decode_stacktrace.sh turns offsets into file and line; functions and classes stay."""
    tried = 0
    for path in sorted((shared / "realkernel" / "decoded").glob("*.txt")):
        plain = [r for r in read_file(str(path.parents[1] / f"{path.stem}.log")).reports if r.kind in KINDS.values()]
        decoded = [r for r in read_file(str(path)).reports if r.kind in KINDS.values()]
        assert [r.kind for r in decoded] == [r.kind for r in plain], path.name
        for one, other in zip(plain, decoded, strict=True):
            tried += 1
            stacks = [[edge.dependency.stack for edge in lock_graph(report).edges] for report in (one, other)]
            names = [[[frame.function for frame in stack] for stack in found] for found in stacks]
            assert names[0] == names[1], path.name
    assert tried
