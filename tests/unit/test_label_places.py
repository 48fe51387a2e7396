"""Names beside points: near ones do not cover each other, none leaves the plot."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reporting.signals.chart_peers import HEIGHT_PX, NARROW_PX, SIDES, _box, _overlap, beside

inside = st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0))


def boxes(points: list[tuple[float, float]], names: list[str]) -> list[tuple[float, float, float, float]]:
    places = beside([x for x, _ in points], [y for _, y in points], names)
    return [
        _box(x * NARROW_PX, (1 - y) * HEIGHT_PX, name, place)
        for (x, y), name, place in zip(points, names, places, strict=True)
    ]


def test_two_points_at_nearly_the_same_place_are_named_at_different_sides() -> None:
    drawn = boxes([(0.50, 0.30), (0.51, 0.30), (0.50, 0.32)], ["CO2-1", "CO2-2", "IPL-1"])
    assert all(_overlap(one, other) == 0 for one, other in combinations(drawn, 2))


def test_a_name_at_the_right_edge_stands_on_the_left_and_one_on_the_axis_above() -> None:
    right, axis = boxes([(0.99, 0.5), (0.3, 0.0)], ["CO2-1", "ALEX-1"])
    assert right[2] <= NARROW_PX
    assert axis[3] <= HEIGHT_PX


@given(st.lists(inside, min_size=1, max_size=12))
def test_every_name_has_a_place(points: list[tuple[float, float]]) -> None:
    places = beside([x for x, _ in points], [y for _, y in points], ["D1"] * len(points))
    assert len(places) == len(points)
    assert set(places) <= set(SIDES)


def test_nothing_has_no_place() -> None:
    assert beside(np.zeros(0), np.zeros(0), []) == []
