"""Copies of /proc files and traces: counts against plain searches of the same files, damage, and speed."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockview.export.as_json import dumps, loads
from lockview.export.summary import summary
from lockview.model.lock_events import EventStream, LockEventKind
from lockview.model.logs import Log
from lockview.model.orders import OrderSource
from lockview.model.statistics import TableKind
from lockview.parsing.dialects.held_stacks import MAX_DEPTH
from lockview.parsing.dialects.lock_trace import MAX_EVENTS
from lockview.parsing.reader import read_file, read_text

BOOTS = ("ftrace", "ring7")


@pytest.fixture(scope="session")
def kernel(shared: Path) -> Path:
    """The folder of a real kernel's files."""
    return shared / "realkernel"


def read(kernel: Path, name: str) -> tuple[Log, str]:
    """A file, read, after its way through JSON, and its text."""
    path = kernel / name
    log = read_file(str(path))
    assert loads(dumps([log])) == (log,)
    assert not log.reports
    assert not log.problems
    return log, path.read_text("utf-8")


def statistic(kernel: Path, boot: str, label: str) -> int:
    """A number of /proc/lockdep_stats, found without the reader."""
    text = (kernel / f"{boot}.proc_lockdep_stats.txt").read_text("utf-8")
    found = re.search(rf"^ {re.escape(label)}: +(\d+)", text, re.M)
    assert found
    return int(found[1])


# --- Lock orders of a whole system ------------------------------------------------------------------------------


@pytest.mark.parametrize("boot", BOOTS)
def test_classes_and_direct_orders(kernel: Path, boot: str) -> None:
    log, text = read(kernel, f"{boot}.proc_lockdep.txt")
    (orders,) = log.orders
    assert orders.source is OrderSource.CLASSES
    assert len(orders.classes) == statistic(kernel, boot, "lock-classes") == len(re.findall(r" FD:", text))
    assert len(orders.orders) == len(re.findall(r"^ -> ", text, re.M))
    assert sum(order.count for order in orders.orders) == len(orders.orders)
    assert all(one.operations is not None and one.forward and one.backward and one.usage for one in orders.classes)
    lines = text.splitlines()
    for order in orders.orders:
        head, tail = orders.classes[order.after], orders.classes[order.before]
        assert lines[order.line - 1] == f" -> [{head.key}] {head.lock_class.name}"
        assert lines[tail.line - 1].endswith(f": {tail.lock_class.name}")
    # A class with nothing behind it but itself has no order; what is reached over others only is not listed.
    before = {order.before for order in orders.orders}
    assert before <= {number for number, one in enumerate(orders.classes) if one.forward != 1}


@pytest.mark.parametrize("boot", BOOTS)
def test_chains_are_folded(kernel: Path, boot: str) -> None:
    log, text = read(kernel, f"{boot}.proc_lockdep_chains.txt")
    (orders,) = log.orders
    assert orders.source is OrderSource.CHAINS
    assert sum(chain.count for chain in orders.chains) == statistic(kernel, boot, "dependency chains")
    entries = sum(chain.count * len(chain.classes) for chain in orders.chains)
    assert entries == len(re.findall(r"^\[", text, re.M))
    assert sum(order.count for order in orders.orders) == entries - sum(chain.count for chain in orders.chains)
    assert len(orders.classes) == len(set(re.findall(r"^\[.*", text, re.M)))
    contexts = re.findall(r"^irq_context: (.*)$", text, re.M)
    assert {chain.context or "0" for chain in orders.chains} == set(contexts)
    assert len(orders.chains) < len(contexts)


def test_orders_of_kernels_without_numbers_or_with_other_addresses() -> None:
    (orders,) = read_text(
        "all lock classes:\n"
        "0000000000000001: a\n"
        "0000000000000002 FD:    2 BD:    1 +.+.: b#2/1\n"
        " -> [0000000000000009] a\n -> [0000000000000009] a\n -> [00000000000000aa] never listed\n\n"
        "(____ptrval____) FD:    1 BD:    5 ....: (null)\n"
    ).orders
    assert [(one.lock_class.name, one.forward) for one in orders.classes] == [
        ("a", None),
        ("b#2/1", 2),
        ("never listed", None),
        ("(null)", 1),
    ]
    assert [(order.before, order.after, order.count) for order in orders.orders] == [(1, 0, 2), (1, 2, 1)]
    assert orders.classes[2].line == 0


def test_a_list_that_overflowed_is_called_so() -> None:
    (orders,) = read_text("(buggered) all lock chains:\nirq_context: hardirq|softirq\n[00000001] x\n").orders
    assert orders.overflowed
    assert orders.chains[0].context == "hardirq|softirq"


# --- Tables -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("boot", BOOTS)
def test_statistics(kernel: Path, boot: str) -> None:
    log, text = read(kernel, f"{boot}.proc_lockdep_stats.txt")
    (table,) = log.tables
    assert table.kind is TableKind.LOCKDEP
    assert [row.name for row in table.rows] == re.findall(r"^ ([^:]+):", text, re.M)
    assert [row.values[0] for row in table.rows] == [int(n) for n in re.findall(r"^ [^:]+: +(\d+)", text, re.M)]
    row = table.row("lock-classes")
    assert row
    assert row.values == (statistic(kernel, boot, "lock-classes"), 8192)
    assert table.remarks == ("lockdep is off: debug_locks is 0",)


def test_a_reached_limit_is_remarked() -> None:
    (table,) = read_text(" lock-classes:                         8192 [max: 8192]\n").tables
    assert table.remarks == ("lock-classes: the limit of 8192 is reached",)


@pytest.mark.parametrize("boot", BOOTS)
def test_contention(kernel: Path, boot: str) -> None:
    log, text = read(kernel, f"{boot}.proc_lock_stat.txt")
    (table,) = log.tables
    rows = re.findall(r"^ *(.*?):((?: +[\d.]+){12})$", text, re.M)
    assert (table.kind, table.version, len(table.columns)) == (TableKind.CONTENTION, "0.4", 12)
    assert [row.name + (f"-{row.mode}" if row.mode else "") for row in table.rows] == [name for name, _ in rows]
    assert [row.values for row in table.rows] == [
        tuple(float(word) if "." in word else int(word) for word in numbers.split()) for _, numbers in rows
    ]
    points = [point for row in table.rows for point in (*row.waiters, *row.holders)]
    assert len(points) == len(re.findall(r"\[<", text))
    assert sum(point.count for point in points) == sum(int(n) for n in re.findall(r" (\d+) +\[<", text))
    assert all(point.site.function and point.site.size for point in points)
    assert log.tables[0].remarks


def test_contention_of_old_kernels_and_long_names() -> None:
    name = "&(&very_long_structure_name->with_lo"
    (table,) = read_text(
        f"lock_stat version 0.3\n{name}x: 1 2 3.00 4.00 5.00 6 7 8.00 9.00 10.00\n"
        " a b: c#1: 1 2 3.0 4.0 5.0 6 7 8.0 9.0 1\n"
    ).tables
    assert len(table.columns) == 10
    assert [(row.name, row.uncertain) for row in table.rows] == [(f"{name}x", True), ("a b: c#1", True)]


# --- Traces -----------------------------------------------------------------------------------------------------


def test_contention_of_the_first_version_and_of_a_short_name() -> None:
    log = read_text(
        "lock_stat version 0.1\n"
        "                k:          7   1.00   2.00   3.00          9   4.00   5.00   6.00\n"
        "                -\n"
        "                k          7   [<c0123456>] do_thing+0x1/0x2\n"
    )
    (found,) = log.tables
    assert found.columns[0] == "contentions"
    assert len(found.columns) == len(found.rows[0].values) == 8
    assert [point.count for point in found.rows[0].waiters] == [7]


@pytest.mark.parametrize("name", ["lock", "contention"])
def test_events_are_those_of_the_file(kernel: Path, name: str) -> None:
    log, text = read(kernel, f"ftrace.trace_{name}.txt")
    (stream,) = log.event_streams
    for kind in LockEventKind:
        found = sum(event.kind is kind for event in stream.events)
        assert found == len(re.findall(rf"\d: {kind.value}: ", text)), kind
    assert stream.count == len(stream.events) == len(re.findall(r"\d: (?:lock|contention)_\w+: ", text))
    assert stream.lost == 0
    lines = text.splitlines()
    for event in stream.events:
        line = lines[event.line - 1]
        assert f" {event.time}: {event.kind.value}: {event.pointer}" in line
        assert f"{stream.tasks[event.task].name}-{stream.tasks[event.task].pid} " in line
        assert line.endswith(event.name)


def test_orders_of_a_real_trace_are_known_to_lockdep(kernel: Path) -> None:
    """Bare names, so with the key numbers of /proc/lockdep left out; lockdep closes orders transitively."""
    (stream,) = read(kernel, "ftrace.trace_lock.txt")[0].event_streams
    (known,) = read(kernel, "ftrace.proc_lockdep.txt")[0].orders
    after: dict[str, set[str]] = {}
    for order in known.orders:
        before, wanted = (known.classes[number].lock_class.base for number in (order.before, order.after))
        after.setdefault(before, set()).add(wanted)
    unknown = [order for order in stream.orders if order.wanted not in _reached(after, order.held)]
    assert len(stream.orders) == 265
    # Lockdep does not check RCU against locks. Of the others one closes the cycle that it reported, and the rest was
    # seen after the report had turned it off, most of it while that was printed.
    left = {(order.held, order.wanted) for order in unknown if "rcu_read_lock" not in (order.held, order.wanted)}
    assert ("&ent->lock", "&tbl->lock") in left
    assert len(left) < 30


def _reached(after: dict[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    todo = [start]
    while todo:
        for name in after.get(todo.pop(), set()) - found:
            found.add(name)
            todo.append(name)
    return found


def trace(*lines: str) -> EventStream:
    """A trace of lines ``task flags event payload``, one per second."""
    text = "# tracer: nop\n"
    for number, line in enumerate(lines):
        if line.startswith("CPU"):
            text += f"{line}\n"
            continue
        task, cpu, flags, event, payload = line.split(" ", 4)
        text += f"  {task.replace('_', ' ')}     [{cpu}] {flags}  {number}.000001: {event}: {payload}\n"
    (stream,) = read_text(text).event_streams
    return stream


def orders(stream: EventStream) -> list[tuple[str, str, int]]:
    """The orders of a trace."""
    return [(order.held, order.wanted, order.count) for order in stream.orders]


def test_held_stacks_and_orders() -> None:
    stream = trace(
        "a-b_c-7 000 ..... lock_acquire 0000000a A",
        "a-b_c-7 000 ..... lock_acquire 0000000b read B x",
        "x-8 001 ..... lock_acquire 0000000c try read C",
        "a-b_c-7 000 ..... lock_acquire 0000000c try C",
        "a-b_c-7 000 ..... lock_release 0000000a A",
        "a-b_c-7 000 ..... lock_acquire 0000000d D",
        "a-b_c-7 000 ..... lock_release 0000000f never taken",
    )
    assert [(task.name, task.pid) for task in stream.tasks] == [("a-b c", 7), ("x", 8)]
    assert orders(stream) == [("A", "B x", 1), ("B x", "D", 1), ("C", "D", 1)]
    assert [lock.name for lock in stream.tasks[0].held] == ["B x", "C", "D"]
    assert [(event.name, event.trylock, event.shared) for event in stream.events[:3]] == [
        ("A", False, False),
        ("B x", False, True),
        ("C", True, True),
    ]


def test_interrupts_are_a_border() -> None:
    stream = trace(
        "x-8 001 ..... lock_acquire 0000000a A",
        "x-8 001 d.h1. lock_acquire 0000000b B",
        "x-8 001 d.h1. lock_acquire 0000000c C",
        "x-8 001 d.h1. lock_release 0000000c C",
        "x-8 001 ..... lock_acquire 0000000d D",
    )
    assert orders(stream) == [("B", "C", 1), ("A", "D", 1)]
    assert [lock.name for lock in stream.tasks[0].held] == ["A", "D"]


def test_idle_tasks_are_one_per_cpu() -> None:
    stream = trace("<idle>-0 001 ..... lock_acquire 0000000a A", "<idle>-0 002 ..... lock_acquire 0000000b B")
    assert orders(stream) == []
    assert [task.cpu for task in stream.tasks] == [1, 2]


def test_lost_events_empty_the_stacks_of_their_cpu() -> None:
    stream = trace(
        "x-8 001 ..... lock_acquire 0000000a A",
        "y-9 002 ..... lock_acquire 0000000a A",
        "CPU:1 [LOST 12 EVENTS]",
        "x-8 001 ..... lock_acquire 0000000b B",
        "y-9 002 ..... lock_acquire 0000000b B",
        "CPU:2 [3 EVENTS DROPPED]",
    )
    assert orders(stream) == [("A", "B", 1)]
    assert stream.lost == 15
    assert [[lock.name for lock in task.held] for task in stream.tasks] == [["B"], []]


def test_who_waits_at_the_end() -> None:
    stream = trace(
        "x-8 001 ..... lock_acquire 0000000a A",
        "x-8 001 ..... lock_contended 0000000a A",
        "x-8 001 ..... lock_acquired 0000000a A",
        "x-8 001 ..... lock_acquire 0000000b B",
        "x-8 001 ..... lock_contended 0000000b B",
    )
    assert stream.tasks[0].waiting
    assert stream.tasks[0].waiting.name == "B"
    assert [lock.name for lock in stream.tasks[0].held] == ["A"]


def test_a_stack_is_never_deeper_than_a_task_can_hold() -> None:
    stream = trace(*(f"x-8 001 ..... lock_acquire {number:08x} L{number}" for number in range(60)))
    assert len(stream.tasks[0].held) == MAX_DEPTH


def test_events_of_old_kernels_and_of_trace_cmd() -> None:
    (stream,) = read_text(
        "            demo-42      [000]   123.456789: lock_acquire: &mm->mmap_sem\n"
        "            demo-42      [000]   123.456790: lock_acquired: &mm->mmap_sem (0.500 us)\n"
        "            demo-42    (    42) [000] d..2.   123.456790: lock:lock_acquired: ffff8880 x (12 ns)\n"
        " demo-42    (-------) [000] .....   123.456791: contention_begin: 00000000a1b2c3d4 (flags=SPIN|WRITE)\n"
        "            demo-42      [000] .....   123.456799: contention_end: 00000000a1b2c3d4 (ret=0)\n"
    ).event_streams
    assert [(event.pointer, event.name, event.detail) for event in stream.events] == [
        ("", "&mm->mmap_sem", ""),
        ("", "&mm->mmap_sem", ""),
        ("ffff8880", "x", ""),
        ("00000000a1b2c3d4", "", "SPIN|WRITE"),
        ("00000000a1b2c3d4", "", "0"),
    ]


def test_perf_script_with_stacks() -> None:
    (stream,) = read_text(
        "my comm 42/43 [002]  1.000001:          1 lock:contention_begin: 0xffff888000849458 (flags=MUTEX)\n"
        "\tffffffff810b3622 mutex_lock+0x22 ([kernel.kallsyms])\n"
        "\tffffffff810b2b41 do_work+0x21 (/lib/modules/x.ko)\n\n"
        "swapper     0 [001]  1.000002: lock:lock_acquire: 0xffffffff81dbc180 read rcu_read_lock\n"
    ).event_streams
    assert [(task.name, task.pid, task.cpu) for task in stream.tasks] == [("my comm", 43, None), ("swapper", 0, 1)]
    frames = stream.events[0].stack.frames
    assert [(frame.function, frame.offset, frame.module) for frame in frames] == [
        ("mutex_lock", 0x22, "[kernel.kallsyms]"),
        ("do_work", 0x21, "/lib/modules/x.ko"),
    ]


def _stream(*lines: str) -> EventStream:
    """The one trace of these lines."""
    (stream,) = read_text("".join(f"{line}\n" for line in lines)).event_streams
    return stream


def test_a_buffer_that_was_dumped_to_the_console() -> None:
    stream = _stream(
        "[ 1295.168490] Dumping ftrace buffer:",
        "[ 1295.168491] ---------------------------------",
        "[ 1295.168492]    <...>-67423  10dNh1 382171111us : do_raw_spin_lock <-_raw_spin_lock",
        "[ 1295.168493]  a-demo-67423  10d..1 382171111us : lock_acquire: ffffffff81c5c940 read rcu_read_lock",
        "[ 1295.168494]  a-demo-67423  10d..1 382171112us!: lock_acquire: ffffffff81c5c950 &a->lock",
        "[ 1295.168495]  a-demo-67423  10d.h1 71113us+: lock_acquire: ffffffff81c5c960 &b->lock",
        "[ 1295.168496] ---------------------------------",
        "[ 1295.168497] Kernel panic - not syncing",
    )
    assert [(event.cpu, event.time, event.name, len(event.stack)) for event in stream.events] == [
        (10, "382.171111", "rcu_read_lock", 0),
        (10, "382.171112", "&a->lock", 0),
        (10, "0.071113", "&b->lock", 0),
    ]
    assert [(task.name, task.pid) for task in stream.tasks] == [("a-demo", 67423)]
    assert orders(stream) == [("rcu_read_lock", "&a->lock", 1)]


def test_kernels_that_say_contended_after_acquired() -> None:
    stream = _stream(
        "  demo-7   [001] d.s3 20803.501685: lock_acquire: 0000000008b91ab4 &a->lock",
        "  demo-7   [001] d.s3 20803.501686: lock_acquired: 0000000008b91ab4 &a->lock",
        "  demo-7   [001] d.s3 20803.501689: lock_contended: 0000000008b91ab4 &a->lock",
    )
    assert [(len(task.held), task.waiting) for task in stream.tasks] == [(1, None)]


def test_a_kernel_log_that_speaks_of_lock_functions_is_no_trace() -> None:
    log = read_text("[    1.0] foo: lock_acquire: failed\nRIP: 0010:lock_acquire+0x1/0x2\n")
    assert log.event_streams == ()
    assert not log.holds_anything


# --- Several in one source, damage, size ------------------------------------------------------------------------

STATS = " lock-classes:                          476 [max: 8192]\n direct dependencies:     2 [max: 9]\n"
CLASSES = "all lock classes:\n00000001 FD:    2 BD:    1 +.+.: a\n -> [00000002] b\n\n00000002: b\n"
CHAINS = "all lock chains:\nirq_context: 0\n[00000001] a\n[00000002] b\n\n"
STAT = "lock_stat version 0.4\n x: 1 2 3.00 4.00 5.00 6.00 7 8 9.00 10.00 11.00 12.00\n"
EVENTS = "            demo-42      [000] .....   123.456789: lock_acquire: 00000001 a\n"


def test_several_in_one_source_and_quoted() -> None:
    text = "Hello,\n\n" + STATS + "\nthen\n" + CLASSES + CHAINS + "noise\n" * 20 + EVENTS + STAT
    for source in (text, "".join(f"> {line}" for line in text.splitlines(keepends=True))):
        log = read_text(source)
        assert [one.source for one in log.orders] == [OrderSource.CLASSES, OrderSource.CHAINS]
        assert [len(one.orders) for one in log.orders] == [1, 1]
        assert [table.kind for table in log.tables] == [TableKind.LOCKDEP, TableKind.CONTENTION]
        assert [stream.count for stream in log.event_streams] == [1]
        lines = source.splitlines()
        assert "all lock classes:" in lines[log.orders[0].span.first - 1]
        assert "x: 1 2 3" in lines[log.tables[1].rows[0].span.first - 1]
        assert "lock_acquire" in lines[log.event_streams[0].events[0].line - 1]
        told = summary(log)
        assert "2 lock classes, 1 direct order" in told
        assert "1 lock event of 1 task" in told


PIECES = [line for text in (STATS, CLASSES, CHAINS, STAT, EVENTS) for line in text.splitlines()]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=40)), max_size=30), st.integers(0, 400))
def test_any_mixture_of_lines_is_read_without_an_error(lines: list[str], cut: int) -> None:
    text = "\n".join(lines)
    log = read_text(text[: len(text) - cut])
    assert loads(dumps([log])) == (log,)
    spans = [*(o.span for o in log.orders), *(t.span for t in log.tables), *(s.span for s in log.event_streams)]
    assert all(1 <= span.first <= span.last <= log.lines for span in spans)
    summary(log)


def test_a_dump_that_is_longer_than_a_block_is_read_to_its_end() -> None:
    count = 100_000
    chains = "".join(f"irq_context: 0\n[{n % 50:08x}] c{n % 50}\n[{n % 7:08x}] c{n % 7}\n\n" for n in range(count))
    log = read_text("all lock chains:\n" + chains)
    assert log.size > 4 << 20
    (one,) = log.orders
    assert sum(chain.count for chain in one.chains) == count
    assert len(one.chains) == 350
    assert sum(order.count for order in one.orders) == count
    assert one.span.last == log.lines - 1


def test_of_a_long_trace_all_events_count() -> None:
    (stream,) = read_text((EVENTS + EVENTS.replace("acquire", "release")) * (MAX_EVENTS // 2 + 5)).event_streams
    assert (stream.count, len(stream.events)) == (MAX_EVENTS + 10, MAX_EVENTS)
