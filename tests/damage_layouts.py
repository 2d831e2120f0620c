"""What mail programs, terminals, scanners and other programs do to a log: ``from damage_layouts import DAMAGE``."""

from __future__ import annotations

import base64
import json
import quopri
import re
from collections.abc import Callable

from layouts import Lines, paragraph, plain, quoted, stamped, wrapped

_OTHER_MAIL = """From someone@example.com Mon Jan  1 00:00:00 2024
From: Some One <someone@example.com>
Subject: Re: [PATCH] locking: a possible circular locking
Content-Type: text/plain; charset=utf-8

The -> #1 entry looks odd to me, what takes lock(&x) here?

"""


def flowed(text: str) -> str:
    """format=flowed, RFC 3676: soft line ends have a blank before them, lines that begin with one get another."""
    out = ["Content-Type: text/plain; charset=utf-8; format=flowed\n"]
    for line in text.splitlines():
        stuffed = f" {line}" if line.startswith((" ", ">", "From ")) else line
        while len(stuffed) > 72 and " " in stuffed.strip()[:72]:
            at = stuffed.rfind(" ", 1, 72)
            if not stuffed[:at].strip():
                break
            out.append(stuffed[: at + 1])
            stuffed = stuffed[at + 1 :]
        out.append(stuffed)
    return "\n".join(out) + "\n"


def mailbox(lines: Lines) -> bytes:
    """Three mails in one file: prose, the report in quoted-printable, a part of other prose in base64."""
    report = quopri.encodestring(("We see this:\n\n" + stamped(lines)).encode())
    return (
        _OTHER_MAIL.encode()
        + b"From a@example.com Mon Jan  1 00:00:00 2024\nContent-Transfer-Encoding: quoted-printable\n\n"
        + report
        + b"\nFrom b@example.com Mon Jan  1 00:00:00 2024\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(b"Thanks, I will have a look.\n" * 5)
    )


def multipart(lines: Lines) -> bytes:
    """The log is an attachment in base64, behind a text in quoted-printable."""
    body = base64.encodebytes(stamped(lines).encode()).decode()
    return f"""MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b0"

--b0
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

See a =3D b, the log is attached.

--b0
Content-Type: text/plain; name="dmesg.txt"
Content-Disposition: attachment; filename="dmesg.txt"
Content-Transfer-Encoding: base64

{body}
--b0--
""".encode()


def terminal(text: str, width: int = 80) -> str:
    """A capture of a terminal that breaks lines at its width, in the middle of words."""
    out = []
    for line in text.splitlines():
        out += [line[at : at + width] for at in range(0, max(len(line), 1), width)]
    return "\n".join(out) + "\n"


def answered(lines: Lines) -> str:
    """Quoted twice, the answers between them quoted once and not at all."""
    out = []
    for number, line in enumerate(stamped(lines).splitlines()):
        out.append(f"> > {line}")
        if number in (9, 12):
            out += ["> ", "> This one is mine I think, foo+0x1/0x2 takes it.", "> ", "", "Yes, see bar+0x1/0x2.", ""]
    return "\n".join(out) + "\n"


def dropped(lines: Lines) -> str:
    """A console that was too slow says so; what was dropped is none of the report."""
    out = stamped(lines).splitlines()
    out.insert(0, "** 57 printk messages dropped **")
    return "\n".join(out) + "\n"


def invalid_bytes(lines: Lines) -> bytes:
    """Bytes that are no UTF-8 on lines of their own and behind lines."""
    return b"\xfe\xff\x80 boot\n" + stamped(lines).encode().replace(b"\n", b"\n\xc3(\xa0\xa1\n", 1)


def jumbled_callers(lines: Lines) -> str:
    """Time runs backwards slightly across CPUs, and lines of others stand between, each with its caller."""
    out = []
    for number, line in enumerate(stamped(lines, "[ {time}][   T43] ").splitlines()):
        out.append(line)
        out.append(f"[ 2311.315399][    C{number % 4}] usb 1-1: reset (device){{...}}, at: port {number}")
    return "\n".join(out) + "\n"


DAMAGE: dict[str, Callable[[Lines], str | bytes]] = {
    "format=flowed": lambda lines: flowed(stamped(lines)),
    "format=flowed without stamps": lambda lines: flowed(plain(lines)),
    "mailbox": mailbox,
    "multipart": multipart,
    "answered": answered,
    "indented quotes": lambda lines: quoted(quoted(stamped(lines)), "  "),
    "indented nested quotes": lambda lines: quoted(quoted(stamped(lines), "> > "), " "),
    "quoted with tabs": lambda lines: quoted(stamped(lines), ">\t"),
    "quoted with bars": lambda lines: quoted(stamped(lines), "| "),
    "quoted with colons": lambda lines: quoted(stamped(lines), ": "),
    "quoted with initials": lambda lines: quoted(stamped(lines), "AB> "),
    "quoted and wrapped twice": lambda lines: wrapped(quoted(wrapped(stamped(lines), 72)), 70, "> "),
    "terminal of 80 columns": lambda lines: terminal(stamped(lines)),
    "terminal of 80 columns, quoted": lambda lines: quoted(terminal(stamped(lines))),
    "literal line ends": lambda lines: plain(lines).replace("\n", "\\n"),
    "in a JSON string": lambda lines: json.dumps({"title": "a bug", "body": stamped(lines)}),
    "tabs for blanks": lambda lines: re.sub(r"(?m)^ +", "\t", plain(lines)),
    "caret tabs": lambda lines: re.sub(r"(?m)^ +", "^I", plain(lines)),
    "escaped tabs": lambda lines: stamped(lines, "Aug 22 14:31:02 host kernel: #011"),
    "lone CR": lambda lines: stamped(lines).replace("\n", "\r"),
    "progress before": lambda lines: "10%\r20%\r" + stamped(lines),
    "caret colours": lambda lines: stamped(lines, "^[[33m[ {time}] ").replace("\n", "^[[0m\n"),
    "escaped colours": lambda lines: stamped(lines, "Aug 22 14:31:02 host kernel: #033[33m"),
    "window titles": lambda lines: stamped(lines, "\x1b]0;vm\x07[ {time}] "),
    "ramoops": lambda lines: "====1234567890.123456-D\n" + stamped(lines, "<4>[ {time}] "),
    "lava": lambda lines: stamped(lines, "2024-01-02T03:04:05.123456 [ {time}] "),
    "lava target": lambda lines: stamped(lines, "<LAVA_TARGET>  [ {time}] "),
    "clock": lambda lines: stamped(lines, "00:00:12.345 [ {time}] "),
    "systemd short-monotonic": lambda lines: stamped(lines, "[ {time}] host kernel: "),
    "systemd short-iso": lambda lines: stamped(lines, "2024-01-02T03:04:05+0100 host kernel: "),
    "rsyslog with levels": lambda lines: stamped(lines, "Jan  2 03:04:05 host kernel: <4>[ {time}] "),
    "serial line number": lambda lines: stamped(lines, "qemu-01: [ {time}] "),
    "docker compose": lambda lines: stamped(lines, "vm_1  | [ {time}] "),
    "markdown": lambda lines: f"### A bug\n\n```\n{stamped(lines)}```\n\nThat is all.\n",
    "bugzilla comment": lambda lines: f"(In reply to comment #3)\n{quoted(stamped(lines))}\nSame here.\n",
    "dropped before": dropped,
    "invalid bytes": invalid_bytes,
    "other callers": jumbled_callers,
    "trailing blanks": lambda lines: stamped(lines).replace("\n", "   \n"),
    "blank lines between": lambda lines: stamped(lines).replace("\n", "\n\n"),
    "blanks squeezed": lambda lines: re.sub(r" +", " ", plain(lines)),
    "upper-case page": lambda lines: f"<HTML><BODY><PRE>{stamped(lines).replace('&', '&amp;')}</PRE></BODY></HTML>",
    "one line, quoted": lambda lines: f"> {paragraph(stamped(lines))}\n",
}
