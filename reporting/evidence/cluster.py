"""Cluster-robust covariance for several answers of one patient.

Liang & Zeger, Biometrika 1986;73:13-22, with an independence working correlation. "CR0" is the plain
sandwich, "CR1" multiplies it by G/(G - 1) (vcovCL of sandwich calls that HC0), "CR1S" also by
(N - 1)/(N - p) (HC1 there, and what Stata gives).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from reporting.evidence.checks import Array
from reporting.evidence.errors import ImpossibleData, NotEnoughData
from reporting.evidence.logistic import LogisticFit

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
