"""Risk-adjusted CUSUM of binary outcomes, its limits, and the VLAD that people read beside it.

Steiner, Cook, Farewell & Treasure, Biostatistics 2000;1:441-452. Weight of a trial with expected risk h under
the odds ratios R0 (accepted) and R1 (to be found):
W = y·log(R1/R0) + log((1 - h + R0·h)/(1 - h + R1·h)); S_t = max(0, S_(t-1) + W_t).
VLAD: Lovegrove, Valencia, Treasure, Sherlaw-Johnson & Gallivan, Lancet 1997;350:1128-1130.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from reporting.evidence.checks import Array, finite, probabilities, same_length
from reporting.evidence.errors import ImpossibleData


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
    """Log-likelihood ratios of the trials, shape (t,). outcome 0/1 (or events of a cell), risk 0 to 1.

    odds_ratio below accepted_odds_ratio watches for improvement. Raises ImpossibleData.
    """
    y, h = probabilities("outcome", outcome), probabilities("risk", risk)
    same_length(outcome=y, risk=h)
    return _weights(y, np.ones_like(y), h, odds_ratio, accepted_odds_ratio)


def cusum_weights_grouped(
    events: ArrayLike,
    trials: ArrayLike,
    risk: ArrayLike,
    odds_ratio: float = 2.0,
    accepted_odds_ratio: float = 1.0,
) -> Array:
    """Log-likelihood ratios of cells with one risk each: the sum of their trials' weights, shape (k,)."""
    y, m, h = finite("events", events), finite("trials", trials), probabilities("risk", risk)
    same_length(events=y, trials=m, risk=h)
    if (y < 0).any() or (y > m).any():
        raise ImpossibleData("events", "outside 0 to trials", "0 <= events <= trials")
    return _weights(y, m, h, odds_ratio, accepted_odds_ratio)


def _weights(y: Array, m: Array, h: Array, odds_ratio: float, accepted: float) -> Array:
    if not (0 < odds_ratio < np.inf and 0 < accepted < np.inf) or odds_ratio == accepted:
        raise ImpossibleData("odds_ratio", (accepted, odds_ratio), "two different positive numbers")
    change = np.log1p((accepted - 1) * h) - np.log1p((odds_ratio - 1) * h)
    return np.asarray(y * np.log(odds_ratio / accepted) + m * change, dtype=float)


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


def cusum_paths(weights: ArrayLike, start: float = 0.0) -> Array:
    """Paths without reset of many charts at once: weights (t, charts) in, S of the same shape out.

    S_t = C_t - min(-start, C_1, …, C_t) with C the cumulative sum, which is the recursion in closed form.
    """
    total = np.cumsum(np.atleast_2d(np.asarray(weights, dtype=float)), axis=0)
    if not np.isfinite(total).all():
        raise ImpossibleData("weights", "a missing or infinite value", "finite numbers")
    lowest = np.minimum(np.minimum.accumulate(total, axis=0), -start)
    return np.asarray(total - lowest, dtype=float)


def vlad(outcome: ArrayLike, risk: ArrayLike) -> Array:
    """Observed less expected events so far, sum(y - h): rising means more harm than expected; shape (t,).

    The classical display of expected less observed deaths is its mirror image.
    """
    y, h = probabilities("outcome", outcome), probabilities("risk", risk)
    same_length(outcome=y, risk=h)
    return np.asarray(np.cumsum(y - h), dtype=float)


def _require_positive(name: str, value: float) -> None:
    if not value > 0:
        raise ImpossibleData(name, value, "more than 0")
