"""Clusters widen a covariance as sandwich and GEE do."""

import numpy as np
import pytest
import statsmodels.api as sm

from reporting.evidence.checks import NotEnoughData
from reporting.evidence.logistic import LogisticFit, fit_logistic
from reporting.evidence.penalised import ClusterCovariance, Correction, sandwich
from tests.evidence.reference_table import columns


def ohio() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = {name: np.array(values) for name, values in columns("ohio.csv").items()}
    children = table["children"].astype(int)
    responses = np.column_stack([np.repeat(table[f"age_{age}"], children) for age in (7, 8, 9, 10)])
    smoke = np.repeat(np.repeat(table["smoke"], children), 4)
    child = np.repeat(np.arange(len(responses)), 4)
    design = np.column_stack([np.ones(child.size), np.tile([-2.0, -1.0, 0.0, 1.0], len(responses)), smoke])
    return design, responses.ravel(), child


def of_children(fit: LogisticFit, child: np.ndarray, correction: Correction) -> ClusterCovariance:
    residual = fit.data.events - fit.data.trials * fit.fitted
    return sandwich(fit.data.design * residual[:, None], fit.covariance, child, correction)


def test_wheeze_of_children_has_the_robust_errors_of_gee() -> None:
    design, y, child = ohio()
    fit = fit_logistic(design, y, penalty="none")
    robust = of_children(fit, child, "CR0")
    gee = sm.GEE(y, design, groups=child, family=sm.families.Binomial()).fit()
    np.testing.assert_allclose(robust.standard_errors, gee.bse, atol=1e-8)
    assert (round(fit.standard_errors[2], 3), round(robust.standard_errors[2], 3)) == (0.123, 0.178)
    assert robust.clusters == 537


def test_corrections_are_those_of_sandwich_and_stata() -> None:
    design, y, child = ohio()
    fit = fit_logistic(design, y, penalty="none")
    plain, one, stata = (of_children(fit, child, c).covariance for c in ("CR0", "CR1", "CR1S"))
    np.testing.assert_allclose(one, plain * 537 / 536, rtol=1e-12)
    np.testing.assert_allclose(stata, plain * 537 / 536 * 2147 / 2145, rtol=1e-12)
    theirs = sm.GLM(y, design, sm.families.Binomial()).fit(
        cov_type="cluster", cov_kwds={"groups": child, "use_correction": True}, tol=1e-14
    )
    np.testing.assert_allclose(np.sqrt(np.diag(stata)), theirs.bse, atol=1e-8)


def test_one_patient_has_no_cluster_variance() -> None:
    with pytest.raises(NotEnoughData):
        sandwich([[1.0], [2.0]], [[1.0]], [7, 7])
