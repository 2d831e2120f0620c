"""Any bytes at all: reading never raises, all places lie in the source, and the JSON form gives back what was read.

``make fuzz`` runs this for a minute: guided by coverage with atheris where that can be installed, else with Hypothesis.
What fails is written to ``build/fuzz/`` (atheris: ``crash-*``; replay with ``any_bytes.py FILE``).
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

if str(Path(__file__).resolve().parents[2]) not in sys.path:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from lockview.model.text import Span

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "fuzz"
SECONDS = 60
LONGEST = 16 << 10
PIECES = (
    b'{"MESSAGE": "',
    b"MESSAGE\n\x05\0\0\0\0\0\0\0",
    b"4,1,2,-,ncfrag=0/9;",
    b"Oops#1 Part2\n",
    b"Content-Transfer-Encoding: base64\n\n",
    b"=3D=\n",
    b"<pre>",
    b"> > ",
    b"<4>[    1.000000][    T1] ",
    b"#012",
    b"-> #1 (&a){+.+.}-{3:3}:\n",
    b"f+0x1/0x2\n",
    b"1 lock held by a/1:\n",
    b"Call Trace:\n",
)


def check(data: bytes) -> None:
    """Everything that holds for every source."""
    from lockview.export.as_json import dumps, loads
    from lockview.parsing.reader import read_bytes

    log = read_bytes(data)
    for span in _spans(log):
        assert not span or 1 <= span.first <= span.last <= log.lines, (span, log.lines)
    for miss in log.near_misses:
        assert 1 <= miss.line <= log.lines
    assert loads(dumps([log])) == (log,)


def _spans(value: object) -> Iterator[Span]:
    if isinstance(value, Span):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _spans(part)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _spans(getattr(value, field.name))


def main() -> None:
    """Fuzz for a minute, or check the files that are given."""
    files = [name for name in sys.argv[1:] if not name.startswith("-")]
    if files:
        for name in files:
            check(Path(name).read_bytes())
        return
    BUILD.mkdir(parents=True, exist_ok=True)
    if importlib.util.find_spec("atheris"):
        _guided()
    else:
        _by_hypothesis()


def _seeds() -> list[bytes]:
    texts = [path.read_bytes() for path in sorted((ROOT / "resources" / "samples").glob("*.log"))]
    return [*texts, *(piece + text[:3000] for text in texts for piece in PIECES), *PIECES]


def _guided() -> None:
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["lockview"]):
        importlib.import_module("lockview.export.as_json")
        parsing = importlib.import_module("lockview.parsing")
        for module in pkgutil.walk_packages(parsing.__path__, "lockview.parsing."):
            importlib.import_module(module.name)
    from lockview.parsing.registry import FAMILIES

    corpus = BUILD / "corpus"
    corpus.mkdir(exist_ok=True)
    for number, seed in enumerate(_seeds()):
        (corpus / f"seed-{number}").write_bytes(seed[:LONGEST])
    words = {*PIECES, *(title.encode() for family in FAMILIES for title in (*family.titles, *family.signs))}
    quoted = ("".join(f"\\x{code:02x}" for code in word) for word in sorted(words))
    (BUILD / "words").write_text("".join(f'"{word}"\n' for word in quoted))
    options = [f"-max_total_time={SECONDS}", f"-max_len={LONGEST}", "-timeout=20", "-rss_limit_mb=2048"]
    options += [f"-dict={BUILD}/words", f"-artifact_prefix={BUILD}/", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], check)
    atheris.Fuzz()


def _by_hypothesis() -> None:
    from hypothesis import HealthCheck, given, seed, settings
    from hypothesis import strategies as st

    lines = [line for text in _seeds() for line in text.splitlines(keepends=True)]
    part = st.sampled_from(lines) | st.sampled_from(PIECES) | st.binary(max_size=80)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        test = given(st.lists(part, max_size=150).map(b"".join))(check)
        test = settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))(test)
        seed(random.getrandbits(64))(test)()


if __name__ == "__main__":
    main()
