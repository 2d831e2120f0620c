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


_ADDRESS = r"[0-9a-f]{0,16}|\([_a-z]{0,8}ptrval[_a-z]{0,8}\)"
_FILE = r"(?P<file>[^\s()\[\]:]{1,300}):(?P<line>-?\d{1,7})"


@cache
def followed_frame() -> re.Pattern[str]:
    """``foo+0x1/0x2`` with the next frame behind it, so that nothing else can belong to it.

    Most frames are such; the groups are function, offset and size.
    """
    return re.compile(r"([a-zA-Z_.$][^\s+]{0,250})\+0x([0-9a-f]{1,8})/0x([0-9a-f]{1,8})(?= [a-zA-Z_.][\w.]{0,250}\+0x)")


@cache
def _plain() -> re.Pattern[str]:
    # [<c0123456>] ? foo.isra.0+0x1/0x2 [module 0123abcd] fs/x.c:12 [inline]; a wrap may stand where a blank may.
    return re.compile(
        rf"\(?(?:(?:Caller)?\[<?(?P<address>{_ADDRESS})>?\]:? ?)?"
        # ppc prints two addresses; klogd of old systems put the symbol, in decimal, in place of the only one
        r"(?:\[(?:<?[0-9a-f]{8,16}>?|[^\s+\[\]<>]{1,250}\+\d{1,8}/\d{1,8})\] )?(?P<guess>\? ?)?"
        r"(?P<function>[^\s+\[\](){}?#][^\s+]{0,250})\+ ?0x(?P<offset>[0-9a-f]{1,8}) ?/ ?0x(?P<size>[0-9a-f]{1,8})\)?"
        r"(?: \[(?!inline\])(?P<module>[A-Za-z_][\w-]{0,63})(?: (?P<build>[0-9a-f]{8,64}))?\])?"
        rf"(?: (?:{_FILE})(?![\w)]))?(?P<inlined> \[inline\])?"
    )


@cache
def _inlined() -> re.Pattern[str]:
    # [<c0123456>] foo include/linux/x.h:12 [inline]
    return re.compile(
        rf"(?:\[<?[0-9a-f]{{0,16}}>?\] )?(?P<guess>\? )?(?P<function>[^\s+\[\](){{}}]{{1,250}}) {_FILE} \[inline\]"
    )


@cache
def _short() -> re.Pattern[str]:
    # foo+0x1 [module], foo fs/x.c:12: what people leave of a frame; it has a line of its own
    return re.compile(
        r"(?P<guess>\? )?(?P<function>[A-Za-z_.][\w.]{1,250})(?:\+0x(?P<offset>[0-9a-f]{1,8})"
        r"(?: \[(?P<module>[A-Za-z_][\w-]{0,63})\])?| (?P<file>[^\s()\[\]:]{1,300}\.[chS]):(?P<line>\d{1,7}))"
    )


@cache
def _decoded() -> re.Pattern[str]:
    # foo (fs/x.c:12 (discriminator 3) fs/y.c:20) module; but a lock that Rust code named after its place is no frame:
    # ffff888012345678 (kernel/x.rs:12){+.+.}-{3:3}
    return re.compile(
        r"(?:\[<?(?P<address>[0-9a-f]{0,16})>?\] )?(?P<guess>\? )?(?P<function>[^\s+\[\](){}]{1,250}) "
        r"\((?P<places>(?:[^\s()]{1,300}:(?:\d{1,7}|\?)(?: \(discriminator \d{1,5}\))? ?){1,12})\)"
        r"(?! ?\{[-+.?]{1,9}\})"
    )


@cache
def _arm() -> re.Pattern[str]:
    # [<c0112233>] (foo) from [<c0445566>] (bar+0x10/0x20), newer: foo from bar+0x10/0x20; the caller is on the right
    return re.compile(
        rf"(?:\[<(?:{_ADDRESS})>\] ?)?\(?[^\s()]{{1,250}}(?: \[[A-Za-z_][\w-]{{0,63}}\])?\)? from "
        rf"(?:\[<(?P<address>{_ADDRESS})>\] ?)?"
        r"\(?(?P<function>[^\s+()]{1,250})\+0x(?P<offset>[0-9a-f]{1,8})/0x(?P<size>[0-9a-f]{1,8})"
        rf"(?: {_FILE}(?=\)))?\)?"
        r"(?: \[(?P<module>[A-Za-z_][\w-]{0,63})\]\)?)?"
    )


@cache
def _bare() -> re.Pattern[str]:
    # an address that no symbol covers: 0x7e8d0c68, [<c0123456>] 0xc0123456, s390: ([<0000000012345678>] 0x12345678)
    return re.compile(
        r"(?P<bracket>\((?=\[))?(?:\[<?(?P<address>[0-9a-f]{0,16})>?\] )?(?P<guess>\? )?"
        r"(?P<function>0x[0-9a-f]{1,16})(?(bracket)\)|(?= |$|,))"
    )


@cache
def _decimal() -> re.Pattern[str]:
    # x86-64 before 2.6.18, several in a line: <ffffffff80234567>{foo+123}, {:module:foo+123}
    return re.compile(
        r"<(?P<address>[0-9a-f]{8,16})>\{(?::(?P<module>[A-Za-z_][\w-]{0,63}):)?"
        r"(?P<function>[A-Za-z_.][\w.]{0,250})\+(?P<offset>\d{1,8})\}"
    )


@cache
def _marks() -> re.Pattern[str]:
    return re.compile(r" \(([CFKLPRTU]{1,4}|unreliable)\)")


def frame_at(stream: Stream, start: int, end: int) -> FrameText | None:
    """Read the frame that begins at an offset, or None."""
    text = stream.flat
    match = _plain().match(text, start, end)
    if match is None:
        return _rarer(stream, start, end)
    address, guess, function, offset, size, module, build, file, line, inlined = match.groups()
    stop = match.end()
    reliable = not guess
    if text.startswith(" (", stop):
        mark = _marks().match(text, stop, end)
        if mark:
            reliable = reliable and mark[1] != "unreliable"
            stop = mark.end()
    frame = Frame(
        function,
        int(offset, 16),
        int(size, 16),
        module or "",
        build or "",
        address.strip("()") if address else "",
        reliable,
        "",
        file or "",
        max(int(line), 0) if line else 0,
        bool(inlined),
        stream.span(start, stop),
    )
    return FrameText(frame, stop)


def _rarer(stream: Stream, start: int, end: int) -> FrameText | None:
    """A frame without offset or with it on the right; each shape is looked for only where its sign stands."""
    text = stream.flat
    word_end = text.find(" ", start + 2, end)
    if word_end < 0:
        word_end = end
    if text.startswith(" (", word_end) or text.startswith(("[<", "? "), start):
        match = _decoded().match(text, start, end)
        if match:
            file, line = _last_place(match["places"])
            module, stop = _bare_module(stream, match.end(), end)
            return _frame(stream, match, stop, module=module, file=file, line=line)
    if text.find(" from ", start, min(end, start + 300)) >= 0:
        match = _arm().match(text, start, end)
        if match:
            return _frame(
                stream,
                match,
                match.end(),
                module=match["module"] or "",
                offset=int(match["offset"], 16),
                size=int(match["size"], 16),
                file=match["file"] or "",
                line=max(int(match["line"] or 0), 0),
            )
    if text.find(" [inline]", start, min(end, start + 600)) >= 0:
        match = _inlined().match(text, start, end)
        if match:
            line = max(int(match["line"]), 0)
            return _frame(stream, match, match.end(), file=match["file"], line=line, inlined=True)
    if text.startswith(("0x", "[<", "([<", "[] ", "? 0x"), start):
        match = _bare().match(text, start, end)
        if match:
            return _frame(stream, match, match.end())
    if text.startswith("<", start):
        match = _decimal().match(text, start, end)
        if match:
            return _frame(stream, match, match.end(), module=match["module"] or "", offset=int(match["offset"]))
    return _short_frame(stream, start, end)


def _short_frame(stream: Stream, start: int, end: int) -> FrameText | None:
    line_end = min(stream.line_end(start), end)
    match = _short().match(stream.flat, start, line_end)
    if match is None or match.end() != line_end:
        return None
    if stream.starts[stream.index(start)] != start and not stream.flat.startswith("at: ", start - 4):
        return None
    offset, line = match["offset"], match["line"]
    return _frame(
        stream,
        match,
        line_end,
        module=match["module"] or "",
        offset=int(offset, 16) if offset else None,
        file=match["file"] or "",
        line=int(line) if line else 0,
    )


def _frame(
    stream: Stream,
    match: re.Match[str],
    stop: int,
    *,
    module: str = "",
    offset: int | None = None,
    size: int | None = None,
    file: str = "",
    line: int = 0,
    inlined: bool = False,
) -> FrameText:
    groups = match.groupdict()
    frame = Frame(
        function=match["function"],
        offset=offset,
        size=size,
        module=module,
        address=(groups.get("address") or "").strip("()"),
        reliable=not groups.get("guess"),
        file=file,
        line=line,
        inlined=inlined,
        span=stream.span(match.start(), stop),
    )
    return FrameText(frame, stop)


def _last_place(places: str) -> tuple[str, int]:
    """The place in the function itself: a decoder lists those of inlined callees before it."""
    for word in reversed(places.split()):
        file, colon, line = word.rpartition(":")
        if colon:
            return "" if file == "??" else file, int(line) if line.isdigit() else 0
    return "", 0


def _bare_module(stream: Stream, stop: int, end: int) -> tuple[str, int]:
    """A decoder prints the module without brackets, as the last word of the line."""
    word_end = min(stream.line_end(max(stop - 1, 0)), end)
    word = stream.flat[stop:word_end].strip()
    if word and word.replace("_", "a").replace("-", "a").isalnum() and not word[0].isdigit():
        return word, word_end
    return "", stop
