"""Firth's logistic regression for few events, with predictions that average right.

Firth, Biometrika 1993;80:27-38; Heinze & Schemper, Stat Med 2002;21:2409-2419. FLIC: Puhr, Heinze, Nold,
Lusa & Geroldinger, Stat Med 2017;36:2302-2317.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import ArrayLike
from scipy import special

from reporting.evidence.checks import Array
from reporting.evidence.errors import ImpossibleData, NotEnoughData
from reporting.evidence.intervals import Interval
from reporting.evidence.logistic import LogisticFit, fit_logistic
from reporting.evidence.profile import likelihood_ratio_test, profile_interval


@dataclass(frozen=True)
class Coefficient:
    """One log odds ratio: profile interval and penalised likelihood-ratio p-value, never Wald."""

    name: str
    value: float
    standard_error: float
    interval: Interval
    p_value: float

    @property
    def odds_ratio(self) -> float:
        return float(np.exp(self.value))


def firth(
    design: ArrayLike,
    events: ArrayLike,
    trials: ArrayLike | None = None,
    *,
    offset: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> LogisticFit:
    """Logistic fit of cells (k, p) with Jeffreys' penalty; finite under any separation. See fit_logistic."""
    return fit_logistic(design, events, trials, penalty="firth", offset=offset, weights=weights, names=names)


def coefficient_table(fit: LogisticFit, level: float = 0.95) -> tuple[Coefficient, ...]:
    """Every coefficient with profile interval and likelihood-ratio test, in the order of the columns."""
    return tuple(
        Coefficient(
            name=name,
            value=float(fit.coefficients[k]),
            standard_error=float(fit.standard_errors[k]),
            interval=profile_interval(fit, k, level),
            p_value=likelihood_ratio_test(fit, [k]).p_value,
        )
        for k, name in enumerate(fit.names)
    )


def flic(fit: LogisticFit, intercept: int | None = None) -> LogisticFit:
    """The same fit with its intercept moved so that fitted probabilities sum to the events.

    `intercept` is the position of the column of ones, found when not given. Raises NotEnoughData when none or
    all had the event: no intercept can then do it.
    """
    data = fit.data
    at = _intercept_column(data.design) if intercept is None else intercept
    total = float(data.events.sum())
    if not 0 < total < float(data.trials.sum()):
        raise NotEnoughData("With no event, or only events, the intercept cannot be calibrated.")
    eta = data.offset + data.design @ fit.coefficients

    def excess(shift: float) -> float:
        return float(data.trials @ special.expit(eta + shift)) - total

    shift = float(scipy.optimize.brentq(excess, -700, 700, xtol=1e-13))
    moved = fit.coefficients.copy()
    moved[at] += shift
    return replace(fit, coefficients=moved, fitted=np.asarray(special.expit(eta + shift), dtype=float))


def _intercept_column(design: Array) -> int:
    ones = np.flatnonzero((design == 1).all(axis=0))
    if not len(ones):
        raise ImpossibleData("design", "no column of ones", "a design with an intercept")
    return int(ones[0])


def wald_p_values(fit: LogisticFit) -> Array:
    """Two-sided Wald p-values, for comparison only: they fail near separation."""
    return np.asarray(2 * scipy.stats.norm.sf(np.abs(fit.coefficients / fit.standard_errors)), dtype=float)
