"""The window with reports of other programs, and with files that hold no report but something else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lockview.gui.window import MainWindow

TSAN = """\
WARNING: ThreadSanitizer: lock-order-inversion (potential deadlock) (pid=7)
  Cycle in lock order graph: M0 (0x5580) => M1 (0x55c0) => M0
  Mutex M1 acquired here while holding mutex M0 in thread T1:
    #0 pthread_mutex_lock lock.inc:4324 (libtsan.so.2+0x558e1)
    #1 first /src/a.c:12 (dlt+0x11ff)
  Mutex M0 acquired here while holding mutex M1 in thread T2:
    #0 pthread_mutex_lock lock.inc:4324 (libtsan.so.2+0x558e1)
    #1 second /src/a.c:22 (dlt+0x12ff)
"""
HELGRIND = """\
==42== Thread #4: lock order "0x10C060 before 0x10C0E0" violated
==42== Observed (incorrect) order is: acquisition of lock at 0x10C0E0
==42==    at 0x484976E: ??? (in /usr/lib/helgrind.so)
==42==    by 0x109255: third (dl.c:7)
==42==  followed by a later acquisition of lock at 0x10C060
==42==    at 0x484976E: ??? (in /usr/lib/helgrind.so)
"""
WITNESS = """\
lock order reversal:
 1st 0xfffffe00f7a3d2b0 bufwait (bufwait) @ /usr/src/sys/kern/vfs_bio.c:3054
 2nd 0xfffff80003b9b400 dirhash (dirhash) @ /usr/src/sys/ufs/ufs/ufs_dirhash.c:285
"""
JAVA = """\
Found one Java-level deadlock:
"one":
  waiting to lock monitor 0x00007f983c066be0 (object 0x000000069ec19620, a java.lang.Object),
  which is held by ""
"":
  waiting to lock monitor 0x00007f983c066be0 (object 0x000000069ec19610, a java.lang.Object),
  which is held by "one"
Java stack information for the threads listed above:
"one":
\tat DL.lambda$main$0(DL.java:5)
"""


@pytest.mark.parametrize("text", [TSAN, HELGRIND, WITNESS, JAVA], ids=["tsan", "helgrind", "witness", "java"])
def test_everything_in_the_window_can_be_looked_at(
    make_window: Callable[..., MainWindow], tmp_path: Path, text: str
) -> None:
    path = tmp_path / "report.log"
    path.write_text(text, "utf-8")
    window = make_window(path)
    report = window.workspace.report
    assert report is not None
    assert report.graph.edges
    for item in [f"lock:{n}" for n in range(len(report.graph.nodes))]:
        window.workspace.select_item(item)
        assert not window.grab().isNull()
    for edge in report.graph.edges:
        for frame in (None, *range(len(edge.dependency.stack))):
            window.workspace.select_item(f"edge:{edge.number}", frame)
            assert not window.grab().isNull()


def test_threads_that_wait_for_each_other_are_replayed(make_window: Callable[..., MainWindow], tmp_path: Path) -> None:
    path = tmp_path / "java.log"
    path.write_text(JAVA, "utf-8")
    window = make_window(path)
    window.docks.bring_up("replay")
    window.replay.last()
    assert window.replay.state.text.startswith("Deadlock: ")
    assert window.replay.notice.text.startswith("These tasks do wait for each other")
    assert window.board.action("view-lanes").isEnabled()
    window.set_view("lanes")
    assert not window.grab().isNull()


def test_a_file_without_reports_but_with_orders_opens(make_window: Callable[..., MainWindow], tmp_path: Path) -> None:
    path = tmp_path / "lockdep"
    path.write_text("all lock classes:\n00000001 FD:    2 BD:    1 +.+.: a\n -> [00000002] b\n", "utf-8")
    window = make_window(path)
    document = window.workspace.document
    assert document is not None
    assert len(document.log.orders[0].orders) == 1
    assert window.workspace.report is None
