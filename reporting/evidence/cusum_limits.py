"""Limits of a risk-adjusted CUSUM: run length by Markov chain, false-alarm probability by simulation.

Run length: Brook & Evans, Biometrika 1972;59:539-549, over a mix of risks as Steiner et al., Biostatistics
2000;1:441-452; a step between two states is shared between them so that its mean is kept (paired rounding,
Knoth, Wittenberg & Gan, Stat Med 2019;38:2206-2218). Limits by the probability of a false alarm within a
horizon rather than by the mean run length: Gombay, Hussein & Steiner, Stat Med 2011;30:2815-2826.
"""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike
from scipy import special

from reporting.evidence.checks import Array, not_negative, probabilities, same_length
from reporting.evidence.cusum import cusum_paths, cusum_weights
from reporting.evidence.errors import ImpossibleData, NotEstimable


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


def signal_probability(
    risks: ArrayLike,
    limit: float,
    trials: int,
    *,
    mix: ArrayLike | None = None,
    odds_ratio: float = 2.0,
    true_odds_ratio: float = 1.0,
    states: int = 200,
) -> float:
    """Probability of a signal within the next `trials` trials, by the same Markov chain."""
    if trials < 0:
        raise ImpossibleData("trials", trials, "0 or more")
    steps = _transitions(risks, mix, limit, odds_ratio, true_odds_ratio, states)
    here = np.zeros(states)
    here[0] = 1
    for _ in range(trials):
        here = here @ steps
    return float(np.clip(1 - here.sum(), 0, 1))


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


@dataclass(frozen=True)
class SimulatedLimit:
    """A limit whose chart signals falsely within the horizon with `probability`, from that many paths.

    lower and upper are the simulation's own 95 % limits for `limit`, by order statistics.
    """

    limit: float
    lower: float
    upper: float
    probability: float
    trials: int
    replications: int


def simulated_limit(
    risks: ArrayLike,
    trials: int,
    probability: float,
    rng: np.random.Generator,
    *,
    odds_ratio: float = 2.0,
    benign_sd: float = 0.0,
    model_se: float = 0.0,
    replications: int = 4000,
) -> SimulatedLimit:
    """Limit h with P(max S over `trials` > h) = probability when nothing is wrong.

    Each path draws its risks from `risks` (baseline rows) and shifts all of them by one normal log odds with
    variance benign_sd² + model_se²: units differ harmlessly, and the model is not exact.
    """
    if trials < 1 or not 0 < probability < 1 or replications < 100:
        raise ImpossibleData(
            "trials, probability, replications", (trials, probability, replications), "≥ 1, in (0, 1), ≥ 100"
        )
    spread = float(np.hypot(*not_negative("spread", [benign_sd, model_se])))
    highest = simulated_maxima(risks, trials, rng, odds_ratio, spread, replications)
    ordered = np.sort(highest)
    margin = 1.96 * np.sqrt(probability * (1 - probability) / replications)
    limit, lower, upper = (
        float(np.quantile(ordered, np.clip(1 - probability + shift, 0, 1))) for shift in (0, -margin, margin)
    )
    return SimulatedLimit(limit, lower, upper, probability, trials, replications)


def simulated_maxima(
    risks: ArrayLike,
    trials: int,
    rng: np.random.Generator,
    odds_ratio: float = 2.0,
    log_odds_sd: float = 0.0,
    replications: int = 4000,
    true_odds_ratio: float = 1.0,
) -> Array:
    """Highest point of each simulated chart over the horizon, shape (replications,)."""
    h = probabilities("risks", risks)
    chunk = max(1, 2_000_000 // trials)
    highest = []
    for begin in range(0, replications, chunk):
        paths = min(chunk, replications - begin)
        expected = h[rng.integers(0, len(h), (trials, paths))]
        shift = rng.normal(0, log_odds_sd, paths) + np.log(true_odds_ratio)
        with np.errstate(divide="ignore"):
            true = special.expit(special.logit(expected) + shift)
        outcome = (rng.random((trials, paths)) < true).astype(float)
        weights = cusum_weights(outcome.ravel(), expected.ravel(), odds_ratio).reshape(trials, paths)
        highest.append(cusum_paths(weights).max(axis=0))
    return np.concatenate(highest)


def chart_alarm_probability(budget_per_year: float, charts: int, years: float = 1.0) -> float:
    """Each chart's share of a clinic's budget of false alarms: 1 - exp(-B·years/charts)."""
    not_negative("budget_per_year", budget_per_year)
    if charts < 1 or not years > 0:
        raise ImpossibleData("charts, years", (charts, years), "at least one chart and a positive time")
    return float(-np.expm1(-budget_per_year * years / charts))
