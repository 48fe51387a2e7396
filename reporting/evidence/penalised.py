"""Firth's logistic regression for few events, with predictions that average right.

Firth, Biometrika 1993;80:27-38; Heinze & Schemper, Stat Med 2002;21:2409-2419. FLIC: Puhr, Heinze, Nold,
Lusa & Geroldinger, Stat Med 2017;36:2302-2317.

Cluster-robust covariance for several answers of one patient.

Liang & Zeger, Biometrika 1986;73:13-22, with an independence working correlation. "CR0" is the plain
sandwich, "CR1" multiplies it by G/(G - 1) (vcovCL of sandwich calls that HC0), "CR1S" also by
(N - 1)/(N - p) (HC1 there, and what Stata gives).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import scipy
from numpy.typing import ArrayLike
from scipy import special

from reporting.evidence.checks import Array, ImpossibleData, NotEnoughData
from reporting.evidence.logistic import LogisticFit, fit_logistic


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
