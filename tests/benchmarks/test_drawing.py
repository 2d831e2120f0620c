"""A step of a replay draws the picture anew: the picture of twelve locks against that of three."""

import time

from lock_graphs import ring_of

from lockview.layout.drawing import estimated_width
from lockview.layout.picture import Marks, picture
from lockview.layout.ring import ring

ROUNDS = 20


def _seconds(count: int) -> float:
    graph = ring_of([f"&lock_number->{n}" for n in range(count)], ["some_function", "another_function"])
    placement = ring(graph, estimated_width)
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        picture(graph, placement, estimated_width, Marks(holders=((0, 0),)))
        times.append(time.perf_counter() - start)
    return min(times)


def test_a_step_of_a_replay() -> None:
    three, twelve = _seconds(3), _seconds(12)
    assert twelve < 0.012
    print(f"\npicture: 3 locks {three * 1000:.2f} ms, 12 locks {twelve * 1000:.2f} ms, ratio {twelve / three:.1f}")
