"""Intervals against the tables they were published with, and at their edges."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from reporting.evidence import intervals
from reporting.evidence.checks import ImpossibleData, NotEnoughData
from reporting.evidence.intervals import Estimate, Interval
from tests.evidence.reference_table import rows

METHODS = {
    "wilson": intervals.wilson,
    "clopper_pearson": intervals.clopper_pearson,
}


@pytest.mark.parametrize("row", rows("newcombe_1998_single.csv"), ids=lambda r: f"{r['method']} {r['events']}")
def test_one_proportion_as_printed_by_newcombe(row: dict[str, str]) -> None:
    limits = METHODS[row["method"]](int(row["events"]), int(row["n"]))
    assert (round(limits.lower, 4), round(limits.upper, 4)) == (float(row["lower"]), float(row["upper"]))


@pytest.mark.parametrize("row", rows("newcombe_1998_difference.csv"), ids=lambda r: f"{r['a']}/{r['m']}")
def test_difference_as_printed_by_newcombe(row: dict[str, str]) -> None:
    limits = intervals.newcombe(int(row["a"]), int(row["m"]), int(row["b"]), int(row["n"]))
    assert (round(limits.lower, 4), round(limits.upper, 4)) == (float(row["lower"]), float(row["upper"]))


@pytest.mark.parametrize("level", [0.8, 0.95, 0.998])
@pytest.mark.parametrize(("events", "n"), [(0, 1), (1, 1), (0, 30), (3, 30), (29, 30), (30, 30), (7, 5000)])
def test_one_proportion_equals_statsmodels(events: int, n: int, level: float) -> None:
    for ours, theirs in (("wilson", "wilson"), ("clopper_pearson", "beta")):
        expected = proportion_confint(events, n, 1 - level, theirs)
        assert tuple(METHODS[ours](events, n, level)) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("events", [0, 1, 5, 10, 47])
def test_exact_rate_limits_equal_the_poisson_tails(events: int) -> None:
    limits = intervals.garwood(events)
    assert stats.poisson.cdf(events, limits.upper) == pytest.approx(0.025, abs=1e-10)
    if events:
        assert stats.poisson.sf(events - 1, limits.lower) == pytest.approx(0.025, abs=1e-10)


@pytest.mark.parametrize("row", rows("garwood_poisson.csv"), ids=lambda r: r["events"])
def test_rate_limits_as_printed_in_poisson_tables(row: dict[str, str]) -> None:
    limits = intervals.garwood(int(row["events"]))
    digits = len(row["upper"].partition(".")[2])
    assert (round(limits.lower, digits), round(limits.upper, digits)) == (
        float(row["lower"]),
        float(row["upper"]),
    )


def test_byar_is_close_to_the_exact_limits_and_scales_with_exposure() -> None:
    exact, near = intervals.garwood(10, 4), intervals.byar(10, 4)
    assert tuple(near) == pytest.approx(tuple(exact), rel=2e-3)
    assert tuple(near) == pytest.approx([limit / 4 for limit in intervals.byar(10)], rel=1e-12)


def test_smr_is_observed_over_expected_with_either_limits() -> None:
    ratio = intervals.smr(9, 3.1)
    assert ratio.value == pytest.approx(9 / 3.1)
    assert (ratio.lower, ratio.upper) == pytest.approx(tuple(intervals.garwood(9, 3.1)))
    assert intervals.smr(9, 3.1, method="byar").lower == pytest.approx(intervals.byar(9, 3.1).lower)


def test_nothing_expected_is_labelled() -> None:
    assert intervals.smr(0, 0) == Estimate(None, None, None, 0.95, "nothing expected yet")


@pytest.mark.parametrize("method", [intervals.wilson, intervals.clopper_pearson])
def test_no_answers_is_labelled(method: object) -> None:
    assert method(0, 0) == Interval(0.0, 1.0, 0.95, "no answers")  # type: ignore[operator]


def test_no_answers_on_one_side_of_a_difference_is_labelled() -> None:
    assert intervals.newcombe(3, 7, 0, 0) == Interval(-1, 1, 0.95, "no answers")
    assert intervals.newcombe_paired(0, 0, 0, 0) == Interval(-1, 1, 0.95, "no answers")


def test_many_proportions_at_once_equal_one_by_one() -> None:
    events, n = np.array([0, 0, 3, 9, 9]), np.array([0, 9, 9, 9, 1000])
    lower, upper = intervals.wilson_bounds(events, n)
    singles = [tuple(intervals.wilson(e, m)) for e, m in zip(events, n, strict=True)]
    np.testing.assert_allclose(np.column_stack([lower, upper]), singles, atol=1e-15)


def test_no_event_in_n_has_the_rule_of_three_limit() -> None:
    assert intervals.zero_events_upper(60) == pytest.approx(1 - 0.05 ** (1 / 60))
    assert intervals.zero_events_upper(0) == 1


@pytest.mark.parametrize(("events", "n"), [(-1, 5), (6, 5), (float("nan"), 5), (1, float("inf"))])
def test_impossible_counts_are_refused(events: float, n: float) -> None:
    with pytest.raises(ImpossibleData):
        intervals.wilson(events, n)


def test_impossible_levels_and_methods_are_refused() -> None:
    with pytest.raises(ImpossibleData, match="level"):
        intervals.wilson(1, 5, 95)
    with pytest.raises(ImpossibleData, match="method"):
        intervals.smr(1, 5, method="wald")


def test_a_rate_without_exposure_is_a_named_problem() -> None:
    with pytest.raises(NotEnoughData):
        intervals.garwood(0, 0)
