"""Titles of every era above the body that they have, and names, marks, addresses and places of locks."""

import pytest

from lockview.model.held_reports import RecursiveReport
from lockview.model.reports import CircularReport, ReportKind
from lockview.parsing.reader import read_text

LOCK = "ffff888012345678 (my_lock){+.+.}-{3:3}, at: my_take+0x1/0x2"
OTHER = "ffff888012345679 (my_other){+.+.}-{3:3}, at: my_other_take+0x1/0x2"
HELD = f"1 lock held by demo/42:\n #0: {LOCK}\n"
CIRCULAR = (
    f"demo/42 is trying to acquire lock:\n{LOCK}\n\nbut task is already holding lock:\n{OTHER}\n\n"
    "which lock already depends on the new lock.\n\n\nthe existing dependency chain (in reverse order) is:\n\n"
    "-> #1 (my_other){+.+.}-{3:3}:\n       one+0x1/0x2\n\n-> #0 (my_lock){+.+.}-{3:3}:\n       two+0x1/0x2\n"
)
ORDER = (
    f"demo/42 [HC0[0]:SC0[0]:HE0:SE1] is trying to acquire:\n{LOCK}\n\nand this task is already holding:\n{OTHER}\n"
    "which would create a new lock dependency:\n (my_other){-.-.}-{2:2} -> (my_lock){+.+.}-{3:3}\n"
)
RECURSIVE = f"demo/42 is trying to acquire lock:\n{LOCK}\n\nbut task is already holding lock:\n{LOCK}\n\n"
USAGE = (
    "inconsistent {HARDIRQ-ON-W} -> {IN-HARDIRQ-W} usage.\n"
    f"demo/42 [HC1[1]:SC0[0]:HE0:SE1] takes:\n{LOCK}\n{{HARDIRQ-ON-W}} state was registered at:\n  one+0x1/0x2\n"
)
INVERSION = (
    f"demo/42 just changed the state of lock:\n{LOCK}\n"
    "but this lock took another, HARDIRQ-unsafe lock in the past:\n (my_other){+.+.}-{3:3}\n"
)
WAIT = f"demo/42 is trying to lock:\n{LOCK}\nother info that might help us debug this:\ncontext-{{5:5}}\n{HELD}"
NEST = f"demo/42 is trying to lock:\n{LOCK}\n\nbut this task is not holding:\nmy_outer\n\nstack backtrace:\n"
UNLOCK = (
    "demo/42 is trying to release lock (my_lock) at:\n[<ffffffff81234567>] my_put+0x1/0x2\n"
    "but there are no more locks to release!\n"
)
CONTEND = UNLOCK.replace("to release lock", "to contend lock").replace("more locks to release", "locks held")
FREED = (
    "demo/42 is freeing memory ffff888012345000-ffff888012345fff, with a lock still held there!\n" + LOCK + "\n" + HELD
)
EXIT = "demo/42 is exiting with locks still held!\n" + HELD
RETURN = "demo/42 is leaving the kernel with locks still held!\n" + HELD
RCU = "fs/my.c:12 suspicious rcu_dereference_check() usage!\n\nrcu_scheduler_active = 2, debug_locks = 1\n" + HELD
OLD_RCU = (
    "fs/my.c:12 invoked rcu_dereference_check() without protection!\n\nother info that might help us debug this:\n\n"
    + HELD
)
TITLES = [
    ("possible circular locking dependency detected", CIRCULAR, ReportKind.CIRCULAR),
    ("HARDIRQ-safe -> HARDIRQ-unsafe lock order detected", ORDER, ReportKind.IRQ_ORDER),
    ("hard-safe -> hard-unsafe lock order detected", ORDER, ReportKind.IRQ_ORDER),
    ("soft-read-safe -> soft-unsafe lock order detected", ORDER, ReportKind.IRQ_ORDER),
    ("RECLAIM_FS-safe -> RECLAIM_FS-unsafe lock order detected", ORDER, ReportKind.IRQ_ORDER),
    ("SOFTIRQ-READ-safe -> SOFTIRQ-READ-unsafe lock order detected", ORDER, ReportKind.IRQ_ORDER),
    ("possible recursive locking detected", RECURSIVE, ReportKind.RECURSIVE),
    ("inconsistent lock state", USAGE, ReportKind.INCONSISTENT),
    ("possible irq lock inversion dependency detected", INVERSION, ReportKind.IRQ_INVERSION),
    ("Invalid wait context", WAIT, ReportKind.WAIT_CONTEXT),
    ("Nested lock was not taken", NEST, ReportKind.NESTED),
    ("bad unlock balance detected!", UNLOCK, ReportKind.BAD_UNLOCK),
    ("bad contention detected!", CONTEND, ReportKind.BAD_CONTENTION),
    ("held lock freed!", FREED, ReportKind.FREED),
    ("lock held at task exit time!", EXIT, ReportKind.EXIT),
    ("demo/42 still has locks held!", HELD, ReportKind.EXIT),
    ("lock held when returning to user space!", RETURN, ReportKind.USER_RETURN),
    ("suspicious RCU usage", RCU, ReportKind.RCU),
    ("suspicious RCU usage.", RCU, ReportKind.RCU),
    ("suspicious rcu_dereference_check() usage.", OLD_RCU, ReportKind.RCU),
    ("Unsafe rcu_dereference_check() usage!", OLD_RCU, ReportKind.RCU),
]
HEADS = [
    ("[ INFO: %s ]", "2.6.24 #7"),
    ("[INFO: %s]", "3.10.0 #7 Not tainted"),
    ("[ BUG: %s ]", "3.10.0 #7 Not tainted"),
    ("INFO: %s", "6.12.0-rc1+ #7 Tainted: G        W"),
    ("BUG: %s", "6.12.0-rc1+ #7 Tainted: G        W"),
    ("WARNING: %s", "6.12.0-rc1+ #7 Tainted: G        W"),
]


# words that kernels of one era only print, below one head
HEAD_OF_WORDS = {
    "lock held at task exit time!": ("BUG", "WARNING"),
    "suspicious rcu_dereference_check() usage.": ("INFO",),
    "Unsafe rcu_dereference_check() usage!": ("BUG",),
}
SHOWN = [
    (head, kernel, words, body, kind)
    for head, kernel in HEADS
    for words, body, kind in TITLES
    if head.strip("[ ]").split(":")[0] in HEAD_OF_WORDS.get(words, ("INFO", "BUG", "WARNING"))
]


@pytest.mark.parametrize(("head", "kernel", "words", "body", "kind"), SHOWN)
def test_the_words_of_a_title_tell_its_kind_in_every_era(
    head: str, kernel: str, words: str, body: str, kind: ReportKind
) -> None:
    title = head.replace("%s", words)
    (report,) = read_text(f"{'=' * 38}\n{title}\n{kernel}\n{'-' * 38}\n{body}").reports
    assert (report.kind, report.kernel, report.build) == (kind, kernel.split()[0], "#7")
    if body is not UNLOCK:
        assert report.task is not None
    assert report.task is None or (report.task.comm, report.task.pid) == ("demo", 42)


NAMES = [
    "&rq->lock",
    "&(&x->lock)->rlock",
    "&vma->vm_sequence/1",
    "key#2",
    "kn->active#113",
    "af_callback_keys + sk->sk_family#2",
    "&type->i_mutex_dir_key#3/1",
    "(wq_completion)events_unbound#2",
    "(work_completion)(&x->work)",
    "(&css->destroy_work)#3",
    "(linkwatch_work).work",
    "(complete)&ret.event",
    "(&timer)",
    "(bio completion)",
    "(&buf->work)->func",
    '"%s""foo"',
    "&kms->commit_lock[i]",
    "&per_cpu_ptr(group->pcpu, cpu)->seq",
    "&q->q_usage_counter(io)",
    "path/file.rs:123",
    "name with blanks",
    "init_mm+0x80",
    "(null)",
    "dev->qdisc_tx_busylock ?: &qdisc_tx_busylock",
    "my_driver:3114:(&x)->lock",
    "&obj[a ? b : c].lock",
    "&(({ do { } while (0); &x; }))->lock",
    "my class {weird}",
    "[k]",
]
MARKS = ["{--..}", "{+.+...}", "{+.+.}-{3:3}", "{?.-.}-{2:2}"]
PLACES = [
    ("ffff888012345678 ", "my_take+0x1/0x2"),
    ("00000000a1b2c3d4 ", "my_take+0x1/0x2 [mod]"),
    ("(ptrval) ", "my_take+0x1/0x2"),
    ("(____ptrval____) ", "my_take+0x1/0x2"),
    ("c1234567 ", "0xffffffff81234567"),
    ("ffff888012345678 ", "my_take (fs/x.c:123 (discriminator 3))"),
    ("ffff888012345678 ", "my_take include/x.h:12 [inline]"),
    ("", "[<c0123456>] my_take+0x1/0x2"),
    ("", "[<c0123456>] 0xc0123456"),
    ("", "[<00000000a1b2c3d4>] my_take+0x1/0x2 [mod abcdef0123456789abcdef0123456789abcdef01]"),
]


@pytest.mark.parametrize("name", NAMES)
def test_locks_of_every_shape_are_read_whole(name: str) -> None:
    for marks in MARKS:
        for instance, place in PLACES:
            lock = f"{instance}({name}){marks}, at: {place}"
            text = (
                "WARNING: possible recursive locking detected\n6.12.0 #7 Not tainted\n------\n"
                f"demo/42 is trying to acquire lock:\n{lock}\n\nbut task is already holding lock:\n{lock}\n\n"
                "other info that might help us debug this:\n"
                f"1 lock held by demo/42:\n #0: {lock}\n\nstack backtrace:\nCall Trace:\n one+0x1/0x2\n"
            )
            (report,) = read_text(text).reports
            assert isinstance(report, RecursiveReport)
            assert report.held_locks is not None
            assert report.backtrace is not None
            (entry,) = report.held_locks.locks
            for found in (report.wanted, report.held, entry):
                assert found is not None, lock
                assert found.lock_class.name == name, lock
                assert "{" + found.usage + "}" == marks.split("-{")[0], lock
                assert found.site is not None, lock
            assert len(report.backtrace.stack.frames) == 1, lock


FRAMES = [
    ("take.isra.0+0x1/0x2", "take.isra.0", ""),
    (".take+0x1/0x2", ".take", ""),
    ("$x+0x1/0x2", "$x", ""),
    ("<core::option::Option<T>>::map+0x1/0x2", "<core::option::Option<T>>::map", ""),
    ("[<ffffffff81234567>] ? take+0x1/0x2 [mod]", "take", "mod"),
    ("take+0x1/0x2 [mod 0123456789abcdef0123456789abcdef01234567] (P)", "take", "mod"),
    ("take+0x1/0x2 (PL)", "take", ""),
    ("take (fs/x.c:12) ", "take", ""),
    ("take (fs/inner.h:3 (discriminator 4) fs/outer.c:20) mod", "take", "mod"),
    ("take+0x1/0x2 fs/x.c:12", "take", ""),
    ("take fs/x.c:12 [inline]", "take", ""),
    ("[c000000001234560] [c000000000123456] .take+0x1/0x2 [mod] (unreliable)", ".take", "mod"),
    ("[<0000000012345678>] take+0x1/0x2 ", "take", ""),
    ("([<0000000012345678>] take+0x1/0x2)", "take", ""),
    ("([<0000000012345678>] 0x12345678)", "0x12345678", ""),
    ("[<c0112233>] (foo) from [<c0445566>] (take+0x10/0x20)", "take", ""),
    ("[<(ptrval)>] (foo) from [<(ptrval)>] (take+0x10/0x20 [mod])", "take", "mod"),
    ("foo [mod] from take+0x10/0x20 [mod]", "take", "mod"),
    ("[<(____ptrval____)>] take+0x1/0x2", "take", ""),
    ("[000000000048abcd] take+0x1/0x2", "take", ""),
    ("Caller[000000000048abcd]: take+0x1/0x2", "take", ""),
    ("<ffffffff80234567>{take+123}", "take", ""),
    ("<ffffffff80234567>{:mod:take+123}", "take", "mod"),
    ("[<c0123456>] 0xc0123456", "0xc0123456", ""),
    ("0x7e8d0c68", "0x7e8d0c68", ""),
    (" <IRQ>  [<ffffffff81234567>] take+0x1/0x2", "take", ""),
    ("<<EOE>>  [<ffffffff81234567>] take+0x1/0x2", "take", ""),
]


@pytest.mark.parametrize(("shown", "function", "module"), FRAMES)
def test_frames_of_every_shape_stand_in_chains_and_backtraces(shown: str, function: str, module: str) -> None:
    frames = f"one+0x1/0x2\n       {shown}\n       two+0x1/0x2\n"
    body = CIRCULAR.replace("one+0x1/0x2\n", frames)
    (report,) = read_text(
        "WARNING: possible circular locking dependency detected\n6.12.0 #7 Not tainted\n------\n"
        f"{body}\nstack backtrace:\nCall Trace:\n       {frames}"
    ).reports
    assert isinstance(report, CircularReport)
    assert report.backtrace is not None
    first, second = report.chain
    assert [frame.function for frame in second.stack.frames] == ["two"]
    for stack in (first.stack, report.backtrace.stack):
        assert [frame.function for frame in stack.frames] == ["one", function, "two"]
        assert stack.frames[1].module == module
        assert not stack.frames[1].address.startswith("(")
