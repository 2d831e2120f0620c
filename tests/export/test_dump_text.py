"""Copies of /proc files and tables of perf: what is written is read as the same value."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from lockview.export.as_json import dumps, loads
from lockview.export.dump_text import dump_text
from lockview.export.summary import summary
from lockview.model.locks import LockClass
from lockview.model.orders import HeldChain, LockOrders, Order, OrderClass, OrderSource
from lockview.model.stacks import Frame
from lockview.model.statistics import ContentionPoint, Table, TableKind, TableRow
from lockview.parsing.reader import read_file, read_text

NAMES = st.sampled_from(
    ["&rq->__lock", "fs_reclaim", "&(&x->lock)->rlock", "a lock with blanks", "s_umount_key: x", "k"]
)


def again(value: LockOrders | Table) -> LockOrders | Table:
    """The one value that its text is read as."""
    log = read_text(dump_text(value))
    values: list[LockOrders | Table] = [*log.orders, *log.tables]
    (read,) = values
    assert loads(dumps([log])) == (log,)
    return read


@st.composite
def lock_orders(draw: DrawFn) -> LockOrders:
    """What /proc/lockdep lists; in the order in which a reader meets the classes: own lines first."""
    count = draw(st.integers(1, 6))
    full = draw(st.booleans())
    classes = [
        OrderClass(
            f"{0xFFFFFFFF82A01230 + 8 * number:016x}",
            LockClass(draw(NAMES), number + 1, draw(st.integers(0, 2))),
            draw(st.integers(0, 10**12)) if full else None,
            1 if full else None,
            draw(st.integers(1, 99_999)) if full else None,
            "+.+." if full else "",
            line=number + 1,
        )
        for number in range(count)
    ]
    pairs = draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=8, unique=True))
    orders = [Order(before, after, draw(st.integers(1, 3))) for before, after in sorted(pairs)]
    return LockOrders(OrderSource.CLASSES, tuple(classes), tuple(orders))


@settings(max_examples=80, deadline=None)
@given(lock_orders())
def test_classes_and_their_orders(value: LockOrders) -> None:
    read = again(value)
    assert isinstance(read, LockOrders)
    assert again(read) == read
    assert {item.key: item for item in read.classes} == {item.key: item for item in value.classes}
    assert _named(read) == _named(value)


def _named(orders: LockOrders) -> set[tuple[str, str, int]]:
    keys = [item.key for item in orders.classes]
    return {(keys[order.before], keys[order.after], order.count) for order in orders.orders}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "hardirq", "softirq", "hardirq|softirq"]),
            st.lists(st.integers(0, 4), min_size=1, max_size=4),
            st.integers(1, 3),
        ),
        min_size=1,
        max_size=6,
        unique_by=lambda chain: (chain[0], tuple(chain[1])),
    ),
    st.booleans(),
)
def test_chains(chains: list[tuple[str, list[int], int]], overflowed: bool) -> None:
    classes = [OrderClass(f"{0x1230 + number:08x}", LockClass(f"lock{number}")) for number in range(5)]
    held = tuple(HeldChain(context, tuple(places), count) for context, places, count in chains)
    value = LockOrders(OrderSource.CHAINS, tuple(classes), chains=held, overflowed=overflowed)
    read = again(value)
    assert isinstance(read, LockOrders)
    assert read.overflowed is overflowed
    assert again(read) == read
    names = [
        (chain.context, [read.classes[place].key for place in chain.classes], chain.count) for chain in read.chains
    ]
    assert names == [(context, [classes[place].key for place in places], count) for context, places, count in chains]


TIMES = st.integers(0, 10**9).map(lambda number: number / 100)
POINTS = st.lists(
    st.builds(
        ContentionPoint,
        st.builds(
            Frame,
            st.sampled_from(["do_exit", "futex_wake.part.3"]),
            st.integers(0, 4095),
            st.integers(0, 4095),
            address=st.just("00000000a1b2c3d4"),
            module=st.sampled_from(["", "xfs"]),
        ),
        st.integers(1, 10**6),
    ),
    max_size=4,
).map(tuple)


@st.composite
def contention_tables(draw: DrawFn) -> Table:
    """What /proc/lock_stat lists, of both sets of columns."""
    from lockview.parsing.dialects.lock_stat import _COLUMNS, _OLD_COLUMNS

    columns = draw(st.sampled_from([_COLUMNS, _OLD_COLUMNS]))
    rows = [
        TableRow(
            draw(NAMES),
            tuple(draw(TIMES) if "time" in column else draw(st.integers(0, 10**9)) for column in columns),
            draw(st.sampled_from(["", "W", "R"])),
            draw(POINTS),
            draw(POINTS),
        )
        for _ in range(draw(st.integers(1, 4)))
    ]
    remarks = draw(st.sampled_from([(), ("lock debugging disabled!! - possibly due to a lockdep warning",)]))
    return Table(TableKind.CONTENTION, columns, tuple(rows), "0.4" if columns is _COLUMNS else "0.3", remarks)


@settings(max_examples=80, deadline=None)
@given(contention_tables())
def test_contention(value: Table) -> None:
    assert again(value) == value


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**9), st.none() | st.integers(10**9 + 1, 10**10)), max_size=5))
def test_statistics(numbers: list[tuple[int, int | None]]) -> None:
    rows = [TableRow("lock-classes", (5, 8192))]
    rows += [TableRow(f"hardirq-safe locks {'x' * place}", pair) for place, pair in enumerate(numbers)]
    value = Table(TableKind.LOCKDEP, ("value", "max"), tuple(rows))
    assert again(value) == value


def test_real_files(shared: Path) -> None:
    paths = sorted((shared / "realkernel").glob("*.proc_*.txt"))
    assert paths
    for path in paths:
        log = read_file(str(path))
        values: list[LockOrders | Table] = [*log.orders, *log.tables]
        (value,) = values
        assert again(value) == value, path.name


# --- perf lock --------------------------------------------------------------------------------------------------

CALLERS = """\
# perf lock con -ab sleep 1
 contended   total wait     max wait     avg wait         type   caller

        42    192.67 us     13.64 us      4.59 us     spinlock   queue_thing_on+0x20
         6      1.50 s         2 ns      2.50 ms         mutex   open_thing+0x30
                        0xffffffff9a23f4b5  __mutex_lock+0x45
                        0xffffffff99bbd4dd  open_thing+0x30
         1     11.12 us     11.12 us     11.12 us     rwlock:R   do_thing+0x8b

=== output for debug ===

bad: 2, total: 40
bad rate: 5.00 %
"""
LOCKS = """\
                Name   acquired  contended   avg wait (ns) total wait (ns)   max wait (ns)   min wait (ns)

         &rq->__lock       1312          3            1843            5529            2514            1215
  a lock with blanks        512          0               0               0               0               0
    &(ptlock_ptr(...          7          0               0               0               0               0

=== output for debug===

bad: 0, total: 6
bad rate: 0.00 %
histogram of events caused bad sequence
    acquire: 0
"""


def table(text: str) -> Table:
    """The one table of a text."""
    (value,) = read_text(text).tables
    assert again(value) == value
    return value


def test_who_waited_where() -> None:
    value = table(CALLERS)
    assert (value.kind, value.headings) == (TableKind.PERF_CONTENTION, ("type", "caller"))
    assert value.columns == ("contended", "total wait", "max wait", "avg wait")
    assert [(row.mode, row.name, row.values) for row in value.rows] == [
        ("spinlock", "queue_thing_on+0x20", (42, 192.67, 13.64, 4.59)),
        ("mutex", "open_thing+0x30", (6, 1_500_000.0, 0.002, 2_500.0)),
        ("rwlock:R", "do_thing+0x8b", (1, 11.12, 11.12, 11.12)),
    ]
    assert [str(point.site) for point in value.rows[1].waiters] == ["__mutex_lock+0x45", "open_thing+0x30"]
    assert value.remarks == ("perf could not follow 2 of 40 sequences of events",)
    told = summary(read_text(CALLERS))
    assert "perf lock contention: 3 rows" in told
    assert "do_thing+0x8b (1 time)" in told


def test_statistics_of_each_lock() -> None:
    value = table(LOCKS)
    assert (value.kind, value.headings) == (TableKind.PERF_REPORT, ("Name",))
    assert value.columns == ("acquired", "contended", "avg wait", "total wait", "max wait", "min wait")
    assert [(row.name, row.uncertain) for row in value.rows] == [
        ("&rq->__lock", False),
        ("a lock with blanks", False),
        ("&(ptlock_ptr(...", True),
    ]
    assert value.rows[0].values == (1312, 3, 1.843, 5.529, 2.514, 1.215)


@pytest.mark.parametrize(
    ("head", "row", "mode", "name"),
    [
        ("address   symbol", "ffffffff851c0940   pack_mutex (mutex)", "ffffffff851c0940", "pack_mutex (mutex)"),
        ("address   symbol", "ffff98d7031fb498   ", "ffff98d7031fb498", ""),
        ("pid   comm", "1950   a queue", "1950", "a queue"),
        ("cgroup", "/system.slice/x", "", "/system.slice/x"),
    ],
)
def test_other_ways_to_count(head: str, row: str, mode: str, name: str) -> None:
    value = table(
        f" contended   total wait     max wait     avg wait     {head}\n\n  3   14.99 us   14.44 us   5.00 us   {row}\n"
    )
    assert [(found.mode, found.name) for found in value.rows] == [(mode, name)]


def test_words_about_waiting_are_no_table() -> None:
    for text in (
        "the total wait and the avg wait rose\n",
        "contended total wait\n 3 4\n",
        " avg wait total wait \n 1 2\n",
    ):
        assert read_text(text).tables == ()
