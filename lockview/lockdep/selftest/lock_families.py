"""Cases about the order of locks, without interrupts."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.lockdep.cases import Case
from lockview.lockdep.selftest.pieces import (
    COLUMNS,
    MUTEX,
    RLOCK,
    RSEM,
    SPIN,
    WLOCK,
    WSEM,
    Column,
    Ops,
    joined,
    orders,
)

_ORDERS = {
    "ABBA": ("A-B-B-A", ("AB", "BA")),
    "ABBCCA": ("A-B-B-C-C-A", ("AB", "BC", "CA")),
    "ABCABC": ("A-B-C-A-B-C", ("AB", "CA", "BC")),
    "ABBCCDDA": ("A-B-B-C-C-D-D-A", ("AB", "BC", "CD", "DA")),
    "ABCDBDDA": ("A-B-C-D-B-D-D-A", ("AB", "CD", "BD", "DA")),
    "ABCDBCDA": ("A-B-C-D-B-C-D-A", ("AB", "CD", "BC", "DA")),
}


def order_cases() -> Iterator[Case]:
    """Each primitive taken in orders that do not go together; recursive readers may."""
    for column in COLUMNS:
        yield _case("AA", "A-A deadlock", column, joined(column.take("X1"), column.take("X2")), column is not RLOCK)
    for family, (words, pairs) in _ORDERS.items():
        for column in COLUMNS:
            ops = joined(*(column.nested(*pair) for pair in pairs))
            yield _case(family, f"{words} deadlock", column, ops, column is not RLOCK)
    for column in COLUMNS:
        ops = joined(column.take("A"), column.drop("A"), column.drop("A"))
        yield _case("double_unlock", "double unlock", column, ops, complains=True)
    for column in COLUMNS:
        yield _case("init_held", "initialize held", column, joined(column.take("A"), column.init("A")), complains=True)


def _case(family: str, title: str, column: Column, ops: Ops, complains: bool) -> Case:
    return Case(f"{family}_{column.name}", title, family, complains, ops, column.name)


def reader_cases() -> Iterator[Case]:
    """Readers and writers of one lock, and of a lock and another."""
    rows: tuple[tuple[str, str, Column, str, Column, str, bool], ...] = (
        ("AA1", "recursive read-lock", RLOCK, "X1", RLOCK, "X1", False),
        ("AA1", "recursive read-lock", RSEM, "X1", RSEM, "X1", True),
        ("AA1B", "recursive read-lock #2", RLOCK, "X1", RLOCK, "X2", False),
        ("AA1B", "recursive read-lock #2", RSEM, "X1", RSEM, "X2", True),
        ("AA2", "mixed read-write-lock", RLOCK, "X1", WLOCK, "X2", True),
        ("AA2", "mixed read-write-lock", RSEM, "X1", WSEM, "X2", True),
        ("AA3", "mixed write-read-lock", WLOCK, "X1", RLOCK, "X2", True),
        ("AA3", "mixed write-read-lock", WSEM, "X1", RSEM, "X2", True),
    )
    for name, title, first, lock, second, other, complains in rows:
        reader = "rlock" if first.kind == "rwlock" else "rsem"
        ops = joined(first.take(lock), second.take(other))
        yield Case(f"{reader}_{name}", title, "recursive_read", complains, ops, reader)
    yield from _mixed_cases()


def _mixed_cases() -> Iterator[Case]:
    rows = (
        ("ABBA1", "mixed read-lock/lock-write ABBA", (RLOCK, WLOCK, True), (RSEM, WSEM, True)),
        ("ABBA2", "mixed read-lock/lock-read ABBA", (RLOCK, RLOCK, False), (RSEM, RSEM, True)),
        ("ABBA3", "mixed write-lock/lock-write ABBA", (WLOCK, WLOCK, True), (WSEM, WSEM, True)),
    )
    for name, title, *pairs in rows:
        for (first, second, complains), other, word in zip(pairs, (SPIN, MUTEX), ("rlock", "rwsem"), strict=True):
            ops = joined(first.pair("X1", other.pair("Y1")), other.pair("Y1", second.pair("X1")))
            column = word if word == "rlock" else "rsem"
            yield Case(f"{word}_{name}", title, "mixed_ABBA", complains, ops, column)
    ops = joined(
        RLOCK.pair("X1", SPIN.pair("Y1")), SPIN.pair("Y1", RLOCK.pair("X1")), SPIN.pair("Y1", WLOCK.pair("X1"))
    )
    yield Case("rlock_chaincache_ABBA1", "chain cached mixed R-L/L-W ABBA", "mixed_ABBA", True, ops, "rlock")


_THREE = (
    ("W1R2_W2R3_W3R1", "W1R2/W2R3/W3R1", ("WR", "WR", "WR"), True),
    ("W1W2_R2R3_W3R1", "W1W2/R2R3/W3R1", ("WW", "RR", "WR"), True),
    ("W1W2_R2R3_R3W1", "W1W2/R2R3/R3W1", ("WR", "RR", "WW"), False),
    ("W1R2_R2R3_W3W1", "W1R2/R2R3/W3W1", ("WW", "RR", "RW"), False),
)
"""Three locks in a ring; the names of the last two tell each other's accesses in the kernel too."""


def three_cases() -> Iterator[Case]:
    """Rings of three locks with readers, in every order."""
    ways = {"W": WLOCK, "R": RLOCK}
    for name, title, accesses, complains in _THREE:
        events = [
            ways[access[0]].pair(lock, ways[access[1]].pair(other))
            for access, lock, other in zip(accesses, ("X1", "Y1", "Z1"), ("Y1", "Z1", "X1"), strict=True)
        ]
        for order, ops in orders(*events).items():
            yield Case(f"{name}_{order}", f"rlock {title}/{order}", "read_write_three", complains, ops, "rlock")
