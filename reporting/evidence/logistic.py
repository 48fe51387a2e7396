"""Logistic regression of grouped binomial cells by penalised maximum likelihood.

Maximises sum w·(y·eta - m·log(1 + e^eta)) + penalty with eta = offset + X b:
none      no penalty;
firth     ½ log|X'WX|, Jeffreys' prior (Firth, Biometrika 1993;80:27-38; Heinze & Schemper, Stat Med
          2002;21:2409-2419), finite for every data set of full column rank;
ridge     -sum b_k²/(2 sd_k²), a normal prior of its own width for each column, infinite = free.
Newton steps, halved until the penalised likelihood does not fall: without that a
0/1 against 1/50 table ends more than one log odds from the maximum.

What a logistic fit is made from: checked cells, their prior, and columns that do not determine one another.

Whether a logistic fit without a penalty has a finite maximum.

Climbing a likelihood that is almost flat in some direction, where Newton's expected curvature crawls.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import scipy
from numpy.typing import ArrayLike
from scipy import special

from reporting.evidence.checks import (
    Array,
    DidNotConverge,
    ImpossibleData,
    Mask,
    NotEnoughData,
    NotEstimable,
    counts_within,
    finite,
    not_negative,
    same_length,
)

Penalty = Literal["none", "firth", "ridge"]


@dataclass(frozen=True)
class LogisticData:
    """Checked cells. design (k, p), events, trials, offset and prior sd; weights are multiplied in."""

    design: Array
    events: Array
    trials: Array
    offset: Array
    ridge_sd: Array
    penalty: Penalty


def checked_data(
    design: ArrayLike,
    events: ArrayLike,
    trials: ArrayLike | None,
    penalty: Penalty,
    ridge_sd: ArrayLike | None,
    offset: ArrayLike | None,
    weights: ArrayLike | None,
) -> LogisticData:
    """Cells of fit_logistic, or ImpossibleData, or NotEnoughData without a trial."""
    columns = np.asarray(design, dtype=float)
    if columns.ndim != 2 or not columns.shape[1] or not np.isfinite(columns).all():
        raise ImpossibleData("design", columns.shape, "a finite table of cells by columns")
    if penalty not in ("none", "firth", "ridge"):
        raise ImpossibleData("penalty", penalty, "none, firth or ridge")
    size = len(columns)
    hits, tries = counts_within(events, np.ones(size) if trials is None else trials)
    weight = np.ones(size) if weights is None else not_negative("weights", weights)
    shift = np.zeros(size) if offset is None else np.broadcast_to(finite("offset", offset), size).copy()
    same_length(design=columns[:, 0], events=hits, weights=weight, offset=shift)
    if not (tries * weight).sum() > 0:
        raise NotEnoughData("There is not one answered trial to fit the model on.")
    return LogisticData(columns, hits * weight, tries * weight, shift, _prior_sd(columns, penalty, ridge_sd), penalty)


def _prior_sd(columns: Array, penalty: Penalty, ridge_sd: ArrayLike | None) -> Array:
    width = columns.shape[1]
    if (penalty == "ridge") != (ridge_sd is not None):
        raise ImpossibleData("ridge_sd", ridge_sd, "given with penalty='ridge', and only then")
    if ridge_sd is None:
        return np.full(width, np.inf)
    deviations = np.atleast_1d(np.asarray(ridge_sd, dtype=float))
    if deviations.shape != (width,) or not (deviations > 0).all():
        raise ImpossibleData("ridge_sd", deviations, f"{width} positive numbers, or np.inf for a free column")
    return deviations


def require_full_rank(data: LogisticData, names: tuple[str, ...]) -> None:
    """Raises NotEstimable, naming the columns, unless the design and the prior determine every coefficient."""
    used = data.design[data.trials > 0]
    size = np.sqrt((used**2).mean(axis=0))
    if (size == 0).any() and not np.isfinite(data.ridge_sd[size == 0]).all():
        raise NotEstimable(f"The column {names[int(np.argmin(size))]} is zero wherever there are trials.")
    scaled = np.where(size > 0, 1 / np.where(size > 0, size, 1), 1)
    stacked = used.T @ used * np.outer(scaled, scaled) / len(used) + np.diag(prior_precision(data) > 0)
    values, vectors = np.linalg.eigh(stacked)
    if values[0] < 1e-10 * len(names):
        guilty = [names[k] for k in np.flatnonzero(np.abs(vectors[:, 0]) > 0.1)]
        raise NotEstimable(f"These columns determine one another: {', '.join(guilty)}.")


def prior_precision(data: LogisticData) -> Array:
    """1/sd² per column, 0 for a free one."""
    return np.asarray(1 / data.ridge_sd**2, dtype=float)


def separated(design: ArrayLike, events: ArrayLike, trials: ArrayLike) -> bool:
    """Whether a direction of the columns (k, p) separates events from non-events, wholly or in part.

    A linear programme (Konis, Linear programming algorithms for detecting separated data, DPhil, Oxford 2007):
    maximise the sum of gains over directions that lower no cell's likelihood.
    """
    hits, tries = counts_within(events, trials)
    columns = np.asarray(design, dtype=float)
    gains = np.vstack([columns[hits > 0], -columns[(hits < tries) & (tries > 0)]])
    if not gains.size:
        return False
    if columns.shape[1] == 1:
        return bool((gains >= 0).all() or (gains <= 0).all()) and bool(gains.any())
    best = scipy.optimize.linprog(-gains.sum(axis=0), A_ub=-gains, b_ub=np.zeros(len(gains)), bounds=(-1, 1))
    gain = gains.sum(axis=0) @ best.x if best.status == 0 else 0.0
    return bool(gain > 1e-7 * max(1.0, float(np.abs(gains).max())))


def climb(value: Callable[[Array], float], gradient: Callable[[Array], Array], start: Array, curvature: Array) -> Array:
    """Coefficients (p,) at a maximum near `start` by BFGS (Nocedal & Wright 2006, chapter 6).

    Works in the coordinates in which `curvature` (p, p), positive definite, is the identity, so that units do
    not matter.
    """
    root = np.linalg.cholesky(curvature)

    def outward(z: Array) -> Array:
        return np.asarray(start + np.linalg.solve(root.T, z), dtype=float)

    def fall(z: Array) -> float:
        return -value(outward(z))

    def slope(z: Array) -> Array:
        return np.asarray(-np.linalg.solve(root, gradient(outward(z))), dtype=float)

    found = scipy.optimize.minimize(
        fall,
        np.zeros(len(start)),
        jac=slope,
        method="BFGS",
        options={"gtol": 1e-9, "maxiter": 500},
    )
    return outward(np.asarray(found.x, dtype=float))


LARGEST_STEP = 5.0
"""In log odds of the cell that moves most, as logistf's maxstep."""
MOST_STEPS = 100
SMALLEST_DECREMENT = 1e-22
"""Squared Newton step in standard errors: coefficients are right to 1e-11 of their standard error."""
ROUNDING_DECREMENT = 1e-14
"""Below this a step that is no smaller than the last one is rounding."""
CLIMBED_DECREMENT = 1e-10
SUSPICIOUS_LOG_ODDS = 12.0


@dataclass(frozen=True)
class LogisticFit:
    """A fit. coefficients (p,), covariance (p, p) = inverse (penalised) information at the maximum.

    log_likelihood leaves out the binomial constant, as for ungrouped rows; penalised_log_likelihood adds the
    penalty. `fitted` are the probabilities of the cells in the order they were given.
    """

    coefficients: Array
    covariance: Array
    log_likelihood: float
    penalised_log_likelihood: float
    fitted: Array
    iterations: int
    names: tuple[str, ...]
    data: LogisticData = field(repr=False)

    @property
    def standard_errors(self) -> Array:
        return np.sqrt(np.diag(self.covariance))

    @property
    def penalty(self) -> Penalty:
        return self.data.penalty

    def linear_predictor(self, design: ArrayLike, offset: ArrayLike = 0.0) -> Array:
        """Log odds of new rows, shape (r, p). Raises ImpossibleData when the columns differ."""
        rows = np.atleast_2d(np.asarray(design, dtype=float))
        if rows.shape[1] != len(self.coefficients):
            raise ImpossibleData("design", f"{rows.shape[1]} columns", f"{len(self.coefficients)} columns")
        return np.asarray(rows @ self.coefficients + np.asarray(offset, dtype=float), dtype=float)

    def predict(self, design: ArrayLike, offset: ArrayLike = 0.0) -> Array:
        """Probabilities of new rows, shape (r,)."""
        return np.asarray(special.expit(self.linear_predictor(design, offset)), dtype=float)


def fit_logistic(
    design: ArrayLike,
    events: ArrayLike,
    trials: ArrayLike | None = None,
    *,
    penalty: Penalty = "firth",
    ridge_sd: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    start: ArrayLike | None = None,
) -> LogisticFit:
    """Fit events out of trials on a design of k cells and p columns; an intercept is a column of ones.

    trials default to 1 (rows), weights multiply a cell's events and trials, ridge_sd is one prior standard
    deviation per column (np.inf leaves a column free) and needs penalty="ridge". Raises NotEnoughData without
    trials, NotEstimable for dependent columns or unpenalised separation, DidNotConverge, ImpossibleData.
    """
    data = checked_data(design, events, trials, penalty, ridge_sd, offset, weights)
    labels = tuple(names) if names is not None else tuple(f"x{k}" for k in range(data.design.shape[1]))
    if len(labels) != data.design.shape[1]:
        raise ImpossibleData("names", len(labels), f"{data.design.shape[1]} names")
    require_full_rank(data, labels)
    initial = np.zeros(len(labels)) if start is None else finite("start", start)
    beta, steps = _maximum(data, initial)
    return _as_fit(data, beta, steps, labels)


def _as_fit(data: LogisticData, beta: Array, steps: int, names: tuple[str, ...]) -> LogisticFit:
    eta = data.offset + data.design @ beta
    plain = _log_likelihood(data, eta)
    information = _information(data, eta)
    return LogisticFit(
        coefficients=beta,
        covariance=_inverse(information),
        log_likelihood=plain,
        penalised_log_likelihood=plain + _penalty_value(data, beta, information),
        fitted=np.asarray(special.expit(eta), dtype=float),
        iterations=steps,
        names=names,
        data=data,
    )


def _log_likelihood(data: LogisticData, eta: Array) -> float:
    return float(data.events @ eta - data.trials @ np.logaddexp(0, eta))


def _variance(eta: Array) -> Array:
    """p(1 - p) without the cancellation of 1 - p near 1."""
    return np.asarray(special.expit(eta) * special.expit(-eta), dtype=float)


def _information(data: LogisticData, eta: Array) -> Array:
    information = (data.design * (data.trials * _variance(eta))[:, None]).T @ data.design
    return np.asarray(information + np.diag(prior_precision(data)), dtype=float)


def _penalty_value(data: LogisticData, beta: Array, information: Array) -> float:
    if data.penalty == "firth":
        return 0.5 * float(np.linalg.slogdet(information)[1])
    return -0.5 * float((prior_precision(data) * beta**2).sum())


def penalised_log_likelihood(data: LogisticData, beta: Array) -> float:
    """The maximised function at any coefficients; the full design enters Firth's penalty."""
    eta = data.offset + data.design @ beta
    plain = _log_likelihood(data, eta)
    if data.penalty != "firth":
        return plain + _penalty_value(data, beta, np.empty((0, 0)))
    return plain + _penalty_value(data, beta, _information(data, eta))


def _inverse(information: Array) -> Array:
    size = np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    scaled = information / np.outer(size, size)
    try:
        inverse = np.linalg.inv(scaled) / np.outer(size, size)
    except np.linalg.LinAlgError as error:
        raise NotEstimable("The information of these data is singular.") from error
    return np.asarray((inverse + inverse.T) / 2, dtype=float)


def _score_and_curvature(data: LogisticData, beta: Array) -> tuple[Array, Array]:
    """Gradient of the maximised function, and the information of the cells as the penalty augments them.

    Firth's penalty acts like h more trials in each cell, half of them events (h the leverage); Newton steps
    with the information of the augmented cells are exact where the model is saturated.
    """
    eta = data.offset + data.design @ beta
    p, variance = special.expit(eta), _variance(eta)
    residual = data.events - data.trials * p
    if data.penalty != "firth":
        return data.design.T @ residual - prior_precision(data) * beta, _information(data, eta)
    inverse = _inverse(_information(data, eta))
    leverage = data.trials * variance * ((data.design @ inverse) * data.design).sum(axis=1)
    residual = residual + leverage * (0.5 - p)
    augmented = (data.design * ((data.trials + leverage) * variance)[:, None]).T @ data.design
    return data.design.T @ residual, augmented


def maximise(data: LogisticData, start: Array, free: Mask) -> tuple[Array, int, bool]:
    """Coefficients at the maximum over the free columns, the others held at `start`; steps; converged."""
    beta, value = start.copy(), penalised_log_likelihood(data, start)
    last = np.inf
    for step_number in range(1, MOST_STEPS + 1):
        score, curvature = _score_and_curvature(data, beta)
        direction = _ascent(score, curvature, free)
        if score @ direction < 0:
            direction = _ascent(score, _bounding_curvature(data), free)
        decrement = float(score @ direction)
        if decrement < SMALLEST_DECREMENT or (decrement < ROUNDING_DECREMENT and decrement > last / 2):
            return beta, step_number, True
        last = decrement
        direction *= min(1.0, LARGEST_STEP / max(float(np.abs(data.design @ direction).max()), 1e-300))
        beta, value, moved = _halved_step(data, beta, value, direction)
        if not moved:
            return beta, step_number, decrement < 1e-10
    return _climbed(data, beta, free) if data.penalty == "firth" else (beta, MOST_STEPS, False)


def _climbed(data: LogisticData, beta: Array, free: Mask) -> tuple[Array, int, bool]:
    """The rest of the way where Newton's steps grow ever smaller, as on a far profile of Firth's likelihood."""

    def at(part: Array) -> Array:
        whole = beta.copy()
        whole[free] = part
        return whole

    curvature = _score_and_curvature(data, beta)[1][np.ix_(free, free)]
    top = at(
        climb(
            lambda part: penalised_log_likelihood(data, at(part)),
            lambda part: _score_and_curvature(data, at(part))[0][free],
            beta[free],
            curvature,
        )
    )
    score, curvature = _score_and_curvature(data, top)
    return top, MOST_STEPS, float(score @ _ascent(score, curvature, free)) < CLIMBED_DECREMENT


def _ascent(score: Array, curvature: Array, free: Mask) -> Array:
    direction = np.zeros_like(score)
    direction[free] = _inverse(curvature[np.ix_(free, free)]) @ score[free]
    return direction


def _bounding_curvature(data: LogisticData) -> Array:
    """Largest curvature anywhere, p(1 - p) <= ¼ (Böhning & Lindsay 1988): a way up where rounding hides it."""
    bounded = (data.design * ((data.trials + 1) / 4)[:, None]).T @ data.design
    return np.asarray(bounded + np.diag(prior_precision(data)), dtype=float)


def _halved_step(data: LogisticData, beta: Array, value: float, direction: Array) -> tuple[Array, float, bool]:
    slack = 1e-13 * (abs(value) + 1)
    for halving in range(40):
        candidate = beta + direction / 2**halving
        reached = penalised_log_likelihood(data, candidate)
        if reached >= value - slack:
            return candidate, reached, True
    return beta, value, False


def _maximum(data: LogisticData, start: Array) -> tuple[Array, int]:
    apart = "The outcome is separated: a coefficient without a penalty would be infinite."
    try:
        beta, steps, converged = maximise(data, start, np.ones(len(start), dtype=bool))
    except NotEstimable as error:
        raise NotEstimable(apart if _separated(data) else error.message) from error
    extreme = np.abs(data.offset + data.design @ beta).max() > SUSPICIOUS_LOG_ODDS
    if data.penalty != "firth" and (extreme or not converged) and _separated(data):
        raise NotEstimable(apart)
    if not converged:
        raise DidNotConverge(f"The logistic fit did not converge in {MOST_STEPS} steps.")
    return beta, steps


def _separated(data: LogisticData) -> bool:
    return separated(data.design[:, np.isinf(data.ridge_sd)], data.events, data.trials)
