from hypothesis import given, settings
from hypothesis import strategies as st

from lockview.document.visible import LONGEST_LINE, Run, runs, visible, visible_line


def test_plain_text_stays_as_it_is() -> None:
    """Kernel text is plain ASCII nearly always and must not be touched."""
    assert visible("-> #2 (&vma->vm_sequence/1){+.+.}:") == "-> #2 (&vma->vm_sequence/1){+.+.}:"


def test_what_hides_or_reorders_is_written_out() -> None:
    """A lock name could otherwise pass itself off as another one, or clear the terminal it is pasted into."""
    assert visible("a\x1b[2Jb\u202ec\u200bd\x00\x85") == r"a\x1b[2Jb\u202ec\u200bd\x00\x85"
    assert visible("\ud800\U000e0001") == r"\ud800\U000e0001"


def test_tabs_reach_the_next_stop() -> None:
    """Columns of a table keep their places."""
    assert visible("ab\tc") == "ab      c"


def test_long_lines_are_clipped_and_counted() -> None:
    """A line of megabytes must not stop the window, and must not seem to end where it does not."""
    shown = visible_line("x" * (LONGEST_LINE + 5))
    assert len(shown) < LONGEST_LINE + 40
    assert shown.endswith("... 5 more characters")


def test_runs_give_wide_characters_two_cells_and_marks_none() -> None:
    """The text after an emoji or an accent would otherwise be painted over it."""
    assert runs("ab\u6f22c") == [Run(0, 2, "ab"), Run(2, 2, "\u6f22"), Run(4, 1, "c")]
    assert runs("e\u0301x") == [Run(0, 1, "e\u0301"), Run(1, 1, "x")]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_visible_text_is_printable_and_runs_lose_nothing(text: str) -> None:
    """Whatever is in a log, what is painted is all of it and only printable."""
    shown = visible(text)
    assert shown.isprintable()
    assert "".join(run.text for run in runs(shown)) == shown
