"""Funnels, shrinkage, pooling and false discovery: comparing units without ranking them."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from reporting.evidence import multiplicity
from reporting.evidence.checks import ImpossibleData, NotEnoughData, NotEstimable
from reporting.evidence.comparisons import dersimonian_laird
from reporting.evidence.funnel import (
    adjusted_limits,
    funnel,
    over_dispersion,
    poisson_limits,
    prediction_limits,
)
from reporting.evidence.signals import estimate_tau2, gamma_poisson
from tests.evidence.reference_table import columns

MEDPAR = {name: np.array(values) for name, values in columns("medpar.csv").items()}
SURGERY = {name: np.array(values) for name, values in columns("paediatric_surgery.csv").items()}


def test_poisson_limits_as_funnelplotr_prints_them() -> None:
    """test-poisson_limits.R; the limits it calls 99 are 99.8 %."""
    warning, action = poisson_limits([15, 20, 30]), poisson_limits([15, 20, 30], 0.998)
    np.testing.assert_allclose(warning.lower, [0.5596924, 0.6108260, 0.6746958], atol=5e-8)
    np.testing.assert_allclose(warning.upper, [1.649348, 1.544419, 1.427562], atol=5e-7)
    np.testing.assert_allclose(action.lower, [0.3862650, 0.4479107, 0.5289724], atol=5e-8)
    np.testing.assert_allclose(action.upper, [2.082907, 1.902094, 1.702771], atol=5e-7)


def test_hospitals_outside_are_as_many_as_funnelplotr_counts() -> None:
    """README of FunnelPlotR: of 54 hospitals 25 lie outside Poisson and 9 outside SHMI limits."""
    plain = funnel(MEDPAR["observed"], MEDPAR["expected"], adjusted=False, limits="chi_square")
    adjusted = funnel(MEDPAR["observed"], MEDPAR["expected"], transform="log", limits="chi_square")
    assert len(plain.zone) == 54
    assert sum("99.8" in zone for zone in plain.zone) == 25
    assert sum("99.8" in zone for zone in adjusted.zone) == 9


def test_over_dispersion_by_its_formula() -> None:
    """Spiegelhalter 2005: winsorised z, phi their mean square, tau² by moments with w = 1/s²."""
    o, e = MEDPAR["observed"], MEDPAR["expected"]
    z = 2 * (np.sqrt(o) - np.sqrt(e))
    z = np.clip(z, *np.quantile(z, [0.1, 0.9]))
    phi, w, k = (z**2).mean(), 4 * e, len(o)
    tau2 = (k * phi - (k - 1)) / (w.sum() - (w**2).sum() / w.sum())
    found = over_dispersion(o, e)
    assert (found.phi, found.tau2) == (pytest.approx(phi, abs=1e-8), pytest.approx(tau2, abs=1e-8))
    assert np.abs(found.adjusted_z).max() < np.abs(found.z).max()


def test_no_spread_is_no_over_dispersion() -> None:
    found = over_dispersion([10, 20, 30, 12], [10, 20, 30, 12])
    assert (found.phi, found.tau2) == (0, 0)


def test_prediction_limits_hold_their_probability() -> None:
    """At whole limits the tail is exact; elsewhere the limit lies between the counts around it."""
    limits = prediction_limits([3.1, 12.0, 80.0], 0.95)
    for e, low, high in zip([3.1, 12.0, 80.0], limits.lower * [3.1, 12, 80], limits.upper * [3.1, 12, 80], strict=True):
        assert stats.poisson.cdf(np.floor(high) - 1, e) <= 0.975 <= stats.poisson.cdf(np.ceil(high), e)
        assert stats.poisson.cdf(np.ceil(low) - 1, e) <= 0.025 + stats.poisson.pmf(np.ceil(low), e)


def test_few_units_use_the_assumed_spread() -> None:
    found = funnel([3, 5, 2], [3.0, 4.0, 2.5])
    assert (found.phi, found.tau2) == (None, pytest.approx(0.075**2))
    assert found.tau2_note == "assumed: fewer than 10 units"


def test_units_without_expectation_or_events_are_finite_and_labelled() -> None:
    assert stats.poisson.cdf(0, 4) > 0.001
    for adjusted in (True, False):
        found = funnel([0, 0, 30], [0.0, 4.0, 4.0], adjusted=adjusted)
        assert found.zone[::2] == ("nothing expected", "above 99.8 %")
        assert "99.8" not in found.zone[1]
    for limits in (found.warning, found.action, adjusted_limits([0.0, 1.0], 0.01, transform="log")):
        assert np.isfinite([limits.lower, limits.upper]).all()
    with pytest.raises(NotEstimable, match="log"):
        over_dispersion([0, 3], [2.0, 2.0], "log")
    with pytest.raises(NotEnoughData):
        over_dispersion([3], [2.0])


def test_none_of_47_is_not_zero() -> None:
    """The random-effects model of BUGS gives hospital A, 0 of 47, a mean risk of 5.3 %."""
    rate = SURGERY["deaths"].sum() / SURGERY["operations"].sum()
    poisson = gamma_poisson(SURGERY["deaths"], SURGERY["operations"] * rate)
    assert poisson.mean[0] * rate == pytest.approx(0.053, abs=0.002)


def test_gamma_poisson_in_closed_form() -> None:
    found = gamma_poisson([0, 9, 4], [2.0, 3.1, 4.0], tau2=0.04, threshold=1.5)
    shape, rate = 25 + np.array([0, 9, 4]), 25 + np.array([2.0, 3.1, 4.0])
    np.testing.assert_allclose(found.mean, shape / rate, atol=1e-12)
    np.testing.assert_allclose(found.lower, stats.gamma.ppf(0.025, shape, scale=1 / rate), rtol=1e-10)
    np.testing.assert_allclose(found.probability_above, stats.gamma.sf(1.5, shape, scale=1 / rate), atol=1e-14)
    wider = gamma_poisson([0, 9, 4], [2.0, 3.1, 4.0], tau2=0.04, model_log_se=0.1)
    assert (wider.lower < found.lower).all()
    assert (wider.upper > found.upper).all()


def test_the_spread_maximises_the_negative_binomial_likelihood() -> None:
    o = SURGERY["deaths"]
    e = SURGERY["operations"] * o.sum() / SURGERY["operations"].sum()
    tau2 = estimate_tau2(o, e)

    def likelihood(t: float) -> float:
        return float(stats.nbinom.logpmf(o, 1 / t, 1 / (1 + t * e)).sum())

    assert likelihood(tau2) > max(likelihood(tau2 * 1.01), likelihood(tau2 / 1.01))
    assert estimate_tau2([10, 20, 30], [10.0, 20.0, 30.0]) == 0
    assert gamma_poisson([10, 20], [10.0, 20.0]).note == "no spread between units beyond chance"


def test_bcg_trials_as_metafor_prints_them() -> None:
    """rma(yi, vi, data = dat, method = "DL") of log risk ratios."""
    t = {name: np.array(values) for name, values in columns("bcg.csv").items()}
    n, m = t["tpos"] + t["tneg"], t["cpos"] + t["cneg"]
    effect = np.log(t["tpos"] / n / (t["cpos"] / m))
    found = dersimonian_laird(effect, 1 / t["tpos"] - 1 / n + 1 / t["cpos"] - 1 / m)
    printed = (-0.7141, 0.1787, -1.0644, -0.3638, 0.3088, 0.9212)
    values = (found.value, found.standard_error, found.lower, found.upper, found.tau2, found.i2)
    assert tuple(round(value, 4) for value in values) == printed
    assert round(found.q, 3) == 152.233


def test_one_unit_pools_to_itself_and_none_is_named() -> None:
    one = dersimonian_laird([0.3], [0.04])
    assert (one.value, one.tau2, one.standard_error) == (0.3, 0, pytest.approx(0.2))
    assert dersimonian_laird([0.3, 0.3], [0.04, 0.1]).i2 == 0
    with pytest.raises(NotEnoughData):
        dersimonian_laird([], [])
    with pytest.raises(ImpossibleData):
        dersimonian_laird([0.3], [0])


def test_false_discoveries_as_benjamini_and_hochberg_print_them() -> None:
    """At 0.05 the procedure rejects the four smallest of fifteen."""
    p = columns("benjamini_hochberg.csv")["p_value"]
    found = multiplicity.benjamini_hochberg(p, 0.05)
    assert found.rejected.tolist() == [True] * 4 + [False] * 11
    q = multiplicity.benjamini_hochberg(p[::-1], 0.05).q_values
    np.testing.assert_allclose(q, multipletests(p[::-1], 0.05, "fdr_bh")[1], atol=1e-12)


def test_a_scan_counts_every_cell_it_looked_at() -> None:
    found = multiplicity.scan([0.001, 0.001, 0.001, 0.9], [9, 2, 9, 0], [60, 60, 4, 60], rate=0.1)
    assert found.n_tested == 3
    assert found.signal.tolist() == [True, False, False, False]
    assert found.q_values[2] == 1
    empty = multiplicity.scan([0.2], [0], [0])
    assert (empty.n_tested, empty.signal.tolist()) == (0, [False])
    assert multiplicity.benjamini_hochberg([]).tested == 0
