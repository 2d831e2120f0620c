"""Usage states and the words for interrupts, in plain words.  Source: lockdep_states.h, kernel/locking/."""

from __future__ import annotations

_CONTEXTS = {
    "HARDIRQ": "hard interrupts",
    "SOFTIRQ": "soft interrupts",
    "RECLAIM_FS": "file system reclaim",
    "NMI": "an NMI",
}


def interrupt_words(irq: str) -> str:
    """What ``HARDIRQ``, ``SOFTIRQ-READ`` or, before 2.6.30, ``hard`` stands for; the word itself when unknown."""
    word = irq.upper().removesuffix("-READ")
    return _CONTEXTS.get({"HARD": "HARDIRQ", "SOFT": "SOFTIRQ"}.get(word, word), irq)


def decode_state(state: str) -> str:
    """A usage state in words: ``IN-SOFTIRQ-W`` is ``taken inside soft interrupts``; "" for an unknown word."""
    word = state.upper().replace("INITIAL-USE", "INITIAL USE").strip()
    if word.startswith("INITIAL"):
        return "taken shared for the first time" if "READ" in word else "taken for the first time"
    shared = " shared" if word.endswith("-R") else ""
    word = word.removesuffix("-R").removesuffix("-W")
    if word.startswith("IN-"):
        context = _CONTEXTS.get(word.removeprefix("IN-"))
        return f"taken{shared} inside {context}" if context else ""
    context = _CONTEXTS.get(word.removesuffix("-ON")) if word.endswith("-ON") else None
    if context and "reclaim" in context:
        return f"held{shared} where {context} may start"
    return f"taken{shared} with {context} enabled" if context else ""
