"""Charts against Montgomery's printed tables, qcc, and the rules as NHSRplotthedots labels them."""

import numpy as np
import pytest

from reporting.evidence.checks import NotEnoughData
from reporting.evidence.control_charts import (
    ControlChart,
    nhs_rules,
    p_chart,
    xmr_chart,
)
from tests.evidence.reference_table import columns

ORANGE_JUICE = columns("montgomery_orange_juice.csv")["nonconforming"]
LOANS = columns("montgomery_loans.csv")["cost"]


def flat(values: list[float], reach: float = 3.0) -> ControlChart:
    """A chart around 0 with sigma 1."""
    x = np.array(values, dtype=float)
    return ControlChart(x, np.zeros(len(x)), np.full(len(x), -reach), np.full(len(x), reach))


def test_p_chart_of_orange_juice_as_qcc_prints_it() -> None:
    """qcc(orangejuice, type = "p"); Montgomery, example 7.1: samples 15 and 23 are outside."""
    chart = p_chart(ORANGE_JUICE, [50] * 30)
    assert round(chart.centre[0], 4) == 0.2313
    assert (round(chart.lower[0], 4), round(chart.upper[0], 4)) == (0.0524, 0.4102)
    assert chart.signals == (14, 22)


def test_individuals_chart_of_loans_as_montgomery_prints_it() -> None:
    chart = xmr_chart(LOANS, screen=False)
    assert chart.centre[0] == pytest.approx(300.5)
    assert (round(chart.upper[0], 2), round(chart.lower[0], 2)) == (321.22, 279.78)
    assert chart.signals == ()


def test_outlying_moving_ranges_are_screened_once() -> None:
    values = [0.0, 1, 0, 1, 0, 1, 0, 1, 0, 50]
    screened, raw = xmr_chart(values), xmr_chart(values, screen=False)
    assert screened.upper[0] == pytest.approx(5.4 + 2.66 * 1)
    assert raw.upper[0] == pytest.approx(5.4 + 2.66 * (8 + 50) / 9)
    assert screened.outside[9]


def test_limits_may_be_fixed_after_some_points() -> None:
    chart = xmr_chart([1, 2, 1, 2, 9, 9], fixed_points=4)
    assert chart.centre[0] == 1.5
    assert chart.signals == (4, 5)


@pytest.mark.parametrize(
    ("values", "marked"),
    [  # test-ptd_calculate_point_type.R: seven points on one side of the mean, every point of the run flagged
        ([1] * 6, [0] * 6),
        ([1] * 6 + [-1], [0] * 7),
        ([1] * 8 + [-1], [1] * 8 + [0]),
        ([-1] * 8 + [1], [1] * 8 + [0]),
        ([-1] + [1] * 8 + [-1], [0] + [1] * 8 + [0]),
        ([1, 1, 1, 0, 1, 1, 1, 1], [0] * 8),
    ],
)
def test_shift_as_nhsrplotthedots(values: list[float], marked: list[int]) -> None:
    assert nhs_rules(flat(values)).shift.astype(int).tolist() == marked


@pytest.mark.parametrize(
    ("values", "marked"),
    [  # the same file: seven points, each beyond the one before
        ([1, 2, 3, 4, 5, 6], [0] * 6),
        ([1, 2, 3, 3, 4, 5, 6], [0] * 7),
        ([1, 2, 3, 4, 5, 6, 7], [1] * 7),
        ([2, 1, 2, 3, 4, 5, 6, 7, 3], [0] + [1] * 7 + [0]),
        ([7, 6, 5, 4, 3, 2, 1], [1] * 7),
        ([2, 7, 6, 5, 4, 3, 2, 1, 3], [0] + [1] * 7 + [0]),
    ],
)
def test_trend_as_nhsrplotthedots(values: list[float], marked: list[int]) -> None:
    assert nhs_rules(flat([value / 10 for value in values])).trend.astype(int).tolist() == marked


@pytest.mark.parametrize(
    ("values", "marked"),
    [  # near is more than 2 of 3 sigma; the three points lie on one side, and only near ones are flagged
        ([2.5, 1, 2.5], [1, 0, 1]),
        ([1, 2.5, 2.5], [0, 1, 1]),
        ([1, 1, 2.5, 1, 2.5, 1, 1], [0, 0, 1, 0, 1, 0, 0]),
        ([2.5, 1, 1, 2.5], [0, 0, 0, 0]),
        ([2.5, -1, 2.5], [0, 0, 0]),
        ([-2.5, -2.5, -1], [1, 1, 0]),
        ([2.5, 3.5, 1], [0, 0, 0]),
    ],
)
def test_two_of_three_as_nhsrplotthedots(values: list[float], marked: list[int]) -> None:
    assert nhs_rules(flat(values)).two_of_three.astype(int).tolist() == marked


def test_two_points_near_opposite_limits_are_common_cause() -> None:
    """test-ptd_spc_standard.R: sixteen alternating points, the last two 5.5 and -5.5."""
    causes = nhs_rules(xmr_chart([1, -1] * 7 + [5.5, -5.5]))
    assert not causes.any[-2:].any()


def test_labels_name_the_broken_rules() -> None:
    causes = nhs_rules(flat([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 5]))
    assert causes.labels[0] == ("shift", "trend")
    assert causes.labels[6] == ("outside limits", "shift", "trend")
    assert nhs_rules(flat([0.0])).labels == ((),)


def test_a_period_without_answers_is_never_a_signal() -> None:
    chart = p_chart([1, 0, 2], [10, 0, 12])
    assert np.isfinite([chart.values, chart.lower, chart.upper]).all()
    assert (chart.lower[1], chart.upper[1], bool(chart.outside[1])) == (0, 1, False)


@pytest.mark.parametrize("events", [[0, 0], [4, 6]])
def test_no_event_and_only_events_have_finite_limits(events: list[int]) -> None:
    chart = p_chart(events, [4, 6])
    assert np.isfinite([chart.lower, chart.upper]).all()
    assert chart.signals == ()


def test_charts_of_nothing_are_named() -> None:
    with pytest.raises(NotEnoughData):
        xmr_chart([1.0])
    with pytest.raises(NotEnoughData):
        p_chart([0], [0])
