"""Hypothesis strategies for reports about recursion, usage states and interrupts, of every era."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from strategies import (
    ERAS,
    Era,
    _backtraces,
    _comms,
    _frames,
    _held_block,
    _marks,
    _pids,
    _stacks,
    _uses,
    _waits,
    lock_classes,
)

from lockview.model.held_reports import RecursiveReport
from lockview.model.irq_reports import ClassMention, InconsistentReport, IrqInversionReport, IrqOrderReport
from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import Operation, Report, ScenarioStep, Task
from lockview.model.stacks import StackTrace
from lockview.model.usages import ClassBlock, IrqContext, IrqEvent, UsageRecord

_NEW_STATES = ("IN-HARDIRQ-W", "HARDIRQ-ON-W", "IN-SOFTIRQ-R", "SOFTIRQ-ON-R", "INITIAL USE", "INITIAL READ USE")
_OLD_STATES = ("in-hardirq-W", "hardirq-on-W", "in-softirq-R", "softirq-on-R", "initial-use")
_PAIRS = (("{0}-ON-W", "IN-{0}-W"), ("IN-{0}-W", "{0}-ON-W"), ("IN-{0}-R", "{0}-ON-W"))


def has_trees(era: Era) -> bool:
    """Whether kernels of an era print whole trees, and states in small letters."""
    return era.marks == 4 and era.title.startswith("INFO")


def _irqs(era: Era) -> SearchStrategy[str]:
    if has_trees(era):
        return st.sampled_from(["hard", "soft"])
    return st.sampled_from(["HARDIRQ", "SOFTIRQ", "HARDIRQ-READ", *(["RECLAIM_FS"] if era.marks == 6 else [])])


@st.composite
def _shared(draw: DrawFn, era: Era, words: str, uses: tuple[HeldLock, ...]) -> dict[str, Any]:
    """What all reports have; ``uses`` are locks that the task may hold."""
    comm = draw(_comms if era.taint else _comms.filter(lambda text: " " not in text))
    task = Task(comm, draw(_pids))
    plain = replace(era, instance_text=False)
    others = [draw(_uses(plain, draw(lock_classes()))) for _ in range(draw(st.integers(0, 2)))]
    return {
        "title": f"{era.title.partition(' ')[0]} {words}",
        "kernel": era.release,
        "build": "#1743" if era.release else "",
        "taint": draw(st.sampled_from(["Not tainted", "Tainted: G W"])) if era.taint else "",
        "task": task,
        "held_locks": _held_block(task, [*others, *uses]),
        "backtrace": draw(_backtraces(era, task)),
    }


@st.composite
def recursive_reports(draw: DrawFn) -> RecursiveReport:
    """A class taken twice; a print function may tell its instances apart."""
    era = draw(st.sampled_from(ERAS))
    lock_class = draw(lock_classes())
    plain = replace(era, instance_text=False)
    wanted, held = draw(_uses(plain, lock_class)), draw(_uses(plain, lock_class))
    texts = draw(st.sampled_from([("", ""), (" l=0 1:2", " l=1 3:4")])) if era.instance_text else ("", "")
    wanted, held = replace(wanted, instance_text=texts[0]), replace(held, instance_text=texts[1])
    steps = (ScenarioStep(0, Operation.LOCK, lock_class), ScenarioStep(0, Operation.LOCK, lock_class))
    return RecursiveReport(
        **draw(_shared(era, "possible recursive locking detected", (held,))),
        wanted=wanted,
        held=held,
        scenario=steps if era.scenario else (),
        comparison=draw(st.sampled_from([None, -1, 0, 1])) if era.read_scenario else None,
    )


@st.composite
def _full_stacks(draw: DrawFn, era: Era) -> StackTrace:
    frames = draw(st.lists(_frames(era, era.frame_addresses), min_size=1, max_size=4))
    return StackTrace(tuple(frames))


_contexts = st.builds(IrqContext, *(st.integers(0, top) for top in (1, 65536, 1, 513, 1, 1)))


@st.composite
def inconsistent_reports(draw: DrawFn) -> InconsistentReport:
    """A lock that is taken inside an interrupt and with it enabled."""
    era = draw(st.sampled_from(ERAS))
    irq = draw(st.sampled_from(["HARDIRQ", "SOFTIRQ"]))
    old, new = draw(st.sampled_from([(a.format(irq), b.format(irq)) for a, b in _PAIRS]))
    if has_trees(era):
        old, new = (state[:-1].lower() + state[-1] for state in (old, new))
    elif era.read_scenario and draw(st.booleans()):
        old, new = "INITIAL USE", "IN-NMI"
    lock_class = draw(lock_classes())
    wanted = draw(_uses(replace(era, instance_text=False), lock_class))
    steps = (
        ScenarioStep(0, Operation.LOCK, lock_class),
        ScenarioStep(0, Operation.INTERRUPT),
        ScenarioStep(0, Operation.LOCK, lock_class),
    )
    kinds = ("hardirqs last enabled", "hardirqs last disabled", "softirqs last enabled", "softirqs last disabled")
    events = tuple(IrqEvent(what, draw(st.integers(0, 10**6)), draw(_frames(era, True))) for what in kinds)
    return InconsistentReport(
        **draw(_shared(era, "inconsistent lock state", (wanted,) if draw(st.booleans()) else ())),
        wanted=wanted,
        scenario=steps if era.scenario else (),
        old_state=old,
        new_state=new,
        context=draw(_contexts),
        registered=draw(_full_stacks(era)),
        event_stamp=draw(st.integers(0, 10**9)),
        irq_events=events,
    )


@st.composite
def _block(draw: DrawFn, era: Era, lock_class: LockClass, depth: int, acquired: bool) -> ClassBlock:
    states = _OLD_STATES if has_trees(era) else _NEW_STATES
    used = draw(st.lists(st.sampled_from(states), max_size=3, unique=True))
    return ClassBlock(
        lock_class,
        _marks(era, lock_class),
        _waits(era, lock_class),
        draw(st.sampled_from(["", "77"])),
        tuple(UsageRecord(state, draw(_stacks(era))) for state in used),
        draw(_frames(era, True)),
        draw(_stacks(era)) if acquired else None,
        depth,
    )


@st.composite
def _path(draw: DrawFn, era: Era, classes: tuple[LockClass, ...], first: bool) -> tuple[ClassBlock, ...]:
    """The blocks of a path, from the deepest; ``first`` tells whether the first one has a stack too."""
    count = len(classes)
    return tuple(
        draw(_block(era, lock_class, count - 1 - number, first or number > 0))
        for number, lock_class in enumerate(classes)
    )


@st.composite
def _tree(draw: DrawFn, era: Era, path: tuple[LockClass, ...]) -> tuple[ClassBlock, ...]:
    """A tree in which a path leads down from the root, with other locks beside it."""
    blocks = [draw(_block(era, path[0], 0, False))]
    for depth, lock_class in enumerate(path[1:], 1):
        for _ in range(draw(st.integers(0, 2))):
            blocks.append(draw(_block(era, draw(lock_classes()), draw(st.integers(1, depth)), True)))
            if blocks[-1].depth < depth:
                break
        if blocks[-1].depth < depth - 1:
            break
        blocks.append(draw(_block(era, lock_class, depth, True)))
    return tuple(blocks)


def _mention(era: Era, lock_class: LockClass) -> ClassMention:
    return ClassMention(lock_class, _marks(era, lock_class), _waits(era, lock_class))


def _interrupt_steps(era: Era, unsafe: LockClass, safe: LockClass, middle: LockClass) -> tuple[ScenarioStep, ...]:
    if not era.scenario:
        return ()
    return (
        ScenarioStep(0, Operation.LOCK, unsafe),
        ScenarioStep(1, Operation.IRQ_DISABLE),
        ScenarioStep(1, Operation.LOCK, safe),
        ScenarioStep(1, Operation.LOCK, middle),
        ScenarioStep(0, Operation.INTERRUPT),
        ScenarioStep(0, Operation.LOCK, safe),
    )


def _distinct(least: int, most: int) -> SearchStrategy[tuple[LockClass, ...]]:
    return st.lists(lock_classes(), min_size=least, max_size=most, unique_by=lambda one: one.name).map(tuple)


@st.composite
def irq_order_reports(draw: DrawFn) -> IrqOrderReport:
    """A chain safe .. held -> wanted .. unsafe, of 2 to 6 classes."""
    era = draw(st.sampled_from(ERAS))
    irq = draw(_irqs(era))
    chain = draw(_distinct(2, 6))
    split = draw(st.integers(1, len(chain) - 1))
    up, down = chain[:split], chain[split:]
    safe, held_class, wanted_class, unsafe = up[0], up[-1], down[0], down[-1]
    held, wanted = draw(_uses(era, held_class)), draw(_uses(era, wanted_class))
    if has_trees(era):
        backward, forward = draw(_tree(era, up)), draw(_tree(era, (unsafe,)))
    else:
        backward = draw(_path(era, up, draw(st.booleans())))
        forward = draw(_path(era, down[::-1], True))
    middle = held_class if held_class != safe else wanted_class
    return IrqOrderReport(
        **draw(_shared(era, f"{irq}-safe -> {irq}-unsafe lock order detected", (held,))),
        wanted=wanted,
        held=held,
        scenario=_interrupt_steps(era, unsafe, safe, middle),
        irq=irq,
        context=draw(_contexts),
        new_dependency=(_mention(era, held_class), _mention(era, wanted_class)),
        safe=_mention(era, safe),
        safe_stack=draw(_full_stacks(era)),
        unsafe=_mention(era, unsafe),
        unsafe_stack=draw(_full_stacks(era)),
        chain_exists=(safe, middle, unsafe) if era.scenario and middle != unsafe else (),
        backward=backward,
        forward=forward,
    )


@st.composite
def irq_inversion_reports(draw: DrawFn) -> IrqInversionReport:
    """A lock that took, or was taken by, another one, over up to three between them."""
    era = draw(st.sampled_from(ERAS))
    irq = draw(_irqs(era))
    forwards = draw(st.booleans())
    path = draw(_distinct(2, 5))
    changed_class, other = (path[0], path[-1]) if forwards else (path[-1], path[0])
    changed = draw(_uses(era, changed_class))
    safe, unsafe = path[0], path[-1]
    others: tuple[ClassBlock, ...] = ()
    if has_trees(era):
        tree, single = draw(_tree(era, path)), draw(_tree(era, path[-1:]))
        blocks, others = (tree, single) if forwards else (single, tree)
    else:
        blocks = draw(_path(era, path[::-1] if forwards else path, True))
    return IrqInversionReport(
        **draw(_shared(era, "possible irq lock inversion dependency detected", (changed,))),
        scenario=_interrupt_steps(era, unsafe, safe, path[1]),
        irq=irq,
        changed=changed,
        other=_mention(era, other),
        forwards=forwards,
        chain_exists=(safe, path[1], unsafe) if era.scenario and len(path) > 2 else (),
        blocks=blocks,
        other_blocks=others,
    )


def irq_reports() -> SearchStrategy[Report]:
    """Any of these."""
    return st.one_of(recursive_reports(), inconsistent_reports(), irq_order_reports(), irq_inversion_reports())
