"""Hypothesis strategies for reports of other programs, as their programs could have printed them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from lockview.model.foreign_reports import (
    ForeignLock,
    ForeignOrder,
    ForeignThread,
    HelgrindReport,
    JavaDeadlockReport,
    JavaThread,
    TsanReport,
    WitnessReport,
)
from lockview.model.locks import HeldLock
from lockview.model.reports import Report
from lockview.model.stacks import EMPTY_STACK, Backtrace, Frame, StackTrace

_HEX = st.integers(1, 2**48).map(lambda number: f"0x{number:x}")
_LINES = st.integers(1, 99_999)
_FUNCTIONS = st.sampled_from(
    [
        "main",
        "std::mutex::lock()",
        "std::map<int, int>::at(int const&) const",
        "alloc::sync::Arc$LT$T$GT$::drop_slow",
        "<alloc::boxed::Box<F> as core::ops::FnOnce<A>>::call_once",
        "operator->",
        "(anonymous namespace)::take(int)",
        "???",
    ]
)
_FILES = st.sampled_from(["", "dl.c", "/src/a b/lock.cpp", "../../src/x.inc", "library/std/src/sync/mutex.rs"])
_SYMBOLS = st.sampled_from(["witness_checkorder", "_sx_xlock", "rw_enter_write", "Xsyscall", "__mtx_lock_flags"])


def _stacks(frames: SearchStrategy[Frame], least: int = 0) -> SearchStrategy[StackTrace]:
    return st.lists(frames, min_size=least, max_size=4).map(lambda found: StackTrace(tuple(found)))


# --- ThreadSanitizer --------------------------------------------------------------------------------------------


@st.composite
def _tsan_frames(draw: DrawFn) -> Frame:
    file = draw(_FILES.filter(lambda name: " " not in name))
    module, address = draw(st.sampled_from([("", ""), ("prog", "0x11df"), ("libtsan.so.2", "0x558e1")]))
    build_id = draw(st.sampled_from(["", "0badc0de"])) if module else ""
    return Frame(
        draw(_FUNCTIONS), module=module, build_id=build_id, address=address, file=file, line=draw(_LINES) if file else 0
    )


@st.composite
def tsan_reports(draw: DrawFn) -> TsanReport:
    """A ring of mutexes, with a block for each of its orders unless the text was cut."""
    stacks = _stacks(_tsan_frames())
    names = [f"M{number}" for number in draw(st.lists(st.integers(0, 99), min_size=2, max_size=5, unique=True))]
    addresses = draw(st.booleans())
    locks = [
        ForeignLock(name, draw(_HEX) if addresses else "", stack=draw(st.just(EMPTY_STACK) | stacks)) for name in names
    ]
    threads = ["main thread", "thread T1", "thread T3 'third one'", ""]
    orders = [
        ForeignOrder(
            held,
            wanted,
            draw(st.sampled_from(threads)),
            "acquired here while holding",
            draw(stacks),
            draw(st.just(EMPTY_STACK) | stacks),
        )
        for held, wanted in zip(names, [*names[1:], names[0]], strict=True)
    ]
    thread = st.builds(
        ForeignThread,
        name=st.sampled_from(["T1", "T3 'third one'", "T12 'it's (me)'"]),
        tid=st.none() | st.integers(1, 99_999),
        state=st.sampled_from(["running", "finished", ""]),
        creator=st.sampled_from(["main thread", "thread T1", ""]),
        stack=stacks,
    )
    kept = draw(st.integers(0, len(orders))) if addresses else len(orders)
    return TsanReport(
        "WARNING: ThreadSanitizer: lock-order-inversion (potential deadlock)",
        pid=draw(st.none() | st.integers(1, 99_999)),
        locks=tuple(locks),
        orders=tuple(orders[:kept]),
        threads=tuple(draw(st.lists(thread, max_size=3))),
    )


# --- Helgrind ---------------------------------------------------------------------------------------------------


@st.composite
def _helgrind_frames(draw: DrawFn) -> Frame:
    file = draw(_FILES.filter(lambda name: "(" not in name))
    module = "" if file else draw(st.sampled_from(["", "/usr/lib/valgrind/helgrind.so"]))
    return Frame(draw(_FUNCTIONS), address=draw(_HEX), module=module, file=file, line=draw(_LINES) if file else 0)


@st.composite
def helgrind_reports(draw: DrawFn) -> HelgrindReport:
    """The observed order and often the required one; locks by symbol, by address or by where they lie."""
    stacks = _stacks(_helgrind_frames())
    before, after = (f"0x{number:X}" for number in draw(st.lists(st.integers(1, 2**40), min_size=2, unique=True))[:2])
    symbols = draw(st.sampled_from([("", ""), ("a", "b"), ("a", ""), ("", 'the "b"')]))
    locks = tuple(
        ForeignLock(
            name or address,
            address,
            ""
            if name
            else draw(st.sampled_from(["", "8 bytes inside a block of size 40 alloc'd", "on thread #1's stack"])),
            stack=draw(stacks),
        )
        for name, address in zip(symbols, (before, after), strict=True)
    )
    first, second = locks
    thread = draw(st.integers(1, 999))
    orders = [
        ForeignOrder(second.name, first.name, f"Thread #{thread}", "observed", draw(stacks), draw(stacks)),
        ForeignOrder(first.name, second.name, "", "required", draw(stacks), draw(stacks)),
    ][: draw(st.integers(1, 2))]
    return HelgrindReport(
        f'Thread #{thread}: lock order "{before} before {after}" violated',
        thread=thread,
        wanted=HeldLock(first.lock_class, instance=before, site=_innermost(orders[0].stack)),
        held=HeldLock(second.lock_class, instance=after, site=_innermost(orders[0].held_stack)),
        locks=locks,
        orders=tuple(orders),
    )


def _innermost(stack: StackTrace) -> Frame | None:
    return stack.frames[0] if stack.frames else None


# --- WITNESS ----------------------------------------------------------------------------------------------------

_TYPES = ("ufs", "vm map (user)", "&map->lock", "zfsvfs->z_hold_mtx[i]", "bufwait", "kernel_lock", "a (b (c))")


@st.composite
def _witness_frames(draw: DrawFn) -> Frame:
    file = draw(st.sampled_from(["", "sys/kern/kern_rwlock.c"]))
    inlined = bool(file) and draw(st.booleans())
    return Frame(
        draw(_SYMBOLS),
        None if inlined else draw(st.none() | st.integers(0, 0xFFFF)),
        address=draw(st.just("") | _HEX),
        file=file,
        line=draw(_LINES) if file else 0,
        inlined=inlined,
    )


@st.composite
def witness_reports(draw: DrawFn) -> WitnessReport:
    """Of FreeBSD, with the sort at the lock and types alone in orders, or of OpenBSD, the other way round."""
    open_bsd = draw(st.booleans())
    names = draw(st.lists(st.sampled_from(_TYPES), min_size=2, max_size=3, unique=True))
    words = ("first seen at",) if open_bsd else ("established at", "attempted at", "")
    pairs = st.lists(st.sampled_from(names), min_size=2, max_size=2, unique=True)
    stacks = _stacks(_witness_frames())
    orders = tuple(
        ForeignOrder(held, wanted, words=draw(st.sampled_from(words)), stack=draw(stacks))
        for held, wanted in draw(st.lists(pairs, max_size=3))
    )
    told = {name for order in orders for name in (order.held, order.wanted)}
    sorts = ("rwlock", "rrwlock", "mutex", "") if open_bsd else ("sx", "lockmgr", "sleep mutex", "")
    locks = tuple(
        ForeignLock(
            name,
            draw(_HEX),
            draw(st.sampled_from([name, "inode", "a label"])),
            draw(st.sampled_from(sorts)) if not open_bsd or name in told else "",
            "" if open_bsd else f"/usr/src/sys/kern/vfs.c:{draw(_LINES)}",
        )
        for name in names
    )
    uses = [HeldLock(lock.lock_class, instance=lock.address) for lock in locks]
    titles = ("witness: lock order reversal:",) if open_bsd else ("lock order reversal:", _SLEEPABLE)
    return WitnessReport(
        draw(st.sampled_from(titles)),
        wanted=uses[-1],
        held=uses[-2],
        locks=locks,
        orders=orders,
        backtrace=draw(st.none() | st.builds(Backtrace, stacks)),
    )


_SLEEPABLE = "lock order reversal: (sleepable after non-sleepable)"

# --- Java -------------------------------------------------------------------------------------------------------

_JAVA_NAMES = ("worker-1", 'worker "one": x', "", "http-nio-8080-exec-1 @coroutine#2", "\N{LOCK} a")
_JAVA_CLASSES = ("", "java.lang.Object", "java.util.concurrent.locks.ReentrantLock$NonfairSync")


@st.composite
def _java_frames(draw: DrawFn) -> Frame:
    function, module = draw(
        st.sampled_from(
            [
                ("demo.Main.run", ""),
                ("demo.Main$$Lambda/0x00007f9860000a08.run", ""),
                ("jdk.internal.misc.Unsafe.park", "java.base@17.0.1"),
                ("demo.MainKt.invoke$lambda-0", ""),
            ]
        )
    )
    file, line = draw(
        st.sampled_from([("", 0), ("Main.java", 12), ("Main.java", 0), ("java.base@17/Thread.java", 840)])
    )
    return Frame(function, module=module, file=file, line=line)


@st.composite
def java_reports(draw: DrawFn) -> JavaDeadlockReport:
    """Threads that wait in a circle, and perhaps some that wait for those."""
    names = draw(st.lists(st.sampled_from(_JAVA_NAMES), min_size=1, max_size=5, unique=True))
    objects = [f"0x{0x69EC19620 + 16 * number:016x}" for number in range(len(names))]
    ring = draw(st.integers(1, len(names)))
    threads = []
    for number, name in enumerate(names):
        holder = (number + 1) % ring if number < ring else draw(st.integers(0, ring - 1))
        kind = draw(st.sampled_from(_JAVA_CLASSES))
        waiting = "waiting for ownable synchronizer" if "Sync" in kind else "waiting to lock monitor"
        threads.append(
            JavaThread(
                name,
                objects[holder],
                kind,
                names[holder],
                (objects[number],) if number < ring and draw(st.booleans()) else (),
                waiting,
                draw(_stacks(_java_frames())),
            )
        )
    return JavaDeadlockReport("Found one Java-level deadlock:", threads=tuple(threads))


@st.composite
def java_dumps(draw: DrawFn) -> JavaDeadlockReport:
    """The same in a dump of all threads that does not name the circle."""
    report = draw(java_reports().filter(lambda report: len(report.threads) > 1 and len(report.deadlocked) > 1))
    place = {thread.name: number for number, thread in enumerate(report.threads)}
    objects = {thread.holder: thread.wanted for thread in report.threads}
    threads = tuple(
        replace(
            thread,
            held=(objects[thread.name],) if thread.name in objects else (),
            waiting=draw(st.sampled_from(["waiting to lock", "parking to wait for"])),
        )
        for thread in report.threads
    )
    assert len(place) == len(threads)
    title = "Full thread dump OpenJDK 64-Bit Server VM (17.0.1+12 mixed mode, sharing):"
    return replace(report, title=title, threads=threads, computed=True)


def foreign_reports() -> SearchStrategy[Report]:
    """Reports of all these programs."""
    return st.one_of(tsan_reports(), helgrind_reports(), witness_reports(), java_reports(), java_dumps())
