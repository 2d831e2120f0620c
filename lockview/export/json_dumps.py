"""The JSON form of what a source may hold besides reports: orders of a whole system, tables and traces."""

from __future__ import annotations

from lockview.export.json_codec import FLAG, TEXT, WHOLE, Codec, many, maybe, misfit, record, word
from lockview.export.json_values import FRAME, LOCK_CLASS, SPAN, STACK
from lockview.model.lock_events import (
    EventStream,
    LockEvent,
    LockEventKind,
    LostEvents,
    SeenOrder,
    TracedLock,
    TracedTask,
)
from lockview.model.orders import HeldChain, LockOrders, Order, OrderClass, OrderSource
from lockview.model.statistics import ContentionPoint, Table, TableKind, TableRow


def _same(value: object) -> object:
    return value


def _read_number(found: object) -> object:
    if type(found) not in (int, float):
        raise misfit("a number", found)
    return found


NUMBER = Codec(_same, _read_number)

ORDERS = record(
    LockOrders,
    {
        "source": word(OrderSource),
        "classes": many(
            record(
                OrderClass,
                {
                    "key": TEXT,
                    "class=lock_class": LOCK_CLASS,
                    "operations": maybe(WHOLE),
                    "forward": maybe(WHOLE),
                    "backward": maybe(WHOLE),
                    "usage": TEXT,
                    "line": WHOLE,
                },
            )
        ),
        "orders": many(record(Order, {"before": WHOLE, "after": WHOLE, "count": WHOLE, "line": WHOLE})),
        "chains": many(record(HeldChain, {"context": TEXT, "classes": many(WHOLE), "count": WHOLE, "line": WHOLE})),
        "overflowed": FLAG,
        "span": SPAN,
    },
)

_POINT = record(ContentionPoint, {"site": FRAME, "count": WHOLE, "span": SPAN})

TABLE = record(
    Table,
    {
        "kind": word(TableKind),
        "version": TEXT,
        "columns": many(TEXT),
        "rows": many(
            record(
                TableRow,
                {
                    "name": TEXT,
                    "mode": TEXT,
                    "values": many(maybe(NUMBER)),
                    "waiters": many(_POINT),
                    "holders": many(_POINT),
                    "uncertain": FLAG,
                    "span": SPAN,
                },
            )
        ),
        "remarks": many(TEXT),
        "headings": many(TEXT),
        "span": SPAN,
    },
)

_TRACED_LOCK = record(TracedLock, {"pointer": TEXT, "name": TEXT, "line": WHOLE})

EVENT_STREAM = record(
    EventStream,
    {
        "tasks": many(
            record(
                TracedTask,
                {
                    "name": TEXT,
                    "pid": WHOLE,
                    "cpu": maybe(WHOLE),
                    "held": many(_TRACED_LOCK),
                    "waiting": maybe(_TRACED_LOCK),
                },
            )
        ),
        "events": many(
            record(
                LockEvent,
                {
                    "kind": word(LockEventKind),
                    "task": WHOLE,
                    "cpu": WHOLE,
                    "time": TEXT,
                    "pointer": TEXT,
                    "name": TEXT,
                    "trylock": FLAG,
                    "shared": FLAG,
                    "detail": TEXT,
                    "stack": STACK,
                    "flags": TEXT,
                    "line": WHOLE,
                },
                sparse=True,
            )
        ),
        "orders": many(record(SeenOrder, {"held": TEXT, "wanted": TEXT, "count": WHOLE, "line": WHOLE})),
        "count": WHOLE,
        "lost": WHOLE,
        "gaps": many(record(LostEvents, {"before": WHOLE, "cpu": WHOLE, "count": WHOLE})),
        "span": SPAN,
    },
)
