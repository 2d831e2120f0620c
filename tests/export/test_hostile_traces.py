"""Traces that were tampered with: the reader names what is wrong, or everything that is made of traces can bear it."""

import contextlib
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from run_traces import trace_bytes_of

from lockview.export.chrome_trace import chrome_trace
from lockview.export.ftrace_text import ftrace_text
from lockview.export.trace_lines import trace_bytes
from lockview.lockdep.rules import Rules
from lockview.lockdep.wording import MODERN
from lockview.parsing.trace_lines import TraceError, read_trace
from lockview.parsing.trace_states import TraceStates
from lockview.sim.heads import recipe
from lockview.sim.rehearing import reheard

LINES = [json.loads(line) for name in ("S02", "S19", "S05") for line in trace_bytes_of(name).splitlines()]
BOUNDS = [number for number, line in enumerate(LINES) if line["k"] == "head"] + [len(LINES)]
ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 1 << 70)
    | st.text(max_size=6)
    | st.sampled_from(["acquire", "x", "got"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=5,
)


@st.composite
def tampered(draw: st.DrawFn) -> bytes:
    part = draw(st.integers(0, len(BOUNDS) - 2))
    lines: list[dict[str, Any]] = [dict(line) for line in LINES[BOUNDS[part] : BOUNDS[part + 1]]]
    for _ in range(draw(st.integers(1, 3))):
        line = lines[draw(st.integers(0, len(lines) - 1))]
        field = draw(st.sampled_from(sorted(line)))
        if draw(st.booleans()):
            line[field] = draw(ANY)
        else:
            del line[field]
            if not line:
                line["k"] = "ev"
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def test_names_cannot_break_the_lines_of_the_text() -> None:
    data = (
        trace_bytes_of("S19")
        .replace(b'"comm":"', b'"comm":"\\ud800\\n\\u202ex')
        .replace(b'"name":"', b'"name":"\\r\\n\\u0000')
    )
    plain, odd = (ftrace_text(read_trace(each)) for each in (trace_bytes_of("S19"), data))
    assert odd.count("\n") == plain.count("\n") == len(odd.encode().splitlines())
    assert "???x" in odd


@settings(max_examples=150, deadline=None)
@given(tampered())
def test_what_can_be_read_can_be_shown(data: bytes) -> None:
    try:
        trace = read_trace(data)
    except TraceError:
        return
    with contextlib.suppress(TraceError):
        TraceStates(data).check()
    json.loads(chrome_trace(trace))
    ftrace_text(trace).encode()
    reheard(trace, Rules(MODERN))
    assert read_trace(trace_bytes(trace)).records == trace.records
    with contextlib.suppress(ValueError):
        recipe(trace)
