import xml.etree.ElementTree as ET

import pytest
from golden_files import check_golden
from hypothesis import given, settings
from lock_graphs import HOSTILE, any_graphs, irq_graph, report_about, ring_of, rings, sample_graph, sample_report

from lockview.analysis.lock_graph import LockGraph
from lockview.export.as_svg import svg
from lockview.export.render import VIEWS, drawing_for, render
from lockview.layout.drawing import Box, Drawing, Group, Text, estimated_width
from lockview.layout.lanes import lanes
from lockview.layout.picture import Marks, picture
from lockview.layout.ring import ring
from lockview.layout.theme import LIGHT, THEMES
from lockview.model.locks import LockClass
from lockview.model.traces import Event, EventKind, Trace

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {f"{SVG}{name}" for name in ("svg", "title", "desc", "g", "rect", "path", "text", "defs", "pattern")}


def parsed(text: str) -> ET.Element:
    """The document, which must hold nothing but shapes: no script, no link, no reference to another file."""
    root = ET.fromstring(text)
    for element in root.iter():
        assert element.tag in ELEMENTS
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert "href" not in name
            assert "url(" not in value or value.startswith("url(#hatch-")
    return root


@pytest.mark.parametrize("view", VIEWS)
def test_the_picture_of_the_sample_is_the_golden_one(view: str) -> None:
    check_golden(f"khugepaged-{view}.svg", render(sample_report(), sample_graph(), "svg", view=view).decode())


def test_text_is_text_and_groups_have_titles() -> None:
    root = parsed(render(sample_report(), sample_graph(), "svg").decode())
    assert root.get("role") == "img"
    assert "&mapping->i_mmap_rwsem" in [text.text for text in root.iter(f"{SVG}text")]
    titles = {group.get("id"): group.findtext(f"{SVG}title", "") for group in root.iter(f"{SVG}g")}
    assert titles["lock-3"].startswith("fs_reclaim, context marker")
    assert titles["edge-3"].endswith("the new dependency, closes the cycle")
    assert root.findtext(f"{SVG}title") == "Cycle of 4 locks"


def test_no_text_is_longer_than_its_room() -> None:
    root = parsed(render(sample_report(), sample_graph(), "svg").decode())
    for text in root.iter(f"{SVG}text"):
        words = text.text or ""
        if len(words) > 1:
            fixed, bold = text.get("font-family") == "monospace", text.get("font-weight") == "bold"
            width = estimated_width(words, float(text.get("font-size", "0")), fixed, bold)
            assert 0 < float(text.get("textLength", "0")) <= width + 0.01


@given(rings)
@settings(max_examples=25, deadline=None)
def test_any_name_gives_a_harmless_document(graph: LockGraph) -> None:
    marks = Marks("lock:0", "edge:0", ((0, 0),), ((0, 1),))
    for theme in THEMES.values():
        parsed(svg(picture(graph, ring(graph, estimated_width), estimated_width, marks), theme))


def test_a_hostile_lock_is_shown_as_its_name() -> None:
    graph = ring_of([HOSTILE, "fs_reclaim"], [HOSTILE])
    root = parsed(render(report_about(graph), graph, "svg").decode())
    assert HOSTILE in [text.text for text in root.iter(f"{SVG}text")]
    events = (Event(0, 0, EventKind.ACQUIRE, LockClass(HOSTILE)),)
    root = parsed(svg(lanes(Trace((HOSTILE,), events), estimated_width), LIGHT))
    assert HOSTILE in [text.text for text in root.iter(f"{SVG}text")]


def test_what_no_document_may_hold_is_made_visible() -> None:
    text = Text(0, 0, "a\x00\x1b\ud800\ufffe\u202eb")
    drawing = Drawing(Box(0, 0, 10, 10), (Group('"><script>', "<\x08", Box(0, 0, 1, 1), (text,)),), "]]>&", "\r")
    root = parsed(svg(drawing, LIGHT))
    assert root.findtext(f".//{SVG}text") == r"a\x00\x1b\ud800\ufffe\u202eb"


def test_an_unknown_view_theme_or_format_is_refused() -> None:
    report, graph = sample_report(), sample_graph()
    with pytest.raises(ValueError, match="view should be one of ring, layered, lanes"):
        drawing_for(report, graph, "circle")
    with pytest.raises(ValueError, match="theme should be one of"):
        render(report, graph, "svg", theme="pink")
    with pytest.raises(ValueError, match="format should be one of"):
        render(report, graph, "bmp")


def test_every_format_is_rendered() -> None:
    report, graph = sample_report(), sample_graph()
    starts = {
        "svg": b"<svg",
        "dot": b"digraph",
        "mermaid": b"%%",
        "mmd": b"%%",
        "text": b"khuge",
        "txt": b"khuge",
        "json": b"{",
    }
    for fmt, start in starts.items():
        assert render(report, graph, fmt).startswith(start)


@given(any_graphs())
@settings(max_examples=40, deadline=None)
def test_graphs_of_any_shape_are_drawings_in_every_view(graph: LockGraph) -> None:
    for view in VIEWS:
        parsed(svg(drawing_for(sample_report(), graph, view), LIGHT))


def test_lanes_of_what_is_no_cycle_say_so() -> None:
    drawing = drawing_for(sample_report(), irq_graph("&base->lock", "&foo->lock"), "lanes")
    assert "closed by an interrupt" in drawing.title
