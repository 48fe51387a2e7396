"""The silent: weights from what is known of them, bounds, and how wrong they would have to be.

Inverse-probability weighting: Hájek, in Godambe & Sprott, Foundations of Statistical Inference, 1971;
Seaman & White, Stat Methods Med Res 2013;22:278-295. Effective size: Kish, Survey Sampling, 1965. Bounds:
Manski, Am Econ Rev 1990;80:319-323.
"""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from reporting.evidence.checks import (
    Array,
    ImpossibleData,
    NotEnoughData,
    counts_within,
    finite,
    normal_quantile,
    not_negative,
    probabilities,
    same_length,
)
from reporting.evidence.intervals import NO_ANSWERS, Estimate, Interval, wilson

RELIABLE_RESPONSE = 0.40
RELIABLE_GAP = 0.20


@dataclass(frozen=True)
class WeightedRate:
    """Hájek rate with a linearised (robust) interval, the effective number of answers, and weights used."""

    rate: Estimate
    standard_error: float
    effective_n: float
    answered: int
    weights: Array


def hajek_rate(
    outcome: ArrayLike,
    answer_probability: ArrayLike,
    *,
    cap_quantile: float | None = 0.99,
    level: float = 0.95,
) -> WeightedRate:
    """Rate among the asked from those who answered: sum(w y)/sum(w), w = 1/P(answer), capped at a quantile.

    outcome and answer_probability (n,) of those who answered. Variance sum(w²(y - rate)²)/(sum w)², limits on
    the log odds; without an event, or with only events, Wilson's limits at the effective number.
    """
    y, p = finite("outcome", outcome), finite("answer_probability", answer_probability)
    same_length(outcome=y, answer_probability=p)
    probabilities("outcome", y)
    if not ((p > 0) & (p <= 1)).all():
        raise ImpossibleData("answer_probability", float(p.min()), "more than 0, at most 1")
    w = 1 / p if cap_quantile is None else np.minimum(1 / p, np.quantile(1 / p, cap_quantile))
    rate = float(w @ y / w.sum())
    effective = float(w.sum() ** 2 / (w**2).sum())
    error = float(np.sqrt((w**2 * (y - rate) ** 2).sum()) / w.sum())
    return WeightedRate(_rate_limits(rate, error, effective, level), error, effective, len(y), w)


def _rate_limits(rate: float, error: float, effective: float, level: float) -> Estimate:
    if error < 1e-12:
        limits = wilson(rate * effective, effective, level)
        return Estimate(rate, limits.lower, limits.upper, level, "every weighted answer is the same")
    reach = normal_quantile(level) * error / (rate * (1 - rate))
    odds = rate / (1 - rate)
    low, high = odds * np.exp(-reach), odds * np.exp(min(reach, 700))
    return Estimate(rate, float(low / (1 + low)), float(high / (1 + high)), level)


@dataclass(frozen=True)
class ResponseBounds:
    """Rate among the answered, and among all asked if none or all of the silent were affected."""

    answered_rate: float | None
    if_none: float
    if_all: float
    response_rate: float
    note: str = ""


def response_bounds(events: int, answered: int, asked: int) -> ResponseBounds:
    """Worst-case bounds; nobody asked, or nobody answered, gives the bounds 0 to 1, labelled."""
    counts_within([events, answered], [answered, asked])
    if asked == 0:
        return ResponseBounds(None, 0.0, 1.0, 0.0, "nobody was asked")
    none, every = events / asked, (events + asked - answered) / asked
    if answered == 0:
        return ResponseBounds(None, 0.0, 1.0, 0.0, NO_ANSWERS)
    return ResponseBounds(events / answered, none, every, answered / asked)


@dataclass(frozen=True)
class TippingPoint:
    """Rate among the silent that would bring the whole to `target`; None where no rate can."""

    silent_rate: float | None
    ratio_to_answered: float | None
    sentence: str


def tipping_point(events: int, answered: int, asked: int, target: float) -> TippingPoint:
    """How affected the silent would have to be for the rate among all asked to reach `target`."""
    counts_within([events, answered], [answered, asked])
    probabilities("target", target)
    silent = asked - answered
    if silent == 0:
        return TippingPoint(None, None, "Everybody answered: nothing is left to change the rate.")
    needed = (target * asked - events) / silent
    if not 0 <= needed <= 1:
        side = "even if all of the silent were affected" if needed > 1 else "even if none of them was"
        return TippingPoint(None, None, f"The rate cannot be {100 * target:.1f} %, {side}.")
    ratio = needed / (events / answered) if events else None
    times = f", {ratio:.1f} times the rate among those who answered" if ratio is not None else ""
    sentence = f"The rate would be {100 * target:.1f} % if {100 * needed:.1f} % of the silent were affected{times}."
    return TippingPoint(needed, ratio, sentence)


def rate_if_affected_answer_more(events: int, answered: int, asked: int, odds_ratio: float) -> float | None:
    """Rate among all asked if the affected had `odds_ratio` times the odds of answering; None if silent.

    Solves P(answer | affected) = x, P(answer | not) = q with odds(x) = odds_ratio·odds(q) and the observed
    response and rate.
    """
    counts_within([events, answered], [answered, asked])
    if not 0 < odds_ratio < np.inf:
        raise ImpossibleData("odds_ratio", odds_ratio, "a positive number")
    if answered == 0:
        return None
    yes, no, silent = events / asked, (answered - events) / asked, (asked - answered) / asked
    if silent == 0 or events in (0, answered):
        return events / answered

    def gap(affected_silent: float) -> float:
        others = silent - affected_silent
        return yes * others - odds_ratio * no * affected_silent

    return yes + float(scipy.optimize.brentq(gap, 0.0, silent, xtol=1e-15))


@dataclass(frozen=True)
class ResponseComparison:
    """Response rate of each unit with Wilson limits, and whether their rates may be compared."""

    response: tuple[Interval, ...]
    rates: Array
    reliable: bool
    reason: str


def compare_response(answered: ArrayLike, asked: ArrayLike) -> ResponseComparison:
    """Comparison is unreliable below 40 % response in a unit or with more than 20 points between units."""
    y, m = counts_within(answered, asked)
    not_negative("asked", m)
    if not (m > 0).any():
        raise NotEnoughData("Nobody was asked yet.")
    rates = np.where(m > 0, y / np.where(m > 0, m, 1.0), 0.0)
    seen = rates[m > 0]
    reason = ""
    if seen.min() < RELIABLE_RESPONSE:
        reason = f"one group answered only {100 * seen.min():.0f} %"
    elif seen.max() - seen.min() > RELIABLE_GAP:
        reason = f"response differs by {100 * (seen.max() - seen.min()):.0f} points between groups"
    limits = tuple(wilson(float(a), float(b)) for a, b in zip(y, m, strict=True))
    return ResponseComparison(limits, rates, not reason, reason)
