"""Firth's logistic regression for few events, with predictions that average right.

Firth, Biometrika 1993;80:27-38; Heinze & Schemper, Stat Med 2002;21:2409-2419. FLIC: Puhr, Heinze, Nold,
Lusa & Geroldinger, Stat Med 2017;36:2302-2317.

Profile-likelihood intervals and likelihood-ratio tests of a (penalised) logistic fit.

Heinze & Schemper, Stat Med 2002;21:2409-2419; Venzon & Moolgavkar, Appl Stat 1988;37:87-94. The penalty of a
restricted model is that of the full design, as in logistf.

Cluster-robust covariance for several answers of one patient.

Liang & Zeger, Biometrika 1986;73:13-22, with an independence working correlation. "CR0" is the plain
sandwich, "CR1" multiplies it by G/(G - 1) (vcovCL of sandwich calls that HC0), "CR1S" also by
(N - 1)/(N - p) (HC1 there, and what Stata gives).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import scipy
from numpy.typing import ArrayLike
from scipy import special

from reporting.evidence.checks import Array, DidNotConverge, ImpossibleData, NotEnoughData, normal_quantile
from reporting.evidence.intervals import Interval
from reporting.evidence.logistic import LogisticFit, fit_logistic, maximise, penalised_log_likelihood

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


Correction = Literal["CR0", "CR1", "CR1S"]


@dataclass(frozen=True)
class ClusterCovariance:
    """covariance (p, p) and standard_errors (p,) with the number of clusters that they rest on."""

    covariance: Array
    standard_errors: Array
    clusters: int
    correction: Correction


def sandwich(
    scores: ArrayLike, bread: ArrayLike, cluster: ArrayLike, correction: Correction = "CR1"
) -> ClusterCovariance:
    """Sandwich of any estimator: scores (n, p) per row, bread (p, p) the inverse information, cluster (n,).

    Raises NotEnoughData with fewer than two clusters.
    """
    rows, inverse = np.asarray(scores, dtype=float), np.asarray(bread, dtype=float)
    labels, index = np.unique(np.asarray(cluster), return_inverse=True)
    if rows.ndim != 2 or len(index) != len(rows) or inverse.shape != (rows.shape[1], rows.shape[1]):
        raise ImpossibleData("cluster", (rows.shape, len(index), inverse.shape), "matching shapes")
    groups = len(labels)
    if groups < 2:
        raise NotEnoughData("A cluster-robust variance needs at least two patients.")
    sums = np.zeros((groups, rows.shape[1]))
    np.add.at(sums, index, rows)
    covariance = inverse @ (sums.T @ sums) @ inverse * _factor(correction, groups, *rows.shape)
    deviations = np.sqrt(np.diag(covariance))
    return ClusterCovariance(covariance, deviations, groups, correction)


def _factor(correction: Correction, groups: int, rows: int, columns: int) -> float:
    if correction == "CR0":
        return 1.0
    if correction == "CR1":
        return groups / (groups - 1)
    if correction == "CR1S":
        if rows <= columns:
            raise NotEnoughData("There are not more rows than columns.")
        return groups / (groups - 1) * (rows - 1) / (rows - columns)
    raise ImpossibleData("correction", correction, "CR0, CR1 or CR1S")


def cluster_covariance(fit: LogisticFit, cluster: ArrayLike, correction: Correction = "CR1") -> ClusterCovariance:
    """Cluster-robust covariance of a logistic fit whose rows (or cells of one patient) carry `cluster`."""
    residual = fit.data.events - fit.data.trials * fit.fitted
    return sandwich(fit.data.design * residual[:, None], fit.covariance, cluster, correction)
