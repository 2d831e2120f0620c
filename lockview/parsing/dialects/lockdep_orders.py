"""/proc/lockdep and /proc/lockdep_chains.  Source: ``l_show`` and ``lc_show``, kernel/locking/lockdep_proc.c."""

from __future__ import annotations

import re
from functools import cache

from lockview.model.orders import HeldChain, LockOrders, Order, OrderClass, OrderSource
from lockview.model.text import Span
from lockview.parsing.locks import lock_class

_LONGEST = 1_000


@cache
def _class_line() -> re.Pattern[str]:
    return re.compile(
        r"([0-9a-f]{8,16}|\(____ptrval____\)|0x[0-9a-f]{1,16})(?: OPS: *(\d{1,20}))?"
        r"(?: FD: *(\d{1,12}) BD: *(\d{1,12}) ([-.+?]{1,8}))?: (.*)$"
    )


@cache
def _named_line() -> re.Pattern[str]:
    return re.compile(r"( -> )?\[([0-9a-f]{1,16}|\(____ptrval____\)|0x[0-9a-f]{1,16})\] (.*)$")


def starts(line: str) -> bool:
    """Whether a line is the first of one of the two files."""
    return line.strip() in ("all lock classes:", "all lock chains:", "(buggered) all lock chains:")


class _Classes:
    """Classes by key; one that is only named gets its numbers when its own line comes."""

    def __init__(self) -> None:
        self.classes: list[OrderClass] = []
        self._by_key: dict[tuple[str, str], int] = {}
        self._by_name: dict[str, int] = {}

    def listed(self, found: OrderClass) -> int:
        """The index of a class whose own line this is; a second line of the same class changes nothing."""
        number = self._by_key.get((found.key, found.lock_class.name))
        if number is None:
            return self._add(found)
        if not self.classes[number].line:
            self.classes[number] = found
        return number

    def named(self, key: str, name: str) -> int:
        """The index of a class that another line names."""
        number = self._by_key.get((key, name))
        return self._add(OrderClass(key, lock_class(name))) if number is None else number

    def _add(self, found: OrderClass) -> int:
        number = len(self.classes)
        self._by_key[found.key, found.lock_class.name] = number
        self.classes.append(found)
        return number

    def merged(self) -> list[int]:
        """For each class the index of the one that it is.

        Old kernels name others by an address that no line begins with, so a class without a line of its own is the
        one of that name that has one.
        """
        by_name: dict[str, int] = {}
        for number, item in enumerate(self.classes):
            if item.line:
                by_name.setdefault(item.lock_class.name, number)
        return [
            number if item.line else by_name.get(item.lock_class.name, number)
            for number, item in enumerate(self.classes)
        ]


class ClassesReader:
    """Reads /proc/lockdep."""

    def __init__(self) -> None:
        self._classes = _Classes()
        self._orders: dict[tuple[int, int], list[int]] = {}
        self._current: int | None = None
        self._first = self._last = 0

    def take(self, text: str, number: int) -> bool:
        """A class, an order of the class above, or a blank line."""
        if not self._first:
            self._first = self._last = number
            return True
        text = text[:_LONGEST]
        if not text.strip():
            return True
        if match := _class_line().match(text):
            key, operations, forward, backward, usage, name = match.groups()
            found = OrderClass(
                key, lock_class(name), _number(operations), _number(forward), _number(backward), usage or "", number
            )
            self._current = self._classes.listed(found)
        elif (match := _named_line().match(text)) and match[1] and self._current is not None:
            seen = self._orders.setdefault((self._current, self._classes.named(match[2], match[3])), [0, number])
            seen[0] += 1
        else:
            return False
        self._last = number
        return True

    def value(self) -> LockOrders | None:
        """The classes and their direct orders."""
        return _orders(OrderSource.CLASSES, self._classes, self._orders, {}, Span(self._first, self._last))


class ChainsReader:
    """Reads /proc/lockdep_chains; chains that are alike become one with a count."""

    def __init__(self) -> None:
        self._classes = _Classes()
        self._orders: dict[tuple[int, int], list[int]] = {}
        self._chains: dict[tuple[str, tuple[int, ...]], list[int]] = {}
        self._context: str | None = None
        self._entries: list[int] = []
        self._chain_line = 0
        self._overflowed = False
        self._first = self._last = 0

    def take(self, text: str, number: int) -> bool:
        """The head of a chain, an entry of it, or a blank line."""
        if not self._first:
            self._first = self._last = number
            self._overflowed = "(buggered)" in text
            return True
        text = text[:_LONGEST]
        if text.startswith("["):
            match = _named_line().match(text)
            if match and self._context is not None:
                self._entries.append(self._classes.named(match[2], match[3]))
                self._last = number
                return True
        elif not text.strip():
            return True
        elif text.startswith("irq_context: "):
            self._finish()
            context = text[13:].strip()
            self._context, self._chain_line = "" if context == "0" else context, number
            self._last = number
            return True
        return False

    def _finish(self) -> None:
        if self._context is not None and self._entries:
            entries = tuple(self._entries)
            self._chains.setdefault((self._context, entries), [0, self._chain_line])[0] += 1
            for place in range(len(entries) - 1):
                pair = entries[place], entries[place + 1]
                self._orders.setdefault(pair, [0, self._chain_line + 1 + place])[0] += 1
        self._entries = []

    def value(self) -> LockOrders | None:
        """The chains, and the orders of neighbours in them."""
        self._finish()
        span = Span(self._first, self._last)
        return _orders(OrderSource.CHAINS, self._classes, self._orders, self._chains, span, self._overflowed)


def _number(text: str | None) -> int | None:
    return int(text) if text else None


def _orders(
    source: OrderSource,
    classes: _Classes,
    orders: dict[tuple[int, int], list[int]],
    chains: dict[tuple[str, tuple[int, ...]], list[int]],
    span: Span,
    overflowed: bool = False,
) -> LockOrders | None:
    if not classes.classes:
        return None
    same = classes.merged()
    kept = [number for number, target in enumerate(same) if number == target]
    place = {number: index for index, number in enumerate(kept)}
    folded: dict[tuple[int, int], list[int]] = {}
    for (before, after), (count, line) in orders.items():
        pair = place[same[before]], place[same[after]]
        folded.setdefault(pair, [0, line])[0] += count
    return LockOrders(
        source,
        tuple(classes.classes[number] for number in kept),
        tuple(Order(before, after, count, line) for (before, after), (count, line) in folded.items()),
        tuple(
            HeldChain(context, tuple(place[same[entry]] for entry in entries), count, line)
            for (context, entries), (count, line) in chains.items()
        ),
        overflowed,
        span,
    )
