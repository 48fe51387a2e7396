"""Harrell's basis: literal values, linear tails, and every natural cubic spline within its span."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from reporting.evidence.checks import ImpossibleData, NotEnoughData
from reporting.evidence.dose_model import rcs_basis, rcs_knots


def test_knots_of_one_to_a_hundred_are_those_of_rms() -> None:
    """rcspline.eval(1:100, nk = 4): quantiles .05 .35 .65 .95."""
    np.testing.assert_allclose(rcs_knots(np.arange(1, 101), 4), [5.95, 35.65, 65.35, 95.05], atol=1e-12)
    np.testing.assert_allclose(rcs_knots(np.arange(1, 101), 3), [10.9, 50.5, 90.1], atol=1e-12)
    np.testing.assert_allclose(rcs_knots(np.arange(1, 1001), 5), [50.95, 275.725, 500.5, 725.275, 950.05])


def test_few_values_move_the_outer_knots_as_in_rms() -> None:
    """rcspline.eval: below 100 values the fifth smallest and the fifth largest."""
    np.testing.assert_allclose(rcs_knots(np.arange(1.0, 51.0), 4), [5, 18.15, 32.85, 46], atol=1e-12)


def test_basis_by_hand() -> None:
    """Knots 0, 1, 2: [x³₊ - 2(x - 1)³₊ + (x - 2)³₊]/4."""
    basis = rcs_basis([-1, 0, 1, 2, 3, 4], [0, 1, 2])
    np.testing.assert_allclose(basis[:, 1], [0, 0, 0.25, 1.5, 3, 4.5], atol=1e-14)


@pytest.mark.parametrize("count", [3, 4, 5, 6, 7])
def test_every_natural_cubic_spline_on_the_knots_is_in_the_span(count: int) -> None:
    rng = np.random.default_rng(count)
    x = rng.normal(size=500)
    knots = rcs_knots(x, count)
    natural = CubicSpline(knots, rng.normal(size=count), bc_type="natural")
    inside = np.linspace(knots[0], knots[-1], 200)
    design = np.column_stack([np.ones(200), rcs_basis(inside, knots)])
    fitted = design @ np.linalg.lstsq(design, natural(inside), rcond=None)[0]
    np.testing.assert_allclose(fitted, natural(inside), atol=1e-8)


def test_it_is_straight_beyond_the_outer_knots() -> None:
    knots = np.array([0.0, 0.4, 1.0, 2.0])
    outside = np.array([-3.0, -2.0, -1.0])
    np.testing.assert_allclose(np.diff(rcs_basis(outside, knots), 2, axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.diff(rcs_basis(5 - outside, knots), 2, axis=0), 0, atol=1e-10)


def test_a_change_of_units_scales_the_columns_alike() -> None:
    x, knots = np.linspace(0, 9, 30), np.array([1.0, 4.0, 8.0])
    np.testing.assert_allclose(rcs_basis(1000 * x, 1000 * knots), 1000 * rcs_basis(x, knots), rtol=1e-12)


def test_grouped_values_have_the_knots_of_their_rows() -> None:
    values, counts = np.array([1.0, 2, 5, 9]), np.array([10, 30, 20, 15])
    np.testing.assert_allclose(rcs_knots(values, 3, counts), rcs_knots(np.repeat(values, counts), 3))


def test_too_few_levels_and_bad_knots_are_named() -> None:
    with pytest.raises(NotEnoughData):
        rcs_knots([1, 1, 1, 1, 2], 4)
    with pytest.raises(NotEnoughData):
        rcs_knots([1.0, 2, 3], 3, [0, 0, 0])
    with pytest.raises(ImpossibleData):
        rcs_knots([1, 2, 3], 9)
    with pytest.raises(ImpossibleData):
        rcs_basis([1.0], [0, 0, 1])
