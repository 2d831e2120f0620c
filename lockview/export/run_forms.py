"""The forms in which a run can be written: the trace format, plain or packed, and those of other viewers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lockview.export.trace_gzip import Blocks
from lockview.export.trace_lines import Write

FORMS = ("jsonl", "chrome", "ftrace")


@contextmanager
def run_sink(form: str, write: Write, *, packed: bool = False) -> Iterator[Write]:
    """Where the lines of a trace go; other forms than ``jsonl`` are made when the last line is there."""
    if form != "jsonl":
        lines: list[bytes] = []
        yield lines.append
        if not lines:  # interrupted before anything happened
            return
        text = _converted(form, b"".join(lines))
        write(_packed(text) if packed else text)
        return
    if not packed:
        yield write
        return
    blocks = Blocks(write)
    yield blocks.write
    blocks.finish()


def _converted(form: str, data: bytes) -> bytes:
    from lockview.parsing.trace_lines import read_trace

    trace = read_trace(data)
    if form == "chrome":
        from lockview.export.chrome_trace import chrome_trace

        return chrome_trace(trace).encode("ascii")
    from lockview.export.ftrace_text import ftrace_text

    return ftrace_text(trace).encode()


def _packed(data: bytes) -> bytes:
    import gzip

    return gzip.compress(data, mtime=0)
