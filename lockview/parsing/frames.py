"""Stack frames in every shape that kernels, unwinders and decoders print; each pattern's comment shows its shape."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from lockview.model.stacks import Frame
from lockview.parsing.lines import Stream


class FrameText(NamedTuple):
    """A frame and the offset in the stream behind it."""

    frame: Frame
    end: int


_FILE = r"(?P<file>[^\s()\[\]:]{1,300}):(?P<line>-?\d{1,7})"


@cache
def _plain() -> re.Pattern[str]:
    # [<c0123456>] ? foo.isra.0+0x1/0x2 [module 0123abcd] fs/x.c:12 [inline]; a wrap may stand where a blank may.
    return re.compile(
        r"\(?(?:\[<?(?P<address>[0-9a-f]{0,16})>?\] ?)?(?:\[<?[0-9a-f]{8,16}>?\] )?(?P<guess>\? ?)?"
        r"(?P<function>[^\s+\[\](){}?#][^\s+]{0,250})\+ ?0x(?P<offset>[0-9a-f]{1,8}) ?/ ?0x(?P<size>[0-9a-f]{1,8})\)?"
        r"(?: \[(?!inline\])(?P<module>[A-Za-z_][\w-]{0,63})(?: (?P<build>[0-9a-f]{8,64}))?\])?"
        rf"(?: (?:{_FILE})(?![\w)]))?(?P<inlined> \[inline\])?"
    )


@cache
def _inlined() -> re.Pattern[str]:
    # foo include/linux/x.h:12 [inline]
    return re.compile(rf"(?P<guess>\? )?(?P<function>[^\s+\[\](){{}}]{{1,250}}) {_FILE} \[inline\]")


@cache
def _decoded() -> re.Pattern[str]:
    # foo (fs/x.c:12 (discriminator 3) fs/y.c:20) module
    return re.compile(
        r"(?:\[<?(?P<address>[0-9a-f]{0,16})>?\] )?(?P<guess>\? )?(?P<function>[^\s+\[\](){}]{1,250}) "
        r"\((?P<places>(?:[^\s()]{1,300}:(?:\d{1,7}|\?)(?: \(discriminator \d{1,5}\))? ?){1,12})\)"
    )


@cache
def _arm() -> re.Pattern[str]:
    # [<c0112233>] (foo) from [<c0445566>] (bar+0x10/0x20), newer: foo from bar+0x10/0x20; the caller is on the right
    return re.compile(
        r"(?:\[<[0-9a-f]{8,16}>\] )?\(?[^\s()]{1,250}\)? from (?:\[<(?P<address>[0-9a-f]{8,16})>\] )?"
        r"\(?(?P<function>[^\s+()]{1,250})\+0x(?P<offset>[0-9a-f]{1,8})/0x(?P<size>[0-9a-f]{1,8})\)?"
        r"(?: \[(?P<module>[A-Za-z_][\w-]{0,63})\])?"
    )


@cache
def _bare() -> re.Pattern[str]:
    # an address that no symbol covers: 0x7e8d0c68, [<c0123456>] 0xc0123456
    return re.compile(r"(?:\[<(?P<address>[0-9a-f]{8,16})>\] )?(?P<guess>\? )?(?P<function>0x[0-9a-f]{1,16})(?= |$|,)")


@cache
def _marks() -> re.Pattern[str]:
    return re.compile(r" \((?:[PUFRK]|unreliable)\)")


def frame_at(stream: Stream, start: int, end: int, part: str = "") -> FrameText | None:
    """Read the frame that begins at an offset, or None. ``part`` is the x86 tag that the frame stands under."""
    text = stream.flat
    match = _plain().match(text, start, end)
    if match is None:
        match = _rarer(text, start, end)
        if match is None:
            return None
    found = match.groupdict()
    stop = match.end()
    reliable = not found.get("guess")
    module = found.get("module") or ""
    file, line = found.get("file") or "", found.get("line") or "0"
    if "places" in found:
        file, line = _last_place(found["places"] or "")
        module, stop = _bare_module(stream, stop, end)
    if text.startswith(" (", stop):
        mark = _marks().match(text, stop, end)
        if mark:
            reliable = reliable and "unreliable" not in mark.group()
            stop = mark.end()
    offset, size = found.get("offset"), found.get("size")
    frame = Frame(
        function=found["function"] or "",
        offset=int(offset, 16) if offset else None,
        size=int(size, 16) if size else None,
        module=module,
        build_id=found.get("build") or "",
        address=found.get("address") or "",
        reliable=reliable,
        part=part,
        file=file,
        line=max(int(line), 0),
        inlined=text.endswith(" [inline]", start, stop),
        span=stream.span(start, stop),
    )
    return FrameText(frame, stop)


def _rarer(text: str, start: int, end: int) -> re.Match[str] | None:
    ahead = text[start : min(end, start + 600)]
    if " [inline]" in ahead:
        match = _inlined().match(text, start, end)
        if match:
            return match
    if ":" in ahead and " (" in ahead:
        match = _decoded().match(text, start, end)
        if match:
            return match
    if " from " in ahead:
        match = _arm().match(text, start, end)
        if match:
            return match
    if ahead.startswith(("0x", "[<", "? 0x")):
        return _bare().match(text, start, end)
    return None


def _last_place(places: str) -> tuple[str, str]:
    """The place in the function itself: a decoder lists those of inlined callees before it."""
    for word in reversed(places.split()):
        file, colon, line = word.rpartition(":")
        if colon and "discriminator" not in file:
            return ("", "0") if line == "?" else (file, line)
    return "", "0"


def _bare_module(stream: Stream, stop: int, end: int) -> tuple[str, int]:
    """A decoder prints the module without brackets, as the last word of the line."""
    word_end = min(stream.line_end(max(stop - 1, 0)), end)
    word = stream.flat[stop:word_end].strip()
    if word and word.replace("_", "a").replace("-", "a").isalnum() and not word[0].isdigit():
        return word, word_end
    return "", stop
