from hypothesis import given
from hypothesis import strategies as st

from lockview.layout.drawing import estimated_width
from lockview.layout.labels import Face, elided, visible


def test_plain_text_stays_as_it_is() -> None:
    assert visible("&mapping->i_mmap_rwsem") == "&mapping->i_mmap_rwsem"
    assert visible("\N{LOCK} \u9501") == "\N{LOCK} \u9501"


def test_what_cannot_be_seen_becomes_an_escape() -> None:
    assert visible("a\x1b[31mb\u202ec\u200bd\ud800e\U000e0041") == r"a\x1b[31mb\u202ec\u200bd\ud800e\U000e0041"


@given(st.text(), st.integers(1, 20))
def test_elided_text_keeps_both_ends_and_the_limit(text: str, columns: int) -> None:
    short = elided(text, columns)
    assert len(short) <= max(columns, 1)
    assert short == text or (text.startswith(short.partition("…")[0]) and text.endswith(short.rpartition("…")[2]))


@given(st.text(max_size=600), st.floats(0, 500), st.booleans())
def test_fitted_text_fits(text: str, width: float, fixed: bool) -> None:
    face = Face(estimated_width, 13.0, fixed=fixed)
    fitted = face.fitted(text, width)
    assert fitted == "" or face.width(fitted) <= width + 0.01
    assert fitted == visible(fitted)


def test_an_endless_text_is_cut_before_it_is_measured() -> None:
    assert len(Face(lambda text, *_: 0.1 * len(text), 13.0).fitted("x" * 10_000_000, 1e9)) <= 400
