"""The records of a kernel in what keeps them: journals, JSON, kmsg, netconsole, dumps, pages, other prefixes.

``from record_layouts import RECORD_LAYOUTS, records``.
"""

from __future__ import annotations

import html
import json
import random
import re
from collections.abc import Callable

from layouts import Lines

Records = list[tuple[str, str]]
"""Pairs of a time stamp and the text of a record, which may hold newlines."""


def records(lines: Lines) -> Records:
    """The records that the lines of a kernel make."""
    made: Records = []
    for time, text in lines:
        if time:
            made.append((time, text))
        else:
            made[-1] = (made[-1][0], f"{made[-1][1]}\n{text}")
    return made


def micro(time: str) -> int:
    return int(time.replace(".", ""))


def each(form: str) -> Callable[[Records], str]:
    """Each line of each record behind a prefix."""
    return lambda records: "".join(
        f"{form.format(time=time)}{line}\n" for time, text in records for line in text.split("\n")
    )


def journal(records: Records, **more: object) -> list[str]:
    return [
        json.dumps(
            {
                "__CURSOR": f"s=1;i={index:x}",
                "__MONOTONIC_TIMESTAMP": str(micro(time) + index),
                "_SOURCE_MONOTONIC_TIMESTAMP": str(micro(time)),
                "_TRANSPORT": "kernel",
                "MESSAGE": text,
                **more,
            }
        )
        for index, (time, text) in enumerate(records)
    ]


def shuffled(lines: list[str]) -> str:
    random.Random(5).shuffle(lines)
    return "".join(f"{line}\n" for line in lines)


def as_bytes(records: Records) -> str:
    return "".join(
        json.dumps({"MESSAGE": list(text.encode()), "_SOURCE_MONOTONIC_TIMESTAMP": str(micro(time))}) + "\n"
        for time, text in records
    ) + json.dumps({"MESSAGE": "possible circular locking? -> #"})


def pretty(records: Records) -> str:
    return "\n".join(json.dumps(json.loads(line), indent="\t", separators=(",", " : ")) for line in journal(records))


def dmesg_json(records: Records) -> str:
    rows = [{"pri": 4, "time": float(time), "caller": "T43", "msg": text} for time, text in records]
    return json.dumps({"dmesg": rows}, indent=3)


def export(records: Records) -> bytes:
    out = b""
    for time, text in records:
        body = text.encode()
        out += b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1\n_SOURCE_MONOTONIC_TIMESTAMP=%d\nPRIORITY=4\n" % micro(time)
        if b"\n" in body or len(body) == 10:
            out += b"MESSAGE\n" + len(body).to_bytes(8, "little") + body + b"\n"
        else:
            out += b"MESSAGE=" + body + b"\n"
        out += b"_TRANSPORT=kernel\n\n"
    return out


def escaped(text: str) -> str:
    return re.sub(r"[^ -~]|\\", lambda match: "".join(f"\\x{code:02x}" for code in match[0].encode()), text)


def kmsg(records: Records, fields: str = "") -> str:
    return "".join(
        f"4,{number},{micro(time)},-{fields};{escaped(text)}\n SUBSYSTEM=usb\n DEVICE=c189:3\n"
        for number, (time, text) in enumerate(records, 1200)
    )


def continued(records: Records) -> str:
    out = []
    for number, (time, text) in enumerate(records, 7):
        half = len(text) // 2
        out.append(f"4,{number * 2},{micro(time)},c;{escaped(text[:half])}\n")
        out.append(f"4,{number * 2 + 1},{micro(time)},+;{escaped(text[half:])}\n")
    return "".join(out)


def fragments(records: Records) -> str:
    """A netconsole with tiny packets, in disorder on the network."""
    out = []
    for number, (time, text) in enumerate(records, 300):
        body = escaped(text)
        if len(body) < 60:
            out.append(f"6.4.0,4,{number},{micro(time)},-;{body}\n")
            continue
        parts = [
            f"6.4.0,4,{number},{micro(time)},-,ncfrag={start}/{len(body)};{body[start : start + 25]}\n"
            for start in range(0, len(body), 25)
        ]
        out += reversed(parts)
    return "".join(out)


def dump_parts(records: Records) -> str:
    lines = each("<4>[ {time}] ")(records).splitlines(keepends=True)
    parts = [lines[start : start + 40] for start in range(0, len(lines), 40)]
    numbered = [f"Oops#1 Part{len(parts) - index}\n" + "".join(part) for index, part in enumerate(parts)]
    return "".join(reversed(numbered))


def page(records: Records) -> str:
    lines = html.escape(each("[ {time}] ")(records)).splitlines()
    body = "<br />".join(f'<span class="line" id="L{number}">{line}</span>' for number, line in enumerate(lines))
    return f"<!DOCTYPE html>\n<html><body><p>A page</p>\n<pre>{body}</pre></body></html>\n"


RECORD_LAYOUTS: dict[str, Callable[[Records], str | bytes]] = {
    "journal json": lambda records: "\n".join(journal(records)),
    "journal json in disorder": lambda records: shuffled(journal(records)),
    "journal json-seq": lambda records: "".join(f"\x1e{line}\n" for line in journal(records)),
    "journal json of bytes": as_bytes,
    "journal json-pretty": pretty,
    "journal export": export,
    "dmesg --json": dmesg_json,
    "dmesg --json on one line each": lambda records: "".join(
        json.dumps({"pri": 4, "time": float(time), "msg": text}) + ",\n" for time, text in records
    ),
    "container log": lambda records: "".join(
        json.dumps({"log": f"[ {time}] {text}\n", "stream": "stdout", "time": "2024-01-02T03:04:05Z"}) + "\n"
        for time, text in records
    ),
    "lava yaml": lambda records: "".join(
        "- " + json.dumps({"dt": "2024-01-02T03:04:05.1", "lvl": "target", "msg": f"[ {time}] {line}"}) + "\n"
        for time, text in records
        for line in text.split("\n")
    ),
    "whole report in one record": lambda records: json.dumps({"MESSAGE": "\n".join(text for _, text in records)}),
    "kmsg with escapes": kmsg,
    "kmsg with caller": lambda records: kmsg(records, ",caller=T43"),
    "kmsg continued": continued,
    "netconsole fragments": fragments,
    "dump parts": dump_parts,
    "html page": page,
    "htc": each("<4>[ {time} / 05-03 18:11:50.340] "),
    "pixel": each("[{time}][   T43]  "),
    "mediatek": each("[ {time}] .(1)[43:khugepaged]"),
    "samsung": each("[ {time}]  [1:   kworker/u16:1: 42] [c1] "),
    "samsung old": each("<4>[ {time}] [2:     khugepaged:   43] "),
    "lg": each("[ {time} / 01-02 03:04:05.678] (CPU:0-pid:43:khugepaged) "),
    "logcat": each("01-02 03:04:05.678     0     0 W         : "),
    "logcat brief": each("W/        (    0): "),
    "gitlab": each("2024-01-02T03:04:05.123456Z 01O [ {time}] "),
    "github run view": each("build\tRun tests\t2024-01-02T03:04:05.1234567Z [ {time}] "),
    "rfc 5424": each("<4>1 2024-01-02T03:04:05.123Z host kernel - - - [ {time}] "),
    "minicom clock": each("[03:04:05.123] [ {time}] "),
    "colour remains": each("[0;33m[ {time}] "),
    "backspaces": lambda records: each("[ {time}] |\b/\b-\b")(records).replace("lock", "lx\bock"),
    "every line twice": lambda records: re.sub(r"(.*\n)", r"\1\1", each("[ {time}] ")(records)),
    "two consoles": lambda records: re.sub(r"(\[ \S+\] )(.*\n)", r"\1\2\2", each("[ {time}] ")(records)),
}
