"""How well expected risks fit what happened: in the large, slope, by groups.

Cox, Biometrika 1958;45:562-565; Steyerberg, Clinical Prediction Models, 2nd ed. 2019, chapter 15. Score:
Brier, Mon Weather Rev 1950;78:1-3.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from reporting.evidence.checks import (
    Array,
    ImpossibleData,
    NotEnoughData,
    counts_within,
    finite,
    normal_quantile,
    same_length,
)
from reporting.evidence.intervals import Estimate, smr, wilson_bounds
from reporting.evidence.logistic import LogisticFit, fit_logistic


@dataclass(frozen=True)
class Calibration:
    """in_the_large: intercept with the log odds as offset (0 is right); slope (1 is right, < 1 over-fitted).

    intercept is the one fitted with the slope; observed_over_expected has exact limits.
    """

    in_the_large: Estimate
    intercept: float
    slope: Estimate
    observed_over_expected: Estimate
    brier: float
    trials: float
    events: float


def calibration(
    events: ArrayLike, risk: ArrayLike, trials: ArrayLike | None = None, level: float = 0.95
) -> Calibration:
    """Compare risks (k,) strictly between 0 and 1 with events of trials (trials default to 1).

    Raises NotEnoughData when none or all had the event, or when there is one risk only: no slope exists.
    """
    p = finite("risk", risk)
    y, m = counts_within(events, np.ones(len(p)) if trials is None else trials)
    same_length(events=y, risk=p)
    if not ((p > 0) & (p < 1)).all():
        raise ImpossibleData("risk", float(p.min()), "more than 0 and less than 1")
    if not 0 < y.sum() < m.sum() or len(np.unique(p[m > 0])) < 2:
        raise NotEnoughData("Calibration needs an event, a non-event and at least two different risks.")
    log_odds, one = special.logit(p), np.ones(len(p))
    large = fit_logistic(one[:, None], y, m, penalty="none", offset=log_odds)
    line = fit_logistic(np.column_stack([one, log_odds]), y, m, penalty="none")
    return Calibration(
        in_the_large=_wald(large, 0, level),
        intercept=float(line.coefficients[0]),
        slope=_wald(line, 1, level),
        observed_over_expected=smr(float(y.sum()), float(m @ p), level),
        brier=float((y * (1 - p) ** 2 + (m - y) * p**2).sum() / m.sum()),
        trials=float(m.sum()),
        events=float(y.sum()),
    )


def _wald(fit: LogisticFit, at: int, level: float) -> Estimate:
    value, spread = float(fit.coefficients[at]), normal_quantile(level) * float(fit.standard_errors[at])
    return Estimate(value, value - spread, value + spread, level)


@dataclass(frozen=True)
class CalibrationBands:
    """Per group of rising risk (g,): mean risk, observed rate with Wilson limits, numbers."""

    mean_risk: Array
    observed: Array
    lower: Array
    upper: Array
    trials: Array
    events: Array


def calibration_bands(
    events: ArrayLike, risk: ArrayLike, trials: ArrayLike | None = None, groups: int = 10, level: float = 0.95
) -> CalibrationBands:
    """Groups of about equal numbers of trials in order of risk; equal risks are never split."""
    p = finite("risk", risk)
    y, m = counts_within(events, np.ones(len(p)) if trials is None else trials)
    same_length(events=y, risk=p)
    if groups < 1 or m.sum() == 0:
        raise NotEnoughData("There is not one answered trial to group.")
    levels, index = np.unique(p, return_inverse=True)
    size, hits = np.bincount(index, weights=m), np.bincount(index, weights=y)
    middle = (np.cumsum(size) - size / 2) / size.sum()
    band = np.minimum((middle * groups).astype(int), groups - 1)
    total = np.bincount(band, weights=size, minlength=groups).astype(float)
    kept = total > 0
    total, count = total[kept], np.bincount(band, weights=hits, minlength=groups)[kept].astype(float)
    mean = np.bincount(band, weights=size * levels, minlength=groups)[kept] / total
    lower, upper = wilson_bounds(np.minimum(count, total), total, level)
    return CalibrationBands(mean, count / total, lower, upper, total, count)
