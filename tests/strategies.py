"""Hypothesis strategies for model values, for all tests: ``from strategies import circular_reports``.

``circular_reports`` makes reports that a kernel could have printed, of every era, with names that are hard to read
back or to escape. ``logs`` makes any value that the model can hold, sensible or not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from lockview.model.locks import HeldLock, LockClass, WaitTypes
from lockview.model.logs import Log, NearMiss
from lockview.model.reports import (
    ChainEntry,
    CircularReport,
    HeldLocks,
    Operation,
    Reading,
    ScenarioStep,
    Task,
)
from lockview.model.stacks import Backtrace, Frame, StackTrace
from lockview.model.text import NOWHERE, Problem, Severity, Span

HARD_NAMES = (
    "&mapping->i_mmap_rwsem",
    '<img src=x>"->',
    "&(&x->lock)->rlock",
    "(work_completion)(&m->wq)",
    "((&css->destroy_work))",
    '("%s")"foo"',
    "&kms->commit_lock[i]",
    "dev->qdisc_tx_busylock ?: &qdisc_tx_busylock",
    "&per_cpu_ptr(group->pcpu, cpu)->seq",
    "af_callback_keys + sk->sk_family",
    "path/file.rs:123",
    "&gt->reset.mutex",
    "&lt->lock",
    "100%d%n",
    "a name with blanks",
    "\N{LOCK} lock",
    "\N{RIGHT-TO-LEFT OVERRIDE}kcol\N{POP DIRECTIONAL FORMATTING}",
    "&" + "a_very_long_structure->" * 3 + "with_a_long_member_lock",
    "lock",
)

# --- Reports that a kernel could have printed -------------------------------------------------------------------


@dataclass(frozen=True)
class Era:
    """What the kernels of one time print."""

    name: str
    title: str
    release: str
    marks: int
    site_addresses: bool
    frame_addresses: bool
    instances: bool
    wait_types: bool
    scenario: bool
    ident: bool = True
    taint: bool = True
    parts: tuple[tuple[str, ...], ...] = (("",),)
    read_scenario: bool = False
    instance_text: bool = False


_OLD = "INFO: possible circular locking dependency detected"
_NEW = "WARNING: possible circular locking dependency detected"

ERAS = (
    Era("2.6.18", _OLD, "", 4, True, True, False, False, False, ident=False, taint=False),
    Era("2.6.24", _OLD, "2.6.24", 4, True, True, False, False, False, taint=False),
    Era(
        "2.6.32",
        _OLD,
        "2.6.32.9",
        6,
        True,
        True,
        False,
        False,
        False,
        taint=False,
        parts=(("",), ("IRQ", "EOI"), ("NMI", "EOI")),
    ),
    Era("3.10", _OLD, "3.10.0-rc1+", 6, True, True, False, False, True, parts=(("",), ("IRQ", "EOI"))),
    Era("4.13", _NEW, "4.13.0-rc5-next-20170817-dbg-00039-gaf11d75-dirty", 6, True, False, False, False, True),
    Era("4.14", _NEW, "4.14.0", 4, True, False, False, False, True, parts=(("",), ("IRQ", ""), ("SOFTIRQ", ""))),
    Era("4.19", _NEW, "4.19.0", 4, False, False, True, False, True, parts=(("",), ("IRQ", ""))),
    Era("5.10", _NEW, "5.10.0", 4, False, False, True, True, True, parts=(("",), ("IRQ", ""))),
    Era(
        "6.12",
        _NEW,
        "6.12.0-rc1+",
        4,
        False,
        False,
        True,
        True,
        True,
        parts=(("TASK",), ("IRQ", "TASK")),
        read_scenario=True,
        instance_text=True,
    ),
)

_symbols = st.sampled_from(
    [
        "down_read",
        "__vma_adjust",
        "print_circular_bug.isra.39",
        "shrink_node_memcg.constprop.71",
        "__do_sys_mremap",
        "foo.part.12.isra.3",
        "do_exit.cold",
        "<core::cell::Cell>::get",
        "SyS_mremap",
    ]
)
_pids = st.integers(0, 4194304)
_comms = st.sampled_from(
    ["khugepaged", "kworker/u4:1", "in:imklog", "(sd-pam)", "swapper/0", "CPU 0/KVM", "rs:main Q:Reg", "a"]
)
_modules = st.sampled_from(["", "", "", "xfs", "nf_tables"])


def _hex(digits: int) -> SearchStrategy[str]:
    return st.integers(1, 16**digits - 1).map(lambda number: f"{number:0{digits}x}")


def lock_names() -> SearchStrategy[str]:
    """Base names of lock classes: C source text, from 1 to about 90 characters, without what the lines are cut at."""
    letters = st.sampled_from("abcxyz_>-<&.*+?:()[]{}\"'%#/!,; 0189")
    made = st.text(letters, min_size=1, max_size=30).filter(_is_readable_name)
    return st.sampled_from(HARD_NAMES) | made


def _is_readable_name(name: str) -> bool:
    """No name ends like a key number or subclass, and none holds what separates it from its line or looks wrapped."""
    ends_like_suffix = re.search(r"#\d*$|/\d*$", name)
    separators = ("-->", "){", ");", " -> ", "  ", " #", " /", " )")
    return not ends_like_suffix and not any(mark in name for mark in separators) and name.strip() == name


def lock_classes() -> SearchStrategy[LockClass]:
    """Classes as a kernel prints them: key numbers from 2 on, subclasses 1 to 7."""
    return st.builds(
        LockClass, lock_names(), st.sampled_from([1, 1, 1, 2, 13, 177]), st.sampled_from([0, 0, 0, 1, 2, 7])
    )


@st.composite
def _frames(draw: DrawFn, era: Era, address: bool, reliable: bool = True) -> Frame:
    offset = draw(st.integers(1, 0xFFFF))
    return Frame(
        draw(_symbols),
        offset,
        offset + draw(st.integers(0, 0xFFF)),
        module=draw(_modules),
        address=draw(_hex(16)) if address else "",
        reliable=reliable or draw(st.booleans()),
    )


@st.composite
def _decoded_stacks(draw: DrawFn, era: Era) -> tuple[Frame, ...]:
    """A stack as syzkaller prints it: each frame with its place, after the functions that were merged into it."""
    frames: list[Frame] = []
    for _ in range(draw(st.integers(1, 3))):
        for _ in range(draw(st.integers(0, 2))):
            line = draw(st.integers(1, 9999))
            frames.append(Frame(draw(_symbols), file="include/linux/fs.h", line=line, inlined=True))
        frame = draw(_frames(era, False))
        frames.append(replace(frame, module="", file="mm/mmap.c", line=draw(st.integers(1, 9999))))
    return tuple(frames)


def _stacks(era: Era) -> SearchStrategy[StackTrace]:
    plain = st.lists(_frames(era, era.frame_addresses), max_size=5).map(tuple)
    frames = plain if era.frame_addresses else plain | _decoded_stacks(era)
    return st.builds(StackTrace, frames)


@st.composite
def _backtraces(draw: DrawFn, era: Era, task: Task) -> Backtrace:
    frames: list[Frame] = []
    for part in draw(st.sampled_from(era.parts)):
        run = draw(st.lists(_frames(era, era.frame_addresses, reliable=False), min_size=1, max_size=4))
        frames += [replace(frame, part=part) for frame in run]
    stack = StackTrace(tuple(frames))
    if not era.ident:
        return Backtrace(stack)
    if era.frame_addresses and era.name != "3.10":
        return Backtrace(stack, pid=task.pid, comm=task.comm)
    return Backtrace(
        stack,
        cpu=draw(st.integers(0, 511)),
        pid=task.pid,
        comm=task.comm,
        hardware=draw(st.sampled_from(["", "QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2-1 04/01/2014"])),
        workqueue=draw(st.sampled_from(["", "events_unbound flush_to_ldisc"])),
    )


@st.composite
def _uses(draw: DrawFn, era: Era, lock_class: LockClass) -> HeldLock:
    """A printed use of a class: usage marks and wait types are the class's, address and place the use's."""
    return HeldLock(
        lock_class,
        usage=_marks(era, lock_class),
        wait_types=_waits(era, lock_class),
        instance=draw(_hex(16)) if era.instances else "",
        instance_text=draw(st.sampled_from(["", "", " l=0 12:34"])) if era.instance_text else "",
        site=draw(_frames(era, era.site_addresses)),
    )


def _marks(era: Era, lock_class: LockClass) -> str:
    code = sum(map(ord, lock_class.name))
    return "".join(".+-?"[(code >> 2 * place) % 4] for place in range(era.marks))


def _waits(era: Era, lock_class: LockClass) -> WaitTypes | None:
    number = sum(map(ord, lock_class.name)) % 4 + 1
    return WaitTypes(number, number) if era.wait_types else None


def _scenario(era: Era, chain: tuple[LockClass, ...], reads: tuple[bool, bool]) -> tuple[ScenarioStep, ...]:
    """The steps of ``print_circular_lock_scenario`` for a chain, given from the held lock to the wanted one."""
    if not era.scenario:
        return ()
    target, parent, source = chain[0], chain[1], chain[-1]
    first = Operation.RLOCK if reads[0] and era.read_scenario else Operation.LOCK
    last = Operation.RLOCK if reads[1] and era.read_scenario else Operation.LOCK
    return (
        ScenarioStep(0, first, target),
        ScenarioStep(1, Operation.LOCK, parent),
        ScenarioStep(1, Operation.LOCK, target),
        ScenarioStep(0, last, source),
    )


@st.composite
def circular_reports(draw: DrawFn, eras: tuple[Era, ...] = ERAS) -> CircularReport:
    """A complete circular report of one era, with a cycle of 2 to 6 classes."""
    era = draw(st.sampled_from(eras))
    # Where no word about taint follows, a comm with blanks has no visible end in the head of the backtrace.
    comm = draw(_comms if era.taint else _comms.filter(lambda text: " " not in text))
    task = Task(comm, draw(_pids))
    names = draw(st.lists(lock_classes(), min_size=2, max_size=6, unique_by=lambda lock_class: lock_class.name))
    chain = tuple(
        ChainEntry(
            index,
            lock_class,
            usage=_marks(era, lock_class),
            wait_types=_waits(era, lock_class),
            stack=draw(_stacks(era)),
        )
        for index, lock_class in zip(range(len(names) - 1, -1, -1), names, strict=True)
    )
    held, wanted = draw(_uses(era, names[0])), draw(_uses(era, names[-1]))
    # The text behind a name can be told from it only where the chain names the class as well.
    plain = replace(era, instance_text=False)
    others = [draw(_uses(plain, draw(lock_classes()))) for _ in range(draw(st.integers(0, 2)))]
    others += [HeldLock(LockClass("<RELEASED>"), released=True)] * draw(st.sampled_from([0, 0, 0, 1]))
    return CircularReport(
        title=era.title,
        kernel=era.release,
        build="#1743" if era.release else "",
        taint=draw(st.sampled_from(["Not tainted", "Tainted: G W"])) if era.taint else "",
        task=task,
        wanted=wanted,
        held=held,
        chain=chain,
        chain_exists=(names[-1], names[1], names[0]) if era.scenario and len(names) > 2 else (),
        scenario=_scenario(era, tuple(names), (draw(st.booleans()), draw(st.booleans()))),
        held_locks=_held_block(task, [*others, held]),
        backtrace=draw(_backtraces(era, task)),
    )


def _held_block(task: Task, uses: list[HeldLock]) -> HeldLocks:
    return HeldLocks(task, len(uses), tuple(replace(use, index=index) for index, use in enumerate(uses)))


# --- Anything that the model can hold ---------------------------------------------------------------------------

# Lone surrogates are bytes that were not UTF-8, as surrogateescape keeps them.
any_text = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\udc80\udcff"), max_size=12)
_whole = st.integers(-(2**63), 2**64)
_maybe_whole = st.none() | _whole
spans = st.just(NOWHERE) | st.tuples(st.integers(1, 10**9), st.integers(0, 10**6)).map(
    lambda pair: Span(pair[0], pair[0] + pair[1])
)
_any_class = st.builds(LockClass, any_text, _whole, _whole)
_any_waits = st.none() | st.builds(WaitTypes, _whole, _whole)
_any_frame = st.builds(
    Frame,
    function=any_text,
    offset=_maybe_whole,
    size=_maybe_whole,
    module=any_text,
    build_id=any_text,
    address=any_text,
    reliable=st.booleans(),
    part=any_text,
    file=any_text,
    line=_whole,
    inlined=st.booleans(),
    span=spans,
)
_any_stack = st.builds(StackTrace, st.lists(_any_frame, max_size=2).map(tuple), spans)
_any_held = st.builds(
    HeldLock,
    _any_class,
    any_text,
    _any_waits,
    any_text,
    any_text,
    st.none() | _any_frame,
    _maybe_whole,
    st.booleans(),
    spans,
)
_any_task = st.builds(Task, any_text, _whole)
_any_problem = st.builds(Problem, st.sampled_from(Severity), any_text, any_text, spans)
_any_entry = st.builds(ChainEntry, _whole, _any_class, any_text, _any_waits, _any_stack, spans)
_any_step = st.builds(ScenarioStep, _whole, st.sampled_from(Operation), st.none() | _any_class, spans)
_any_block = st.builds(HeldLocks, _any_task, _whole, st.lists(_any_held, max_size=2).map(tuple), spans)
_any_backtrace = st.builds(Backtrace, _any_stack, _maybe_whole, _maybe_whole, any_text, any_text, any_text, spans)
_any_reading = st.builds(
    Reading,
    any_text,
    any_text,
    st.lists(any_text, max_size=2).map(tuple),
    st.lists(_any_problem, max_size=2).map(tuple),
)
_any_report = st.builds(
    CircularReport,
    title=any_text,
    kernel=any_text,
    build=any_text,
    taint=any_text,
    task=st.none() | _any_task,
    wanted=st.none() | _any_held,
    held=st.none() | _any_held,
    scenario=st.lists(_any_step, max_size=2).map(tuple),
    held_locks=st.none() | _any_block,
    backtrace=st.none() | _any_backtrace,
    reading=_any_reading,
    span=spans,
    chain=st.lists(_any_entry, max_size=2).map(tuple),
    chain_exists=st.lists(_any_class, max_size=2).map(tuple),
)


def logs() -> SearchStrategy[Log]:
    """Any log, also such as no reader would make."""
    return st.builds(
        Log,
        name=any_text,
        reports=st.lists(_any_report, max_size=2).map(tuple),
        problems=st.lists(_any_problem, max_size=2).map(tuple),
        near_misses=st.lists(st.builds(NearMiss, _whole, any_text, any_text), max_size=2).map(tuple),
        wrappers=st.lists(any_text, max_size=2).map(tuple),
        lines=_whole,
        size=_whole,
    )
