from hypothesis import given, settings
from lock_graphs import rings, sample_graph, text_boxes

from lockview.analysis.lock_graph import LockGraph
from lockview.layout.drawing import Drawing, Group, Path, Rectangle, Role, Text, estimated_width
from lockview.layout.picture import NO_MARKS, Marks, picture
from lockview.layout.ring import ring
from lockview.layout.theme import THEMES


def drawn(graph: LockGraph, marks: Marks = NO_MARKS) -> Drawing:
    return picture(graph, ring(graph, estimated_width), estimated_width, marks)


def group(drawing: Drawing, name: str) -> Group:
    return next(group for group in drawing.groups if group.name == name)


def texts(found: Group) -> list[str]:
    return [shape.text for shape in found.shapes if isinstance(shape, Text)]


def hatched(found: Group) -> list[str]:
    return [shape.style.fill for shape in found.shapes if isinstance(shape, Rectangle) and shape.style.hatch]


def test_the_sample_says_who_wants_what_and_how() -> None:
    drawing = drawn(sample_graph())
    assert texts(group(drawing, "lock:0")) == ["&mapping->i_mmap_rwsem", "wanted by khugepaged/43", "{++++}"]
    assert texts(group(drawing, "lock:2"))[:2] == ["&vma->vm_sequence", "/1"]
    assert texts(group(drawing, "edge:3"))[:2] == ["4", "R"]
    assert "new" in texts(group(drawing, "edge:3"))
    assert texts(group(drawing, "edge:1"))[:3] == ["2", "W", "__vma_adjust → __vma_adjust"]


def test_only_the_new_dependency_has_the_signal_colour() -> None:
    for found in drawn(sample_graph()).groups:
        roles = {shape.style.stroke for shape in found.shapes if isinstance(shape, Path)}
        assert (Role.SIGNAL in roles) == (found.name in ("edge:3", ""))


def test_shared_is_dashed_and_the_new_dependency_is_thick() -> None:
    drawing = drawn(sample_graph())
    shared = next(shape for shape in group(drawing, "edge:3").shapes if isinstance(shape, Path))
    exclusive = next(shape for shape in group(drawing, "edge:0").shapes if isinstance(shape, Path))
    assert shared.style.dash
    assert not exclusive.style.dash
    assert shared.style.width > exclusive.style.width


def test_a_selected_node_and_edge_stand_out() -> None:
    drawing = drawn(sample_graph(), Marks(selected="lock:1"))
    frame = group(drawing, "lock:1").shapes[0]
    assert isinstance(frame, Rectangle)
    assert (frame.style.stroke, frame.style.width) == (Role.ACCENT, 2.0)
    halo = group(drawn(sample_graph(), Marks(selected="edge:1")), "edge:1").shapes[0]
    hint = group(drawn(sample_graph(), Marks(hovered="edge:1")), "edge:1").shapes[0]
    assert isinstance(halo, Path)
    assert isinstance(hint, Path)
    assert halo.style.stroke == hint.style.stroke == Role.ACCENT
    assert hint.style.opacity < halo.style.opacity


def test_a_replay_shows_holders_and_waiters_by_bar_and_word() -> None:
    marks = Marks(holders=((0, 0), (3, 2)), waiters=((0, 2),))
    drawing = drawn(sample_graph(), marks)
    wanted = group(drawing, "lock:0")
    assert "held by execve, khugepaged/43 waits" in texts(wanted)
    assert hatched(wanted) == [Role.task(2)]
    assert "free" in texts(group(drawing, "lock:1"))
    assert "now held by khugepaged/43" in group(drawing, "lock:3").title


def test_at_the_start_of_a_replay_every_lock_is_free() -> None:
    drawing = drawn(sample_graph(), Marks(replaying=True))
    assert all("free" in texts(group(drawing, f"lock:{number}")) for number in range(4))


def test_a_replay_never_moves_anything() -> None:
    still, moving = drawn(sample_graph()), drawn(sample_graph(), Marks(holders=((1, 0),), waiters=((1, 1), (1, 2))))
    assert [g.bounds for g in still.groups] == [g.bounds for g in moving.groups]


@given(rings)
@settings(max_examples=25, deadline=None)
def test_every_thing_has_a_name_a_title_and_known_colours(graph: LockGraph) -> None:
    drawing = drawn(graph, Marks("lock:0", "edge:0", ((0, 0),), ((0, 0),)))
    names = [g.name for g in drawing.groups if g.name]
    assert names == [f"edge:{e.number}" for e in graph.edges] + [f"lock:{n.number}" for n in graph.nodes]
    assert all(g.title.isprintable() and g.title for g in drawing.groups)
    for theme in THEMES.values():
        for shape in (shape for g in drawing.groups for shape in g.shapes):
            roles = [shape.role] if isinstance(shape, Text) else [shape.style.fill, shape.style.stroke]
            assert all(role == "" or role in theme.colours for role in roles)


@given(rings)
@settings(max_examples=25, deadline=None)
def test_texts_keep_to_their_room_and_are_visible(graph: LockGraph) -> None:
    drawing = drawn(graph)
    for text, _ in text_boxes(drawing):
        assert text.isprintable()
    for found in drawing.groups:
        for shape in found.shapes:
            if isinstance(shape, Text):
                width = estimated_width(shape.text, shape.size, shape.fixed, shape.bold)
                assert width <= shape.width + 0.02


def test_an_empty_graph_is_an_empty_picture() -> None:
    drawing = drawn(LockGraph((), (), ()))
    assert drawing.groups == ()
    assert drawing.bounds.width > 0
