"""Profile-likelihood intervals and likelihood-ratio tests of a (penalised) logistic fit.

Heinze & Schemper, Stat Med 2002;21:2409-2419; Venzon & Moolgavkar, Appl Stat 1988;37:87-94. The penalty of a
restricted model is that of the full design, as in logistf.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from reporting.evidence.checks import Array, normal_quantile
from reporting.evidence.errors import DidNotConverge, ImpossibleData, NotEnoughData
from reporting.evidence.intervals import Interval
from reporting.evidence.logistic import LogisticFit, maximise, penalised_log_likelihood

FARTHEST_LOG_ODDS = 60.0


@dataclass(frozen=True)
class LikelihoodRatioTest:
    """Twice the drop of the penalised log likelihood when columns are held at 0, and its chi-square tail."""

    statistic: float
    degrees_of_freedom: int
    p_value: float
    columns: tuple[str, ...]


def column_index(fit: LogisticFit, column: int | str) -> int:
    """Position of a column given by name or position. Raises ImpossibleData for an unknown one."""
    if isinstance(column, str):
        if column not in fit.names:
            raise ImpossibleData("column", column, ", ".join(fit.names))
        return fit.names.index(column)
    if not 0 <= column < len(fit.names):
        raise ImpossibleData("column", column, f"0 to {len(fit.names) - 1}")
    return int(column)


def likelihood_ratio_test(fit: LogisticFit, columns: Sequence[int | str]) -> LikelihoodRatioTest:
    """Test that the coefficients of `columns` are all 0."""
    if not columns:
        raise NotEnoughData("Name at least one column to test.")
    held = sorted({column_index(fit, column) for column in columns})
    start = fit.coefficients.copy()
    start[held] = 0
    beta = _refitted(fit, start, held)
    drop = fit.penalised_log_likelihood - penalised_log_likelihood(fit.data, beta)
    statistic = max(2 * drop, 0.0)
    p_value = float(scipy.stats.chi2.sf(statistic, len(held)))
    return LikelihoodRatioTest(statistic, len(held), p_value, tuple(fit.names[k] for k in held))


def profile_interval(fit: LogisticFit, column: int | str, level: float = 0.95) -> Interval:
    """Limits of one coefficient where twice the profile drop equals the chi-square quantile.

    A side on which the likelihood never falls that far within 60 standard units of log odds is cut there and
    named in the note.
    """
    normal_quantile(level)
    at = column_index(fit, column)
    drop = _profile_drop(fit, at, float(scipy.stats.chi2.ppf(level, 1)))
    lower, low_note = _limit(drop, fit, at, -1)
    upper, high_note = _limit(drop, fit, at, +1)
    return Interval(lower, upper, level, "; ".join(note for note in (low_note, high_note) if note))


def _profile_drop(fit: LogisticFit, at: int, quantile: float) -> Callable[[float], float]:
    nearest: dict[float, Array] = {float(fit.coefficients[at]): fit.coefficients}

    def drop(value: float) -> float:
        start = nearest[min(nearest, key=lambda known: abs(known - value))].copy()
        start[at] = value
        beta = _refitted(fit, start, [at])
        nearest[value] = beta
        return 2 * (fit.penalised_log_likelihood - penalised_log_likelihood(fit.data, beta)) - quantile

    return drop


def _refitted(fit: LogisticFit, start: Array, held: list[int]) -> Array:
    free = np.ones(len(start), dtype=bool)
    free[held] = False
    beta, _, converged = maximise(fit.data, start, free)
    if not converged:
        raise DidNotConverge("A restricted fit of the profile likelihood did not converge.")
    return beta


def _limit(drop: Callable[[float], float], fit: LogisticFit, at: int, side: int) -> tuple[float, str]:
    middle, width = float(fit.coefficients[at]), float(fit.standard_errors[at])
    farthest = FARTHEST_LOG_ODDS / max(float(np.abs(fit.data.design[:, at]).max()), 1e-300)
    inner, reach = middle, min(2 * width, farthest)
    while drop(outer := middle + side * reach) < 0:
        if reach >= farthest:
            return outer, f"no {'lower' if side < 0 else 'upper'} limit within the range searched"
        inner, reach = outer, min(2 * reach, farthest)
    low, high = sorted((inner, outer))
    return float(scipy.optimize.brentq(drop, low, high, xtol=1e-9 * width)), ""
