"""What printk and the programs behind it put in front of a line, one rule per layer.

Rules are tried by the first character until none fits, so layers come off in whatever order they were put on:
``Aug 22 14:31:02 host kernel: <4>[  232.743082][   T43] text``.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

_MAX_LAYERS = 6


class PrefixRule(NamedTuple):
    """One layer: the wrapper's name in the user's words, what a line must hold to be tried, and the pattern.

    ``first`` are the characters it can start with, ``needs`` a part that stands in its first columns. Groups ``time``
    and ``caller`` are kept; ``pid`` makes a caller as printk would write it. Patterns are bounded and anchored at the
    line's start.
    """

    name: str
    first: str
    needs: str
    pattern: str


_CALLER = r"(?: ?\[ *(?P<caller>[TC]\d{1,10})\])? ?"
"""One blank belongs to the prefix; what follows is indentation."""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"
PREFIX_RULES = (
    # print_time, print_caller, kernel/printk/printk.c; some vendors add the wall clock inside the brackets.
    PrefixRule(
        "printk time stamps",
        "[",
        ".",
        rf"\[ *(?P<time>\d{{1,10}}\.\d{{3,9}})(?: / [\d :.-]{{5,30}})?\]{_CALLER}",
    ),
    # A console program that rounds or cuts the fraction off.
    PrefixRule("printk time stamps", "[", ".]", rf"\[ *(?P<time>\d{{1,7}})\.\]{_CALLER}"),
    PrefixRule("printk caller ids", "[", "]", r"\[ *(?P<caller>[TC]\d{1,10})\] ?"),
    PrefixRule(
        "dmesg -T time stamps",
        "[",
        ":",
        rf"\[(?P<time>\w{{3}} \w{{3}} [ \d]?\d \d\d:\d\d:\d\d \d{{4}})\]{_CALLER}",
    ),
    PrefixRule("dmesg time differences", "[", ".", rf"\[[<+ ] *(?P<time>\+?\d{{1,10}}\.\d{{3,9}})>?\]{_CALLER}"),
    PrefixRule("terminal time stamps", "[", ":", r"\[(?P<time>\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,9})?Z?)\] ?"),
    PrefixRule("terminal time stamps", "[", ":", r"\[(?P<time>\d\d:\d\d:\d\d(?:\.\d{1,9})?)\] ?"),
    # Kernels of phones name the CPU, the task and its pid: Samsung, LG, MediaTek.
    PrefixRule(
        "vendor task prefixes",
        "[",
        ": ",
        r"\[\d{1,2}: *[^\]:]{1,32}(?::[^\]: ]{1,16})?: *(?P<pid>\d{1,10})\] ?(?:\[c\d\] ?)?",
    ),
    PrefixRule("vendor task prefixes", "(", "-pid:", r"\(CPU:\d{1,2}-pid:(?P<pid>\d{1,10}):[^)]{1,32}\) ?"),
    PrefixRule("vendor task prefixes", ".(", ")[", r"\.?\(\d{1,2}\)\[(?P<pid>\d{1,10}):[^\]]{1,32}\] ?"),
    PrefixRule("printk levels", "<", ">", r"<\d{1,3}>"),
    PrefixRule(
        "kmsg headers",
        _DIGITS,
        ";",
        r"\d{1,3},\d{1,20},(?P<time>\d{1,20}),[-c](?:,caller=(?P<caller>[TC]\d{1,10}))?;",
    ),
    PrefixRule(
        "ISO time stamps",
        _DIGITS,
        "-",
        r"(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)(?: \d\d[OE]\+?)?(?: |$)",
    ),
    PrefixRule("syslog prefixes", "1", "T", r"1 (?=\d{4}-\d\d-\d\dT)"),
    PrefixRule(
        "Android log prefixes",
        _DIGITS,
        ":",
        r"(?P<time>\d\d-\d\d \d\d:\d\d:\d\d\.\d{3,6}) +\d{1,10} +\d{1,10} [VDIWEF] [^:]{0,30}: ?",
    ),
    PrefixRule("clock times", _DIGITS, ":", r"(?P<time>\d\d:\d\d:\d\d\.\d{1,6}) "),
    PrefixRule(
        "syslog prefixes",
        _LETTERS,
        "kernel",
        r"(?:(?P<time>[A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d) )?"
        r"(?:[\w.:-]{1,64} )?(?:kernel(?:\[\d{1,10}\])?:|\[kernel\]|kernel - - -)(?: |$|(?=\[ *\d))",
    ),
    PrefixRule(
        "syslog prefixes",
        _LETTERS,
        " [",
        r"(?P<time>[A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d) [\w.:-]{1,64} (?=\[ *\d{1,7}\.\d{3,9}\])",
    ),
    # logread of OpenWrt names the day of the week, the year, the facility and the level.
    PrefixRule(
        "syslog prefixes",
        _LETTERS,
        "kernel",
        r"[A-Z][a-z]{2} (?P<time>[A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d \d{4}) \w{2,8}\.\w{3,8} kernel:(?: |$)",
    ),
    # A syslog program that took datagrams of the extended netconsole; a header of kmsg follows.
    PrefixRule(
        "syslog prefixes",
        _LETTERS,
        ";",
        r"(?P<time>[A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d) [\w.:-]{1,64} (?=\d{1,3},\d{1,20},\d{1,20},[-c][,;])",
    ),
    PrefixRule("Android log prefixes", "VDIWEF", "/", r"[VDIWEF]/[^(]{0,30}\( *\d{1,10}\): ?"),
    PrefixRule("CI job columns", _LETTERS, "\t", r"[^\t]{1,80}\t[^\t]{1,80}\t(?=\ufeff?\d{4}-\d\d-\d\dT)\ufeff?"),
    PrefixRule("dmesg -x levels", "k", "kern", r"kern {0,3}:\w{3,6} {0,3}: "),
)
_COLUMNS = 120


@cache
def _stamp() -> re.Pattern[str]:
    return re.compile(PREFIX_RULES[0].pattern)


@cache
def _rules_for(first: str) -> tuple[PrefixRule, ...]:
    return tuple(rule for rule in PREFIX_RULES if first in rule.first) if first else ()


@cache
def _compiled(pattern: str) -> tuple[re.Pattern[str], bool, bool, bool]:
    return re.compile(pattern), "<time>" in pattern, "<caller>" in pattern, "<pid>" in pattern


@cache
def console_line() -> re.Pattern[str]:
    """A whole line with printk's own prefix and none behind it; the groups are time, caller and text.

    Most lines of most logs are such. One whose text might begin with another layer does not match, nor does one with
    a tab, which some layers end in.
    """
    return re.compile(
        r"\[ *(\d{1,10}\.\d{3,9})\](?: ?\[ *([TC]\d{1,10})\])? ?"
        r"(?!\s*(?:[\[(.<\d]|[A-Z][a-z]{2} |[VDIWEF]/|kern |(?:[\w.:-]{1,64} )?(?:kernel|\[kernel\])))"
        r"([^\t]*)"
    )


def take_off_prefixes(text: str, used: set[str]) -> tuple[str, str, str]:
    """Return (text, time, caller) of a line without its prefixes; add the names of the layers to ``used``.

    The innermost time stamp wins: it is the kernel's own. Blanks that indent the text behind a prefix are kept.
    """
    time = caller = ""
    if text.startswith("["):  # most lines of most logs have this layer alone
        stamp = _stamp().match(text)
        if stamp:
            time, caller = stamp[1], stamp[2] or ""
            used.add(PREFIX_RULES[0].name)
            text = text[stamp.end() :]
    for _ in range(_MAX_LAYERS):
        bare = text.lstrip()
        for name, _, needs, source in _rules_for(bare[:1]):
            if bare.find(needs, 0, _COLUMNS) < 0:
                continue
            pattern, has_time, has_caller, has_pid = _compiled(source)
            match = pattern.match(bare)
            if match:
                used.add(name)
                time = (has_time and match["time"]) or time
                caller = (has_caller and match["caller"]) or (has_pid and f"T{match['pid']}") or caller
                text = bare[match.end() :]
                break
        else:
            break
    return text, time, caller
