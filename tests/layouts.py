"""The layouts in which logs arrive, as functions from a kernel's lines: ``from layouts import LAYOUTS``."""

from __future__ import annotations

import base64
import bz2
import gzip
import html
import lzma
import quopri
import re
import textwrap
from collections.abc import Callable

Lines = list[tuple[str, str]]
"""Pairs of a time stamp, "" for the later lines of a record, and the kernel's text."""


def plain(lines: Lines) -> str:
    return "".join(f"{text}\n" for _, text in lines)


def stamped(lines: Lines, before: str = "[ {time}] ", every: bool = True) -> str:
    last, out = "2311.315400", []
    for time, text in lines:
        last = time or last
        out.append((before.format(time=last) if every or time else "") + text + "\n")
    return "".join(out)


def quoted(text: str, mark: str = "> ") -> str:
    return "".join(f"{mark}{line}\n" for line in text.splitlines())


def wrapped(text: str, width: int, tail: str = "") -> str:
    """What a mail program does: lines longer than the width are broken at blanks, and the tail loses its marks."""
    out = []
    for line in text.splitlines():
        parts = textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False, drop_whitespace=True)
        if len(line) <= width or not parts:
            out.append(line)
        else:
            indent = line[: len(line) - len(line.lstrip())]
            out += [indent + parts[0].lstrip(), *(tail + part for part in parts[1:])]
    return "\n".join(out) + "\n"


def at_border(text: str) -> str:
    """What is copied from a terminal that pads the lines which it breaks."""
    return re.sub(r"(?m)^(.{90}(?<=[^\s]))(?=\S)", lambda match: match[1] + " " * 130, text)


def exploded(lines: Lines) -> str:
    """What kernels without KERN_CONT print when another CPU prints too: a lock line comes in pieces."""
    out: Lines = []
    for time, text in lines:
        match = re.match(r"(.*?)\((.*?)(/\d)?\)(\{[+.]*\})(.*)$", text)
        if match and time:
            head, name, subclass, usage, tail = match.groups()
            pieces = [head + "(", name, subclass or "", ")" + usage + tail]
            out += [(time, piece) for piece in pieces if piece.strip()]
        else:
            out.append((time, text))
    return stamped(out)


def commented(text: str) -> str:
    """A reply with remarks between the quoted lines."""
    out = []
    for number, line in enumerate(text.splitlines()):
        out.append(f"> {line}")
        if number in (20, 40, 70):
            out += ["", "I think that lock(&other) is taken here, see foo+0x12/0x34 and", "bar+0x1/0x2 below.", ""]
    return "\n".join(out) + "\n"


def with_other_printer(lines: Lines) -> str:
    out = []
    for number, (time, text) in enumerate(lines):
        out.append(f"[ {time or '2311.315400'}][   T43] {text}\n")
        if number % 3 == 0:
            out.append(f"[ 2311.315999][    C0] usb 1-{number}: WARNING: device+0x{number:x}/0x99 is slow\n")
    return "".join(out)


def with_other_report(lines: Lines) -> str:
    """Two CPUs print the same report at once; the caller ids tell them apart."""
    return "".join(
        f"[ {time or '2311.315400'}][   T43] {text}\n[ {time or '2311.315400'}][  T7043] {text}\n"
        for time, text in lines
    )


def syslog_record(lines: Lines) -> str:
    """rsyslog: one line for each record, its line breaks escaped."""
    out: list[str] = []
    for time, text in lines:
        if time:
            out.append(f"Aug 22 14:31:02 host kernel: [ {time}] {text}")
        else:
            out[-1] += "#012" + text
    return "\n".join(out) + "\n"


def journal_record(lines: Lines) -> str:
    out: list[str] = []
    for time, text in lines:
        out.append(f"Aug 22 14:31:02 host kernel: {text}" if time else " " * 29 + text)
    return "\n".join(out) + "\n"


def paragraph(text: str) -> str:
    return " ".join(text.split())


def mail_of(text: str, encoding: str) -> bytes:
    head = f"Subject: lockdep splat\nContent-Type: text/plain\nContent-Transfer-Encoding: {encoding}\n\n"
    body = text.encode()
    return head.encode() + (base64.encodebytes(body) if encoding == "base64" else quopri.encodestring(body))


LAYOUTS: dict[str, Callable[[Lines], str | bytes]] = {
    "plain": plain,
    "unindented": lambda lines: "".join(f"{text.strip()}\n" for _, text in lines),
    "no blank lines": lambda lines: "".join(f"{text}\n" for _, text in lines if text.strip()),
    "no fences": lambda lines: "".join(f"{text}\n" for _, text in lines if text.strip("=-")),
    "dmesg": stamped,
    "kmsg, first lines only": lambda lines: stamped(lines, every=False),
    "levels": lambda lines: stamped(lines, "<4>[ {time}] "),
    "levels without time": lambda lines: stamped(lines, "<12>"),
    "task caller": lambda lines: stamped(lines, "[ {time}][   T43] "),
    "cpu caller": lambda lines: stamped(lines, "[ {time}][    C0] "),
    "caller without time": lambda lines: stamped(lines, "[    T43] "),
    "dmesg -T": lambda lines: stamped(lines, "[Thu Nov  5 16:44:42 2020] "),
    "dmesg -d": lambda lines: stamped(lines, "[<    0.000123>] "),
    "dmesg -e": lambda lines: stamped(lines, "[  +0.000012] "),
    "dmesg -x": lambda lines: stamped(lines, "kern  :warn  : [ {time}] "),
    "dmesg iso": lambda lines: stamped(lines, "2020-11-05T16:44:42,123456+00:00 "),
    "journalctl": lambda lines: stamped(lines, "Aug 22 14:31:02 host kernel: "),
    "journalctl records": journal_record,
    "syslog": lambda lines: stamped(lines, "Aug 22 14:31:02 my-host.lan kernel: [ {time}] "),
    "syslog with pid": lambda lines: stamped(lines, "Aug  2 04:31:02 host kernel[0]: "),
    "rfc 3339 syslog": lambda lines: stamped(lines, "2024-01-02T03:04:05.123456+01:00 host kernel: [ {time}] "),
    "syslog escapes": syslog_record,
    "dev kmsg": lambda lines: stamped(lines, "4,1234,5678901,-;"),
    "dev kmsg caller": lambda lines: stamped(lines, "4,1234,5678901,-,caller=T43;"),
    "syslog of extended netconsole": lambda lines: stamped(lines, "Mar 31 19:38:20 host.lan 4,1413,238140695,-;"),
    "syslog to all terminals": lambda lines: stamped(lines, " kernel:[ {time}] "),
    "logread of openwrt": lambda lines: stamped(lines, "Sat Apr 22 18:53:56 2023 kern.warn kernel: [ {time}] "),
    "syslog without a program": lambda lines: stamped(lines, "Dec  1 08:35:41 my-host [ {time}] "),
    "whole seconds": lambda lines: stamped(lines, "[ {time[0]}{time[1]}{time[2]}{time[3]}.] "),
    "bars": lambda lines: stamped(lines, "| [ {time}][    C3] "),
    "cr shown": lambda lines: stamped(lines).replace("\n", "^M\n"),
    "terminal with a border": lambda lines: at_border(stamped(lines)),
    "minicom": lambda lines: stamped(lines, "[2024-01-02 03:04:05.123] [ {time}] "),
    "ci": lambda lines: stamped(lines, "2024-01-02T03:04:05.1234567Z [ {time}] "),
    "unknown mark": lambda lines: stamped(lines, "kswapd0: "),
    "running number": lambda lines: stamped(lines, "{time[5]}{time[6]}{time[7]}{time[9]} [ {time}] "),
    "git log": lambda lines: stamped(lines, "    [ {time}] "),
    "tabs": lambda lines: stamped(lines, "\t[ {time}] "),
    "quoted": lambda lines: quoted(plain(lines)),
    "quoted dmesg": lambda lines: quoted(stamped(lines)),
    "quoted twice": lambda lines: quoted(stamped(lines), "> > "),
    "quoted thrice": lambda lines: quoted(stamped(lines), ">>> "),
    "quoted unevenly": lambda lines: quoted(quoted(stamped(lines), ">"), "> "),
    "comments between": lambda lines: commented(stamped(lines)),
    "html": lambda lines: html.escape(stamped(lines)),
    "html twice": lambda lines: html.escape(html.escape(stamped(lines))),
    "html quoted": lambda lines: html.escape(quoted(stamped(lines))),
    "cr lf": lambda lines: stamped(lines).replace("\n", "\r\n"),
    "cr cr lf": lambda lines: stamped(lines).replace("\n", "\r\r\n"),
    "colours": lambda lines: stamped(lines, "\x1b[32m[ {time}]\x1b[0m \x1b[33m").replace("\n", "\x1b[m\n"),
    "nul runs": lambda lines: stamped(lines).replace("\n", "\n\0\0\0\0"),
    "hard blanks": lambda lines: plain(lines).replace("       ", "\xa0\xa0 \xa0\xa0\xa0 "),
    "latin-1 hard blanks": lambda lines: plain(lines).replace("       ", "\xa0\xa0 \xa0\xa0\xa0 ").encode("latin-1"),
    "bom": lambda lines: b"\xef\xbb\xbf" + stamped(lines).encode(),
    "utf-16": lambda lines: stamped(lines).encode("utf-16"),
    "utf-16 be": lambda lines: ("\ufeff" + stamped(lines)).encode("utf-16-be"),
    "utf-16 without bom": lambda lines: stamped(lines).encode("utf-16-le"),
    "gzip": lambda lines: gzip.compress(stamped(lines).encode()),
    "two gzip members": lambda lines: (
        gzip.compress(stamped(lines[:50]).encode()) + gzip.compress(stamped(lines[50:]).encode())
    ),
    "bzip2": lambda lines: bz2.compress(stamped(lines).encode()),
    "xz": lambda lines: lzma.compress(stamped(lines).encode()),
    "quoted-printable": lambda lines: mail_of(stamped(lines), "quoted-printable"),
    "base64": lambda lines: mail_of(stamped(lines), "base64"),
    "wrapped": lambda lines: wrapped(stamped(lines), 72),
    "wrapped narrowly": lambda lines: wrapped(plain(lines), 40),
    "wrapped and quoted": lambda lines: quoted(wrapped(stamped(lines), 72)),
    "wrapped when quoted": lambda lines: wrapped(quoted(stamped(lines)), 72),
    "wrapped deeper": lambda lines: wrapped(quoted(stamped(lines), "> > "), 72, "> "),
    "one line": lambda lines: paragraph(plain(lines)),
    "one line with times": lambda lines: paragraph(stamped(lines)),
    "filled": lambda lines: textwrap.fill(paragraph(plain(lines)), 72, break_on_hyphens=False, break_long_words=False),
    "filled with times": lambda lines: textwrap.fill(
        paragraph(stamped(lines)), 72, break_on_hyphens=False, break_long_words=False
    ),
    "exploded": exploded,
    "other printer": with_other_printer,
    "prose around": lambda lines: f"Hello,\n\nwe see this:\n\n{stamped(lines)}\n\nAny idea?\n-- \nA. Hacker\n",
}
