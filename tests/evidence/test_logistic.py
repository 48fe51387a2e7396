"""Penalised logistic regression against logistf, brglm2, statsmodels and closed forms."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from reporting.evidence.checks import ImpossibleData, NotEnoughData, NotEstimable
from reporting.evidence.logistic import LogisticFit, fit_logistic, separated
from reporting.evidence.penalised import firth, flic
from tests.evidence.reference_table import columns

SEX2_NAMES = ("intercept", "age", "oc", "vic", "vicl", "vis", "dia")
SEX2_LOGISTF = {  # logistf 1.x, summary(logistf(case ~ age + oc + vic + vicl + vis + dia, sex2))
    "intercept": (0.12025404, 0.4855415),
    "age": (-1.10598130, 0.4236601),
    "oc": (-0.06881673, 0.4437934),
    "vic": (2.26887464, 0.5484160),
    "vicl": (-2.11140816, 0.5430824),
    "vis": (-0.78831694, 0.4173676),
    "dia": (3.09601166, 1.6750220),
}


def with_intercept(*values: object) -> np.ndarray:
    return np.column_stack([np.ones(len(np.asarray(values[0]))), *[np.asarray(v, dtype=float) for v in values]])


@pytest.fixture(scope="module")
def sex2() -> LogisticFit:
    table = columns("sex2.csv")
    design = with_intercept(*[table[name] for name in SEX2_NAMES[1:]])
    return firth(design, table["events"], table["trials"], names=SEX2_NAMES)


def test_sex2_as_logistf_prints_it(sex2: LogisticFit) -> None:
    printed = np.array([SEX2_LOGISTF[name] for name in sex2.names])
    np.testing.assert_allclose(sex2.coefficients, printed[:, 0], atol=1e-5)
    np.testing.assert_allclose(sex2.standard_errors, printed[:, 1], atol=2e-5)


def test_firth_predictions_fall_short_and_flic_repairs_their_sum(sex2: LogisticFit) -> None:
    trials = sex2.data.trials
    assert trials @ sex2.fitted == pytest.approx(129.45, abs=0.005)
    repaired = flic(sex2)
    assert trials @ repaired.fitted == pytest.approx(130, abs=1e-9)
    assert repaired.coefficients[0] == pytest.approx(0.1315390994, abs=1e-8)
    np.testing.assert_array_equal(repaired.coefficients[1:], sex2.coefficients[1:])


def test_endometrial_cancer_as_brglm2_prints_it() -> None:
    """Bias-reduced estimates as in brglm2's vignette."""
    table = columns("endometrial.csv")
    fit = firth(with_intercept(table["NV"], table["PI"], table["EH"]), table["HG"], names=("i", "NV", "PI", "EH"))
    np.testing.assert_allclose(fit.coefficients, [3.77456, 2.92927, -0.03475, -2.60416], atol=1e-5)
    np.testing.assert_allclose(fit.standard_errors, [1.48869, 1.55076, 0.03958, 0.77602], atol=1e-5)


@given(
    st.tuples(st.integers(0, 12), st.integers(1, 12)).map(lambda t: (min(t), max(t))),
    st.tuples(st.integers(0, 60), st.integers(1, 60)).map(lambda t: (min(t), max(t))),
)
def test_a_saturated_table_adds_half_to_each_cell(first: tuple[int, int], second: tuple[int, int]) -> None:
    (a, m), (b, n) = first, second
    fit = firth([[1, 0], [1, 1]], [b, a], [n, m])
    odds = np.log((a + 0.5) / (m - a + 0.5)), np.log((b + 0.5) / (n - b + 0.5))
    np.testing.assert_allclose(fit.coefficients, [odds[1], odds[0] - odds[1]], atol=1e-8)


def test_none_of_one_against_one_of_fifty_reaches_the_maximum() -> None:
    """The case on which Newton's method without halving ends 1.15 log odds away."""
    fit = firth([[1, 0], [1, 1]], [1, 0], [50, 1])
    assert fit.coefficients[1] == pytest.approx(np.log(0.5 / 1.5 * 49.5 / 1.5), abs=1e-9)


def test_halved_steps_lead_back_from_a_far_start() -> None:
    """Full Newton steps from here never arrive; the answer is ½ in each cell."""
    far = fit_logistic([[1, 56], [1, 14]], [1, 0], [20, 36], start=[4, -4])
    slope = (np.log(1.5 / 19.5) - np.log(0.5 / 36.5)) / 42
    np.testing.assert_allclose(far.coefficients, [np.log(0.5 / 36.5) - 14 * slope, slope], atol=1e-8)


def example(rng: np.random.Generator, rows: int = 400) -> tuple[np.ndarray, np.ndarray]:
    design = with_intercept(rng.integers(0, 2, rows), rng.normal(size=rows), rng.integers(0, 3, rows))
    risk = 1 / (1 + np.exp(-(design @ [-1.5, 0.7, 0.4, -0.3])))
    return design, (rng.random(rows) < risk).astype(float)


def test_without_a_penalty_it_is_statsmodels() -> None:
    design, y = example(np.random.default_rng(1))
    ours, theirs = (
        fit_logistic(design, y, penalty="none"),
        sm.GLM(y, design, sm.families.Binomial()).fit(tol=1e-14),
    )
    np.testing.assert_allclose(ours.coefficients, theirs.params, atol=1e-9)
    np.testing.assert_allclose(ours.covariance, theirs.cov_params(), atol=1e-9)
    assert ours.log_likelihood == pytest.approx(theirs.llf, abs=1e-9)


def test_offset_and_weights_are_those_of_statsmodels() -> None:
    rng = np.random.default_rng(2)
    design, y = example(rng)
    weights, offset = rng.integers(1, 5, len(y)).astype(float), rng.normal(size=len(y))
    ours = fit_logistic(design, y, penalty="none", offset=offset, weights=weights)
    theirs = sm.GLM(y, design, sm.families.Binomial(), offset=offset, freq_weights=weights).fit(tol=1e-14)
    np.testing.assert_allclose(ours.coefficients, theirs.params, atol=1e-9)
    np.testing.assert_allclose(ours.standard_errors, theirs.bse, atol=1e-9)


@pytest.mark.parametrize("penalty", ["firth", "none", "ridge"])
def test_grouped_equals_rows(penalty: str) -> None:
    rng = np.random.default_rng(3)
    design = with_intercept(rng.integers(0, 2, 600), rng.integers(0, 3, 600))
    y = (rng.random(600) < 0.2).astype(float)
    cells, index = np.unique(design, axis=0, return_inverse=True)
    events, trials = np.bincount(index, y), np.bincount(index)
    prior = [np.inf, 0.5, 0.5] if penalty == "ridge" else None
    by_rows = fit_logistic(design, y, penalty=penalty, ridge_sd=prior)  # type: ignore[arg-type]
    by_cells = fit_logistic(cells, events, trials, penalty=penalty, ridge_sd=prior)  # type: ignore[arg-type]
    np.testing.assert_allclose(by_cells.coefficients, by_rows.coefficients, atol=1e-10)
    np.testing.assert_allclose(by_cells.covariance, by_rows.covariance, atol=1e-10)
    assert by_cells.penalised_log_likelihood == pytest.approx(by_rows.penalised_log_likelihood, abs=1e-8)


def test_ridge_maximises_its_posterior_and_keeps_the_sum_of_the_free_intercept() -> None:
    design, y = example(np.random.default_rng(4))
    prior = np.array([np.inf, 0.5, 0.2, 0.1])
    fit = fit_logistic(design, y, penalty="ridge", ridge_sd=prior)
    gradient = design.T @ (y - fit.fitted) - fit.coefficients / prior**2
    np.testing.assert_allclose(gradient, 0, atol=1e-7)
    assert fit.fitted.sum() == pytest.approx(y.sum(), abs=1e-8)
    information = (design * (fit.fitted * (1 - fit.fitted))[:, None]).T @ design + np.diag(1 / prior**2)
    np.testing.assert_allclose(fit.covariance, np.linalg.inv(information), atol=1e-10)


def test_a_change_of_units_changes_no_risk() -> None:
    design, y = example(np.random.default_rng(5))
    scaled = design * [1, 1, 1e6, 1e-4]
    for penalty in ("firth", "none"):
        first, second = (fit_logistic(x, y, penalty=penalty) for x in (design, scaled))  # type: ignore[arg-type]
        np.testing.assert_allclose(first.fitted, second.fitted, atol=1e-9)


def test_the_order_of_rows_does_not_matter() -> None:
    design, y = example(np.random.default_rng(6))
    order = np.random.default_rng(7).permutation(len(y))
    np.testing.assert_allclose(firth(design, y).coefficients, firth(design[order], y[order]).coefficients, atol=1e-10)


def test_separation_without_a_penalty_is_a_named_problem() -> None:
    with pytest.raises(NotEstimable, match="separated"):
        fit_logistic([[1, 0], [1, 1]], [0, 3], [4, 9], penalty="none")
    with pytest.raises(NotEstimable, match="separated"):
        fit_logistic(with_intercept(np.arange(10)), np.arange(10) > 4, penalty="none")
    with pytest.raises(NotEstimable, match="separated"):
        fit_logistic(np.ones((3, 1)), [0, 0, 0], [5, 5, 5], penalty="ridge", ridge_sd=[np.inf])


def test_separation_is_told_from_overlap() -> None:
    line = [[1, 0], [1, 1], [1, 2]]
    assert separated(line, [0, 0, 3], [5, 5, 3])
    assert separated(line, [0, 2, 3], [5, 5, 3])
    assert not separated(line, [1, 2, 2], [5, 5, 3])
    assert separated([[1]], [0], [4])


def test_a_prior_makes_separation_finite() -> None:
    fit = fit_logistic([[1, 0], [1, 1]], [1, 0], [4, 9], penalty="ridge", ridge_sd=[np.inf, 0.5])
    assert np.isfinite(fit.coefficients).all()
    assert fit.data.trials @ fit.fitted == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize(("events", "trials"), [([0, 0], [5, 9]), ([5, 9], [5, 9]), ([0], [1]), ([1], [1])])
def test_no_event_and_only_events_are_finite_with_firth(events: list[int], trials: list[int]) -> None:
    fit = firth(np.eye(len(events)), events, trials)
    assert np.isfinite([fit.coefficients, fit.standard_errors]).all()


def test_columns_that_determine_one_another_are_named() -> None:
    x = np.arange(20) % 3
    with pytest.raises(NotEstimable, match="a, b"):
        firth(np.column_stack([np.ones(20), x, 2 * x]), np.arange(20) % 2, names=("i", "a", "b"))
    with pytest.raises(NotEstimable, match="empty"):
        firth(np.column_stack([np.ones(20), np.zeros(20)]), np.arange(20) % 2, names=("i", "empty"))


def test_impossible_input_is_refused() -> None:
    with pytest.raises(NotEnoughData):
        firth([[1.0]], [0], [0])
    with pytest.raises(ImpossibleData):
        firth([[1.0]], [2], [1])
    with pytest.raises(ImpossibleData):
        firth([[np.nan]], [0], [1])
    with pytest.raises(ImpossibleData):
        fit_logistic([[1.0]], [0], [1], penalty="ridge")
    with pytest.raises(ImpossibleData, match="columns"):
        firth([[1.0]], [1], [2]).predict([[1.0, 2.0]])


def test_flic_needs_an_event_and_a_non_event() -> None:
    with pytest.raises(NotEnoughData):
        flic(firth([[1.0]], [0], [9]))
