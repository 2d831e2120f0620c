"""The child process: reads big sources and runs Graphviz, where a crash or a hang can do no harm.

Requests come on standard input and answers leave on standard output, as frames: a 4-byte big-endian length and so many
bytes of UTF-8 JSON. A request is ``{"job": name, "payload": ...}``; answers are any number of ``{"progress": [done,
total]}`` and ``{"news": value}``, and then one ``{"done": result}`` or ``{"failed": sentence}``. The parent cancels by
killing the process. A job that goes on for as long as something is written ends when standard input does.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, BinaryIO

LONGEST_FRAME = 1 << 30
MOST_MEMORY = 8 << 30
"""Address space that the child may take (bytes); Graphviz and hostile sources stop there and not at the swap."""

Progress = Callable[[int, int], None]
Tell = Callable[[str, object], None]
"""Takes the kind of an answer and its value."""


def frame(value: object) -> bytes:
    """A value as one frame."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return len(body).to_bytes(4, "big") + body


def frames_in(buffer: bytearray, most: int = 0) -> list[Any]:
    """Take complete frames out of a buffer of received bytes, ``most`` at most. ValueError when it cannot hold any."""
    values: list[Any] = []
    while len(buffer) >= 4 and not 0 < most <= len(values):
        length = int.from_bytes(buffer[:4], "big")
        if length > LONGEST_FRAME:
            raise ValueError(f"a frame of {length} bytes")
        if len(buffer) < 4 + length:
            break
        values.append(json.loads(buffer[4 : 4 + length].decode("utf-8", "surrogatepass")))
        del buffer[: 4 + length]
    return values


def main() -> int:
    """Answer requests until standard input ends."""
    answers = _private_output()
    _limit_memory()
    buffer = bytearray()
    while chunk := os.read(0, 1 << 20):
        buffer += chunk
        for request in frames_in(buffer):
            answers.write(frame(_answer(request, answers)))
            answers.flush()
    return 0


def _private_output() -> BinaryIO:
    """Keep standard output for frames alone: whatever Graphviz or a stray print says goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _limit_memory() -> None:
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = MOST_MEMORY if hard == resource.RLIM_INFINITY else min(MOST_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _answer(request: dict[str, Any], answers: BinaryIO) -> dict[str, object]:
    def tell(kind: str, value: object) -> None:
        answers.write(frame({kind: value}))
        answers.flush()

    job = JOBS.get(request["job"])
    if job is None:
        return {"failed": f"The worker knows no job named {request['job']!r}."}
    from lockview.document.errors import UserError

    try:
        return {"done": job(request["payload"], tell)}
    except UserError as error:
        return {"failed": str(error)}
    except ImportError as error:
        return {"failed": f"A library that this needs is missing: {error}."}
    except MemoryError:
        return {"failed": f"The job needs more than {MOST_MEMORY >> 30} GiB of memory and was stopped."}


def _layered(payload: Any, _: Tell) -> object:
    from lockview.layout.graphviz import layered_by_graphviz

    return layered_by_graphviz(payload)


def _read(payload: Any, tell: Tell) -> object:
    from lockview.document.opening import read_big

    pieces = payload.get("pieces", ())
    return read_big(payload["path"], payload["spool"], _progress(tell), partial(tell, "news"), pieces)


def _trace(payload: Any, _: Tell) -> object:
    from lockview.document.traced import read_traced, to_json

    return to_json(read_traced(payload["path"]))


def _folder(payload: Any, tell: Tell) -> object:
    """Read all logs below a folder: news of each that holds reports, and at last how many there were."""
    from lockview.document.folders import read_folder

    return read_folder(payload["path"], payload["spool"], partial(tell, "news"), _progress(tell))


def _follow(payload: Any, tell: Tell) -> object:
    from lockview.document.live import Live

    live = Live(payload["path"], payload["lines"], payload["parse_from"], payload["copy"], payload["older"])
    return live.run(partial(tell, "news"), _parent_is_done)


def _clock(payload: Any, tell: Tell) -> object:
    from lockview.document.clock_job import run_clock

    return run_clock(payload, partial(tell, "news"), _progress(tell))


def _judge(payload: Any, _: Tell) -> object:
    from lockview.document.judging import judge

    return judge(payload)


def _parent_is_done(seconds: float) -> bool:
    """Wait so long for the end of standard input: no more is written, or the parent is gone."""
    import select

    return bool(select.select([0], [], [], seconds)[0]) and not os.read(0, 1)


def _progress(tell: Tell) -> Progress:
    def progress(done: int, total: int) -> None:
        tell("progress", [done, total])

    return progress


JOBS: dict[str, Callable[[Any, Tell], object]] = {
    "layered": _layered,
    "read": _read,
    "trace": _trace,
    "folder": _folder,
    "follow": _follow,
    "clock": _clock,
    "judge": _judge,
}


if __name__ == "__main__":
    sys.exit(main())
