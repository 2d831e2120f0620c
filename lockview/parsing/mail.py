"""Transfer encodings of mail: quoted-printable and base64 bodies, decoded where the text proves them.

Lines keep the numbers of the raw lines that they were decoded from.
"""

from __future__ import annotations

import binascii
import re
from functools import cache

NumberedLine = tuple[int, str]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@cache
def _escape() -> re.Pattern[bytes]:
    return re.compile(rb"=([0-9A-F]{2})")


def is_encoded(data: bytes) -> bool:
    """Whether data may hold a transfer encoding, so that no part of it can be read alone."""
    return b"=3D" in data or b"base64" in data or b"quoted-printable" in data


def transfer_decoded(text: str, first: int, used: set[str]) -> list[NumberedLine]:
    """Number the lines of a text from ``first``, its transfer encodings undone; their names go to ``used``."""
    lines = list(enumerate(text.removesuffix("\n").split("\n"), first))
    if "base64" in text and _compiled(r"(?i)content-transfer-encoding:\s{0,20}base64").search(text):
        lines = _without_base64(lines, used)
    if _is_quoted_printable(text):
        used.add("quoted-printable")
        lines = _without_quoted_printable(lines)
    return lines


def _is_quoted_printable(text: str) -> bool:
    """Whether a header says so, or enough escapes do: ``=`` is rare in lock reports but for fences."""
    if "=3D" not in text and "=20" not in text and "quoted-printable" not in text:
        return False
    if _compiled(r"(?i)content-transfer-encoding:\s{0,20}quoted-printable").search(text):
        return True
    return text.count("=3D") >= 4 or (text.count("=20\n") + text.count("=3D") >= 2 and "=\n" in text.replace("==", ""))


def _without_quoted_printable(lines: list[NumberedLine]) -> list[NumberedLine]:
    decoded: list[NumberedLine] = []
    begun: list[str] = []
    start = 0
    for number, raw in lines:
        line = raw.rstrip(" \t\r")
        soft = line.endswith("=") and not line.endswith("==")
        start = start if begun else number
        begun.append(_unescaped(line[:-1] if soft else line))
        if not soft:
            decoded.append((start, "".join(begun)))
            begun = []
    return [*decoded, (start, "".join(begun))] if begun else decoded


def _unescaped(line: str) -> str:
    if "=" not in line:
        return line
    raw = line.encode("utf-8", "surrogateescape")
    return _escape().sub(lambda match: bytes((int(match[1], 16),)), raw).decode("utf-8", "surrogateescape")


def _without_base64(lines: list[NumberedLine], used: set[str]) -> list[NumberedLine]:
    decoded: list[NumberedLine] = []
    in_header = in_body = False
    block: list[NumberedLine] = []
    for number, line in lines:
        stripped = line.strip()
        if in_body and _compiled(r"[A-Za-z0-9+/]{1,998}={0,2}").fullmatch(stripped):
            block.append((number, stripped))
            continue
        if block:
            decoded.extend(_decoded_block(block, used))
            block, in_body = [], False
        if stripped.lower().startswith("content-transfer-encoding:"):
            in_header = "base64" in stripped.lower()
        if not stripped and in_header:
            in_header, in_body = False, True
        decoded.append((number, line))
    return decoded + _decoded_block(block, used)


def _decoded_block(block: list[NumberedLine], used: set[str]) -> list[NumberedLine]:
    if not block:
        return []
    try:
        raw = binascii.a2b_base64("".join(line for _, line in block))
    except binascii.Error:
        return block
    used.add("base64")
    numbers = [number for number, line in block for _ in range(len(line) * 3 // 4)]
    decoded: list[NumberedLine] = []
    position = 0
    for part in raw.split(b"\n"):
        number = numbers[min(position, len(numbers) - 1)] if numbers else block[0][0]
        decoded.append((number, part.decode("utf-8", "surrogateescape")))
        position += len(part) + 1
    return decoded
