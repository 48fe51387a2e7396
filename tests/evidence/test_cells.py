"""Cells give the fit of their rows; clusters widen it as sandwich and GEE do."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from reporting.evidence.cells import dummy_coding, gather_cells
from reporting.evidence.checks import DuplicateRows, ImpossibleData, NotEnoughData, UnseenCategory, require_unique
from reporting.evidence.logistic import fit_logistic
from reporting.evidence.penalised import cluster_covariance, sandwich
from tests.evidence.reference_table import columns


def frame(rows: int = 300) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(11)
    table = pd.DataFrame({"skin": rng.choice(["I-III", "IV-VI"], rows), "day": rng.choice([1, 3, 7, 14], rows)})
    return table, (rng.random(rows) < 0.2).astype(float)


def test_gathered_cells_have_the_rows_sums_in_any_order() -> None:
    table, y = frame()
    cells = gather_cells(table, y)
    expected = table.assign(y=y).groupby(["skin", "day"]).y.agg(["sum", "count"])
    assert len(cells.frame) == 8
    for k, row in cells.frame.iterrows():
        assert (cells.events[k], cells.trials[k]) == tuple(expected.loc[(row.skin, row.day)])
    order = np.random.default_rng(1).permutation(len(y))
    again = gather_cells(table.iloc[order].reset_index(drop=True), y[order])
    pd.testing.assert_frame_equal(again.frame, cells.frame)
    np.testing.assert_array_equal(again.events, cells.events)


def test_cells_fit_as_their_rows() -> None:
    table, y = frame()
    coding = dummy_coding(table, ["skin", "day"])
    cells = gather_cells(table, y)
    by_cells = fit_logistic(coding.design(cells.frame), cells.events, cells.trials, names=coding.names)
    by_rows = fit_logistic(coding.design(table), y)
    np.testing.assert_allclose(by_cells.coefficients, by_rows.coefficients, atol=1e-10)
    assert coding.names[0] == "intercept"
    assert len(coding.names) == 5


def test_a_category_that_the_model_has_not_seen_is_named_or_the_reference() -> None:
    table, _ = frame()
    coding = dummy_coding(table, ["skin"])
    new = pd.DataFrame({"skin": ["unknown"]})
    with pytest.raises(UnseenCategory, match="unknown"):
        coding.design(new)
    np.testing.assert_array_equal(coding.design(new, unseen="reference"), [[1.0, 0.0]])


def test_rows_without_value_or_twice_are_refused() -> None:
    with pytest.raises(ImpossibleData):
        gather_cells(pd.DataFrame({"skin": ["I-III", None]}), [0, 1])
    with pytest.raises(NotEnoughData):
        gather_cells(pd.DataFrame({"skin": pd.Series([], dtype=str)}), [])
    with pytest.raises(DuplicateRows, match="check-ins: 1 rows"):
        require_unique("check-ins", [[1, 7], [1, 14], [1, 7]])
    require_unique("check-ins", [[1, 7], [1, 14]])


def ohio() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = {name: np.array(values) for name, values in columns("ohio.csv").items()}
    children = table["children"].astype(int)
    responses = np.column_stack([np.repeat(table[f"age_{age}"], children) for age in (7, 8, 9, 10)])
    smoke = np.repeat(np.repeat(table["smoke"], children), 4)
    child = np.repeat(np.arange(len(responses)), 4)
    design = np.column_stack([np.ones(child.size), np.tile([-2.0, -1.0, 0.0, 1.0], len(responses)), smoke])
    return design, responses.ravel(), child


def test_wheeze_of_children_has_the_robust_errors_of_gee() -> None:
    design, y, child = ohio()
    fit = fit_logistic(design, y, penalty="none")
    robust = cluster_covariance(fit, child, "CR0")
    gee = sm.GEE(y, design, groups=child, family=sm.families.Binomial()).fit()
    np.testing.assert_allclose(robust.standard_errors, gee.bse, atol=1e-8)
    assert (round(fit.standard_errors[2], 3), round(robust.standard_errors[2], 3)) == (0.123, 0.178)
    assert robust.clusters == 537


def test_corrections_are_those_of_sandwich_and_stata() -> None:
    design, y, child = ohio()
    fit = fit_logistic(design, y, penalty="none")
    plain, one, stata = (cluster_covariance(fit, child, c).covariance for c in ("CR0", "CR1", "CR1S"))
    np.testing.assert_allclose(one, plain * 537 / 536, rtol=1e-12)
    np.testing.assert_allclose(stata, plain * 537 / 536 * 2147 / 2145, rtol=1e-12)
    theirs = sm.GLM(y, design, sm.families.Binomial()).fit(
        cov_type="cluster", cov_kwds={"groups": child, "use_correction": True}, tol=1e-14
    )
    np.testing.assert_allclose(np.sqrt(np.diag(stata)), theirs.bse, atol=1e-8)


def test_one_patient_has_no_cluster_variance() -> None:
    with pytest.raises(NotEnoughData):
        sandwich([[1.0], [2.0]], [[1.0]], [7, 7])
