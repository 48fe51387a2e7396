"""What must hold for every input: order, grouping, units, empty strata, monotony, and finite answers."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.evidence import (
    comparisons,
    control_charts,
    cusum,
    follow_up,
    funnel,
    intervals,
    multiplicity,
    penalised,
    signals,
    trials,
)
from reporting.evidence.checks import EvidenceProblem, NotEstimable

INTERVALS = [intervals.wilson, intervals.clopper_pearson]
levels = st.sampled_from([0.5, 0.8, 0.95, 0.998])


@st.composite
def share(draw: st.DrawFn, most: int = 40) -> tuple[int, int]:
    """Events and their denominator, both possibly 0."""
    n = draw(st.integers(0, most))
    return draw(st.integers(0, n)), n


shares = st.lists(share(), min_size=1, max_size=6)


def numbers(value: object) -> Iterator[float]:
    """Every number within a result, however nested."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from numbers(getattr(value, field.name))
    elif isinstance(value, np.ndarray):
        yield from (float(item) for item in value.ravel())
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from numbers(item)
    elif isinstance(value, (int, float, np.number)):
        yield float(value)


def finite_or_named(function: object, *arguments: object, **options: object) -> None:
    """A result without NaN or infinity, or a named problem; a warning fails the test by itself."""
    try:
        result = function(*arguments, **options)  # type: ignore[operator]
    except EvidenceProblem:
        return
    assert np.isfinite(list(numbers(result))).all(), result


@given(share(200), levels)
def test_intervals_contain_the_estimate_and_stay_between_0_and_1(pair: tuple[int, int], level: float) -> None:
    events, n = pair
    for interval in INTERVALS:
        found = interval(events, n, level)
        assert 0 <= found.lower <= found.upper <= 1
        if n:
            assert found.lower - 1e-12 <= events / n <= found.upper + 1e-12


@given(share(60).filter(lambda pair: pair[1] > 0), st.integers(2, 20))
def test_intervals_shrink_with_n(pair: tuple[int, int], times: int) -> None:
    events, n = pair
    for interval in INTERVALS:
        assert interval(events * times, n * times).width < interval(events, n).width


@given(share(60).filter(lambda pair: pair[1] > 0))
def test_intervals_of_harm_and_of_no_harm_mirror_each_other(pair: tuple[int, int]) -> None:
    events, n = pair
    for interval in INTERVALS:
        first, second = interval(events, n), interval(n - events, n)
        assert first.lower == pytest.approx(1 - second.upper, abs=1e-9)


@given(share(60), share(60), levels)
def test_a_difference_contains_its_estimate_and_mirrors(
    first: tuple[int, int], second: tuple[int, int], level: float
) -> None:
    found, mirrored = intervals.newcombe(*first, *second, level), intervals.newcombe(*second, *first, level)
    assert found.lower == pytest.approx(-mirrored.upper, abs=1e-12)
    if first[1] and second[1]:
        assert first[0] / first[1] - second[0] / second[1] in intervals.Interval(
            found.lower - 1e-12, found.upper + 1e-12
        )


@given(st.integers(0, 300), st.floats(0.01, 1000), levels)
def test_rate_limits_contain_the_rate(events: int, exposure: float, level: float) -> None:
    for interval in (intervals.garwood, intervals.byar):
        found = interval(events, exposure, level)
        assert 0 <= found.lower <= events / exposure <= found.upper


@given(shares, shares)
def test_an_empty_stratum_moves_no_adjusted_ratio(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> None:
    size = min(len(first), len(second))
    a, n = zip(*first[:size], strict=True)
    c, m = zip(*second[:size], strict=True)
    base = comparisons.mantel_haenszel(a, n, c, m)
    more = comparisons.mantel_haenszel([*a, 0], [*n, 17], [*c, 0], [*m, 5])
    if base.strata:
        assert list(numbers(more.odds_ratio)) == pytest.approx(list(numbers(base.odds_ratio)), rel=1e-9)
        assert list(numbers(more.risk_ratio)) == pytest.approx(list(numbers(base.risk_ratio)), rel=1e-9)


@given(shares, shares, st.randoms())
def test_the_order_of_strata_does_not_matter(first: list, second: list, random: object) -> None:
    strata = [(*one, *two) for one, two in zip(first, second, strict=False)]
    shuffled = strata[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, two = (comparisons.mantel_haenszel(*zip(*order, strict=True)) for order in (strata, shuffled))
    assert list(numbers(one)) == pytest.approx(list(numbers(two)), rel=1e-9)
    assert one.test.note == two.test.note


@given(st.integers(0, 60), st.floats(0.01, 30))
def test_more_events_never_lower_a_signal(observed: int, expected: float) -> None:
    fewer, more = (trials.excess_p_values(np.array([k]), np.array([expected]))[0] for k in (observed, observed + 1))
    assert more <= fewer + 1e-12
    one, two = (signals.gamma_poisson([k], [expected], 0.04) for k in (observed, observed + 1))
    assert two.mean[0] > one.mean[0]
    assert two.probability_above[0] >= one.probability_above[0] - 1e-12


@given(share(20), share(20))
def test_more_events_never_weaken_an_exact_comparison(first: tuple[int, int], second: tuple[int, int]) -> None:
    events, n = first
    if events < n:
        fewer, more = comparisons.fisher(events, n, *second), comparisons.fisher(events + 1, n, *second)
        assert more.mid_p_greater <= fewer.mid_p_greater + 1e-9


@given(st.lists(st.tuples(st.booleans(), st.floats(0.001, 0.9)), min_size=1, max_size=40), st.integers(0, 39))
def test_an_event_more_never_lowers_a_cusum(trials: list[tuple[bool, float]], at: int) -> None:
    outcome, risk = np.array([t[0] for t in trials], dtype=float), np.array([t[1] for t in trials])
    more = outcome.copy()
    more[at % len(trials)] = 1
    low, high = (cusum.cusum(cusum.cusum_weights(y, risk)).values for y in (outcome, more))
    assert (high >= low - 1e-12).all()


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 1)), min_size=3, max_size=40))
def test_firth_of_any_small_table_is_finite_and_grouped_as_by_rows(rows: list[tuple[int, int, int]]) -> None:
    y = np.array([r[2] for r in rows], dtype=float)
    design = np.array([[1, skin, band == 1, band == 2] for skin, band, _ in rows], dtype=float)
    cells, of_row = np.unique(design, axis=0, return_inverse=True)
    if np.linalg.matrix_rank(design) < design.shape[1]:
        with pytest.raises(NotEstimable):
            penalised.firth(design, y)
        return
    by_rows = penalised.firth(design, y)
    by_cells = penalised.firth(cells, np.bincount(of_row, y), np.bincount(of_row))
    np.testing.assert_allclose(by_cells.coefficients, by_rows.coefficients, atol=1e-8)
    np.testing.assert_allclose(by_cells.fitted[of_row], by_rows.fitted, atol=1e-10)


@settings(max_examples=40)
@given(st.lists(share(12).filter(lambda pair: pair[1] > 0), min_size=3, max_size=8), st.floats(1e-3, 1e3))
def test_the_unit_of_a_parameter_changes_no_risk(table: list[tuple[int, int]], unit: float) -> None:
    dose = np.arange(len(table), dtype=float)
    events, trials = zip(*table, strict=True)
    one, two = (
        penalised.firth(np.column_stack([np.ones(len(table)), dose * scale]), events, trials) for scale in (1, unit)
    )
    np.testing.assert_allclose(one.fitted, two.fitted, atol=1e-9)


@settings(max_examples=40)
@given(shares, shares)
def test_tables_give_finite_or_named_answers(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> None:
    (a, n), (c, m) = first[0], second[0]
    events, trials = (np.array(column, dtype=float) for column in zip(*first, strict=True))
    finite_or_named(comparisons.mantel_haenszel, a, n, c, m)
    finite_or_named(comparisons.cochran_armitage, events, trials)
    finite_or_named(comparisons.fisher, a, n, c, m)
    finite_or_named(comparisons.binomial_excess, a, n, 0.1)
    finite_or_named(comparisons.compare_pairs, a, n - a, c, m - c)
    finite_or_named(control_charts.p_chart, events, trials)
    finite_or_named(follow_up.response_bounds, a, n, n + m)
    finite_or_named(follow_up.tipping_point, a, n, n + m, 0.2)


@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0, 20)), min_size=1, max_size=14))
def test_units_give_finite_or_named_answers(units: list[tuple[int, float]]) -> None:
    observed, expected = (np.array(column, dtype=float) for column in zip(*units, strict=True))
    for adjusted in (True, False):
        for transform in ("log", "square_root"):
            finite_or_named(funnel.funnel, observed, expected, adjusted=adjusted, transform=transform)
    finite_or_named(signals.gamma_poisson, observed, expected)
    finite_or_named(signals.gamma_poisson, observed, expected, 0.02, model_log_se=0.1)
    finite_or_named(comparisons.dersimonian_laird, observed, expected)
    finite_or_named(intervals.smr, observed[0], expected[0])


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 1)), max_size=30))
def test_follow_up_gives_finite_or_named_answers(people: list[tuple[int, int]]) -> None:
    time, event = [p[0] for p in people], [p[1] for p in people]
    for scale in ("log-log", "log", "plain"):
        finite_or_named(follow_up.kaplan_meier, time, event, scale=scale)
    if people:
        curve = follow_up.kaplan_meier(time, event)
        assert (np.diff(curve.survival) <= 0).all()
        assert ((curve.lower <= curve.survival) & (curve.survival <= curve.upper)).all()


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0.01, 1)), min_size=1, max_size=30))
def test_answers_give_finite_or_named_results(answers: list[tuple[int, float]]) -> None:
    outcome, probability = (np.array(column, dtype=float) for column in zip(*answers, strict=True))
    finite_or_named(cusum.cusum, cusum.cusum_weights(outcome, probability), 1.0)


@given(st.lists(st.floats(-1e6, 1e6), max_size=30))
def test_charts_give_finite_or_named_answers(values: list[float]) -> None:
    finite_or_named(control_charts.xmr_chart, values)
    if len(values) > 1:
        chart = control_charts.xmr_chart(values)
        assert len(control_charts.nhs_rules(chart).labels) == len(values)


@given(st.lists(st.floats(0, 1), max_size=20), st.randoms())
def test_false_discovery_does_not_depend_on_order(p_values: list[float], random: object) -> None:
    order = list(range(len(p_values)))
    random.shuffle(order)  # type: ignore[attr-defined]
    straight = multiplicity.benjamini_hochberg(p_values).q_values
    shuffled = multiplicity.benjamini_hochberg([p_values[k] for k in order]).q_values
    np.testing.assert_allclose(shuffled, straight[order] if order else straight, atol=1e-12)
    assert (straight >= np.array(p_values) - 1e-12).all()
