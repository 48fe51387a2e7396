"""Did it help: an exact comparison of observed over expected, and the expectations that it rests on."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from reporting.evidence.backtest import compare_before_after
from reporting.evidence.checks import NotEnoughData
from reporting.evidence.trials import excess_p_values, expected_events
from tools.simulation.clinics import simulate
from tools.simulation.files import Network, network


@pytest.fixture(scope="module")
def clinics() -> Network:
    drawn = simulate(3, "null_stable", clinics=2, per_week=12.0)
    return network(*(drawn.files[name] for name in ("treatments", "checkins", "devices")))


def test_limits_are_those_of_the_binomial_given_the_total() -> None:
    """40 observed, 11.3 expected before; 12 and 10.9 after: limits from SciPy's exact interval of 12 in 52."""
    found = compare_before_after(40, 11.3, 12, 10.9)
    exact = stats.binomtest(12, 52).proportion_ci(0.95, method="exact")
    assert found.ratio == pytest.approx((12 / 10.9) / (40 / 11.3), abs=1e-12)
    assert found.lower == pytest.approx(exact.low / (1 - exact.low) * 11.3 / 10.9, abs=1e-10)
    assert found.upper == pytest.approx(exact.high / (1 - exact.high) * 11.3 / 10.9, abs=1e-10)
    share = 11.3 / (11.3 + 10.9)
    mid = stats.binom.sf(40, 52, share) + stats.binom.pmf(40, 52, share) / 2
    assert found.p_lower == pytest.approx(mid, abs=1e-12)
    assert found.words.startswith("It helped")


def test_no_change_is_not_called_one() -> None:
    assert compare_before_after(10, 5.0, 10, 5.0).words.startswith("Not known yet")
    assert compare_before_after(4, 10.0, 40, 10.0).words.startswith("It got worse")


def test_nobody_affected_before_is_labelled_and_nothing_at_all_refused() -> None:
    found = compare_before_after(0, 3.0, 4, 3.0)
    assert (found.ratio, found.upper, found.note) == (None, None, "nobody was affected before")
    with pytest.raises(NotEnoughData):
        compare_before_after(0, 3.0, 0, 3.0)
    with pytest.raises(NotEnoughData):
        compare_before_after(3, 0.0, 2, 3.0)


counts, due = st.integers(0, 200), st.floats(0.05, 300)


@given(counts, due, counts, due)
def test_the_interval_holds_the_ratio_and_everything_is_finite(o0: int, e0: float, o1: int, e1: float) -> None:
    if o0 + o1 == 0:
        return
    found = compare_before_after(o0, e0, o1, e1)
    numbers = [found.lower, found.p_lower, *(v for v in (found.ratio, found.upper) if v is not None)]
    assert np.isfinite(numbers).all()
    if found.ratio is not None:
        assert found.lower <= found.ratio * (1 + 1e-9)
        assert found.upper is None or found.ratio <= found.upper * (1 + 1e-9)
        assert compare_before_after(o0, e0, o1 + 1, e1).ratio > found.ratio


def test_expectations_add_up_to_the_events_they_were_fitted_to(clinics: Network) -> None:
    found = expected_events(clinics.areas, clinics.check_ins, "hyperpigmentation")
    assert found.events.sum() > 50
    assert found.expected.sum() == pytest.approx(found.events.sum(), rel=1e-6)
    assert ((found.trials > 0) >= (found.expected > 0)).all()


def test_expectations_do_not_depend_on_the_order_of_rows_or_on_later_answers(clinics: Network) -> None:
    whole = expected_events(clinics.areas, clinics.check_ins, "burning", fit_until_day=400, counted=(100, 400))
    shuffled = expected_events(
        clinics.areas,
        clinics.check_ins.sample(frac=1, random_state=1),
        "burning",
        fit_until_day=400,
        counted=(100, 400),
    )
    np.testing.assert_allclose(shuffled.expected, whole.expected, atol=1e-10)
    known = clinics.check_ins["answered_day"] <= 400
    changed = clinics.check_ins.assign(burning=clinics.check_ins["burning"].where(known, 1.0))
    later = expected_events(clinics.areas, changed, "burning", fit_until_day=400, counted=(100, 400))
    np.testing.assert_array_equal(later.events, whole.events)
    np.testing.assert_allclose(later.expected, whole.expected, atol=1e-10)


def test_too_few_events_carry_no_expectation(clinics: Network) -> None:
    quiet = clinics.check_ins.assign(burning=pd.Series(0.0, index=clinics.check_ins.index))
    with pytest.raises(NotEnoughData, match="needs 20 or more"):
        expected_events(clinics.areas, quiet, "burning")


def test_many_p_values_at_once_are_those_of_one_count_at_a_time() -> None:
    observed, expected = np.array([0.0, 0.0, 1.0, 3.0, 40.0, 7.0]), np.array([0.4, 12.0, 0.01, 3.0, 11.3, 25.0])
    wanted = stats.poisson.sf(observed, expected) + stats.poisson.pmf(observed, expected) / 2
    np.testing.assert_allclose(excess_p_values(observed, expected), wanted, rtol=1e-9)
