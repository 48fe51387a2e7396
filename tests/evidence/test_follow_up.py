"""Survival and non-response: what follow-up allows to say."""

import numpy as np
import pytest
import statsmodels.api as sm

from reporting.evidence.checks import ImpossibleData, NotEnoughData
from reporting.evidence.follow_up import (
    kaplan_meier,
    response_bounds,
    tipping_point,
)
from tests.evidence.reference_table import columns

AML = columns("aml_maintained.csv")


def test_leukaemia_as_survfit_prints_it() -> None:
    """summary(survfit(Surv(time, status) ~ x, data = aml)), maintained group, R's default log limits."""
    curve = kaplan_meier(AML["time"], AML["event"], scale="log")
    assert curve.time.tolist() == [9, 13, 18, 23, 31, 34, 48]
    assert curve.at_risk.tolist() == [11, 10, 8, 7, 5, 4, 2]
    np.testing.assert_allclose(curve.survival, [0.909, 0.818, 0.716, 0.614, 0.491, 0.368, 0.184], atol=5e-4)
    errors = [0.0867, 0.1163, 0.1397, 0.1526, 0.1642, 0.1627, 0.1535]
    np.testing.assert_allclose(curve.standard_error, errors, atol=5e-5)
    np.testing.assert_allclose(curve.lower, [0.7541, 0.6192, 0.4884, 0.3769, 0.2549, 0.1549, 0.0359], atol=5.1e-5)
    np.testing.assert_allclose(curve.upper, [1, 1, 1, 0.999, 0.946, 0.875, 0.944], atol=5.1e-4)


def test_survival_equals_statsmodels_with_ties() -> None:
    rng = np.random.default_rng(3)
    time, event = rng.integers(0, 30, 200).astype(float), rng.integers(0, 2, 200)
    ours, theirs = kaplan_meier(time, event), sm.SurvfuncRight(time, event)
    np.testing.assert_allclose(ours.time, theirs.surv_times, atol=0)
    np.testing.assert_allclose(ours.survival, theirs.surv_prob, atol=1e-12)
    np.testing.assert_allclose(ours.standard_error[:-1], theirs.surv_prob_se[:-1], atol=1e-12)


def test_the_naive_rate_of_immature_follow_up_is_too_low() -> None:
    """Half followed 10 days, half 60; harm comes evenly by day 50 to 20 % of everybody."""
    rng = np.random.default_rng(4)
    n = 4000
    onset = np.where(rng.random(n) < 0.2, rng.uniform(0, 50, n), np.inf)
    followed = np.where(np.arange(n) % 2, 10.0, 60.0)
    seen = onset <= followed
    curve = kaplan_meier(np.minimum(onset, followed), seen)
    estimate = curve.risk_by(60)
    assert seen.mean() < 0.14
    assert estimate.value == pytest.approx(0.2, abs=0.02)
    assert estimate.lower < 0.2 < estimate.upper


def test_survival_at_its_edges() -> None:
    nothing = kaplan_meier([5, 9], [0, 0])
    assert nothing.risk_by(7).value == 0
    assert nothing.risk_by(7).note == "no event yet"
    assert nothing.risk_by(10).note == "nobody has been followed that long"
    everybody = kaplan_meier([5], [1])
    assert everybody.survival.tolist() == [0]
    assert np.isfinite([everybody.lower, everybody.upper, everybody.standard_error]).all()
    assert everybody.risk_by(5).value == 1
    with pytest.raises(ImpossibleData):
        kaplan_meier([-1.0], [1])
    with pytest.raises(NotEnoughData):
        kaplan_meier([], [])


def test_bounds_and_tipping_point() -> None:
    bounds = response_bounds(9, 60, 100)
    assert (bounds.answered_rate, bounds.if_none, bounds.if_all, bounds.response_rate) == (
        0.15,
        0.09,
        0.49,
        0.6,
    )
    assert response_bounds(0, 0, 5).note == "no answers"
    assert response_bounds(0, 0, 0).note == "nobody was asked"
    tip = tipping_point(9, 60, 100, 0.25)
    assert tip.silent_rate == pytest.approx(0.4)
    assert tip.ratio_to_answered == pytest.approx(0.4 / 0.15)
    assert tip.sentence == (
        "The rate would be 25.0 % if 40.0 % of the silent were affected, 2.7 times the rate among those who answered."
    )
    assert "even if all of the silent" in tipping_point(9, 60, 100, 0.6).sentence
    assert "even if none of them" in tipping_point(9, 60, 100, 0.05).sentence
    assert tipping_point(9, 60, 60, 0.5).silent_rate is None
    assert tipping_point(0, 50, 100, 0.1).ratio_to_answered is None
