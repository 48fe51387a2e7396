"""Rates, survival, calibration and non-response: what follow-up allows to say."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit

from reporting.evidence.calibration import calibration, calibration_bands
from reporting.evidence.checks import ImpossibleData, NotEnoughData
from reporting.evidence.nonresponse import (
    compare_response,
    hajek_rate,
    rate_if_affected_answer_more,
    response_bounds,
    tipping_point,
)
from reporting.evidence.rates import assign_bands, group_rates, quantile_bands, rate
from reporting.evidence.survival import follow_up_completeness, kaplan_meier, risk_from_hazards
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


def test_risk_from_hazards_and_completeness() -> None:
    assert risk_from_hazards([0.1, 0.2, 0.0]) == pytest.approx(1 - 0.9 * 0.8, abs=1e-14)
    assert risk_from_hazards([0.3, 1.0]) == pytest.approx(1)
    assert follow_up_completeness([10, 80], [56, 56]) == pytest.approx(66 / 112)
    with pytest.raises(NotEnoughData):
        follow_up_completeness([0], [0])


def predictions(n: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(9)
    risk = expit(rng.normal(-2, 1, n))
    return (rng.random(n) < expit(0.3 + 0.8 * logit(risk))).astype(float), risk


def test_calibration_equals_statsmodels() -> None:
    y, risk = predictions()
    found = calibration(y, risk)
    binomial = sm.families.Binomial()
    large = sm.GLM(y, np.ones(len(y)), binomial, offset=logit(risk)).fit(tol=1e-14)
    line = sm.GLM(y, sm.add_constant(logit(risk)), binomial).fit(tol=1e-14)
    assert found.in_the_large.value == pytest.approx(large.params[0], abs=1e-9)
    assert (found.intercept, found.slope.value) == pytest.approx(tuple(line.params), abs=1e-9)
    assert (found.slope.lower, found.slope.upper) == pytest.approx(tuple(line.conf_int()[1]), abs=1e-8)
    assert found.observed_over_expected.value == pytest.approx(y.sum() / risk.sum())
    assert found.brier == pytest.approx(((y - risk) ** 2).mean(), abs=1e-12)


def test_grouped_calibration_equals_rows() -> None:
    y, risk = predictions(500)
    rounded = np.round(risk, 2).clip(0.01)
    levels, index = np.unique(rounded, return_inverse=True)
    by_rows = calibration(y, rounded)
    by_cells = calibration(np.bincount(index, y), levels, np.bincount(index))
    assert by_cells.slope.value == pytest.approx(by_rows.slope.value, abs=1e-10)
    assert by_cells.brier == pytest.approx(by_rows.brier, abs=1e-12)


def test_bands_of_risk_hold_everybody_once() -> None:
    y, risk = predictions(1000)
    bands = calibration_bands(y, risk, groups=10)
    assert bands.trials.sum() == 1000
    assert bands.events.sum() == y.sum()
    np.testing.assert_allclose(bands.trials, 100, atol=1)
    assert (np.diff(bands.mean_risk) > 0).all()
    assert ((bands.lower <= bands.observed) & (bands.observed <= bands.upper)).all()
    assert len(calibration_bands([0, 1], [0.2, 0.2]).trials) == 1


def test_calibration_without_slope_is_named() -> None:
    for y, risk in (([0, 0], [0.1, 0.2]), ([1, 1], [0.1, 0.2]), ([0, 1], [0.1, 0.1])):
        with pytest.raises(NotEnoughData):
            calibration(y, risk)
    with pytest.raises(ImpossibleData):
        calibration([0, 1], [0.0, 0.5])


def test_hajek_rate_equals_weighted_regression_with_robust_variance() -> None:
    rng = np.random.default_rng(12)
    y, p = (rng.random(200) < 0.2).astype(float), rng.uniform(0.3, 0.9, 200)
    found = hajek_rate(y, p, cap_quantile=None)
    theirs = sm.WLS(y, np.ones(200), weights=1 / p).fit(cov_type="HC0")
    assert found.rate.value == pytest.approx(theirs.params[0], abs=1e-12)
    assert found.standard_error == pytest.approx(theirs.bse[0], abs=1e-12)
    assert found.effective_n == pytest.approx((1 / p).sum() ** 2 / (1 / p**2).sum())


def test_weights_repair_what_they_explain() -> None:
    rng = np.random.default_rng(13)
    dark = rng.random(20000) < 0.5
    harmed, answers = (
        rng.random(20000) < np.where(dark, 0.3, 0.1),
        rng.random(20000) < np.where(dark, 0.3, 0.9),
    )
    p = np.where(dark, 0.3, 0.9)[answers]
    assert harmed[answers].mean() < 0.17
    assert hajek_rate(harmed[answers], p).rate.value == pytest.approx(0.2, abs=0.015)


def test_weights_are_capped_and_equal_answers_have_limits() -> None:
    p = np.full(200, 0.5)
    p[0] = 1e-4
    assert hajek_rate(np.zeros(200), p).weights.max() < 200
    none = hajek_rate(np.zeros(30), np.full(30, 0.5)).rate
    assert (none.value, none.note) == (0, "every weighted answer is the same")
    assert 0.05 < none.upper < 0.2
    with pytest.raises(ImpossibleData):
        hajek_rate([1], [0.0])


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


@pytest.mark.parametrize("odds_ratio", [0.5, 1.0, 1.4, 2.0])
def test_selective_answering_is_undone_exactly(odds_ratio: float) -> None:
    true, q = 0.2, 0.6
    x = odds_ratio * q / (1 - q) / (1 + odds_ratio * q / (1 - q))
    asked = 100000
    events, answered = true * x * asked, (true * x + (1 - true) * q) * asked
    found = rate_if_affected_answer_more(events, answered, asked, odds_ratio)  # type: ignore[arg-type]
    assert found == pytest.approx(true, abs=1e-9)
    assert rate_if_affected_answer_more(0, 0, 10, odds_ratio) is None


def test_unequal_response_makes_a_comparison_unreliable() -> None:
    assert compare_response([60, 55], [100, 100]).reliable
    assert compare_response([90, 55], [100, 100]).reason == "response differs by 35 points between groups"
    assert compare_response([30, 35], [100, 100]).reason == "one group answered only 30 %"
    assert compare_response([60, 0], [100, 0]).reliable
    with pytest.raises(NotEnoughData):
        compare_response([0], [0])


def test_rates_by_group_keep_their_order_and_label_what_is_missing() -> None:
    rows = group_rates(["b", "a", "b", "c"], [2, 1, 1, 0], [10, 4, 10, 0], expected=[1, 0.5, 1, 0])
    assert [row.group for row in rows] == ["b", "a", "c"]
    assert (rows[0].events, rows[0].answered, rows[0].rate.value) == (3, 20, 0.15)
    assert rows[0].ratio.value == pytest.approx(1.5)
    assert [row.note for row in rows] == ["", "not enough data", "no answers"]
    assert rows[2].rate.value is None
    assert rows[2].ratio.note == "nothing expected yet"
    assert group_rates(["a"], [1], [2])[0].ratio.note == "no expectation"
    assert rate(0, 0).note == "no answers"


def test_bands_are_cut_within_their_stratum_and_stay_fixed() -> None:
    values = np.concatenate([np.arange(1, 9), 100 * np.arange(1, 9)]).astype(float)
    strata = ["A"] * 8 + ["B"] * 8
    bands, cuts = quantile_bands(values, strata, 4)
    assert bands.tolist() == [0, 0, 1, 1, 2, 2, 3, 3] * 2
    assert assign_bands([0.0, 9999.0], ["A", "B"], cuts).tolist() == [0, 3]
    assert assign_bands([2.0, 2.1], ["A", "A"], {"A": np.array([2.0])}).tolist() == [0, 1]
    with pytest.raises(NotEnoughData, match="C"):
        assign_bands([1.0], ["C"], cuts)
