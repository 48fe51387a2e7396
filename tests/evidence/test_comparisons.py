"""Stratified, exact and paired comparisons against R's examples and the papers' tables."""

import numpy as np
import pytest
import scipy.stats
from statsmodels.stats.contingency_tables import StratifiedTable

from reporting.evidence.comparisons import (
    binomial_excess,
    cochran_armitage,
    compare_pairs,
    fisher,
    mantel_haenszel,
    mcnemar,
    odds_ratio,
    risk_ratio,
)
from reporting.evidence.intervals import newcombe_paired

# Bickel, Hammel & O'Connell, Science 1975;187:398: men admitted, men, women admitted, women by department.
BERKELEY = (
    [512, 353, 120, 138, 53, 22],
    [825, 560, 325, 417, 191, 373],
    [89, 17, 202, 131, 94, 24],
    [108, 25, 593, 375, 393, 341],
)
# Agresti, Categorical Data Analysis 1990, p. 233, penicillin in rabbits; example of R's mantelhaen.test.
RABBITS = ([0, 3, 6, 5, 2], [6, 6, 6, 6, 2], [0, 0, 2, 6, 5], [5, 6, 6, 6, 5])


def test_mantel_haenszel_of_berkeley_admissions_as_r_prints_it() -> None:
    result = mantel_haenszel(*BERKELEY)
    ratio = result.odds_ratio
    assert (ratio.value, ratio.lower, ratio.upper) == pytest.approx((0.9046968, 0.7719074, 1.0603298), abs=5e-8)
    assert result.corrected_test.statistic == pytest.approx(1.4269, abs=5e-5)
    assert result.corrected_test.p_value == pytest.approx(0.2323, abs=5e-5)
    assert result.test.statistic == pytest.approx(1.5246, abs=5e-5)


def test_mantel_haenszel_of_rabbits_as_r_prints_it() -> None:
    result = mantel_haenszel(*RABBITS)
    ratio = result.odds_ratio
    assert (ratio.value, ratio.lower, ratio.upper) == pytest.approx((7, 1.026713, 47.725133), abs=5e-7)
    assert result.corrected_test.statistic == pytest.approx(3.9286, abs=5e-5)
    assert result.corrected_test.p_value == pytest.approx(0.04747, abs=5e-6)


def test_mantel_haenszel_equals_statsmodels() -> None:
    a, n1, c, n0 = (np.array(column) for column in BERKELEY)
    tables = [np.array([[a[k], n1[k] - a[k]], [c[k], n0[k] - c[k]]]) for k in range(len(a))]
    theirs, ours = StratifiedTable(tables), mantel_haenszel(a, n1, c, n0)
    assert ours.odds_ratio.value == pytest.approx(theirs.oddsratio_pooled, abs=1e-10)
    assert (ours.odds_ratio.lower, ours.odds_ratio.upper) == pytest.approx(theirs.oddsratio_pooled_confint(), abs=1e-8)
    assert ours.risk_ratio.value == pytest.approx(theirs.riskratio_pooled, abs=1e-10)
    assert ours.corrected_test.p_value == pytest.approx(theirs.test_null_odds(correction=True).pvalue, abs=1e-10)


def test_one_stratum_has_the_classical_log_limits() -> None:
    ratio, odds = risk_ratio(13, 21, 5, 21), odds_ratio(13, 21, 5, 21)
    error = np.sqrt(1 / 13 - 1 / 21 + 1 / 5 - 1 / 21)
    assert ratio.lower == pytest.approx(2.6 * np.exp(-1.959963984540054 * error), abs=1e-10)
    woolf = np.sqrt(1 / 13 + 1 / 8 + 1 / 5 + 1 / 16)
    assert odds.upper == pytest.approx(odds.value * np.exp(1.959963984540054 * woolf), abs=1e-10)


@pytest.mark.parametrize("empty", [(0, 9, 0, 12), (0, 0, 3, 5), (4, 6, 0, 0), (0, 0, 0, 0)])
def test_a_stratum_without_events_or_without_one_group_moves_no_ratio(empty: tuple[int, ...]) -> None:
    base = mantel_haenszel(*BERKELEY)
    more = mantel_haenszel(*[[*column, extra] for column, extra in zip(BERKELEY, empty, strict=True)])
    assert more.odds_ratio.value == pytest.approx(base.odds_ratio.value, rel=1e-12)
    assert more.risk_ratio.value == pytest.approx(base.risk_ratio.value, rel=1e-12)


@pytest.mark.parametrize(
    ("table", "note"),
    [
        ((0, 9, 0, 12), "no events"),
        ((3, 9, 0, 12), "no events in one group"),
        ((3, 9, 0, 0), "no stratum holds both groups"),
    ],
)
def test_ratios_that_do_not_exist_are_labelled(table: tuple[int, ...], note: str) -> None:
    result = mantel_haenszel(*table).risk_ratio
    assert (result.value, result.lower, result.upper, result.note) == (None, None, None, note)


def test_trend_of_smokers_as_r_prints_it() -> None:
    """prop.trend.test(c(83, 90, 129, 70), c(86, 93, 136, 82)); data of Fleiss 1981, p. 139."""
    trend = cochran_armitage([83, 90, 129, 70], [86, 93, 136, 82])
    assert trend.statistic == pytest.approx(8.2249, abs=5e-5)
    assert trend.p_value == pytest.approx(0.004132, abs=5e-7)


def test_a_trend_that_is_not_computable_is_labelled() -> None:
    assert cochran_armitage([0, 0], [5, 6]).note == "no events"
    assert cochran_armitage([5, 6], [5, 6]).note == "all had the event"
    assert cochran_armitage([1, 0, 0], [5, 0, 0]).note == "only one band"


def test_an_empty_band_does_not_move_the_trend() -> None:
    full = cochran_armitage([1, 5], [20, 20], scores=[1, 3])
    assert cochran_armitage([1, 0, 5], [20, 0, 20]) == full


def test_tea_tasting_as_r_prints_it() -> None:
    """fisher.test(TeaTasting): Agresti 1990, p. 61."""
    result = fisher(3, 4, 1, 4)
    assert (result.two_sided, result.greater) == pytest.approx((0.4857, 0.2429), abs=5e-5)


@pytest.mark.parametrize("table", [(0, 5, 3, 9), (5, 5, 0, 9), (1, 50, 0, 1), (7, 12, 7, 12)])
def test_fisher_equals_scipy(table: tuple[int, int, int, int]) -> None:
    a, n, c, m = table
    cells = [[a, n - a], [c, m - c]]
    result = fisher(*table)
    assert result.two_sided == pytest.approx(scipy.stats.fisher_exact(cells)[1], abs=1e-10)
    assert result.greater == pytest.approx(scipy.stats.fisher_exact(cells, "greater")[1], abs=1e-10)
    here = scipy.stats.hypergeom(n + m, a + c, n).pmf(a)
    assert result.mid_p_greater == pytest.approx(result.greater - here / 2, abs=1e-12)


def test_exact_tests_of_nothing_are_one() -> None:
    assert fisher(0, 0, 3, 5).two_sided == 1
    assert fisher(0, 4, 0, 5).greater == 1
    assert mcnemar(0, 0).two_sided == 1
    assert binomial_excess(0, 0, 0.3).two_sided == 1


def test_airway_pairs_as_fagerland_lydersen_and_laake_print_them() -> None:
    """Bentur et al. 2009, 1 1 / 7 12: exact p 0.070, mid-P 0.039 (BMC Med Res Methodol 2013;13:91, table 3);
    Newcombe's interval -0.507 to -0.026 (Stat Med 2014;33:2850-2875)."""
    result = compare_pairs(1, 1, 7, 12)
    assert (round(result.test.two_sided, 3), round(result.test.mid_p, 3)) == (0.070, 0.039)
    lower, upper = newcombe_paired(1, 1, 7, 12)
    assert (round(lower, 3), round(upper, 3)) == (-0.507, -0.026)


def test_paired_ratio_by_its_formula() -> None:
    ratio = compare_pairs(8, 5, 2, 6).risk_ratio
    reach = np.exp(1.959963984540054 * np.sqrt(7 / (13 * 10)))
    assert (ratio.value, ratio.lower, ratio.upper) == pytest.approx((1.3, 1.3 / reach, 1.3 * reach), abs=1e-12)
