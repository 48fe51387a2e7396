"""Risk-adjusted CUSUM of binary outcomes, and its limit.

Steiner, Cook, Farewell & Treasure, Biostatistics 2000;1:441-452. Weight of a trial with expected risk h under
the odds ratios R0 (accepted) and R1 (to be found):
W = y·log(R1/R0) + log((1 - h + R0·h)/(1 - h + R1·h)); S_t = max(0, S_(t-1) + W_t).

Run length: Brook & Evans, Biometrika 1972;59:539-549, over a mix of risks as Steiner et al., Biostatistics
2000;1:441-452; a step between two states is shared between them so that its mean is kept (paired rounding,
Knoth, Wittenberg & Gan, Stat Med 2019;38:2206-2218).
"""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from reporting.evidence.checks import (
    Array,
    ImpossibleData,
    NotEstimable,
    finite,
    not_negative,
    probabilities,
    same_length,
)


@dataclass(frozen=True)
class CusumPath:
    """A chart. values (t,) after each trial, before any reset; signals are 0-based trial indices.

    `starts` holds, for every signal, the index of the first trial after the chart last stood at 0: the
    window in which the excess built up.
    """

    values: Array
    signals: tuple[int, ...]
    starts: tuple[int, ...]
    limit: float

    @property
    def last(self) -> float:
        return float(self.values[-1]) if len(self.values) else 0.0


def cusum_weights(
    outcome: ArrayLike, risk: ArrayLike, odds_ratio: float = 2.0, accepted_odds_ratio: float = 1.0
) -> Array:
    """Log-likelihood ratios of the trials, shape (t,). outcome 0/1, risk 0 to 1.

    odds_ratio below accepted_odds_ratio watches for improvement. Raises ImpossibleData.
    """
    y, h = probabilities("outcome", outcome), probabilities("risk", risk)
    same_length(outcome=y, risk=h)
    accepted = accepted_odds_ratio
    if not (0 < odds_ratio < np.inf and 0 < accepted < np.inf) or odds_ratio == accepted:
        raise ImpossibleData("odds_ratio", (accepted, odds_ratio), "two different positive numbers")
    change = np.log1p((accepted - 1) * h) - np.log1p((odds_ratio - 1) * h)
    return np.asarray(y * np.log(odds_ratio / accepted) + change, dtype=float)


def cusum(weights: ArrayLike, limit: float = np.inf, *, reset: bool = True, start: float = 0.0) -> CusumPath:
    """Run S = max(0, S + W) over the weights in time order; a signal where S > limit.

    reset puts S back to 0 after a signal (Steiner 2000); without it every trial above the limit signals.
    start is the head start (Lucas & Crosier, Technometrics 1982;24:199-205).
    """
    steps = finite("weights", weights) if np.size(weights) else np.empty(0)
    _require_positive("limit", limit)
    values = np.empty_like(steps)
    signals, starts, level, begin = [], [], float(start), 0
    for at, weight in enumerate(steps):
        level = max(0.0, level + weight)
        if level == 0:
            begin = at + 1
        values[at] = level
        if level > limit:
            signals.append(at)
            starts.append(begin)
            if reset:
                level, begin = 0.0, at + 1
    return CusumPath(values, tuple(signals), tuple(starts), limit)


def _require_positive(name: str, value: float) -> None:
    if not value > 0:
        raise ImpossibleData(name, value, "more than 0")


def average_run_length(
    risks: ArrayLike,
    limit: float,
    *,
    mix: ArrayLike | None = None,
    odds_ratio: float = 2.0,
    true_odds_ratio: float = 1.0,
    states: int = 400,
    start: float = 0.0,
) -> float:
    """Mean number of trials to a signal (S > limit) when outcomes have `true_odds_ratio` times the odds.

    risks (k,) with their frequencies mix (k,), equal when not given. Raises NotEstimable when no trial can
    raise the chart.
    """
    steps = _transitions(risks, mix, limit, odds_ratio, true_odds_ratio, states)
    try:
        lengths = np.linalg.solve(np.eye(states) - steps, np.ones(states))
    except np.linalg.LinAlgError as error:
        raise NotEstimable("This chart can never signal: its risks are all 0 or 1.") from error
    at = min(round(start / _width(limit, states)), states - 1)
    if not np.isfinite(lengths).all() or lengths[at] <= 0 or lengths[at] > 1e15:
        raise NotEstimable("This chart can never signal: its risks are all 0 or 1.")
    return float(lengths[at])


def limit_for_run_length(
    risks: ArrayLike,
    run_length: float,
    *,
    mix: ArrayLike | None = None,
    odds_ratio: float = 2.0,
    states: int = 400,
) -> float:
    """Limit at which the chart without any change signals on average once in `run_length` trials."""
    if not 1 < run_length < 1e9:
        raise ImpossibleData("run_length", run_length, "more than 1 and less than a thousand million")

    def excess(limit: float) -> float:
        length = average_run_length(risks, limit, mix=mix, odds_ratio=odds_ratio, states=states)
        return float(np.log(length / run_length))

    low, high = 0.01, 1.0
    while excess(high) < 0:
        low, high = high, 2 * high
    if excess(low) > 0:
        raise NotEstimable("Even the lowest limit signals less often than that.")
    return float(scipy.optimize.brentq(excess, low, high, xtol=1e-6))


def _width(limit: float, states: int) -> float:
    return 2 * limit / (2 * states - 1)


def _transitions(
    risks: ArrayLike,
    mix: ArrayLike | None,
    limit: float,
    odds_ratio: float,
    true_odds_ratio: float,
    states: int,
) -> Array:
    """Transition matrix of the states that have not signalled, (states, states)."""
    if not limit > 0 or states < 10:
        raise ImpossibleData("limit, states", (limit, states), "a positive limit and at least 10 states")
    steps, chances = _steps(risks, mix, odds_ratio, true_odds_ratio)
    scaled = steps / _width(limit, states)
    low = np.floor(scaled).astype(int)
    matrix = np.zeros((states, states))
    for moved, chance in ((low, chances * (1 - (scaled - low))), (low + 1, chances * (scaled - low))):
        for shift in np.unique(moved):
            weight = float(chance[moved == shift].sum())
            target = np.maximum(np.arange(states) + shift, 0)
            inside = target < states
            np.add.at(matrix, (np.flatnonzero(inside), target[inside]), weight)
    return matrix


def _steps(risks: ArrayLike, mix: ArrayLike | None, odds_ratio: float, true_odds_ratio: float) -> tuple[Array, Array]:
    h = probabilities("risks", risks)
    share = np.full(len(h), 1 / len(h)) if mix is None else not_negative("mix", mix)
    same_length(risks=h, mix=share)
    if abs(share.sum() - 1) > 1e-8:
        raise ImpossibleData("mix", float(share.sum()), "frequencies that sum to 1")
    true = true_odds_ratio * h / (1 - h + true_odds_ratio * h)
    up = cusum_weights(np.ones_like(h), h, odds_ratio)
    down = cusum_weights(np.zeros_like(h), h, odds_ratio)
    return np.concatenate([up, down]), np.concatenate([share * true, share * (1 - true)])
