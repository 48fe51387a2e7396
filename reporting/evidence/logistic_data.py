"""What a logistic fit is made from: checked cells, their prior, and columns that do not determine one another."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from reporting.evidence.checks import Array, counts_within, finite, not_negative, same_length
from reporting.evidence.errors import ImpossibleData, NotEnoughData, NotEstimable

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
