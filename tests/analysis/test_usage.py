"""Usage marks and wait types mean different things in different kernels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockview.analysis.usage import decode_usage, decode_wait_types, has_old_marks, has_raw_nesting
from lockview.model.locks import HeldLock, LockClass, WaitTypes
from lockview.model.reports import CircularReport

NEW = "WARNING: possible circular locking dependency detected"
OLD = "[ INFO: possible circular locking dependency detected ]"


def test_four_marks_today() -> None:
    assert decode_usage("+.-?", NEW) == (
        "+ hard interrupts, exclusive: taken with them enabled",
        ". hard interrupts, shared: never taken inside one, nor with them enabled",
        "- soft interrupts, exclusive: taken inside one",
        "? soft interrupts, shared: taken inside one, and also with them enabled",
    )


def test_four_marks_before_2_6_30() -> None:
    """Columns and signs both had another meaning."""
    words = decode_usage("-+..", OLD)
    assert words[0] == "- hard interrupts, exclusive: taken with them enabled"
    assert words[1].startswith("+ soft interrupts, exclusive: taken inside one, perhaps")
    assert words[2].startswith(". hard interrupts, shared")


@pytest.mark.parametrize(
    ("title", "kernel", "old"),
    [
        ("BUG: bad unlock balance detected!", "2.6.29-rc6", True),
        ("BUG: scheduling while atomic: demo/42/0x00000002", "2.6.24", True),
        ("BUG: scheduling while atomic: demo/42/0x00000002", "5.10.0-rc1", False),
        ("BUG: held lock freed!", "", True),
        ("BUG: Invalid wait context", "", False),
        ("WARNING: possible circular locking dependency detected", "4.14.0", False),
        (OLD, "2.6.30", False),
        (OLD, "", True),
        (OLD, "no release", True),
    ],
)
def test_release_tells_the_era_and_without_one_the_title(title: str, kernel: str, old: bool) -> None:
    assert has_old_marks("-...", title, kernel) is old
    meaning = "taken with them enabled" if old else "taken inside one"
    assert decode_usage("-...", title, kernel)[0].endswith(meaning)
    assert not has_old_marks("-.....", title, kernel)


def test_six_marks() -> None:
    words = decode_usage("+.+.-.", OLD)
    assert words[0] == "+ hard interrupts, exclusive: taken with them enabled"
    assert words[4] == "- file system reclaim, exclusive: taken inside it"


def test_unknown_masks_are_not_guessed() -> None:
    assert decode_usage("") == ()
    assert decode_usage("+.+.+") == ("+.+.+: 5 usage marks; kernels print 4 or 6, so these cannot be read",)
    assert decode_usage("x...")[0].endswith("an unknown mark")


@given(st.text(max_size=8), st.text(max_size=8))
def test_any_mask_gives_words(mask: str, title: str) -> None:
    assert len(decode_usage(mask, title)) == (len(mask) if len(mask) in (4, 6) else min(1, len(mask)))


def test_wait_types() -> None:
    assert decode_wait_types(None) == ()
    assert decode_wait_types(WaitTypes(0, 0)) == ("wait type 0: not checked",)
    assert "else" in decode_wait_types(WaitTypes(3, 3))[0]
    assert decode_wait_types(WaitTypes(3, 3), raw_nesting=False) == ("wait type 3: a lock that sleeps (mutex, rwsem)",)
    assert "PREEMPT_RT" in decode_wait_types(WaitTypes(3, 3), raw_nesting=True)[0]
    assert len(decode_wait_types(WaitTypes(1, 2))) == 2
    assert decode_wait_types(WaitTypes(9, 9)) == ("wait type 9: an unknown number",)


def test_build_option_is_voted_on() -> None:
    def report(name: str, number: int) -> CircularReport:
        return CircularReport(NEW, wanted=HeldLock(LockClass(name), wait_types=WaitTypes(number, number)))

    assert has_raw_nesting(report("&x->mutex", 4)) is True
    assert has_raw_nesting(report("&(&x->lock)->rlock", 2)) is False
    assert has_raw_nesting(report("&x->mutex", 3)) is None
