"""Restricted cubic splines in Harrell's truncated power basis.

Harrell, Regression Modeling Strategies, 2nd ed. 2015, section 2.4.5: default knot quantiles of table 2.3, the
basis scaled by the squared range of the knots, as rcspline.eval of Hmisc with norm = 2.
"""

import numpy as np
from numpy.typing import ArrayLike

from reporting.evidence.checks import Array, finite
from reporting.evidence.errors import ImpossibleData, NotEnoughData

KNOT_QUANTILES: dict[int, tuple[float, ...]] = {
    3: (0.10, 0.50, 0.90),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.50, 0.725, 0.95),
    6: (0.05, 0.23, 0.41, 0.59, 0.77, 0.95),
    7: (0.025, 0.1833, 0.3417, 0.50, 0.6583, 0.8167, 0.975),
}
FEWEST_VALUES, MANY_VALUES = 6, 100


def rcs_knots(x: ArrayLike, count: int = 4, weights: ArrayLike | None = None) -> Array:
    """Knots at Harrell's default quantiles of x (k,), optionally of grouped values with whole counts.

    With fewer than 100 values the outer knots are the fifth smallest and fifth largest, as in rms.
    Raises NotEnoughData when knots coincide, ImpossibleData for a count other than 3 to 7.
    """
    if count not in KNOT_QUANTILES:
        raise ImpossibleData("count", count, "3 to 7 knots")
    values = finite("x", x)
    if weights is not None:
        values = np.repeat(values, finite("weights", weights).astype(int))
    if len(values) < FEWEST_VALUES:
        raise NotEnoughData(f"Knots need at least {FEWEST_VALUES} values.")
    knots = np.quantile(values, KNOT_QUANTILES[count])
    if len(values) < MANY_VALUES:
        knots[[0, -1]] = np.sort(values)[[4, -5]]
    knots = np.sort(knots)
    if (np.diff(knots) <= 0).any():
        raise NotEnoughData(f"The values take too few levels for {count} different knots.")
    return np.asarray(knots, dtype=float)


def rcs_basis(x: ArrayLike, knots: ArrayLike) -> Array:
    """Columns x, s_1 … s_(K-2) of a spline that is linear beyond the outer knots; shape (k, K - 1).

    s_k = [(x - t_k)³₊ - (x - t_(K-1))³₊ (t_K - t_k)/(t_K - t_(K-1))
           + (x - t_K)³₊ (t_(K-1) - t_k)/(t_K - t_(K-1))] / (t_K - t_1)²
    """
    values, t = finite("x", x), _checked_knots(knots)
    last, before, span = t[-1], t[-2], t[-1] - t[0]
    end, near_end = _cube(values - last), _cube(values - before)
    columns = [values]
    for knot in t[:-2]:
        term = _cube(values - knot) - near_end * (last - knot) / (last - before)
        columns.append((term + end * (before - knot) / (last - before)) / span**2)
    return np.column_stack(columns)


def rcs_slope(x: ArrayLike, knots: ArrayLike) -> Array:
    """Derivatives of the columns of rcs_basis, same shape; constant beyond the outer knots."""
    values, t = finite("x", x), _checked_knots(knots)
    last, before, span = t[-1], t[-2], t[-1] - t[0]
    end, near_end = _square(values - last), _square(values - before)
    columns = [np.ones_like(values)]
    for knot in t[:-2]:
        term = _square(values - knot) - near_end * (last - knot) / (last - before)
        columns.append(3 * (term + end * (before - knot) / (last - before)) / span**2)
    return np.column_stack(columns)


def _cube(distance: Array) -> Array:
    return np.asarray(np.maximum(distance, 0) ** 3, dtype=float)


def _square(distance: Array) -> Array:
    return np.asarray(np.maximum(distance, 0) ** 2, dtype=float)


def _checked_knots(knots: ArrayLike) -> Array:
    t = finite("knots", knots)
    if len(t) < 3 or (np.diff(t) <= 0).any():
        raise ImpossibleData("knots", t.tolist(), "at least 3 numbers in rising order")
    return t
